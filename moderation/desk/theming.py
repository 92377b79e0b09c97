"""The verbs of a theme: begin one, and end it before its time."""

from __future__ import annotations

from datetime import timedelta

from db import ledger, themes
from db.ledger import Overdrawn
from db.models import Theme, utcnow
from moderation import giving
from moderation import themes as closing
from moderation.credit import Booking
from moderation.desk.base import Base
from moderation.linking import as_now
from moderation.people import Person
from moderation.rules import Refused
from moderation.words import clean

MOST_RUNNING = 5


class Theming(Base):
    """What hosts put before everybody for some days."""

    async def begin_theme(
        self, person: Person, title: str, word: str, days: int, pool: int = 0
    ) -> Theme:
        """Open a theme now, for so many days; ``pool``: of the host's own credit, for whoever wins."""
        title, word = clean(title), clean(word)
        giving.may_begin_theme(person, title, word, days, pool)
        async with self.db.begin() as s:
            person = await as_now(s, person)
            running = await themes.running(s)
            known = next((t for t in running if (t.title, t.word) == (title, word)), None)
            if known is not None:
                return known
            if len(running) >= MOST_RUNNING:
                raise Refused(f"{MOST_RUNNING} themes are open already; one of them ends first.")
            now = utcnow()
            theme = Theme(
                title=title,
                word=word,
                host_id=person.id,
                pool=pool,
                starts_at=now,
                ends_at=now + timedelta(days=days),
            )
            await themes.add(s, theme)
            if pool:
                await ledger.hold(s)
                mine = await ledger.account_of(s, person.id)
                theirs = await ledger.studios(s, closing.account(theme))
                amounts = {mine.id: -pool, theirs.id: pool}
                try:
                    await ledger.book(s, f"pool:{theme.id}", Booking.POOL, amounts)
                except Overdrawn as error:
                    has = await ledger.balance(s, person.id)
                    raise Refused(
                        f"What the winner gets is credit of your own, and you have {has}."
                    ) from error
        return theme

    async def end_theme(self, person: Person, theme_id: int) -> Theme:
        """Close a theme now; whoever is ahead wins."""
        async with self.db.begin() as s:
            theme = await themes.get(s, theme_id, lock=True)
            if theme is None:
                raise Refused(f"There is no theme {theme_id}.")
            giving.may_end_theme(person, theme)
            theme.ends_at = utcnow()
            job_id = await closing.close(s, theme)
        if job_id:
            await self.broker.spread(job_id)
        return theme
