"""Typing errors, chat words, traditional characters, Cantonese and homophones."""

from __future__ import annotations

import pytest
from edge_ai.planner.grammar import parse
from edge_ai.planner.hanzi import by_sound, simplified
from edge_ai.planner.home import Home, Named
from edge_ai.planner.spelling import distance

HOME = Home(people=(Named("anna", "Anna"),), areas=(Named("bed", "bedroom"),))


@pytest.mark.parametrize(
    ("first", "second", "letters"),
    [
        ("stress", "stress", 0),
        ("stres", "stress", 1),
        ("montior", "monitor", 1),
        ("moniter", "monitor", 1),
        ("brething", "breathing", 1),
        ("feeding", "breathing", 3),
    ],
)
def test_distance_counts_letters_and_swaps(first: str, second: str, letters: int) -> None:
    assert distance(first, second, 2) == letters


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("montior my stress", "monitor my stress"),
        ("montior my stres for an hour", "monitor my stress for an hour"),
        ("lemme know when anna is stressed", "let me know when Anna is stressed"),
        ("gimme my bpm", "give me my heart rate"),
        ("請幫我監測一下心情", "请帮我监测一下心情"),
        ("睇住我嘅呼吸", "看着我的呼吸"),
        ("监测我的亚力三十分钟", "监测我的压力三十分钟"),
    ],
)
def test_other_spellings_mean_the_same(said: str, meant: str) -> None:
    assert parse(meant, HOME)
    assert parse(said, HOME) == parse(meant, HOME)


@pytest.mark.parametrize("text", ["find my purse", "start the feeding", "who called me", "微博"])
def test_words_of_their_own_are_left_alone(text: str) -> None:
    assert parse(text, HOME) == ()


def test_a_known_word_never_sounds_like_another() -> None:
    assert by_sound("检测") is None
    assert by_sound("亚力") == "压力"


def test_traditional_cantonese_becomes_simplified_mandarin() -> None:
    assert simplified("我而家心跳幾多") == "我现在心跳多少"
