"""Numbers and durations in figures and in words, English and Chinese.

Readers take a token sequence and a position; they give the position behind what they
read and its value, or None. They know nothing of requests.
"""

from __future__ import annotations

from collections.abc import Sequence

Tokens = Sequence[str]

MINUTE = 60
HOUR = 3_600
DAY = 86_400

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: value for value, word in enumerate(_SMALL)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}
_DIGITS = {
    **{digit: value for value, digit in enumerate("零一二三四五六七八九")},
    "〇": 0,
    "两": 2,
    "俩": 2,
    "仨": 3,
}
_PLACES = {"十": 10, "百": 100, "千": 1_000}

_AROUND_NUMBERS = (
    *("a", "an", "and", "of", "oh", "half", "quarter", "quarters", "couple", "few", "dozen"),
    *("hundred", "thousand", "point", "full", "whole", "good", "more", "solid"),
    *("o'clock", "oclock", "am", "pm", "noon", "midnight", "dawn", "evening"),
)
_UNITS = {
    **dict.fromkeys(("second", "seconds", "sec", "secs"), 1),
    **dict.fromkeys(("minute", "minutes", "min", "mins"), MINUTE),
    **dict.fromkeys(("hour", "hours", "hr", "hrs"), HOUR),
    **dict.fromkeys(("day", "days"), DAY),
    **dict.fromkeys(("week", "weeks"), 7 * DAY),
    **dict.fromkeys(("fortnight", "fortnights"), 14 * DAY),
    **dict.fromkeys(("month", "months"), 30 * DAY),
}
# Letters that are units only right behind a figure: "2h", "90 m".
_SHORT_UNITS = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY}
NUMBER_WORDS = frozenset([*_WORDS, *_UNITS, *_SHORT_UNITS, *_AROUND_NUMBERS])
"""English words that may stand in a number or a duration."""
# Longest first, since 分 begins 分钟.
_CHINESE_UNITS = (
    ("个小时", HOUR),
    ("个钟头", HOUR),
    ("个星期", 7 * DAY),
    ("个礼拜", 7 * DAY),
    ("小时", HOUR),
    ("钟头", HOUR),
    ("分钟", MINUTE),
    ("秒钟", 1),
    ("刻钟", 15 * MINUTE),
    ("星期", 7 * DAY),
    ("礼拜", 7 * DAY),
    ("个月", 30 * DAY),
    ("个钟", HOUR),
    ("分", MINUTE),
    ("秒", 1),
    ("刻", 15 * MINUTE),
    ("天", DAY),
    ("日", DAY),
    ("周", 7 * DAY),
)
_WHOLE = (
    ("all day long", DAY),
    ("all day", DAY),
    ("the whole day", DAY),
    ("the entire day", DAY),
    ("overnight", 8 * HOUR),
    ("all night long", 8 * HOUR),
    ("all night", 8 * HOUR),
    ("the whole night", 8 * HOUR),
    ("the entire night", 8 * HOUR),
    ("through the night", 8 * HOUR),
    ("for the night", 8 * HOUR),
)
_CHINESE_WHOLE = (
    ("个把小时", HOUR),
    ("个把钟头", HOUR),
    ("一整天", DAY),
    ("整天", DAY),
    ("全天", DAY),
    ("一整晚", 8 * HOUR),
    ("一整夜", 8 * HOUR),
    ("一晚上", 8 * HOUR),
    ("一晚", 8 * HOUR),
    ("一夜", 8 * HOUR),
    ("整晚", 8 * HOUR),
    ("整夜", 8 * HOUR),
    ("通宵", 8 * HOUR),
    ("彻夜", 8 * HOUR),
)


def read_number(tokens: Tokens, start: int) -> tuple[int, float] | None:
    """A number in figures or words: "120", "one hundred and twenty", 一百二."""
    return (
        _figures(tokens, start) or _english_number(tokens, start) or _chinese_number(tokens, start)
    )


