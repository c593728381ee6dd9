"""IP and MAC addresses that a person types as their own."""

from __future__ import annotations

import ipaddress
import re

_MAC = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}|[0-9a-f]{12}")


def normal_address(text: str) -> str:
    """Return an address in its usual spelling: `aa:bb:cc:dd:ee:ff`, or an IP address.

    Raises ValueError for anything else, and for addresses that belong to no single device.
    """
    text = text.strip().lower()
    if _MAC.fullmatch(text):
        digits = re.sub(r"[^0-9a-f]", "", text)
        if int(digits[:2], 16) & 1:
            raise ValueError(f"{text} is a group address")
        return ":".join(digits[i : i + 2] for i in range(0, 12, 2))
    address = ipaddress.ip_address(text)
    if address.is_multicast or address.is_unspecified or address.is_loopback:
        raise ValueError(f"{text} belongs to no single device")
    return str(address)
