"""What crosses the boundary of the capture process: bounded JSON frames, nothing else.

A frame is its length (4 bytes, big-endian) and a JSON object. The reading side trusts
nothing: lengths, types, ranges, categories and people are checked before use.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from edge_worker.sensing.traffic.categories import Category
from edge_worker.sensing.traffic.observation import SliceBatch, UsageSlice

MAX_FRAME_BYTES = 65_536
# About 100 bytes of JSON each, so a frame stays below its bound.
SLICES_PER_FRAME = 400
_MAX_NUMBER = 1 << 53
_SLICE_FIELDS = ("t", "person", "category", "foreground", "hidden", "up", "down", "packets")


class BoundaryError(ValueError):
    """The other side sent something that is not in the protocol."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The source cannot go on: a sentence for people without names or addresses."""

    message: str
    retry: bool = False


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something people should know, once: a code of NOTICES."""

    code: str


NOTICES: Mapping[str, str] = {
    "address_changed": (
        "a device of a person who opted in now uses another private Wi-Fi address: "
        "choose a fixed one on the device, or tell the new one"
    ),
    "anonymized": (
        "the DNS server hides client addresses, so use per person cannot be measured: "
        "switch off its IP anonymization"
    ),
    "unconfined": ("the capture process keeps its rights: this source or this computer needs them"),
}

Message = SliceBatch | Failure | Notice


def write_frame(stream: BinaryIO, content: Mapping[str, Any]) -> None:
    """Write one frame. Raises BoundaryError when it is too large."""
    body = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
    if len(body) > MAX_FRAME_BYTES:
        raise BoundaryError("a frame is too large")
    stream.write(len(body).to_bytes(4) + body)
    stream.flush()


class FrameReader:
    """Puts frames together from whatever pieces a pipe delivers."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Take bytes and yield the frames that are complete.

        Raises BoundaryError for a frame that is too large or not a JSON object.
        """
        self._buffer += data
        while len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[:4])
            if size > MAX_FRAME_BYTES:
                raise BoundaryError("a frame is too large")
            if len(self._buffer) < 4 + size:
                return
            body = bytes(self._buffer[4 : 4 + size])
            del self._buffer[: 4 + size]
            try:
                content = json.loads(body)
            except (ValueError, RecursionError) as error:
                raise BoundaryError("a frame is not JSON") from error
            if not isinstance(content, dict):
                raise BoundaryError("a frame is not an object")
            yield content


def frames_of(message: Message) -> Iterator[dict[str, Any]]:
    """The frames that carry a message; a batch with many slices takes several."""
    if isinstance(message, Failure):
        yield {"failure": message.message, "retry": message.retry}
        return
    if isinstance(message, Notice):
        yield {"notice": message.code}
        return
    rows = [[getattr(part, name) for name in _SLICE_FIELDS] for part in message.slices]
    for begin in range(0, max(len(rows), 1), SLICES_PER_FRAME):
        last = begin + SLICES_PER_FRAME >= len(rows)
        until = message.until if last and math.isfinite(message.until) else None
        yield {
            "slices": rows[begin : begin + SLICES_PER_FRAME],
            "until": until,
            "end": last and until is None,
            "live": message.live,
        }


def message_of(content: Mapping[str, Any], people: frozenset[str]) -> Message:
    """Check a frame and read it. Raises BoundaryError for anything not in the protocol."""
    if isinstance(content.get("failure"), str):
        return Failure(message=content["failure"][:300], retry=content.get("retry") is True)
    if content.get("notice") in NOTICES:
        return Notice(code=content["notice"])
    rows, until, live = content.get("slices"), content.get("until"), content.get("live")
    if not isinstance(rows, list) or len(rows) > SLICES_PER_FRAME or not isinstance(live, bool):
        raise BoundaryError("an unknown frame")
    if content.get("end") is True:
        moment = math.inf
    elif until is None:
        moment = -math.inf  # more frames of this batch follow
    elif isinstance(until, (int, float)) and not isinstance(until, bool):
        moment = float(until)
    else:
        raise BoundaryError("`until` is not a time")
    return SliceBatch(slices=tuple(_slice(row, people) for row in rows), until=moment, live=live)


def _slice(row: object, people: frozenset[str]) -> UsageSlice:
    if not isinstance(row, list) or len(row) != 8:
        raise BoundaryError("a slice has eight fields")
    t, person, category, foreground, hidden, *counts = row
    if not _is_count(t) or person not in people or category not in _CATEGORIES:
        raise BoundaryError("a slice of an unknown time, person or category")
    if not isinstance(foreground, bool) or not isinstance(hidden, bool):
        raise BoundaryError("a slice without its flags")
    if not all(count is None or _is_count(count) for count in counts):
        raise BoundaryError("a slice without its counts")
    up, down, packets = counts
    return UsageSlice(
        t=t,
        person=person,
        category=category,
        foreground=foreground,
        hidden=hidden,
        up=up,
        down=down,
        packets=packets,
    )


_CATEGORIES = frozenset(category.value for category in Category)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_NUMBER
