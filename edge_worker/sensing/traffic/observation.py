"""What a source saw: one client, one server or app, one span of time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge_worker.sensing.traffic.categories import AppEntry


class NameSource(StrEnum):
    """How a server's name became known; the order is that of trust, best first."""

    SNI = "sni"
    QUIC_SNI = "quic_sni"
    HTTP_HOST = "http_host"
    DNS = "dns"
    """The conversation is itself a question for this name."""
    DNS_LOG = "dns_log"
    DNS_JOIN = "dns_join"
    """The client had just been told this address for this name."""
    OUTER_SNI = "outer_sni"
    """Encrypted ClientHello: the name of the front, not of the server."""
    APP_LABEL = "app_label"
    """A classifier's guess, such as nDPI's."""
    LOCAL = "local"
    """A name that a device of the home gave itself (DHCP, NetBIOS, mDNS)."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Traffic between one client and one server in [t0, t1), Unix seconds.

    None is not 0: a DNS log knows no bytes, a router's counters know no name. Holds names
    and addresses, so it never leaves the process that captured it.
    """

    t0: float
    t1: float
    client: str
    """Person who opted in, or in an analysis the client's address."""
    name: str | None = None
    name_source: NameSource | None = None
    label: AppEntry | None = None
    """A classifier's opinion, used where the name says nothing."""
    up: int | None = None
    down: int | None = None
    packets: int | None = None
    hidden: bool = False
    """The server is a tunnel: what is behind it cannot be seen."""


@dataclass(frozen=True, kw_only=True)
class UsageSlice:
    """Traffic of one person in one category, in the second that starts at `t` (Unix).

    The only thing that crosses the boundary of the capture process: no name, no address.
    """

    t: int
    person: str
    category: str
    foreground: bool
    up: int | None = None
    down: int | None = None
    packets: int | None = None
    hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class SliceBatch:
    """What a source hands on about once a second, also when it saw nothing.

    until: Unix time up to which the source is complete. live: its clock is the wall clock;
    a file that is read as fast as possible brings its own time.
    """

    slices: tuple[UsageSlice, ...] = ()
    until: float
    live: bool = True
