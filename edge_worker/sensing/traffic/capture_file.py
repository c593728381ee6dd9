"""Capture files and streams: classic pcap and pcapng, in batches of bounded size.

Formats: the Internet-Drafts draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
A stream may be a pipe (`ssh router tcpdump -w -`), and a new file header may follow the
last record at any time: that is what a reconnected stream looks like.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edge_worker.sensing.traffic.packets import (
    PADDING,
    ByteArray,
    IntArray,
    PacketBatch,
    overlapping,
)

CHUNK_BYTES = 1 << 21
# tcpdump's own limit (MAXIMUM_SNAPLEN); a record that claims more is damaged.
MAX_FRAME_BYTES = 262_144
# A pcapng block may hold name tables or secrets instead of a frame.
MAX_BLOCK_BYTES = 1 << 21
MAX_INTERFACES = 1024
# A batch takes about 500 bytes of columns for each packet while its headers are read.
MAX_BATCH_PACKETS = 16_384

_SECTION_BLOCK, _INTERFACE_BLOCK = 0x0A0D0D0A, 1
_OLD_PACKET_BLOCK, _SIMPLE_PACKET_BLOCK, _ENHANCED_PACKET_BLOCK = 2, 3, 6
_OPTION_END, _OPTION_TSRESOL, _OPTION_TSOFFSET = 0, 9, 14
_PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
# First four bytes → byte order, nanoseconds per tick, bytes of a record header.
# The last pair is the old Linux "modified" format, whose records carry eight bytes more.
_PCAP_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000, 16),
    b"\xa1\xb2\xc3\xd4": (">", 1000, 16),
    b"\x4d\x3c\xb2\xa1": ("<", 1, 16),
    b"\xa1\xb2\x3c\x4d": (">", 1, 16),
    b"\x34\xcd\xb2\xa1": ("<", 1000, 24),
    b"\xa1\xb2\xcd\x34": (">", 1000, 24),
}
_PCAP_HEADER_BYTES = 24
# Records between two looks for a run of equal ones, and how far such a look goes.
_STEPS, _RUN = 8, 256


class CaptureError(ValueError):
    """Not a capture."""


class Readable(Protocol):
    """A binary file or pipe."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer as far as there are bytes; 0 at the end, None: nothing yet."""


