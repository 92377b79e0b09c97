"""How a whole number is split by weights: the method of the largest remainder. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

K = TypeVar("K", int, str)


def largest_remainder(amount: int, weights: Mapping[K, int]) -> dict[K, int]:
    """Split an amount by weights that aren't negative; the sum is exact, empty where all weigh nothing.

    Everybody gets their quota rounded down, and what is left goes, one each, to the largest
    remainders; of equal ones to the smaller key. After Alexander Hamilton's apportionment of 1792; see
    Balinski and Young, *Fair Representation* (1982). Whoever weighs more never gets less.
    """
    total = sum(weights.values())
    if not total:
        return {}
    quotas = {key: divmod(amount * weight, total) for key, weight in weights.items()}
    left = amount - sum(whole for whole, _ in quotas.values())
    ahead = set(sorted(quotas, key=lambda key: (-quotas[key][1], key))[:left])
    return {key: whole + (key in ahead) for key, (whole, _) in quotas.items()}
