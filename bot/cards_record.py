"""The card that shows moderators, once a day, what stands for all of the record so far."""

from __future__ import annotations

from datetime import date

from bot.card import Card, Line, Tone
from db.record import Head
from db.states import Purpose


def head(found: Head, day: date) -> Card:
    """It is of no job, and there is nothing to press."""
    entries = "1 entry" if found.seq == 1 else f"{found.seq:,} entries"
    return Card(
        purpose=Purpose.REVIEW,
        job_id=0,
        tone=Tone.QUIET,
        title=f"The record on {day.day} {day:%B %Y}",
        artist="the studio",
        quote=found.hash,
        lines=(
            Line(
                f"The record has {entries}, and this is its head. While this message is here, nobody "
                "can change an entry unnoticed: sora record verify --head "
                f"{found.hash[:16]} looks through all of them."
            ),
        ),
    )
