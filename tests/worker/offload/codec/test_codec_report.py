"""The codec benchmark's page says what its rows hold, bar by bar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge_worker.bench.codec_report import RIVAL, lost, markdown, write_report


def row(name: str, size: list[float], heart: list[float], what: str = "features") -> dict[str, Any]:
    return {
        "name": name,
        "what": what,
        "bytes": size,
        "p95": [value * 1.2 for value in size],
        "breathing": [98.0] * len(heart),
        "heart": heart,
        "encode_ms": None,
        "decode_ms": 0.25,
    }


@pytest.fixture
def result() -> dict[str, Any]:
    return {
        "windows": 100,
        "feature_bytes": 12_000,
        "input_bytes": 114_000,
        "seeds": 3,
        "rate_weights": {"learned-low": 1e-3},
        "rows": [
            row("float32", [12_000.0], [78.0]),
            row(RIVAL, [900.0, 910.0, 890.0], [77.0, 77.5, 76.5]),
            row("learned-low", [150.0, 160.0, 140.0], [77.0, 76.0, 78.0]),
            row("int8 + zstd", [40_000.0], [78.0], "input"),
        ],
    }


def test_points_are_lost_against_uncoded_features(result: dict[str, Any]) -> None:
    rows = {item["name"]: item for item in result["rows"]}
    assert lost(rows["learned-low"], rows) == pytest.approx(0.5)
    assert lost(rows["float32"], rows) == 0


def test_page_holds_every_row_and_bar(result: dict[str, Any]) -> None:
    page = markdown(result)
    assert "| features | learned-low | 150 ± 10 | 180 | 80.0x | 760x | 98.0 ± 0.0 |" in page
    assert "80x fewer bytes than float32 features (bar 50x), 6.0x fewer than" in page
    assert "0.50 points lost (bar 1; the rival 0.50), 760x fewer than the 16-bit map" in page
    assert "| input | int8 + zstd | 40000 |" in page


def test_three_files_are_written(result: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need the extra `plot`")
    write_report(result, tmp_path / "codec-bench")
    assert (tmp_path / "codec-bench.png").read_bytes().startswith(b"\x89PNG")
    assert '"windows": 100' in (tmp_path / "codec-bench.json").read_text()
    assert (tmp_path / "codec-bench.md").read_text() == markdown(result)
