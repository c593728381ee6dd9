"""What a step says of a window, in few bytes: it travels with every frame of a shared model."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache

from edge_worker.catalogue.ports import Port, Vitals
from edge_worker.messages import MessageError, ReadingState, StepValue, decode, encode, to_dict

_MAX_BYTES = 1 << 14
_FEATURES = (
    "movement_share",
    "breath_interval_cv",
    "breath_depth_mm",
    "inhale_exhale_ratio",
    "sigh_share",
)
"""Names that often occur; others take more bytes, nothing else."""


@dataclass(frozen=True, kw_only=True)
class Note:
    """A value as it travels with a frame."""

    packed: bytes
    told_bytes: int
    """Of the same value where it travels by itself."""


def write_note(told: StepValue) -> Note:
    """Compressed by what all notes have in common, to a quarter of the value's JSON."""
    packer = zlib.compressobj(9, zdict=_common())
    plain = encode(told)
    return Note(packed=packer.compress(plain) + packer.flush(), told_bytes=len(plain))


def read_note(note: bytes) -> StepValue:
    """Raises MessageError with a sentence for what `write_note` of this version did not write."""
    opener = zlib.decompressobj(zdict=_common())
    try:
        data = opener.decompress(note, _MAX_BYTES)
    except zlib.error as error:
        raise MessageError(f"a note can't be read ({error})", "note") from None
    if not opener.eof or opener.unused_data:
        raise MessageError("a note is cut off, or goes on", "note")
    return decode(StepValue, data)


@cache
def _common() -> bytes:
    """A value as a sonar would send it: both sides make the same from the same version."""
    example = Vitals(
        t=1_790_000_000.5,
        state=ReadingState.OK,
        present=True,
        range_m=0.5,
        breathing_rate=12.5,
        breathing_error=0.1,
        breathing_quality=0.9,
        heart_rate=62.5,
        heart_error=0.5,
        heart_quality=0.9,
        presence_quality=1.0,
        features=dict.fromkeys(_FEATURES, 0.0),
    )
    return encode(StepValue(port=Port.VITALS, sequence=1_790_000_000_000, value=to_dict(example)))
