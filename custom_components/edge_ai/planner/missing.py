"""Why a port cannot be had: the nearest thing that is missing, in words."""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Catalogue, DeviceCard, Refusal, ToolCard
from .home import Home
from .ports import ROOM_CAPABILITIES
from .target import Target, area_of
from .words import join, name_of, say

# The most useful cause first: switch it on, buy or move it, install it.
_RANK = ("offline", "no_device", "no_tool")


def why_missing(
    quantity: str,
    port: str,
    catalogue: Catalogue,
    home: Home,
    target: Target,
    language: str | None,
) -> Refusal:
    """Refuse a quantity (or an optional port), naming what is missing to produce `port`."""
    causes = _Causes(catalogue, home, target, language).of(port, ())
    code, reason = min(causes, key=lambda cause: (_RANK.index(cause[0]), cause[1]))
    name = name_of(quantity, language)
    # An English sentence begins with a capital; the Chinese rule is no rule.
    text = say(language, f"No {name}: {reason}.", f"无法获取{name}：{reason}。")
    return Refusal(quantity=quantity, code=code, reason=text)


class _Causes:
    """Follows a port back to the tools that are held up by something else than inputs."""

    def __init__(
        self, catalogue: Catalogue, home: Home, target: Target, language: str | None
    ) -> None:
        self._catalogue = catalogue
        self._home = home
        self._target = target
        self._language = language

    def of(self, port: str, path: tuple[str, ...]) -> set[tuple[str, str]]:
        """(code, reason) of every way in which the port is missing."""
        tools = [tool for tool in self._catalogue.tools if port in tool.outputs]
        causes: set[tuple[str, str]] = set()
        for tool in tools:
            cause = self._of_tool(tool)
            if cause is not None:
                causes.add(cause)
                continue
            for item in tool.inputs:
                if item.port not in path and item.port != port:
                    causes |= self._below(item.port, (*path, port))
        name = name_of(port, self._language)
        nothing = say(self._language, f"no tool that gives {name}", f"没有可以提供“{name}”的工具")
        return causes or {("no_tool", nothing)}

    def _below(self, port: str, path: tuple[str, ...]) -> set[tuple[str, str]]:
        if len(path) > 8:
            return set()
        return self.of(port, path)

    def _of_tool(self, tool: ToolCard) -> tuple[str, str] | None:
        """What keeps this tool itself from running; None when only its inputs may be missing."""
        room = not ROOM_CAPABILITIES.isdisjoint(tool.needs)
        here = [device for device in self._catalogue.devices if not room or self._in_reach(device)]
        able = [d for d in here if tool.name in d.tools and set(tool.needs) <= set(d.capabilities)]
        if any(device.online for device in able):
            return None
        if able:
            names = join(sorted(device.name for device in able), self._language)
            return "offline", say(self._language, f"{names} is offline", f"{names}离线")
        return "no_device", self._no_device(tool, here, room)

    def _no_device(self, tool: ToolCard, here: Sequence[DeviceCard], room: bool) -> str:
        had = {capability for device in here for capability in device.capabilities}
        lacking = [need for need in tool.needs if need not in had]
        what = join(
            [name_of(need, self._language) for need in lacking or tool.needs], self._language
        )
        if not what:
            what = say(
                self._language, f"device with the tool {tool.name}", f"装有{tool.name}的设备"
            )
        place = self._home.area(self._target.areas[0]) if self._target.strict_area else None
        if room and place is not None:
            return say(self._language, f"no {what} in the {place.name}", f"{place.name}没有{what}")
        return say(self._language, f"no {what}", f"没有{what}")

    def _in_reach(self, device: DeviceCard) -> bool:
        return not self._target.strict_area or area_of(device, self._home) in self._target.areas
