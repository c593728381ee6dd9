"""How analyses are shown: a line of text or a JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_worker.sensing.traffic.headers import ICMP, ICMP6, TCP, UDP
from edge_worker.sensing.traffic.meter import FlowReport
from edge_worker.sensing.traffic.windows import UsageWindow

_TRANSPORTS = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmpv6"}


def flow_json(flow: FlowReport) -> dict[str, Any]:
    """One flow. `transport` is a name, or the IP protocol number as text."""
    return {
        "client": flow.client,
        "server": flow.server,
        "client_port": flow.client_port,
        "server_port": flow.server_port,
        "transport": _transport(flow.protocol),
        "name": flow.name,
        "name_source": flow.name_source,
        "app": flow.app,
        "category": flow.category,
        "packets": flow.packets,
        "bytes": flow.up + flow.down,
        "bytes_up": flow.up,
        "bytes_down": flow.down,
        "first": round(flow.first, 6),
        "last": round(flow.last, 6),
    }


def flow_line(flow: FlowReport) -> str:
    """One flow for people."""
    ends = f"{flow.client}:{flow.client_port} → {flow.server}:{flow.server_port}"
    name = flow.name or "-"
    return (
        f"{_transport(flow.protocol):<6} {ends:<48} {flow.category:<13} "
        f"{flow.packets:>7} pkts {flow.up + flow.down:>10} B  {name}"
    )


def window_json(window: UsageWindow) -> dict[str, Any]:
    """One client and window; times in Unix seconds."""
    return {
        "client": window.person,
        "t0": window.t0,
        "t1": window.t1,
        "seconds": dict(window.seconds),
        "bytes": bytes_by_category(window),
        "bytes_up": dict(window.up),
        "bytes_down": dict(window.down),
        "packets": window.packets,
        "background_bytes": window.background,
        "unknown_share": round(window.unknown_share, 4),
        "hidden_share": round(window.hidden_share, 4),
    }


def window_line(window: UsageWindow) -> str:
    """One client and window for people."""
    used = bytes_by_category(window)
    parts = [
        f"{name} {window.seconds.get(name, 0):.0f} s {size} B"
        for name, size in sorted(used.items(), key=lambda item: -item[1])
    ]
    parts.append(f"background {window.background} B")
    return f"{window.t0} +{window.t1 - window.t0} s  {window.person}: {', '.join(parts)}"


def bytes_by_category(window: UsageWindow) -> Mapping[str, int]:
    """Bytes of both directions per category, without background traffic."""
    return {name: window.up.get(name, 0) + window.down.get(name, 0) for name in window.up}


def _transport(protocol: int) -> str:
    return _TRANSPORTS.get(protocol, str(protocol))
