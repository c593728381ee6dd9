"""A language model's judgement beside the fusion's: optional, bounded, always recorded.

The model sees the evidence in words and numbers, never raw signals, names or addresses. Its
label must come from the set that the evidence allows; anything else is thrown away and the
fusion's judgement stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_worker.messages import Mood
from edge_worker.mood.fusion import (
    ACTIVATION_DECIDED,
    VALENCE_DECIDED,
    EvidenceKind,
    Judgement,
    explain,
)

UNKNOWN = "unknown"
MAX_WORDS = 300
MAX_ANSWER = 4000

# System text and user text → the model's answer. May raise OSError when it cannot be reached.
Complete = Callable[[str, str], str]

SYSTEM_PROMPT = (
    "You judge a person's momentary mood from measured evidence. Answer with one JSON object: "
    '{"label": one of the allowed labels, "words": one plain sentence that says why}. '
    "Log-odds are positive towards activated, respectively better than usual. App use is weak. "
    'Prefer "unknown" to a guess. You make no diagnosis and give no advice.'
)


@dataclass(frozen=True, kw_only=True)
class LanguageJudgement:
    """What the language model said, or why its answer does not count."""

    label: str | None
    """A mood or "unknown"; None when the answer was not valid."""
    words: str
    problem: str = ""


def allowed_labels(judgement: Judgement) -> tuple[str, ...]:
    """Labels that do not contradict a decided axis; from too little evidence only "unknown"."""
    if judgement.activated is None or judgement.better is None:
        return (UNKNOWN,)
    activation = sum(amount for item, amount in judgement.used if item.kind is EvidenceKind.VITALS)
    valence = sum(amount for item, amount in judgement.used if item.kind is not EvidenceKind.VITALS)
    excluded: set[Mood] = set()
    if activation >= ACTIVATION_DECIDED:
        excluded |= {Mood.CONTENT, Mood.DOWN}
    elif activation <= -ACTIVATION_DECIDED:
        excluded |= {Mood.EXCITED, Mood.STRESSED}
    if valence >= VALENCE_DECIDED:
        excluded |= {Mood.STRESSED, Mood.DOWN, Mood.NEUTRAL}
    elif valence <= -VALENCE_DECIDED:
        excluded |= {Mood.EXCITED, Mood.CONTENT, Mood.NEUTRAL}
    return (*(str(mood) for mood in Mood if mood not in excluded), UNKNOWN)


def prompt(judgement: Judgement) -> str:
    """The evidence and the allowed labels, as JSON text."""
    evidence = explain(judgement)
    question = {
        "allowed_labels": list(allowed_labels(judgement)),
        "probability_activated": evidence["activated"],
        "probability_better_than_usual": evidence["better_than_usual"],
        "evidence": evidence["evidence"],
    }
    return json.dumps(question, ensure_ascii=False)


def answer_schema(judgement: Judgement) -> dict[str, Any]:
    """JSON schema of a valid answer, for services that can enforce one."""
    return {
        "type": "object",
        "properties": {
            "label": {"type": "string", "enum": list(allowed_labels(judgement))},
            "words": {"type": "string", "maxLength": MAX_WORDS},
        },
        "required": ["label", "words"],
        "additionalProperties": False,
    }


def read_answer(text: str, judgement: Judgement) -> LanguageJudgement:
    """Check an answer against the allowed set; never raises for whatever the model wrote."""
    if len(text) > MAX_ANSWER:
        return LanguageJudgement(label=None, words="", problem="the answer is too long")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return LanguageJudgement(label=None, words="", problem="the answer is not JSON")
    if not isinstance(data, Mapping):
        return LanguageJudgement(label=None, words="", problem="the answer is no JSON object")
    label, words = data.get("label"), data.get("words", "")
    if not isinstance(label, str) or label not in allowed_labels(judgement):
        problem = "the label is none that the evidence allows"
        return LanguageJudgement(label=None, words="", problem=problem)
    if not isinstance(words, str):
        return LanguageJudgement(label=None, words="", problem="the words are no text")
    return LanguageJudgement(label=label, words=" ".join(words.split())[:MAX_WORDS])


def ask(judgement: Judgement, complete: Complete) -> LanguageJudgement:
    """Ask the model; a model that cannot be reached is a problem on record, not an error."""
    try:
        answer = complete(SYSTEM_PROMPT, prompt(judgement))
    except OSError as error:
        problem = f"the language model cannot be reached ({type(error).__name__})"
        return LanguageJudgement(label=None, words="", problem=problem)
    return read_answer(answer, judgement)


def record(judgement: Judgement, said: LanguageJudgement | None) -> dict[str, Any]:
    """Both judgements side by side, plain JSON types; empty when no model was asked."""
    if said is None:
        return {}
    fused = UNKNOWN if judgement.mood is None else str(judgement.mood)
    return {
        "fusion_label": fused,
        "language_model": {
            "label": said.label,
            "words": said.words,
            "problem": said.problem,
            "agrees": said.label == fused,
        },
    }


def openai_complete(base_url: str, model: str, api_key: str, *, timeout_s: float) -> Complete:
    """A client of any service that speaks OpenAI's protocol; `openai` is imported here only.

    Raises ModuleNotFoundError when the package is not installed.
    """
    import openai

    client = openai.OpenAI(base_url=base_url, api_key=api_key, timeout=timeout_s, max_retries=0)

    def complete(system: str, user: str) -> str:
        try:
            response = client.chat.completions.create(
                model=model,
                temperature=0,
                response_format={"type": "json_object"},
                messages=[
                    {"role": "system", "content": system},
                    {"role": "user", "content": user},
                ],
            )
        except openai.OpenAIError as error:
            raise ConnectionError(str(error)) from error
        return response.choices[0].message.content or ""

    return complete
