"""Whose packets may be looked at: addresses of the people who opted in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

import numpy as np

from edge_worker.sensing.traffic.headers import BoolArray, HeaderTable, WordArray
from edge_worker.sensing.traffic.packets import IntArray

if TYPE_CHECKING:
    from edge_worker.messages import Person

_MAC = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}")
# Set in the first byte of an address that a device made up for itself (IEEE 802c).
_LOCAL_BIT = 0x02 << 40


class AddressError(ValueError):
    """Not an IP or MAC address. The message doesn't repeat it."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Maps addresses to the number of a person; `ids` names the numbers.

    ips: as (high, low) words. macs: as integers of 48 bits.
    """

    ids: tuple[str, ...]
    ips: Mapping[tuple[int, int], int] = field(default_factory=dict)
    macs: Mapping[int, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.ips or self.macs)

    def owners(self, table: HeaderTable) -> tuple[IntArray, IntArray]:
        """Person of each packet's sender and of its receiver, -1 for everybody else."""
        return (
            self._owner(table.src_high, table.src_low, table.src_mac),
            self._owner(table.dst_high, table.dst_low, table.dst_mac),
        )

    def _owner(self, high: WordArray, low: WordArray, mac: IntArray) -> IntArray:
        owner = np.full(len(high), -1, np.int64)
        for (first, second), person in self.ips.items():
            owner[(low == np.uint64(second)) & (high == np.uint64(first))] = person
        for address, person in self.macs.items():
            owner[mac == address] = person
        return owner

    def moved(self, table: HeaderTable) -> BoolArray:
        """Packets sent from a watched IP address by a self-made MAC that is not watched.

        Such a device has probably changed its private address, and a rule for its old MAC
        no longer finds it.
        """
        if not (self.ips and self.macs):
            return np.zeros(len(table), np.bool_)
        known = np.isin(table.src_mac, list(self.macs))
        own_ip = self._owner(table.src_high, table.src_low, np.zeros(len(table), np.int64)) >= 0
        moved: BoolArray = own_ip & ~known & ((table.src_mac & _LOCAL_BIT) != 0)
        return moved


def watch_people(people: Iterable[Person]) -> Watch:
    """The watch for the addresses of these people.

    Raises AddressError naming the person, not the address.
    """
    ids: list[str] = []
    ips: dict[tuple[int, int], int] = {}
    macs: dict[int, int] = {}
    for person in people:
        number = len(ids)
        ids.append(person.id)
        for text in person.addresses:
            mac = mac_number(text)
            if mac is not None:
                macs[mac] = number
                continue
            words = ip_words(text)
            if words is None:
                raise AddressError(f"an address of {person.name} is neither IP nor MAC")
            ips[words] = number
    return Watch(ids=tuple(ids), ips=ips, macs=macs)


def mac_number(text: str) -> int | None:
    """`aa:bb:cc:dd:ee:ff` as an integer, None when it is no MAC address."""
    lowered = text.strip().lower()
    return int(re.sub("[:-]", "", lowered), 16) if _MAC.fullmatch(lowered) else None


def ip_words(text: str) -> tuple[int, int] | None:
    """An IP address as two words of 64 bits, None when it is none."""
    try:
        packed = ip_address(text.strip().partition("%")[0]).packed
    except ValueError:
        return None
    return address_words(packed)


def address_words(packed: bytes) -> tuple[int, int]:
    """An address of 4 or 16 bytes as two words of 64 bits, IPv4 mapped into IPv6."""
    if len(packed) == 4:
        return 0, 0xFFFF_0000_0000 | int.from_bytes(packed)
    return int.from_bytes(packed[:8]), int.from_bytes(packed[8:])


@lru_cache(maxsize=4096)
def address_text(high: int, low: int) -> str:
    """An address of two words as text, IPv4 in its own form."""
    if high == 0 and low >> 32 == 0xFFFF:
        return f"{low >> 24 & 255}.{low >> 16 & 255}.{low >> 8 & 255}.{low & 255}"
    return str(ip_address(((high << 64) | low).to_bytes(16)))


def is_home(high: int, low: int) -> bool:
    """Whether the address is private, link-local or loopback: a device of the home."""
    if high == 0 and low >> 32 == 0xFFFF:
        first, second = (low >> 24) & 255, (low >> 16) & 255
        return (
            first in (10, 127)
            or (first == 172 and 16 <= second < 32)
            or (first, second) in ((192, 168), (169, 254))
            or (first == 100 and 64 <= second < 128)
        )
    return high >> 57 == 0xFC >> 1 or high >> 54 == 0xFE80 >> 6 or (high, low) == (0, 1)


def is_group(high: int, low: int) -> bool:
    """Whether the address is multicast or broadcast: no device at all."""
    if high == 0 and low >> 32 == 0xFFFF:
        return (low >> 28) & 15 == 14 or low & 0xFFFF_FFFF in (0, 0xFFFF_FFFF)
    return high >> 56 == 0xFF
