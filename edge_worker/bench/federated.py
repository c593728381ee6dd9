"""Federated training beside its rivals: one task, one split, the same seeds and epochs.

    python -m edge_worker.bench.federated rows --task activation --data DATA
    python -m edge_worker.bench.federated tune
    python -m edge_worker.bench.federated story --out docs/federated-bench
    python -m edge_worker.bench.federated story --task images --data PICTURES

`rows` compares ways to train one configuration; `story` repeats the article's four attempts and
puts every search beside them (`--no-rivals`: the four attempts alone); `tune` prints how the
story's hand-tuned baseline was chosen. The
validation side judges; only `story --open-test` looks at the test side. With `--notes FILE` what
was trained is kept there, and an interrupted run goes on.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from edge_worker.bench.environment import environment
from edge_worker.bench.federated_report import Story, write_story
from edge_worker.bench.federated_scripts import SCRIPTS, Script
from edge_worker.bench.federated_story import ArticleScript
from edge_worker.bench.federated_ways import (
    NO_HURRY_S,
    Measured,
    Notebook,
    RememberingHarness,
    best_of,
    centralised,
    compared,
    federated,
    local_only,
    row,
    searched,
)
from edge_worker.bench.scripted_model import serve
from edge_worker.federated.harness import Harness
from edge_worker.federated.journal import Attempt
from edge_worker.federated.proposal import TrainingConfig
from edge_worker.federated.proposers.heuristic import Heuristic
from edge_worker.federated.proposers.language_model import LanguageModel
from edge_worker.federated.proposers.random_search import RandomSearch
from edge_worker.federated.standing import oscillation, standing
from edge_worker.federated.tasks.registry import load_task
from edge_worker.federated.tasks.task import Task

# As many as the script needs: three trainings, and the answer that it stops.
STORY_ATTEMPTS = 4

app = typer.Typer(no_args_is_help=True, help=__doc__)
_StoryTask = Annotated[str, typer.Option("--task", help=" or ".join(SCRIPTS))]
_Data = Annotated[Path | None, typer.Option(help="Folder of the task's data.")]
_Notes = Annotated[Path | None, typer.Option(help="Keep results here, and go on from them.")]


@app.command()
def rows(
    task: Annotated[str, typer.Option()] = "activation",
    data: _Data = None,
    attempts: Annotated[int, typer.Option(help="Also search, this often at most.")] = 0,
    config: Annotated[str | None, typer.Option(help="Instead of the baseline, as JSON.")] = None,
    notes: _Notes = None,
) -> None:
    """Compare ways to train one configuration, and searches, on the validation side."""
    made, notebook = load_task(task, data), Notebook(notes)
    harness = _harness(made, notebook)
    chosen, name = made.baseline, "hand-tuned baseline"
    if config is not None:
        chosen, name = TrainingConfig.model_validate_json(config), "this configuration"
    _warm_up(made, chosen)
    first = federated(harness, chosen)
    lines = [
        f"Task `{made.name}`, {len(made.seeds)} seeds, {chosen.rounds} rounds of "
        f"{chosen.local_epochs} epoch; gain and standard error over paired seeds.",
        "",
        "| way | validation | against the first row | CPU s |",
        "|---|---|---|---|",
        row(f"federated, {name}", first, first),
        row("centralised, same settings", compared(centralised, made, chosen, notebook), first),
        row("local only", compared(local_only, made, chosen, notebook), first),
    ]
    if attempts:
        for proposer in (RandomSearch(), Heuristic()):
            found = searched(harness, proposer, attempts)
            lines.append(row(f"best of {len(found) - 1} by {proposer.name}", best_of(found), first))
    count = chosen.rounds * len(made.seeds)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines += [
        "",
        f"One round in this process: {1000 * first.cpu_s / count:.0f} ms of CPU time, "
        f"judging included; memory of the whole process at most {memory:.0f} MB.",
    ]
    _say(lines)


@app.command()
def tune(task: _StoryTask = "digits", data: _Data = None, notes: _Notes = None) -> None:
    """Print the grid from which the story's hand-tuned baseline was chosen."""
    script = _script(task)
    harness = RememberingHarness(
        task=script.task_of_the_story(load_task(task, data)),
        seeds=script.tuning_seeds,
        max_seconds=NO_HURRY_S,
        notebook=Notebook(notes),
        say=_aside,
    )
    lines = [
        f"Seeds {', '.join(map(str, script.tuning_seeds))}, which the story does not use.",
        "",
        "| learning rate | momentum | validation | up and down from round to round |",
        "|---|---|---|---|",
    ]
    found = []
    for config in script.grid:
        runs = [harness.run(config, seed) for seed in script.tuning_seeds]
        mean = sum(run.score for run in runs) / len(runs)
        restless = sum(oscillation(run.curve) for run in runs) / len(runs)
        found.append((mean, config))
        lines.append(f"| {config.lr:g} | {config.momentum:g} | {mean:.4f} | {restless:.4f} |")
    best = max(found, key=lambda item: item[0])[1]
    same = best == script.baseline
    lines += [
        "",
        f"Best: learning rate {best.lr:g}, momentum {best.momentum:g}; "
        f"{'this is' if same else 'NOT'} the baseline of the story.",
    ]
    _say(lines)


