"""Is this sound card fit for the sonar? Plays, listens, and says what is wrong."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from edge_worker.messages import ReadingState
from edge_worker.sensing.acoustic.channel import Channel
from edge_worker.sensing.acoustic.errors import SoundCardError
from edge_worker.sensing.acoustic.probe import SAMPLE_RATE_HZ, Probe
from edge_worker.sensing.acoustic.range_map import HOP_S
from edge_worker.sensing.acoustic.sources import AudioSource

MIN_SNR_DB = 25.0
"""Direct sound over noise in the band; below, a chest at 0.5 m is lost."""
MAX_RIPPLE_DB = 20.0
RESPONSE_HZ = tuple(range(17_000, 23_001, 500))


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was measured, and the judgement."""

    fit: bool
    problems: tuple[str, ...]
    """Sentences that say what to do."""
    state: str
    seconds: float
    level_dbfs: float | None
    noise_dbfs: float | None
    snr_db: float | None
    skew_ppm: float | None
    clipped_share: float
    xruns: int
    relocks: int
    response_db: dict[str, float | None]
    """Received level by frequency against the strongest; None outside the probe's band."""

    def as_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self))

    def as_text(self) -> str:
        """A few lines for people."""
        lines = ["fit for the sonar" if self.fit else "not fit for the sonar"]
        lines += [f"- {problem}" for problem in self.problems]
        lines.append(f"heard for {self.seconds:.0f} s, state {self.state}, {self.xruns} xruns")
        if self.level_dbfs is not None:
            lines.append(
                f"probe {self.level_dbfs:.1f} dBFS, noise {self.noise_dbfs:.1f} dBFS,"
                f" clock offset {self.skew_ppm:+.2f} ppm, clipped {self.clipped_share:.2%}"
            )
            lines.append(
                "response: "
                + ", ".join(
                    f"{int(hz) / 1000:g} kHz {'-' if db is None else format(db, '+.0f')}"
                    for hz, db in self.response_db.items()
                )
            )
        lines.append("Digital level is not sound level: it cannot tell how loud the probe is.")
        return "\n".join(lines)


def examine(source: AudioSource, probe: Probe, seconds: float) -> Report:
    """Listen to a source while its probe plays; raises AcousticError if it cannot be read."""
    channel = Channel(probe)
    maps = []
    last = np.zeros(0, dtype=np.float32)
    heard = lost = 0
    try:
        for block in source.blocks():
            maps += channel.push_gap(block.lost)
            lost += block.lost
            maps += channel.push(block.samples)
            last = np.concatenate((last, block.samples))[-2 * SAMPLE_RATE_HZ :]
            heard += len(block.samples)
            if heard >= seconds * SAMPLE_RATE_HZ:
                break
    finally:
        source.close()
    if not maps:
        raise SoundCardError(f"only {heard / SAMPLE_RATE_HZ:.1f} s of sound: {HOP_S} s are needed")
    locked = [hop.health for hop in maps if hop.health.skew_ppm is not None]
    xruns = int(getattr(source, "xruns", 0))
    clipped = max(hop.health.clipped_share for hop in maps)
    if not locked:
        silent = float(np.abs(last).max(initial=0.0)) < 1e-4
        sentence = (
            "the microphone delivers silence: choose another input, unmute it"
            if silent
            else "the probe is not heard: raise the volume, and switch echo cancelling, noise"
            " suppression and automatic gain off; some cards cut off all sound above 16 kHz"
        )
        return Report(
            fit=False,
            problems=(sentence,),
            state=ReadingState.NO_PROBE,
            seconds=heard / SAMPLE_RATE_HZ,
            level_dbfs=None,
            noise_dbfs=None,
            snr_db=None,
            skew_ppm=None,
            clipped_share=clipped,
            xruns=xruns,
            relocks=0,
            response_db={str(hz): None for hz in RESPONSE_HZ},
        )
    health = locked[-1]
    response = _response(last, probe)
    snr_db = health.level_dbfs - health.noise_dbfs
    relocks = sum(one.relocks for one in locked)
    problems = []
    if clipped > 0.001:
        problems.append("the recording clips: lower the input gain or the volume")
    if snr_db < MIN_SNR_DB:
        problems.append("the probe is too faint against the noise: raise the volume a little")
    if health.state is ReadingState.SKEW_UNLOCKED:
        problems.append("two clocks wander: use one card that plays and records at once")
    if xruns or lost or relocks > 1:
        problems.append("sound is lost on the way: close other programs, use a larger buffer")
    known = [db for db in response.values() if db is not None]
    if known and min(known) < -MAX_RIPPLE_DB:
        problems.append("parts of the band are missing: try another band (--band)")
    return Report(
        fit=not problems,
        problems=tuple(problems),
        state=str(health.state),
        seconds=heard / SAMPLE_RATE_HZ,
        level_dbfs=round(health.level_dbfs, 1),
        noise_dbfs=round(health.noise_dbfs, 1),
        snr_db=round(snr_db, 1),
        skew_ppm=None if health.skew_ppm is None else round(health.skew_ppm, 3),
        clipped_share=clipped,
        xruns=xruns,
        relocks=relocks,
        response_db=response,
    )


def _response(sound: npt.NDArray[np.float32], probe: Probe) -> dict[str, float | None]:
    """Level around each of RESPONSE_HZ, corrected for the probe's own spectrum."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE_HZ)
    sent = np.abs(probe.spectrum) ** 2
    levels: dict[str, float | None] = {}
    for hz in RESPONSE_HZ:
        tones = np.abs(probe.frequencies_hz - hz) <= 250
        if not tones.any():
            levels[str(hz)] = None
            continue
        near = np.abs(frequency - hz) <= 275
        levels[str(hz)] = float(10 * np.log10(power[near].sum() / sent[tones].sum() + 1e-30))
    top = max((db for db in levels.values() if db is not None), default=0.0)
    return {hz: None if db is None else round(db - top, 1) for hz, db in levels.items()}
