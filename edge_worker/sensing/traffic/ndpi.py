"""nDPI's words in ours: its category and protocol names → app category.

Only for the optional nfstream source; our own dissector needs no nDPI. Category names as
nDPI 5.0 spells them (`ndpi_protocols.h`); what is not listed here counts as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge_worker.sensing.traffic.categories import (
    HIDDEN,
    HOUSEKEEPING,
    UNKNOWN,
    AppEntry,
    Category,
)

_CATEGORY_NAMES: Mapping[Category, str] = {
    Category.COMMUNICATION: "Email Chat VoIP",
    Category.SOCIAL: "SocialNetwork Blog_Forum",
    Category.ENTERTAINMENT: (
        "Media Streaming Music Video Sport Books Culture Events Hobby Entertainment"
    ),
    Category.GAME: "Game",
    Category.OFFICE: (
        "Database RemoteAccess Collaborative Productivity Business Education Design "
        "Employment Computer_Science Construction Engineering"
    ),
    Category.FINANCE: "Crypto_Currency Finance Blockchain_Crypto",
    Category.TRAVEL: "Travel Maps_Navigation Transportation Vehicles",
    Category.WEATHER: "Weather",
    Category.UTILITIES: (
        "DataTransfer Download Cloud FileSharing Cybersecurity Antimalware ArtifIntelligence "
        "Hw_Sw Telecommunication Security Technology"
    ),
    # Dating, gambling and the other sensitive topics of nDPI lie here too.
    Category.OTHER: (
        "Web Shopping AdultContent Mining Malware Health News Government Food Art Fashion "
        "Science Legal Environmental_Services Housing Lifestyle Real_Estate Environment "
        "Religion Agriculture Beauty History Politics Dating Gambling"
    ),
}
_BACKGROUND_NAMES = (
    "Network RPC System ConnCheck IoT-Scada Advertisement Bots Scanners Login_Portal "
    "SoftwareUpdate VirtAssistant"
)
_BACKGROUND = frozenset(_BACKGROUND_NAMES.split())
_HIDDEN = frozenset(("VPN",))
_BY_CATEGORY = {
    name: AppEntry(category=category)
    for category, names in _CATEGORY_NAMES.items()
    for name in names.split()
}
# Where nDPI's category misleads: calls that are "Media", shops of a platform, and carriers
# (HTTP, TLS, clouds) that say nothing.
_APP_CATEGORIES: Mapping[Category, str] = {
    Category.COMMUNICATION: "RTP SRTP SD-RTN STUN Zoom Discord",
    Category.TRAVEL: "GoogleMaps Waze",
    Category.WEATHER: "AccuWeather",
    Category.BUILTIN: "Apple Google GoogleServices Xiaomi Huawei ApplePush",
    Category.ENTERTAINMENT: "AmazonVideo",
    Category.OFFICE: "GoogleDrive Dropbox Pluralsight",
    Category.UNKNOWN: (
        "HTTP TLS QUIC DTLS Unknown AmazonAWS Azure Cloudflare GoogleCloud AlibabaCloud Akamai"
    ),
}
_BY_APP = {
    name: UNKNOWN if category is Category.UNKNOWN else AppEntry(category=category, app=name)
    for category, names in _APP_CATEGORIES.items()
    for name in names.split()
}
_TUNNEL_APPS = frozenset(("iCloudPrivateRelay", "CloudflareWarp", "DoH_DoT", "Tor", "WireGuard"))


def ndpi_entry(application: str, category: str) -> AppEntry:
    """The entry for nDPI's labels, such as ("TLS.Spotify", "Music").

    The part after the dot is the app: `DNS.NetFlix` has the category Network.
    """
    protocol, _, app = application.rpartition(".")
    if protocol == "DNS" or app == "DNS":
        return HOUSEKEEPING
    if app in _TUNNEL_APPS or category in _HIDDEN:
        return HIDDEN
    known = _BY_APP.get(app)
    if known is not None:
        return known
    if category in _BACKGROUND:
        return HOUSEKEEPING
    return _BY_CATEGORY.get(category, UNKNOWN)
