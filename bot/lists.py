"""What `/studio` lists: the line, one's own jobs, models, styles, help. Worded once for every room.

Like on cards, people's own words are only ever in ``Line.said``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from bot import said
from bot.card import Line
from bot.signs import EMOJI, REASONS, Sign
from bot.studio import EVERYBODY, STUDIO, Pick
from db import jobs, people, workers
from db.models import Job
from db.states import Status
from moderation import forecast, rules
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from moderation.words import listed

T = TypeVar("T")
PAGE = 10
NOBODY_HERE = "No worker is here at the moment. Jobs wait in line until one comes."


@dataclass(frozen=True, slots=True)
class JobButton:
    """An act on one of the jobs that are listed."""

    sign: Sign
    job_id: int
    label: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as somebody asked for it; it is shown to them alone."""

    title: str
    lines: tuple[Line, ...]
    more: str = ""
    """How it goes on; empty where this is all."""
    buttons: tuple[JobButton, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One job in the line, as everybody may see it; its prompt is for its artist alone."""

    job: Job
    artist: str
    says: str


async def turns(s: AsyncSession) -> list[Turn]:
    """Who is being rendered, then who waits, next first."""
    rendering = await jobs.with_status(s, Status.RENDERING)
    forecasts = await forecast.of_line(s)
    queued = {job.id: job for job in await jobs.with_status(s, Status.QUEUED)}
    placed = [job_id for job_id in forecasts if job_id in queued]
    waiting = [queued[job_id] for job_id in [*placed, *sorted(queued.keys() - forecasts)]]
    names = await people.names(s, {job.person_id for job in [*rendering, *waiting]})
    found = [
        Turn(
            job,
            names[job.person_id],
            said.progress(job.step, job.steps, await forecast.remaining(s, job)),
        )
        for job in rendering
    ]
    return found + [
        Turn(job, names[job.person_id], said.place(forecasts.get(job.id))) for job in waiting
    ]


async def queue(s: AsyncSession, person: Person, whose: str = "", page: int = 1) -> Listing:
    """The line, or one's own part of it."""
    found = await turns(s)
    own = [turn for turn in found if turn.job.person_id == person.id]
    everybody = whose == EVERYBODY
    title, wanted = ("The line", found) if everybody else ("Your jobs in line", own)
    shown = cut(wanted, page)
    lines = [_turn(turn, person) for turn in shown]
    if not wanted:
        lines.append(Line("Nobody waits." if everybody else "No job of yours waits in line."))
    if others := len(found) - len(wanted):
        how_many = "1 job of somebody else is" if others == 1 else f"{others} jobs of others are"
        lines.append(Line(f"{how_many} in line too; the list of everybody shows who and when."))
    if not any(workers.takes_jobs(worker) for worker in await workers.every(s)):
        lines.append(Line(NOBODY_HERE))
    cancel = tuple(
        JobButton(Sign.CANCEL, turn.job.id, f"Cancel {turn.job.id}")
        for turn in shown
        if turn.job.person_id == person.id
    )
    return Listing(
        title,
        tuple(lines),
        goes_on(len(wanted), page, f"queue {EVERYBODY}" if everybody else "queue"),
        cancel,
    )


async def mine(s: AsyncSession, person: Person, page: int = 1) -> Listing:
    """All that somebody ever asked for, newest first."""
    total = await jobs.count_listed(s, person.id)
    more = goes_on(total, page, "mine")
    newest = await jobs.of_person(s, person.id, limit=page * PAGE)
    shown = newest[(page - 1) * PAGE :]
    lines = tuple(
        Line(f"Job {job.id} is {rules.said(job.status)}.", job.prompt, job.created_at)
        for job in shown
    )
    if not total:
        lines = (Line("You have asked for nothing yet. Whatever you ask for is listed here."),)
    show = tuple(JobButton(Sign.SHOW, job.id, f"Show {job.id}") for job in shown)
    return Listing("Your jobs", lines, more, show)


def help_for(person: Person, house: Rules, wish: str, studio: str) -> Listing:
    """How it works here; ``wish`` and ``studio``: what the two commands are called in the room."""
    enough = "One moderator decides" if house.quorum == 1 else f"{house.quorum} moderators decide"
    decides = f"{enough} about the showcase only; a no"
    if house.quorum == 1 and house.second_opinion:
        newcomers = house.newcomer_publications
        first = f"somebody's first {newcomers} jobs, for " if newcomers else ""
        decides = (
            f"A yes takes one moderator, or two for {first}what begins or ends with a picture and what the "
            "screen flagged; a no takes two and"
        )
    lines = [
        f"{wish} and what a clip should show, such as: a boat on a lake --aspect 9:16 --seed 7",
        "The clips are yours the moment they exist. "
        f"{decides} comes with its reason, and you may appeal to others.",
        "Everybody votes on what is in the showcase: one vote per person and job, not on one's own.",
        "Everybody's first job comes before anybody's second. "
        f"You may have {house.limits.in_line(person, house.queued_cap)} in line.",
        "The menu of a message animates its image, remixes a clip of the showcase, or reports it.",
    ]
    lines += [
        f"{studio} {command.name}: {command.help}"
        for command in STUDIO
        if not command.for_hosts or Role.HOST in person.roles
    ]
    if person.moderates:
        reasons = listed(
            [f"{EMOJI[sign]} {said.REASON[reason].lower()}" for sign, reason in REASONS.items()],
            "or",
        )
        lines.append(
            f"You moderate: a reaction on a review card is your review. {EMOJI[Sign.APPROVE]} is a yes; a no "
            f"is {reasons}. {EMOJI[Sign.VOTE_1]} to {EMOJI[Sign.VOTE_4]} before it limit it to those "
            f"clips, and taking a reaction back takes the review back. {EMOJI[Sign.LOOKING]} tells the "
            "others that you are looking at it."
        )
    return Listing("How it works", tuple(map(Line, lines)))


async def suggestions(
    s: AsyncSession, pick: Pick, person_id: int, typed: str, limit: int
) -> list[tuple[int, str]]:
    """(number, label) of the jobs that a command of `/studio` is for, as somebody types."""
    found = await jobs.matching(
        s,
        typed.strip(),
        limit,
        person_id=person_id,
        mine=pick.mine,
        others=pick.others,
        shared=pick.shared,
    )
    return [(job_id, f"{job_id} · {prompt}") for job_id, prompt in found]


def _turn(turn: Turn, person: Person) -> Line:
    if turn.job.person_id == person.id:
        return Line(f"Your job {turn.job.id}: {turn.says}", turn.job.prompt)
    return Line(f"{turn.artist}: {turn.says}")


def cut(found: Sequence[T], page: int) -> Sequence[T]:
    """One page of it."""
    return found[(page - 1) * PAGE : page * PAGE]


def goes_on(total: int, page: int, command: str) -> str:
    """How the list goes on, and with which command of `/studio`. Raises ``Refused`` for a page that it doesn't have."""
    pages = max(math.ceil(total / PAGE), 1)
    if page > pages:
        raise Refused(f"This list has {pages} pages." if pages > 1 else "This list has one page.")
    left = total - page * PAGE
    if left <= 0:
        return ""
    more = f"{left} more" if left <= PAGE else f"{PAGE} of {left} more"
    return f"/studio {command} {page + 1} shows {more}."
