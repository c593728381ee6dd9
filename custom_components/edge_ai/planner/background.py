"""Leave out what only explains a request: "I have an exam tomorrow, so ..."."""

from __future__ import annotations

from collections.abc import Sequence

from .clauses import ALERTING, actions
from .lexicon import Item, Kind
from .meanwhile import without_meanwhile
from .occupants import as_occupant, is_of_baby, is_room_named, without_occupant
from .restrictions import restricts_though_told
from .stories import CONDITIONS, WHOSE, is_request, is_story, names_stranger
from .telling import MEASURED, is_feel


def without_background(items: Sequence[Item]) -> list[Item]:
    """The request itself: reasons and stories are dropped where a request stands beside them."""
    apart = [without_occupant(piece) for piece in _told_apart(items)]
    pieces = [without_meanwhile(_without_reason(piece)) for piece in apart]
    pieces = _conditions_joined(pieces)
    if not any(is_request(piece) for piece in pieces):
        return list(items)
    nobody = not any(item.kind in WHOSE for piece in pieces if is_request(piece) for item in piece)
    there = any(item.kind in {Kind.ANYONE, Kind.NOBODY} for piece in pieces for item in piece)
    placed = all(is_room_named(piece) for piece in pieces if is_request(piece))
    ends = all(actions(piece) == {"stop"} for piece in pieces if is_request(piece))
    if nobody and not there:
        stories = [piece for piece in pieces if is_story(piece)]
        if any(names_stranger(story) and not (placed and is_of_baby(story)) for story in stories):
            return list(items)
        # "Ben's up, stop the nursery's breathing monitor": the room says which one ends.
        hero = None if placed and ends else _hero(stories)
        pieces = [_of(hero, piece) for piece in pieces]
        if placed:
            pieces = [piece if is_request(piece) else as_occupant(piece) for piece in pieces]
    asked = next(index for index, piece in enumerate(pieces) if is_request(piece))
    only_asks = all(actions(piece) <= {"query"} for piece in pieces if is_request(piece))
    kept = [
        piece
        for index, piece in enumerate(pieces)
        if piece
        and not _is_left_out(piece, behind=index > asked, nobody=nobody)
        and not (only_asks and _is_occasion(piece))
    ]
    joined: list[Item] = []
    for piece in kept:
        joined += [*piece, Item(Kind.BREAK)]
    return joined[:-1]


def _conditions_joined(pieces: Sequence[list[Item]]) -> list[list[Item]]:
    """The pieces; "if Ben is stressed, tell me" is one of them."""
    joined: list[list[Item]] = []
    for piece in pieces:
        if joined and _is_one_alert(joined[-1], piece):
            joined[-1] = [*joined[-1], Item(Kind.BREAK), *piece]
        else:
            joined.append(piece)
    return joined


def _is_one_alert(first: Sequence[Item], second: Sequence[Item]) -> bool:
    """Is one of them no more than "tell me", and the other when?"""
    for told, when in ((second, first), (first, second)):
        kinds = {item.kind for item in told}
        bare = bool(kinds & ALERTING) and kinds <= _BARE_ALERT
        # "I get headaches when I'm stressed, tell me" would need the condition.
        if bare and {item.kind for item in when} & CONDITIONS and not actions(when):
            return True
    return False


_BARE_ALERT = ALERTING | {Kind.SMALL, Kind.YOU, Kind.ME, Kind.AUXILIARY}


def _is_left_out(piece: Sequence[Item], *, behind: bool, nobody: bool) -> bool:
    """Is it a story? Behind the request a name or a length of time may belong to it."""
    if behind and ((nobody and _is_name(piece)) or _is_other_length(piece)):
        return False
    return is_story(piece)


def _is_occasion(piece: Sequence[Item]) -> bool:
    """Is it "before I bring up the rent": why a question is asked, which is answered at once?

    What is to be measured before something has another time, and is no occasion.
    """
    led = piece[0].text == "before" and len(piece) > 2
    own = led and (piece[1].kind in WHOSE or piece[1].text.split()[0] in {"i", "we"})
    return own and {item.kind for item in piece}.isdisjoint(CONDITIONS | MEASURED | ALERTING)


def _is_other_length(piece: Sequence[Item]) -> bool:
    """Is it the 烤箱两小时 of 监测心率一小时，烤箱两小时: told of nobody, and how long?"""
    kinds = {item.kind for item in piece}
    return Kind.DURATION in kinds and kinds.isdisjoint(WHOSE | {Kind.PRONOUN, Kind.AUXILIARY})


