"""From cards to HTML. Templates escape everything, so people's words are only ever text."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.ext.asyncio import AsyncSession

from bot import cards
from bot.card import Card
from bot.on_web.people import DEMO, Visitor
from bot.signs import OF_ONE_CLIP, VOTES, Sign
from bot.view import View
from db import votes
from db.models import Job, utcnow
from db.states import WAITING_FOR_REVIEW, Purpose, Status
from moderation import rules
from moderation.people import Person
from moderation.rules import Refused

FOLDER = Path(__file__).parent
PLACES = {
    Purpose.RECEIPT: "mine",
    Purpose.RESULT: "mine",
    Purpose.REVIEW: "review",
    Purpose.SHOWCASE: "showcase",
}
NEEDS_SENTENCE = frozenset({Sign.REJECT, Sign.APPEAL, Sign.REDRAW})
"""Of the buttons that ask something first, those that ask for words; the others ask "really?"."""


@dataclass(frozen=True, slots=True)
class Painted:
    """What belongs into one slot of a page; nothing when the card is gone."""

    slot: str
    place: str
    html: str = ""


class Painter:
    """The templates, loaded once."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["utc"] = _utc
        self._templates.globals.update(
            demo=DEMO,
            Sign=Sign,
            needs_sentence=NEEDS_SENTENCE,
            take_back_review=cards.TAKE_BACK_REVIEW,
        )

    def page(self, template: str, **values: object) -> str:
        return self._templates.get_template(template).render(**values)

    async def card(
        self, s: AsyncSession, visitor: Visitor, purpose: Purpose, seen: View | None, job_id: int
    ) -> Painted:
        """A job's card as this person may see it now, with their own vote and review marked."""
        place = PLACES[purpose]
        slot = f"{place}-{job_id}"
        if seen is None or not _may_read(visitor.person, place, seen.job):
            return Painted(slot, place)
        if place == "mine":
            purpose = Purpose.RESULT if seen.clips else Purpose.RECEIPT
        card = _for_eyes_of(visitor.person, cards.paint_for(purpose, seen), seen)
        own_vote = await votes.by(s, job_id, visitor.person.id) if place == "showcase" else None
        own_review = _own_review(visitor.person, seen) if place == "review" else False
        refusal = _refusal(visitor.person, place, seen)
        looks = f"{card.digest()} {own_vote} {own_review} {refusal}"
        html = self._templates.get_template("card.html").render(
            visitor=visitor,
            card=card,
            job=seen.job,
            slot=slot,
            place=place,
            order=_order(place, seen.job),
            digest=hashlib.sha256(looks.encode()).hexdigest()[:16],
            key=secrets.token_urlsafe(12),
            waits=place == "review" and seen.job.status in WAITING_FOR_REVIEW,
            ballot={VOTES.index(b.sign) + 1: b for b in card.buttons if b.sign in VOTES},
            own_vote=own_vote,
            own_review=own_review,
            refusal=refusal,
            picks=_picks(place, seen.job, card, refusal),
        )
        return Painted(slot, place, html)


def _may_read(person: Person, place: str, job: Job) -> bool:
    """Whether a card of this place may be read by this person at all."""
    if place == "mine":
        return job.person_id == person.id
    if place == "review":
        return person.moderates
    return job.status is Status.PUBLISHED


def _for_eyes_of(person: Person, card: Card, seen: View) -> Card:
    """Without the clips and pictures that this person may not look at any more."""
    shown = {clip.number: clip.shown for clip in seen.clips}
    visible = tuple(
        clip for clip in card.clips if rules.may_see(person, seen.job, shown[clip.number])
    )
    given = card.pictures if rules.may_see_pictures(person, seen.job) else ()
    return replace(card, clips=visible, pictures=given)


def _own_review(person: Person, seen: View) -> bool:
    """Whether this person has a review that can still be taken back."""
    if seen.job.status not in WAITING_FOR_REVIEW:
        return False
    return any(r.person_id == person.id and r.round == seen.job.round for _, r in seen.reviews)


def _refusal(person: Person, place: str, seen: View) -> str:
    """Why the buttons of this card aren't for this person; empty when they are."""
    job = seen.job
    try:
        if place == "review" and job.status in WAITING_FOR_REVIEW:
            rules.may_review(person, job, [review for _, review in seen.reviews])
        elif place == "showcase" and job.winner is None:
            rules.may_vote(person, job, utcnow())
    except Refused as refused:
        return str(refused)
    return ""


def _picks(place: str, job: Job, card: Card, refusal: str) -> str:
    """How clips are picked on this card: several, one, or not at all."""
    if len(card.clips) < 2 or refusal:
        return ""
    if place == "review" and job.status in WAITING_FOR_REVIEW:
        return "checkbox"
    return "radio" if any(button.sign in OF_ONE_CLIP for button in card.buttons) else ""


def _order(place: str, job: Job) -> int:
    """Where a card belongs among the others of its list; the largest is on top."""
    if place == "showcase" and job.published_at is not None:
        return int(job.published_at.timestamp() * 1_000_000)
    return job.id


def _utc(moment: datetime) -> str:
    """For machines; scripts turn it into the reader's own time."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
