"""The best of each week in words: for its page, for programs, and on the card of its reel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import films
from bot.buttons import REPORT
from bot.card import Button, Card, CardClip, Line, Tone
from bot.signs import Sign
from bot.view import View
from db import jobs, weeks
from db.states import Purpose, Status
from moderation.weeks import begins, ends

RULE = "The clips with most votes in the ballots of that week, of each artist the best one alone."


@dataclass(frozen=True, slots=True)
class Told:
    """One of a week's best that is still in the showcase."""

    place: int
    job: int
    clip: int
    artist: str
    votes: int
    prompt: str


@dataclass(frozen=True, slots=True)
class Week:
    """A week as people read it."""

    year: int
    number: int
    days: str
    best: tuple[Told, ...]
    reel: int | None
    """The job of its reel, while that is in the showcase."""


async def newest(s: AsyncSession, limit: int, before: tuple[int, int] | None = None) -> list[Week]:
    """The weeks that have a best, newest first; ``before``: the (year, number) after which to go on."""
    found = await weeks.newest(s, limit, before)
    shown = await weeks.shown(s, found)
    told = []
    for week in found:
        reel = await jobs.get(s, week.reel_id) if week.reel_id is not None else None
        public = reel is not None and reel.status is Status.PUBLISHED
        best = tuple(
            Told(one.position, one.job_id, one.clip, artist, one.votes, job.prompt)
            for one, job, artist in shown
            if (one.year, one.number) == (week.year, week.number)
        )
        days = _days(week.year, week.number)
        told.append(Week(week.year, week.number, days, best, week.reel_id if public else None))
    return told


def reel(view: View) -> Card:
    """The public card of a week's reel. It has no ballot: its clips had theirs."""
    return Card(
        Purpose.SHOWCASE,
        view.job.id,
        Tone.GOOD,
        f"Job {view.job.id} · by {view.artist}",
        view.artist,
        view.job.prompt,
        lines=(Line(RULE),),
        facts=films.facts(view),
        clips=tuple(CardClip(clip.number, clip.seed) for clip in view.clips if clip.shown),
        buttons=(Button(Sign.INFO, "Info"), REPORT),
    )


def place(view: View) -> tuple[Line, ...]:
    """What is said of a clip that is among the best of a week."""
    best = view.best
    if best is None:
        return ()
    return (Line(f"Number {best.position} of the best of week {best.number}, {best.year}."),)


def _days(year: int, number: int) -> str:
    first, last = begins(year, number), ends(year, number) - timedelta(days=1)
    month = "" if first.month == last.month else f" {first:%B}"
    return f"{first.day}{month} to {last.day} {last:%B %Y}"
