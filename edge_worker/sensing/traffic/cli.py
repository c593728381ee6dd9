"""`edge-worker traffic`: read captures, generate test traffic."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="App usage from home traffic: captures, live interface, generator.",
    pretty_exceptions_enable=False,
)

CaptureFile = Annotated[Path, typer.Argument(help="Capture file, pcap or pcapng.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON array (live: lines).")]


@app.command()
def analyze(
    file: CaptureFile,
    window: Annotated[int, typer.Option(min=1, help="Length of a window in seconds.")] = 60,
    flows: Annotated[bool, typer.Option("--flows", help="List flows instead of windows.")] = False,
    as_json: AsJson = False,
) -> None:
    """Seconds and bytes per app category, for each client and window of a capture."""
    with _user_errors():
        from edge_worker.sensing.traffic import report
        from edge_worker.sensing.traffic.analysis import CaptureAnalysis

        analysis = CaptureAnalysis(file)
        if flows and as_json:
            _print_array(report.flow_json(flow) for flow in analysis.flows())
        elif flows:
            for flow in analysis.flows():
                print(report.flow_line(flow))
        elif as_json:
            _print_array(report.window_json(usage) for usage in analysis.windows(window))
        else:
            for usage in analysis.windows(window):
                print(report.window_line(usage))
        _warn_of_damage(analysis.damaged)


@app.command()
def clients(file: CaptureFile, as_json: AsJson = False) -> None:
    """Devices of the home in a capture, the one that uses apps most first."""
    with _user_errors():
        from edge_worker.sensing.traffic.analysis import CaptureAnalysis

        analysis = CaptureAnalysis(file)
        if as_json:
            _print_array(vars(found) for found in analysis.clients())
        else:
            for found in analysis.clients():
                print(f"{found.client:<40} {found.bytes:>12} B, {found.use} B of known apps")
        _warn_of_damage(analysis.damaged)


@app.command()
def live(
    person: Annotated[
        list[str],
        typer.Option(help="NAME=ADDRESS[,ADDRESS...]: who opted in, IP or MAC; repeatable."),
    ],
    source: Annotated[
        str, typer.Option(help="interface, stream, pcap, adguard, pihole, netflow or generator.")
    ] = "interface",
    interface: Annotated[str | None, typer.Option(help="Network interface, e.g. br-lan.")] = None,
    path: Annotated[
        Path | None, typer.Option(help="pcap: a file. stream: a FIFO, - is standard input.")
    ] = None,
    speed: Annotated[float, typer.Option(help="pcap: replay factor.")] = 1.0,
    url: Annotated[str | None, typer.Option(help="adguard, pihole: the server's URL.")] = None,
    username: Annotated[str | None, typer.Option(help="adguard: user name.")] = None,
    password: Annotated[
        str | None, typer.Option(envvar="EDGE_WORKER_DNS_PASSWORD", help="Better in the variable.")
    ] = None,
    exporter: Annotated[str | None, typer.Option(help="netflow: the router's address.")] = None,
    port: Annotated[int, typer.Option(help="netflow: UDP port.")] = 2055,
    window: Annotated[int, typer.Option(min=1, help="Length of a window in seconds.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show the app use of people who opted in, window by window, until Ctrl-C."""
    with _user_errors():
        from edge_worker.sensing.traffic.live_view import parse_person, watch_live

        given = {
            "source": source,
            "interface": interface,
            "path": path,
            "speed": speed,
            "url": url,
            "username": username,
            "password": password,
            "exporter": exporter,
            "port": port,
        }
        settings = {name: value for name, value in given.items() if value is not None}
        for line in watch_live(
            settings, tuple(parse_person(text) for text in person), window, as_json=as_json
        ):
            print(line, flush=True)


@app.command()
def generate(
    out: Annotated[Path, typer.Option(help="Capture file to write.")],
    client: Annotated[str, typer.Option(help="IP address of the device.")] = "192.168.1.23",
    session: Annotated[
        list[str] | None,
        typer.Option(help="app:start:duration in seconds, repeatable; default: an evening."),
    ] = None,
    start: Annotated[float, typer.Option(help="Unix time of the first packet.")] = 1_700_000_000.0,
    seed: Annotated[int, typer.Option(help="Same seed, same packets.")] = 1,
) -> None:
    """Write a capture of simulated app use: real handshakes, noise as content."""
    with _user_errors():
        from edge_worker.sensing.traffic.frames import write_pcap
        from edge_worker.sensing.traffic.generator import EVENING, parse_session
        from edge_worker.sensing.traffic.generator import generate as frames
        from edge_worker.sensing.traffic.watch import ip_words

        if ip_words(client) is None:
            raise ValueError("--client is not an IP address")
        sessions = [parse_session(text) for text in session] if session else EVENING
        with out.open("wb") as file:
            count = write_pcap(file, frames(sessions, client=client, start=start, seed=seed))
        print(f"{count} packets of simulated app use written to {out}")


def _print_array(items: Iterable[Mapping[str, Any]]) -> None:
    """Print a JSON array, one object per line, as they come: a large one isn't held."""
    before = "["
    for item in items:
        print(f"{before}{json.dumps(item)}", end="")
        before = ",\n"
    print("[]" if before == "[" else "]")


@contextmanager
def _user_errors() -> Iterator[None]:
    """Turn what a user can mend into one sentence and exit code 2."""
    from edge_worker.catalogue.tool import SourceError
    from edge_worker.sensing.traffic.capture_file import CaptureError

    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except BrokenPipeError:
        # The reader (such as `head`) has seen enough; keep the interpreter from flushing.
        sys.stdout = None
    except OSError as error:
        _fail(f"{error.filename or 'file'}: {error.strerror or error}")
    except (CaptureError, SourceError, ValueError) as error:
        _fail(str(error))


def _fail(sentence: str) -> None:
    print(f"edge-worker traffic: {sentence}", file=sys.stderr)
    raise typer.Exit(2)


def _warn_of_damage(damaged: bool) -> None:
    if damaged:
        print("The capture is damaged; what follows the damage was not read.", file=sys.stderr)
