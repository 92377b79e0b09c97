"""The cards that somebody asked for: a job as it says most to them, and how it was made."""

from __future__ import annotations

from dataclasses import replace

from bot import allowed, cards, facts, judged
from bot.card import Card, Line
from bot.view import View
from db.states import WAITING_FOR_REVIEW, Status
from moderation.people import Person
from moderation.rules import Refused


def shown_to(person: Person, job_id: int, view: View | None) -> Card:
    """The card of a job that says most to this person. Raises ``Refused`` when none is for them."""
    if view is not None and view.job.person_id == person.id:
        return cards.result(view) if view.clips else cards.receipt(view)
    if view is not None and view.job.status is Status.PUBLISHED:
        return cards.showcase(view)
    if view is not None and person.moderates and view.job.status in WAITING_FOR_REVIEW:
        return cards.review(view)
    raise Refused(f"There is no job {job_id} that you may see.")


def info(person: Person, job_id: int, view: View | None) -> Card:
    """How a job was made and what it grew out of. Raises ``Refused`` like ``shown_to``."""
    seen = shown_to(person, job_id, view)
    if view is None:
        return seen
    return replace(
        seen,
        purpose=None,
        title=f"About job {job_id}",
        lines=(
            Line(f"By {view.artist}."),
            *allowed.remixable(view),
            *judged.decisions(view),
        ),
        facts=(*facts.used(view), *allowed.fact(view)),
        pictures=(),
        clips=(),
        buttons=(),
        closes_at=None,
        percent=None,
        preview_key="",
    )
