"""One way from a sentence to plans, for sentences, actions and tools of language models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..messages import Catalogue, Goal, Plan, Refusal
from .home import Home
from .language_model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What a request means here and now. Without goals it is not ours: hand it on."""

    goals: tuple[Goal, ...] = ()
    plans: tuple[Plan | None, ...] = ()
    """One for each goal; None for stop and train, which need none. A plan without steps
    cannot run: `refused` says why."""
    source: Literal["grammar", "language_model", "none"] = "none"
    refusals: tuple[Refusal, ...] = ()
    """All refusals of all plans, with sentences in the language of the request."""
    notes: tuple[str, ...] = ()
    """For logs and diagnostics, such as "language model: timeout"."""


async def understand(
    text: str,
    *,
    home: Home,
    catalogue: Catalogue,
    language: str,
    model: LanguageModel | None = None,
    now: datetime | None = None,
) -> Understanding:
    """Read a request with the grammar, else with the model, and plan what it asks for."""
    raise NotImplementedError
