"""Where mosquitto is missing, the demo's pure-Python broker serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from demo_home import broker
from demo_home.processes import Processes, free_port

from edge_worker.link import LinkMessage, MqttLink
from edge_worker.settings import MqttSettings


def test_embedded_broker_carries_retained_and_live_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_for: Callable[..., None]
) -> None:
    monkeypatch.setattr(broker.shutil, "which", lambda *_, **__: None)
    port = free_port(0)
    seen: list[LinkMessage] = []
    with Processes(tmp_path) as processes:
        assert "amqtt" in broker.start(processes, tmp_path, port)
        links = [
            MqttLink(
                MqttSettings(port=port),
                client_id=name,
                will=(f"{name}/status", b"gone"),
                on_message=seen.append,
                on_connect=lambda: None,
            )
            for name in ("one", "two")
        ]
        links[0].start()
        wait_for(lambda: links[0].connected, "the first connection")
        links[0].publish("x/kept", b"1", qos=1, retain=True)
        links[1].subscribe("x/#")
        links[1].start()
        wait_for(lambda: [m.payload for m in seen] == [b"1"], "the retained message")
        links[0].publish("x/live", b"2", qos=1)
        wait_for(lambda: b"2" in [m.payload for m in seen], "the live message")
        for link in links:
            link.stop(("x/bye", b""))
