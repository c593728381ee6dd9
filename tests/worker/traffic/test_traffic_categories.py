"""Categories: label boundaries, the longest suffix, overrides and the coverage asked for."""

from __future__ import annotations

import pytest

from edge_worker.sensing.traffic.categories import (
    UNKNOWN,
    Category,
    CategoryError,
    Role,
    load_categories,
    parse_categories,
)
from edge_worker.sensing.traffic.ndpi import ndpi_entry

CATEGORIES = load_categories()


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("web.whatsapp.com", "communication"),
        ("short.weixin.qq.com", "communication"),
        ("api.telegram.org", "communication"),
        ("us04web.zoom.us", "communication"),
        ("i.instagram.com", "social"),
        ("api.weibo.com", "social"),
        ("www.xiaohongshu.com", "social"),
        ("aweme.snssdk.com", "social"),
        ("rr1---sn-x.googlevideo.com", "entertainment"),
        ("ipv4-c1-lhr.1.oca.nflxvideo.net", "entertainment"),
        ("upos-sz.bilivideo.com", "entertainment"),
        ("music.163.com", "entertainment"),
        ("v.qq.com", "entertainment"),
        ("api.steampowered.com", "game"),
        ("hk4e-api.mihoyo.com", "game"),
        ("contoso.sharepoint.com", "office"),
        ("www.duolingo.com", "office"),
        ("open.feishu.cn", "office"),
        ("docs.qq.com", "office"),
        ("secure.chase.com", "finance"),
        ("www.paypal.com", "finance"),
        ("mobile.alipay.com", "finance"),
        ("www.commbank.com.au", "finance"),
        ("www.booking.com", "travel"),
        ("maps.googleapis.com", "travel"),
        ("restapi.amap.com", "travel"),
        ("kyfw.12306.cn", "travel"),
        ("api.weather.gov", "weather"),
        ("www.bom.gov.au", "weather"),
        ("www.weather.com.cn", "weather"),
        ("chatgpt.com", "utilities"),
        ("www.taobao.com", "other"),
        ("www.bbc.co.uk", "other"),
        ("www.nhs.uk", "other"),
        ("www.tinder.com", "other"),
        ("www.bet365.com", "other"),
        ("dl.delivery.mp.microsoft.com", "builtin"),
        ("d111111abcdef8.cloudfront.net", "unknown"),
        ("no-such-service.example", "unknown"),
    ],
)
def test_well_known_services(name: str, category: str) -> None:
    assert CATEGORIES.find(name).category == category


def test_every_category_has_apps() -> None:
    apps = {entry.category: set() for entry in CATEGORIES.suffixes.values()}
    for entry in CATEGORIES.suffixes.values():
        apps[entry.category].add(entry.app)
    assert set(apps) == set(Category)
    assert all(len(apps[category]) >= 10 for category in Category)


def test_suffix_ends_at_a_label() -> None:
    assert CATEGORIES.find("notnetflix.com") is UNKNOWN
    assert CATEGORIES.find("netflix.com.example") is UNKNOWN
    assert CATEGORIES.find("NETFLIX.com.").app == "netflix"


def test_longest_suffix_wins() -> None:
    assert CATEGORIES.find("www.amazon.com").category == "other"
    assert CATEGORIES.find("music.amazon.com").category == "entertainment"
    assert CATEGORIES.find("alexa.amazon.com").role is Role.BACKGROUND


def test_background_and_tunnels_are_marked() -> None:
    assert not CATEGORIES.find("gateway.push.apple.com").foreground
    assert not CATEGORIES.find("ad.doubleclick.net").foreground
    assert CATEGORIES.find("mask.icloud.com").role is Role.TUNNEL


def test_own_rules_win() -> None:
    own = load_categories({"netflix.com": "office", "intranet.example.org": "office"})
    assert own.find("www.netflix.com").category == "office"
    assert own.find("a.intranet.example.org").category == "office"
    assert CATEGORIES.find("www.netflix.com").category == "entertainment"


@pytest.mark.parametrize(
    ("rule", "word"),
    [({"com": "office"}, "short"), ({"co.uk": "office"}, "owners"), ({"a.org": "fun"}, "category")],
)
def test_bad_rules_are_named(rule: dict[str, str], word: str) -> None:
    with pytest.raises(CategoryError, match=word):
        load_categories(rule)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["version 1", "office x use a.org", "game y use a.org"], "line 3"),
        (["version 1", "nonsense x use a.org"], "line 2"),
        (["office x use a.org"], "version"),
    ],
)
def test_bad_lists_are_named(lines: list[str], message: str) -> None:
    with pytest.raises(CategoryError, match=message):
        parse_categories(lines)


@pytest.mark.parametrize(
    ("application", "label", "category", "foreground"),
    [
        ("TLS.Spotify", "Music", "entertainment", True),
        ("DNS.NetFlix", "Network", "builtin", False),
        ("TLS.Waze", "Web", "travel", True),
        ("QUIC", "Web", "unknown", True),
        ("TLS.WindowsUpdate", "SoftwareUpdate", "builtin", False),
        ("TLS.NewApp", "A_category_of_tomorrow", "unknown", True),
        ("TLS.X", "Gambling", "other", True),
    ],
)
def test_labels_of_ndpi(application: str, label: str, category: str, foreground: bool) -> None:
    entry = ndpi_entry(application, label)
    assert (entry.category, entry.foreground) == (category, foreground)