def read_duration(tokens: Tokens, start: int) -> tuple[int, int] | None:
    """A length of time in seconds: "two and a half hours", "1h30", 两个半小时, 一刻钟."""
    whole = _whole(tokens, start)
    if whole is not None:
        return whole
    part = _part(tokens, start)
    if part is None:
        return None
    end, total, unit = part
    # "2 hours (and) 15 minutes", "1h30", 两小时零五分: smaller parts that follow.
    while True:
        following = end + 1 if _at(tokens, end) in {"and", "零", "又", "加"} else end
        more = _part(tokens, following)
        if more is not None and more[2] < unit:
            end, total, unit = more[0], total + more[1], more[2]
            continue
        bare = read_number(tokens, end)
        if unit == HOUR and bare is not None and bare[1] < 60 and _is_bare_minutes(tokens, *bare):
            end, total = bare[0], total + bare[1] * MINUTE
        return end, round(total)


def unit_seconds(token: str) -> int | None:
    """Seconds of an English unit of time; None for all other words."""
    return _UNITS.get(token)


def _is_bare_minutes(tokens: Tokens, end: int, value: float) -> bool:
    # "1h30", "two hours fifteen": whole minutes with nothing that makes them another thing.
    return value >= 5 and value == int(value) and _at(tokens, end) in {"", ",", "?", "."}


def _at(tokens: Tokens, index: int) -> str:
    return tokens[index] if 0 <= index < len(tokens) else ""


def _match(tokens: Tokens, start: int, words: Tokens) -> bool:
    return tuple(tokens[start : start + len(words)]) == tuple(words)


def _whole(tokens: Tokens, start: int) -> tuple[int, int] | None:
    for text, seconds in _WHOLE:
        words = text.split()
        if _match(tokens, start, words):
            return start + len(words), seconds
    for text, seconds in _CHINESE_WHOLE:
        if _match(tokens, start, text):
            return start + len(text), seconds
    return None


def _part(tokens: Tokens, start: int) -> tuple[int, float, int] | None:
    """One number with its unit: position behind it, seconds, seconds of the unit."""
    return _english_part(tokens, start) or _chinese_part(tokens, start)


# --- English ---


def _english_part(tokens: Tokens, start: int) -> tuple[int, float, int] | None:
    amount = _english_amount(tokens, start)
    if amount is None:
        return None
    position, value = amount
    unit = _UNITS.get(_at(tokens, position))
    if unit is None and tokens[position - 1][0].isdigit():
        unit = _SHORT_UNITS.get(_at(tokens, position))
    if unit is None:
        return None
    position += 1
    if _match(tokens, position, ("and", "a", "half")):
        position, value = position + 3, value + 0.5
    elif _match(tokens, position, ("and", "a", "quarter")):
        position, value = position + 3, value + 0.25
    return position, value * unit, unit


def _english_amount(tokens: Tokens, start: int) -> tuple[int, float] | None:
    """What stands before a unit: a number, "a", "half an", "a couple of", "a quarter of an"."""
    for text, value in (
        ("three quarters of an", 0.75),
        ("a quarter of an", 0.25),
        ("quarter of an", 0.25),
        ("a quarter", 0.25),
        ("quarter", 0.25),
        ("half an", 0.5),
        ("half of an", 0.5),
        ("half of a", 0.5),
        ("half a", 0.5),
        ("a half", 0.5),
        ("half", 0.5),
        ("a couple of", 2),
        ("a couple", 2),
        ("couple of", 2),
        ("couple", 2),
        ("a few", 3),
        ("few", 3),
        ("a good", 1),
        ("a full", 1),
        ("one full", 1),
        ("a whole", 1),
        ("a dozen", 12),
    ):
        words = text.split()
        if _match(tokens, start, words) and _at(tokens, start + len(words)) in _UNITS:
            return start + len(words), value
    if _at(tokens, start) in {"a", "an"} and _at(tokens, start + 1) in _UNITS:
        return start + 1, 1
    number = _figures(tokens, start) or _english_number(tokens, start)
    if number is None:
        return None
    position, value = number
    if _match(tokens, position, ("and", "a", "half")):
        return position + 3, value + 0.5
    if _at(tokens, position) == "1/2":
        return position + 1, value + 0.5
    if _at(tokens, position) in {"full", "whole", "more", "solid"}:
        return position + 1, value
    return position, value


