"""What this computer can do, and what it lacks: one line for each check."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec

from edge_worker.runtime.toolbox import load_tools
from edge_worker.settings import MqttSettings, Settings

_BROKER_TIMEOUT_S = 3.0


class Verdict(StrEnum):
    """MISSING keeps the worker from running; LIMITED keeps something optional from it."""

    OK = "ok"
    LIMITED = "limited"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check: what, how it went, and what to do."""

    what: str
    verdict: Verdict
    detail: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Check this computer against these settings."""
    yield _python()
    yield _data_dir(settings)
    yield _broker(settings.mqtt)
    have = set(settings.capabilities)
    for tool in load_tools().values():
        lacking = sorted(set(tool.card.needs) - have)
        problem = tool.problem(settings.tools.get(tool.card.name, {}))
        if lacking:
            detail = f"not offered: the settings give this device no {' and no '.join(lacking)}"
            yield Finding(what=f"tool {tool.card.name}", verdict=Verdict.OK, detail=detail)
        elif problem:
            yield Finding(what=f"tool {tool.card.name}", verdict=Verdict.MISSING, detail=problem)
        elif tool.promoted and tool.promoted(tool.card, settings.data_dir) is None:
            detail = "offered once a model was trained and accepted"
            yield Finding(what=f"tool {tool.card.name}", verdict=Verdict.OK, detail=detail)
        else:
            yield Finding(what=f"tool {tool.card.name}", verdict=Verdict.OK, detail="offered")
    yield from _optional()
    yield _foreign_code(settings)


def _python() -> Finding:
    version = platform.python_version()
    ok = sys.version_info >= (3, 11)
    return Finding(
        what="Python",
        verdict=Verdict.OK if ok else Verdict.MISSING,
        detail=f"{version} on {platform.machine()}" + ("" if ok else "; 3.11 or newer is needed"),
    )


def _data_dir(settings: Settings) -> Finding:
    folder = settings.data_dir
    existing = next((path for path in (folder, *folder.parents) if path.exists()), None)
    writable = existing is not None and os.access(existing, os.W_OK | os.X_OK)
    return Finding(
        what="data folder",
        verdict=Verdict.OK if writable else Verdict.MISSING,
        detail=str(folder) if writable else f"{folder} can't be written; set `data_dir`",
    )


def _broker(settings: MqttSettings) -> Finding:
    where = f"{settings.host}:{settings.port}"
    try:
        socket.create_connection((settings.host, settings.port), _BROKER_TIMEOUT_S).close()
    except OSError as error:
        hint = "start one (Debian: apt install mosquitto) or set [mqtt] host and port"
        return Finding(
            what="MQTT broker",
            verdict=Verdict.MISSING,
            detail=f"nothing answers at {where} ({error.strerror or error}); {hint}",
        )
    return Finding(what="MQTT broker", verdict=Verdict.OK, detail=f"answers at {where}")


def _optional() -> Iterator[Finding]:
    """Packages that only some work needs."""
    for package, purpose in (
        ("sklearn", "fitting models again (extra `train`)"),
        ("torch", "neural models (extra `neural`)"),
    ):
        there = find_spec(package) is not None
        yield Finding(
            what=package,
            verdict=Verdict.OK if there else Verdict.LIMITED,
            detail=f"installed: {purpose}" if there else f"not installed; needed for {purpose}",
        )


def _foreign_code(settings: Settings) -> Finding:
    """Whether code that a language model wrote may run, and could be contained: it is tried."""
    from edge_worker.federated.sandbox.tier import Tier, protection

    found = protection()
    possible = found.tier is not Tier.NONE
    said = "code in proposals is " + ("on" if settings.federated.allow_code else "off")
    if settings.federated.allow_code and not possible:
        said = "code in proposals is on, so a training refuses to start"
    return Finding(
        what="sandbox for foreign training code",
        verdict=Verdict.OK if possible else Verdict.LIMITED,
        detail=f"tier {found.tier}: {found.sentence}; {said} ([federated] allow_code)",
    )
