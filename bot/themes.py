"""Themes in words: what is open, what has won, and the cards that say so in the showcase."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import credits
from bot.buttons import SHOW
from bot.card import Card, Line, Tone
from bot.lists import Listing
from bot.once import show_once
from bot.room import Room
from bot.studio import END
from db import people, themes, workspaces
from db.models import Theme, utcnow
from db.session import Db
from db.states import Purpose
from moderation.desk import Desk
from moderation.people import Person
from moderation.themes import entries

NEWS = timedelta(days=2)
"""What began or ended longer ago isn't announced any more."""
REMEMBERED = timedelta(days=90)


async def begin(desk: Desk, person: Person, title: str, word: str, days: int, pool: int = 0) -> str:
    theme = await desk.begin_theme(person, title, word, days, pool)
    return f"Theme {theme.id} is open: whatever has “{theme.word}” in its prompt takes part."


async def carry_out(
    desk: Desk, person: Person, what: str, number: int, word: str, title: str, pool: int
) -> str:
    """What a host asked for, in a sentence."""
    if what == END:
        return await end(desk, person, number)
    return await begin(desk, person, title, word, number, pool)


async def end(desk: Desk, person: Person, theme_id: int) -> str:
    theme = await desk.end_theme(person, theme_id)
    if theme.winner_job is None:
        return f"Theme {theme_id} is over; nobody has voted."
    return f"Theme {theme_id} is over: job {theme.winner_job} wins."


async def listing(s: AsyncSession) -> Listing:
    """The themes that are open, and the last ones that were."""
    lines = []
    for theme in await themes.newest(s, 10):
        if theme.closed_at is None:
            count = len(await entries(s, theme))
            so_far = "1 job takes" if count == 1 else f"{count} jobs take"
            lines.append(
                Line(f"{theme.id}: {how(theme)} {so_far} part; it ends", theme.title, theme.ends_at)
            )
        else:
            lines.append(Line(f"{theme.id}: {outcome(theme)}", theme.title, theme.closed_at))
    if not lines:
        lines = [Line("No theme is open. Hosts begin one.")]
    return Listing("Themes", tuple(lines))


def how(theme: Theme) -> str:
    """How one takes part; the word is one that a host chose, of letters and digits only."""
    prize = f" The winner gets {credits.amount(theme.pool)}." if theme.pool else ""
    return f"Use “{theme.word}” in your prompt.{prize}"


def outcome(theme: Theme) -> str:
    if theme.winner_job is None:
        return "Over; nobody has voted."
    return f"Job {theme.winner_job} has won, with clip {theme.winner_clip}."


async def show_themes(db: Db, rooms: Sequence[Room]) -> None:
    """Say in every showcase that a theme is open, and later who has won it."""
    async with db.read() as s:
        news = [theme for theme in await themes.newest(s) if _is_news(theme)]
        cards = [(theme, await card(s, theme)) for theme in news]
        places = [
            (room, place)
            for room in rooms
            for place in await workspaces.places(s, room.name, Purpose.SHOWCASE)
        ]
    for theme, shown in cards:
        state = "open" if theme.closed_at is None else "over"
        since = theme.closed_at or theme.starts_at
        for room, place in places:
            name = f"theme:{theme.id}-{state}"
            await show_once(db, room, place, shown, name, since, REMEMBERED)


def _is_news(theme: Theme) -> bool:
    return (theme.closed_at or theme.starts_at) > utcnow() - NEWS


async def card(s: AsyncSession, theme: Theme) -> Card:
    """What the showcase is told of a theme as it stands."""
    host = (await people.get(s, theme.host_id)).name
    if theme.closed_at is None:
        return Card(
            None,
            0,
            Tone.WAITING,
            "A theme for everybody",
            host,
            theme.title,
            lines=(Line(how(theme)), Line("It ends", at=theme.ends_at)),
        )
    return Card(
        None,
        theme.winner_job or 0,
        Tone.GOOD if theme.winner_job else Tone.QUIET,
        "The theme is over",
        host,
        theme.title,
        lines=(Line(outcome(theme)),),
        buttons=(SHOW,) if theme.winner_job else (),
    )
