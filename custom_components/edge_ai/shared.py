"""Things that all hubs share: made with the first one, taken away with the last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN


@dataclass
class _Shared:
    users: int = 0
    remove: CALLBACK_TYPE | None = None
    making: asyncio.Lock = field(default_factory=asyncio.Lock)


async def async_share(
    hass: HomeAssistant, name: str, make: Callable[[], Awaitable[CALLBACK_TYPE]]
) -> CALLBACK_TYPE:
    """Make a thing unless another hub did; `make` and this return how to take it away."""
    key: HassKey[_Shared] = HassKey(f"{DOMAIN}_{name}")
    shared = hass.data.setdefault(key, _Shared())
    async with shared.making:
        if shared.remove is None:
            shared.remove = await make()
        shared.users += 1

    @callback
    def release() -> None:
        shared.users -= 1
        if shared.users == 0 and shared.remove is not None:
            shared.remove()
            shared.remove = None

    return release
