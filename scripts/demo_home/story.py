"""What happens in the demo's home: who lives there, what is heard and seen."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# Seconds of stream per second of demo: three minutes of a quiet person, then an excited
# one, are over in half a minute.
SPEED = 8
PERSON = "Anna"
AREA = "Bedroom"
# Documentation address (RFC 5737): the generator's client.
GENERATED_CLIENT = "192.0.2.23"
HUB, DEVICE = "home", "bedroom-pi"


class StoryError(Exception):
    """A recording can't be used; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """Where sound and traffic come from, and whose traffic it is."""

    wav: Path | None = None
    pcap: Path | None = None
    client: str = GENERATED_CLIENT

    @property
    def sources(self) -> tuple[str, str]:
        """In words: where sound and traffic come from."""
        sound = f"recording {self.wav.name}" if self.wav else "acoustic simulator (simulated)"
        packets = f"capture {self.pcap.name}" if self.pcap else "packet generator (simulated)"
        return sound, packets


def tell(worker: Path, wav: Path | None, pcap: Path | None) -> Story:
    """Check the recordings with the worker's own commands. Raises StoryError.

    worker: the program `edge-worker`.
    """
    if wav is not None:
        _hear(wav, _ask(worker, "acoustic", "analyze", str(wav), "--json"))
    if pcap is None:
        return Story(wav=wav)
    clients = json.loads(_ask(worker, "traffic", "clients", str(pcap), "--json"))
    if not clients:
        raise StoryError(f"{pcap.name} holds no packet of a computer in a home network.")
    return Story(wav=wav, pcap=pcap, client=clients[0]["client"])


def _hear(wav: Path, analysis: str) -> None:
    """Refuse a recording in which no breath can be heard, rather than wait for one."""
    hops = [json.loads(line) for line in analysis.splitlines()]
    if any(hop["breathing_rate"] is not None for hop in hops):
        return
    if not hops:
        raise StoryError(f"{wav.name} is too short: half a minute at least is needed.")
    state, _ = Counter(hop["state"] for hop in hops).most_common(1)[0]
    raise StoryError(
        f"No breathing can be heard in {wav.name} (mostly: {state}). Record a room while"
        " `edge-worker acoustic probe` plays there in a loop, with one person near by."
    )


def hub_settings(folder: Path, broker_port: int) -> str:
    """TOML of the hub."""
    return f"""\
roles = ["hub"]
data_dir = {json.dumps(str(folder / "hub"))}

[mqtt]
port = {broker_port}

[hub]
id = "{HUB}"
name = "Demo hub"

[device]
id = "hub"
name = "Home server"

[tools.activation_forest]
time_scale = {SPEED}
"""


def device_settings(folder: Path, broker_port: int, story: Story) -> str:
    """TOML of the device: loudspeaker, microphone and the home's traffic."""
    sound = (
        f'source = "wav"\npath = {json.dumps(str(story.wav))}\nloop = true'
        if story.wav
        else 'source = "simulator"'
    )
    packets = (
        f'source = "pcap"\npath = {json.dumps(str(story.pcap))}\nloop = true'
        if story.pcap
        else 'source = "generator"'
    )
    return f"""\
roles = ["device"]
data_dir = {json.dumps(str(folder / "device"))}

[mqtt]
port = {broker_port}

[hub]
id = "{HUB}"

[device]
id = "{DEVICE}"
name = "Bedroom Pi"
area = "{AREA}"
capabilities = ["speaker", "microphone", "network_traffic"]

[tools.sonar]
{sound}
speed = {SPEED}

[tools.traffic_capture]
{packets}
speed = {SPEED}

[tools.app_usage_windows]
window_s = 10
"""


def _ask(worker: Path, *arguments: str) -> str:
    answer = subprocess.run([str(worker), *arguments], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise StoryError(answer.stderr.strip() or f"edge-worker {arguments[0]} failed")
    return answer.stdout
