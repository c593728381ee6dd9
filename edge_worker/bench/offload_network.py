"""A slow link for benchmarks: two network namespaces, `tc tbf` at both ends, a delaying relay.

Without the rights for that, the relay shapes in software, and says so.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

DEVICE_ADDRESS, HUB_ADDRESS = "10.213.77.1", "10.213.77.2"
BROKER_PORT, RELAY_PORT = 18830, 18831
# TCP over Ethernet: payload of a full packet, and headers of each.
_SEGMENT, _HEADERS = 1448, 66
_ON_THEIR_WAY = 64


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where the two sides run, and how to change the link between them."""

    device_prefix: tuple[str, ...]
    hub_prefix: tuple[str, ...]
    host: str
    shaped: str
    """How, for the report."""

    def shape(self, bandwidth_bps: float) -> None:
        """Set the bandwidth of both directions; software shaping is set at the relay."""
        for prefix, interface in ((self.device_prefix, "eab0"), (self.hub_prefix, "eab1")):
            if prefix:
                command = [
                    *prefix, "tc", "qdisc", "replace", "dev", interface, "root", "tbf",
                    "rate", f"{int(bandwidth_bps)}bit", "burst", str(bucket_bytes(bandwidth_bps)),
                    "latency", "2s",
                ]  # fmt: skip
                subprocess.run(command, check=True, capture_output=True)


def bucket_bytes(bandwidth_bps: float) -> int:
    """Of tbf: one packet, or a fifth of a millisecond. So much passes an idle link at once."""
    return max(1600, int(bandwidth_bps / 8 * 0.0002))


def namespaces_possible() -> bool:
    """Root, `ip` and `tc` are needed."""
    return os.geteuid() == 0 and bool(shutil.which("ip") and shutil.which("tc"))


@contextmanager
def two_namespaces(tag: str) -> Iterator[Network]:
    """A device's and a hub's namespace, joined by one pair of interfaces."""
    names = (f"{tag}-device", f"{tag}-hub")
    _remove(names)  # of a run that was killed
    for name in names:
        _ip("netns", "add", name)
    try:
        _ip("link", "add", "eab0", "netns", names[0], "type", "veth", "peer", "name", "eab1",
            "netns", names[1])  # fmt: skip
        for name, interface, address in (
            (names[0], "eab0", DEVICE_ADDRESS),
            (names[1], "eab1", HUB_ADDRESS),
        ):
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", interface)
            _ip("-n", name, "link", "set", interface, "up")
            _ip("-n", name, "link", "set", "lo", "up")
        yield Network(
            device_prefix=("ip", "netns", "exec", names[0]),
            hub_prefix=("ip", "netns", "exec", names[1]),
            host=HUB_ADDRESS,
            shaped="two network namespaces, tc tbf at both ends, delaying relay",
        )
    finally:
        _remove(names)


def _remove(names: Sequence[str]) -> None:
    for name in names:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def loopback() -> Network:
    """The same processes without namespaces."""
    return Network(
        device_prefix=(), hub_prefix=(), host="127.0.0.1", shaped="shaped in software by the relay"
    )


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def relay_command(network: Network, delay_s: float, bandwidth_bps: float) -> Sequence[str]:
    """A relay in front of the broker of the hub's namespace."""
    bucket = bucket_bytes(bandwidth_bps) if network.device_prefix else 0
    return [
        sys.executable, "-m", "edge_worker.bench.offload_network",
        network.host, str(RELAY_PORT), str(BROKER_PORT), str(delay_s), str(bandwidth_bps),
        str(bucket),
    ]  # fmt: skip


class Lag:
    """How long a piece must wait beside the link's delay so that its bits take their time.

    bucket: what tbf lets pass at once after a pause. A radio doesn't: the time that its bits
    would have taken is made up for here. 0: nothing else shapes, and all of it is made up for.
    bandwidth_bps 0: no limit.
    """

    def __init__(self, bandwidth_bps: float, bucket: int) -> None:
        self._bandwidth_bps = bandwidth_bps
        self._bucket = bucket
        self._free_at = 0.0

    def of(self, now: float, size: int) -> float:
        """Seconds for a piece of `size` bytes that came now."""
        if not self._bandwidth_bps:
            return 0.0
        packets = -(-size // _SEGMENT)
        took = (size + packets * _HEADERS) * 8 / self._bandwidth_bps
        self._free_at = max(self._free_at, now) + took
        if self._bucket:  # beyond the bucket tbf has taken the time itself
            self._free_at = min(self._free_at, now + self._bucket * 8 / self._bandwidth_bps)
        return self._free_at - now


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float, lag: Lag
) -> None:
    """Hand on what came, each piece after the delay and the lag."""
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def write() -> None:
        while True:
            due, data = await pieces.get()
            if (left := due - time.monotonic()) > 0:
                # The event loop wakes a millisecond late; the link's delay shall not grow by it.
                await asyncio.to_thread(time.sleep, left)
            if not data:
                writer.close()
                return
            writer.write(data)

    writing = asyncio.create_task(write())
    while data := await reader.read(4096):
        now = time.monotonic()
        await pieces.put((now + delay_s + lag.of(now, len(data)), data))
    await pieces.put((time.monotonic() + delay_s, b""))
    await writing


async def _relay(
    listen: str, port: int, broker: int, delay_s: float, bps: float, bucket: int
) -> None:
    # Each direction of each connection sleeps in a thread of its own.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_ON_THEIR_WAY))
    # One of each for all connections: they share the radio.
    up, down = Lag(bps, bucket), Lag(bps, bucket)

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", broker)
            await asyncio.gather(
                _pump(reader, far_writer, delay_s, up), _pump(far_reader, writer, delay_s, down)
            )
        except OSError:
            writer.close()

    server = await asyncio.start_server(join, listen, port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    host, *numbers = sys.argv[1:]
    port, broker, delay_s, bps, bucket = map(float, numbers)
    asyncio.run(_relay(host, int(port), int(broker), delay_s, bps, int(bucket)))
