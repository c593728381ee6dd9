"""Search for the best producers of ports: which tool, on which device, fed by what."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..messages import Catalogue, DeviceCard, Measured, Quantity, ToolCard
from .home import Home
from .ports import PORT_OF, ROOM_CAPABILITIES
from .target import Target, area_of

MAX_DEPTH = 8
MAX_STEPS = 24
# Ends the search in a catalogue made to have no end; a real home needs some dozens.
MAX_EXPANSIONS = 5_000
# A tool that was never measured ranks as a coin toss.
UNMEASURED = 0.5
# What a value costs to send when its card doesn't say.
UNKNOWN_BYTES_PER_S = 100.0

_ERRORS = ("error", "mae", "rmse", "mse", "loss")


@dataclass(frozen=True, slots=True)
class Node:
    """One tool on one device with all that feeds it."""

    tool: ToolCard
    device: DeviceCard
    inputs: tuple[tuple[str, Node], ...]
    absent: tuple[str, ...]
    """Optional inputs that nothing can feed."""
    room: str | None
    """Area that it senses, "" if unknown; None when the tool isn't bound to a room."""
    alternatives: int
    """Number of tools that give the same port."""
    order: tuple[int, float, float, float, float, int, int, str]
    """Sort key among nodes of one port: room, accuracy, accuracy of the inputs, data that
    travels (bytes/s), processor (ms/s), depth, rank of the device, name of the tool."""

    @property
    def quality(self) -> float:
        return -self.order[1]


def nodes_below(roots: Iterable[Node]) -> dict[tuple[str, str], Node]:
    """All nodes of the graphs, inputs before what they feed, keyed by (tool, device).

    A tool runs once on a device. Where it was found twice with other inputs, as a tool with
    two outputs can be, the inner one stays, so that no circle can arise.
    """
    roots = list(roots)
    found: dict[tuple[str, str], Node] = {}
    for root in roots:
        _collect(root, found)
    needed: set[tuple[str, str]] = set()
    ahead = [key_of(root) for root in roots]
    while ahead:
        key = ahead.pop()
        if key not in needed:
            needed.add(key)
            ahead += [key_of(node) for _, node in found[key].inputs]
    return {key: node for key, node in found.items() if key in needed}


def key_of(node: Node) -> tuple[str, str]:
    return node.tool.name, node.device.id


def _collect(node: Node, found: dict[tuple[str, str], Node]) -> None:
    for _, below in node.inputs:
        _collect(below, found)
    found.setdefault(key_of(node), node)


def quality_of(tool: ToolCard) -> float:
    """How good a tool is by its own headline figure, 0..1, higher is better.

    The lower confidence bound counts where the card has one, so that a model tried on few
    people doesn't win by luck.
    """
    if not tool.quality:
        return UNMEASURED
    headline: Measured = tool.quality[0]
    value = headline.value if headline.low is None else min(headline.low, headline.value)
    if any(word in headline.metric.casefold() for word in _ERRORS):
        # For an error the pessimistic bound is the upper one.
        worst = headline.value if headline.high is None else headline.high
        return 1.0 / (1.0 + abs(worst))
    return min(1.0, max(0.0, value / 100.0 if value > 1.0 else value))


