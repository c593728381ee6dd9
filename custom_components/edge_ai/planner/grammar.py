"""Requests in English and Chinese → goals, without a model and without a network."""

from __future__ import annotations

from datetime import datetime

from ..messages import Goal
from .home import Home


def parse(
    text: str, home: Home, language: str | None = None, *, now: datetime | None = None
) -> tuple[Goal, ...]:
    """Read a request; empty when it is not (surely) ours.

    Persons and areas of the goals are ids of `home`; "my" and "me" leave the person None.
    `language`: of the conversation, a hint only; the script of the text decides.
    `now`: local time, needed for "until ten o'clock"; without it such an end stays open.
    """
    raise NotImplementedError
