"""Notes come back as they were written, in few bytes; whatever else is refused."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_worker.catalogue.notes import read_note, write_note
from edge_worker.catalogue.ports import AppUsage, Vitals
from edge_worker.messages import MessageError, ReadingState, StepValue, encode, to_dict

VITALS = Vitals(
    t=1795731549.3550832,
    state=ReadingState.LOW_QUALITY,
    present=True,
    range_m=0.49999999999999983,
    breathing_rate=12.177993778516202,
    breathing_error=0.09503631386689922,
    breathing_quality=0.9704220400795968,
    features={"movement_share": 0.0, "a name of its own": 0.03342563907442173, "none": None},
)
USAGE = AppUsage(t0=1.0, t1=2.0, person="anna", seconds={"social": 3.5})
TOLD = StepValue(port="vitals", sequence=1795731549355, value=to_dict(VITALS))


@pytest.mark.parametrize(
    "told", [TOLD, StepValue(port="app_usage", sequence=1, value=to_dict(USAGE))]
)
def test_a_note_comes_back_as_it_was(told: StepValue) -> None:
    assert read_note(write_note(told).packed) == told


def test_a_note_takes_less_than_half_of_its_json() -> None:
    note = write_note(TOLD)
    assert note.told_bytes == len(encode(TOLD))
    assert len(note.packed) < note.told_bytes / 2


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(MessageError):
        read_note(noise)


@pytest.mark.parametrize(
    "note",
    [
        write_note(TOLD).packed[:-3],
        write_note(TOLD).packed + b"x",
        encode(TOLD),
        zlib.compress(encode(TOLD)[:-1]),
        zlib.compress(bytes(1 << 20), 9),
    ],
)
def test_what_was_not_written_so_is_refused(note: bytes) -> None:
    with pytest.raises(MessageError):
        read_note(note)
