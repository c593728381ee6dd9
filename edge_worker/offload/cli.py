"""The commands `edge-worker offload ...`: arguments, one call, a sentence when it goes wrong."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_worker.offload.placement import Constraints, Link, Policy

if TYPE_CHECKING:
    from edge_worker.offload.bundle import Bundle
    from edge_worker.offload.profile import Profile

app = typer.Typer(no_args_is_help=True, help="Split neural models: profile, plan.")

_Model = Annotated[
    str,
    typer.Argument(help="A shipped model, a bundle's folder, or package.module:factory."),
]
_Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        help="An input of a factory's module: its shape, such as 1,3,224,224, and its type "
        "where it isn't float32, such as 1,12:int64.",
    ),
]
_Keep = Annotated[
    Path | None, typer.Option("--profiles", help="Folder where profiles are kept and reused.")
]
_Threads = Annotated[int, typer.Option(min=1, max=64, help="Processor threads of the runtime.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


@app.command()
def profile(
    model: _Model,
    inputs: _Inputs = None,
    profiles: _Keep = None,
    threads: _Threads = 1,
    as_json: _Json = False,
) -> None:
    """Measure a model here: every operation, the whole, and both halves of every cut."""
    with _sentences(), tempfile.TemporaryDirectory() as scratch:
        from edge_worker.offload.opening import open_model
        from edge_worker.offload.profile import cached_profile
        from edge_worker.offload.show import show_profile

        bundle = open_model(model, inputs or (), Path(scratch))
        found, kept = cached_profile(bundle, profiles or _kept_profiles(), threads=threads)
        if as_json:
            typer.echo(found.to_json())
        else:
            show_profile(bundle, found, kept=kept)


@app.command()
def plan(
    model: _Model,
    inputs: _Inputs = None,
    bandwidth: Annotated[float, typer.Option(help="Device to hub, Mbit/s.")] = 20.0,
    rtt: Annotated[float, typer.Option(help="Round trip, ms.")] = 5.0,
    loss: Annotated[float, typer.Option(help="Share of lost packets, 0 to 1.")] = 0.0,
    device_slowdown: Annotated[
        float, typer.Option(help="The device takes so many times as long as this computer.")
    ] = 10.0,
    device_profile: Annotated[
        Path | None, typer.Option(help="What `profile --json` printed on the device, instead.")
    ] = None,
    policy: Annotated[Policy, typer.Option(help="What to spare.")] = Policy.LATENCY,
    raw_stays: Annotated[
        bool | None,
        typer.Option(
            "--raw-stays/--raw-may-leave",
            help="May the model's inputs leave the device? By default what the bundle says.",
        ),
    ] = None,
    period: Annotated[
        float | None, typer.Option(help="Seconds from one window to the next.")
    ] = None,
    device_memory: Annotated[float | None, typer.Option(help="MiB free on the device.")] = None,
    profiles: _Keep = None,
    threads: _Threads = 1,
    as_json: _Json = False,
) -> None:
    """Say where a model should run: the graph with its cut, times, bytes, and the reason."""
    with _sentences(), tempfile.TemporaryDirectory() as scratch:
        from edge_worker.offload.opening import open_model
        from edge_worker.offload.planning import plan as find
        from edge_worker.offload.profile import cached_profile
        from edge_worker.offload.show import placement_json, show_placement

        link = Link(bandwidth_bps=bandwidth * 1e6, rtt_s=rtt / 1000, loss=loss)
        bundle = open_model(model, inputs or (), Path(scratch))
        hub, _ = cached_profile(bundle, profiles or _kept_profiles(), threads=threads)
        device = _device(device_profile, hub, device_slowdown)
        bundle = _measured_on_both(bundle, device, hub)
        rules = Constraints(
            raw_stays=bundle.manifest.raw_stays if raw_stays is None else raw_stays,
            device_memory_bytes=None if device_memory is None else device_memory * 2**20,
            period_s=period if period is not None else bundle.manifest.period_s,
        )
        found = find(bundle, device=device, hub=hub, link=link, policy=policy, constraints=rules)
        if as_json:
            typer.echo(json.dumps(placement_json(bundle, found, device, hub), indent=1))
        else:
            show_placement(bundle, found, device=device, hub=hub, link=link)


def _device(place: Path | None, here: Profile, slowdown: float) -> Profile:
    from edge_worker.offload.parts import RAW_CUTS, cut_of
    from edge_worker.offload.profile import Profile, ProfileError

    if place is None:
        return here.slowed(slowdown)
    try:
        found = Profile.from_json(place.read_bytes())
    except OSError as error:
        raise ProfileError(f"Can't read {place}: {error.strerror}.") from error
    if found.model_hash != here.model_hash or set(found.seconds) != set(here.seconds):
        raise ProfileError(f"{place} is the profile of another model.")
    lacking = [name for name in here.parts if cut_of(name) in RAW_CUTS and name not in found.parts]
    if lacking:
        raise ProfileError(
            f"{place} has no times for {lacking[0]}: profile the model anew on the device."
        )
    return found


def _measured_on_both(bundle: Bundle, device: Profile, hub: Profile) -> Bundle:
    """The bundle with those cuts alone: of a factory's module, each computer proposes its own."""
    known = set(device.parts) & set(hub.parts)
    cuts = [
        cut
        for cut in bundle.manifest.cuts
        if known.issuperset(f"{cut.name}/{tier.name}" for tier in cut.tiers)
    ]
    if left := len(bundle.manifest.cuts) - len(cuts):
        typer.secho(
            f"{left} cut(s) left out: the device's profile has no times for them.", err=True
        )
    return bundle.with_cuts(cuts)


def _kept_profiles() -> Path:
    return Path(typer.get_app_dir("edge-worker")) / "profiles"


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn what people can mend into a sentence and exit status 1."""
    try:
        yield
    except ImportError as error:
        typer.secho(
            f"This needs edge-worker[offload], or [neural] to capture: {error}.",
            err=True,
            fg="red",
        )
        raise typer.Exit(1) from error
    except (ValueError, OSError) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from error
