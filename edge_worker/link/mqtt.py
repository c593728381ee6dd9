"""One connection to the broker: last will, reconnect, subscriptions that outlive a drop."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge_worker.settings import MqttSettings

_LOGGER = logging.getLogger(__name__)

# What waits for the broker to come back. More would be news nobody wants any more.
_MAX_QUEUED = 1000
_KEEPALIVE_S = 20


@dataclass(frozen=True, kw_only=True)
class LinkMessage:
    """What arrived: topic, payload as it came, and whether the broker had kept it."""

    topic: str
    payload: bytes
    retained: bool


class MqttLink:
    """A connection that keeps itself up.

    `on_message` and `on_connect` are called in the link's own thread and must return at
    once. `on_connect` runs after every (re)connection, when the subscriptions stand.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        client_id: str,
        will: tuple[str, bytes],
        on_message: Callable[[LinkMessage], None],
        on_connect: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._on_message = on_message
        self._on_connect = on_connect
        self._subscriptions: dict[str, int] = {}
        self._lock = threading.Lock()
        self._connected = threading.Event()
        self._complained = ""
        # MQTT 3.1.1: what every broker speaks; the contract needs nothing newer.
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.will_set(will[0], will[1], qos=1, retain=True)
        self._client.max_queued_messages_set(_MAX_QUEUED)
        self._client.reconnect_delay_set(min_delay=1, max_delay=30)
        self._client.on_connect = self._connect
        self._client.on_connect_fail = self._connect_failed
        self._client.on_disconnect = self._disconnect
        self._client.on_message = self._message
        self._client.on_socket_open = _no_delay
        if settings.username is not None:
            password = settings.password.get_secret_value() if settings.password else None
            self._client.username_pw_set(settings.username, password)
        if settings.tls:
            self._client.tls_set(ca_certs=str(settings.ca_file) if settings.ca_file else None)

    @property
    def connected(self) -> bool:
        """Is the broker there now?"""
        return self._connected.is_set()

    def start(self) -> None:
        """Connect in the background; keeps trying while the broker is away."""
        self._client.connect_async(self._settings.host, self._settings.port, _KEEPALIVE_S)
        self._client.loop_start()

    def stop(self, farewell: tuple[str, bytes]) -> None:
        """Publish a last retained message, since a clean disconnect sends no will."""
        if self.connected:
            self._client.publish(farewell[0], farewell[1], qos=1, retain=True).wait_for_publish(2)
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """Send, or queue until the broker is back (only what is newest counts then)."""
        self._client.publish(topic, payload, qos=qos, retain=retain)

    def subscribe(self, *topics: str) -> None:
        """Subscribe now and after every reconnection (QoS 1)."""
        with self._lock:
            new = [topic for topic in topics if topic not in self._subscriptions]
            self._subscriptions.update(dict.fromkeys(new, 1))
        if new and self.connected:
            self._client.subscribe([(topic, 1) for topic in new])

    def unsubscribe(self, *topics: str) -> None:
        """Forget these topics."""
        with self._lock:
            known = [topic for topic in topics if self._subscriptions.pop(topic, None)]
        if known and self.connected:
            self._client.unsubscribe(known)

    def _connect(
        self, client: paho.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        if reason.is_failure:
            self._complain(f"the broker refused the connection: {reason}")
            return
        _LOGGER.info("Connected to the broker at %s:%s", self._settings.host, self._settings.port)
        self._complained = ""
        with self._lock:
            topics = list(self._subscriptions.items())
        if topics:
            client.subscribe(topics)
        self._connected.set()
        self._on_connect()

    def _connect_failed(self, client: paho.Client, userdata: Any) -> None:
        self._complain("nothing answers there; start it, or correct the address")

    def _disconnect(
        self, client: paho.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        self._connected.clear()
        if reason.is_failure:
            # paho's word for every loss that the broker didn't announce.
            why = "" if reason == "Unspecified error" else f": {reason}"
            self._complain(f"the connection was lost{why}")

    def _complain(self, why: str) -> None:
        # Once per cause, not once per attempt.
        if why != self._complained:
            where = f"{self._settings.host}:{self._settings.port}"
            _LOGGER.warning("Broker at %s: %s. Trying again until it works.", where, why)
            self._complained = why

    def _message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        arrived = LinkMessage(
            topic=message.topic, payload=bytes(message.payload), retained=message.retain
        )
        try:
            self._on_message(arrived)
        except Exception:
            # It would end the thread, and with it the connection.
            _LOGGER.exception("A message could not be handled")


def _no_delay(client: paho.Client, userdata: Any, sock: Any) -> None:
    # Without it Nagle's algorithm and delayed acknowledgements add 40 ms to a message.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
