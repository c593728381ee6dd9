from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from edge_worker.catalogue.ports import Port, Vitals
from edge_worker.catalogue.tool import SourceError, ToolContext
from edge_worker.messages import ReadingState, decode, encode
from edge_worker.sensing.acoustic import sound_card
from edge_worker.sensing.acoustic.cli import app
from edge_worker.sensing.acoustic.errors import SoundCardError
from edge_worker.sensing.acoustic.probe import Probe
from edge_worker.sensing.acoustic.recording import WavSource
from edge_worker.sensing.acoustic.simulated_source import SimulatedSource
from edge_worker.sensing.acoustic.simulator import Scene
from edge_worker.sensing.acoustic.sonar import SonarSource, VitalSignsStep
from edge_worker.sensing.acoustic.sound_card import SoundCardSource
from edge_worker.sensing.acoustic.sources import AudioSource
from edge_worker.sensing.acoustic.tools import TOOLS
from tests.worker.acoustic.acoustic_rooms import Room

SONAR, VITAL_SIGNS = TOOLS
run_command = CliRunner().invoke


def context(tmp_path: Path, announce: Any = lambda event: None, **settings: Any) -> ToolContext:
    return ToolContext(settings=settings, data_dir=tmp_path, area="bedroom", announce=announce)


def test_cards_fit_together() -> None:
    assert SONAR.card.outputs == (Port.RANGE_MAP,)
    assert SONAR.card.local_outputs == (Port.RANGE_MAP,)
    assert set(SONAR.card.needs) == {"speaker", "microphone"}
    assert [one.port for one in VITAL_SIGNS.card.inputs] == [Port.RANGE_MAP]
    assert VITAL_SIGNS.card.outputs == (Port.VITALS,)


def test_describing_the_tools_loads_nothing_heavy() -> None:
    program = (
        "import sys; import edge_worker.sensing.acoustic.tools, edge_worker.sensing.acoustic.cli;"
        "heavy = ('numpy', 'scipy', 'sounddevice', 'soxr', 'matplotlib');"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


def test_receiver_shares_nothing_with_the_simulator() -> None:
    program = (
        "import sys; import edge_worker.sensing.acoustic.receiver;"
        "print([m for m in sys.modules if 'simulat' in m and 'acoustic' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


def test_simulated_sonar_to_vitals_faster_than_real_time(tmp_path: Path) -> None:
    source = SONAR.make_source(context(tmp_path, source="simulator", speed=100.0))
    step = VITAL_SIGNS.make_step(context(tmp_path))
    stop, seen = threading.Event(), []

    def emit(port: str, value: Any) -> None:
        seen.extend(step.update(port, value))
        if len(seen) >= 20:
            stop.set()

    before = time.time()
    source.run(emit, stop)
    ports, vitals = zip(*seen, strict=True)
    assert set(ports) == {Port.VITALS}
    assert all(before <= one.t <= time.time() for one in vitals)
    assert vitals[-1].state is ReadingState.OK
    assert decode(Vitals, encode(vitals[-1])) == vitals[-1]


def test_speed_one_is_real_time(tmp_path: Path) -> None:
    source = SonarSource(context(tmp_path, source="simulator"))
    stop, got = threading.Event(), []

    def emit(port: str, value: Any) -> None:
        got.append(time.monotonic())
        stop.set()

    began = time.monotonic()
    source.run(emit, stop)
    # The block that completes two seconds is handed on when it has begun to sound.
    assert got[0] - began > 1.3


def test_switched_off_sonar_plays_nothing(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    SonarSource(context(tmp_path, enabled=False)).run(
        lambda port, value: pytest.fail("a value while switched off"), stop
    )


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"source": "tape"}, "tools.sonar.source"),
        ({"source": "wav"}, "path"),
        ({"source": "sound_card", "speed": 2}, "speed"),
        ({"level": 0.9}, "tools.sonar.level"),
        ({"band": "low"}, "band"),
        ({"colour": 1}, "tools.sonar.colour"),
        ({"scenario": {"segments": [{"duration_s": 1}]}}, "tools.sonar.scenario.segments.0"),
    ],
)
def test_wrong_settings_name_the_field(
    settings: dict[str, Any], field: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match=field):
        SONAR.make_source(context(tmp_path, **settings))


def test_missing_recording_is_a_sentence(tmp_path: Path) -> None:
    source = SonarSource(context(tmp_path, source="wav", path=str(tmp_path / "none.wav")))
    with pytest.raises(SourceError, match=r"none\.wav"):
        source.run(lambda port, value: None, threading.Event())


def test_step_refuses_another_type(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="RangeMap"):
        VitalSignsStep(context(tmp_path)).update(Port.RANGE_MAP, "echo")


# --- Sources: one suite over all three ---------------------------------------------------


class FakeSoundDevice:
    """A duplex stream that hears, faintly, what it plays."""

    class PortAudioError(Exception):
        pass

    def __init__(self, blocks: int = 40) -> None:
        self.played: list[np.ndarray] = []
        self._blocks = blocks

    def Stream(self, **settings: Any) -> FakeSoundDevice:  # noqa: N802 (PortAudio's name)
        self._settings = settings
        return self

    def __enter__(self) -> FakeSoundDevice:
        def work() -> None:
            size = self._settings["blocksize"]
            for index in range(self._blocks):
                played = np.zeros((size, 1), np.float32)
                heard = self.played[-1] * np.float32(0.1) if self.played else played.copy()
                self._settings["callback"](heard, played, size, None, index == 3)
                self.played.append(played)

        self._thread = threading.Thread(target=work)
        self._thread.start()
        return self

    def __exit__(self, *rest: object) -> None:
        self._thread.join()


