"""Generates the traffic of a person who uses apps: simulated, for demo, tests and bench.

Names, handshakes and sizes have the form of real ones; the contents are noise. Nothing is
sent: the packets exist in a file or in memory.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from edge_worker.sensing.traffic.frames import (
    Endpoint,
    Frame,
    client_hello,
    dns_answer,
    dns_query,
    quic_initial,
    tcp_frame,
    tls_records,
    udp_frame,
)

_ROUTER_MAC = bytes.fromhex("020000000001")
DATA_BYTES = 1380
_SYN, _SYN_ACK, _ACK, _FIN_ACK = 0x02, 0x12, 0x10, 0x11


@dataclass(frozen=True, kw_only=True)
class AppProfile:
    """How an app talks: server names, and a burst of down/up bytes every `every_s`."""

    names: tuple[str, ...]
    down_bytes: int
    up_bytes: int
    every_s: float
    quic: bool = False


PROFILES: Mapping[str, AppProfile] = {
    "youtube": AppProfile(
        names=("www.youtube.com", "i.ytimg.com", "rr3---sn-4g5e6nz7.googlevideo.com"),
        down_bytes=600_000,
        up_bytes=4000,
        every_s=4.0,
        quic=True,
    ),
    "spotify": AppProfile(
        names=("spclient.wg.spotify.com", "audio-fa.scdn.co"),
        down_bytes=160_000,
        up_bytes=2000,
        every_s=8.0,
    ),
    "instagram": AppProfile(
        names=("i.instagram.com", "scontent-fra3-1.cdninstagram.com"),
        down_bytes=220_000,
        up_bytes=6000,
        every_s=3.0,
        quic=True,
    ),
    "reddit": AppProfile(
        names=("www.reddit.com", "i.redd.it"), down_bytes=90_000, up_bytes=4000, every_s=4.0
    ),
    "whatsapp": AppProfile(
        names=("g.whatsapp.net", "mmg.whatsapp.net"),
        down_bytes=3000,
        up_bytes=2500,
        every_s=3.0,
    ),
    "wechat": AppProfile(
        names=("short.weixin.qq.com", "wx.qlogo.cn"), down_bytes=5000, up_bytes=3000, every_s=3.0
    ),
    "zoom": AppProfile(
        names=("us04web.zoom.us",), down_bytes=120_000, up_bytes=90_000, every_s=1.0
    ),
    "office": AppProfile(
        names=("www.office.com", "contoso.sharepoint.com"),
        down_bytes=20_000,
        up_bytes=8000,
        every_s=5.0,
    ),
    "game": AppProfile(
        names=("clashofclans.com", "game.clashofclans.com"),
        down_bytes=6000,
        up_bytes=4000,
        every_s=1.0,
    ),
    "maps": AppProfile(
        names=("maps.googleapis.com",), down_bytes=60_000, up_bytes=3000, every_s=5.0, quic=True
    ),
    "bank": AppProfile(names=("secure.chase.com",), down_bytes=15_000, up_bytes=5000, every_s=4.0),
    "weather": AppProfile(
        names=("api.weather.com",), down_bytes=12_000, up_bytes=1500, every_s=6.0
    ),
    "shopping": AppProfile(
        names=("www.amazon.com", "m.media-amazon.com"),
        down_bytes=120_000,
        up_bytes=4000,
        every_s=4.0,
    ),
    "update": AppProfile(
        names=("dl.delivery.mp.microsoft.com",), down_bytes=900_000, up_bytes=3000, every_s=5.0
    ),
}


@dataclass(frozen=True, kw_only=True)
class AppSession:
    """Use of one app: its profile's name, start and duration in seconds."""

    app: str
    start_s: float
    duration_s: float


# Ten minutes of an evening: messages, a feed, a video while messages go on, mail, bed.
EVENING: Sequence[AppSession] = (
    AppSession(app="whatsapp", start_s=0, duration_s=60),
    AppSession(app="instagram", start_s=20, duration_s=130),
    AppSession(app="youtube", start_s=150, duration_s=240),
    AppSession(app="whatsapp", start_s=260, duration_s=40),
    AppSession(app="office", start_s=400, duration_s=80),
    AppSession(app="weather", start_s=485, duration_s=15),
    AppSession(app="spotify", start_s=500, duration_s=100),
    AppSession(app="update", start_s=300, duration_s=30),
)


def generate(
    sessions: Iterable[AppSession] = EVENING,
    *,
    client: str = "192.168.1.23",
    start: float = 0.0,
    seed: int = 1,
    data_bytes: int = DATA_BYTES,
) -> Iterator[Frame]:
    """Frames of the sessions in the order of time; the same seed gives the same frames.

    client: the device's IP address (IPv4 or IPv6). start: Unix time of the first session.
    data_bytes: payload of a full data packet.
    Raises KeyError for an app without a profile.
    """
    streams = []
    for number, session in enumerate(sessions):
        source = random.Random(f"{seed}/{number}/{session.app}")
        profile = PROFILES[session.app]
        streams.append(_session(session, profile, client, start, source, data_bytes))
    return heapq.merge(*streams, key=lambda frame: frame.t)


