"""The two processes of the co-inference benchmark: a device and a hub, joined by a broker.

Neither loads PyTorch. `device` prints one JSON object: times, bytes, memory, forecasts.

A monitor's results are wanted on the hub, which publishes them. There each window's result is
timed, by the clock that both processes share: the device's own results travel there as well.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge_worker.bench.offload_arm import (
    LONGEST_WINDOW_S,
    PATIENCE_S,
    PAUSE_S,
    STEP,
    TOPICS,
    Arm,
    in_turns,
    measure,
    said,
    wait,
)
from edge_worker.catalogue.notes import read_note, write_note
from edge_worker.link import LinkMessage, MqttLink
from edge_worker.messages import StepValue, decode
from edge_worker.settings import MqttSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge_worker.offload.frames import Frame
    from edge_worker.offload.parts import SplitModel

app = typer.Typer()
_STRIDE = 7
# Until the first probes of the link agree.
_SETTLING_S = 5.0


@app.command()
def hub(
    port: Annotated[int, typer.Option()],
    bundles: Annotated[Path, typer.Option()],
    arrivals: Annotated[Path, typer.Option(help="When which window's result came.")],
    host: Annotated[str, typer.Option()] = "127.0.0.1",
) -> None:
    """Serve tails until told to end."""
    from edge_worker.offload.hub_side import TailServer
    from edge_worker.offload.model_shelf import ModelShelf

    came = arrivals.open("a", encoding="utf-8", buffering=1)

    def arrived(told: StepValue) -> None:
        came.write(f"{told.sequence} {time.monotonic()!r}\n")

    def hand_on(device: str, frame: Frame, outputs: Mapping[str, object]) -> bool:
        arrived(read_note(frame.note))
        return True

    def receive(message: LinkMessage) -> None:
        if message.topic.endswith("/frame/up"):
            server.receive(message.topic.split("/")[-3], message.payload)
        else:
            arrived(decode(StepValue, message.payload))

    link = _link(
        MqttSettings(host=host, port=port), "hub", receive,
        TOPICS.device("+", "frame/up"), TOPICS.device("+", f"data/{STEP}"),
    )  # fmt: skip
    shelf = ModelShelf(bundles)
    server = TailServer(
        shelf.get,
        lambda device, data: link.publish(TOPICS.device(device, "frame/down"), data),
        hand_on,
    )
    server.start()
    link.start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()


@app.command()
def device(
    port: Annotated[int, typer.Option()],
    bundle: Annotated[Path, typer.Option()],
    arrivals: Annotated[Path, typer.Option(help="Where the hub writes when results came.")],
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    name: Annotated[str, typer.Option()] = "pi",
    slowdown: Annotated[float, typer.Option()] = 1.0,
    plans: Annotated[str, typer.Option(help="Comma-separated; `auto` follows the planner.")] = "",
    windows: Annotated[int, typer.Option()] = 7,
    examples: Annotated[Path | None, typer.Option(help=".npz: input name → windows.")] = None,
) -> None:
    """Run windows by each plan, one after the other, and print what was measured."""
    from edge_worker.offload.bundle import load_bundle
    from edge_worker.offload.bundle_model import BundleModel
    from edge_worker.offload.device_side import DeviceSide
    from edge_worker.offload.parts import STREAM_CUT, cut_of

    link = _link(
        MqttSettings(host=host, port=port),
        name,
        lambda message: side.receive(message.payload),
        TOPICS.device(name, "frame/down"),
    )
    slow = pace(slowdown)
    side = DeviceSide(
        lambda data: link.publish(TOPICS.device(name, "frame/up"), data),
        pace=slow,
        note=lambda step, word: write_note(word[1]),
    )
    model = BundleModel(load_bundle(bundle))
    inputs = _windows(model, examples)
    side.start()
    link.start()
    planner = side.share(model, raw_may_leave=True)
    wait(lambda: planner.timed.is_set() and len(planner.options()) > 1, 120)
    wait(lambda: side.link is not None, 60)
    planner.keeper.note_made(write_note(said()))
    time.sleep(_SETTLING_S)
    forecast = {
        plan: {
            "latency_s": option.costs.latency_s,
            "bytes": option.costs.bytes,
            "where": str(option.where),
            "relative_loss": option.relative_loss,
        }
        for plan, option in planner.options().items()
    }
    measured_link = side.link
    planner.close()
    arms: dict[str, dict[str, Any]] = {}
    for group in in_turns(plans.split(",") if plans else ("device", *model.plans)):
        running = {}
        for plan in group:
            shared = side.share(model, raw_may_leave=True, forced=plan, deadline_s=LONGEST_WINDOW_S)
            shared.step = STEP
            # A stream needs windows that follow one another; the others see several rooms.
            stride = 1 if cut_of(plan) == STREAM_CUT else _STRIDE
            own = inputs[::stride] + inputs[1::stride]
            running[plan] = shared, Arm(shared, name, link, arrivals, own)
        measure([arm for _, arm in running.values()], windows)
        for plan, (shared, arm) in running.items():
            arms[plan] = arm.figures()
            shared.close()
    typer.echo(
        json.dumps(
            {
                "slowdown": slowdown,
                "link": None if measured_link is None else vars(measured_link),
                "forecast": forecast,
                "arms": arms,
                "memory_mb": _peak_memory_mb(),
                "torch": "torch" in sys.modules,
            }
        )
    )
    link.stop((TOPICS.device(name, "status"), b""))


@app.command()
def ping(
    port: Annotated[int, typer.Option()],
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    count: Annotated[int, typer.Option()] = 200,
) -> None:
    """Send small frames to the hub, one after the other, and print how long each took."""
    from edge_worker.offload.frames import Frame, FrameKind, pack

    answered = threading.Event()
    link = _link(
        MqttSettings(host=host, port=port),
        "ping",
        lambda message: answered.set(),
        TOPICS.device("ping", "frame/down"),
    )
    link.start()
    wait(lambda: link.connected, 20)
    seconds = []
    for number in range(count + 1):
        time.sleep(PAUSE_S)
        answered.clear()
        began = time.perf_counter()
        probe = pack(Frame(kind=FrameKind.PROBE, sequence=number))
        link.publish(TOPICS.device("ping", "frame/up"), probe)
        if not answered.wait(PATIENCE_S):
            raise SystemExit("The hub did not answer in time.")
        seconds.append(time.perf_counter() - began)
    typer.echo(json.dumps({"seconds": seconds[1:]}))  # the first one imports what packs frames
    link.stop((TOPICS.device("ping", "status"), b""))


def pace(slowdown: float) -> Callable[[Callable[[], Any]], Any]:
    """Stretch work to `slowdown` times its own processor time.

    It waits instead of spinning: the result comes at the same moment, whatever else this
    computer does meanwhile, and the hub's core stays free.
    """

    def stretched(work: Callable[[], Any]) -> Any:
        began, cpu = time.perf_counter(), time.thread_time()
        result = work()
        due = began + slowdown * (time.thread_time() - cpu)
        if (left := due - time.perf_counter()) > 0 and slowdown > 1:
            time.sleep(left)
        return result

    return stretched


def _windows(model: SplitModel, examples: Path | None) -> list[dict[str, NDArray[Any]]]:
    """Real windows, else noise of the right shape, which is worth the bytes it costs."""
    import numpy as np

    from edge_worker.offload.costs import example_window

    if examples is None:
        return [dict(example_window(model))]
    with np.load(examples, allow_pickle=False) as stored:
        arrays = {item.name: stored[item.name] for item in model.inputs}
    count = min(len(array) for array in arrays.values())
    return [{name: array[row : row + 1] for name, array in arrays.items()} for row in range(count)]


def _peak_memory_mb() -> float:
    """Of this process alone; `getrusage` would count what its parent was before `exec`."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _link(
    settings: MqttSettings, name: str, on_message: Callable[[LinkMessage], None], *topics: str
) -> MqttLink:
    link = MqttLink(
        settings,
        client_id=f"edge-ai-bench-{name}",
        will=(TOPICS.device(name, "status"), b""),
        on_message=on_message,
        on_connect=lambda: None,
    )
    link.subscribe(*topics)
    return link


if __name__ == "__main__":
    app()
