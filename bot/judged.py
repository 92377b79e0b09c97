"""What people found and decided about a job, in words."""

from __future__ import annotations

from collections.abc import Sequence

from bot import said
from bot.card import Line
from bot.view import View
from db.models import Job, Review
from db.states import WAITING_FOR_REVIEW, Called, Reason, Status, Verdict
from moderation.quorum import CAREFUL, is_one_no
from moderation.rounds import is_for_a_third

LEFT_OUT = "It's yours to keep, but it was not taken into the showcase."
LATE = "It has waited for twelve hours, so one host may decide it alone."
A_THIRD = "The moderators don't agree; a host decides, or a moderator who never reviewed it."
TAKEN_OUT = "It's yours to keep, but it was taken out of the showcase."


def _was_published(job: Job) -> bool:
    """Whether it was in the showcase before it was rejected."""
    return job.published_at is not None


def outside(job: Job) -> str:
    """The title of a card about what isn't in the showcase."""
    return f"{'Taken down' if _was_published(job) else 'Rejected'}: job {job.id}"


def why_outside(job: Job) -> str:
    """The same for its artist."""
    return TAKEN_OUT if _was_published(job) else LEFT_OUT


def inside(view: View) -> str:
    """What of a published job is in the showcase, for its artist."""
    shown = [clip.number for clip in view.clips if clip.shown]
    if not is_partial(view):
        return "It's in the showcase."
    left = [clip.number for clip in view.clips if not clip.shown]
    taken = said.which(shown)
    return (
        f"{taken[0].upper()}{taken[1:]} {_are(shown)} in the showcase; "
        f"{said.which(left)} {_are(left)} not."
    )


def is_partial(view: View) -> bool:
    """Whether some of its clips are in the showcase and some aren't."""
    published = view.job.status is Status.PUBLISHED
    return published and len({clip.shown for clip in view.clips}) == 2


def _are(numbers: Sequence[int]) -> str:
    return "is" if len(numbers) == 1 else "are"


def complaints(view: View) -> list[Line]:
    """Of those that wait: how many, for what, and what was said; who said it is nobody's business."""
    found = view.complaints
    if not found:
        return []
    reasons = dict.fromkeys(said.REASON[report.reason].lower() for report in found)
    people = "1 person" if len(found) == 1 else f"{len(found)} people"
    return [
        Line(f"Reported by {people}: {', '.join(reasons)}."),
        *(Line(f"{said.REASON[r.reason]}:", r.sentence, r.at) for r in found if r.sentence),
    ]


def awaited(view: View) -> list[Line]:
    """What it still takes: how many reviews there are of how many, or whose word."""
    if view.job.status not in WAITING_FOR_REVIEW:
        return []
    given = [review for _, review in view.reviews if review.round == view.job.round]
    late = [Line(LATE)] if view.job.raised >= Called.HOSTS and not view.job.split else []
    return [*late, *_missing(view, given)]


def _missing(view: View, given: Sequence[Review]) -> list[Line]:
    people = len({review.person_id for review in given})
    if view.job.split:
        return [
            Line(
                A_THIRD
                if is_for_a_third(view.job)
                else "The moderators don't agree; a host decides."
            )
        ]
    if not given:
        return []
    if is_one_no(given) and 0 < view.quorum <= CAREFUL:
        return [Line("One no; a second opinion decides.")]
    if view.quorum < 2:
        return []
    if people < view.quorum:
        return [Line(f"{people} of {view.quorum} reviews.")]
    return [Line(f"{people} reviews; {view.quorum} have to agree.")]


def looking(view: View) -> list[Line]:
    """Who has it in hand, so that others may leave it to them."""
    return [Line(f"{name} is looking until", at=look.until) for name, look in view.looking]


def decisions(view: View) -> list[Line]:
    """What each moderator said, oldest first, without what they replaced themselves."""
    return [
        Line(_decision(name, review), review.sentence, review.at)
        for name, review in _counting(view)
    ]


def _counting(view: View) -> list[tuple[str, Review]]:
    """Per round, of one moderator and clip the latest review; of a clip that was left out of the
    showcase also their latest no, for it may have been what decided."""
    every = range(1, view.job.variations + 1)
    partial = is_partial(view)
    left_out = {clip.number for clip in view.clips if partial and not clip.shown}
    spoken: set[tuple[int, int, int]] = set()
    refused: set[tuple[int, int, int]] = set()
    kept = []
    for name, review in reversed(view.reviews):
        about = {(review.person_id, review.round, n) for n in review.clips or every}
        counts = about - spoken
        spoken |= about
        if review.verdict is Verdict.REJECT:
            counts |= {key for key in about - refused if key[2] in left_out}
            refused |= about
        if counts:
            kept.append((name, review))
    return kept[::-1]


def _decision(name: str, review: Review) -> str:
    about = [" the appeal"] if review.of_appeal else []
    about += [f" {said.which(review.clips)}"] if review.clips else []
    what = " for".join(about)
    if review.verdict is Verdict.APPROVE:
        return f"{name} approved{what}."
    reason = said.REASON[review.reason or Reason.OTHER].lower()
    why = "" if review.reason is Reason.OTHER else f": {reason}"
    return f"{name} rejected{what or ' it'}{why}."
