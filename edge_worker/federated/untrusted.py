"""Text that others wrote: a language model, a server, code in a sandbox."""

from __future__ import annotations


def plain(text: str) -> str:
    """The text with nothing that moves a terminal's cursor or changes its title or colours."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
