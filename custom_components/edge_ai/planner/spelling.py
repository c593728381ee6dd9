"""English words as hurried hands and speech recognisers leave them, put right before they are read.

Chat abbreviations, forms of verbs that the tables do not list, and typing errors in the words
that matter most. Nothing is guessed where the guess may be another word of the language.
For Chinese see `hanzi`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence, Set

_SHORT: Mapping[str, tuple[str, ...]] = {
    short: tuple(long.split())
    for short, long in {
        "rn": "right now",
        "atm": "at the moment",
        "lvl": "level",
        "lvls": "levels",
        "lemme": "let me",
        "lmk": "let me know",
        "hmu": "message me",
        "gie": "give",
        "ye": "you",
        "yous": "you",
        "gonnae": "going to",
        "hes": "he is",
        "shes": "she is",
        "theyre": "they are",
        "youre": "you are",
        "dont": "do not",
        "doesnt": "does not",
        "didnt": "did not",
        "isnt": "is not",
        "arent": "are not",
        "wasnt": "was not",
        "cant": "can not",
        "wont": "will not",
        "gimme": "give me",
        "tellme": "tell me",
        "u": "you",
        "ur": "your",
        "r": "are",
        "plz": "please",
        "pls": "please",
        "thx": "thanks",
        "wanna": "want to",
        "gonna": "going to",
        "gotta": "got to",
        "whats": "what 's",
        "hows": "how 's",
        "wats": "what 's",
        "wat": "what",
        "bc": "because",
        "cos": "because",
        "coz": "because",
        "kinda": "kind of",
        "sorta": "sort of",
        "ya": "you",
        "resp": "respiratory",
        "resps": "respiration",
        "avg": "average",
        "temp": "temperature",
        "sb": "somebody",
        "sth": "something",
        "smb": "somebody",
        "someones": "someone is",
        "anyones": "anyone is",
        "nobodys": "nobody is",
        "theres": "there is",
        "enquire": "ask",
        "inquire": "ask",
    }.items()
}
# Words of their own that are one letter away from ours.
_OTHER_WORDS = frozenset(
    [
        *("feeding", "filling", "fooling", "fueling", "felling", "treating", "presents"),
        *("princess", "strips", "streets", "stream", "treasure", "tracing", "trading"),
        *("trucking", "tracked", "trucker", "pauses", "waiting", "wanting", "rested"),
        *("snore", "snores", "snored", "snoring"),
    ]
)


def repair(
    tokens: Sequence[str],
    known: Sequence[Set[str]],
    verbs: Set[str],
    orders: Set[str],
    key: frozenset[str],
) -> tuple[str, ...]:
    """The tokens with their unknown words put right, where that is beyond doubt.

    `known`: sets of all words of the tables and of the home; `verbs`: those that take endings;
    `orders`: verbs of orders, which only take "-ing": "sensed" and "senses" order nothing;
    `key`: the words in which typing errors are put right.
    """
    repaired: list[str] = []
    for token in tokens:
        if token in _SHORT:
            repaired += _SHORT[token]
        elif any(token in words for words in known) or not _is_english(token):
            repaired.append(token)
        else:
            base = _base(token, verbs, _ENDINGS) or _base(token, orders, _LASTING)
            repaired.append(base or _meant(token, key) or token)
    return tuple(repaired)


def _is_english(token: str) -> bool:
    return token.isascii() and token.isalpha()


_ENDINGS = ("ing", "in", "ed", "es", "s")
_LASTING = ("ing", "in")


def _base(word: str, verbs: Set[str], endings: Sequence[str]) -> str | None:
    """The verb of which `word` is a regular form: "logging" gives "log"."""
    return next((base for base in _bases(word, endings) if base in verbs), None)


def _bases(word: str, endings: Sequence[str]) -> Iterator[str]:
    for ending in endings:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 3:
            continue
        yield stem
        yield stem + "e"
        if stem[-1] == stem[-2]:
            yield stem[:-1]
        if stem.endswith("i"):
            yield stem[:-1] + "y"


@functools.lru_cache(maxsize=256)
def _meant(word: str, key: frozenset[str]) -> str | None:
    """The only word of `key` that is one slip of the finger away; two in long words."""
    if len(word) < 5 or word in _OTHER_WORDS:
        return None
    for slips in (1, 2):
        near = [
            other
            for other in key
            if len(other) >= (6 if slips == 1 else 9)
            and abs(len(other) - len(word)) <= slips
            and other[0] == word[0]
            and distance(word, other, slips) <= slips
        ]
        # A letter that should stand twice is the likeliest slip: "stres" is no "stores".
        doubled = [other for other in near if _single(other) == _single(word)]
        if len({other.rstrip("s") for other in doubled or near}) == 1:
            return (doubled or near)[0]
    return None


def _single(word: str) -> str:
    """The word with each letter once where it stands twice in a row."""
    return "".join(letter for letter, _ in itertools.groupby(word))


def distance(first: str, second: str, most: int) -> int:
    """Letters to insert, drop, change or swap with their neighbour (optimal string alignment).

    Anything beyond `most` gives `most` + 1.
    """
    if first == second:
        return 0
    before: list[int] = []
    last = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        row = [i]
        for j, b in enumerate(second, start=1):
            best = min(last[j] + 1, row[-1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return last[-1]
