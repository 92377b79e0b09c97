"""What takes part in a theme, who wins it, and that it ends when its time is over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from db import events, ledger, links, people, themes
from db.models import Job, Theme, utcnow
from db.session import Db
from db.states import Kind
from moderation.credit import Booking


def has_word(prompt: str, word: str) -> bool:
    """Whether it is a word of the prompt, and not only a part of one."""
    pattern = rf"(?<!\w){re.escape(word.casefold())}(?!\w)"
    return re.search(pattern, prompt.casefold()) is not None


def winner(entries: Sequence[Job], votes: Mapping[tuple[int, int], int]) -> tuple[int, int] | None:
    """The (job, clip) with most votes, of several the one published first; None where nobody voted.

    ``entries``: published first first.
    """
    order = {job.id: place for place, job in enumerate(entries)}
    voted = [which for which in votes if which[0] in order]
    return min(voted, key=lambda one: (-votes[one], order[one[0]], one[1]), default=None)


def account(theme: Theme) -> str:
    """Where the credit for its winner is kept meanwhile."""
    return f"theme-{theme.id}"


async def entries(s: AsyncSession, theme: Theme) -> list[Job]:
    """What takes part, published first first; nothing of whoever leaves."""
    found = [job for job in await themes.candidates(s, theme) if has_word(job.prompt, theme.word)]
    gone = await people.leaving(s, {job.person_id for job in found})
    return [job for job in found if job.person_id not in gone]


async def close_due(db: Db) -> list[int]:
    """Close the themes whose time is over; the jobs that have won."""
    async with db.read() as s:
        due = await themes.due(s)
    won = []
    for theme_id in due:
        async with db.begin() as s:
            theme = await themes.get(s, theme_id, lock=True)
            if theme is not None and theme.closed_at is None:
                won.append(await close(s, theme))
    return [job_id for job_id in won if job_id]


async def close(s: AsyncSession, theme: Theme) -> int:
    """Say who won, and give them what its host gave; the winning job, 0 where nobody voted. Then the
    host has it back, unless they left: what is nobody's stays on the theme's account."""
    taking_part = await entries(s, theme)
    won = winner(taking_part, await themes.votes(s, theme, [job.id for job in taking_part]))
    theme.closed_at = utcnow()
    gets = await links.now(s, theme.host_id)
    if won is not None:
        theme.winner_job, theme.winner_clip = won
        gets = next(job.person_id for job in taking_part if job.id == won[0])
        await events.record(s, won[0], Kind.THEME_WON, clip=won[1])
    await s.flush()
    if theme.pool and not await people.leaving(s, [gets]):
        await ledger.hold(s)
        pool, artist = await ledger.studios(s, account(theme)), await ledger.account_of(s, gets)
        amounts = {pool.id: -theme.pool, artist.id: theme.pool}
        key = f"pool_paid:{theme.id}"
        await ledger.book(s, key, Booking.POOL_PAID, amounts, job_id=theme.winner_job)
    return theme.winner_job or 0
