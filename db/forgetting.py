"""How somebody is forgotten, row by row; which rows and what becomes of them is in ``db.yours``.

First they are cut off from the platforms, so that whoever comes from there is a new person. Then the
rooms take their cards away. Then their files go, and at last what is left in the tables.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import clips, jobs, links, record
from db.media import Media
from db.models import (
    Chain,
    Clip,
    Consent,
    Event,
    Identity,
    Job,
    LenderKey,
    Look,
    Note,
    Part,
    Person,
    Reply,
    Report,
    Review,
    Seat,
    Telling,
    Worker,
    Workspace,
    utcnow,
)
from db.states import Kind
from db.yours import HELD, THEME, WORDS, Whose

PATIENCE = timedelta(days=1)
"""So long rooms have to take the cards away; one that doesn't come back keeps nobody's words here."""
WORDLESS = "Its words were those of somebody who left."
SAID = ("sentence", "request")
"""What an event's detail may quote of whoever acted."""
QUIET = {"synchronize_session": False}
ByPlatform = Note | Reply | Workspace | Worker | LenderKey


async def whose(s: AsyncSession, person_id: int) -> Whose:
    """Whoever this person is."""
    link = await links.of(s, person_id)
    persons = (person_id,) if link is None else (link.person_id, link.second_id)
    found = await s.execute(
        select(col(Identity.platform), col(Identity.workspace), col(Identity.user_id))
        .where(col(Identity.person_id).in_(persons))
        .order_by(col(Identity.platform), col(Identity.workspace), col(Identity.user_id))
    )
    return Whose(persons, tuple((p, w, u) for p, w, u in found.all()))


# ── at once ──────────────────────────────────────────────────────────────────────────────


async def by_platform(s: AsyncSession, who: Whose) -> list[ByPlatform]:
    """What knows somebody by a platform's id alone: notes, leaves to answer them, where they moderate,
    which workers are theirs."""
    found: list[ByPlatform] = []
    for platform, workspace, user in who.identities:
        owner = f"{platform}:{workspace}:{user}"
        found += await s.scalars(select(Worker).where(col(Worker.owner) == owner))
        found += await s.scalars(select(LenderKey).where(col(LenderKey.owner) == owner))
        houses = select(Workspace).where(
            col(Workspace.platform) == platform, col(Workspace.moderators).contains(user)
        )
        found += [
            house
            for house in await s.scalars(houses)
            if workspace in ("", house.id) and user in house.moderators.split(",")
        ]
        if platform == "web":
            continue  # whose ids are words, and in no note
        about = col(Note.name).contains(user, autoescape=True) | (col(Note.value) == user)
        for note in await s.scalars(select(Note).where(about)):
            named = re.split(r"[:/]", note.name)
            if user in (*named, note.value) and (not workspace or workspace in named):
                found.append(note)
        answers = select(Reply).where(col(Reply.place).contains(user, autoescape=True))
        found += [r for r in await s.scalars(answers) if user in r.place.split("/")]
    return found


async def cut_off(s: AsyncSession, who: Whose) -> None:
    """Nobody is them from now on, and no platform's id leads to them."""
    await s.execute(
        update(Person).where(col(Person.id).in_(who.persons)).values(leaving_at=utcnow())
    )
    users = {user for _, _, user in who.identities}
    for row in await by_platform(s, who):
        match row:
            case Workspace():
                row.moderators = ",".join(u for u in row.moderators.split(",") if u not in users)
            case Worker() | LenderKey():
                await _unpaid(s, row.owner)
                row.owner = ""
            case Reply() if await _shows_a_card(s, row):
                pass  # which can only be taken away with it
            case _:
                await s.delete(row)
    await s.flush()
    for held in HELD:
        if held.at_once and held.theirs is not None:
            await s.execute(delete(held.model).where(held.theirs(who)).execution_options(**QUIET))


async def _unpaid(s: AsyncSession, owner: str) -> None:
    """What a worker has rendered doesn't say any more who lent it."""
    paid = col(Event.detail)["owner"].as_string() == owner
    for event in await s.scalars(select(Event).where(col(Event.kind) == Kind.FINISHED, paid)):
        event.detail = {**event.detail, "owner": ""}


async def _shows_a_card(s: AsyncSession, reply: Reply) -> bool:
    found = select(col(Job.id)).where(col(Job.place) == reply.place)
    return await s.scalar(found.limit(1)) is not None


# ── when the rooms are done ──────────────────────────────────────────────────────────────


async def leaving(s: AsyncSession) -> Sequence[int]:
    """Of whom something is left; of a link the first person alone."""
    still = col(Person.leaving_at).is_not(None) & col(Person.left_at).is_(None)
    found = (await s.scalars(select(col(Person.id)).where(still).order_by(col(Person.id)))).all()
    return sorted({await links.now(s, person_id) for person_id in found})


async def is_told(s: AsyncSession, who: Whose, job_ids: Collection[int]) -> bool:
    """Whether every room has heard of these jobs, or had its time."""
    asked = select(col(Person.leaving_at)).where(col(Person.id).in_(who.persons))
    at = await s.scalar(asked.limit(1))
    if at is not None and utcnow() - at > PATIENCE:
        return True
    waits = select(col(Telling.event_id)).where(
        col(Telling.told_at).is_(None),
        col(Telling.set_aside_at).is_(None),
        who.of_jobs(Telling.job_id) | col(Telling.job_id).in_(job_ids),
    )
    return await s.scalar(waits.limit(1)) is None


