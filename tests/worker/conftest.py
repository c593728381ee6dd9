"""What worker tests share: a real broker on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from demo_home import broker
from demo_home.processes import Processes, free_port

from edge_worker.settings import MqttSettings


@pytest.fixture(scope="session")
def mqtt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MqttSettings]:
    """A broker of our own, and how to reach it."""
    folder: Path = tmp_path_factory.mktemp("broker")
    port = free_port(0)
    with Processes(folder) as processes:
        broker.start(processes, folder, port)
        yield MqttSettings(host="127.0.0.1", port=port)


def wait_for(condition: Callable[[], object], what: str, timeout_s: float = 60) -> None:
    """Wait until a condition holds; fail with `what` when it takes too long."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout_s} s in vain for: {what}")
        time.sleep(0.01)


@pytest.fixture(name="wait_for")
def wait_for_fixture() -> Callable[..., None]:
    """`wait_for(condition, what)`."""
    return wait_for
