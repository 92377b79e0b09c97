"""From cards to HTML. Templates escape everything, so people's words are only ever text."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.ext.asyncio import AsyncSession

from bot import cards, stating
from bot.buttons import LOOK_AWAY, TAKE_BACK_REVIEW, TAKE_BACK_TIP
from bot.card import Button, Card
from bot.leading import leading
from bot.on_web.people import DEMO, Visitor
from bot.signs import LOOKS, NEEDS_PICK, NEEDS_PROMPT, NEEDS_SENTENCE, OF_ONE_CLIP, VOTES, Sign
from bot.studio import WRONG
from bot.view import View
from db import votes
from db.models import Job, utcnow
from db.states import WAITING_FOR_REVIEW, Purpose, Status
from moderation import bookkeeping, duty, lineage, rules
from moderation.people import Person
from moderation.rules import Refused

FOLDER = Path(__file__).parent
PLACES = {
    Purpose.RECEIPT: "mine",
    Purpose.RESULT: "mine",
    Purpose.REVIEW: "review",
    Purpose.SHOWCASE: "showcase",
}


@dataclass(frozen=True, slots=True)
class Painted:
    """What belongs into one slot of a page; nothing when the card is gone."""

    slot: str
    place: str
    html: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a card is to the person who looks at it."""

    place: str
    buttons: tuple[Button, ...]
    """Those that do something for this person."""
    refusal: str = ""
    """Why what the card is for isn't for this person."""
    own_vote: int | None = None
    own: tuple[Button, ...] = ()
    """What takes back what they did."""
    waits: bool = False
    """Whether moderators have something to decide."""


class Painter:
    """The templates, loaded once."""

    def __init__(self, feed_url: str = "") -> None:
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
            feed_url=feed_url,
            Sign=Sign,
            needs_sentence=NEEDS_SENTENCE,
            needs_prompt=NEEDS_PROMPT,
            needs_pick=NEEDS_PICK,
            looks=LOOKS,
            picks_of={
                Sign.REPORT: ("reason", WRONG, "More about it, in a sentence"),
                Sign.STATE: (stating.FIELD, stating.CHOICES, stating.MORE),
            },
        )

    def page(self, template: str, **values: object) -> str:
        return self._templates.get_template(template).render(**values)

    async def card(
        self, s: AsyncSession, visitor: Visitor, purpose: Purpose, seen: View | None, job_id: int
    ) -> Painted:
        """A job's card as this person may see it now, with their own vote and review marked."""
        return (await self.cards(s, visitor, [(purpose, seen, job_id)]))[0]

    async def cards(
        self, s: AsyncSession, visitor: Visitor, wanted: Sequence[tuple[Purpose, View | None, int]]
    ) -> list[Painted]:
        """The cards of many jobs, in their order."""
        on_ballots = [n for purpose, _, n in wanted if purpose is Purpose.SHOWCASE]
        voted = await votes.all_by(s, visitor.person.id, on_ballots) if on_ballots else {}
        return [
            await self._card(s, visitor, purpose, seen, job_id, voted.get(job_id))
            for purpose, seen, job_id in wanted
        ]

    async def _card(
        self,
        s: AsyncSession,
        visitor: Visitor,
        purpose: Purpose,
        seen: View | None,
        job_id: int,
        own_vote: int | None,
    ) -> Painted:
        place = PLACES[purpose]
        slot = f"{place}-{job_id}"
        if seen is None or not _may_read(visitor.person, place, seen.job):
            return Painted(slot, place)
        if place == "review" and await duty.is_spared(s, visitor.person, seen.hits):
            return Painted(slot, place)
        if place == "mine":
            purpose = Purpose.RESULT if seen.clips else Purpose.RECEIPT
        card = _for_eyes_of(visitor.person, cards.paint_for(purpose, seen), seen)
        card = await to_relatives(card, visitor, seen)
        refusal = _refusal(visitor.person, place, seen)
        tipped = seen.tips > 0 and await bookkeeping.tipped(s, job_id, visitor.person.id)
        how = Standing(
            place,
            tuple(_offered(visitor.person, place, seen, card.buttons, refusal, tipped)),
            refusal,
            own_vote,
            _undoing(visitor.person, seen) if place == "review" else (),
            place == "review" and _waits(seen),
        )
        return Painted(slot, place, self.draw(card, seen.job, visitor, slot, how))

    def draw(self, card: Card, job: Job, visitor: Visitor, slot: str, how: Standing) -> str:
        """A card's HTML, for the slot of a page."""
        looks = f"{card.digest()} {how}"
        return self._templates.get_template("card.html").render(
            visitor=visitor,
            card=card,
            job=job,
            slot=slot,
            place=how.place,
            order=_order(how.place, job),
            digest=hashlib.sha256(looks.encode()).hexdigest()[:16],
            key=secrets.token_urlsafe(12),
            waits=how.waits,
            ballot={VOTES.index(b.sign) + 1: b for b in how.buttons if b.sign in VOTES},
            buttons=[b for b in how.buttons if b.sign not in VOTES],
            own_vote=how.own_vote,
            own=how.own,
            refusal=how.refusal,
            picks=_picks(how.place, job, card, how.buttons),
        )


