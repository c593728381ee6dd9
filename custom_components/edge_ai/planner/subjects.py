"""Who is meant by which quantity: "Anna's mood and the heart rate of Ben"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..messages import Quantity
from .home import Home
from .lexicon import Item, Kind

_JOINING = frozenset({Kind.AND, Kind.OR, Kind.OWNER, Kind.OF})


@dataclass(frozen=True)
class Group:
    """Quantities and the persons they are wanted of; None is the person who asks."""

    persons: tuple[str | None, ...]
    quantities: tuple[Quantity, ...]


def read_groups(items: Sequence[Item], home: Home) -> list[Group]:
    """All groups of a clause; one without quantities if only persons are named."""
    reader = _Reader(home)
    for item in items:
        reader.read(item)
    return reader.finish()


class _Reader:
    """Persons stand before their quantities ("Anna's mood") or behind ("the mood of Anna")."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._groups: list[Group] = []
        self._persons: list[str | None] = []
        self._quantities: list[Quantity] = []
        self._behind = False
        self._last: Kind | None = None
        self._joined = False
        self._fresh: list[Quantity] = []
        """The quantities since the last "and"."""
        self._owned = False
        """Was the last item an "of"?"""

    def read(self, item: Item) -> None:
        persons = self._persons_of(item)
        if persons is not None:
            self._read_persons(persons)
        elif item.kind is Kind.QUANTITY:
            self._read_quantities(item.value)
        elif item.kind is Kind.FEELING:
            self._read_quantities((item.value[0],))
        self._owned = item.kind is Kind.OF
        if item.kind is Kind.AND:
            self._joined = True
            self._fresh = []
        elif item.kind not in _JOINING:
            self._last, self._joined = item.kind, False

    def finish(self) -> list[Group]:
        if self._persons and not self._quantities and self._groups:
            # "Anna's breathing and mine"
            self._quantities = list(self._groups[-1].quantities)
        self._flush()
        return self._groups

    def _persons_of(self, item: Item) -> list[str | None] | None:
        if item.kind is Kind.PERSON:
            return [item.value]
        if item.kind is Kind.ME:
            return [None]
        if item.kind is Kind.EVERYONE:
            return [person.id for person in self._home.people]
        return None

    def _read_persons(self, persons: list[str | None]) -> None:
        follows = self._last in {Kind.PERSON, Kind.ME, Kind.EVERYONE}
        if self._owned and self._persons and 0 < len(self._fresh) < len(self._quantities):
            # "Anna's mood and the heart rate of Ben": the last quantity is his alone.
            his = self._fresh
            self._quantities = self._quantities[: -len(his)]
            self._flush()
            self._quantities = list(his)
        if self._quantities and not self._persons:
            self._behind = True
            self._persons = persons
        elif self._quantities and not (self._behind and follows and self._joined):
            self._flush()
            self._persons = persons
        elif self._persons and follows and not self._joined:
            # "I ... Anna's mood", 我妈妈: the first only leads to the second.
            self._persons = persons
        else:
            self._persons += persons

    def _read_quantities(self, quantities: Sequence[Quantity]) -> None:
        if self._behind:
            self._flush()
        self._quantities += quantities
        self._fresh += quantities

    def _flush(self) -> None:
        if self._quantities or self._persons:
            self._groups.append(
                Group(tuple(dict.fromkeys(self._persons)), tuple(dict.fromkeys(self._quantities)))
            )
        self._persons, self._quantities, self._behind = [], [], False
