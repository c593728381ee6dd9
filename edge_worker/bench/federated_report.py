"""Page, JSON and figure of the article's story and its rivals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from edge_worker.bench.federated_story import verdicts
from edge_worker.bench.federated_ways import Measured, row
from edge_worker.federated.journal import Attempt, Status
from edge_worker.federated.report import attempt_row, config_words
from edge_worker.federated.scores import paired_gain
from edge_worker.federated.standing import oscillates, standing
from edge_worker.federated.tasks.task import Task

Tested = tuple[Measured, Measured]
"""Test scores of baseline and winner."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """What was measured."""

    environment: str
    task: Task
    made_here: str = ""
    """What of data and weights is simulated."""
    told: Sequence[Attempt]
    """The scripted model's attempts with feedback; number 0 is the baseline."""
    blind: Sequence[Attempt]
    """The same script without feedback; empty when it was not run."""
    rivals: Mapping[str, Measured]
    """By name; the first is the hand-tuned baseline. Empty when none was trained."""


def write_story(story: Story, tested: Tested | None, out: Path | None) -> str:
    """The page; with `out`, also OUT.json, OUT.md and OUT.png."""
    page = markdown(story, tested, None if out is None else out.name)
    if out is not None:
        found = json.dumps(as_json(story, tested), indent=1)
        out.with_suffix(".json").write_text(found + "\n", encoding="utf-8")
        out.with_suffix(".md").write_text(page, encoding="utf-8")
        draw(story, out.with_suffix(".png"))
    return page


def markdown(story: Story, tested: Tested | None, figure: str | None = None) -> str:
    """Attempts, whether each step of the article's story holds, rivals, test side."""
    task = story.task
    lines = [
        f"# The article's four attempts, trained on `{task.name}`",
        "",
        f"Made by `python -m edge_worker.bench.federated story --task {task.name}`; do not edit.",
        f"{story.environment}. Task `{task.name}` ({len(task.seeds)} paired seeds, clients: "
        f"{task.pictures_dealt_to}, rounds x local epochs at most {task.space.epochs}). ± is the "
        "spread over seeds; of a gain it is the standard error over paired seeds.",
        "",
        "The model is **scripted**: four rules that read the feedback. It shows that the loop "
        "works, not that a language model is good at this.",
        "",
        *([story.made_here, ""] if story.made_here else []),
        *attempt_lines("With feedback", story.told),
        "",
    ]
    if figure is not None:
        lines += [f"![Validation by round, a panel for each attempt]({figure}.png)", ""]
    lines += verdict_lines(story.told)
    if story.blind:
        lines += ["", *attempt_lines("Without feedback, the same script", story.blind)]
    lines += ["", *_rival_lines(story.rivals)]
    return "\n".join([*lines, "", *_test_lines(tested)]) + "\n"


def _rival_lines(rivals: Mapping[str, Measured]) -> list[str]:
    if not rivals:
        return ["No rival was trained beside the attempts."]
    baseline = next(iter(rivals.values()))
    return [
        "## Rivals",
        "",
        "| way | validation | against the baseline | CPU s |",
        "|---|---|---|---|",
        *(row(name, measured, baseline) for name, measured in rivals.items()),
    ]


def verdict_lines(attempts: Sequence[Attempt]) -> list[str]:
    """Which steps of the article's story hold, as a table."""
    return [
        "| step of the article's story | holds | measured |",
        "|---|---|---|",
        *(
            f"| {found.step} | {'yes' if found.holds else '**no**'} | {found.figure} |"
            for found in verdicts(attempts)
        ),
    ]


def attempt_lines(title: str, attempts: Sequence[Attempt]) -> list[str]:
    """What was tried, as a table with a heading."""
    best = standing(attempts).best
    return [
        f"## {title}",
        "",
        "| attempt | validation | gain over baseline | parameters | CPU s | what |",
        "|---|---|---|---|---|---|",
        *(attempt_row(attempt, attempts[0], best) for attempt in attempts),
    ]


def _test_lines(tested: Tested | None) -> list[str]:
    if tested is None:
        return ["The test side stayed closed."]
    first, second = (measured.scores for measured in tested)
    gain, error = paired_gain(first, second)
    return [
        f"Test side, opened once: baseline {np.mean(first):.3f}, winner {np.mean(second):.3f}; "
        f"gain {gain:+.4f}, standard error over seeds {error:.4f}."
    ]


def as_json(story: Story, tested: Tested | None) -> dict[str, Any]:
    """Every number of the page, and the curves."""
    return {
        "environment": story.environment,
        "task": story.task.name,
        "seeds": list(story.task.seeds),
        "with_feedback": [_attempt_json(attempt) for attempt in story.told],
        "without_feedback": [_attempt_json(attempt) for attempt in story.blind],
        "story": [asdict(found) for found in verdicts(story.told)],
        "rivals": {name: asdict(measured) for name, measured in story.rivals.items()},
        "test": None if tested is None else [list(measured.scores) for measured in tested],
    }


def _attempt_json(attempt: Attempt) -> dict[str, Any]:
    config = attempt.proposal and attempt.proposal.config
    trained = attempt.status is Status.OK
    return {
        "number": attempt.number,
        "status": attempt.status.value,
        "config": None if config is None else config.model_dump(mode="json", exclude_defaults=True),
        "oscillates": oscillates(attempt) if trained else None,
        "scores": [result.score for result in attempt.results],
        "curve": attempt.curve() if trained else None,
        "parameters": attempt.results[0].parameters if trained else None,
        "cpu_s": sum(result.cpu_s for result in attempt.results),
    }


def draw(story: Story, path: Path) -> None:
    """A panel for each attempt that was trained: its seeds, its mean, and the baseline's mean."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    trained = [a for a in story.told if a.number and a.status is Status.OK]
    baseline = np.array(story.told[0].curve())
    # The first rounds of a training from nothing would take the room of what differs.
    ends = [r.curve[len(r.curve) // 2 :] for a in (story.told[0], *trained) for r in a.results]
    lowest = max(0.0, np.floor(10 * min(map(min, ends))) / 10 - 0.1)
    figure, panels = pyplot.subplots(
        1,
        max(1, len(trained)),
        figsize=(4.2 * max(1, len(trained)), 3.8),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for panel, attempt in zip(panels[0], trained, strict=False):
        rounds = np.arange(1, len(baseline) + 1)
        panel.plot(rounds, baseline, "k--", label=f"hand-tuned baseline: {baseline[-1]:.3f}")
        for result in attempt.results:
            panel.plot(
                np.arange(1, len(result.curve) + 1), result.curve, color="C0", lw=0.6, alpha=0.5
            )
        curve = attempt.curve()
        panel.plot(
            np.arange(1, len(curve) + 1), curve, "C0", lw=2, label=f"mean of seeds: {curve[-1]:.3f}"
        )
        state = ", oscillates" if oscillates(attempt) else ""
        panel.set(title=f"attempt {attempt.number}{state}", ylim=(lowest, 1.0))
        panel.set_xlabel("round\n" + fill(config_words(attempt), 58), fontsize=8)
        panel.grid(alpha=0.3)
        panel.legend(loc="lower right", fontsize=7)
    panels[0][0].set_ylabel("validation score")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
