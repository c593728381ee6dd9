from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edge_worker.bench import federated as bench
from edge_worker.bench.federated_report import Story, write_story
from edge_worker.bench.federated_scripts import DIGITS, IMAGES, SCRIPTS, Script
from edge_worker.bench.federated_story import ArticleScript, verdicts
from edge_worker.bench.federated_ways import (
    Measured,
    Notebook,
    RememberingHarness,
    best_of,
    centralised,
    federated,
    key_of,
    local_only,
    row,
    searched,
)
from edge_worker.federated.harness import Harness, OnProgress
from edge_worker.federated.journal import Attempt, Status
from edge_worker.federated.proposal import (
    Augmentation,
    Family,
    Optimizer,
    Schedule,
    Scheduler,
    TrainingConfig,
    parse,
)
from edge_worker.federated.proposers.random_search import RandomSearch
from edge_worker.federated.scores import SeedResult
from edge_worker.federated.standing import standing
from edge_worker.federated.tasks.pictures import digits
from edge_worker.federated.tasks.task import Task

CALM = tuple(0.5 + 0.01 * n for n in range(30))
ZIGZAG = tuple(0.5 + 0.01 * n + 0.05 * (n % 2) for n in range(30))


class SaidBeforehand(Harness):
    """Scores by configuration, so that the loop and the script alone are tested."""

    def run(
        self, config: TrainingConfig, seed: int, on_progress: OnProgress = lambda progress: None
    ) -> SeedResult:
        end, curve = OUTCOMES.get(config, (0.8, CALM))
        end += 0.001 * seed
        return SeedResult(
            seed=seed,
            score=end,
            curve=(*curve, end),
            train_score=end,
            parameters=10,
            cpu_s=0.5,
            wall_s=1.0,
        )


BASELINE, MENDED = DIGITS.baseline, DIGITS.mended
SMALLER, AUGMENTED, WIDER = (config for _, config in DIGITS.ideas)
OUTCOMES = {
    BASELINE: (0.90, CALM),
    SMALLER: (0.85, CALM),
    AUGMENTED: (0.88, ZIGZAG),
    MENDED: (0.95, CALM),
}


@pytest.fixture(name="story", scope="module")
def story_of_the_digits() -> Task:
    return DIGITS.task_of_the_story(digits(Path()))


def told(task: Task, *, feedback: bool) -> list[Attempt]:
    return bench.scripted(SaidBeforehand(task=task, seeds=task.seeds), DIGITS, feedback=feedback)


def statuses(attempts: list[Attempt]) -> list[Status]:
    return [attempt.status for attempt in attempts]


def configs(attempts: list[Attempt]) -> list[TrainingConfig | None]:
    return [None if a.proposal is None else a.proposal.config for a in attempts]


# --- The script and the loop, over HTTP --------------------------------------------------


def test_with_feedback_the_script_mends_what_oscillates_and_stops_when_it_won(story: Task) -> None:
    attempts = told(story, feedback=True)
    assert configs(attempts) == [BASELINE, SMALLER, AUGMENTED, MENDED, None]
    assert statuses(attempts) == [Status.OK] * 4 + [Status.STOP]
    assert [found.holds for found in verdicts(attempts)] == [True] * 4


def test_without_feedback_the_same_script_never_learns_of_the_oscillation(story: Task) -> None:
    attempts = told(story, feedback=False)
    assert configs(attempts) == [BASELINE, *(config for _, config in DIGITS.ideas), None]
    best = standing(attempts).best
    assert best is not None
    assert best.number == 0


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({SMALLER: (0.95, CALM)}, 0),
        ({AUGMENTED: (0.88, CALM)}, 1),
        ({MENDED: (0.89, CALM)}, 2),
        ({MENDED: (0.95, ZIGZAG)}, 2),
    ],
)
def test_a_step_that_does_not_come_out_is_called_so(
    story: Task,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[TrainingConfig, tuple[float, tuple[float, ...]]],
    broken: int,
) -> None:
    for config, outcome in changed.items():
        monkeypatch.setitem(OUTCOMES, config, outcome)
    attempts = told(story, feedback=True)
    assert not verdicts(attempts)[broken].holds


def test_an_oscillating_baseline_is_not_taken_for_the_last_attempt() -> None:
    prompt = "Journal:\n[hand-tuned baseline] status: ok\nthe curve oscillates from round to round"
    assert ArticleScript(script=DIGITS).decide(prompt)["config"] == SMALLER.model_dump(
        mode="json", exclude_defaults=True
    )


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=list(SCRIPTS))
def test_every_proposal_of_a_script_and_its_grid_fits_the_task(script: Script, story: Task) -> None:
    space = script.task_of_the_story(replace(story, name=script.task)).space
    space = replace(space, augmentations=tuple(Augmentation))
    for config in (*script.grid, *(config for _, config in script.ideas), script.mended):
        proposal = parse({"config": config.model_dump(mode="json")}, space)
        assert proposal.config == config


def test_the_first_attempt_on_digits_is_much_smaller_than_the_baseline(story: Task) -> None:
    harness = Harness(task=story, seeds=story.seeds)
    assert harness.check(SMALLER) < harness.check(BASELINE) / 2


