"""Profiles and placements on a terminal, and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from edge_worker.offload.bundle import Bundle
from edge_worker.offload.placement import Link, Option, Placement, Where
from edge_worker.offload.profile import Profile
from edge_worker.offload.wording import label


def show_profile(bundle: Bundle, profile: Profile, *, kept: bool) -> None:
    """Operations by cost, the whole, and the halves."""
    console = Console()
    host = profile.host
    table = Table(
        Column("operation", overflow="fold"),
        "kind",
        *_right("ms", "output, bytes", "parameters, bytes"),
        title=f"{bundle.manifest.name} on {host.name} ({host.runtime}, {host.threads} thread(s))",
    )
    for item in profile.operations:
        table.add_row(
            item.name,
            item.kind,
            f"{1000 * item.seconds:.3f}",
            f"{item.output_bytes:,}",
            f"{item.parameter_bytes:,}",
        )
    console.print(table)
    if profile.parts:
        halves = Table(
            Column("cut / tier", overflow="fold"),
            *_right("head, ms", "encode, ms", "bytes", "decode, ms", "tail, ms"),
        )
        for name, part in profile.parts.items():
            halves.add_row(
                name,
                f"{1000 * part.head_s:.3f}",
                f"{1000 * part.encode_s:.3f}",
                f"{part.bytes:,}",
                f"{1000 * part.decode_s:.3f}",
                f"{1000 * part.tail_s:.3f}",
            )
        console.print(halves)
    console.print(
        f"Whole: {1000 * profile.whole_s:.3f} ms, {profile.memory_bytes / 2**20:.2f} MiB of "
        f"parameters and tensors. {'Kept from before.' if kept else 'Measured now, and kept.'}"
    )


def show_placement(
    bundle: Bundle, placement: Placement, *, device: Profile, hub: Profile, link: Link
) -> None:
    """The graph with the cut, the options, and the sentences."""
    console = Console()
    console.print(_graph_table(bundle, placement.chosen, device, hub))
    console.print(_option_table(placement, link))
    for sentence in _forbidden(placement):
        console.print(f"[dim]{escape(sentence)}[/]")
    console.print(f"[bold]{escape(placement.reason)}[/]")
    if placement.advice:
        console.print(escape(placement.advice))


def placement_json(
    bundle: Bundle, placement: Placement, device: Profile, hub: Profile
) -> dict[str, Any]:
    """The same for programs."""
    return {
        "model": bundle.manifest.name,
        "model_hash": bundle.manifest.model_hash,
        "policy": placement.policy,
        "reason": placement.reason,
        "advice": placement.advice,
        "chosen": _option(placement.chosen),
        "options": [_option(option) for option in placement.options],
        "device_operations": sorted(_on_device(bundle, placement.chosen)),
        "device": {"whole_s": device.whole_s, "slowdown": device.slowdown},
        "hub": {"whole_s": hub.whole_s, "slowdown": hub.slowdown},
    }


def _option(option: Option) -> dict[str, Any]:
    return {**asdict(option), "latency_s": option.costs.latency_s}


def _on_device(bundle: Bundle, option: Option) -> set[str]:
    match option.where:
        case Where.DEVICE:
            return {item.name for item in bundle.graph.operations}
        case Where.SPLIT:
            return {item.name for item in bundle.graph.head(option.tensors)}
        case _:
            return set()


def _right(*names: str) -> list[Any]:
    # A number that is cut off at its end is another number: names give way instead.
    return [Column(name, justify="right", no_wrap=True) for name in names]


def _graph_table(bundle: Bundle, chosen: Option, device: Profile, hub: Profile) -> Table:
    """Device operations, the cut, hub operations; the cut's tensors are marked."""
    graph = bundle.graph
    here = _on_device(bundle, chosen)
    table = Table(
        "operation",
        "gives",
        *_right("bytes", "device, ms", "hub, ms"),
        title=bundle.manifest.name,
    )
    for side in ("device", "hub"):
        mine = [item for item in graph.operations if (item.name in here) == (side == "device")]
        if not mine:
            continue
        table.add_section()
        table.add_row(f"[bold]{side}[/]")
        for item in mine:
            crosses = set(item.outputs) & set(chosen.tensors) and chosen.where is Where.SPLIT
            tensor = graph.by_name[item.outputs[0]]
            table.add_row(
                item.name,
                "x".join(str(length) for length in tensor.shape),
                f"{graph.bytes_of(item.outputs):,}",
                f"{1000 * device.seconds[item.name]:.3f}",
                f"{1000 * hub.seconds[item.name]:.3f}",
                style="yellow" if crosses else None,
            )
        if side == "device" and chosen.where is Where.SPLIT:
            sent = f"{graph.bytes_of(chosen.tensors):,} as {chosen.costs.bytes:,.0f}"
            table.add_row(f"[yellow]── cut: {chosen.tier} ──[/]", "", f"[yellow]{sent}[/]")
    return table


def _option_table(placement: Placement, link: Link) -> Table:
    """Milliseconds of each step, best first; forbidden options are dim."""
    table = Table(
        Column("milliseconds"),
        *_right("all", "device", "coding", "link", "hub", "bytes", "mJ"),
        title=f"{link.bandwidth_bps / 1e6:g} Mbit/s, {1000 * link.rtt_s:g} ms round trip",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for option in placement.options:
        costs = option.costs
        table.add_row(
            escape(label(option)),
            *(
                f"{1000 * value:.1f}"
                for value in (
                    costs.latency_s,
                    costs.device_s,
                    costs.encode_s + costs.decode_s,
                    costs.link_s,
                    costs.hub_s,
                )
            ),
            f"{costs.bytes:,.0f}",
            f"{1000 * costs.energy_j:.0f}",
            style="bold" if option is placement.chosen else "dim" if option.forbidden else None,
        )
    return table


def _forbidden(placement: Placement) -> list[str]:
    return [
        f"Not {label(option)}: {option.forbidden}"
        for option in placement.options
        if option.forbidden
    ]
