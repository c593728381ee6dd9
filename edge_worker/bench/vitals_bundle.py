"""Write the trained vitals network as a bundle: `python -m edge_worker.bench.vitals_bundle`.

From the folder of `vitals_training` and `codec`, with the bytes and losses that
docs/codec-bench.json holds.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from edge_worker.bench.codec import INPUT_KINDS, PIECE_S, RATE_WEIGHTS, SEEDS
from edge_worker.bench.codec_report import lost
from edge_worker.bench.vitals_codec import Learned
from edge_worker.bench.vitals_training import load, trained
from edge_worker.offload.bundle import InputTier, Measurement
from edge_worker.offload.capture import capture
from edge_worker.offload.codec.prior import rounded
from edge_worker.offload.export import About, LearnedTier, write_bundle
from edge_worker.offload.vitals.bottleneck import LENGTH, SYMBOLS, CodedHead
from edge_worker.offload.vitals.grid import FRAME_RATE_HZ, FRAMES, RANGES
from edge_worker.offload.vitals.network import SAMPLES, SERIES, VitalsNetwork
from edge_worker.offload.vitals.step import INPUT, MODEL

CUT = "series"
GENERIC = ("int8", "int4")


def learned_tier(
    folder: Path, network: VitalsNetwork, name: str, rows: Mapping[str, Any], windows: int
) -> LearnedTier:
    """The tier of the first seed, with what was measured of it."""
    link = Learned()
    link.load_state_dict(trained(folder / f"{name}-{SEEDS[0]}.pt"))
    link.eval()
    row = rows[name]
    return LearnedTier(
        cut=CUT,
        name=name,
        head=CodedHead(network.head, link.encoder),
        decoder=link.decoder,
        symbols=(rounded(torch.zeros(1, SYMBOLS, LENGTH)).to(torch.int8),),
        tables=link.prior.tables(LENGTH),
        rate_weight=RATE_WEIGHTS[name],
        bytes_mean=row["bytes"][0],
        bytes_p95=row["p95"][0],
        encode_s=row["encode_ms"] / 1e3,
        decode_s=row["decode_ms"] / 1e3,
        accuracy_loss=lost(row, rows) / 100,
        quality=Measurement(
            metric="windows right",
            value=(row["breathing"][0] + row["heart"][0]) / 200,
            data="simulated rooms",
            samples=windows,
        ),
    )


def input_tiers(measured: Mapping[str, Any], rows: Mapping[str, Any]) -> tuple[InputTier, ...]:
    """Ways to send the map itself, where the owner lets it leave."""
    inputs = {row["name"]: row for row in measured["rows"] if row["what"] == "input"}
    plain = InputTier(
        name="float32", codec="float32", bytes_mean=2 * measured["input_bytes"], accuracy_loss=0.0
    )
    coded = (
        InputTier(
            name=kind,
            codec=kind,
            bytes_mean=inputs[f"{kind} + zstd"]["bytes"][0],
            accuracy_loss=lost(inputs[f"{kind} + zstd"], rows) / 100,
            stream_bytes_per_s=measured["stream_bytes_per_s"][kind],
            stream_chunk_s=PIECE_S,
            stream_samples=round(PIECE_S * FRAME_RATE_HZ),
        )
        for kind in INPUT_KINDS
    )
    return (plain, *coded)


def write(folder: Path, out: Path, measured: Mapping[str, Any]) -> None:
    """Export network and tiers, split after the head."""
    network = load(folder)
    example = (torch.randn(1, 2, RANGES, FRAMES),)
    captured = capture(
        network,
        example,
        name=MODEL,
        input_names=(INPUT,),
        output_names=("breathing", "heart", "state"),
    )
    series = next(
        tensor.name for tensor in captured.graph.tensors if tensor.shape == (1, SERIES, SAMPLES)
    )
    rows = {row["name"]: row for row in measured["rows"] if row["what"] == "features"}
    whole = rows["float32"]
    about = About(
        name=MODEL,
        version="2.0.0",
        summary="Breathing and heart rate from 30 s of echoes, for hard cases.",
        period_s=2.0,
        quality=Measurement(
            metric="windows right",
            value=(whole["breathing"][0] + whole["heart"][0]) / 200,
            data="simulated rooms",
            samples=measured["windows"],
        ),
        input_tiers=input_tiers(measured, rows),
        generic_loss={(CUT, kind): lost(rows[f"{kind} + zstd"], rows) / 100 for kind in GENERIC},
        generic_bytes={
            (CUT, kind): (
                statistics.fmean(rows[f"{kind} + zstd"]["bytes"]),
                rows[f"{kind} + zstd"]["p95"][0],
            )
            for kind in GENERIC
        },
    )
    tiers = [
        learned_tier(folder, network, name, rows, measured["windows"]) for name in RATE_WEIGHTS
    ]
    write_bundle(out, captured, about, cuts={CUT: (series,)}, learned=tiers)


def main() -> None:
    """Read what was trained and measured, write the bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="of vitals_training")
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundle")
    parser.add_argument("--measured", type=Path, default=Path("docs/codec-bench.json"))
    chosen = parser.parse_args()
    write(chosen.folder, chosen.out, json.loads(chosen.measured.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
