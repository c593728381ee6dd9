"""The link keeps itself up: last will, reconnect, subscriptions that outlive a broker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from demo_home import broker
from demo_home.processes import Processes, free_port

from edge_worker.link import LinkMessage, MqttLink
from edge_worker.settings import MqttSettings

WaitFor = Callable[..., None]
WILL = ("t/status", b"gone")


class Peer:
    """A link with what it saw."""

    def __init__(self, settings: MqttSettings, name: str, will: tuple[str, bytes] = WILL) -> None:
        self.seen: list[LinkMessage] = []
        self.connections = 0
        self.link = MqttLink(
            settings,
            client_id=name,
            will=will,
            on_message=self.seen.append,
            on_connect=self._connected,
        )

    def _connected(self) -> None:
        self.connections += 1

    def payloads(self, topic: str) -> list[bytes]:
        return [message.payload for message in self.seen if message.topic == topic]


def test_will_is_published_when_the_connection_breaks(
    mqtt: MqttSettings, wait_for: WaitFor
) -> None:
    watcher, victim = Peer(mqtt, "watcher", ("t/w", b"")), Peer(mqtt, "victim")
    watcher.link.subscribe("t/#")
    for peer in (watcher, victim):
        peer.link.start()
        wait_for(lambda peer=peer: peer.link.connected, "the connection")
    victim.link._client.socket().close()  # as when power fails: no DISCONNECT
    wait_for(lambda: b"gone" in watcher.payloads("t/status"), "the last will")
    for peer in (watcher, victim):
        peer.link.stop(("t/w", b""))


def test_farewell_replaces_the_will_on_a_clean_stop(mqtt: MqttSettings, wait_for: WaitFor) -> None:
    watcher, leaver = Peer(mqtt, "watcher2", ("u/w", b"")), Peer(mqtt, "leaver", ("u/s", b"gone"))
    watcher.link.subscribe("u/#")
    for peer in (watcher, leaver):
        peer.link.start()
        wait_for(lambda peer=peer: peer.link.connected, "the connection")
    leaver.link.stop(("u/s", b"bye"))
    wait_for(lambda: watcher.payloads("u/s") == [b"bye"], "the farewell")
    watcher.link.stop(("u/w", b""))


def test_subscriptions_outlive_a_restart_of_the_broker(
    tmp_path: Path, wait_for: WaitFor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    port = free_port(0)
    settings = MqttSettings(port=port)
    peer = Peer(settings, "patient")
    peer.link.subscribe("a/b")
    with Processes(tmp_path) as processes:
        peer.link.start()  # the broker is not there yet
        wait_for(lambda: "nothing answers" in caplog.text, "a complaint")
        broker.start(processes, tmp_path, port)
        wait_for(lambda: peer.connections == 1, "the first connection")
        processes.kill("broker")
        wait_for(lambda: not peer.link.connected, "the loss")
        peer.link.publish("a/b", b"kept while away", qos=1)
        broker.start(processes, tmp_path, port)
        wait_for(lambda: peer.connections == 2, "the second connection")
        wait_for(lambda: b"kept while away" in peer.payloads("a/b"), "the queued message")
        peer.link.stop(("a/s", b"bye"))
    assert caplog.text.count("nothing answers") <= 2, "one complaint a cause, not one an attempt"


def test_a_topic_that_was_dropped_is_heard_no_more(mqtt: MqttSettings, wait_for: WaitFor) -> None:
    peer = Peer(mqtt, "fickle")
    peer.link.subscribe("c/1", "c/2")
    peer.link.start()
    wait_for(lambda: peer.link.connected, "the connection")
    peer.link.unsubscribe("c/1")
    peer.link.publish("c/1", b"x", qos=1)
    peer.link.publish("c/2", b"y", qos=1)
    wait_for(lambda: peer.payloads("c/2"), "the other topic")
    assert peer.payloads("c/1") == []
    peer.link.stop(("c/s", b""))


def test_connection_survives_a_handler_that_fails(
    mqtt: MqttSettings, wait_for: WaitFor, caplog: pytest.LogCaptureFixture
) -> None:
    peer = Peer(mqtt, "clumsy")
    heard: list[bytes] = []

    def handle(message: LinkMessage) -> None:
        heard.append(message.payload)
        raise ZeroDivisionError

    peer.link._on_message = handle
    peer.link.subscribe("d")
    peer.link.start()
    wait_for(lambda: peer.link.connected, "the connection")
    for payload in (b"1", b"2"):
        peer.link.publish("d", payload, qos=1)
    wait_for(lambda: heard == [b"1", b"2"], "both messages")
    assert "ZeroDivisionError" in caplog.text
    peer.link.stop(("d/s", b""))