def _figures(tokens: Tokens, start: int) -> tuple[int, float] | None:
    token = _at(tokens, start)
    if token[:1].isdigit() and token.replace(".", "", 1).isascii():
        try:
            return start + 1, float(token)
        except ValueError:
            return None
    return None


def _english_number(tokens: Tokens, start: int) -> tuple[int, float] | None:
    position, total = start, 0
    if _match(tokens, start, ("a", "hundred")):
        position, total = start + 2, 100
    elif _at(tokens, start) in _WORDS:
        position, total = _below_hundred(tokens, start)
        if _at(tokens, position) == "hundred":
            position, total = position + 1, total * 100
        elif _at(tokens, start) in _SMALL[1:3] and total < 3:
            # "one twenty", "one oh five": how people say 120 and 105 beats.
            follow = _below_hundred(tokens, position)
            if follow[0] > position and follow[1] >= 10:
                return follow[0], total * 100 + follow[1]
    else:
        return None
    if total >= 100:
        skip = 1 if _at(tokens, position) == "and" and _at(tokens, position + 1) in _WORDS else 0
        if _at(tokens, position + skip) in _WORDS:
            position, rest = _below_hundred(tokens, position + skip)
            total += rest
    if _at(tokens, position) == "point" and _at(tokens, position + 1) in _SMALL[:10]:
        return position + 2, total + _WORDS[tokens[position + 1]] / 10
    return position, total


def _below_hundred(tokens: Tokens, start: int) -> tuple[int, int]:
    value = _WORDS.get(_at(tokens, start))
    if value is None:
        return start, 0
    ones = _WORDS.get(_at(tokens, start + 1), 0)
    if value >= 20 and 0 < ones < 10:
        return start + 2, value + ones
    return start + 1, value


# --- Chinese ---


def _chinese_part(tokens: Tokens, start: int) -> tuple[int, float, int] | None:
    if _at(tokens, start) == "半":
        return _half_unit(tokens, start)
    number = _figures(tokens, start) or _chinese_number(tokens, start)
    if number is None:
        return None
    position, value = number
    while _at(tokens, position) in {"来", "多"}:
        position += 1
    if _match(tokens, position, "个半"):
        position, value = position + 2, value + 0.5
    elif _match(tokens, position, "个多"):
        position += 2
    unit = _chinese_unit(tokens, position)
    if unit is None:
        return None
    position, seconds = unit
    if _at(tokens, position) in {"半", "多"}:
        # 一分半钟, 两天半, 一小时半
        value += 0.5 if tokens[position] == "半" else 0
        position += 1
        if _at(tokens, position) == "钟":
            position += 1
    return position, value * seconds, seconds


def _half_unit(tokens: Tokens, start: int) -> tuple[int, float, int] | None:
    unit = _chinese_unit(tokens, start + 1)
    if unit is None:
        return None
    return unit[0], unit[1] / 2, unit[1]


def _chinese_unit(tokens: Tokens, start: int) -> tuple[int, int] | None:
    for text, seconds in _CHINESE_UNITS:
        if _match(tokens, start, text):
            return start + len(text), seconds
    return None


def _chinese_number(tokens: Tokens, start: int) -> tuple[int, float] | None:
    position, total, digit, place = start, 0, None, 1
    while True:
        token = _at(tokens, position)
        if token in _DIGITS:
            digit = _DIGITS[token] if digit is None else digit * 10 + _DIGITS[token]
        elif token in _PLACES:
            place = _PLACES[token]
            total += (1 if digit is None else digit) * place
            digit = None
        else:
            break
        position += 1
    if position == start:
        return None
    if digit is not None:
        # 一百二 is 120, 一百零二 is 102.
        short = place >= 100 and 0 < digit < 10 and _at(tokens, position - 2) in _PLACES
        total += digit * place // 10 if short else digit
    return position, float(total)
