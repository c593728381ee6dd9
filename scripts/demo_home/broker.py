"""The MQTT broker of the demo: mosquitto, or a pure-Python one where that is missing."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

from demo_home.processes import Processes, answers


def start(processes: Processes, folder: Path, port: int) -> str:
    """Start a broker on loopback and wait for it; returns its name."""
    mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if mosquitto:
        settings = folder / "mosquitto.conf"
        settings.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
        )
        name = "mosquitto"
        processes.start("broker", [mosquitto, "-c", settings])
    else:
        name = "amqtt (mosquitto is not installed; it answers a hundred times faster)"
        processes.start(
            "broker",
            [sys.executable, "-m", "demo_home.broker", str(port)],
            environment={"PYTHONPATH": str(Path(__file__).parents[1])},
        )
    processes.wait_until("broker", lambda: answers(port), 20)
    return name


async def _serve(port: int) -> None:
    from amqtt.broker import Broker

    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
            },
        }
    )
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
