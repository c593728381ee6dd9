"""Headers of whole packet batches at once: link, network and transport layer.

Python spends about a microsecond on one operation of one packet; numpy spends that on a
few hundred. So all frames of a batch walk through the layers together: each round takes
the frames that stand before the same kind of header and moves them behind it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

import numpy as np

from edge_worker.sensing.traffic.headers import TCP, UDP, V4_MAPPED, BoolArray, HeaderTable
from edge_worker.sensing.traffic.packets import PADDING, IntArray, PacketBatch, overlapping
from edge_worker.sensing.traffic.plain import read_plain

# More layers than any real frame has; a damaged one may repeat a header for ever.
MAX_LAYERS = 16

# Layers without an EtherType get a number above all EtherTypes.
_ETHERNET, _SLL, _SLL2, _RAW, _NULL, _PPP, _HDLC, _RADIOTAP, _WIFI, _LLC = range(0x10000, 0x1000A)
_PPI, _PRISM = 0x1000A, 0x1000B
# IP protocol numbers follow in a range of their own.
_IP = 0x20000
_DONE, _LOST = -1, -2

_V4, _V6 = 0x0800, 0x86DD
_VLANS = (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300)
_MPLS = (0x8847, 0x8848)
_PPPOE_SESSION = 0x8864

# https://www.tcpdump.org/linktypes.html; 12 and 14 are raw IP on BSD systems.
_FIRST_LAYER = {
    0: _NULL,
    1: _ETHERNET,
    9: _PPP,
    12: _RAW,
    14: _RAW,
    50: _PPP,
    51: _PPPOE_SESSION,
    101: _RAW,
    104: _HDLC,
    105: _WIFI,
    108: _NULL,
    113: _SLL,
    119: _PRISM,
    127: _RADIOTAP,
    192: _PPI,
    228: _V4,
    229: _V6,
    276: _SLL2,
}


def decode_headers(batch: PacketBatch, *, tunnels: bool = True) -> HeaderTable:
    """Headers of all frames that carry IP; frames of a layer not known here are left out.

    tunnels: look into IP-in-IP, GRE, GTP-U, VXLAN, CAPWAP and TZSP for the inner packet.
    """
    plain, is_plain = read_plain(batch, (port for port, _ in _UDP_TUNNELS) if tunnels else ())
    if is_plain.all():
        return plain
    others = np.flatnonzero(~is_plain)
    walked = walk_layers(batch.select(others), tunnels=tunnels)
    walked = dataclasses.replace(walked, batch=batch, frame=others[walked.frame])
    return HeaderTable.merged(plain, walked) if len(plain) else walked


def walk_layers(batch: PacketBatch, *, tunnels: bool = True) -> HeaderTable:
    """The same, by walking each frame through its layers."""
    walk = _Walk(batch, tunnels=tunnels)
    walk.run()
    return walk.table()


class _Walk:
    """The state of all frames of a batch on their way through the layers."""

    def __init__(self, batch: PacketBatch, *, tunnels: bool) -> None:
        count = len(batch)
        self._batch, self._data, self._tunnels = batch, batch.data, tunnels
        self._at = batch.start.copy()
        self._end = batch.start + batch.length
        self._wire_end = batch.start + batch.wire
        self._layer = np.full(count, _FIRST_LAYER.get(batch.link, _LOST), np.int64)
        self._src_high, self._src_low, self._dst_high, self._dst_low = (
            np.zeros(count, np.uint64) for _ in range(4)
        )
        (
            self._src_mac,
            self._dst_mac,
            self._protocol,
            self._src_port,
            self._dst_port,
            self._seq,
            self._flags,
        ) = (np.zeros(count, np.int64) for _ in range(7))
        self._is_ip = np.zeros(count, np.bool_)
        # Big-endian numbers at any byte: views that overlap themselves.
        self._halves, self._words, self._longs = (
            overlapping(self._data, kind) for kind in (">u2", ">u4", ">u8")
        )
        # Within these, the layers below must not read behind the captured bytes.
        self._limit = len(self._data) - PADDING

    def run(self) -> None:
        for _ in range(MAX_LAYERS):
            waiting = self._layer[self._layer >= 0]
            if not len(waiting):
                return
            while len(waiting):  # few kinds at a time: cheaper than sorting them
                layer = int(waiting[0])
                self._handler(layer)(np.flatnonzero(self._layer == layer))
                waiting = waiting[waiting != layer]
        # A frame still on its way has more layers than a real one.
        self._layer[self._layer >= 0] = _LOST

    def table(self) -> HeaderTable:
        kept = self._is_ip & (self._layer == _DONE)
        size = np.maximum(np.minimum(self._end, self._wire_end) - self._at, 0)
        table = HeaderTable(
            batch=self._batch,
            frame=np.arange(len(kept)),
            src_high=self._src_high,
            src_low=self._src_low,
            dst_high=self._dst_high,
            dst_low=self._dst_low,
            src_mac=self._src_mac,
            dst_mac=self._dst_mac,
            protocol=self._protocol,
            src_port=self._src_port,
            dst_port=self._dst_port,
            seq=self._seq,
            flags=self._flags,
            payload=self._at,
            size=size,
            whole=self._wire_end <= self._end,
        )
        return table if kept.all() else table.select(kept)

    # --- Reading -------------------------------------------------------------------------

    def _u8(self, at: IntArray) -> IntArray:
        values: IntArray = self._data[at].astype(np.int64)
        return values

    def _u16(self, at: IntArray) -> IntArray:
        values: IntArray = self._halves[at].astype(np.int64)
        return values

    def _u32(self, at: IntArray) -> IntArray:
        values: IntArray = self._words[at].astype(np.int64)
        return values

    def _holding(self, rows: IntArray, size: int) -> IntArray:
        """Those of the rows whose next header is there; the others are lost."""
        there: BoolArray = self._at[rows] + size <= np.minimum(self._end[rows], self._limit)
        if there.all():
            return rows
        self._drop(rows[~there])
        kept: IntArray = rows[there]
        return kept

    def _drop(self, rows: IntArray) -> None:
        """What cannot be read on still counts as a packet, if it is one of IP."""
        self._layer[rows] = np.where(self._is_ip[rows], _DONE, _LOST)

    def _finish(self, rows: IntArray) -> None:
        self._layer[rows] = _DONE

    def _handler(self, layer: int) -> Callable[[IntArray], None]:
        if layer >= _IP:
            handler = _TRANSPORTS.get(layer - _IP, _Walk._finish)
        else:
            handler = _LAYERS.get(layer, _Walk._drop)
        return partial(handler, self)

    # --- Link layers ---------------------------------------------------------------------

    def _ethernet(self, rows: IntArray) -> None:
        rows = self._holding(rows, 14)
        at = self._at[rows]
        self._dst_mac[rows] = (self._u16(at) << 32) | self._u32(at + 2)
        self._src_mac[rows] = (self._u16(at + 6) << 32) | self._u32(at + 8)
        self._ethertype(rows, at + 12)

    def _ethertype(self, rows: IntArray, at: IntArray) -> None:
        """Continue with the EtherType at `at`; a length instead means that LLC follows."""
        kind = self._u16(at)
        self._layer[rows] = np.where(kind < 0x600, _LLC, kind)
        self._at[rows] = at + 2

    def _vlan(self, rows: IntArray) -> None:
        rows = self._holding(rows, 4)
        self._ethertype(rows, self._at[rows] + 2)

    def _llc(self, rows: IntArray) -> None:
        rows = self._holding(rows, 8)
        at = self._at[rows]
        snap = (self._u16(at) == 0xAAAA) & (self._u8(at + 2) == 3)
        self._drop(rows[~snap])
        self._ethertype(rows[snap], at[snap] + 6)

    def _sll(self, rows: IntArray) -> None:
        rows = self._holding(rows, 16)
        at = self._at[rows]
        self._src_mac[rows] = (self._u16(at + 6) << 32) | self._u32(at + 8)
        self._ethertype(rows, at + 14)

    def _sll2(self, rows: IntArray) -> None:
        rows = self._holding(rows, 20)
        at = self._at[rows]
        self._src_mac[rows] = (self._u16(at + 12) << 32) | self._u32(at + 14)
        self._layer[rows] = self._u16(at)
        self._at[rows] = at + 20

    def _null(self, rows: IntArray) -> None:
        rows = self._holding(rows, 4)
        self._at[rows] += 4
        self._layer[rows] = _RAW

    def _raw(self, rows: IntArray) -> None:
        rows = self._holding(rows, 1)
        version = self._u8(self._at[rows]) >> 4
        self._layer[rows] = np.select([version == 4, version == 6], [_V4, _V6], _LOST)

    def _ppp(self, rows: IntArray) -> None:
        rows = self._holding(rows, 4)
        at = self._at[rows]
        at = at + np.where(self._u16(at) == 0xFF03, 2, 0)
        self._ppp_protocol(rows, at)

    def _ppp_protocol(self, rows: IntArray, at: IntArray) -> None:
        short = (self._u8(at) & 1) == 1  # a compressed protocol field of one byte
        kind = np.where(short, self._u8(at), self._u16(at))
        self._at[rows] = at + np.where(short, 1, 2)
        self._layer[rows] = np.select(
            [kind == 0x21, kind == 0x57, kind == 0x281], [_V4, _V6, _MPLS[0]], _LOST
        )

    def _hdlc(self, rows: IntArray) -> None:
        rows = self._holding(rows, 4)
        self._ethertype(rows, self._at[rows] + 2)

    def _pppoe(self, rows: IntArray) -> None:
        rows = self._holding(rows, 8)
        self._ppp_protocol(rows, self._at[rows] + 6)

    def _mpls(self, rows: IntArray) -> None:
        rows = self._holding(rows, 5)
        at = self._at[rows]
        bottom = (self._u8(at + 2) & 1) == 1
        inner = self._u8(at + 4)
        version = inner >> 4
        after = np.select(
            [~bottom, version == 4, version == 6, inner == 0],
            [_MPLS[0], _V4, _V6, _ETHERNET],
            _LOST,
        )
        # A pseudowire puts a control word of zeros before the Ethernet frame.
        self._at[rows] = at + 4 + np.where(after == _ETHERNET, 4, 0)
        self._layer[rows] = after

    def _radiotap(self, rows: IntArray) -> None:
        rows = self._holding(rows, 4)
        at = self._at[rows]
        self._at[rows] = at + (self._u8(at + 2) | (self._u8(at + 3) << 8))
        self._layer[rows] = _WIFI

    def _ppi(self, rows: IntArray) -> None:
        rows = self._holding(rows, 8)
        at = self._at[rows]
        self._at[rows] = at + (self._u8(at + 2) | (self._u8(at + 3) << 8))
        inner = self._u8(at + 4)
        self._layer[rows] = np.select([inner == 105, inner == 1], [_WIFI, _ETHERNET], _LOST)

    def _prism(self, rows: IntArray) -> None:
        rows = self._holding(rows, 144)
        self._at[rows] += 144
        self._layer[rows] = _WIFI

    def _wifi(self, rows: IntArray) -> None:
        rows = self._holding(rows, 24)
        at = self._at[rows]
        kind, flags = self._u8(at), self._u8(at + 1)
        # Some access points swap the two bytes inside CAPWAP.
        swapped = ((kind & 0x0C) != 0x08) & ((flags & 0x4C) == 0x08)
        kind, flags = np.where(swapped, flags, kind), np.where(swapped, kind, flags)
        # Only data frames that are not encrypted carry anything to read.
        data = ((kind & 0x0C) == 0x08) & ((kind & 0x40) == 0) & ((flags & 0x40) == 0)
        self._drop(rows[~data])
        rows, at, kind, flags = rows[data], at[data], kind[data], flags[data]
        header = 24 + np.where((flags & 3) == 3, 6, 0) + np.where(kind & 0x80, 2, 0)
        header += np.where((kind & 0x80).astype(bool) & ((flags & 0x80) != 0), 4, 0)
        self._at[rows] = at + header
        self._layer[rows] = _LLC

    # --- Network layers ------------------------------------------------------------------

    def _ipv4(self, rows: IntArray) -> None:
        rows = self._holding(rows, 20)
        at = self._at[rows]
        first = self._u8(at)
        header = (first & 15) * 4
        valid = ((first >> 4) == 4) & (header >= 20)
        if not valid.all():
            self._drop(rows[~valid])
            rows, at, header = rows[valid], at[valid], header[valid]
        length = self._u16(at + 2)
        fragment = self._u16(at + 6)
        # Segmentation offload leaves the length 0: then the frame's end is the packet's.
        self._shorten(rows, at + length, length >= header)
        self._src_high[rows] = self._dst_high[rows] = 0
        self._src_low[rows] = self._words[at + 12].astype(np.uint64) | V4_MAPPED
        self._dst_low[rows] = self._words[at + 16].astype(np.uint64) | V4_MAPPED
        self._enter_ip(rows, self._u8(at + 9), at + header, (fragment & 0x1FFF) != 0)

    def _ipv6(self, rows: IntArray) -> None:
        rows = self._holding(rows, 40)
        at = self._at[rows]
        valid = (self._u8(at) >> 4) == 6
        if not valid.all():
            self._drop(rows[~valid])
            rows, at = rows[valid], at[valid]
        length = self._u16(at + 4)
        self._shorten(rows, at + 40 + length, length > 0)
        self._src_high[rows], self._src_low[rows] = self._longs[at + 8], self._longs[at + 16]
        self._dst_high[rows], self._dst_low[rows] = self._longs[at + 24], self._longs[at + 32]
        self._enter_ip(rows, self._u8(at + 6), at + 40, np.zeros(len(rows), np.bool_))

    def _shorten(self, rows: IntArray, end: IntArray, known: BoolArray) -> None:
        """Cut off what follows the packet in its frame (Ethernet pads short ones)."""
        wire_end = np.where(known, np.minimum(end, self._wire_end[rows]), self._wire_end[rows])
        self._wire_end[rows] = wire_end
        self._end[rows] = np.minimum(self._end[rows], wire_end)

    def _enter_ip(
        self, rows: IntArray, protocol: IntArray, at: IntArray, later_fragment: BoolArray
    ) -> None:
        self._is_ip[rows] = True
        self._protocol[rows] = protocol
        self._src_port[rows] = self._dst_port[rows] = 0
        self._at[rows] = at
        self._layer[rows] = np.where(later_fragment, _DONE, protocol + _IP)

    def _extension(self, rows: IntArray) -> None:
        """Hop-by-hop options, routing and destination options of IPv6; AH counts in words."""
        rows = self._holding(rows, 8)
        at, kind = self._at[rows], self._protocol[rows]
        units = self._u8(at + 1)
        length = np.where(kind == 51, (units + 2) * 4, (units + 1) * 8)
        self._next_header(rows, self._u8(at), at + length, np.zeros(len(rows), np.bool_))

    def _fragment(self, rows: IntArray) -> None:
        rows = self._holding(rows, 8)
        at = self._at[rows]
        self._next_header(rows, self._u8(at), at + 8, (self._u16(at + 2) & 0xFFF8) != 0)

    def _next_header(
        self, rows: IntArray, protocol: IntArray, at: IntArray, later_fragment: BoolArray
    ) -> None:
        self._protocol[rows] = protocol
        self._at[rows] = at
        self._layer[rows] = np.where(later_fragment, _DONE, protocol + _IP)

    # --- Tunnels -------------------------------------------------------------------------

    def _inner_v4(self, rows: IntArray) -> None:
        self._enter_tunnel(rows, np.full(len(rows), _V4))

    def _inner_v6(self, rows: IntArray) -> None:
        self._enter_tunnel(rows, np.full(len(rows), _V6))

    def _enter_tunnel(self, rows: IntArray, layer: IntArray) -> None:
        """Go on with an inner packet, if it looks like one; else keep the outer."""
        if not self._tunnels:
            self._finish(rows)
            return
        version = self._u8(np.minimum(self._at[rows], self._limit)) >> 4
        expected = np.select([layer == _V4, layer == _V6], [4, 6], -1)
        good = ((expected == version) | (expected == -1)) & (self._at[rows] < self._end[rows])
        self._layer[rows] = np.where(good, layer, _DONE)

    def _gre(self, rows: IntArray) -> None:
        rows = self._holding(rows, 4)
        at = self._at[rows]
        flags, kind = self._u16(at), self._u16(at + 2)
        # Checksum, key and sequence number are there when their bit is.
        options = 4 * ((flags >> 15) + ((flags >> 13) & 1) + ((flags >> 12) & 1))
        enhanced = (flags & 7) == 1  # PPTP: a field of its own for the acknowledgement
        options += np.where(enhanced & ((flags & 0x80) != 0), 4, 0)
        layer = np.select(
            [kind == _V4, kind == _V6, kind == 0x6558, kind == 0x880B, np.isin(kind, _MPLS)],
            [_V4, _V6, _ETHERNET, _PPP, _MPLS[0]],
            _DONE,
        )
        self._at[rows] = np.where(layer == _DONE, at, at + 4 + options)
        inside = layer != _DONE
        self._finish(rows[~inside])
        self._enter_tunnel(rows[inside], layer[inside])

    # --- Transport layers ----------------------------------------------------------------

    def _tcp(self, rows: IntArray) -> None:
        rows = self._holding(rows, 20)
        at = self._at[rows]
        self._ports(rows, at)
        self._seq[rows] = self._u32(at + 4)
        self._flags[rows] = self._u8(at + 13)
        header = np.maximum((self._u8(at + 12) >> 4) * 4, 20)
        self._at[rows] = at + header
        self._layer[rows] = _DONE

    def _udp(self, rows: IntArray) -> None:
        rows = self._holding(rows, 8)
        at = self._at[rows]
        self._ports(rows, at)
        self._at[rows] = at + 8
        self._layer[rows] = _DONE
        if self._tunnels:
            self._udp_tunnels(rows)

    def _ports(self, rows: IntArray, at: IntArray) -> None:
        self._src_port[rows] = self._u16(at)
        self._dst_port[rows] = self._u16(at + 2)

    def _udp_tunnels(self, rows: IntArray) -> None:
        low = np.minimum(self._src_port[rows], self._dst_port[rows])
        high = np.maximum(self._src_port[rows], self._dst_port[rows])
        for port, enter in _UDP_TUNNELS:
            inside = (low == port) | (high == port)
            if inside.any():
                chosen = rows[inside]
                there = self._at[chosen] + 16 <= np.minimum(self._end[chosen], self._limit)
                enter(self, chosen[there])

    def _gtp(self, rows: IntArray) -> None:
        at = self._at[rows]
        flags = self._u8(at)
        carries = ((flags >> 4) == 3) & (self._u8(at + 1) == 0xFF)
        rows, at, flags = rows[carries], at[carries], flags[carries]
        optional = (flags & 7) != 0
        inner = at + 8 + np.where(optional, 4, 0)
        # Extension headers chain by type; their length counts words of four bytes.
        kind = np.where(optional & ((flags & 4) != 0), self._u8(at + 11), 0)
        for _ in range(4):
            more = kind != 0
            if not more.any():
                break
            size = np.maximum(self._u8(np.minimum(inner, self._limit)), 1) * 4
            following = self._u8(np.minimum(inner + size - 1, self._limit))
            inner, kind = np.where(more, inner + size, inner), np.where(more, following, 0)
        version = self._u8(np.minimum(inner, self._limit)) >> 4
        self._tunnel_to(rows, inner, np.select([version == 4, version == 6], [_V4, _V6], _DONE))

    def _vxlan(self, rows: IntArray) -> None:
        at = self._at[rows]
        carries = (self._u8(at) & 0x08) != 0
        self._tunnel_to(rows, at + 8, np.where(carries, _ETHERNET, _DONE))

    def _tzsp(self, rows: IntArray) -> None:
        at = self._at[rows]
        ethernet = (self._u8(at) == 1) & (self._u16(at + 2) == 1)
        # Tagged fields end with tag 1; padding (0) has no length byte.
        inner = at + 4
        open_ = ethernet.copy()
        for _ in range(8):
            tag = self._u8(np.minimum(inner, self._limit))
            size = self._u8(np.minimum(inner + 1, self._limit))
            step = np.where(tag <= 1, 1, 2 + size)
            inner = np.where(open_, inner + step, inner)
            open_ &= tag != 1
        self._tunnel_to(rows, inner, np.where(ethernet & ~open_, _ETHERNET, _DONE))

    def _capwap(self, rows: IntArray) -> None:
        at = self._at[rows]
        word = self._u32(at)
        plain = (word >> 24) == 0
        header = ((word >> 19) & 0x1F) * 4
        wifi = (word & 0x100) != 0
        self._tunnel_to(
            rows, at + header, np.select([plain & wifi, plain], [_WIFI, _ETHERNET], _DONE)
        )

    def _tunnel_to(self, rows: IntArray, at: IntArray, layer: IntArray) -> None:
        inside = (layer != _DONE) & (at < self._end[rows])
        rows = rows[inside]
        self._at[rows] = at[inside]
        self._enter_tunnel(rows, layer[inside])


_Handler = Callable[[_Walk, IntArray], None]
_LAYERS: dict[int, _Handler] = {
    _ETHERNET: _Walk._ethernet,
    _LLC: _Walk._llc,
    _SLL: _Walk._sll,
    _SLL2: _Walk._sll2,
    _RAW: _Walk._raw,
    _NULL: _Walk._null,
    _PPP: _Walk._ppp,
    _HDLC: _Walk._hdlc,
    _RADIOTAP: _Walk._radiotap,
    _PPI: _Walk._ppi,
    _PRISM: _Walk._prism,
    _WIFI: _Walk._wifi,
    _PPPOE_SESSION: _Walk._pppoe,
    _V4: _Walk._ipv4,
    _V6: _Walk._ipv6,
    **dict.fromkeys(_VLANS, _Walk._vlan),
    **dict.fromkeys(_MPLS, _Walk._mpls),
}
_TRANSPORTS: dict[int, _Handler] = {
    TCP: _Walk._tcp,
    UDP: _Walk._udp,
    0: _Walk._extension,
    43: _Walk._extension,
    60: _Walk._extension,
    51: _Walk._extension,
    44: _Walk._fragment,
    4: _Walk._inner_v4,
    41: _Walk._inner_v6,
    47: _Walk._gre,
}
_UDP_TUNNELS: tuple[tuple[int, _Handler], ...] = (
    (2152, _Walk._gtp),
    (4789, _Walk._vxlan),
    (5247, _Walk._capwap),
    (37008, _Walk._tzsp),
)
