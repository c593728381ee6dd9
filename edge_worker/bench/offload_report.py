"""Table, JSON and stacked bars of the co-inference benchmark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edge_worker.offload.parts import DEVICE_PLAN, INPUT_CUT, RAW_CUTS, STREAM_CUT, cut_of
from edge_worker.offload.placement import Policy
from edge_worker.offload.policies import MOST_LOST

# A tier that keeps what float32 keeps may be compared on latency alone.
_SAME = 1.05


_NOT_MEASURED = (
    "## What this page does not say",
    "",
    "- The vitals network sees simulated windows; what each coding loses stands in "
    "[codec-bench.md](codec-bench.md). The other networks see noise and have no trained weights, "
    "so that accuracy says nothing there.",
    "- Codings that are known to lose more than 1 % of the model's quality are left out.",
    "- Medians of few windows on a small shared computer: a few milliseconds either way are noise.",
)


def write_report(result: Mapping[str, Any], out: Path | None) -> str:
    """The page; with `out`, also OUT.json, OUT.md and OUT.png."""
    page = markdown(result)
    if out is not None:
        out.with_suffix(".json").write_text(json.dumps(result, indent=1), encoding="utf-8")
        out.with_suffix(".md").write_text(page, encoding="utf-8")
        draw(result, out.with_suffix(".png"))
    return page


def kind(plan: str) -> str:
    """Which arm of the comparison a plan belongs to."""
    cut, _, tier = plan.partition("/")
    if plan == DEVICE_PLAN:
        return "device"
    if cut == STREAM_CUT:
        return "hub streamed"
    if cut == INPUT_CUT:
        return "hub raw" if tier == "float32" else "hub compressed"
    return "split" if tier == "float32" else "split + codec"


ARMS = ("device", "hub raw", "hub compressed", "hub streamed", "split", "split + codec")


CODED = ("split + codec",)
_RIVALS = ("device", "hub compressed", "hub streamed")


def too_lossy(cell: Mapping[str, Any], plan: str) -> bool:
    """Whether the plan's coding is known to lose more than the policy bears."""
    cut, _, tier = plan.partition("/")
    # Over a link that does not carry it a stream is no plan at all; it loses what its tier does.
    known = cell["forecast"].get(f"{INPUT_CUT}/{tier}" if cut == STREAM_CUT else plan, {})
    loss = known.get("relative_loss")
    return loss is not None and loss > MOST_LOST[Policy.LATENCY]