def _session(
    session: AppSession,
    profile: AppProfile,
    client: str,
    start: float,
    source: random.Random,
    data_bytes: int,
) -> Iterator[Frame]:
    """One connection to each server; bursts go mostly over the last, the content server."""
    six = ":" in client
    begin = start + session.start_s
    streams = []
    share_of_others = 0.1
    for number, name in enumerate(profile.names):
        last = number == len(profile.names) - 1
        weight = 1.0 if last else share_of_others
        streams.append(
            _Connection(
                name=name,
                client=client,
                server=_server_address(name, six=six),
                quic=profile.quic,
                source=random.Random(source.random()),
                data_bytes=data_bytes,
            ).frames(
                begin + 0.3 * number,
                begin + session.duration_s,
                profile,
                weight,
            )
        )
    return heapq.merge(*streams, key=lambda frame: frame.t)


def _server_address(name: str, *, six: bool) -> str:
    """An address of the blocks for benchmarks and documentation, the same for a name."""
    source = random.Random(name)
    if six:
        return f"2001:db8::{source.randrange(1, 0xFFFF):x}:{source.randrange(1, 0xFFFF):x}"
    return f"198.{source.choice((18, 19))}.{source.randrange(256)}.{source.randrange(1, 255)}"


@dataclass(kw_only=True)
class _Connection:
    """A question to DNS, a handshake, then bursts."""

    name: str
    client: str
    server: str
    quic: bool
    source: random.Random
    data_bytes: int

    def frames(
        self, begin: float, end: float, profile: AppProfile, weight: float
    ) -> Iterator[Frame]:
        mac = b"\x02\0" + random.Random(self.client).randbytes(4)
        port = self.source.randrange(32_768, 61_000)
        resolver = "fd00::1" if ":" in self.client else "192.168.1.1"
        dns = Endpoint(ip=resolver, port=53, mac=_ROUTER_MAC)
        asking = Endpoint(ip=self.client, port=self.source.randrange(32_768, 61_000), mac=mac)
        number = self.source.randrange(65_536)
        kind = 28 if ":" in self.client else 1
        yield udp_frame(begin, asking, dns, dns_query(self.name, number, kind=kind))
        yield udp_frame(begin + 0.01, dns, asking, dns_answer(self.name, number, self.server))
        client = Endpoint(ip=self.client, port=port, mac=mac)
        server = Endpoint(ip=self.server, port=443, mac=_ROUTER_MAC)
        opening = (
            self._quic(begin + 0.02, client, server)
            if self.quic
            else self._tls(begin + 0.02, client, server)
        )
        yield from opening
        t = begin + 0.1
        while t < end:
            yield from self._burst(t, client, server, profile, weight)
            t += profile.every_s * self.source.uniform(0.8, 1.2)
        if not self.quic:
            yield tcp_frame(end, client, server, b"", seq=2, flags=_FIN_ACK)

    def _tls(self, t: float, client: Endpoint, server: Endpoint) -> Iterator[Frame]:
        yield tcp_frame(t, client, server, b"", seq=0, flags=_SYN)
        yield tcp_frame(t + 0.01, server, client, b"", seq=0, flags=_SYN_ACK)
        yield tcp_frame(t + 0.011, client, server, b"", seq=1, flags=_ACK)
        hello = tls_records(client_hello(self.name))
        yield tcp_frame(t + 0.012, client, server, hello, seq=1)

    def _quic(self, t: float, client: Endpoint, server: Endpoint) -> Iterator[Frame]:
        # Browsers scatter the hello over frames in any order, and over two packets.
        hello = client_hello(self.name, padding=1300)
        connection_id = self.source.randbytes(8)
        cut, half = 900, 60
        first = [(half, hello[half:cut]), (0, hello[:half])]
        yield udp_frame(
            t, client, server, quic_initial(first, connection_id=connection_id, number=0)
        )
        rest = [(cut, hello[cut:])]
        yield udp_frame(
            t + 0.001, client, server, quic_initial(rest, connection_id=connection_id, number=1)
        )

    def _burst(
        self, t: float, client: Endpoint, server: Endpoint, profile: AppProfile, weight: float
    ) -> Iterator[Frame]:
        scale = weight * self.source.uniform(0.6, 1.4)
        pairs = ((client, server, profile.up_bytes), (server, client, profile.down_bytes))
        for sender, receiver, size in pairs:
            rest = int(size * scale)
            while rest > 0:
                piece = min(rest, self.data_bytes)
                yield self._data(t, sender, receiver, piece)
                rest -= piece
                t += 0.0005

    def _data(self, t: float, sender: Endpoint, receiver: Endpoint, size: int) -> Frame:
        noise = _NOISE[:size]
        if self.quic:
            return udp_frame(t, sender, receiver, b"\x45" + noise)
        record = b"\x17\x03\x03" + len(noise).to_bytes(2) + noise
        return tcp_frame(t, sender, receiver, record, seq=self.source.randrange(1, 1 << 31))


_NOISE = random.Random(0).randbytes(DATA_BYTES)


def parse_session(text: str) -> AppSession:
    """`youtube:0:60` as a session. Raises ValueError naming what is wrong."""
    parts = text.split(":")
    if len(parts) != 3 or parts[0] not in PROFILES:
        raise ValueError(f"{text!r} is not app:start:duration with app of {', '.join(PROFILES)}")
    try:
        start, duration = float(parts[1]), float(parts[2])
    except ValueError as error:
        raise ValueError(f"{text!r}: start and duration are seconds") from error
    if not (0 <= start <= 86_400 and 0 < duration <= 86_400):
        raise ValueError(f"{text!r}: start and duration lie within a day")
    return AppSession(app=parts[0], start_s=start, duration_s=duration)
