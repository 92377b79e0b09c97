"""Where a card names another job, the way to that one, in rooms that have one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot.card import Card
from db import posts
from db.models import Post
from db.states import Purpose

Way = Callable[[int], Awaitable[str]]
"""From a job's number to an address that shows it; empty where there is none."""


async def leading(card: Card, way: Way) -> Card:
    """The card, with a link at each fact that names a job."""
    ways = {job_id: await way(job_id) for job_id in {fact.job for fact in card.facts if fact.job}}
    return replace(card, facts=tuple(replace(f, link=ways.get(f.job, f.link)) for f in card.facts))


async def shown(s: AsyncSession, room: str, place: str, job_id: int) -> Post | None:
    """A job's public card in a place of the room; ``place``: how the names of its places begin."""
    standing = (
        post
        for post in await posts.of(s, room, job_id)
        if post.purpose is Purpose.SHOWCASE and post.message and post.removed_at is None
    )
    return next((post for post in standing if post.place.startswith(place)), None)
