"""The bundles that a hub can run tails of, by the hash that a frame names."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from edge_worker.offload.bundle import MANIFEST, BundleError, load_bundle, shipped_bundles
from edge_worker.offload.bundle_model import BundleModel

_LOGGER = logging.getLogger(__name__)


class ModelShelf:
    """Bundles of this package and of `folder`, one folder each; read when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._models: dict[str, BundleModel] = {}
        self._looked: dict[Path, int] = {}
        """Folder → when its manifest was written, as it was when we read it."""

    def get(self, model_hash: str) -> BundleModel | None:
        """The model, None when it isn't here; looks again for bundles that came since."""
        with self._lock:
            if model_hash not in self._models:
                self._look()
            return self._models.get(model_hash)

    def _look(self) -> None:
        own = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        for place in (*shipped_bundles().values(), *own):
            written = _written(place)
            if written is None or self._looked.get(place) == written:
                continue
            self._looked[place] = written
            try:
                model = BundleModel(load_bundle(place))
            except BundleError as error:
                _LOGGER.warning("A model is left out: %s", error)
                continue
            self._models.setdefault(model.hash, model)


def _written(place: Path) -> int | None:
    """When the bundle there changed last, ns; None while there is none.

    A bundle that is being copied comes file by file: any of them makes it another one.
    """
    try:
        if not (place / MANIFEST).is_file():
            return None
        return max(item.stat().st_mtime_ns for item in (place, *place.rglob("*")))
    except OSError:
        return None
