"""Text → tokens: Latin words, numbers, single Chinese characters and clause breaks.

Single characters make Chinese independent of spaces (some speech recognisers put one
between all characters), and let one lexicon of token sequences serve both languages.
"""

from __future__ import annotations

import re
import unicodedata

from .hanzi import simplified

# Longer requests are essays or attacks.
MAX_CHARACTERS = 500
BREAK = ","

_FRACTIONS = {"½": ".5", "¼": ".25", "¾": ".75"}
_WHOLE = {"24/7": "around the clock", "can't": "can not", "won't": "will not", "d'you": "do you"}
_CONTRACTIONS = {
    "n't": " not",
    "'re": " are",
    "'ve": " have",
    "'ll": " will",
    "'d": " would",
    "'m": " am",
}
_TOKEN = re.compile(
    r"\d+:\d{2}|\d+/\d+|\d+(?:\.\d+)?|[^\W\d_]+?(?='s\b)|'s\b|[^\W\d_]+(?:'[^\W\d_]+)*|[^\w\s]|_"
)
_CJK = re.compile(r"[㐀-䶿一-鿿]")
_BREAKS = frozenset(",.;:!?，。；：！？、…—\n")
# Marks that carry no meaning between words.
_SILENT = frozenset("'\"~*()«»“”‘’「」『』（）《》-–·_")


def tokenize(text: str) -> tuple[str, ...]:
    """Tokens in lower case; a mark that means something elsewhere stays a token."""
    tokens: list[str] = []
    for match in _TOKEN.finditer(_normalise(text)):
        token = match.group()
        if token in _BREAKS:
            tokens.append("?" if token in "?？" else BREAK)
        elif _CJK.search(token):
            tokens.extend(_mixed(token))
        elif token not in _SILENT:
            tokens.append(token)
    return tuple(tokens)


def is_cjk(token: str) -> bool:
    return bool(_CJK.fullmatch(token))


def _normalise(text: str) -> str:
    for mark, decimal in _FRACTIONS.items():
        text = re.sub(rf"(\d)\s*{mark}", rf"\g<1>{decimal}", text).replace(mark, f"0{decimal}")
    text = unicodedata.normalize("NFKC", text[: MAX_CHARACTERS + 1]).casefold()
    text = text.replace("’", "'").replace("‘", "'")
    text = simplified(text)
    for short, long in _WHOLE.items():
        text = text.replace(short, long)
    # Speech recognition and hurried thumbs leave the apostrophe out.
    text = re.sub(r"\b(what|how|who|where)s\b", r"\1's", text)
    for short, long in _CONTRACTIONS.items():
        text = re.sub(rf"(?<=[a-z]){short}\b", long, text)
    return text


def _mixed(token: str) -> list[str]:
    """Split a run of letters into Chinese characters and Latin words."""
    return re.findall(r"[㐀-䶿一-鿿]|[^㐀-䶿一-鿿]+", token)
