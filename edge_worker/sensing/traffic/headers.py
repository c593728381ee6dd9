"""What the headers of a batch say, one row per packet: who, to whom, which part of a stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.traffic.packets import IntArray, PacketBatch

BoolArray = npt.NDArray[np.bool_]
WordArray = npt.NDArray[np.uint64]

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
# Address words of an IPv4 address: the IPv6 form ::ffff:a.b.c.d.
V4_MAPPED = np.uint64(0xFFFF_0000_0000)


@dataclass(frozen=True, kw_only=True)
class HeaderTable:
    """One row per IP packet of a batch; every column has shape (rows,).

    frame: its place in the batch. Addresses as two words of 64 bits, IPv4 mapped into
    IPv6. Ports are 0 for other protocols and for fragments but the first. MAC addresses
    are 0 where the link has none. payload: place in `batch.data`; size: bytes of it there.
    seq, flags: of TCP, else 0.
    """

    batch: PacketBatch
    frame: IntArray
    src_high: WordArray
    src_low: WordArray
    dst_high: WordArray
    dst_low: WordArray
    src_mac: IntArray
    dst_mac: IntArray
    protocol: IntArray
    src_port: IntArray
    dst_port: IntArray
    seq: IntArray
    flags: IntArray
    payload: IntArray
    size: IntArray
    whole: BoolArray
    """The capture holds the packet to its end."""

    def __len__(self) -> int:
        return len(self.frame)

    def select(self, rows: BoolArray) -> HeaderTable:
        """The rows of a mask."""
        columns = {
            name: getattr(self, name)[rows] for name in self.__dataclass_fields__ if name != "batch"
        }
        return HeaderTable(batch=self.batch, **columns)

    @staticmethod
    def merged(one: HeaderTable, other: HeaderTable) -> HeaderTable:
        """The rows of two tables of one batch, in the order of its frames."""
        order = np.argsort(np.concatenate((one.frame, other.frame)))
        columns = {
            name: np.concatenate((getattr(one, name), getattr(other, name)))[order]
            for name in HeaderTable.__dataclass_fields__
            if name != "batch"
        }
        return HeaderTable(batch=one.batch, **columns)