def _hero(stories: Sequence[Sequence[Item]]) -> Item | None:
    """The only person whom the stories tell of; None where the one who asks may be meant."""
    people = {item for piece in stories for item in piece if item.kind in WHOSE}
    return people.pop() if len(people) == 1 and {p.kind for p in people} == {Kind.PERSON} else None


def _of(hero: Item | None, piece: list[Item]) -> list[Item]:
    """Say 爷爷停药了，监测心率: it is his heart rate."""
    at = next((i for i, item in enumerate(piece) if item.kind in MEASURED), None)
    if hero is None or at is None or not is_request(piece):
        return piece
    return [*piece[:at], hero, *piece[at:]]


def _is_name(piece: Sequence[Item]) -> bool:
    """Is it the end of "monitor heart rate, 30 minutes, Ben"?"""
    return {item.kind for item in piece} <= {Kind.PERSON, Kind.EVERYONE, Kind.SMALL}


def resolve_pronouns(items: Sequence[Item]) -> list[Item]:
    """Put the person named last in the place of he, she and they; others stay pronouns."""
    resolved: list[Item] = []
    last: Item | None = None
    for item in items:
        if item.kind is Kind.PERSON:
            last = item
        resolved.append(last if item.kind is Kind.PRONOUN and last is not None else item)
    return resolved


def without_address(items: Sequence[Item]) -> list[Item]:
    """Leave out the "pet" of "how's Anna, pet?", and the 它 of 量它四十分钟."""
    kept: list[Item] = []
    for index, item in enumerate(items):
        following = items[index + 1].kind if index + 1 < len(items) else Kind.BREAK
        ahead = items[index - 1].kind if index else Kind.BREAK
        today = index > 0 and items[index - 1].text in _TODAY
        alone = (ahead in _ENDS or today) and following in {Kind.BREAK, Kind.QUESTION_MARK}
        called = item.text in _CALLED and alone and (index > 0 or len(items) > 1)
        said_before = item.text == "它" and ahead is Kind.MONITOR and following is Kind.DURATION
        if not called and not said_before:
            kept.append(item)
    return kept


# Animals and flowers to whom nobody speaks; behind "my" or "a" they are what they are called.
_CALLED = frozenset({"pet", "hen", "duck", "petal", "chook", "ducky"})
_TODAY = frozenset({"today", "the day", "tonight", "now", "the now", "please", "for me", "then"})
_ENDS = frozenset({Kind.BREAK, Kind.QUANTITY, Kind.FEELING, Kind.DURATION, Kind.NOTIFY})


def _pieces(items: Sequence[Item]) -> list[list[Item]]:
    pieces: list[list[Item]] = [[]]
    for item in items:
        if item.kind is not Kind.BREAK:
            pieces[-1].append(item)
        if item.kind in {Kind.BREAK, Kind.QUESTION_MARK}:
            pieces.append([])
    return pieces


def _told_apart(items: Sequence[Item]) -> list[list[Item]]:
    """The pieces; a story and the request behind it are two, though no comma parts them."""
    apart: list[list[Item]] = []
    for piece in _pieces(items):
        border = next(
            (i for i in range(1, len(piece)) if _parts(piece, i) or _adds_story(piece, i)), None
        )
        apart += [piece] if border is None else [piece[:border], piece[border:]]
    return apart


def _adds_story(piece: Sequence[Item], index: int) -> bool:
    """Does a reason begin at `index`, unmarked: "stop tracking me it's creepy"?"""
    before = piece[index - 1]
    if not (_opens_story(piece[index : index + 2]) or _tells_of_mine(piece, index)):
        return False
    if before.text not in _PARTICLES and before.kind not in _COMPLETE:
        return False
    relative = before.kind is Kind.QUANTITY and index > 1 and piece[index - 2].text == "the"
    if before.text in _LEADING or relative:
        return False  # "the heart rate I had at the gym"
    told, asked = piece[index:], piece[:index]
    if _takes_back(told):
        return False
    news = {item.kind for item in told} & {Kind.UNKNOWN, Kind.FEELING, Kind.HERE}
    return bool(news) and is_story(told) and is_request(asked)


