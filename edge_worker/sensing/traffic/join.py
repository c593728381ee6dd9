"""DNS join: the name for which a client was last given an address."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

# Clients go on using an address after its time to live is over; most records live for a
# minute or five.
MIN_LIFE_S = 600.0
MAX_LIFE_S = 86_400.0
MAX_ENTRIES = 65_536

# Client and server, each as two words of an IPv6 address, or any other hashable key.
JoinKey = tuple[int, ...]


@dataclass(frozen=True)
class Joined:
    """The newest name; `shared` when another name has the same address at the same time."""

    name: str
    expires: float
    shared: bool


class NameJoin:
    """Remembers answers, the least recently given first forgotten."""

    def __init__(self, limit: int = MAX_ENTRIES) -> None:
        self._limit = limit
        self._entries: OrderedDict[JoinKey, Joined] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def learn(self, key: JoinKey, name: str, *, now: float, ttl: float) -> None:
        """Remember that `key` (client, address) was given for `name`."""
        old = self._entries.pop(key, None)
        shared = old is not None and old.expires > now and (old.shared or old.name != name)
        life = min(max(ttl, MIN_LIFE_S), MAX_LIFE_S)
        self._entries[key] = Joined(name=name, expires=now + life, shared=shared)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def find(self, key: JoinKey, now: float) -> Joined | None:
        """The name that the client had for this address, if it was given recently."""
        entry = self._entries.get(key)
        return entry if entry is not None and entry.expires > now else None
