"""The bundles that a hub can run tails of, by the hash that a frame names."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from edge_worker.offload.bundle import BundleError, load_bundle, shipped_bundles
from edge_worker.offload.bundle_model import BundleModel

_LOGGER = logging.getLogger(__name__)


class ModelShelf:
    """Bundles of this package and of `folder`, one folder each; read when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._models: dict[str, BundleModel] = {}
        self._looked: set[Path] = set()

    def get(self, model_hash: str) -> BundleModel | None:
        """The model, None when it isn't here; looks again for bundles that came since."""
        with self._lock:
            if model_hash not in self._models:
                self._look()
            return self._models.get(model_hash)

    def _look(self) -> None:
        own = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        for place in (*shipped_bundles().values(), *own):
            if place in self._looked or not place.is_dir():
                continue
            self._looked.add(place)
            try:
                model = BundleModel(load_bundle(place))
            except BundleError as error:
                _LOGGER.warning("A model is left out: %s", error)
                continue
            self._models.setdefault(model.hash, model)