def test_on_pictures_the_script_says_what_the_article_does() -> None:
    (_, first), (_, second), _ = IMAGES.ideas
    assert IMAGES.baseline.family is Family.RESNET18
    assert (first.family, first.pretrained, first.optimizer) == ("mobilenet_v2", True, "sgd")
    changed = {
        name for name in type(first).model_fields if getattr(first, name) != getattr(second, name)
    }
    assert changed == {"optimizer", "augmentation", "batch_size"}
    assert second.batch_size == IMAGES.baseline.batch_size
    assert second.optimizer is Optimizer.ADAM
    assert IMAGES.mended == second.model_copy(
        update={"scheduler": Scheduler(kind=Schedule.STEP, every=10, gamma=0.1)}
    )
    assert "simulated" in IMAGES.made_here


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=list(SCRIPTS))
def test_the_baseline_comes_from_the_grid_and_was_tuned_on_other_seeds(script: Script) -> None:
    assert script.baseline in script.grid
    assert not set(script.tuning_seeds) & set(script.seeds)
    assert len(script.seeds) >= 3


def test_a_story_that_is_not_written_is_refused() -> None:
    found = CliRunner().invoke(bench.app, ["story", "--task", "valence"])
    assert found.exit_code == 2
    assert "digits and images" in found.output


# --- Ways to train -----------------------------------------------------------------------


def test_pooled_training_is_as_good_and_training_alone_is_worse(harness: Harness) -> None:
    baseline = harness.task.baseline.model_copy(update={"rounds": 6})
    task = replace(harness.task, baseline=baseline)
    own = federated(RememberingHarness(task=task, notebook=Notebook(None)), task.baseline)
    pooled = [centralised(task, task.baseline, seed) for seed in harness.seeds]
    alone = [local_only(task, task.baseline, seed) for seed in harness.seeds]
    assert np.mean(own.scores) == pytest.approx(np.mean(pooled), abs=0.05)
    assert np.mean(alone) < np.mean(own.scores)
    assert f"{np.mean(own.scores):.3f}" in row("federated", own, own)


def test_a_search_with_a_notebook_trains_nothing_twice(harness: Harness, tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    first = RememberingHarness(task=harness.task, notebook=Notebook(path))
    found = searched(first, RandomSearch(), 2)
    with path.open("a") as file:
        file.write('["cut sho')  # killed while it wrote
    lines = path.read_text().count("\n")
    again = searched(
        RememberingHarness(task=harness.task, notebook=Notebook(path)), RandomSearch(), 2
    )
    assert lines == sum(len(attempt.results) for attempt in found)
    assert path.read_text().count("\n") == lines
    assert [a.results for a in again] == [a.results for a in found]
    assert best_of(again).cpu_s == pytest.approx(best_of(found).cpu_s)


def test_notes_of_another_training_are_not_taken(harness: Harness) -> None:
    task, config = harness.task, harness.task.baseline
    keys = {
        key_of(task, config, 0, "federated"),
        key_of(task, config, 1, "federated"),
        key_of(task, config, 0, "centralised"),
        key_of(task, config.model_copy(update={"lr": 0.2}), 0, "federated"),
        key_of(replace(task, even_classes=False), config, 0, "federated"),
    }
    assert len(keys) == 5
    other_seeds = replace(task, seeds=(7, 8, 9))
    assert key_of(other_seeds, config, 0, "federated") in keys


# --- Page, JSON, figure --------------------------------------------------------------------


def test_the_page_and_the_json_tell_the_same(story: Task, tmp_path: Path) -> None:
    attempts = told(story, feedback=True)
    baseline, best = best_of(attempts[:1]), best_of(attempts)
    measured = Story(
        environment="here",
        task=story,
        made_here="All of it is **simulated**.",
        told=attempts,
        blind=told(story, feedback=False),
        rivals={"hand-tuned baseline": baseline, "scripted": best},
    )
    tested = (Measured(scores=(0.8, 0.9), cpu_s=0), Measured(scores=(0.83, 0.94), cpu_s=0))
    page = write_story(measured, tested, tmp_path / "bench")
    assert page == (tmp_path / "bench.md").read_text()
    found = json.loads((tmp_path / "bench.json").read_text())
    assert [item["holds"] for item in found["story"]] == [True] * 4
    assert found["with_feedback"][2]["oscillates"]
    assert found["rivals"]["scripted"]["scores"] == list(best.scores)
    assert "gain +0.0350, standard error over seeds 0.0050" in page
    assert "| scripted | 0.952 ± 0.002 | +0.050 ± 0.000 |" in page
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
    assert "All of it is **simulated**." in page
    alone = write_story(replace(measured, blind=(), rivals={}), None, None)
    assert "The test side stayed closed." in alone
    assert "No rival was trained" in alone
    assert "Without feedback" not in alone


@pytest.mark.parametrize(
    ("script", "name"), [(DIGITS, "federated-bench"), (IMAGES, "federated-bench-images")]
)
def test_the_recorded_page_is_of_the_story_as_it_stands(script: Script, name: str) -> None:
    docs = Path(__file__).parents[3] / "docs"
    found = json.loads((docs / f"{name}.json").read_text())
    trained = [a["config"] and TrainingConfig(**a["config"]) for a in found["with_feedback"]]
    assert trained[:3] == [script.baseline, *(config for _, config in script.ideas[:2])]
    assert found["task"] == script.task
    assert found["seeds"] == list(script.seeds)
    page = (docs / f"{name}.md").read_text()
    assert script.made_here in page
    for item in found["story"]:
        assert f"| {item['step']} | {'yes' if item['holds'] else '**no**'} |" in page


def test_rows_prints_every_way_and_search() -> None:
    command = [sys.executable, "-m", "edge_worker.bench.federated", "rows", "--task", "digits"]
    config = '{"family":"logistic","rounds":2,"batch_size":64}'
    said = subprocess.run(
        [*command, "--config", config], capture_output=True, text=True, check=True
    ).stdout
    for name in ("federated, this configuration", "centralised, same settings", "local only"):
        assert f"| {name} | 0." in said
