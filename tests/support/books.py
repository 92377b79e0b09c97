"""The books as they are once the day is over."""

from __future__ import annotations

from datetime import timedelta

from db.models import utcnow
from db.session import Db
from moderation.bookkeeping import keep_books
from moderation.days import book_days


async def settle(db: Db) -> None:
    """Book all that waits, and what today has earned."""
    while await keep_books(db):
        pass
    while await book_days(db, utcnow().date() + timedelta(days=1)):
        pass