def answered(cell: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Arms whose windows all took the way that the plan names, and keep the accuracy."""
    return {
        plan: arm
        for plan, arm in cell["arms"].items()
        if "local_fallback" not in arm["places"] and not too_lossy(cell, plan)
    }


def best(cell: Mapping[str, Any], wanted: Sequence[str]) -> tuple[str, float] | None:
    """The quickest measured plan of these arms."""
    found = [
        (plan, arm["latency_s"]) for plan, arm in answered(cell).items() if kind(plan) in wanted
    ]
    return min(found, key=lambda item: item[1]) if found else None


def choice(cell: Mapping[str, Any], *, raw_stays: bool) -> str:
    """What the planner foretold to be quickest, from the link as it measured it."""
    allowed: dict[str, float] = {
        plan: item["latency_s"]
        for plan, item in cell["forecast"].items()
        if not (raw_stays and cut_of(plan) in RAW_CUTS) and not too_lossy(cell, plan)
    }
    return min(allowed, key=lambda plan: float(allowed[plan]))


def judge(cell: Mapping[str, Any], *, raw_stays: bool) -> dict[str, Any]:
    """The planner's choice against the measured best of what is allowed."""
    arms = {
        plan: arm
        for plan, arm in answered(cell).items()
        if not (raw_stays and cut_of(plan) in RAW_CUTS)
    }
    chosen = choice(cell, raw_stays=raw_stays)
    quickest = min(arms, key=lambda plan: arms[plan]["latency_s"])
    ratio = cell["arms"][chosen]["latency_s"] / arms[quickest]["latency_s"]
    error = cell["forecast"][chosen]["latency_s"] / cell["arms"][chosen]["latency_s"] - 1
    return {"chosen": chosen, "quickest": quickest, "ratio": ratio, "error": error}


def markdown(result: Mapping[str, Any]) -> str:
    """The page."""
    cells = result["cells"]
    lines = [
        "# Co-inference: device, hub, or both",
        "",
        f"Made by `python -m edge_worker.bench.offload --out docs/offload-bench {_subset(cells)}`"
        f"{_parts(cells)}.",
        f"Link: {result['link']}. Device: {result['device']}. Between real processes, over "
        "mosquitto. Latency in ms, median, from a complete window on the device until its result "
        "is on the hub, which publishes it: the device's own result travels there as well.",
        "",
        "![Latency by arm](offload-bench.png)",
        "",
        "| model | Mbit/s | device | device alone | hub, raw | hub, compressed | hub, streamed "
        "| split, float32 | split + codec | bytes | planner, raw stays | planner, raw may leave |",
        "|" + "-|" * 12,
    ]
    for cell in cells:
        columns = []
        for arm in ARMS:
            found = best(cell, (arm,))
            columns.append("-" if found is None else f"{1000 * found[1]:.1f}")
        coded = best(cell, ("split + codec",))
        size = "-" if coded is None else f"{cell['arms'][coded[0]]['bytes']:.0f}"
        choices = [judge(cell, raw_stays=stays) for stays in (True, False)]
        lines.append(
            f"| {cell['model']} | {cell['bandwidth_mbit']:g} | {cell['slowdown']:g}x | "
            + " | ".join([*columns, size])
            + "".join(f" | {item['chosen']} ({item['ratio']:.2f})" for item in choices)
            + " |"
        )
    lines += ["", "In brackets: measured latency of the choice over the measured best.", ""]
    small = [
        f"- Small message, device to hub and back over mosquitto on one computer: {ms:.1f} ms "
        "(target 2 ms)."
        for ms in (result.get("small_round_trip_ms"),)
        if ms is not None
    ]
    return "\n".join([*lines, "## Bars", "", *bars(cells), *small, "", *_NOT_MEASURED, ""])


def _subset(cells: Sequence[Mapping[str, Any]]) -> str:
    """The options that give these cells."""
    names = {"models": "model", "bandwidths": "bandwidth_mbit", "slowdowns": "slowdown"}
    parts = []
    for option, key in names.items():
        values = sorted({cell[key] for cell in cells})
        texts = [v if isinstance(v, str) else f"{v:g}" for v in values]
        parts.append(f"--{option} {','.join(texts)}")
    windows = max((arm["windows"] for cell in cells for arm in cell["arms"].values()), default=1)
    return " ".join([*parts, f"--windows {windows}"])


def _parts(cells: Sequence[Mapping[str, Any]]) -> str:
    """Whether cells of that grid were left out."""
    keys = ("model", "bandwidth_mbit", "slowdown")
    full = 1
    for key in keys:
        full *= len({cell[key] for cell in cells})
    return "" if len(cells) == full else ", in parts with `--resume`; the cells below are all"


def bars(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """The targets, each with what was measured."""
    lines = []
    for stays in (True, False):
        found = [judge(cell, raw_stays=stays) for cell in cells]
        right = sum(item["ratio"] <= _SAME for item in found)
        close = sum(abs(item["error"]) <= 0.2 for item in found)
        rule = "raw data stays" if stays else "raw data may leave"
        lines.append(
            f"- Planner, {rule}: within 5 % of the measured best in {right} of {len(found)} "
            f"cells (target 95 %); predicted latency of its choice within 20 % in {close} of "
            f"{len(found)}."
        )
    for model in dict.fromkeys(cell["model"] for cell in cells):
        own = [cell for cell in cells if cell["model"] == model and cell["slowdown"] >= 10]
        lines += [
            _gain(own, f"{model}, raw stays, device 10-30x", ("device",)),
            _gain(own, f"{model}, raw may leave, device 10-30x", _RIVALS),
            *_air(own, model),
        ]
    memory = max((cell["memory_mb"] for cell in cells), default=0.0)
    torch = any(cell["torch"] for cell in cells)
    lines.append(
        f"- Device process: at most {memory:.0f} MB with every head, the whole model and all "
        f"codecs loaded, PyTorch {'loaded' if torch else 'not loaded'} (target 150 MB)."
    )
    return lines


def _gain(cells: Sequence[Mapping[str, Any]], what: str, rivals: Sequence[str]) -> str:
    """How often split + codec is twice as quick as the best of the rivals."""
    pairs = [(cell, best(cell, rivals), best(cell, CODED)) for cell in cells]
    ratios = [(alone[1] / coded[1], cell) for cell, alone, coded in pairs if alone and coded]
    if not ratios:
        return f"- {what}: no split to compare."
    low, high = min(ratios, key=_first), max(ratios, key=_first)
    twice = sum(ratio >= 2 for ratio, _ in ratios)
    return (
        f"- {what}: split + codec is {low[0]:.2f} to {high[0]:.2f} times as quick as "
        f"{'the best of ' if len(rivals) > 1 else ''}{', '.join(rivals)}; at least 2x in {twice} "
        f"of {len(ratios)} cells (best at {high[1]['bandwidth_mbit']:g} Mbit/s, "
        f"{high[1]['slowdown']:g}x)."
    )


def _air(cells: Sequence[Mapping[str, Any]], model: str) -> list[str]:
    """Bytes on the link for one window: the split that sends least against the hub alone."""
    sent: dict[str, list[float]] = {}
    for cell in cells:
        for plan, arm in answered(cell).items():
            if arm.get("air_bytes"):
                sent.setdefault(plan, []).append(arm["air_bytes"])
    means = {plan: sum(values) / len(values) for plan, values in sent.items()}
    hubs = [plan for plan in means if kind(plan) in ("hub compressed", "hub streamed")]
    coded = [plan for plan in means if kind(plan) in CODED]
    if not hubs or not coded:
        return []
    hub, split = min(hubs, key=means.__getitem__), min(coded, key=means.__getitem__)
    return [
        f"- {model}, bytes on the link for one window, both ways and with every header: {split} "
        f"{means[split]:.0f}, {hub} {means[hub]:.0f}, {means[hub] / means[split]:.1f} times as "
        "many (target 30x at equal accuracy)."
    ]


def _first(item: tuple[float, Any]) -> float:
    return item[0]


def draw(result: Mapping[str, Any], path: Path) -> None:
    """Stacked bars: device, link, hub, for each arm; one panel per model and device speed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    cells = result["cells"]
    models = list(dict.fromkeys(cell["model"] for cell in cells))
    speeds = sorted({cell["slowdown"] for cell in cells})
    figure, axes = pyplot.subplots(
        len(models), len(speeds), figsize=(4.2 * len(speeds), 2.9 * len(models)), squeeze=False
    )
    colours = ("#3b6ea5", "#e0a030", "#5a9367")
    for row, model in enumerate(models):
        for column, speed in enumerate(speeds):
            axis = axes[row][column]
            here = [c for c in cells if c["model"] == model and c["slowdown"] == speed]
            axis.set_visible(bool(here))
            for group, cell in enumerate(here):
                for offset, arm in enumerate(ARMS):
                    found = best(cell, (arm,))
                    if found is None:
                        continue
                    measured = cell["arms"][found[0]]
                    total, device, hub = (
                        1000 * measured[name] for name in ("latency_s", "device_s", "hub_s")
                    )
                    parts = (device, max(0.0, total - device - hub), hub)
                    bottom = 0.0
                    for value, colour in zip(parts, colours, strict=True):
                        axis.bar(group + 0.14 * (offset - 2.5), value, 0.12, bottom, color=colour)
                        bottom += value
            axis.set_yscale("symlog", linthresh=1)
            axis.set_xticks(range(len(here)), [f"{c['bandwidth_mbit']:g}" for c in here])
            axis.set_title(f"{model}, device {speed:g}x", fontsize=9)
            axis.set_xlabel("Mbit/s", fontsize=8)
            axis.set_ylabel("ms", fontsize=8)
    figure.suptitle(
        "Blue: device, yellow: link, green: hub. Bars of a group: " + ", ".join(ARMS), fontsize=10
    )
    figure.tight_layout(rect=(0, 0, 1, 0.97))
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