@pytest.fixture(params=["sound_card", "wav", "simulator"])
def source(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    room: Callable[..., Room],
) -> AudioSource:
    if request.param == "simulator":
        return SimulatedSource(Scene(), Probe())
    if request.param == "sound_card":
        monkeypatch.setattr(sound_card, "load_sounddevice", FakeSoundDevice)
        return SoundCardSource(Probe())
    path = tmp_path / "room.wav"
    run_command(app, ["simulate", "--out", str(path), "--seconds", "5"])
    return WavSource(path)


def test_sources_share_one_contract(source: AudioSource) -> None:
    blocks = source.blocks()
    first = next(blocks)
    assert first.samples.dtype == np.float32
    assert first.samples.ndim == 1
    assert np.abs(first.samples).max() <= 1
    source.close()
    source.close()
    rest: Iterator[Any] = blocks
    assert len(list(rest)) <= 2


def test_sound_card_fades_in_and_counts_xruns(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSoundDevice()
    monkeypatch.setattr(sound_card, "load_sounddevice", lambda: fake)
    source = SoundCardSource(Probe())
    for _ in zip(range(30), source.blocks(), strict=False):
        pass
    source.close()
    played = np.concatenate(fake.played)[:, 0]
    assert source.xruns == 1
    assert np.abs(played[:2400]).max() < 0.02
    assert np.abs(played[96_000:]).max() == pytest.approx(0.5, rel=0.02)


def test_blocks_that_nobody_fetched_are_counted_as_lost() -> None:
    source = SoundCardSource(Probe())
    silence = np.zeros((sound_card.BLOCK_SAMPLES, 1), np.float32)
    for _ in range(sound_card.MAX_WAITING + 3):
        source._exchange(silence, silence.copy(), len(silence), None, None)
    source._waiting.get_nowait()
    source._exchange(silence, silence.copy(), len(silence), None, None)
    lost = [source._waiting.get_nowait()[1] for _ in range(sound_card.MAX_WAITING)]
    assert lost[-1] == 3 * sound_card.BLOCK_SAMPLES


def test_missing_libraries_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(SoundCardError, match=r"edge-worker\[sound\]"):
        sound_card.load_sounddevice()


def test_card_that_cannot_be_opened_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Exception):
        pass

    def stream(**settings: Any) -> None:
        raise Broken("Invalid sample rate")

    fake = SimpleNamespace(PortAudioError=Broken, Stream=stream)
    monkeypatch.setattr(sound_card, "load_sounddevice", lambda: fake)
    with pytest.raises(SoundCardError, match="48000 Hz"):
        next(SoundCardSource(Probe()).blocks())


# --- Commands ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("room") / "room.wav"
    result = run_command(app, ["simulate", "--out", str(path), "--seconds", "40", "--skew", "50"])
    assert result.exit_code == 0, result.output
    return path


def test_analyze_prints_one_json_object_per_hop(recording: Path) -> None:
    result = run_command(app, ["analyze", str(recording), "--json"])
    rows = [json.loads(line) for line in result.output.splitlines()]
    assert [row["t"] for row in rows] == [2.0 * k for k in range(1, 21)]
    assert {
        "t",
        "state",
        "present",
        "range_m",
        "breathing_rate",
        "breathing_quality",
        "heart_rate",
        "heart_quality",
        "breathing_pause",
    } <= rows[0].keys()
    assert rows[0]["state"] == "warming_up"
    assert rows[-1]["state"] == "ok"
    assert rows[-1]["breathing_rate"] == pytest.approx(14, abs=1)


def test_analyze_for_people(recording: Path) -> None:
    assert "breathing" in run_command(app, ["analyze", str(recording)]).output.splitlines()[-1]


def test_probe_writes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "probe.wav"
    assert run_command(app, ["probe", "--out", str(path), "--seconds", "3"]).exit_code == 0
    assert WavSource(path).format.seconds == 3


def test_plot_writes_a_picture(recording: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "report.png"
    assert run_command(app, ["plot", str(recording), "--out", str(out)]).exit_code == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_doctor_judges_a_recording(recording: Path) -> None:
    result = run_command(app, ["doctor", "--recording", str(recording), "--json"])
    report = json.loads(result.output)
    assert result.exit_code == 0
    assert report["fit"] is True
    assert report["skew_ppm"] == pytest.approx(50, abs=0.05)
    assert report["response_db"]["20000"] is not None
    assert report["response_db"]["17000"] is None


def test_doctor_says_what_is_wrong(tmp_path: Path) -> None:
    from edge_worker.sensing.acoustic.doctor import examine

    silent = examine(SimulatedSource(Scene(probe_on=False), Probe()), Probe(), 6)
    assert not silent.fit
    assert "not heard" in silent.as_text()
    loud = examine(SimulatedSource(Scene(gain_db=30.0), Probe()), Probe(), 6)
    assert any("clips" in problem for problem in loud.problems)
    noisy = examine(SimulatedSource(Scene(white_db=70.0), Probe()), Probe(), 6)
    assert any("faint" in problem for problem in noisy.problems)


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze", "nowhere.wav"],
        ["probe", "--out", "x.wav", "--level", "0.9"],
        ["probe", "--out", "/nowhere/x.wav"],
        ["simulate", "--out", "x.wav", "--hold", "soon"],
        ["simulate", "--out", "x.wav", "--chest", "nowhere.txt"],
        ["plot", "nowhere.wav", "--out", "x.png"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_user_errors_are_sentences(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_command(app, arguments)
    assert result.exit_code != 0
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
