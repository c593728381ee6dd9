"""The article's story (arXiv 2307.02779, section on federated learning) with real training.

A scripted model stands in for the language model. It follows four rules that read the feedback
in the prompt, so the story can fail: nothing but the measured scores makes it come out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge_worker.bench.federated_scripts import Script
from edge_worker.bench.scripted_model import message
from edge_worker.federated.journal import Attempt, Status
from edge_worker.federated.proposal import TrainingConfig
from edge_worker.federated.standing import gain_over, oscillates

_ATTEMPT = re.compile(r"^\[(?:attempt )?(\d+)\]", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class ArticleScript:
    """Answers a chat request by what the journal in its prompt says, and by nothing else."""

    script: Script

    def __call__(self, request: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """HTTP status and completion."""
        return 200, message(json.dumps(self.decide(str(request["messages"][-1]["content"]))))

    def decide(self, prompt: str) -> dict[str, Any]:
        """The next proposal, or stop."""
        _, _, journal = prompt.partition("Journal:\n")
        starts = [found.start() for found in _ATTEMPT.finditer(journal)]
        numbers = [int(found.group(1)) for found in _ATTEMPT.finditer(journal)]
        tried = max(numbers, default=0)
        last = journal[starts[-1] :] if tried else ""
        if "oscillates" in last:
            why = "the rate is too large to settle: a tenth after every 10 rounds"
            return _propose(why, self.script.mended)
        if f"Best so far: attempt {tried}." in last or tried >= len(self.script.ideas):
            return {"action": "stop", "rationale": "no new configuration that should be better"}
        return _propose(*self.script.ideas[tried])


def _propose(why: str, config: TrainingConfig) -> dict[str, Any]:
    return {"rationale": why, "config": config.model_dump(mode="json", exclude_defaults=True)}


# --- Whether the story came out ----------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One step of the article's story, and what was measured."""

    step: str
    holds: bool
    figure: str


def verdicts(attempts: Sequence[Attempt]) -> list[Verdict]:
    """The four steps, judged on the journal. attempts: number 0 is the baseline.

    A step that was not reached does not hold.
    """
    baseline, tried = attempts[0], list(attempts[1:])
    trained = [attempt for attempt in tried if attempt.status is Status.OK]
    found = []
    for step, number, check in (
        ("the first attempt is below the baseline", 0, _below),
        ("the second is unstable", 1, _unstable),
        ("the third is above the baseline, and calm", 2, _above),
    ):
        if len(trained) > number:
            holds, figure = check(baseline, trained[number])
        else:
            holds, figure = False, "not reached"
        found.append(Verdict(step=step, holds=holds, figure=figure))
    stopped = len(tried) == 4 and tried[-1].status is Status.STOP
    last = str(tried[-1].status) if tried else "nothing"
    found.append(
        Verdict(
            step="the fourth answer is to stop",
            holds=stopped,
            figure=f"answer {len(tried)}: {last}",
        )
    )
    return found


def _below(baseline: Attempt, attempt: Attempt) -> tuple[bool, str]:
    gain, error = gain_over(baseline, attempt)
    return gain < -error, f"{gain:+.4f} ± {error:.4f}"


def _above(baseline: Attempt, attempt: Attempt) -> tuple[bool, str]:
    gain, error = gain_over(baseline, attempt)
    calm = not oscillates(attempt)
    return gain > error and calm, f"{gain:+.4f} ± {error:.4f}, {'calm' if calm else 'oscillates'}"


def _unstable(baseline: Attempt, attempt: Attempt) -> tuple[bool, str]:
    gain, error = gain_over(baseline, attempt)
    flag = oscillates(attempt)
    return flag, f"{'oscillates' if flag else 'calm'}, {gain:+.4f} ± {error:.4f}"
