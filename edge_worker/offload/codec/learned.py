"""Codes the symbols of a learned bottleneck with the tables of its artefact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_worker.offload.codec.range_coder import decode, encode
from edge_worker.offload.codec.tables import Tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge_worker.offload.bundle import TensorEntry

CODER = 1
"""First byte of a payload: which coder made it."""


class LearnedCodec:
    """One int8 tensor of symbols, shape (1, channels, length), as a range-coded payload."""

    def __init__(self, wire: Sequence[TensorEntry], tables: Tables) -> None:
        """Raises ValueError when the tables are not for this tensor."""
        if len(wire) != 1 or tuple(wire[0].shape[-2:]) != tables.shape:
            shapes = [tuple(item.shape) for item in wire]
            raise ValueError(f"tables for symbols {tables.shape} don't fit the wire {shapes}")
        self.name = f"learned-range{CODER}"
        self.tables = tables.checksum
        self._tables = tables
        self._wire = wire[0]
        self._per_symbol = tables.per_symbol()

    def encode(self, tensors: Mapping[str, NDArray[Any]]) -> bytes:
        """The payload of one window. Raises ValueError for symbols outside of the tables."""
        symbols = np.asarray(tensors[self._wire.name]).reshape(-1)
        clamp = self._tables.clamp
        if len(symbols) != len(self._per_symbol):
            raise ValueError(f"{len(self._per_symbol)} symbols expected, not {len(symbols)}")
        if int(symbols.min()) < -clamp or int(symbols.max()) > clamp:
            raise ValueError(f"a symbol lies outside of -{clamp} to {clamp}")
        indices = (symbols.astype(np.int64) + clamp).tolist()
        return bytes((CODER,)) + encode(indices, self._per_symbol)

    def decode(self, payload: bytes) -> dict[str, NDArray[Any]]:
        """Symbols by the tensor's name. Raises ValueError for another coder's payload.

        A damaged payload decodes to wrong symbols: the frame around it carries a checksum.
        """
        if not payload or payload[0] != CODER:
            raise ValueError(f"the payload was not made by range coder {CODER}")
        # A symbol takes at most 16 bits; more bytes were made by somebody else.
        if len(payload) > 8 + 2 * len(self._per_symbol):
            raise ValueError("the payload is longer than its symbols can be")
        indices = decode(payload[1:], self._per_symbol)
        symbols = (np.array(indices, dtype=np.int64) - self._tables.clamp).astype(np.int8)
        return {self._wire.name: symbols.reshape((1, *self._tables.shape))}
