"""A range coder in integers alone: the same bytes and symbols on every machine.

Carry-propagating byte-wise range coder (Martin 1979) with 32 bits of range and counts that
sum to 2^16. It codes two symbols per microsecond at best, in plain Python: a window of a few
hundred symbols takes a fraction of a millisecond, so no compiled coder is needed, which
64-bit ARM would lack.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

TOTAL_BITS = 16
TOTAL = 1 << TOTAL_BITS
_TOP = 1 << 24
_MASK = (1 << 32) - 1


def cumulate(counts: Sequence[int]) -> tuple[int, ...]:
    """Running sums from 0 to TOTAL, one more than there are counts.

    Raises ValueError unless all counts are at least 1 and sum to TOTAL.
    """
    sums = [0]
    for count in counts:
        if count < 1:
            raise ValueError("every symbol of a table needs a count of at least 1")
        sums.append(sums[-1] + count)
    if sums[-1] != TOTAL:
        raise ValueError(f"the counts of a table must sum to {TOTAL}, not {sums[-1]}")
    return tuple(sums)


def encode(symbols: Iterable[int], tables: Iterable[Sequence[int]]) -> bytes:
    """Code each symbol (index into its table) with its table of running sums."""
    low, size = 0, _MASK
    shifts = 0
    # The number grows to the left; Python's integers carry by themselves.
    for symbol, table in zip(symbols, tables, strict=True):
        step = size >> TOTAL_BITS
        start = table[symbol]
        low += step * start
        size = step * (table[symbol + 1] - start)
        while size < _TOP:
            size <<= 8
            low <<= 8
            shifts += 1
    # Of all numbers in [low, low + size) the one with most zeros at its end.
    for zeros in range(32, -1, -1):
        rounded = (low + (1 << zeros) - 1) >> zeros << zeros
        if rounded < low + size:
            low = rounded
            break
    return low.to_bytes(shifts + 5, "big")[1:].rstrip(b"\0")


def decode(payload: bytes, tables: Iterable[Sequence[int]]) -> list[int]:
    """One symbol per table. Whatever the bytes are, it ends, with symbols of the tables."""
    position = 4
    value = int.from_bytes(payload[:4].ljust(4, b"\0"), "big")
    size = _MASK
    end = len(payload)
    symbols = []
    for table in tables:
        step = size >> TOTAL_BITS
        place = value // step
        if place >= TOTAL:
            place = TOTAL - 1
        symbol = bisect_right(table, place) - 1
        start = table[symbol]
        value -= step * start
        size = step * (table[symbol + 1] - start)
        while size < _TOP:
            value = (value << 8 | (payload[position] if position < end else 0)) & _MASK
            size <<= 8
            position += 1
        symbols.append(symbol)
    return symbols