async def is_settled(s: AsyncSession, who: Whose) -> bool:
    """Whether what they did is in the books and in the record, under the names that these know."""
    theirs = who.own(Event.person_id) | who.of_jobs(Event.job_id)
    for waits in (~col(Event.booked), col(Event.chronicled_at).is_(None)):  # an index for each
        if await s.scalar(select(col(Event.id)).where(waits, theirs).limit(1)) is not None:
            return False
    return True


async def shown_in(s: AsyncSession, who: Whose) -> Sequence[int]:
    """The films and glimpses of others that a clip of theirs is in."""
    found = select(col(Part.film_id)).join(Job, col(Job.id) == col(Part.film_id)).distinct()
    theirs = found.where(who.of_jobs(Part.job_id), ~who.own(Job.person_id))
    return (await s.scalars(theirs.order_by(col(Part.film_id)))).all()


async def grown_from(s: AsyncSession, who: Whose) -> Sequence[int]:
    """The jobs of others that grew out of theirs."""
    grown = who.of_jobs(Job.parent_id) | who.of_jobs(Job.source_id)
    found = select(col(Job.id)).where(grown, ~who.own(Job.person_id))
    return (await s.scalars(found.order_by(col(Job.id)))).all()


async def said_of(s: AsyncSession, who: Whose) -> set[int]:
    """The jobs of others that say their name: they reviewed or reported them, or have them in hand."""
    named = [select(col(of.job_id)).where(who.own(of.person_id)) for of in (Review, Report, Look)]
    return set(await s.scalars(union(*named)))


async def with_files(s: AsyncSession, who: Whose) -> Sequence[int]:
    """Their jobs that have files."""
    made = select(col(Clip.number)).where(col(Clip.job_id) == col(Job.id)).exists()
    keys = (Job.first_key, Job.last_key, Job.preview_key)
    some = made | or_(*(col(key) != "" for key in keys))
    found = select(col(Job.id)).where(who.own(Job.person_id), some).order_by(col(Job.id))
    return (await s.scalars(found)).all()


async def release(s: AsyncSession, media: Media, job: Job) -> None:
    """Remove a job's files for good, and the rows of its clips."""
    made = await clips.of(s, job.id)
    keys = {key for clip in made for key in (clip.video_key, clip.poster_key, clip.preview_key)}
    keys |= {job.first_key, job.last_key, job.preview_key}
    job.first_key = job.last_key = job.preview_key = ""
    for table in (Consent, Clip):
        await s.execute(delete(table).where(col(table.job_id) == job.id))
    await s.flush()
    await clips.discard_unused(s, media, keys)


# ── at last ──────────────────────────────────────────────────────────────────────────────


async def forget_theme(s: AsyncSession, chain: Chain) -> None:
    """A chain's theme is a prompt of whoever began it, and so is that of its film and glimpses."""
    quoting = select(col(Seat.glimpse_id)).where(col(Seat.chain_id) == chain.id)
    quotes = col(Job.id).in_(quoting) | (col(Job.id) == chain.film_id)
    await s.execute(update(Job).where(quotes).values(prompt=THEME).execution_options(**QUIET))
    chain.theme = THEME
    await s.flush()


async def forget(s: AsyncSession, who: Whose) -> set[int]:
    """Let nothing be left of them; the jobs of others that said their words. Their files are gone
    already (``release``)."""
    changed = await _words_that_went_on(s, who)
    for chain in await s.scalars(select(Chain).where(who.own(Chain.person_id))):
        await forget_theme(s, chain)
    for event in await s.scalars(select(Event).where(who.own(Event.person_id))):
        if event.detail.keys() & set(SAID):
            event.detail = {k: v for k, v in event.detail.items() if k not in SAID}
    for person_id in who.persons:
        await record.forget(s, person_id)
    await s.flush()
    for held in HELD:
        if held.theirs is None:
            continue
        change: Any = delete(held.model)
        if not held.deletes:
            change = update(held.model).values(**held.blanks)
        if held.deletes or held.blanks:
            await s.execute(change.where(held.theirs(who)).execution_options(**QUIET))
    await s.execute(update(Person).where(col(Person.id).in_(who.persons)).values(left_at=utcnow()))
    return changed


async def _words_that_went_on(s: AsyncSession, who: Whose) -> set[int]:
    """What grew out of a job in the very same words has them from there. What isn't rendered yet has
    nothing left to be rendered from."""
    changed = set()
    spoken = await s.execute(
        select(col(Job.id), col(Job.prompt), col(Job.negative)).where(who.own(Job.person_id))
    )
    for job_id, prompt, negative in spoken.all():
        line = [job_id]
        while line:
            same = col(Job.prompt) == prompt
            if negative:
                same |= col(Job.negative) == negative
            grown = col(Job.parent_id).in_(line) | col(Job.source_id).in_(line)
            others = select(Job).where(grown, same, ~who.own(Job.person_id))
            found = (await s.scalars(others)).all()
            for job in found:
                changed.add(job.id)
                if job.prompt == prompt:
                    job.prompt = WORDS
                    gone = {"lease_until": None, "reason": WORDLESS}
                    await jobs.move(s, job.id, Kind.CANCELLED, values=gone)
                job.negative = "" if job.negative == negative else job.negative
                await clips.unsign(s, job.id)
            line = [job.id for job in found]
            await s.flush()
    return changed
