"""What a person has to say twice before it starts.

Nothing here asks a language model, and no language model can answer: a request is confirmed
by asking for the same plan once more, from the same place, within two minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ..messages import Catalogue, Plan
from .home import Home

LONG_S = 24 * 3_600
WAIT_S = 120.0
# A request a second for two minutes; older ones give way.
MAX_WAITING = 128


class Reason(StrEnum):
    """Why a plan is not started at once."""

    LONG = "long"
    """It would run for more than a day."""
    PERSON = "person"
    """A language model, and not the grammar, took it for another person than the speaker."""
    MICROPHONE = "microphone"
    """A language model, and not the grammar, asked for a microphone."""


def reason_to_ask(plan: Plan, *, proposed: bool, catalogue: Catalogue, home: Home) -> Reason | None:
    """Why this plan needs a second word; None for plain use.

    proposed: did a language model read the request? What the grammar read was said in so
    many words, and who opted in has agreed already: a carer is not asked each time.
    """
    if proposed and plan.person is not None and plan.person != home.speaker:
        return Reason.PERSON
    if proposed and _listens(plan, catalogue):
        return Reason.MICROPHONE
    return Reason.LONG if (plan.goal.duration_s or 0) > LONG_S else None


def _listens(plan: Plan, catalogue: Catalogue) -> bool:
    needs = {tool.name: tool.needs for tool in catalogue.tools}
    return any("microphone" in needs.get(step.tool, ()) for step in plan.steps)


@dataclass(frozen=True)
class Confirmations:
    """Plans that wait for a second word, each from one user at one device."""

    _waiting: dict[tuple[str | None, str | None, str], float] = field(default_factory=dict)

    def ask(self, user: str | None, device: str | None, plan: Plan, now_s: float) -> None:
        """Let the plan wait. now_s: seconds of a clock that only runs forward."""
        for key in [k for k, since in self._waiting.items() if now_s - since > WAIT_S]:
            del self._waiting[key]
        while len(self._waiting) >= MAX_WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[user, device, plan.id] = now_s

    def take(self, user: str | None, device: str | None, plan: Plan, now_s: float) -> bool:
        """Was this plan asked for before, from there, not too long ago? It counts once."""
        since = self._waiting.pop((user, device, plan.id), None)
        return since is not None and now_s - since <= WAIT_S
