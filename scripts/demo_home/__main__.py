"""`scripts/demo`: a whole home on one computer answers "monitor my mood"."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from demo_home import dashboard, screen, story
from demo_home.home_assistant import PASSWORD, USER, HomeAssistantError
from demo_home.processes import StartError
from demo_home.stage import WORKER, Stage, set_up, until_planned

REQUEST = "monitor my mood"
# Two minutes of rest and at least one of what follows, played eight times faster, take
# 25 s; the rest is patience with slow computers.
_VALUES_S = 150
_POLL_S = 0.5


async def main() -> int:
    """Run the demo; returns the exit code."""
    options = _options()
    console = Console()
    try:
        plot = story.tell(WORKER, options.wav, options.pcap)
        with tempfile.TemporaryDirectory(prefix="edge-ai-demo-") as folder:
            async with set_up(Path(folder), plot, console.print) as stage:
                try:
                    return await _perform(stage, plot, console, check=options.check)
                except HomeAssistantError:
                    _show_logs(stage, console)
                    raise
    except (StartError, HomeAssistantError, story.StoryError) as error:
        console.print(f"[red]The demo failed.[/] {error}", soft_wrap=True)
        return 1


async def _perform(stage: Stage, plot: story.Story, console: Console, *, check: bool) -> int:
    answer = await until_planned(stage, REQUEST)
    reply = await stage.home.say(REQUEST)
    console.print(screen.understanding(REQUEST, reply, answer))
    sound, packets = plot.sources
    console.print(f"Sound: {sound}. Traffic: {packets}. Played {story.SPEED} times faster.")
    console.print(f"{story.PERSON} sits quietly (button “calibrate”) and checks in as “good”.")
    entities = await stage.entities()
    person = f"person.{story.PERSON.lower()}"
    button, select = entities[f"{person}_calibrate"], entities[f"{person}_check_in"]
    await stage.home.act("button.press", {"entity_id": button["entity_id"]})
    await stage.home.act(
        "select.select_option", {"entity_id": select["entity_id"], "option": "good"}
    )
    if not check:
        await dashboard.furnish(stage.home, entities)
        # It understands more than the sentences that any agent lets through.
        await stage.home.talk_to(entities["agent"]["entity_id"])
        console.print(
            f"\n[bold]Look at it in a browser:[/] {stage.home.url}"
            f"   user [bold]{USER}[/], password [bold]{PASSWORD}[/]   (Ctrl-C ends everything)\n"
            "Type requests into [bold]Assist[/], the speech bubble at the top right.\n"
        )
    states = await _watch(stage, console, forever=not check)
    if lacking := screen.missing(states):
        console.print(f"[red]No value for: {', '.join(lacking)}[/]")
        _show_logs(stage, console)
        return 1
    if check:
        console.print("\n[green]All required entities hold values. Stopping everything.[/]")
    return 0


def _show_logs(stage: Stage, console: Console) -> None:
    for name in ("hub", "device", "homeassistant"):
        console.print(f"--- {name}\n{stage.processes.last_words(name)}", markup=False)


async def _watch(stage: Stage, console: Console, *, forever: bool) -> Mapping[str, Any]:
    """Show the entities until all have values, or for ever; returns the last states."""
    bar = screen.progress()
    task = bar.add_task("Entities with values", total=len(screen.REQUIRED))
    states: dict[str, dict[str, Any]] = {}
    deadline = asyncio.get_running_loop().time() + _VALUES_S
    with Live(console=console, refresh_per_second=4) as live:
        while forever or asyncio.get_running_loop().time() < deadline:
            stage.keep_home_assistant()
            with contextlib.suppress(HomeAssistantError):
                states = await stage.entities()
            lacking = screen.missing(states)
            bar.update(task, completed=len(screen.REQUIRED) - len(lacking))
            live.update(screen.live(bar, states))
            if not lacking and not forever:
                break
            await asyncio.sleep(_POLL_S)
    return states


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--check", action="store_true", help="no person: exit 0 when it works")
    parser.add_argument("--pcap", type=Path, help="a capture instead of the packet generator")
    parser.add_argument("--wav", type=Path, help="a recording instead of the acoustic simulator")
    options = parser.parse_args()
    for path in (options.pcap, options.wav):
        if path is not None and not path.is_file():
            parser.error(f"{path} is not a file")
    options.pcap = options.pcap and options.pcap.resolve()
    options.wav = options.wav and options.wav.resolve()
    return options


async def _until_interrupted() -> int:
    """Ctrl-C and a polite kill end the demo in order."""
    task = asyncio.ensure_future(main())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        print("Stopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(asyncio.run(_until_interrupted()))
