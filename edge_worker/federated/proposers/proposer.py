"""What a proposer is given and what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from edge_worker.federated.journal import Attempt
from edge_worker.federated.tasks.task import Task


class ProposerError(RuntimeError):
    """Nobody answers; the run stays as it is and can be resumed. A sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A proposal not yet checked, and who made it from what."""

    content: Any
    """JSON text, or what JSON holds."""
    author: str
    prompt_sha: str | None = None
    tokens: int = 0
    remark: str = ""
    """Why it may be no proposal, when whoever carried it knows more than its text shows."""


class Proposer(Protocol):
    """Its answer depends on the arguments alone, so that a resumed run goes on as it would have."""

    name: str

    def propose(self, task: Task, attempts: Sequence[Attempt], complaints: Sequence[str]) -> Answer:
        """Propose the next attempt.

        complaints: what was wrong with the last answer to this very question, empty at first.
        Raises ProposerError.
        """
