"""Commands `edge-worker acoustic ...`: arguments, then one call."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Breathing, heart and presence by sound: probe, recordings, simulator, sound card.",
)


class Band(StrEnum):
    """Where the probe lies; see `probe.BANDS_HZ`."""

    STANDARD = "standard"
    WIDE = "wide"
    NARROW = "narrow"
    HIGH = "high"


BandOption = Annotated[
    Band,
    typer.Option(help="Band: standard 18.5-21.5, wide 17.5-22.5, narrow 18-20, high 20-22.5 kHz."),
]
CombOption = Annotated[
    int, typer.Option(min=0, max=3, help="Tone comb: units within earshot take different ones.")
]
LevelOption = Annotated[float, typer.Option(help="Digital peak of the probe, at most 0.5.")]
SpacingOption = Annotated[float, typer.Option(help="Loudspeaker to microphone, metres.")]
RecordingArgument = Annotated[Path, typer.Argument(help="WAV recording, 44.1 kHz or more.")]
ChannelOption = Annotated[
    int | None,
    typer.Option(min=0, help="Channel of a stereo file (0 = left); default: the one with probe."),
]


@app.command()
def probe(
    out: Annotated[Path, typer.Option(help="WAV file to write.")],
    seconds: Annotated[float, typer.Option(help="Length; rounded up to whole periods.")] = 60.0,
    band: BandOption = Band.STANDARD,
    comb: CombOption = 0,
    level: LevelOption = 0.5,
) -> None:
    """Write the sound to play: mono, 48 kHz, 16 bit, made to be looped."""
    from edge_worker.sensing.acoustic.probe import Probe, write_probe

    try:
        count = write_probe(out, Probe.of_band(band, comb=comb, level=level), seconds)
    except (ValueError, OSError) as error:
        _fail(error)
    typer.echo(f"{out}: {count} samples at 48000 Hz. Play it in a loop at a faint level.")


@app.command()
def analyze(
    recording: RecordingArgument,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
    band: BandOption = Band.STANDARD,
    comb: CombOption = 0,
    spacing: SpacingOption = 0.07,
    channel: ChannelOption = None,
) -> None:
    """Tell breathing, heart and presence in a recording, every two seconds."""
    from edge_worker.sensing.acoustic.analysis import analyse, as_row, as_text
    from edge_worker.sensing.acoustic.errors import AcousticError
    from edge_worker.sensing.acoustic.probe import Probe

    try:
        hops = analyse(
            recording,
            Probe.of_band(band, comb=comb),
            spacing_m=spacing,
            channel=channel,
            warn=lambda sentence: typer.echo(sentence, err=True),
        )
        for hop in hops:
            typer.echo(json.dumps(as_row(hop.vitals)) if as_json else as_text(hop.vitals))
    except AcousticError as error:
        _fail(error)


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="WAV file to write.")],
    seconds: Annotated[float, typer.Option(min=1, max=86_400, help="Length.")] = 60.0,
    distance: Annotated[float, typer.Option(help="Sonar to chest, metres.")] = 0.5,
    empty: Annotated[bool, typer.Option("--empty", help="Nobody is there.")] = False,
    breathing: Annotated[float, typer.Option(help="Breaths per minute.")] = 14.0,
    heart: Annotated[float, typer.Option(help="Beats per minute.")] = 66.0,
    depth: Annotated[float, typer.Option(help="Breath, millimetres.")] = 6.0,
    heartbeat: Annotated[float, typer.Option(help="Heartbeat at the chest, millimetres.")] = 0.3,
    skew: Annotated[float, typer.Option(help="Clock offset, parts per million.")] = 0.0,
    noise: Annotated[float | None, typer.Option(help="White noise in the band, dB SPL.")] = None,
    speech: Annotated[float | None, typer.Option(help="Speech in the band, dB SPL.")] = None,
    music: Annotated[float | None, typer.Option(help="Hi-hats in the band, dB SPL.")] = None,
    fan: Annotated[float | None, typer.Option(help="A fan at this distance, metres.")] = None,
    walker: Annotated[float | None, typer.Option(help="Someone walks at this distance.")] = None,
    second: Annotated[float | None, typer.Option(help="A second person's distance.")] = None,
    hold: Annotated[
        list[str] | None, typer.Option(help="Breath hold as START:LENGTH seconds; repeatable.")
    ] = None,
    motion: Annotated[
        list[str] | None, typer.Option(help="Motion burst as START:LENGTH; repeatable.")
    ] = None,
    chest: Annotated[
        Path | None, typer.Option(help="Chest waveform: text, one value per line.")
    ] = None,
    chest_rate: Annotated[float, typer.Option(help="Its sample rate, hertz.")] = 25.0,
    beats: Annotated[
        Path | None, typer.Option(help="Heartbeat times in seconds: text, one per line.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Also write the true breath and beat times, JSON.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same recording.")] = 1,
    band: BandOption = Band.STANDARD,
    comb: CombOption = 0,
) -> None:
    """Write what a microphone would record in a simulated room."""
    from edge_worker.sensing.acoustic.probe import Probe
    from edge_worker.sensing.acoustic.simulated_body import Body, Segment, read_waveform
    from edge_worker.sensing.acoustic.simulated_recording import write_recording
    from edge_worker.sensing.acoustic.simulator import Scene

    try:
        body = Body(
            segments=(Segment(duration_s=1e9, breathing_rate=breathing, heart_rate=heart),),
            breath_mm=depth,
            heart_mm=heartbeat,
            holds=_spans(hold),
            bursts=_spans(motion),
            recorded_breath=None if chest is None else read_waveform(chest, chest_rate),
            recorded_beats_s=() if beats is None else tuple(read_waveform(beats, 1.0).values),
        )
        scene = Scene(
            distance_m=None if empty else distance,
            body=body,
            second_distance_m=second,
            walker_m=walker,
            fan_m=fan,
            skew_ppm=skew,
            white_db=noise,
            speech_db=speech,
            music_db=music,
            seed=seed,
        )
        write_recording(out, scene, Probe.of_band(band, comb=comb), seconds, truth)
    except (ValueError, OSError) as error:
        _fail(error)
    typer.echo(f"{out}: {seconds:g} simulated seconds.")


@app.command()
def plot(
    recording: RecordingArgument,
    out: Annotated[Path, typer.Option(help="PNG file to write.")],
    band: BandOption = Band.STANDARD,
    comb: CombOption = 0,
    spacing: SpacingOption = 0.07,
    channel: ChannelOption = None,
) -> None:
    """Draw echoes over range and time, chest movement, and rates with their quality."""
    from edge_worker.sensing.acoustic.analysis import analyse
    from edge_worker.sensing.acoustic.errors import AcousticError
    from edge_worker.sensing.acoustic.plot import draw
    from edge_worker.sensing.acoustic.probe import Probe

    try:
        hops = analyse(
            recording, Probe.of_band(band, comb=comb), spacing_m=spacing, channel=channel
        )
        draw(hops, out)
    except (AcousticError, OSError) as error:
        _fail(error)
    typer.echo(str(out))


@app.command()
def doctor(
    seconds: Annotated[float, typer.Option(min=4, max=60, help="How long to listen.")] = 10.0,
    device: Annotated[str | None, typer.Option(help="Sound card: name or number.")] = None,
    recording: Annotated[
        Path | None, typer.Option(help="Judge this recording instead of the sound card.")
    ] = None,
    band: BandOption = Band.STANDARD,
    comb: CombOption = 0,
    level: LevelOption = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Play the probe and tell whether this sound card is fit for the sonar."""
    from edge_worker.sensing.acoustic.doctor import examine
    from edge_worker.sensing.acoustic.errors import AcousticError
    from edge_worker.sensing.acoustic.probe import Probe
    from edge_worker.sensing.acoustic.recording import WavSource
    from edge_worker.sensing.acoustic.sound_card import SoundCardSource

    try:
        chosen = Probe.of_band(band, comb=comb, level=level)
        if recording is not None:
            report = examine(WavSource(recording), chosen, seconds)
        else:
            name = int(device) if device is not None and device.isdigit() else device
            report = examine(SoundCardSource(chosen, name), chosen, seconds)
    except (AcousticError, ValueError) as error:
        _fail(error)
    typer.echo(report.as_json() if as_json else report.as_text())
    if not report.fit:
        raise typer.Exit(1)


def _spans(texts: list[str] | None) -> tuple[tuple[float, float], ...]:
    """Read START:LENGTH; raises ValueError with a sentence."""
    spans = []
    for text in texts or ():
        start, _, length = text.partition(":")
        try:
            spans.append((float(start), float(length)))
        except ValueError:
            raise ValueError(f"{text!r}: write START:LENGTH in seconds, such as 30:15") from None
    return tuple(spans)


def _fail(error: Exception) -> NoReturn:
    if isinstance(error, OSError) and error.filename is not None:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
    else:
        typer.echo(str(error), err=True)
    raise typer.Exit(1)
