"""What is said of clips that are kept for a time only, or can't be had just now."""

from __future__ import annotations

from bot.card import Line
from db.models import Job

GONE = "Its clips are no longer kept: this studio keeps such clips for a time only. Again makes new ones."

AWAY = "The store of clips can't be reached just now; try again in a few minutes."


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
