"""The commands `edge-worker federated ...`: arguments, one call, a sentence when it goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    import threading

    from edge_worker.federated.journal import Journal, Run
    from edge_worker.federated.loop import Listener, Loop
    from edge_worker.federated.proposers.proposer import Proposer
    from edge_worker.federated.tasks.task import Task

app = typer.Typer(
    no_args_is_help=True, help="Federated training that improves itself: try, judge, promote."
)

JOURNAL = "journal.sqlite"


class ProposerName(StrEnum):
    """Who proposes."""

    HEURISTIC = "heuristic"
    RANDOM = "random"
    LANGUAGE_MODEL = "language-model"


_Store = Annotated[
    Path,
    typer.Option(
        "--data-dir",
        envvar="EDGE_WORKER_DATA_DIR",
        help="The worker's data folder: journal and models.",
    ),
]
_Task = Annotated[
    str, typer.Option("--task", "-t", help="activation, valence, digits, images or vitals.")
]
_STORE = Path("~/.local/share/edge-ai")


@app.command()
def improve(
    task: _Task,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the task's data; your pictures for images.")
    ] = None,
    proposer: Annotated[ProposerName, typer.Option()] = ProposerName.HEURISTIC,
    base_url: Annotated[
        str | None, typer.Option(help="Language model: any service that speaks OpenAI's protocol.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Language model: its name.")] = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="EDGE_WORKER_LANGUAGE_MODEL_KEY", help="Or as variable.")
    ] = None,
    attempts: Annotated[int, typer.Option(min=1, max=100)] = 8,
    patience: Annotated[int, typer.Option(min=1, help="Attempts without a gain.")] = 3,
    minutes: Annotated[float, typer.Option(min=0.1, help="Training time in all.")] = 120.0,
    seed: Annotated[int, typer.Option(help="Of random search.")] = 0,
    min_clients: Annotated[int, typer.Option(min=1, help="Fewer updates end a training.")] = 3,
    clip_norm: Annotated[float | None, typer.Option(help="Longest step of a client.")] = None,
    trim: Annotated[float, typer.Option(help="Share cut off at each end before the mean.")] = 0.0,
    noise: Annotated[
        float | None, typer.Option(help="Differential privacy: noise over --clip-norm.")
    ] = None,
    allow_code: Annotated[
        bool,
        typer.Option(
            "--allow-code",
            help="Let a language model's proposals hold code, which runs in the sandbox only.",
        ),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the task's last run.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Picture of the curves.")] = None,
    data_dir: _Store = _STORE,
) -> None:
    """Try configurations until nothing gets better; keep the winner as a candidate."""
    with _sentences():
        from rich.console import Console

        from edge_worker.federated import interrupt, report
        from edge_worker.federated.aggregation import Aggregation
        from edge_worker.federated.harness import Harness
        from edge_worker.federated.hooks.training import CodeRunner
        from edge_worker.federated.journal import Limits
        from edge_worker.federated.lock import alone
        from edge_worker.federated.loop import Loop
        from edge_worker.federated.tasks.registry import load_task
        from edge_worker.federated.watch import LiveView

        if plot is not None:
            report.check_plot(plot)
        limits = Limits(attempts=attempts, patience=patience, seconds=minutes * 60)
        settings = Aggregation(
            min_clients=min_clients, clip_norm=clip_norm, trim=trim, noise_multiplier=noise
        )
        made = load_task(task, data)
        if allow_code:
            made = _allow_code(made, data, data_dir)
        harness = Harness(task=made, seeds=made.seeds, aggregation=settings)
        stop = interrupt.listen()
        asks = _proposer(proposer, base_url, model, api_key, seed, stop)
        place = data_dir.expanduser() / "federated"
        with alone(place), LiveView(Console(stderr=True), harness.seeds) as view:
            journal = _journal(data_dir)
            code = CodeRunner(harness=harness) if allow_code else None
            loop = Loop(
                harness=harness,
                proposer=asks,
                journal=journal,
                listener=view,
                stop=stop,
                code=code,
            )
            run = _last(journal, task).id if resume else loop.begin(limits)
            if journal.run(run).reason is not None and journal.run(run).test is None:
                journal.extend(run, limits)
            loop.go_on(run)
            candidate = _conclude(run, loop, data_dir, view)
        typer.echo(report.markdown(journal.run(run), journal.attempts(run)))
        typer.echo(candidate)
        if plot is not None:
            report.plot(journal.run(run), journal.attempts(run), plot)


@app.command()
def status(data_dir: _Store = _STORE) -> None:
    """Show every run, and the models with their versions."""
    with _sentences():
        from edge_worker.catalogue.model_store import ModelStore, network_of
        from edge_worker.federated.standing import standing

        journal = _journal(data_dir)
        runs = journal.runs()
        if not runs:
            typer.echo("No run yet: edge-worker federated improve --task ...")
        for run in runs:
            found = journal.attempts(run.id)
            best = standing(found).best
            score = "" if best is None else f", best: attempt {best.number} with {best.mean:.3f}"
            state = run.sentence or "not ended (--resume goes on)"
            typer.echo(
                f"run {run.id}, {run.task}, {run.proposer}: {len(found)} rows{score}; {state}"
            )
        store = ModelStore(data_dir.expanduser())
        for name in sorted({network_of(run.task) for run in runs}):
            active = store.active(name)
            for version in store.versions(name):
                used = " (in use)" if active and active.version == version.version else ""
                quality = version.card["quality"][0]
                typer.echo(
                    f"{name} {version.version}: {quality['metric']} {quality['value']}{used}"
                )


@app.command()
def export(data_dir: _Store = _STORE) -> None:
    """Print the whole journal as JSON lines."""
    with _sentences():
        for line in _journal(data_dir).export():
            typer.echo(line)


@app.command()
def report(
    run: Annotated[int | None, typer.Option(help="By default the last one.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Picture of the curves.")] = None,
    data_dir: _Store = _STORE,
) -> None:
    """Print one run as Markdown."""
    with _sentences():
        from edge_worker.federated import report as reports

        if plot is not None:
            reports.check_plot(plot)
        journal = _journal(data_dir)
        found = _last(journal, None) if run is None else journal.run(run)
        typer.echo(reports.markdown(found, journal.attempts(found.id)))
        if plot is not None:
            reports.plot(found, journal.attempts(found.id), plot)


@app.command()
def promote(
    task: _Task,
    version: Annotated[str | None, typer.Option(help="By default the newest.")] = None,
    data_dir: _Store = _STORE,
) -> None:
    """Say yes: put a candidate into use."""
    with _sentences():
        from edge_worker.catalogue.model_store import ModelStore, ModelStoreError, network_of

        store, name = ModelStore(data_dir.expanduser()), network_of(task)
        versions = store.versions(name)
        if version is None and not versions:
            raise ModelStoreError(f"there is no candidate of the task {task}")
        model = store.promote(name, version or versions[-1].version)
        typer.echo(f"{name} {model.version} is in use; `rollback` undoes it.")


@app.command()
def rollback(task: _Task, data_dir: _Store = _STORE) -> None:
    """Go back to what was in use before."""
    with _sentences():
        from edge_worker.catalogue.model_store import ModelStore, network_of

        name = network_of(task)
        model = ModelStore(data_dir.expanduser()).rollback(name)
        found = "no network: the shipped tool alone" if model is None else model.version
        typer.echo(f"{name} is back to {found}.")


def _allow_code(task: Task, *folders: Path | None) -> Task:
    """The task with code allowed. Raises CodeRefused where that isn't safe."""
    from edge_worker.federated.hooks.training import CodeRefused, allow_code
    from edge_worker.federated.sandbox.command import lends

    for folder in folders:
        place = None if folder is None else lends(folder)
        if place is not None:
            raise CodeRefused(
                f"{folder} can't be used with --allow-code: it lies in {place}, which every job "
                "in the sandbox can read"
            )
    return allow_code(task)


