"""Decisions from reviews. Pure functions."""

from __future__ import annotations

from collections import Counter
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
    """The decision, or None while the quorum is not reached. ``reviews``: of one round, oldest first.

    A review counts for the clips it is limited to, or for all. On each clip the verdict that first has
    ``quorum`` reviews stands. One approved clip publishes the job, with that and no other clip; the
    job is rejected once every clip is.
    """
    stands = {
        clip: _stands([r.verdict for r in reviews if not r.clips or clip in r.clips], quorum)
        for clip in clips
    }
    approved = frozenset(clip for clip, verdict in stands.items() if verdict is Verdict.APPROVE)
    if approved:
        return Decision(Verdict.APPROVE, approved)
    if clips and all(verdict is Verdict.REJECT for verdict in stands.values()):
        return Decision(Verdict.REJECT, frozenset())
    return None


def _stands(verdicts: Sequence[Verdict], quorum: int) -> Verdict | None:
    seen: Counter[Verdict] = Counter()
    for verdict in verdicts:
        seen[verdict] += 1
        if seen[verdict] >= quorum:
            return verdict
    return None
