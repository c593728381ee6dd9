"""Reading a language model's reply, whatever shape a server gave it.

The client library checks nothing that comes back: every field may be missing or of another kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

MAX_ANSWER = 40_000
# More than any model reads at once; a count beyond it is no count.
MAX_TOKENS = 100_000_000
MAX_BRACES = 20
# A proposal has one of these.
KEYS = frozenset(("action", "config"))


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a model answered."""

    text: str
    """A message's text or a tool call's arguments, at most `MAX_ANSWER` characters."""
    tokens: int
    """As the server counts, 0 where it doesn't."""
    remark: str
    """Why the text may be no proposal, a sentence for the model and the journal; mostly empty."""


def read_reply(response: Any) -> Reply:
    """Read a chat completion. Never raises."""
    choice = _at(response, "choices", 0)
    message = _at(choice, "message")
    arguments = _at(message, "tool_calls", 0, "function", "arguments")
    text = _text(_at(message, "content") if arguments is None else arguments)
    tokens = _at(response, "usage", "total_tokens")
    counted = isinstance(tokens, int) and 0 < tokens <= MAX_TOKENS
    return Reply(
        text=text[:MAX_ANSWER],
        tokens=tokens if counted else 0,
        remark=_remark(text, _at(choice, "finish_reason"), _at(message, "refusal")),
    )


def extract_json(text: str) -> str:
    """The proposal in an answer with thoughts, fences or words around it.

    Without one, all from the first brace to the last, for whoever explains what is wrong.
    """
    text = re.sub(r"<think>.*?(</think>|$)", "", text, flags=re.DOTALL)
    decoder = json.JSONDecoder()
    # Words may hold braces too, before the object and after it. Few are tried: an answer of
    # nothing but braces would cost the square of its length.
    for brace in islice(re.finditer(r"\{", text), MAX_BRACES):
        try:
            found, end = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            continue
        if KEYS & found.keys():  # else it is a part of an object that was cut off
            return text[brace.start() : end]
    first, last = text.find("{"), text.rfind("}")
    return text[first : last + 1] if 0 <= first < last else text


def _at(thing: Any, *path: str | int) -> Any:
    """What lies there in nested objects, mappings and lists; None where nothing does."""
    for step in path:
        if isinstance(step, int):
            thing = thing[step] if isinstance(thing, list) and len(thing) > step else None
        else:
            thing = thing.get(step) if isinstance(thing, Mapping) else getattr(thing, step, None)
    return thing


def _text(content: Any) -> str:
    """Text as it is, the text of parts joined, anything else as JSON."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list):
        parts = [_at(part, "text") for part in content]
        return "".join(part for part in parts if isinstance(part, str))
    return json.dumps(content, default=str)


def _remark(text: str, finish: Any, refusal: Any) -> str:
    if finish == "length":
        return "the answer was cut off at the server's limit of length: answer shorter"
    if len(text) > MAX_ANSWER:
        return f"the answer is longer than {MAX_ANSWER} characters: answer shorter"
    if text.strip():
        return ""
    return "the model refused to answer" if refusal else "the answer is empty"
