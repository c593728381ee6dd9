"""The command `edge-worker`: arguments, then one call."""

from __future__ import annotations

import logging
import signal
import threading
from enum import IntEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from edge_worker import __version__
from edge_worker.settings import CONFIG_VARIABLE, Role, Settings, SettingsError, load

app = typer.Typer(
    no_args_is_help=True,
    help="The worker of Edge AI: hub or device of a home that answers requests by sensing.",
    pretty_exceptions_enable=False,
)


class ExitCode(IntEnum):
    """What the exit status says."""

    OK = 0
    FAILED = 1
    USAGE = 2
    SETTINGS = 3


ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings file (TOML).", envvar=CONFIG_VARIABLE),
]


@app.command()
def run(
    config: ConfigOption = None,
    role: Annotated[
        list[Role] | None, typer.Option(help="Overrides `roles` of the settings.")
    ] = None,
) -> None:
    """Serve as hub, device or both until Ctrl-C."""
    from edge_worker.runtime.service import run as serve

    settings = _settings(config)
    if role:
        settings = settings.model_copy(update={"roles": tuple(role)})
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(settings, stop)
    except OSError as error:
        _fail(f"Cannot use the data folder {settings.data_dir}: {error.strerror or error}")


@app.command()
def doctor(config: ConfigOption = None) -> None:
    """Say what this computer can do and what it lacks."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from edge_worker.runtime.doctor import Verdict, examine

    colours = {Verdict.OK: "green", Verdict.LIMITED: "yellow", Verdict.MISSING: "red"}
    table = Table("check", "", "detail", title=f"edge-worker {__version__}")
    worst = ExitCode.OK
    for finding in examine(_settings(config)):
        colour = colours[finding.verdict]
        table.add_row(finding.what, f"[{colour}]{finding.verdict}[/]", escape(finding.detail))
        if finding.verdict is Verdict.MISSING:
            worst = ExitCode.FAILED
    Console().print(table)
    raise typer.Exit(worst)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def traffic(context: typer.Context) -> None:
    """App usage from home traffic: captures, live interface, generator."""
    from edge_worker.sensing.traffic.cli import main as run_traffic

    raise typer.Exit(run_traffic(context.args))


def _settings(config: Path | None) -> Settings:
    try:
        return load(config)
    except SettingsError as error:
        _fail(str(error), ExitCode.SETTINGS)


def _fail(sentence: str, code: ExitCode = ExitCode.FAILED) -> NoReturn:
    typer.secho(sentence, err=True, fg="red")
    raise typer.Exit(code)


def _mount_wings() -> None:
    """Add the commands of the wings; their modules import nothing heavy by themselves."""
    from edge_worker.bench.offload import main as bench
    from edge_worker.federated.cli import app as federated
    from edge_worker.mood.cli import app as mood
    from edge_worker.offload.cli import app as offload
    from edge_worker.sensing.acoustic.cli import app as acoustic

    app.add_typer(acoustic, name="acoustic")
    app.add_typer(mood, name="mood")
    app.add_typer(federated, name="federated")
    app.add_typer(offload, name="offload")
    # The wing may not import the benchmark, which knows the link as well.
    offload.command(name="bench")(bench)


_mount_wings()


def main() -> None:
    """Run the command line."""
    app()
