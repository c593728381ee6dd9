"""`edge-worker traffic`: read captures, watch a live source, generate test traffic.

Read with argparse: Typer alone takes as long to load as a million packets take to read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ABOUT = "App usage from home traffic: captures, live interface, generator."
_OK, _USAGE = 0, 2
_LIVE_SETTINGS = (
    *("source", "interface", "path", "speed", "url", "username", "password", "exporter", "port"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 2 with one sentence for what a user can mend."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        run(options)
    except KeyboardInterrupt:
        return _OK
    except BrokenPipeError:
        # The reader (such as `head`) has seen enough; keep the interpreter from flushing.
        sys.stdout = None
        return _OK
    except OSError as error:
        return _failed(f"{error.filename or 'file'}: {error.strerror or error}")
    except ValueError as error:
        return _failed(str(error))
    return _OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edge-worker traffic", description=ABOUT)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(run: Callable[[argparse.Namespace], None], name: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        added.set_defaults(run=run)
        return added

    analyze = command(_analyze, "analyze")
    _add_file(analyze)
    _add_window(analyze, default=60)
    analyze.add_argument("--flows", action="store_true", help="list flows instead of windows")
    clients = command(_clients, "clients")
    _add_file(clients)
    _add_live(command(_live, "live"))
    _add_generate(command(_generate, "generate"))
    return parser


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="capture file, pcap or pcapng")
    parser.add_argument("--json", action="store_true", help="a JSON array")


def _add_window(parser: argparse.ArgumentParser, default: int) -> None:
    parser.add_argument(
        "--window",
        type=_seconds,
        default=default,
        metavar="SECONDS",
        help="length of a window (default: %(default)s)",
    )


def _seconds(text: str) -> int:
    """A whole number of seconds, at least one."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("write a whole number of seconds, at least 1")
    return int(text)


def _add_live(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--person",
        action="append",
        required=True,
        metavar="NAME=ADDRESS[,ADDRESS...]",
        help="who opted in, IP or MAC; repeatable",
    )
    add(
        "--source",
        default="interface",
        help="interface, stream, pcap, adguard, pihole, netflow or generator",
    )
    add("--interface", help="network interface, e.g. br-lan")
    add("--path", type=Path, help="pcap: a file. stream: a FIFO, - is standard input")
    add("--speed", type=float, default=1.0, help="pcap: replay factor")
    add("--url", help="adguard, pihole: the server's URL")
    add("--username", help="adguard: user name")
    add(
        "--password",
        default=os.environ.get("EDGE_WORKER_DNS_PASSWORD"),
        help="better in the variable EDGE_WORKER_DNS_PASSWORD",
    )
    add("--exporter", help="netflow: the router's address")
    add("--port", type=int, default=2055, help="netflow: UDP port")
    _add_window(parser, default=10)
    add("--json", action="store_true", help="JSON lines")


def _add_generate(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--out", type=Path, required=True, help="capture file to write")
    add("--client", default="192.168.1.23", help="IP address of the device")
    add(
        "--session",
        action="append",
        metavar="APP:START:DURATION",
        help="in seconds, repeatable; default: an evening",
    )
    add("--start", type=float, default=1_700_000_000.0, help="Unix time of the first packet")
    add("--seed", type=int, default=1, help="same seed, same packets")


def _analyze(options: argparse.Namespace) -> None:
    """Seconds and bytes per app category, for each client and window of a capture."""
    from edge_worker.sensing.traffic import report
    from edge_worker.sensing.traffic.analysis import CaptureAnalysis

    analysis = CaptureAnalysis(options.file)
    if options.flows and options.json:
        _print_array(report.flow_json(flow) for flow in analysis.flows())
    elif options.flows:
        for flow in analysis.flows():
            print(report.flow_line(flow))
    elif options.json:
        _print_array(report.window_json(usage) for usage in analysis.windows(options.window))
    else:
        for usage in analysis.windows(options.window):
            print(report.window_line(usage))
    _warn_of_damage(analysis.damaged)


def _clients(options: argparse.Namespace) -> None:
    """Devices of the home in a capture, the one that uses apps most first."""
    from edge_worker.sensing.traffic.analysis import CaptureAnalysis

    analysis = CaptureAnalysis(options.file)
    if options.json:
        _print_array(vars(found) for found in analysis.clients())
    else:
        for found in analysis.clients():
            print(f"{found.client:<40} {found.bytes:>12} B, {found.use} B of known apps")
    _warn_of_damage(analysis.damaged)


def _live(options: argparse.Namespace) -> None:
    """Show the app use of people who opted in, window by window, until Ctrl-C."""
    from edge_worker.catalogue.tool import SourceError
    from edge_worker.sensing.traffic.live_view import parse_person, watch_live

    given = {name: getattr(options, name) for name in _LIVE_SETTINGS}
    settings = {name: value for name, value in given.items() if value is not None}
    people = tuple(parse_person(text) for text in options.person)
    try:
        for line in watch_live(settings, people, options.window, as_json=options.json):
            print(line, flush=True)
    except SourceError as error:
        raise ValueError(str(error)) from error


def _generate(options: argparse.Namespace) -> None:
    """Write a capture of simulated app use: real handshakes, noise as content."""
    from edge_worker.sensing.traffic.frames import write_pcap
    from edge_worker.sensing.traffic.generator import EVENING, generate, parse_session
    from edge_worker.sensing.traffic.watch import ip_words

    if ip_words(options.client) is None:
        raise ValueError("--client is not an IP address")
    sessions = [parse_session(text) for text in options.session] if options.session else EVENING
    frames = generate(sessions, client=options.client, start=options.start, seed=options.seed)
    with options.out.open("wb") as file:
        count = write_pcap(file, frames)
    print(f"{count} packets of simulated app use written to {options.out}")


def _print_array(items: Iterable[Mapping[str, Any]]) -> None:
    """Print a JSON array, one object per line, as they come: a large one isn't held."""
    before = "["
    for item in items:
        print(f"{before}{json.dumps(item)}", end="")
        before = ",\n"
    print("[]" if before == "[" else "]")


def _failed(sentence: str) -> int:
    print(f"edge-worker traffic: {sentence}", file=sys.stderr)
    return _USAGE


def _warn_of_damage(damaged: bool) -> None:
    if damaged:
        print("The capture is damaged; what follows the damage was not read.", file=sys.stderr)
