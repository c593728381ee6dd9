"""Entropy coding of a learned bottleneck: integer tables and a range coder in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_worker.offload.bundle import TensorEntry
    from edge_worker.offload.codec.learned import LearnedCodec

LEARNED = "learned"


def open_codec(codec: str, wire: Sequence[TensorEntry], tables: Path | None) -> LearnedCodec:
    """The codec of a tier that needs tables.

    Raises ValueError with a sentence for another codec, or tables that don't fit the wire.
    """
    from edge_worker.offload.codec.learned import LearnedCodec
    from edge_worker.offload.codec.tables import Tables

    if codec != LEARNED:
        raise ValueError(f"there is no codec with tables named {codec!r:.40}")
    if tables is None:
        raise ValueError("a learned codec needs its tables")
    return LearnedCodec(wire, Tables.from_json(tables.read_bytes()))
