"""The tools of this wing: cards, and makers that load what they need."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from edge_worker import __version__
from edge_worker.catalogue.model_store import ModelStore
from edge_worker.catalogue.ports import Port
from edge_worker.catalogue.tool import Step, Tool, ToolContext
from edge_worker.messages import Measured, ToolCard, ToolInput

PERSON_STORE = "person_store"


def _quality(model: str) -> tuple[Measured, ...]:
    """The figures of the model's card, as the evaluation command wrote them there."""
    file = resources.files("edge_worker.mood.models") / f"{model}.card.json"
    try:
        card: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(Measured(**figure) for figure in card.get("quality", ()))


def _missing(*models: str) -> Callable[[Mapping[str, Any]], str | None]:
    def problem(settings: Mapping[str, Any]) -> str | None:
        folder = resources.files("edge_worker.mood.models")
        for model in models:
            if not (folder / f"{model}.json").is_file():
                return f"The model file {model}.json is missing: install the package again."
        return None

    return problem


def _make_activation(context: ToolContext) -> Step:
    from edge_worker.mood.activation_step import ActivationStep

    return ActivationStep(context)


def _make_network(context: ToolContext) -> Step:
    from edge_worker.mood.activation_network import make_step

    return make_step(context)


def _promoted_network(card: ToolCard, data_dir: Path) -> ToolCard | None:
    # Most homes have promoted nothing: then numpy stays unloaded.
    if ModelStore(data_dir).is_empty("activation_network"):
        return None
    from edge_worker.mood.activation_network import promoted_card

    return promoted_card(card, data_dir)


def _make_usage(context: ToolContext) -> Step:
    from edge_worker.mood.usage_step import UsageStep

    return UsageStep(context)


def _make_fusion(context: ToolContext) -> Step:
    from edge_worker.mood.fusion_step import FusionStep

    return FusionStep(context)


def _forget(data_dir: Path, person: str) -> None:
    from edge_worker.mood.commands import delete_person

    delete_person(data_dir, person)


_ACTIVATION = ToolCard(
    name="activation_forest",
    version=__version__,
    summary="Tells calm from activated by heart and breathing, against the person's own rest.",
    inputs=(ToolInput(port=Port.VITALS),),
    outputs=(Port.ACTIVATION,),
    needs=(PERSON_STORE,),
    per_person=True,
    cpu_ms_per_s=1.2,
    bytes_per_s=200.0,
    leaves="Log-odds of calm or activated, with the rates they rest on.",
)
_NETWORK = ToolCard(
    name="activation_network",
    version="",
    summary="Tells calm from activated like the forest, by a network trained in this home.",
    inputs=(ToolInput(port=Port.VITALS),),
    outputs=(Port.ACTIVATION,),
    needs=(PERSON_STORE,),
    per_person=True,
    cpu_ms_per_s=1.0,
    bytes_per_s=200.0,
    leaves="Log-odds of calm or activated, with the rates they rest on.",
)
_USAGE = ToolCard(
    name="usage_tree",
    version=__version__,
    summary="Weak evidence of feeling better or worse than usual from app categories.",
    inputs=(ToolInput(port=Port.APP_USAGE),),
    outputs=(Port.VALENCE,),
    needs=(PERSON_STORE,),
    per_person=True,
    cpu_ms_per_s=0.1,
    bytes_per_s=5.0,
    leaves="Log-odds of better or worse than usual, and the most unusual category.",
)
_FUSION = ToolCard(
    name="mood_fusion",
    version=__version__,
    summary="Joins activation, check-ins and app use to a mood, or says why it is unknown.",
    inputs=(
        ToolInput(port=Port.VALENCE, required=False),
        ToolInput(port=Port.ACTIVATION, required=False),
    ),
    outputs=(Port.MOOD,),
    needs=(PERSON_STORE,),
    per_person=True,
    cpu_ms_per_s=0.4,
    bytes_per_s=100.0,
    leaves="The mood with its probability and the evidence in words.",
)

TOOLS: tuple[Tool, ...] = (
    Tool(
        card=replace(_ACTIVATION, quality=_quality("activation_forest")),
        make_step=_make_activation,
        problem=_missing("activation_forest"),
    ),
    Tool(card=_NETWORK, make_step=_make_network, promoted=_promoted_network),
    Tool(
        card=replace(_USAGE, quality=_quality("usage_tree")),
        make_step=_make_usage,
        problem=_missing("usage_tree"),
    ),
    Tool(
        card=replace(_FUSION, quality=_quality("valence_history")),
        make_step=_make_fusion,
        forget=_forget,  # one store for all three
        problem=_missing("valence_history"),
    ),
)
