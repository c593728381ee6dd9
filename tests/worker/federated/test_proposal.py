from __future__ import annotations

import json
from typing import Any

import pytest

from edge_worker.federated.proposal import (
    Augmentation,
    Family,
    ProposalError,
    SearchSpace,
    parse,
    proposal_sha,
)
from edge_worker.federated.untrusted import plain

SPACE = SearchSpace(
    families=tuple(Family),
    augmentations=(Augmentation.SHIFT, Augmentation.ROTATE),
    epochs=30,
    max_parameters=10**6,
)
WITH_HOOKS = SearchSpace(
    families=SPACE.families, augmentations=(), epochs=30, max_parameters=10**6, hooks=True
)

# The four attempts of the article (arXiv 2307.02779, section on federated learning).
ARTICLE: list[dict[str, Any]] = [
    {"config": {"family": "mobilenet_v2", "pretrained": True, "optimizer": "sgd", "rounds": 30}},
    {
        "config": {
            "family": "mobilenet_v2",
            "pretrained": True,
            "optimizer": "adam",
            "augmentation": ["shift", "rotate"],
            "rounds": 30,
        }
    },
    {
        "config": {
            "family": "mobilenet_v2",
            "pretrained": True,
            "optimizer": "adam",
            "augmentation": ["shift", "rotate"],
            "scheduler": {"kind": "step", "every": 10, "gamma": 0.1},
            "rounds": 30,
        }
    },
    {"action": "stop"},
]


def test_the_articles_four_attempts_can_be_written() -> None:
    shas = {proposal_sha(parse(json.dumps(attempt), SPACE)) for attempt in ARTICLE}
    assert len(shas) == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lr": 5}, "config.lr"),
        ({"lr": float("nan")}, "config.lr"),
        ({"lr": "fast"}, "config.lr"),
        ({"rounds": 200}, "above the budget of 30"),
        ({"rounds": 8, "local_epochs": 4}, "above the budget of 30"),
        ({"family": "transformer"}, "config.family"),
        ({"augmentation": ["flip"]}, "augmentation flip does not fit"),
        ({"augmentation": ["shift", "shift"]}, "listed twice"),
        ({"pretrained": True}, "no pretrained weights of the family cnn"),
        ({"dropout": 0.5}, "config.dropout"),
        ({"scheduler": {"kind": "step", "gamma": 2}}, "config.scheduler.gamma"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ProposalError) as caught:
        parse({"config": {"family": "cnn", **change}}, SPACE)
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", "null", '{"action":', "{" * 5000])
def test_an_answer_that_is_no_proposal_is_refused(text: str) -> None:
    with pytest.raises(ProposalError):
        parse(text, SPACE)


def test_every_wrong_thing_gets_its_sentence() -> None:
    with pytest.raises(ProposalError) as caught:
        parse({"config": {"family": "cnn", "lr": 7, "batch_size": 1}}, SPACE)
    assert len(caught.value.sentences) == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"family": "cnn"}, {"family": "cnn", "lr": 0.05}, True),
        (
            {"family": "cnn", "augmentation": ["shift", "rotate"]},
            {"family": "cnn", "augmentation": ["rotate", "shift"]},
            True,
        ),
        ({"family": "cnn", "optimizer": "adam"}, {"family": "cnn", "momentum": 0.9}, False),
        (
            {"family": "cnn", "optimizer": "adam"},
            {"family": "cnn", "optimizer": "adam", "momentum": 0.9},
            True,
        ),
        ({"family": "logistic"}, {"family": "logistic", "width": 2, "depth": 3}, True),
        ({"family": "mlp"}, {"family": "mlp", "depth": 3}, False),
        ({"family": "cnn"}, {"family": "cnn", "scheduler": {"every": 3}}, True),
    ],
)
def test_proposals_that_run_the_same_have_one_hash(
    one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    first, second = (parse({"config": c, "rationale": str(c)}, SPACE) for c in (one, other))
    assert (proposal_sha(first) == proposal_sha(second)) is same


def test_hooks_are_refused_where_they_are_off() -> None:
    hooks = {"augment": "def augment(inputs, generator):\n    return inputs"}
    with pytest.raises(ProposalError, match="code hooks are off"):
        parse({"config": {"family": "cnn"}, "hooks": hooks}, SPACE)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def augment(inputs, generator)", "not Python"),
        ("import os\ndef augment(inputs, generator):\n    return inputs", "exactly one function"),
        ("def other(inputs, generator):\n    return inputs", "exactly one function"),
        ("def augment(inputs):\n    return inputs", "must take exactly"),
    ],
)
def test_a_hook_of_another_form_is_refused_early(source: str, words: str) -> None:
    with pytest.raises(ProposalError, match=words):
        parse({"config": {"family": "cnn"}, "hooks": {"augment": source}}, WITH_HOOKS)


def test_comments_and_layout_of_a_hook_make_no_new_proposal() -> None:
    sources = (
        "def augment(inputs, generator):\n    return inputs * 2",
        "def augment(inputs, generator):\n    # doubled\n\n    return (inputs * 2)\n",
    )
    hashes = {
        proposal_sha(parse({"config": {"family": "cnn"}, "hooks": {"augment": s}}, WITH_HOOKS))
        for s in sources
    }
    assert len(hashes) == 1


def test_the_schema_names_only_what_the_task_allows() -> None:
    space = SearchSpace(families=(Family.MLP,), augmentations=(), epochs=10, max_parameters=1000)
    text = json.dumps(space.schema())
    assert "mobilenet" not in text
    assert "build_model" not in text
    assert "rotate" not in text


def test_an_answer_wrong_in_a_thousand_ways_gets_few_short_sentences() -> None:
    answer = {"config": {"family": "cnn"}, **{f"{n}\x1b[2J" + "k" * 3000: 1 for n in range(1000)}}
    with pytest.raises(ProposalError) as caught:
        parse(answer, SPACE)
    assert len(caught.value.sentences) == 11
    assert caught.value.sentences[-1] == "and 990 more like these"
    assert all(len(sentence) < 300 for sentence in caught.value.sentences)
    assert "\x1b" not in str(caught.value)


def test_a_rationale_moves_no_terminals_cursor() -> None:
    rationale = "\x1b[2Jyour disk\x07 is \x9b1mbroken\nsecond line ü 犬"
    found = parse({"rationale": rationale, "config": {"family": "cnn"}}, SPACE).rationale
    assert found == plain(rationale) == "?[2Jyour disk? is ?1mbroken\nsecond line ü 犬"
