"""A recording, judged every two seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_worker.catalogue.ports import Vitals
from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.errors import RecordingError
from edge_worker.sensing.acoustic.probe import SAMPLE_RATE_HZ, Probe
from edge_worker.sensing.acoustic.receiver import Hop, Receiver, receive
from edge_worker.sensing.acoustic.recording import WavSource

MIN_SECONDS = 2.0
ADVICE = {
    ReadingState.NO_PROBE: (
        "the probe is not heard: play it louder or nearer, with the same --band and --comb;"
        " switch echo cancelling, noise suppression and automatic gain off; record at a true"
        " 48000 Hz"
    ),
    ReadingState.CLIPPING: "the sound clips: lower the input gain or the volume",
    ReadingState.DROPOUT: "sound is lost on the way: use a larger buffer, fewer programs",
    ReadingState.SKEW_UNLOCKED: (
        "the two clocks wander: use one sound card that plays and records at once"
    ),
}
"""What to do when most of a recording ended in one of these states."""


def analyse(
    path: Path,
    probe: Probe,
    *,
    spacing_m: float = 0.07,
    channel: int | None = None,
    warn: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Hop]:
    """Yield a hop for every two seconds of a WAV recording.

    `warn` is told what was odd but could be handled. Raises RecordingError with a
    sentence that says what to do when there is nothing to analyse.
    """
    source = WavSource(path, channel=channel)
    found = source.format
    if found.seconds < MIN_SECONDS:
        raise RecordingError(
            f"{path.name} is {found.seconds:.1f} s long: record at least 40 s for a number"
        )
    if found.truncated:
        warn(f"{path.name} is cut off: its first {found.seconds:.1f} s are used")
    if found.rate_hz != SAMPLE_RATE_HZ:
        warn(f"{path.name} was recorded at {found.rate_hz} Hz: it is converted to 48000 Hz")
    if found.bits == 8:
        warn(f"{path.name} has 8 bits: faint echoes are lost, record with 16")
    if found.channels > 1:
        warn(f"{path.name} has {found.channels} channels: channel {source.channel} is used")
    return _telling(receive(source, Receiver(probe, spacing_m)), path.name, warn)


def _telling(hops: Iterator[Hop], name: str, warn: Callable[[str], None]) -> Iterator[Hop]:
    """Pass the hops on; at the end say what to do where they could tell nothing."""
    seen: Counter[ReadingState] = Counter()
    for hop in hops:
        seen[hop.vitals.state] += 1
        yield hop
    for state, advice in ADVICE.items():
        if seen[state] > 0.5 * seen.total():
            warn(f"{name}: {advice}")


def as_row(vitals: Vitals) -> dict[str, object]:
    """One line of `analyze --json`."""
    return {
        "t": round(vitals.t, 3),
        "state": str(vitals.state),
        "present": vitals.present,
        "range_m": _rounded(vitals.range_m, 3),
        "breathing_rate": _rounded(vitals.breathing_rate, 2),
        "breathing_error": _rounded(vitals.breathing_error, 2),
        "breathing_quality": round(vitals.breathing_quality, 3),
        "heart_rate": _rounded(vitals.heart_rate, 1),
        "heart_error": _rounded(vitals.heart_error, 1),
        "heart_quality": round(vitals.heart_quality, 3),
        "breathing_pause": vitals.breathing_pause,
        "motion": vitals.motion,
    }


def as_text(vitals: Vitals) -> str:
    """One line for people."""
    parts = [f"{vitals.t:7.1f} s  {vitals.state:<13}"]
    if vitals.range_m is not None:
        parts.append(f"{vitals.range_m:4.2f} m")
    if vitals.breathing_rate is not None:
        parts.append(f"breathing {vitals.breathing_rate:5.1f} ± {vitals.breathing_error:.1f} /min")
    if vitals.heart_rate is not None:
        parts.append(f"heart {vitals.heart_rate:5.1f} ± {vitals.heart_error:.1f} bpm")
    if vitals.breathing_pause:
        parts.append("breathing pause")
    return "  ".join(parts)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
