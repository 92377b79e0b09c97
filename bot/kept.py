"""What is said of clips that are kept for a time only."""

from __future__ import annotations

from bot.card import Line
from db.models import Job

GONE = "Its clips are no longer kept: this studio keeps such clips for a time only. Again makes new ones."


def lines(job: Job) -> list[Line]:
    """Empty for what is kept for good."""
    if job.let_go_at is not None:
        return [Line(GONE)]
    if job.kept_until is None:
        return []
    until = f"{job.kept_until:%-d %B %Y}"
    return [
        Line(
            f"Its clips are kept until {until}; save them, or go on from them, to have them longer."
        )
    ]
