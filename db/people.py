"""People and the identities they have in rooms."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Identity, Job, Link, Person
from db.states import Status
from db.upsert import upsert

SOMEBODY = "somebody"
"""Whoever has no name that could be shown."""
LEFT = "somebody who left"
"""Whoever was forgotten."""


async def known(s: AsyncSession, platform: str, workspace: str, user_id: str, name: str) -> Person:
    """The person behind an identity, made on first sight; follows a change of name.

    ``name``: empty where it isn't known now; a name that was known before stays. An identity that is
    linked to somebody's leaves their name alone.
    """
    identity = await s.get(Identity, (platform, workspace, user_id))
    if identity is None:
        person = Person(name=name or SOMEBODY)
        s.add(person)
        await s.flush()
        key = {"platform": platform, "workspace": workspace, "user_id": user_id}
        made = await s.scalar(
            upsert(s, Identity)
            .values(person_id=person.id, own_id=person.id, **key)
            .on_conflict_do_nothing()
            .returning(col(Identity.person_id))
        )
        if made is not None:
            return person
        await s.delete(person)  # somebody introduced them at the same moment
        identity = await s.get_one(Identity, (platform, workspace, user_id))
    own = await s.get_one(Person, identity.own_id)
    if name and own.name != name:
        own.name = name
    return await s.get_one(Person, identity.person_id)


async def find(s: AsyncSession, platform: str, workspace: str, user_id: str) -> int | None:
    """The id of the person behind an identity; None for whoever was never seen."""
    identity = await s.get(Identity, (platform, workspace, user_id))
    return identity.person_id if identity else None


async def get(s: AsyncSession, person_id: int, *, lock: bool = False) -> Person:
    query = select(Person).where(col(Person.id) == person_id)
    return (await s.scalars(query.with_for_update() if lock else query)).one()


async def called(s: AsyncSession, named: str) -> Sequence[Person]:
    """Those with this number, this identity (platform:workspace:user id) or else this name, who didn't
    leave; of a link the first person."""
    if named.isdecimal() and len(named) < 10:
        which = col(Person.id) == int(named)
    elif named.count(":") >= 2:
        person_id = await find(s, *named.split(":", 2))
        which = col(Person.id) == person_id
    else:
        which = func.lower(col(Person.name)) == named.lower()
    second = select(col(Link.second_id))
    here = which & col(Person.leaving_at).is_(None) & col(Person.id).not_in(second)
    return (await s.scalars(select(Person).where(here).order_by(col(Person.id)))).all()


async def leaving(s: AsyncSession, ids: Collection[int]) -> set[int]:
    """Those of these who asked to be forgotten, and those who are."""
    gone = col(Person.leaving_at).is_not(None)
    return set(await s.scalars(select(col(Person.id)).where(col(Person.id).in_(ids), gone)))


async def names(s: AsyncSession, ids: Collection[int]) -> dict[int, str]:
    rows = await s.execute(select(col(Person.id), col(Person.name)).where(col(Person.id).in_(ids)))
    return dict(rows.all())


async def note_served(s: AsyncSession, person_id: int, at: datetime | None) -> None:
    """When a job of theirs was last claimed; None if that came to nothing and they are next."""
    await s.execute(update(Person).where(col(Person.id) == person_id).values(served_at=at))


async def published(s: AsyncSession, person_id: int, *, besides: int) -> int:
    """How many jobs of a person were brought into the showcase and not taken down, ``besides`` one."""
    found = await s.scalar(
        select(func.count())
        .select_from(Job)
        .where(
            col(Job.person_id) == person_id,
            col(Job.id) != besides,
            col(Job.published_at).is_not(None),
            col(Job.status).in_({Status.PUBLISHED, Status.WITHDRAWN}),
        )
    )
    return found or 0
