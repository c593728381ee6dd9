"""A run for people: a Markdown table and a plot of every attempt's curve."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge_worker.federated.journal import Attempt, Run, Status
from edge_worker.federated.standing import gain_over, oscillates, standing


def markdown(run: Run, attempts: Sequence[Attempt]) -> str:
    """A table of the attempts, why the run ended, and the test scores once opened."""
    best = standing(attempts).best
    lines = [
        f"Task `{run.task}`, proposer: {run.proposer}, {len(run.seeds)} seeds an attempt.",
        "",
        "| attempt | validation | gain over baseline | parameters | CPU s | what |",
        "|---|---|---|---|---|---|",
    ]
    lines += [attempt_row(attempt, attempts[0], best) for attempt in attempts]
    lines += ["", f"Ended: {run.sentence or 'not yet'}."]
    test = run.test
    if test is not None and "score" in test:
        lines.append(
            f"Test side, opened once: baseline {test['baseline']:.3f}, attempt {test['winner']} "
            f"{test['score']:.3f}; gain {test['gain']:+.3f}, standard error "
            f"{test['gain_error']:.3f}. Candidate: {test['candidate'] or 'none'}."
        )
    return "\n".join(lines) + "\n"


def attempt_row(attempt: Attempt, baseline: Attempt, best: Attempt | None) -> str:
    """One attempt as a row of the table."""
    name = "baseline" if attempt.number == 0 else str(attempt.number)
    if best is not None and attempt.id == best.id:
        name = f"**{name}** (best)"
    if attempt.status is not Status.OK:
        return f"| {name} | {attempt.status} | | | | {_cell(attempt.message)} |"
    gain = ""
    if attempt.number:
        mean, error = gain_over(baseline, attempt)
        gain = f"{mean:+.3f} ± {error:.3f}"
    words = config_words(attempt) + (" (oscillates)" if oscillates(attempt) else "")
    cpu = sum(result.cpu_s for result in attempt.results)
    return (
        f"| {name} | {attempt.mean:.3f} ± {attempt.sd:.3f} | {gain} | "
        f"{attempt.results[0].parameters} | {cpu:.0f} | {words} |"
    )


def config_words(attempt: Attempt) -> str:
    """What the configuration says, short; defaults are left out."""
    if attempt.proposal is None or attempt.proposal.config is None:
        return ""
    config = attempt.proposal.config.model_dump(mode="json", exclude_defaults=True)
    words = [f"{key} {_short(value)}" for key, value in config.items()]
    code = list(attempt.proposal.hooks.given())
    return _cell(", ".join([*([f"code: {' and '.join(code)}"] if code else []), *words]))


def _short(value: Any) -> str:
    return json.dumps(value).replace('"', "") if isinstance(value, (dict, list)) else str(value)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())[:160]


def check_plot(path: Path) -> None:
    """Say before hours of training that their picture could not be drawn.

    Raises ValueError for a folder or kind of file that can't be, ModuleNotFoundError without
    matplotlib.
    """
    from matplotlib.backend_bases import FigureCanvasBase

    kinds = FigureCanvasBase.get_supported_filetypes()
    if path.suffix.lower().removeprefix(".") not in kinds:
        raise ValueError(f"{path} can't be drawn; kinds of pictures are {', '.join(sorted(kinds))}")
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(
            f"{path} can't be drawn: it is a folder, or there is no folder {path.parent}"
        )


def plot(run: Run, attempts: Sequence[Attempt], path: Path) -> None:
    """Validation score by round, one line an attempt, the baseline dashed; the band is one sd.

    Raises ModuleNotFoundError without matplotlib.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import numpy as np
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    for attempt in attempts:
        if attempt.status is not Status.OK:
            continue
        curves = np.array([result.curve for result in attempt.results])
        rounds = np.arange(1, curves.shape[1] + 1)
        mean, sd = curves.mean(axis=0), curves.std(axis=0)
        name = "hand-tuned baseline" if attempt.number == 0 else f"attempt {attempt.number}"
        style: dict[str, Any] = {"linestyle": "--", "color": "black"} if not attempt.number else {}
        (line,) = axes.plot(rounds, mean, label=f"{name}: {mean[-1]:.3f}", **style)
        axes.fill_between(rounds, mean - sd, mean + sd, color=line.get_color(), alpha=0.12, lw=0)
    axes.set(
        xlabel="round",
        ylabel="validation score",
        title=f"{run.task}: {run.proposer}, mean of {len(run.seeds)} seeds",
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