@app.command()
def story(
    task: _StoryTask = "digits",
    data: _Data = None,
    out: Annotated[Path | None, typer.Option(help="Write OUT.json, OUT.md and OUT.png.")] = None,
    notes: _Notes = None,
    open_test: Annotated[bool, typer.Option(help="Score baseline and winner on it.")] = False,
    rivals: Annotated[bool, typer.Option(help="Also train what the story is held against.")] = True,
) -> None:
    """Repeat the article's four attempts, and put every rival beside them."""
    script, notebook = _script(task), Notebook(notes)
    harness = _harness(script.task_of_the_story(load_task(task, data)), notebook)
    told = scripted(harness, script, feedback=True)
    blind = scripted(harness, script, feedback=False) if rivals else []
    made = Story(
        environment=environment("torch", "numpy"),
        task=harness.task,
        made_here=script.made_here,
        told=told,
        blind=blind,
        rivals=_rivals(harness, told, blind, notebook) if rivals else {},
    )
    page = write_story(made, opened(harness, told) if open_test else None, out)
    _say([page.rstrip("\n")])


def _rivals(
    harness: RememberingHarness,
    told: Sequence[Attempt],
    blind: Sequence[Attempt],
    notebook: Notebook,
) -> dict[str, Measured]:
    """Every other way to spend the same budget; the first is the hand-tuned baseline."""
    task, start = harness.task, harness.task.baseline
    tries = sum(attempt.number > 0 and bool(attempt.results) for attempt in told)
    default = TrainingConfig(
        family=start.family, rounds=start.rounds, local_epochs=start.local_epochs
    )
    found = {
        "hand-tuned baseline": federated(harness, start),
        "default configuration": federated(harness, default),
        f"random search, {tries} tries": best_of(searched(harness, RandomSearch(), tries)),
        f"rules of thumb, {tries} tries": best_of(searched(harness, Heuristic(), tries)),
        "scripted model with feedback": best_of(told),
        "the same without feedback": best_of(blind),
        "local only, baseline's settings": compared(local_only, task, start, notebook),
        "centralised, baseline's settings": compared(centralised, task, start, notebook),
    }
    winner = standing(told).best
    if winner is not None and winner.number and winner.proposal and winner.proposal.config:
        best = winner.proposal.config
        found["centralised, winner's settings"] = compared(centralised, task, best, notebook)
    return found


def scripted(harness: Harness, script: Script, *, feedback: bool) -> list[Attempt]:
    """The loop with the scripted model behind a real server and the real client."""
    with serve(ArticleScript(script=script)) as (url, _):
        model = LanguageModel(url, "scripted", feedback=feedback)
        return searched(harness, model, STORY_ATTEMPTS)


def opened(harness: Harness, attempts: Sequence[Attempt]) -> tuple[Measured, Measured] | None:
    """Test scores by seed of baseline and winner, looked at once; None when nothing won."""
    winner = standing(attempts).best
    if winner is None or winner.number == 0 or winner.proposal is None:
        return None
    assert winner.proposal.config is not None
    baseline, best = (
        harness.open_test(config, harness.retrain(config)).by_seed
        for config in (harness.task.baseline, winner.proposal.config)
    )
    return Measured(scores=baseline, cpu_s=0.0), Measured(scores=best, cpu_s=0.0)


def _harness(task: Task, notebook: Notebook) -> RememberingHarness:
    return RememberingHarness(
        task=task, seeds=task.seeds, max_seconds=NO_HURRY_S, notebook=notebook, say=_aside
    )


def _script(task: str) -> Script:
    if task not in SCRIPTS:
        raise typer.BadParameter(f"the story is written for {' and '.join(SCRIPTS)}")
    return SCRIPTS[task]


def _warm_up(task: Task, config: TrainingConfig) -> None:
    """The first training also loads torch's kernels, which would count as the first row's."""
    Harness(task=task, seeds=task.seeds, max_seconds=NO_HURRY_S).run(
        config.model_copy(update={"rounds": 1}), task.seeds[0]
    )


def _aside(line: str) -> None:
    """What has been trained, beside the page."""
    sys.stderr.write(line + "\n")


def _say(lines: Sequence[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    app()
