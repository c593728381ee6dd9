"""Integer frequency tables of a learned codec: made once, never from floats again.

Two machines round floats differently, and one count that differs breaks every symbol after
it (Balle et al., ICLR 2019). So the tables are part of the artefact, with a checksum.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_worker.offload.codec.range_coder import TOTAL, cumulate
from edge_worker.offload.parts import SHORT_HASH

FORMAT = 1
MAX_BYTES = 2**20


@dataclass(frozen=True, kw_only=True)
class Tables:
    """For each channel of the symbols its counts, for the values -clamp to clamp."""

    clamp: int
    shape: tuple[int, int]
    """Channels and symbols of each in one window."""
    sums: tuple[tuple[int, ...], ...]
    """Running sums per channel."""
    checksum: str

    @classmethod
    def from_json(cls, text: bytes) -> Tables:
        """Raises ValueError with a sentence for what is not a table."""
        if len(text) > MAX_BYTES:
            raise ValueError("the codec's tables are too large")
        try:
            stored = json.loads(text)
            version, clamp = int(stored["format"]), int(stored["clamp"])
            channels, length = (int(number) for number in stored["shape"])
            counts = [[int(count) for count in row] for row in stored["counts"]]
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"these are not a codec's tables: {error!r:.80}") from error
        if version != FORMAT:
            raise ValueError(f"the codec's tables have format {version}, not {FORMAT}")
        if not (0 < clamp < 128 and 0 < channels <= 4096 and 0 < length <= 2**20):
            raise ValueError("the codec's tables have impossible sizes")
        if len(counts) != channels or any(len(row) != 2 * clamp + 1 for row in counts):
            raise ValueError("the codec's tables don't fit their own sizes")
        return cls(
            clamp=clamp,
            shape=(channels, length),
            sums=tuple(cumulate(row) for row in counts),
            checksum=hashlib.sha256(text).hexdigest()[:SHORT_HASH],
        )

    def per_symbol(self) -> list[tuple[int, ...]]:
        """The table of every symbol in the order in which they are coded."""
        return [table for table in self.sums for _ in range(self.shape[1])]


def to_json(counts: Sequence[Sequence[int]], clamp: int, length: int) -> bytes:
    """What `Tables.from_json` reads."""
    content = {
        "format": FORMAT,
        "clamp": clamp,
        "shape": [len(counts), length],
        "counts": [list(row) for row in counts],
    }
    return json.dumps(content, separators=(",", ":")).encode()


def integer_counts(probabilities: npt.NDArray[np.float64]) -> list[int]:
    """Counts of at least 1 that sum to TOTAL, as near to the probabilities as can be."""
    free = TOTAL - len(probabilities)
    shares = probabilities / probabilities.sum() * free
    counts = np.floor(shares).astype(np.int64)
    missing = free - int(counts.sum())
    for index in np.argsort(counts - shares, kind="stable")[:missing]:
        counts[index] += 1
    return [int(count) + 1 for count in counts]
