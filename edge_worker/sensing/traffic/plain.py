"""Headers of plain frames: TCP or UDP in IPv4 without options in Ethernet.

That is nearly all of a home's traffic. One gather copies the headers of a whole batch, and
every field is a column of it; all other frames walk through their layers in `layers`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.traffic.headers import TCP, UDP, V4_MAPPED, BoolArray, HeaderTable
from edge_worker.sensing.traffic.packets import PADDING, IntArray, PacketBatch

HeadArray = npt.NDArray[np.void]

ETHERNET = 1
_TRANSPORT_AT = 34
# Offsets from RFC 894, 791, 9293 and 768; with UDP the last three fields are payload.
_HEAD = np.dtype(
    {
        "names": (
            *("dst_mac_high", "dst_mac_low", "src_mac_high", "src_mac_low", "kind"),
            *("version", "total", "fragment", "protocol", "src", "dst"),
            *("src_port", "dst_port", "seq", "offset", "flags"),
        ),
        "formats": (
            *(">u2", ">u4", ">u2", ">u4", ">u2"),
            *("u1", ">u2", ">u2", "u1", ">u4", ">u4"),
            *(">u2", ">u2", ">u4", "u1", "u1"),
        ),
        "offsets": (0, 2, 6, 8, 12, 14, 16, 20, 23, 26, 30, 34, 36, 38, 46, 47),
        "itemsize": _TRANSPORT_AT + 20,
    }
)


def read_plain(batch: PacketBatch, tunnel_ports: Iterable[int]) -> tuple[HeaderTable, BoolArray]:
    """Headers of the plain frames, and which frames of the batch those are.

    tunnel_ports: UDP on these may carry another packet, so it isn't plain.
    """
    # The buffer has PADDING behind the last frame: no gather reaches beyond it.
    assert _HEAD.itemsize <= PADDING
    if batch.link != ETHERNET or not len(batch):
        return _table(batch, np.zeros(0, _HEAD), np.zeros(0, np.int64)), np.zeros(
            len(batch), np.bool_
        )
    # As opaque bytes: numpy copies records with named fields one field after the other.
    at_any_byte = np.ndarray(
        len(batch.data) - _HEAD.itemsize + 1, f"V{_HEAD.itemsize}", batch.data.data, strides=(1,)
    )
    raw = at_any_byte[batch.start]
    plain = _is_plain(raw.view(_HEAD), tunnel_ports) & (batch.length >= _HEAD.itemsize)
    if plain.all():
        return _table(batch, raw.view(_HEAD), np.arange(len(batch))), plain
    return _table(batch, raw[plain].view(_HEAD), np.flatnonzero(plain)), plain


def _is_plain(head: HeadArray, ports: Iterable[int]) -> BoolArray:
    protocol, total = head["protocol"], head["total"]
    udp = protocol == UDP
    plain: BoolArray = (
        (head["kind"] == 0x0800)
        & (head["version"] == 0x45)
        & ((head["fragment"] & 0x1FFF) == 0)
        & (udp | (protocol == TCP))
        & ((total >= np.where(udp, 28, 40)) | (total < 20))
    )
    if udp.any():
        tunnel = np.zeros(0x10000, np.bool_)
        tunnel[list(ports)] = True
        plain &= ~(udp & (tunnel[head["src_port"]] | tunnel[head["dst_port"]]))
    return plain


def _table(batch: PacketBatch, head: HeadArray, frame: IntArray) -> HeaderTable:
    start, wire_end = batch.start[frame], batch.start[frame] + batch.wire[frame]
    end = start + batch.length[frame]
    total = head["total"].astype(np.int64)
    # Ethernet pads short packets. A length of 0 is that of segmentation offload.
    wire_end = np.where(total >= 20, np.minimum(start + 14 + total, wire_end), wire_end)
    tcp = head["protocol"] == TCP
    size = np.where(tcp, np.maximum((head["offset"] >> 4).astype(np.int64) * 4, 20), 8)
    payload = start + _TRANSPORT_AT + size
    high = np.zeros(len(frame), np.uint64)
    return HeaderTable(
        batch=batch,
        frame=frame,
        src_high=high,
        src_low=head["src"].astype(np.uint64) | V4_MAPPED,
        dst_high=high,
        dst_low=head["dst"].astype(np.uint64) | V4_MAPPED,
        src_mac=(head["src_mac_high"].astype(np.int64) << 32) | head["src_mac_low"],
        dst_mac=(head["dst_mac_high"].astype(np.int64) << 32) | head["dst_mac_low"],
        protocol=head["protocol"].astype(np.int64),
        src_port=head["src_port"].astype(np.int64),
        dst_port=head["dst_port"].astype(np.int64),
        seq=np.where(tcp, head["seq"], 0).astype(np.int64),
        flags=np.where(tcp, head["flags"], 0).astype(np.int64),
        payload=payload,
        size=np.maximum(np.minimum(end, wire_end) - payload, 0),
        whole=wire_end <= end,
    )
