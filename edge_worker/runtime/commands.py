"""Commands of Home Assistant: each is applied once, however often it arrives."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_worker.messages import (
    Command,
    MessageError,
    Reply,
    ReplyError,
)
from edge_worker.runtime import files

_LOGGER = logging.getLogger(__name__)

# Enough for every repetition that a broker or an impatient automation can produce.
_REMEMBERED = 100

Handler = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class CommandError(Exception):
    """A command that can't be done: a code for programs, a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, kw_only=True)
class _Answered:
    replies: tuple[Reply, ...] = field(default=())


class CommandDesk:
    """Dispatches commands to handlers and remembers the last answers, over restarts too."""

    def __init__(self, data_dir: Path, handlers: Mapping[str, Handler]) -> None:
        self._path = data_dir / "answered.json"
        self._handlers = handlers
        kept = files.restore(self._path, _Answered, _Answered())
        self._answered = {reply.id: reply for reply in kept.replies}

    def answer(self, command: Command) -> Reply:
        """Apply the command, or give the answer it got the first time."""
        if reply := self._answered.get(command.id):
            return reply
        reply = self._apply(command)
        self._answered[command.id] = reply
        for old in list(self._answered)[:-_REMEMBERED]:
            del self._answered[old]
        # Results are not kept: a repeated command needs to know that it was done.
        kept = tuple(
            Reply(id=item.id, ok=item.ok, error=item.error) for item in self._answered.values()
        )
        try:
            files.save(self._path, _Answered(replies=kept))
        except OSError as error:  # the answer matters more than remembering it
            _LOGGER.error("Cannot save: %s", error)
        return reply

    def _apply(self, command: Command) -> Reply:
        handler = self._handlers.get(command.name)
        if handler is None:
            return _failed(command, "unsupported", f"This hub does not know {command.name!r:.60}.")
        try:
            return Reply(id=command.id, ok=True, result=handler(command.arguments))
        except CommandError as error:
            return _failed(command, error.code, error.message)
        except MessageError as error:
            return _failed(command, "invalid", f"The command can't be read: {error}.")
        except OSError as error:
            _LOGGER.error("Cannot save: %s", error)
            return _failed(command, "storage", f"The hub can't save: {error.strerror or error}.")


def _failed(command: Command, code: str, message: str) -> Reply:
    _LOGGER.info("Command %.40s refused: %s", command.name, code)
    return Reply(id=command.id, ok=False, error=ReplyError(code=code, message=message))
