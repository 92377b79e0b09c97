"""A whole number split by weights: exact, fair in one direction, and the same for everybody who asks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.apportion import largest_remainder

WEIGHTS = st.dictionaries(st.text("abcd", min_size=1, max_size=4), st.integers(0, 10**12))
AMOUNTS = st.integers(1, 10**12)


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        (100, {"a": 1, "b": 1, "c": 1}, {"a": 34, "b": 33, "c": 33}),
        # Quotas of 14.24, 2.41, 4.35 and 0: one is left, for the second.
        (
            21,
            {"a": 7270, "b": 1230, "c": 2220, "d": 0},
            {"a": 14, "b": 3, "c": 4, "d": 0},
        ),
        (1, {"b": 5, "a": 5}, {"a": 1, "b": 0}),
        (5, {"a": 0}, {}),
        (5, {}, {}),
    ],
)
def test_the_largest_remainders_get_what_is_left(
    amount: int, weights: dict[str, int], shares: dict[str, int]
) -> None:
    assert largest_remainder(amount, weights) == shares


@given(AMOUNTS, WEIGHTS)
def test_it_adds_up_near_each_quota_and_more_weight_never_gets_less(
    amount: int, weights: dict[str, int]
) -> None:
    shares = largest_remainder(amount, weights)
    total = sum(weights.values())
    assert sum(shares.values()) == (amount if total else 0)
    for key, share in shares.items():
        assert abs(share * total - amount * weights[key]) < total
        assert weights[key] or not share
    by_weight = sorted(shares, key=lambda key: weights[key])
    for less, more in pairwise(by_weight):
        assert weights[less] == weights[more] or shares[less] <= shares[more]


@given(AMOUNTS, WEIGHTS, st.randoms())
def test_in_whatever_order_the_weights_come(
    amount: int, weights: dict[str, int], mix: object
) -> None:
    shuffled = dict(sorted(weights.items(), key=lambda _: mix.random()))  # type: ignore[attr-defined]
    assert largest_remainder(amount, shuffled) == largest_remainder(amount, weights)