async def to_relatives(card: Card, visitor: Visitor, seen: View) -> Card:
    """The card, with links to the jobs that it names and this person may know of."""

    async def way(job_id: int) -> str:
        kin = seen.kin.get(job_id)
        known = kin is not None and lineage.may_know(visitor.person, kin)
        return f"{visitor.base}/jobs/{job_id}" if known else ""

    return await leading(card, way)


def _may_read(person: Person, place: str, job: Job) -> bool:
    """Whether a card of this place may be read by this person at all."""
    if place == "mine":
        return job.person_id == person.id
    if place == "review":
        return person.moderates
    return job.status is Status.PUBLISHED


def _for_eyes_of(person: Person, card: Card, seen: View) -> Card:
    """Without the clips and pictures that this person may not look at any more."""
    made = {clip.number: clip for clip in seen.clips}
    visible = tuple(
        clip for clip in card.clips if rules.may_see(person, seen.job, made[clip.number])
    )
    given = card.pictures if rules.may_see_pictures(person, seen.job) else ()
    return replace(card, clips=visible, pictures=given)


def _undoing(person: Person, seen: View) -> tuple[Button, ...]:
    """What this person did about a job that waits and may still take back."""
    if seen.job.status not in WAITING_FOR_REVIEW:
        return ()
    looks = any(look.person_id == person.id for _, look in seen.looking)
    said = any(r.person_id == person.id and r.round == seen.job.round for _, r in seen.reviews)
    return (*([LOOK_AWAY] if looks else []), *([TAKE_BACK_REVIEW] if said else []))


def _waits(seen: View) -> bool:
    """Whether moderators have something to decide."""
    return seen.job.status in WAITING_FOR_REVIEW or bool(seen.complaints)


def _refusal(person: Person, place: str, seen: View) -> str:
    """Why what this card is for isn't for this person; empty when it is."""
    job = seen.job
    try:
        if place == "review" and seen.complaints:
            rules.may_take_down(person, job)
        elif place == "review" and job.status in WAITING_FOR_REVIEW:
            rules.may_review(person, job, [review for _, review in seen.reviews])
        elif place == "review" and rules.is_taken_down(job):
            rules.may_reinstate(person, job, [review for _, review in seen.reviews])
        elif place == "showcase" and job.winner is None:
            rules.may_vote(person, job, utcnow())
    except Refused as refused:
        return str(refused)
    return ""


def _offered(
    person: Person,
    place: str,
    seen: View,
    buttons: Sequence[Button],
    refusal: str,
    tipped: bool,
) -> list[Button]:
    """The buttons that do something for this person."""
    if refusal and place != "showcase":
        return []
    kept = [button for button in buttons if not (refusal and button.sign in VOTES)]
    try:
        rules.may_report(person, seen.job, seen.reports)
    except Refused:
        kept = [button for button in kept if button.sign is not Sign.REPORT]
    if seen.job.person_id == person.id:
        return [button for button in kept if button.sign is not Sign.TIP]
    return [TAKE_BACK_TIP if tipped and b.sign is Sign.TIP else b for b in kept]


def _picks(place: str, job: Job, card: Card, buttons: Sequence[Button]) -> str:
    """How clips are picked on this card: several, one, or not at all."""
    if len(card.clips) < 2 or not buttons:
        return ""
    if place == "review" and job.status in WAITING_FOR_REVIEW:
        return "checkbox"
    return "radio" if any(button.sign in OF_ONE_CLIP for button in buttons) else ""


def _order(place: str, job: Job) -> int:
    """Where a card belongs among the others of its list; the largest is on top."""
    if place == "showcase" and job.published_at is not None:
        return int(job.published_at.timestamp() * 1_000_000)
    return job.id


def _utc(moment: datetime) -> str:
    """For machines; scripts turn it into the reader's own time."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
