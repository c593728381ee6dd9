"""What a tool is to the runtime: a card, and a source or a step made from it.

Each wing registers its tools in `tools.py` as `TOOLS: tuple[Tool, ...]`. A module that
only describes tools imports nothing heavy: `create` imports what it needs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from edge_worker.catalogue.coinference import Finish, Offload
from edge_worker.messages import Event, Person, ToolCard

# (output port, value). Values of local ports are objects of the wing's own.
Output = tuple[str, Any]
Emit = Callable[[str, Any], None]


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """All that a tool may know about where and for whom it runs."""

    settings: Mapping[str, Any]
    """The tool's own table of the settings file, `[tools.<name>]`."""
    data_dir: Path
    """Private folder of this worker (baselines, check-ins); exists."""
    person: Person | None = None
    area: str | None = None
    people: tuple[Person, ...] = ()
    """Everybody who opted in; nobody else may be looked at."""
    announce: Callable[[Event], None] = field(default=lambda event: None)
    offload: Offload | None = None
    """Runs neural models together with the hub; None where nothing is shared."""


class Source(Protocol):
    """Produces values by itself. `run` has a thread of its own."""

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Emit values until the source ends or `stop` is set; return soon after it.

        Raises SourceError with a sentence for people when it cannot go on.
        """


class Step(Protocol):
    """Turns values into values. Called from one thread; must return within milliseconds."""

    def update(self, port: str, value: Any) -> Iterable[Output]:
        """Take one value of an input port."""

    def tick(self, now: float) -> Iterable[Output]:
        """Called about once a second with Unix time, so that windows close in silence."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A card and how to make the tool; exactly one of the two makers is set."""

    card: ToolCard
    make_source: Callable[[ToolContext], Source] | None = None
    make_step: Callable[[ToolContext], Step] | None = None
    make_finish: Callable[[], Finish] | None = None
    """Of a step whose shared model's answers may stay on the hub: how the hub finishes what the
    step says of its windows. One is made for each running step; it is called window by window."""
    forget: Callable[[Path, str], object] | None = None
    """Erase from this data folder all that the tool stored about the person with this id."""
    promoted: Callable[[ToolCard, Path], ToolCard | None] | None = None
    """For tools that rest on a model of the store: given the card and the data folder, the card
    of the version in use, None while there is none. The tool is offered only then."""
    problem: Callable[[Mapping[str, Any]], str | None] = field(default=lambda settings: None)
    """Given the tool's own settings: a sentence when this computer cannot run it so."""


class SourceError(Exception):
    """A source cannot go on; the message is a sentence that says what to do."""

    def __init__(self, message: str, *, retry: bool = False) -> None:
        self.retry = retry
        super().__init__(message)
