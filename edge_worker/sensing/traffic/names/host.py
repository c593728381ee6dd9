"""What may pass as a host name."""

from __future__ import annotations

import re

MAX_NAME = 253
# Wider than RFC 1123: underscores (service labels), colons and brackets (IPv6 literals)
# occur in real Host headers and SNI values.
_ODD = re.compile(rb"[^A-Za-z0-9_.:*-]")
_HOST = re.compile(rb"[A-Za-z0-9_\-.:\[\]*]{1,253}")


def host_name(raw: bytes) -> str | None:
    """Lower-case name without the final dot; None when these bytes are no host name."""
    raw = raw.strip().rstrip(b".")
    if len(raw) > MAX_NAME or not _HOST.fullmatch(raw):
        return None
    return raw.decode("ascii").lower()


def shown_name(raw: bytes) -> str | None:
    """A name for a list: odd characters become "?". None when hardly a letter is left.

    A server may well be called so, but no rule and no join relies on such a name.
    """
    strict = host_name(raw)
    if strict is not None or not 0 < len(raw) <= 512:
        return strict
    shown = _ODD.sub(b"?", raw.strip(b" \t\r\n.\0")).decode("ascii").lower()[:MAX_NAME]
    return shown if len(shown) >= 3 and 4 * shown.count("?") < len(shown) else None


def without_port(host: str) -> str:
    """`example.org:8080` → `example.org`, `[2001:db8::1]:80` → `2001:db8::1`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and ":" not in name else host
