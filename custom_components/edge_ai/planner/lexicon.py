"""The closed vocabulary of requests: sequences of tokens → what they mean.

The tables stand in `english` and `chinese`; here is their form and the search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Kind(Enum):
    """What a word does in a request."""

    MONITOR = auto()
    START = auto()
    STOP = auto()
    NOTIFY = auto()
    REMIND = auto()
    """A notification verb that also belongs to reminders: only with a condition ours."""
    TELL = auto()
    """"Tell me": a question, or with "when" an alert."""
    WHEN = auto()
    IF = auto()
    """May be a condition or mean "whether"."""
    ASK = auto()
    AUXILIARY = auto()
    """is, does, ...: a question at the beginning of a clause, nothing elsewhere."""
    TRAIN = auto()
    IMPROVE = auto()
    """Like TRAIN, but only beside a word for the model."""
    MODEL = auto()
    SENSING = auto()
    """Monitoring, tracking, ... as a noun."""
    QUANTITY = auto()
    """Value: tuple of quantities."""
    FEELING = auto()
    """A state of mind; value: (quantity, value that a condition compares with)."""
    PERSON = auto()
    """Value: id of a person."""
    ME = auto()
    YOU = auto()
    """The assistant, whose own feelings are no business of ours."""
    PRONOUN = auto()
    EVERYONE = auto()
    AREA = auto()
    """Value: id of an area."""
    HERE = auto()
    ANYONE = auto()
    NOBODY = auto()
    EMPTY = auto()
    """Value: is somebody there?"""
    ENTER = auto()
    """Value: is somebody there afterwards?"""
    FINE = auto()
    """"Okay": a question after somebody beside a name, else nothing."""
    WHO = auto()
    DURATION = auto()
    """Value: seconds."""
    NUMBER = auto()
    COMPARE = auto()
    """Stands before its number; value: the operator."""
    COMPARE_BEHIND = auto()
    RANGE = auto()
    """Two numbers, and what lies "inside" or "outside" of them."""
    UNIT = auto()
    """Value: the quantity that has this unit."""
    NOT = auto()
    AND = auto()
    OR = auto()
    BREAK = auto()
    OF = auto()
    """"of", "for": what follows owns what went before."""
    OWNER = auto()
    """"'s", 的: what went before owns what follows."""
    NEXT = auto()
    """Makes a duration the length of the whole, not of a condition."""
    HOLD = auto()
    """Makes a duration the time that a condition must hold."""
    PAST = auto()
    CHANGE = auto()
    MOVE = auto()
    """Rises or falls; value: 1 or -1."""
    LEVEL = auto()
    """Too high or too low; value: 1 or -1."""
    ALL = auto()
    PHONE = auto()
    USE = auto()
    QUESTION_MARK = auto()
    BACKGROUND = auto()
    """Begins a clause that gives a reason or tells a story."""
    SMALL = auto()
    """Says nothing that matters here."""
    DAY = auto()
    """Another day: good for a story, but nothing that a request can name."""
    ADJUNCT = auto()
    """Begins words that only say how or meanwhile: "while I sleep", "using ..."."""
    UNKNOWN = auto()
    """Also words that are known to belong to others: "mood lighting"."""


WORK = frozenset(
    {Kind.TRAIN, Kind.IMPROVE, Kind.MODEL, Kind.SENSING, Kind.STOP, Kind.MONITOR, Kind.START}
)
"""What names work of ours, be it an order or a noun."""
NAMING = frozenset(
    {
        *(Kind.QUANTITY, Kind.OWNER, Kind.PERSON, Kind.ME, Kind.EVERYONE, Kind.AREA, Kind.HERE),
        *(Kind.AUXILIARY, Kind.OF, Kind.AND),
    }
)
"""What says whose quantity, and where."""


@dataclass(frozen=True, slots=True)
class Item:
    """A word of a request, read."""

    kind: Kind
    value: Any = None
    text: str = ""


class Lexicon:
    """Sequences of tokens and what they mean; the longest one that fits wins.

    Sequences are kept as single strings: tens of thousands of tree nodes would each be
    visited by every garbage collection of the host, for 10 ms and more.
    """

    def __init__(self, entries: Iterable[tuple[Sequence[str], Item]] = ()) -> None:
        self._items: dict[str, Item] = {}
        self._beginnings: set[str] = set()
        self._tokens: set[str] = set()
        for tokens, item in entries:
            self.add(tokens, item)

    def add(self, tokens: Sequence[str], item: Item) -> None:
        """Of entries with the same tokens the first stays."""
        text = ""
        for token in tokens:
            text = f"{text} {token}" if text else token
            self._beginnings.add(text)
            self._tokens.add(token)
        if text:
            self._items.setdefault(text, item)

    def longest(self, tokens: Sequence[str], start: int) -> tuple[int, Item] | None:
        """The position behind the longest entry at `start`, and its item."""
        best: tuple[int, Item] | None = None
        text = ""
        for position in range(start, len(tokens)):
            text = f"{text} {tokens[position]}" if text else tokens[position]
            if text not in self._beginnings:
                break
            item = self._items.get(text)
            if item is not None:
                best = position + 1, item
        return best

    def tokens(self) -> Set[str]:
        """Every token of every entry."""
        return self._tokens


Table = Mapping[tuple[Kind, Any], str]
"""(kind, value) → phrases, separated by line breaks or " | "."""


def phrases(table: Table) -> Iterator[tuple[str, Item]]:
    """All phrases of a table. "a/b" gives either word, "[a]" makes it optional, "~a" is a
    regular English verb in all its forms.
    """
    for (kind, value), text in table.items():
        item = Item(kind, value)
        for pattern in text.replace("\n", "|").split("|"):
            for phrase in _expand(pattern.split()):
                if phrase:
                    yield phrase, item


def _expand(words: Sequence[str]) -> Iterator[str]:
    if not words:
        yield ""
        return
    first = words[0]
    optional = first.startswith("[")
    given = first.strip("[]").split("/")
    options = [form for option in given for form in _forms(option)] + ([""] if optional else [])
    for rest in _expand(words[1:]):
        for option in options:
            yield f"{option} {rest}".strip()


def _forms(word: str) -> Iterator[str]:
    """Give track, tracks, tracked and tracking for "~track"; other words stay alone."""
    if not word.startswith("~"):
        yield word
        return
    verb = word[1:]
    yield verb
    if verb.endswith("e"):
        yield from (verb + "s", verb + "d", verb[:-1] + "ing")
    elif verb.endswith("y") and verb[-2] not in "aeiou":
        yield from (verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing")
    elif verb.endswith(("s", "sh", "ch", "x")):
        yield from (verb + "es", verb + "ed", verb + "ing")
    else:
        yield from (verb + "s", verb + "ed", verb + "ing")
