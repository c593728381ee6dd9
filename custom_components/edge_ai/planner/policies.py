"""The part of a request that says what to spare: "monitor my breathing and save battery"."""

from __future__ import annotations

import re

from ..messages import Catalogue

# What ties such a phrase to the rest of the request; it goes with the phrase.
_JOINT = r"(?:\b(?:and|but|while|to|please|mode|in)\b|[,;.，、。；]|并且?|同时|但要?|以便|\s)*"


def split_policy(text: str, catalogue: Catalogue) -> tuple[str, str | None]:
    """The request without the phrase, and the name of the policy that the phrase chooses.

    The hub's cards hold the phrases. Of several policies in one request the first counts;
    without one, the text comes back as it was.
    """
    found = [
        (match.start(), card.name, match)
        for card in catalogue.policies
        for phrase in card.phrases
        if (match := _pattern(phrase).search(text)) is not None
    ]
    if not found:
        return text, None
    _, name, match = min(found, key=lambda item: (item[0], -len(item[2].group())))
    before, after = text[: match.start()], text[match.end() :]
    return f"{before.rstrip()} {after.lstrip()}".strip(), name


def _pattern(phrase: str) -> re.Pattern[str]:
    edge = r"\b" if phrase.isascii() else ""
    words = r"\s+".join(re.escape(word) for word in phrase.split())
    return re.compile(f"{_JOINT}{edge}{words}{edge}{_JOINT}", re.IGNORECASE)
