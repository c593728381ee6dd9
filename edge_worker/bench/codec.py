"""What the codec between the vitals network's halves costs and keeps, beside its rivals.

    python -m edge_worker.bench.codec --folder work

Needs the folder of a finished `edge_worker.bench.vitals_training`; trains the links that are
missing in it. Every figure is counted on payloads of simulated windows that no training
saw, coded one at a time. Writes docs/codec-bench.md, .json and .png.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import zstandard
from torch import Tensor

from edge_worker.bench.codec_report import write_report
from edge_worker.bench.vitals_codec import FourBits, Learned, train_link
from edge_worker.bench.vitals_training import load
from edge_worker.bench.vitals_windows import WINDOWS_PER_ROOM, Windows, shares_right, sketched
from edge_worker.offload.bundle import TensorEntry
from edge_worker.offload.codec.learned import LearnedCodec
from edge_worker.offload.codec.prior import rounded
from edge_worker.offload.codec.tables import Tables, integer_counts, to_json
from edge_worker.offload.generic_codecs import IntegerCodec
from edge_worker.offload.vitals.bottleneck import LENGTH, SYMBOLS
from edge_worker.offload.vitals.grid import FRAMES, RANGES, WINDOW_S
from edge_worker.offload.vitals.network import SAMPLES, SERIES, VitalsNetwork

RATE_WEIGHTS = {"learned-low": 2.5e-4, "learned-high": 1e-4}
"""Price of a bit in nats: the more, the fewer bytes."""
SEEDS = (0, 1, 2)
INPUT_KINDS = ("int16", "int8", "int4")
PIECES = 15
PIECE_S = WINDOW_S / PIECES
"""Of a stream: a piece of the map each two seconds."""
TEST_CHUNK = 1001
"""Rooms that neither the network nor a codec was trained on."""
WIRE = TensorEntry(name="symbols", shape=(1, SYMBOLS, LENGTH), dtype="int8", batch_axis=0)
ROWS = TensorEntry(name="symbols", shape=(1, SERIES, SAMPLES), dtype="int8", batch_axis=0)
FOUR_BIT_CLAMP = 7


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way to code one window; lists by seed."""

    name: str
    what: str
    """Features of the split, or the network's input."""
    bytes: list[float]
    p95: list[float]
    breathing: list[float]
    """Share of windows whose likeliest rate is right, percent."""
    heart: list[float]
    encode_ms: float | None = None
    decode_ms: float | None = None

    def right(self) -> list[float]:
        """Mean of both shares, by seed."""
        return [(b + h) / 2 for b, h in zip(self.breathing, self.heart, strict=True)]