class Search:
    """Best producers of ports for one target, each found once."""

    def __init__(self, catalogue: Catalogue, home: Home, target: Target) -> None:
        rank = {area: number for number, area in enumerate(target.areas)}
        online = [device for device in catalogue.devices if device.online]
        self._area = {device.id: area_of(device, home) for device in online}
        self._room_rank = {id_: rank.get(area or "", len(rank)) for id_, area in self._area.items()}
        online.sort(key=lambda d: (self._room_rank[d.id], len(d.problems), 0 if d.hub else 1, d.id))
        self._device_rank = {device.id: number for number, device in enumerate(online)}
        self._online = [
            _Host(
                device=device,
                tools=frozenset(device.tools),
                capabilities=frozenset(device.capabilities),
                in_reach=not target.strict_area or self._area[device.id] in target.areas,
            )
            for device in online
        ]
        self._hosts: dict[str, dict[str, DeviceCard]] = {}
        self._facts = {tool.name: _Facts.of(tool) for tool in catalogue.tools}
        self._producers: dict[str, list[ToolCard]] = {}
        self._local_ports: set[str] = set()
        # Best first, so that of tools alike in all but merit only the first is tried.
        for tool in sorted(catalogue.tools, key=lambda tool: self._facts[tool.name].merit):
            self._local_ports.update(tool.local_outputs)
            for port in dict.fromkeys(tool.outputs):
                self._producers.setdefault(port, []).append(tool)
        self._known: dict[tuple[str, str | None], Node | None] = {}
        self._path: list[str] = []
        self._expansions = 0

    def run(self, quantities: Iterable[Quantity]) -> dict[Quantity, Node]:
        """Quantity → the node whose output answers it; quantities without one are left out."""
        found: dict[Quantity, Node] = {}
        for quantity in quantities:
            node, _ = self._best(PORT_OF[quantity], None)
            if node is not None and len(nodes_below((*found.values(), node))) <= MAX_STEPS:
                found[quantity] = node
        return found

    def _best(self, port: str, at: str | None) -> tuple[Node | None, float]:
        """The best producer of a port; with `at`, also those usable on that device alone.

        A port never feeds itself. Second result: the depth of the shallowest port on the
        path that was left out for that reason; an answer holds on other paths too only if
        nothing above it was.
        """
        if port in self._path:
            return None, self._path.index(port)
        if (port, at) in self._known:
            return self._known[port, at], math.inf
        depth = len(self._path)
        self._expansions += 1
        if depth >= MAX_DEPTH or self._expansions > MAX_EXPANSIONS:
            return None, -1
        self._path.append(port)
        best: Node | None = None
        cut = math.inf
        producers = self._producers.get(port, ())
        for tool, device in self._candidates(producers, port, at):
            node, here = self._build(tool, device, len(producers))
            cut = min(cut, here)
            if node is not None and (best is None or node.order < best.order):
                best = node
        self._path.pop()
        if cut >= depth:
            self._known[port, at] = best
            return best, math.inf
        return best, cut

    def _candidates(
        self, producers: Sequence[ToolCard], port: str, at: str | None
    ) -> Iterator[tuple[ToolCard, DeviceCard | None]]:
        """Tools and places worth a try; None: any place, since the inputs can come from anywhere.

        Tools of one kind have the same inputs, so that on one device the first is the best,
        and where the place is free none of lower quality can win.
        """
        covered: dict[object, set[str]] = {}
        reached: dict[object, float] = {}
        for tool in producers:
            facts = self._facts[tool.name]
            local = port in tool.local_outputs
            kind = facts.kind, local
            if not local and not any(item.port in self._local_ports for item in tool.inputs):
                if facts.quality >= reached.get(kind, 0.0) and self._hosts_of(tool):
                    reached[kind] = facts.quality
                    yield tool, None
                continue
            done = covered.setdefault(kind, set())
            if (local and (at is None or at in done)) or len(done) == len(self._online):
                continue
            hosts = self._hosts_of(tool)
            for id_ in hosts.keys() - done if not local else hosts.keys() & {at}:
                done.add(id_)
                yield tool, hosts[id_]

    def _hosts_of(self, tool: ToolCard) -> dict[str, DeviceCard]:
        """Devices that can run the tool, best first; a room's sensor only where it is wanted."""
        if tool.name not in self._hosts:
            bound = self._facts[tool.name].bound
            self._hosts[tool.name] = {
                host.device.id: host.device
                for host in self._online
                if tool.name in host.tools
                and host.capabilities.issuperset(tool.needs)
                and (host.in_reach or not bound)
            }
        return self._hosts[tool.name]

    def _build(
        self, tool: ToolCard, device: DeviceCard | None, alternatives: int
    ) -> tuple[Node | None, float]:
        inputs: list[tuple[str, Node]] = []
        absent: list[str] = []
        cut = math.inf
        for item in tool.inputs:
            at = device.id if device and item.port in self._local_ports else None
            node, here = self._best(item.port, at)
            cut = min(cut, here)
            if node is not None:
                inputs.append((item.port, node))
            elif item.required:
                return None, cut
            else:
                absent.append(item.port)
        if tool.inputs and not inputs:
            return None, cut
        place = device or self._nearest(tool, inputs)
        return self._node(tool, place, inputs, absent, alternatives), cut

    def _nearest(self, tool: ToolCard, inputs: Sequence[tuple[str, Node]]) -> DeviceCard:
        """Where the inputs already are, so that least data travels; else the best host."""
        hosts = self._hosts_of(tool)
        near = {node.device.id for _, node in inputs}
        return next((hosts[id_] for id_ in hosts if id_ in near), next(iter(hosts.values())))

    def _node(
        self,
        tool: ToolCard,
        device: DeviceCard,
        inputs: Sequence[tuple[str, Node]],
        absent: Sequence[str],
        alternatives: int,
    ) -> Node:
        children = [node for _, node in inputs]
        facts = self._facts[tool.name]
        bound = facts.bound
        # Measured with all its inputs; with fewer it is worth less.
        share = len(children) / len(tool.inputs) if tool.inputs else 1.0
        below = sum(node.quality for node in children) / len(children) if children else 0.0
        travelling = sum(
            UNKNOWN_BYTES_PER_S if node.tool.bytes_per_s is None else node.tool.bytes_per_s
            for node in children
            if node.device.id != device.id
        )
        return Node(
            tool=tool,
            device=device,
            inputs=tuple(inputs),
            absent=tuple(absent),
            room=self._area[device.id] or "" if bound else None,
            alternatives=alternatives,
            order=(
                max([self._room_rank[device.id] * bound, *(node.order[0] for node in children)]),
                -round(facts.quality * share, 6),
                -round(below, 6),
                travelling + sum(node.order[3] for node in children),
                (tool.cpu_ms_per_s or 0.0) + sum(node.order[4] for node in children),
                1 + max((node.order[5] for node in children), default=0),
                self._device_rank[device.id],
                tool.name,
            ),
        )


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the search asks of a card again and again."""

    quality: float
    bound: bool
    """Does it sense the room that its device stands in?"""
    kind: tuple[object, ...]
    """Tools of one kind differ on one device by their merit alone."""
    merit: tuple[float, float, str]
    """Sort key, best first."""

    @classmethod
    def of(cls, tool: ToolCard) -> _Facts:
        quality = quality_of(tool)
        bound = not ROOM_CAPABILITIES.isdisjoint(tool.needs)
        return cls(
            quality=quality,
            bound=bound,
            kind=(tool.inputs, bound),
            merit=(-quality, tool.cpu_ms_per_s or 0.0, tool.name),
        )


@dataclass(frozen=True, slots=True)
class _Host:
    """A device as the search asks for it."""

    device: DeviceCard
    tools: frozenset[str]
    capabilities: frozenset[str]
    in_reach: bool
    """May it sense a room for this target?"""
