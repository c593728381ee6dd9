"""The range coder gives back what went in, in few bytes, and the same bytes everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from edge_worker.offload.codec.range_coder import TOTAL, cumulate, decode, encode
from edge_worker.offload.codec.tables import integer_counts

SKEWED = cumulate((1, 1, TOTAL - 4, 1, 1))
EVEN = cumulate((TOTAL // 4,) * 4)


def random_case(seed: int) -> tuple[list[int], list[tuple[int, ...]]]:
    random = np.random.default_rng(seed)
    tables = [
        cumulate(integer_counts(random.dirichlet(np.full(63, random.choice([0.05, 1.0])))))
        for _ in range(3)
    ]
    count = int(random.integers(0, 300))
    which = random.integers(0, 3, count)
    # Every symbol alike: rare ones come far more often than the tables say.
    return random.integers(0, 63, count).tolist(), [tables[index] for index in which]


@pytest.mark.parametrize("seed", range(60))
def test_symbols_survive(seed: int) -> None:
    symbols, tables = random_case(seed)
    assert decode(encode(symbols, tables), tables) == symbols


@pytest.mark.parametrize("symbol", [0, 2, 4])
def test_long_runs_of_one_symbol_survive(symbol: int) -> None:
    symbols = [symbol] * 5000
    payload = encode(symbols, [SKEWED] * 5000)
    assert decode(payload, [SKEWED] * 5000) == symbols


def test_likely_symbols_cost_almost_nothing() -> None:
    assert len(encode([2] * 1000, [SKEWED] * 1000)) <= 2


def test_size_is_within_two_bytes_of_the_entropy() -> None:
    random = np.random.default_rng(5)
    probabilities = random.dirichlet(np.full(63, 0.3))
    counts = integer_counts(probabilities)
    table = cumulate(counts)
    symbols = random.choice(63, 400, p=np.array(counts) / TOTAL)
    ideal = -np.log2(np.array(counts)[symbols] / TOTAL).sum() / 8
    assert ideal <= len(encode(symbols.tolist(), [table] * 400)) + 1e-9
    assert len(encode(symbols.tolist(), [table] * 400)) <= ideal + 2


def test_bytes_are_the_same_everywhere() -> None:
    symbols = [0, 1, 2, 3, 3, 2, 1, 0, 3, 3, 3, 0]
    assert encode(symbols, [EVEN] * 12).hex() == "1be343"
    assert encode([2, 0, 4, 2, 1], [SKEWED] * 5).hex() == "0002fff80008"


@pytest.mark.parametrize("seed", range(20))
def test_foreign_bytes_end_in_symbols_of_the_tables(seed: int) -> None:
    random = np.random.default_rng(seed)
    _, tables = random_case(seed)
    symbols = decode(random.bytes(int(random.integers(0, 200))), tables)
    assert len(symbols) == len(tables)
    assert all(0 <= symbol < len(table) - 1 for symbol, table in zip(symbols, tables, strict=True))


@pytest.mark.parametrize("counts", [(0, TOTAL), (TOTAL - 1,), (TOTAL, 1), (-1, TOTAL + 1)])
def test_wrong_counts_are_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="count"):
        cumulate(counts)


def test_counts_keep_every_symbol_possible() -> None:
    counts = integer_counts(np.array([1.0, 0.0, 1e-12, 3.0]))
    assert sum(counts) == TOTAL
    assert min(counts) == 1
    assert counts[3] == pytest.approx(3 * counts[0], rel=1e-3)
