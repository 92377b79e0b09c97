"""Winners from votes. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def winner(tally: Mapping[int, int], shown: Collection[int]) -> int:
    """The number of the winning clip: most votes, then the lower number; 0 when nobody voted.

    All clips of a job are approved in one decision, so the number stands for "earlier approved".
    """
    voted = [clip for clip in shown if tally.get(clip, 0) > 0]
    return min(voted, key=lambda clip: (-tally[clip], clip), default=0)