def _conclude(run: int, loop: Loop, data_dir: Path, listener: Listener) -> str:
    """Open the test side, once; a sentence on what to do next."""
    from edge_worker.catalogue.model_store import ModelStore
    from edge_worker.federated.promotion import NoCandidate, open_test_side

    if loop.journal.run(run).test is not None:
        return "The test side of this run was opened before; for another try start a new run."
    try:
        opened = open_test_side(
            run,
            loop.harness,
            loop.journal,
            ModelStore(data_dir.expanduser()),
            loop.code,
            listener=listener,
            stop=loop.stop,
        )
    except NoCandidate as error:
        sentence = str(error)
        return f"{sentence[:1].upper()}{sentence[1:]}."
    if opened.candidate is None:
        return "The winner is not better beyond noise on the test side: nothing is proposed."
    return (
        f"Candidate {opened.candidate.version} waits: edge-worker federated promote --task "
        f"{loop.harness.task.name}"
    )


def _proposer(
    name: ProposerName,
    base_url: str | None,
    model: str | None,
    api_key: str | None,
    seed: int,
    stop: threading.Event,
) -> Proposer:
    from edge_worker.federated.interrupt import raise_if
    from edge_worker.federated.proposers.heuristic import Heuristic
    from edge_worker.federated.proposers.language_model import LanguageModel
    from edge_worker.federated.proposers.proposer import ProposerError
    from edge_worker.federated.proposers.random_search import RandomSearch

    if base_url is not None or name is ProposerName.LANGUAGE_MODEL:
        if base_url is None or model is None:
            raise ProposerError("a language model needs --base-url and --model")
        return LanguageModel(base_url, model, api_key, while_waiting=lambda: raise_if(stop))
    return RandomSearch(seed) if name is ProposerName.RANDOM else Heuristic()


def _journal(data_dir: Path) -> Journal:
    from edge_worker.federated.journal import Journal

    return Journal(data_dir.expanduser() / "federated" / JOURNAL)


def _last(journal: Journal, task: str | None) -> Run:
    from edge_worker.federated.journal import JournalError

    runs = journal.runs(task)
    if not runs:
        raise JournalError("there is no run yet")
    return runs[-1]


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn what a user can mend into one sentence and exit code 1."""
    try:
        from edge_worker.catalogue.model_store import ModelStoreError
        from edge_worker.catalogue.training_sets import TrainingSetError
        from edge_worker.federated.interrupt import Cancelled
        from edge_worker.federated.journal import JournalError
        from edge_worker.federated.proposers.proposer import ProposerError
        from edge_worker.federated.sandbox.run import SandboxError
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed; training needs edge-worker[neural,train]")
    try:
        yield
    except (ModelStoreError, TrainingSetError, JournalError, Cancelled, ProposerError) as error:
        _fail(str(error))
    except (SandboxError, ValueError) as error:
        _fail(str(error))
    except BrokenPipeError:
        raise  # whoever read our output has left: typer ends quietly
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        _fail("stopped at once; --resume goes on")
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed; training needs edge-worker[neural,train]")


def _fail(sentence: str) -> NoReturn:
    typer.secho(sentence, err=True, fg="red")
    raise typer.Exit(1)
