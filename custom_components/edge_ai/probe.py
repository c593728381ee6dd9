"""Look for hubs on the broker, for the config flow."""

from __future__ import annotations

import asyncio

from homeassistant.components import mqtt
from homeassistant.core import HomeAssistant, callback

from .messages import ContractVersionError, Hello, MessageError, Status, Topics, decode

PROBE_S = 5.0
# Retained messages of several hubs arrive in one burst; wait that long for the others.
BURST_S = 0.3


class HubError(Exception):
    """No hub can be set up; the message is an error key of the config flow."""


async def async_find_hubs(hass: HomeAssistant, hub_id: str | None = None) -> list[Hello]:
    """Return the hubs that are online now: the one named, else all.

    A hello is kept by the broker even when its hub is gone, hence the status counts too.
    Raises HubError: no_hub, hub_offline, contract_version.
    """
    pattern = Topics(hub_id or "+")
    hellos: dict[str, Hello] = {}
    online: dict[str, bool] = {}
    foreign: set[str] = set()
    heard = asyncio.Event()

    @callback
    def hello_received(message: mqtt.ReceiveMessage) -> None:
        hub = _hub_of(message.topic)
        try:
            hello = decode(Hello, message.payload)
        except ContractVersionError:
            foreign.add(hub)
            heard.set()
        except MessageError:
            return
        else:
            if hello.id == hub:
                hellos[hub] = hello
                _check(hub)

    @callback
    def status_received(message: mqtt.ReceiveMessage) -> None:
        hub = _hub_of(message.topic)
        try:
            online[hub] = decode(Status, message.payload).online
        except MessageError:
            return
        _check(hub)

    def _check(hub: str) -> None:
        if hub in hellos and online.get(hub):
            heard.set()

    unsubscribe = [
        await mqtt.async_subscribe(hass, topic, receive, qos=1, encoding=None)
        for topic, receive in ((pattern.hello, hello_received), (pattern.status, status_received))
    ]
    try:
        async with asyncio.timeout(PROBE_S):
            await heard.wait()
        await asyncio.sleep(BURST_S)
    except TimeoutError:
        pass
    finally:
        for remove in unsubscribe:
            remove()
    if found := [hello for hub, hello in sorted(hellos.items()) if online.get(hub)]:
        return found
    if foreign:
        raise HubError("contract_version")
    raise HubError("hub_offline" if hellos else "no_hub")


def _hub_of(topic: str) -> str:
    return topic.split("/")[1]