class CaptureStream:
    """Reads batches from a stream.

    damaged: whether it broke off in mid-record, known at the end. A batch is valid until
    the next one is asked for.
    """

    def __init__(self, stream: Readable, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._stream = stream
        self._capacity = max(chunk_bytes, MAX_BLOCK_BYTES)
        self._buffer = bytearray(self._capacity + PADDING)
        self._used = 0
        self.damaged = False

    def __iter__(self) -> Iterator[PacketBatch]:
        """Yield batches to the end of the stream.

        Raises CaptureError when the stream doesn't start as a capture does. Damage further
        on ends the stream quietly (what was read is good) and sets `damaged`.
        """
        return (batch for batch in self.live() if batch is not None)

    def live(self) -> Iterator[PacketBatch | None]:
        """The same for a stream that may have nothing yet: then None is yielded."""
        while self._used < _PCAP_HEADER_BYTES:
            count = self._fill()
            if count is None:
                yield None
            elif count == 0:
                break
        if not self._used:
            raise CaptureError("the capture is empty")
        parser = _parser_for(self._buffer, self._used)
        if parser is None:
            raise CaptureError("this is neither a pcap nor a pcapng capture")
        while True:
            parsed = parser.parse(self._buffer, self._used)
            yield from parsed.batches
            self._consume(parsed.used)
            if parsed.end is _End.FULL:
                continue
            if parsed.end is _End.DAMAGE:
                self.damaged = True
                return
            if parsed.end is _End.HEADER:
                following = _parser_for(self._buffer, self._used)
                if following is not None:
                    parser = following
                    continue
            while (count := self._fill()) is None:
                yield None
            if count == 0:
                self.damaged = self._used > 0
                return

    def _fill(self) -> int | None:
        """Read once: how many bytes came, 0 at the end, None when there is nothing yet."""
        with memoryview(self._buffer) as view:
            count = self._stream.readinto(view[self._used : self._capacity])
        self._used += count or 0
        return count

    def _consume(self, count: int) -> None:
        if count:
            with memoryview(self._buffer) as view:
                view[: self._used - count] = view[count : self._used]
            self._used -= count


class _End(Enum):
    """Why a parser stopped."""

    MORE = "needs more bytes"
    FULL = "the batch is full"
    HEADER = "another file header follows"
    DAMAGE = "cannot be read on"


@dataclass(frozen=True, kw_only=True)
class _Parsed:
    batches: list[PacketBatch]
    used: int
    end: _End


def _parser_for(buffer: bytearray, size: int) -> _Pcap | _Pcapng | None:
    """The parser for a stream that starts with these bytes."""
    magic = bytes(buffer[:4])
    if magic == _PCAPNG_MAGIC:
        return _Pcapng()
    if magic in _PCAP_MAGIC and size >= _PCAP_HEADER_BYTES:
        return _Pcap(buffer)
    return None


class _Pcap:
    """Classic pcap: one header, then records of a fixed-size header and a frame."""

    def __init__(self, buffer: bytearray) -> None:
        self._order, self._tick_ns, self._header = _PCAP_MAGIC[bytes(buffer[:4])]
        # The upper bits of the field hold the length of a frame check sequence.
        self._link = struct.unpack_from(self._order + "I", buffer, 20)[0] & 0xFFFF
        self._skip = _PCAP_HEADER_BYTES

    def parse(self, buffer: bytearray, size: int) -> _Parsed:
        position, self._skip = self._skip, 0
        header, last = self._header, size - self._header
        length_at = struct.Struct(self._order + "8xI").unpack_from
        data = np.frombuffer(buffer, np.uint8)
        word = np.dtype(self._order + "u4")
        # The one loop over all packets in Python: nothing but the jump from record to
        # record, all checks follow at once for the whole buffer. A download is a long run
        # of full packets, which numpy finds faster.
        pieces: list[IntArray | list[int]] = []
        count = 0
        while position <= last and count < MAX_BATCH_PACKETS:
            steps: list[int] = []
            for _ in range(_STEPS):
                if position > last:
                    break
                steps.append(position)
                position += header + length_at(buffer, position)[0]
            pieces.append(steps)
            count += len(steps)
            if len(steps) < _STEPS:
                break
            stride = position - steps[-1]
            room = min((last - position) // stride + 1, _RUN)
            if room > 0 and stride == steps[-1] - steps[-2] == steps[-2] - steps[-3]:
                # The length fields of records that all have this stride: a view, no copy.
                ahead = np.ndarray(room, word, buffer, position + 8, (stride,))
                run = _leading(ahead == stride - header)
                pieces.append(np.arange(position, position + run * stride, stride))
                count += run
                position += run * stride
        records = np.concatenate(pieces, dtype=np.int64) if pieces else np.zeros(0, np.int64)
        fields = self._fields(data, records)
        end = _End.MORE
        good = len(records)
        odd = np.flatnonzero((fields[:, 2] > MAX_FRAME_BYTES) | (fields[:, 2] == 0))
        for row in odd.tolist():
            start = int(records[row])
            if bytes(buffer[start : start + 4]) in (*_PCAP_MAGIC, _PCAPNG_MAGIC):
                good, end = row, _End.HEADER
                break
            if fields[row, 2]:
                good, end = row, _End.DAMAGE
                break
        if end is _End.MORE:
            if position > size:
                good -= 1  # the last record is not all there yet
            elif position <= last:
                end = _End.FULL
        used = position if good == len(records) else int(records[good])
        batches = [self._batch(data, records[:good], fields[:good])] if good else []
        return _Parsed(batches=batches, used=used, end=end)

    def _fields(self, data: ByteArray, records: IntArray) -> IntArray:
        """Seconds, fraction, captured and true length of each record."""
        heads = overlapping(data, "V16")[records].view(self._order + "u4")
        fields: IntArray = heads.reshape(-1, 4).astype(np.int64)
        return fields

    def _batch(self, data: ByteArray, records: IntArray, fields: IntArray) -> PacketBatch:
        return PacketBatch(
            link=self._link,
            data=data,
            start=records + self._header,
            length=fields[:, 2],
            wire=_wire_length(fields[:, 3], fields[:, 2]),
            time_ns=fields[:, 0] * 1_000_000_000 + fields[:, 1] * self._tick_ns,
        )


@dataclass(frozen=True, kw_only=True)
class _Interface:
    link: int
    ticks_per_s: int = 1_000_000
    offset_s: int = 0


class _Pcapng:
    """Blocks; each frame names its interface, which names link type and clock."""

    def __init__(self) -> None:
        self._order = "<"
        self._interfaces: list[_Interface] = []

    def parse(self, buffer: bytearray, size: int) -> _Parsed:
        position = 0
        # Per link type: start, captured length, length on the wire, time.
        frames: dict[int, list[tuple[int, int, int, int]]] = {}
        end = _End.MORE
        unpack = struct.Struct(self._order + "II").unpack_from
        count = 0
        while position + 12 <= size:
            if count == MAX_BATCH_PACKETS:
                end = _End.FULL
                break
            if bytes(buffer[position : position + 4]) == _PCAPNG_MAGIC:
                self._order = "<" if buffer[position + 8] == 0x4D else ">"
                self._interfaces = []
                unpack = struct.Struct(self._order + "II").unpack_from
            kind, length = unpack(buffer, position)
            if length < 12 or length > MAX_BLOCK_BYTES:
                known = bytes(buffer[position : position + 4]) in _PCAP_MAGIC
                end = _End.HEADER if known else _End.DAMAGE
                break
            if position + length > size:
                break
            frame = self._block(kind, buffer, position + 8, position + length - 4)
            if frame is not None:
                frames.setdefault(frame[0], []).append(frame[1])
                count += 1
            position += length
        data = np.frombuffer(buffer, np.uint8)
        batches = [_ng_batch(link, data, rows) for link, rows in frames.items()]
        return _Parsed(batches=batches, used=position, end=end)

    def _block(
        self, kind: int, buffer: bytearray, start: int, end: int
    ) -> tuple[int, tuple[int, int, int, int]] | None:
        """Link type and (start, length, wire length, time) of a block's frame, if any."""
        order = self._order
        if kind == _ENHANCED_PACKET_BLOCK and end - start >= 20:
            number, high, low, length, wire = struct.unpack_from(order + "5I", buffer, start)
        elif kind == _OLD_PACKET_BLOCK and end - start >= 20:
            number, _, high, low, length, wire = struct.unpack_from(order + "2H4I", buffer, start)
        elif kind == _SIMPLE_PACKET_BLOCK and end - start >= 4:
            (wire,) = struct.unpack_from(order + "I", buffer, start)
            if not self._interfaces:
                return None
            length = min(wire, end - start - 4)
            return self._interfaces[0].link, (start + 4, length, wire, 0)
        else:
            if kind == _INTERFACE_BLOCK and end - start >= 8:
                self._add_interface(buffer[start:end])
            return None
        if number >= len(self._interfaces):
            return None
        interface = self._interfaces[number]
        length = min(length, end - start - 20)
        seconds, rest = divmod((high << 32) | low, interface.ticks_per_s)
        nanoseconds = rest * 1_000_000_000 // interface.ticks_per_s
        # Damaged clocks must not overflow 64 bits; no real one lies outside of 35 bits.
        time_ns = ((seconds + interface.offset_s) & 0x1_FFFF_FFFF) * 1_000_000_000 + nanoseconds
        return interface.link, (start + 20, length, wire, time_ns)

    def _add_interface(self, body: bytearray) -> None:
        if len(self._interfaces) >= MAX_INTERFACES:
            return
        (link,) = struct.unpack_from(self._order + "H", body)
        ticks_per_s, offset_s = 1_000_000, 0
        position = 8
        while position + 4 <= len(body):
            code, length = struct.unpack_from(self._order + "HH", body, position)
            value = body[position + 4 : position + 4 + length]
            if code == _OPTION_END:
                break
            if code == _OPTION_TSRESOL and len(value) == 1:
                power = value[0] & 0x7F
                # 64 bits of ticks hold no finer clock than this.
                ticks_per_s = 1 << min(power, 40) if value[0] & 0x80 else 10 ** min(power, 12)
            elif code == _OPTION_TSOFFSET and len(value) == 8:
                (offset_s,) = struct.unpack(self._order + "q", value)
            position += 4 + length + (-length) % 4
        self._interfaces.append(_Interface(link=link, ticks_per_s=ticks_per_s, offset_s=offset_s))


def _ng_batch(link: int, data: ByteArray, rows: list[tuple[int, int, int, int]]) -> PacketBatch:
    columns = np.array(rows, np.int64)
    return PacketBatch(
        link=link,
        data=data,
        start=columns[:, 0],
        length=columns[:, 1],
        wire=_wire_length(columns[:, 2], columns[:, 1]),
        time_ns=columns[:, 3],
    )


def _leading(flags: npt.NDArray[np.bool_]) -> int:
    """How many of the first flags are set."""
    first_unset = int(flags.argmin())
    return len(flags) if flags[first_unset] else first_unset


def _wire_length(claimed: IntArray, captured: IntArray) -> IntArray:
    """The length on the wire, unless it is an absurd one of a damaged record."""
    return np.where(claimed > MAX_FRAME_BYTES, captured, np.maximum(claimed, captured))
