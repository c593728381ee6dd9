"""Packets from a network interface: a raw socket and a filter in the kernel (Linux)."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator

import numpy as np

from edge_worker.catalogue.tool import SourceError
from edge_worker.sensing.traffic.bpf import attach_filter, filter_program
from edge_worker.sensing.traffic.packets import PADDING, PacketBatch
from edge_worker.sensing.traffic.watch import Watch

_ETHERNET, _RAW_IP = 1, 101
_ETH_P_ALL = 3
_ARPHRD_ETHER, _ARPHRD_LOOPBACK = 1, 772
_PACKET_OUTGOING = 4
WAIT_S = 0.2
MAX_FRAME_BYTES = 65_536
BATCH_BYTES = 1 << 20
# Two seconds of 100 Mbit/s: the kernel keeps them while Python works on a batch.
KERNEL_BUFFER_BYTES = 25_000_000


def open_interface(interface: str, watch: Watch) -> socket.socket:
    """A raw socket that gets the packets of watched addresses and no others.

    Raises SourceError when the interface doesn't exist or the right is missing.
    """
    if not watch:
        raise SourceError("nobody with a device address has opted in, so nothing is captured")
    try:
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError as error:
        raise SourceError(
            "capturing needs the right CAP_NET_RAW: see docs/traffic.md, live interface"
        ) from error
    try:
        # The filter first: a bound socket without one would already collect packets.
        attach_filter(raw, filter_program(watch))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BUFFER_BYTES)
        raw.bind((interface, _ETH_P_ALL))
    except OSError as error:
        raw.close()
        raise SourceError(f"cannot capture on {interface}: {error.strerror}", retry=True) from error
    raw.setblocking(False)
    return raw


def interface_packets(raw: socket.socket) -> Iterator[PacketBatch | None]:
    """Yield what arrives, and None whenever nothing did for WAIT_S.

    Raises SourceError when the interface goes away.
    """
    hardware = raw.getsockname()[3]
    link = _ETHERNET if hardware in (_ARPHRD_ETHER, _ARPHRD_LOOPBACK) else _RAW_IP
    buffer = bytearray(BATCH_BYTES + MAX_FRAME_BYTES + PADDING)
    view = memoryview(buffer)
    while True:
        select.select([raw], [], [], WAIT_S)
        starts: list[int] = []
        end = 0
        while end < BATCH_BYTES:
            try:
                size, address = raw.recvfrom_into(view[end : end + MAX_FRAME_BYTES])
            except BlockingIOError:
                break
            except OSError as error:
                raise SourceError("the network interface went away", retry=True) from error
            # On loopback every packet passes twice, going out and coming in.
            if hardware == _ARPHRD_LOOPBACK and address[2] == _PACKET_OUTGOING:
                continue
            starts.append(end)
            end += size
        yield _batch(bytes(view[:end]), starts, link) if starts else None


def _batch(data: bytes, starts: list[int], link: int) -> PacketBatch:
    start = np.array(starts, np.int64)
    length = np.diff(np.append(start, len(data)))
    return PacketBatch(
        link=link,
        data=np.frombuffer(data + bytes(PADDING), np.uint8),
        start=start,
        length=length,
        wire=length,
        time_ns=np.full(len(starts), time.time_ns(), np.int64),
    )
