"""Decisions from reviews. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.models import Review
from db.states import Verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """What the reviews of one round add up to; ``shown`` are the clip numbers for the showcase."""

    verdict: Verdict
    shown: frozenset[int]


def decide(reviews: Sequence[Review], clips: frozenset[int], quorum: int) -> Decision | None:
    """The decision, or None while there is none. ``reviews``: of one round, oldest first.

    One approved clip publishes the job, with that and no other clip; the job is rejected once every
    clip is.
    """
    stands = {clip: _stands(reviews, clip, quorum) for clip in clips}
    approved = frozenset(clip for clip, verdict in stands.items() if verdict is Verdict.APPROVE)
    if approved:
        return Decision(Verdict.APPROVE, approved)
    if clips and all(verdict is Verdict.REJECT for verdict in stands.values()):
        return Decision(Verdict.REJECT, frozenset())
    return None


def undecided(reviews: Sequence[Review], clips: frozenset[int], quorum: int) -> frozenset[int]:
    """The clips on which no verdict stands yet."""
    return frozenset(clip for clip in clips if _stands(reviews, clip, quorum) is None)


def _stands(reviews: Sequence[Review], clip: int, quorum: int) -> Verdict | None:
    """The verdict that ``quorum`` moderators were the first to agree on, for one clip.

    A review counts for the clips it is limited to, or for all; of one moderator the latest.
    """
    latest: dict[int, Verdict] = {}
    for review in reviews:
        if not review.clips or clip in review.clips:
            latest[review.person_id] = review.verdict
            if list(latest.values()).count(review.verdict) >= quorum:
                return review.verdict
    return None
