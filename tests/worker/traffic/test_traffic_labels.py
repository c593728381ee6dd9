"""Names against nDPI's labels of real captures, which are not ground truth but close."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from edge_worker.sensing.traffic.analysis import CaptureAnalysis

# "TCP a:1 <-> b:2 [proto: 91/TLS]...[Hostname/SNI: name]". Addresses are not compared:
# some of the labels' IPv6 addresses are not valid.
LABEL = re.compile(
    r"\s+\d+\s+(TCP|UDP) \S+:(\d+) (?:<->|->) \S+:(\d+) .*?"
    r"\[proto: [\d.]+/(\w+)[^\]]*\].*\[Hostname/SNI: ([^\]]*)\]"
)
CARRIERS = {"TLS", "QUIC", "HTTP"}


def labelled(capture: Path) -> list[tuple[str, frozenset[int], str, str]]:
    """Transport, both ports, protocol and name of each flow for which nDPI has a name."""
    text = capture.with_name(capture.name + ".out").read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if "Hostname/SNI" in line]
    found = [match for line in lines if (match := LABEL.match(line))]
    assert len(found) == len(lines)
    return [(m[1].lower(), frozenset((int(m[2]), int(m[3]))), m[4], m[5].lower()) for m in found]


def test_names_are_found_where_ndpi_finds_one(captures: list[Path]) -> None:
    total = named = 0
    carried = exact = 0
    for capture in captures:
        names = defaultdict(set)
        for report in CaptureAnalysis(capture).flows():
            flow = report
            transport = {6: "tcp", 17: "udp"}.get(flow.protocol, "")
            names[(transport, frozenset((flow.client_port, flow.server_port)))].add(flow.name)
        for transport, ports, protocol, name in labelled(capture):
            found = names[(transport, ports)]
            total += 1
            named += found != set() and found != {None}
            if protocol in CARRIERS:
                carried += 1
                exact += name in found
    assert total > 700
    assert carried > 400
    assert named / total >= 0.99
    assert exact / carried >= 0.99