def _tells_of_mine(piece: Sequence[Item], index: int) -> bool:
    """Is it the end of "check my pulse please my chest feels tight"?"""
    mine = piece[index].text == "my" and [item.kind for item in piece[index + 1 : index + 2]]
    verb = any(is_feel(item) or item.kind is Kind.AUXILIARY for item in piece[index + 2 :])
    return mine == [Kind.UNKNOWN] and verb and piece[index - 1].kind is Kind.SMALL


def _takes_back(told: Sequence[Item]) -> bool:
    """Is it "i have changed my mind", "i just meant the stress"? "Not well" takes nothing back."""
    kinds = [item.kind for item in told]
    pairs = zip(kinds, [*kinds[1:], None], strict=True)
    felt = {Kind.UNKNOWN, Kind.FEELING}
    if any(item.text.endswith("my mind") for item in told):
        return True
    denied = any(one is Kind.NOT and two not in felt for one, two in pairs)
    return denied or not {Kind.CHANGE, Kind.QUANTITY, Kind.STOP, Kind.TELL}.isdisjoint(kinds)


def _opens_story(pair: Sequence[Item]) -> bool:
    """Is it "i am", "i just", "Ben has", "it's", 今天: how people go on to tell why?"""
    if pair[0].text in _IT_IS:
        return True
    who = pair[0].text in {"i", "it", "we"} or pair[0].kind is Kind.PERSON
    return who and [item.text for item in pair[1:]] in _TELLS


_TELLS = tuple([verb] for verb in ("am", "is", "are", "have", "had", "has", "just", "got", "feel"))
_PARTICLES = frozenset("吧呗啊呀哈吗了啦喔哦嘛")
_IT_IS = frozenset({"its", "it 's", "i want to", "我", "今 天", "最 近"})
_COMPLETE = frozenset(
    {Kind.QUANTITY, Kind.SENSING, Kind.AREA, Kind.HERE, Kind.DURATION, Kind.SMALL, Kind.FEELING}
)
_LEADING = frozenset({"that", "the", "a", "as", "than", "at", "in", "on", "by", "with", "about"})


def _parts(piece: Sequence[Item], index: int) -> bool:
    """Does a request begin at `index`, behind a story: "I have an exam today can you ..."?"""
    # More than "Anna can ..." has to be told.
    told = any(item.kind in _NEWS for item in piece[:index])
    if piece[index - 1].text in _SAYING:
        return False  # 我以为你在监测, "Peter asked can you ..."
    if not told or not _begins(piece, index) or not is_story(piece[:index]):
        return False
    return is_request(piece[index:]) and bool(actions(piece[index:]))


def _begins(piece: Sequence[Item], index: int) -> bool:
    """Does somebody turn to the assistant here: "can you", "so", 麻烦你, 帮我看看?"""
    item = piece[index]
    if item.text in {"can", "could", "would", "will"}:
        return piece[index + 1 : index + 2] != [] and piece[index + 1].kind is Kind.YOU
    if item.kind is Kind.BACKGROUND:
        return item.text.startswith(_THEREFORE)
    if item.kind is Kind.ASK:
        return item.text.startswith(("帮", "给 我"))
    if item.kind not in {Kind.SMALL, Kind.YOU}:
        return False
    return item.text.startswith(_BEGINNINGS) or not _ADDRESSING.isdisjoint(item.text)


_SAYING = frozenset(
    [
        *("said", "says", "asked", "asks", "thought", "think", "thinks", "wonders", "wondered"),
        *("以 为", "说", "问", "听 说", "觉 得", "认 为", "怀 疑", "希 望"),
    ]
)
_NEWS = frozenset({Kind.UNKNOWN, Kind.DAY, Kind.FEELING, Kind.AUXILIARY})
_BEGINNINGS = (
    *("so", "can ", "could ", "would ", "will ", "please", "kindly", "i want you", "i need you"),
    *("i would like you", "给 我", "替 我"),
)
_ADDRESSING = frozenset("你您请帮烦托劳")


def _without_reason(piece: list[Item]) -> list[Item]:
    """Cut from "because" to the end of the piece."""
    for index, item in enumerate(piece):
        if item.kind is Kind.BACKGROUND and not restricts_though_told(piece[index:]):
            behind = piece[index + 1 :]
            if index == 0 and item.text.startswith(_THEREFORE) and is_request(behind):
                return behind  # "..., so I would like you to watch my stress"
            return piece[:index]
    return piece


_THEREFORE = ("so i", "so we", "so you", "所 以")
