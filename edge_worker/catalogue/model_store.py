"""Trained models in versions: a candidate waits, a yes makes it active, one call takes it back.

`<folder>/<model>/<version>/` holds `weights.safetensors` and `card.json` with its SHA-256;
`<folder>/<model>/state.json` says which version is active and what was active before. Versions are
written whole or not at all and never changed afterwards.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = "models"
WEIGHTS = "weights.safetensors"
CARD = "card.json"
STATE = "state.json"
MAX_WEIGHTS_BYTES = 200_000_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def network_of(task: str) -> str:
    """Under which name the store keeps the networks that learning makes for a task."""
    return f"{task}_network"


class ModelStoreError(RuntimeError):
    """A model that cannot be used or moved; the message is a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class StoredModel:
    """One version of a model."""

    name: str
    version: str
    card: Mapping[str, Any]
    path: Path

    def weights(self) -> bytes:
        """The safetensors file. Raises ModelStoreError unless it is what the card's hash says."""
        try:
            file = self.path / WEIGHTS
            content = file.read_bytes() if file.stat().st_size <= MAX_WEIGHTS_BYTES else b""
        except OSError as error:
            raise ModelStoreError(f"{self.name} {self.version} can't be read: {error}") from error
        if hashlib.sha256(content).hexdigest() != self.card.get("sha256"):
            raise ModelStoreError(
                f"{self.name} {self.version} does not match its card; it is not used"
            )
        return content


@dataclass(frozen=True, kw_only=True)
class _State:
    active: str | None = None
    before: tuple[str | None, ...] = ()
    """What was active earlier, the latest last; None = no version, the shipped tool alone."""


class ModelStore:
    """The models of one worker's data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER

    def is_empty(self, name: str) -> bool:
        """Whether no version was ever promoted."""
        return not (self._place(name) / STATE).exists()

    def versions(self, name: str) -> list[StoredModel]:
        """All versions, oldest first; damaged ones are left out."""
        found = []
        for path in self._place(name).glob("v*"):
            if path.name[1:].isdigit():
                try:
                    found.append(self._read(name, path.name))
                except ModelStoreError:
                    continue
        return sorted(found, key=lambda model: int(model.version[1:]))

    def add(self, name: str, weights: bytes, card: Mapping[str, Any]) -> StoredModel:
        """Store a candidate; nothing uses it before `promote`."""
        place = self._place(name)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        numbers = [int(p.name[1:]) for p in place.glob("v*") if p.name[1:].isdigit()]
        version = f"v{max(numbers, default=0) + 1}"
        draft = place / f".{version}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        digest = hashlib.sha256(weights).hexdigest()
        body = {**card, "name": name, "version": version, "sha256": digest}
        _write(draft / WEIGHTS, weights)
        _write(draft / CARD, _json(body))
        draft.rename(place / version)
        return self._read(name, version)

    def active(self, name: str) -> StoredModel | None:
        """The version in use, None while there is none. Raises ModelStoreError when damaged."""
        version = self._state(name).active
        return None if version is None else self._read(name, version)

    def promote(self, name: str, version: str) -> StoredModel:
        """Put a version into use, once its file is what its card says.

        Raises ModelStoreError for an unknown or damaged version, or one that is active already.
        """
        state = self._state(name)
        model = self._read(name, version)
        model.weights()
        if state.active == version:
            raise ModelStoreError(f"{name} {version} is in use already")
        self._save(name, _State(active=version, before=(*state.before, state.active)))
        return model

    def rollback(self, name: str) -> StoredModel | None:
        """Go back to what was in use before; None = no version, the shipped tool alone.

        Raises ModelStoreError when nothing was promoted.
        """
        state = self._state(name)
        if not state.before:
            raise ModelStoreError(f"no version of {name} was promoted: there is nothing to undo")
        self._save(name, _State(active=state.before[-1], before=state.before[:-1]))
        return self.active(name)

    def _place(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ModelStoreError(f"{name!r:.80} is no name of a model")
        return self._folder / name

    def _read(self, name: str, version: str) -> StoredModel:
        path = self._place(name) / version
        if not re.fullmatch(r"v[0-9]{1,9}", version) or not path.is_dir():
            raise ModelStoreError(f"there is no version {version!r:.40} of {name}")
        card = _read_object(path / CARD, f"the card of {name} {version}")
        return StoredModel(name=name, version=version, card=card, path=path)

    def _state(self, name: str) -> _State:
        path = self._place(name) / STATE
        if not path.exists():
            return _State()
        data = _read_object(path, f"the state of {name}")
        return _State(active=data.get("active"), before=tuple(data.get("before", ())))

    def _save(self, name: str, state: _State) -> None:
        body = {"active": state.active, "before": list(state.before)}
        path = self._place(name) / STATE
        draft = path.with_suffix(".draft")
        _write(draft, _json(body))
        draft.replace(path)


def _read_object(path: Path, what: str) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ModelStoreError(f"{what} can't be read ({type(error).__name__})") from error
    if not isinstance(data, dict):
        raise ModelStoreError(f"{what} is not a JSON object")
    return data


def _json(body: Mapping[str, Any]) -> bytes:
    return (json.dumps(body, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