class Judge:
    """The test windows and what the network makes of them, coded or not."""

    def __init__(self, network: VitalsNetwork, windows: Windows) -> None:
        self._network = network
        self._windows = windows
        with torch.no_grad():
            self.series = torch.cat([network.head(part) for part in self._maps()])

    def _maps(self) -> list[Tensor]:
        return [
            torch.tensor(self._windows.inputs[first : first + 250], dtype=torch.float32)
            for first in range(0, len(self._windows.labels), 250)
        ]

    def row(
        self, name: str, what: str, received: Tensor, sizes: Sequence[int], **times: Any
    ) -> Row:
        """Score series as the tail receives them."""
        with torch.no_grad():
            outputs = [self._network.tail(part) for part in torch.split(received, 250)]
        breathing, heart = (
            shares_right(
                torch.cat([item[rate] for item in outputs]), self._windows.labels[:, rate], rate
            )
            for rate in (0, 1)
        )
        return Row(
            name=name,
            what=what,
            bytes=[statistics.fmean(sizes)],
            p95=[float(np.percentile(sizes, 95))],
            breathing=[100 * breathing],
            heart=[100 * heart],
            **times,
        )

    def input_row(self, kind: str) -> Row:
        """The hub gets the network's input in integers, packed by zstd."""
        entry = TensorEntry(name="map", shape=(1, 2, RANGES, FRAMES), dtype="float32", batch_axis=0)
        codec = IntegerCodec(kind, (entry,))
        sizes, series = [], []
        for window in self._windows.inputs:
            payload = codec.encode({"map": window[None].astype(np.float32)})
            sizes.append(len(payload))
            with torch.no_grad():
                series.append(self._network.head(torch.tensor(codec.decode(payload)["map"])))
        return self.row(f"{kind} + zstd", "input", torch.cat(series), sizes)

    def stream_bytes_per_s(self, kind: str) -> float:
        """Of the same map, sent piece by piece while the sonar records."""
        entry = TensorEntry(
            name="map", shape=(1, 2, RANGES, FRAMES // PIECES), dtype="float32", batch_axis=0
        )
        codec = IntegerCodec(kind, (entry,))
        sizes = [
            len(codec.encode({"map": piece}))
            for window in self._windows.inputs[::WINDOWS_PER_ROOM]
            for piece in np.split(window[None].astype(np.float32), PIECES, axis=-1)
        ]
        return statistics.fmean(sizes) / PIECE_S

    def feature_row(self, kind: str) -> Row:
        """The features in integers, packed by zstd, without training."""
        entry = TensorEntry(
            name="series", shape=(1, SERIES, SAMPLES), dtype="float32", batch_axis=0
        )
        codec = IntegerCodec(kind, (entry,))
        payloads = [codec.encode({"series": item[None].numpy()}) for item in self.series]
        series = [torch.tensor(codec.decode(payload)["series"]) for payload in payloads]
        sizes = [len(payload) for payload in payloads]
        return self.row(f"{kind} + zstd", "features", torch.cat(series), sizes)

    def learned_row(self, link: Learned, name: str) -> Row:
        """Range-coded payloads of a learned tier, decoded again."""
        with torch.no_grad():
            symbols = rounded(link.encoder(self.series)).to(torch.int8)
        codec = LearnedCodec((WIRE,), Tables.from_json(link.prior.tables(LENGTH)))
        encode = [_timed(partial(codec.encode, {"symbols": item})) for item in symbols.numpy()]
        payloads = [payload for payload, _ in encode]
        decode = [_timed(partial(codec.decode, payload)) for payload in payloads]
        received = np.concatenate([item["symbols"] for item, _ in decode])
        if not np.array_equal(received, symbols.numpy()):
            raise AssertionError("the range coder gave other symbols back")
        with torch.no_grad():
            series = link.decoder(torch.tensor(received))
        return self.row(
            name,
            "features",
            series,
            [len(payload) for payload in payloads],
            encode_ms=1e3 * statistics.median(took for _, took in encode),
            decode_ms=1e3 * statistics.median(took for _, took in decode),
        )

    def packed_row(self, link: Learned, learned: Row) -> Row:
        """The same bottleneck without the learned prior: symbols as bytes, packed by zstd."""
        with torch.no_grad():
            latents = rounded(link.encoder(self.series))
        sizes = [len(_zstd(item.numpy().astype(np.int8))) for item in latents]
        row = resized(learned, "the same bottleneck + zstd", sizes)
        return replace(row, encode_ms=None, decode_ms=None)

    def four_bit_rows(self, link: FourBits, counts: list[list[int]]) -> tuple[Row, Row]:
        """Quantisation-aware int4, packed by zstd, and by the range coder with static tables."""
        with torch.no_grad():
            symbols = link.symbols(self.series)
            series = link.received(symbols)
        whole = symbols.round().numpy().astype(np.int8)
        tables = Tables.from_json(to_json(counts, FOUR_BIT_CLAMP, SAMPLES))
        codec = LearnedCodec((ROWS,), tables)
        packed = [len(_zstd(_nibbles(item))) for item in whole]
        coded = [len(codec.encode({"symbols": item[None]})) for item in whole]
        row = self.row("quantisation-aware int4 + zstd", "features", series, packed)
        return row, resized(row, "quantisation-aware int4 + range coder", coded)


def resized(row: Row, name: str, sizes: Sequence[int]) -> Row:
    """The same answers, coded otherwise."""
    mean, p95 = statistics.fmean(sizes), float(np.percentile(sizes, 95))
    return replace(row, name=name, bytes=[mean], p95=[p95])


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began


def _zstd(array: npt.NDArray[Any]) -> bytes:
    return zstandard.ZstdCompressor(level=19).compress(array.tobytes())


def _nibbles(whole: npt.NDArray[np.int8]) -> npt.NDArray[np.uint8]:
    pairs = (whole.ravel() + 8).astype(np.uint8)
    return np.asarray(pairs[::2] | (pairs[1::2] << 4), dtype=np.uint8)


def static_counts(link: FourBits, series: Tensor) -> list[list[int]]:
    """How often each symbol of each series came in training windows."""
    with torch.no_grad():
        whole = link.symbols(series).round().numpy().astype(int) + FOUR_BIT_CLAMP
    size = 2 * FOUR_BIT_CLAMP + 1
    return [
        integer_counts(np.bincount(whole[:, row].ravel(), minlength=size).astype(np.float64) + 1)
        for row in range(SERIES)
    ]


def together(rows: Sequence[Row]) -> Row:
    """The rows of several seeds in one."""
    first = rows[0]
    lists = {
        name: [value for row in rows for value in getattr(row, name)]
        for name in ("bytes", "p95", "breathing", "heart")
    }
    return Row(**{**asdict(first), **lists})


def run(folder: Path, chunks: int, parts: int, test_chunk: int = TEST_CHUNK) -> dict[str, Any]:
    """Train what is missing, and measure every row."""
    network = load(folder)
    judge = Judge(network, sketched(test_chunk, folder))
    seen = Judge(network, sketched(0, folder)).series

    def trained(link: Any, name: str, rate_weight: float, seed: int) -> Any:
        torch.manual_seed(1000 + seed)
        train_link(
            link,
            network,
            folder,
            name=name,
            chunks=chunks,
            parts=parts,
            rate_weight=rate_weight,
            seed=seed,
        )
        return link

    raw = 4 * SERIES * SAMPLES
    rows = [judge.row("float32", "features", judge.series, [raw])]
    rows += [judge.feature_row(kind) for kind in ("int8", "int4")]
    rival = [trained(FourBits(), "four-bits", 0.0, seed) for seed in SEEDS]
    pairs = [judge.four_bit_rows(link, static_counts(link, seen)) for link in rival]
    rows += [together([pair[place] for pair in pairs]) for place in (0, 1)]
    for name, weight in RATE_WEIGHTS.items():
        links = [trained(Learned(), name, weight, seed) for seed in SEEDS]
        coded = [judge.learned_row(link, name) for link in links]
        rows.append(together(coded))
    rows.append(together([judge.packed_row(*pair) for pair in zip(links, coded, strict=True)]))
    rows += [judge.input_row(kind) for kind in INPUT_KINDS]
    return {
        "windows": len(judge.series),
        "feature_bytes": raw,
        "input_bytes": 2 * 2 * RANGES * FRAMES,
        "stream_bytes_per_s": {kind: judge.stream_bytes_per_s(kind) for kind in INPUT_KINDS},
        "seeds": len(SEEDS),
        "rate_weights": RATE_WEIGHTS,
        "rows": [asdict(row) for row in rows],
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="of vitals_training")
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    parser.add_argument("--chunks", type=int, default=32)
    parser.add_argument("--parts", type=int, default=18, help="of 250 rooms, for each link")
    chosen = parser.parse_args()
    result = run(chosen.folder, chosen.chunks, chosen.parts)
    sys.stdout.write(write_report(result, chosen.docs / "codec-bench"))


if __name__ == "__main__":
    main()
