"""Make the planner importable without Home Assistant, and describe one small home."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1] / "scripts")]

import _planner  # noqa: E402

_planner.load()

from edge_ai.messages import Catalogue  # noqa: E402
from edge_ai.planner.home import Home, Named  # noqa: E402
from sample_home import MAIN_TOOLS, device  # noqa: E402


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(
        devices=(
            device("hub", "person_store", hub=True),
            device("pi", "speaker microphone"),
            device("router", "network_traffic"),
        ),
        tools=MAIN_TOOLS,
    )


@pytest.fixture
def home() -> Home:
    return Home(
        people=(Named("anna", "Anna"), Named("ben", "Ben")),
        areas=(Named("bed", "Bedroom"), Named("living", "Living room")),
        area_devices={"bed": ("pi",)},
        speaker="anna",
        satellite_area="bed",
        without_consent=(Named("carl", "Carl"),),
    )
