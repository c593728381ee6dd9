"""The optional language model: bounded by the evidence, recorded, never in the way."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_worker.catalogue.ports import Activation, MoodEstimate
from edge_worker.catalogue.tool import ToolContext
from edge_worker.messages import Mood, Person, ReadingState
from edge_worker.mood import commands
from edge_worker.mood.fusion import Evidence, EvidenceKind, Judgement, fuse
from edge_worker.mood.fusion_step import FusionStep
from edge_worker.mood.judge import (
    UNKNOWN,
    allowed_labels,
    answer_schema,
    ask,
    prompt,
    read_answer,
    record,
)

NOW = 1_700_000_000.0


def _judgement(activation: float | None = 2.0, valence: float | None = 2.0) -> Judgement:
    heart = Evidence(kind=EvidenceKind.VITALS, log_odds=activation or 0.0)
    answer = Evidence(kind=EvidenceKind.CHECK_IN, log_odds=valence or 0.0)
    return fuse(None if activation is None else heart, [] if valence is None else [answer])


def test_a_decided_axis_cannot_be_contradicted() -> None:
    assert allowed_labels(_judgement(2, 2)) == ("excited", UNKNOWN)
    assert allowed_labels(_judgement(-2, -2)) == ("down", UNKNOWN)
    assert set(allowed_labels(_judgement(0.1, 0.1))) == {*map(str, Mood), UNKNOWN}
    assert allowed_labels(_judgement(None, 2)) == (UNKNOWN,)
    assert answer_schema(_judgement(2, 2))["properties"]["label"]["enum"] == ["excited", UNKNOWN]


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_no_answer_breaks_anything(text: str) -> None:
    assert read_answer(text, _judgement()).label in (None, "excited", UNKNOWN)


@pytest.mark.parametrize(
    "answer",
    ['{"label": "stressed"}', '{"label": "joy"}', "excited", '{"words": "x"}', "[" * 5000],
)
def test_labels_outside_the_allowed_set_do_not_count(answer: str) -> None:
    said = read_answer(answer, _judgement())
    assert said.label is None
    assert said.problem


def test_a_model_that_cannot_be_reached_is_on_record() -> None:
    def fail(system: str, user: str) -> str:
        raise ConnectionError

    said = ask(_judgement(), fail)
    assert record(_judgement(), said)["language_model"]["label"] is None
    assert "cannot be reached" in said.problem


def test_the_prompt_carries_evidence_and_no_person() -> None:
    question = json.loads(prompt(_judgement()))
    assert question["allowed_labels"] == ["excited", UNKNOWN]
    assert {piece["from"] for piece in question["evidence"]} == {"vitals", "check_in"}


def _run(tmp_path: Path, answer: str, *, decides: bool) -> MoodEstimate:
    """Feed the fusion step with an excited person and let the model answer."""
    answered = threading.Event()

    def complete(system: str, user: str) -> str:
        answered.set()
        return answer

    settings = {"language_model": {"base_url": "http://host", "model": "m", "decides": decides}}
    context = ToolContext(
        settings=settings, data_dir=tmp_path, person=Person(id="anna", name="Anna")
    )
    step = FusionStep(context, complete=complete)
    commands.check_in(tmp_path, "anna", 5, time=NOW)
    step.update("activation", Activation(t=NOW, state=ReadingState.OK, log_odds=2.0, quality=1.0))
    (first,) = step.tick(NOW)
    assert first[1].mood is Mood.EXCITED
    assert "language_model" not in first[1].explanation
    assert answered.wait(30)
    for tick in range(1, 3000):
        for _, estimate in step.tick(NOW + tick / 100):
            if "language_model" in estimate.explanation:
                return estimate
        threading.Event().wait(0.01)
    raise AssertionError("the answer never arrived")


def test_both_judgements_are_recorded_and_the_fusion_stays_the_default(tmp_path: Path) -> None:
    estimate = _run(tmp_path, '{"label": "unknown", "words": "weak"}', decides=False)
    assert estimate.mood is Mood.EXCITED
    assert estimate.explanation["judged_by"] == "fusion"
    assert estimate.explanation["language_model"]["label"] == UNKNOWN
    assert estimate.explanation["fusion_label"] == "excited"


def test_where_it_decides_its_valid_label_is_published(tmp_path: Path) -> None:
    estimate = _run(tmp_path, '{"label": "unknown", "words": "weak"}', decides=True)
    assert (estimate.mood, estimate.explanation["judged_by"]) == (None, "language_model")
    assert estimate.explanation["fusion_label"] == "excited"


def test_where_its_answer_is_not_valid_the_fusion_is_the_fall_back(tmp_path: Path) -> None:
    estimate = _run(tmp_path, '{"label": "down", "words": "no"}', decides=True)
    assert (estimate.mood, estimate.explanation["judged_by"]) == (Mood.EXCITED, "fusion")
    assert estimate.explanation["language_model"]["problem"]
