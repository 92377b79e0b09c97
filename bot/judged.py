"""What people found and decided about a job, in words."""

from __future__ import annotations

from bot import said
from bot.card import Line
from bot.view import View
from db.models import Job, Review
from db.states import Reason, Verdict

LEFT_OUT = "It's yours to keep, but it was not taken into the showcase."
TAKEN_OUT = "It's yours to keep, but it was taken out of the showcase."


def _was_published(job: Job) -> bool:
    """Whether it was in the showcase before it was rejected."""
    return job.published_at is not None


def outside(job: Job) -> str:
    """The title of a card about what isn't in the showcase."""
    return f"{'Taken down' if _was_published(job) else 'Not published'}: job {job.id}"


def why_outside(job: Job) -> str:
    """The same for its artist."""
    return TAKEN_OUT if _was_published(job) else LEFT_OUT


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


def decisions(view: View) -> list[Line]:
    """What each moderator said, oldest first."""
    return [
        Line(_decision(name, review), review.sentence, review.at) for name, review in view.reviews
    ]


def _decision(name: str, review: Review) -> str:
    about = [" the appeal"] if review.of_appeal else []
    about += [f" {said.which(review.clips)}"] if review.clips else []
    what = " for".join(about)
    if review.verdict is Verdict.APPROVE:
        return f"{name} approved{what}."
    reason = said.REASON[review.reason or Reason.OTHER].lower()
    why = "" if review.reason is Reason.OTHER else f": {reason}"
    return f"{name} said no{' to' if what else ''}{what}{why}."
