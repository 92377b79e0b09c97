"""The cards that somebody asked for: a job as it says most to them, and how it was made."""

from __future__ import annotations

from dataclasses import replace

from bot import allowed, cards, facts, judged
from bot.card import Card, Line
from bot.view import View
from db.states import WAITING_FOR_REVIEW, Status
from moderation import rules
from moderation.people import Person
from moderation.rules import Refused


def shown_to(person: Person, job_id: int, view: View | None) -> Card:
    """The card of a job that says most to this person. Raises ``Refused`` when none is for them."""
    if view is not None and view.job.person_id == person.id:
        return cards.result(view) if view.clips else cards.receipt(view)
    if view is not None and person.moderates and needs_moderators(view):
        # Signs are read on the review channel's own cards only; here all of it are buttons.
        card = cards.review(view)
        return replace(card, purpose=None, title=f"{card.title} · by {card.artist}")
    if view is not None and view.job.status is Status.PUBLISHED:
        return cards.showcase(view)
    raise Refused(f"There is no job {job_id} that you may see.")


def needs_moderators(view: View) -> bool:
    """Whether there is something that moderators decide about it."""
    waits = view.job.status in WAITING_FOR_REVIEW
    return waits or bool(view.complaints) or rules.is_taken_down(view.job)


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
