"""From a server's name, or a classifier's app label, to an app category.

The twelve categories are those of the mood study (`appCat.*`). The list `categories.txt`
beside this file is our own and has a version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources


class Category(StrEnum):
    """App categories of the mood data."""

    BUILTIN = "builtin"
    COMMUNICATION = "communication"
    ENTERTAINMENT = "entertainment"
    FINANCE = "finance"
    GAME = "game"
    OFFICE = "office"
    OTHER = "other"
    SOCIAL = "social"
    TRAVEL = "travel"
    UNKNOWN = "unknown"
    UTILITIES = "utilities"
    WEATHER = "weather"


class Role(StrEnum):
    """Whether traffic with a server means that the person uses the app."""

    USE = "use"
    BACKGROUND = "background"
    AD = "ad"
    TUNNEL = "tunnel"
    SHARED = "shared"


@dataclass(frozen=True, kw_only=True)
class AppEntry:
    """What is known about a server."""

    category: Category
    app: str | None = None
    role: Role = Role.USE

    @property
    def foreground(self) -> bool:
        """Its traffic counts as use (of a known or an unknown category)."""
        return self.role in (Role.USE, Role.SHARED, Role.TUNNEL)


UNKNOWN = AppEntry(category=Category.UNKNOWN, role=Role.SHARED)
HIDDEN = AppEntry(category=Category.UNKNOWN, role=Role.TUNNEL)
# Names of the home's own devices, DNS itself, time, discovery: nobody's use.
HOUSEKEEPING = AppEntry(category=Category.BUILTIN, role=Role.BACKGROUND)


class CategoryError(ValueError):
    """A line of a list, or an override, that cannot be read; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Categories:
    """The list with the home's overrides. `version` is that of the list."""

    version: str
    suffixes: Mapping[str, AppEntry]

    def find(self, name: str | None) -> AppEntry:
        """The entry of the longest suffix at a label boundary, else UNKNOWN."""
        rest = name.rstrip(".").lower() if name else ""
        while rest:
            entry = self.suffixes.get(rest)
            if entry is not None:
                return entry
            rest = rest.partition(".")[2]
        return UNKNOWN


def load_categories(overrides: Mapping[str, str] | None = None) -> Categories:
    """The shipped list, with `overrides` (suffix → category) before it.

    Raises CategoryError for an override whose category doesn't exist or whose suffix is
    empty or a bare public suffix.
    """
    shipped = _shipped()
    if not overrides:
        return shipped
    own = dict(_override(suffix, category) for suffix, category in overrides.items())
    return Categories(version=shipped.version, suffixes={**shipped.suffixes, **own})


def _override(suffix: str, category: str) -> tuple[str, AppEntry]:
    cleaned = suffix.strip().strip(".").lower()
    if "." not in cleaned:
        raise CategoryError(f"{suffix!r} is too short: write a domain such as example.org")
    if cleaned in _PUBLIC_SUFFIXES:
        raise CategoryError(f"{suffix!r} belongs to many owners: write a whole domain")
    try:
        return cleaned, AppEntry(category=Category(category))
    except ValueError as error:
        known = ", ".join(Category)
        raise CategoryError(f"{category!r} is no category; choose from {known}") from error


# The second-level suffixes of the countries the list covers; enough to catch a slip.
_PUBLIC_SUFFIXES = frozenset(
    f"{second}.{country}"
    for country in ("uk", "au", "cn", "hk", "tw", "sg", "nz", "in", "jp", "kr", "za", "my")
    for second in ("co", "com", "org", "net", "gov", "edu", "ac", "or", "ne", "go")
)


@cache
def _shipped() -> Categories:
    text = resources.files(__package__).joinpath("categories.txt").read_text("utf-8")
    return parse_categories(text.splitlines())


def parse_categories(lines: Iterable[str]) -> Categories:
    """Read a list: `version V`, then lines of `category app role suffix...`.

    Raises CategoryError naming the line; also when a suffix stands twice.
    """
    version = ""
    suffixes: dict[str, AppEntry] = {}
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if words[0] == "version" and len(words) == 2:
            version = words[1]
            continue
        try:
            entry = AppEntry(category=Category(words[0]), app=words[1], role=Role(words[2]))
        except (ValueError, IndexError) as error:
            raise CategoryError(f"line {number}: not `category app role suffix...`") from error
        for suffix in words[3:]:
            if suffix in suffixes:
                raise CategoryError(f"line {number}: {suffix} stands twice")
            suffixes[suffix] = entry
    if not version:
        raise CategoryError("the list has no version")
    return Categories(version=version, suffixes=suffixes)
