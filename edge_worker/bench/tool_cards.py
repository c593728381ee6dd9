"""Write the measured figures on tool cards: `python -m edge_worker.bench.tool_cards`.

Takes them from the results of the benchmarks in docs, so that a card never says what no table
says. Run it after `bench.acoustic` or `bench.vitals_network`; a test compares.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from edge_worker.catalogue import measured

ROOT = Path(__file__).resolve().parents[2]
ACOUSTIC = "acoustic-bench"
NETWORK = "vitals-network"
DISTANCE = "distance 0.8 m"
HARD = "all hard conditions"


def figures(docs: Path) -> dict[str, list[dict[str, Any]]]:
    """By tool: metric, value, and what it was measured on; the headline first.

    Raises OSError or KeyError when a benchmark's result is missing or of another form.
    """
    near = _read(docs, ACOUSTIC)["conditions"][DISTANCE]
    hard = next(row for row in _read(docs, NETWORK)["conditions"] if row["condition"] == HARD)

    def share(rate: str, who: str) -> dict[str, Any]:
        metric = f"share of windows with a {rate} rate"
        return _figure(metric, hard[f"{rate}_{who}"]["given"], 3, f"{HARD}, {NETWORK}")

    def error(name: str, value: float) -> dict[str, Any]:
        return _figure(name, value, 2, f"{DISTANCE}, {ACOUSTIC}")

    return {
        "vital_signs": [
            share("heart", "receiver"),
            share("breathing", "receiver"),
            error("breathing rate, median error per minute", near["breathing_median"]),
            error("heart rate, median error in bpm", near["heart_median"]),
        ],
        "vitals_network": [share("heart", "step"), share("breathing", "step")],
    }


def _figure(metric: str, value: float, digits: int, where: str) -> dict[str, Any]:
    return {
        "metric": metric,
        "value": round(value, digits),
        "data": f"simulated rooms, {where}",
    }


def _read(docs: Path, name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((docs / f"{name}.json").read_text(encoding="utf-8"))
    return result


def as_text(found: dict[str, list[dict[str, Any]]]) -> str:
    """The file's content."""
    return json.dumps(found, indent=1) + "\n"


def main() -> None:
    """Read the results, write the figures beside the catalogue, print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where results lie")
    text = as_text(figures(parser.parse_args().docs))
    Path(measured.__file__).with_name(measured.FILE).write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
