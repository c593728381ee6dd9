"""Small private files that survive a crash: written whole or not at all, for this user only."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any, TypeVar

from edge_worker.messages import MessageError, decode, encode

_LOGGER = logging.getLogger(__name__)

KindT = TypeVar("KindT")


def save(path: Path, message: Any) -> None:
    """Write a message of the contract to `path`, atomically, readable by this user only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(encode(message))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def restore(path: Path, kind: type[KindT], default: KindT) -> KindT:
    """Read what `save` wrote; a damaged file is put aside, not lost, and `default` returned."""
    try:
        return decode(kind, path.read_bytes())
    except FileNotFoundError:
        return default
    except MessageError as error:
        aside = path.with_suffix(".broken")
        path.replace(aside)
        _LOGGER.error("%s can't be read (%s); kept as %s", path.name, error, aside.name)
        return default
