"""Decisions from reviews. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from db.models import Job, Review
from db.states import Status, Task, Verdict
from moderation.rules import Rules

CAREFUL = 2
"""How many look at what needs more care than the rest."""


class Needed(NamedTuple):
    """How many moderators have to agree, on a yes and on a no."""

    yes: int
    no: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What the reviews of one round add up to; ``shown`` are the clip numbers for the showcase."""

    verdict: Verdict
    shown: frozenset[int]


def needed(house: Rules, job: Job, published: int, *, flagged: bool) -> Needed:
    """How many have to agree on this job.

    ``published``: how many others its artist has brought into the showcase. ``flagged``: whether the
    screen wants a second look.
    """
    if job.status is Status.APPEALED:
        both = max(house.quorum, house.appeal_quorum)
        return Needed(both, both)
    from_picture = job.task in {Task.IMAGE, Task.FRAMES} or bool(job.first_key or job.last_key)
    careful = flagged or from_picture or published < house.newcomer_publications
    yes = max(house.quorum, CAREFUL if careful else 1)
    return Needed(yes, max(yes, CAREFUL) if house.second_opinion else yes)


def decide(
    reviews: Sequence[Review], clips: frozenset[int], needed: Needed | None
) -> Decision | None:
    """The decision, or None while there is none. ``reviews``: of one round, oldest first; ``needed``:
    None where hosts alone decide.

    One approved clip publishes the job, with that and no other clip; the job is rejected once every
    clip is.
    """
    stands = {clip: _stands(reviews, clip, needed) for clip in clips}
    approved = frozenset(clip for clip, verdict in stands.items() if verdict is Verdict.APPROVE)
    if approved:
        return Decision(Verdict.APPROVE, approved)
    if clips and all(verdict is Verdict.REJECT for verdict in stands.values()):
        return Decision(Verdict.REJECT, frozenset())
    return None


def undecided(
    reviews: Sequence[Review], clips: frozenset[int], needed: Needed | None
) -> frozenset[int]:
    """The clips on which no verdict stands yet."""
    return frozenset(clip for clip in clips if _stands(reviews, clip, needed) is None)


def is_split(reviews: Sequence[Review], clips: frozenset[int], needed: Needed) -> bool:
    """Whether moderators don't agree on a clip on which no verdict stands; then it's for the hosts."""
    return any(
        len(set(_latest(reviews, clip).values())) > 1 for clip in undecided(reviews, clips, needed)
    )


def is_one_no(reviews: Sequence[Review]) -> bool:
    """Whether all that was said in this round is the no of one moderator."""
    return {review.verdict for review in reviews} == {Verdict.REJECT} and len(_people(reviews)) == 1


def reinstates(reviews: Iterable[Review], job: Job, needed: Needed) -> bool:
    """Whether enough moderators want back what was taken down in this round.

    ``reviews``: of this round, the no of who took it down with them; who took it down has no say.
    """
    kept = [review for review in reviews if review.person_id != job.person_id]
    against = _people(review for review in kept if review.verdict is Verdict.REJECT)
    return len(_people(kept) - against) >= needed.yes


def _people(reviews: Iterable[Review]) -> set[int]:
    return {review.person_id for review in reviews}


def _stands(reviews: Sequence[Review], clip: int, needed: Needed | None) -> Verdict | None:
    """The verdict that enough moderators were the first to agree on with nobody against it, or that of
    the first review which decides alone.

    A review counts for the clips it is limited to, or for all; of one moderator the latest.
    """
    latest: dict[int, Verdict] = {}
    for review in _about(reviews, clip):
        if review.alone:
            return review.verdict
        latest[review.person_id] = review.verdict
        if needed is not None and set(latest.values()) == {review.verdict}:
            enough = needed.yes if review.verdict is Verdict.APPROVE else needed.no
            if len(latest) >= enough:
                return review.verdict
    return None


def _latest(reviews: Sequence[Review], clip: int) -> dict[int, Verdict]:
    return {review.person_id: review.verdict for review in _about(reviews, clip)}


def _about(reviews: Sequence[Review], clip: int) -> Iterable[Review]:
    return (review for review in reviews if not review.clips or clip in review.clips)
