"""Chains, worded once for every room: the card of a turn, what is listed, and `/studio chain`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot import grammar, said
from bot.buttons import QUESTIONS
from bot.card import Button, Card, CardClip, Line, Tone
from bot.lists import Listing
from bot.signs import Sign
from bot.studio import Do
from bot.view import View
from db import chains, people
from db.models import Chain, Seat
from db.states import Purpose, Status, Turn
from moderation.chaining import FEWEST, MOST, made_by
from moderation.desk import Desk
from moderation.people import Person
from moderation.rules import Refused
from moderation.wish import Request
from moderation.words import echo

GO_ON = Button(Sign.GO_ON, "Go on", asks=QUESTIONS[Sign.GO_ON], strong=True)
LET_PASS = Button(Sign.HAND_ON, "Let it pass", asks=QUESTIONS[Sign.HAND_ON])


def turn(view: View) -> Card:
    """What an artist sees in their turn: the last second of the clip before, and no more of it."""
    job, seat = view.job, view.seat
    lines: tuple[Line, ...] = (Line("Your turn is over; you may join the chain again."),)
    buttons: tuple[Button, ...] = ()
    if seat is not None and seat.turn is Turn.MADE:
        lines = (Line(f"You went on from it; your clip is job {seat.job_id}."),)
    elif seat is not None and seat.turn is Turn.NOW and seat.job_id is not None:
        lines = (Line(f"You go on from it with job {seat.job_id}."),)
    elif seat is not None and seat.turn is Turn.NOW:
        lines = (
            Line("This second is all that anybody sees of the clip before. What happens next?"),
            Line("Your turn passes on:", at=seat.turn_ends_at),
        )
        buttons = (GO_ON, LET_PASS)
    shown = () if job.status is Status.WITHDRAWN else view.clips
    return Card(
        Purpose.RESULT,
        job.id,
        Tone.WAITING if buttons else Tone.QUIET,
        f"Your turn in chain {seat.chain_id}" if seat else f"Job {job.id}",
        view.artist,
        job.prompt,
        lines=lines,
        clips=tuple(CardClip(clip.number, clip.seed) for clip in shown),
        buttons=buttons,
    )


def secret(view: View) -> list[Line]:
    """What is said of a clip while the chain that it is in grows."""
    if view.seat is None or view.chain is None or view.chain.closed_at is not None:
        return []
    if view.seat.turn not in {Turn.NOW, Turn.MADE}:
        return []
    return [Line(f"It is a part of chain {view.chain.id}, and is shown with its film.")]


async def do(desk: Desk, person: Person, request: Request, what: str, about: str) -> str | Listing:
    """Do what was asked; ``about``: the theme of a new chain, or the number of one.

    Raises ``Refused``.
    """
    match Do(what):
        case Do.START:
            begun = await desk.start_chain(person, grammar.read(about), request)
            if begun.chain is None:
                return f"{said.entered(begun.job)} No chain begins with it."
            return (
                f"Chain {begun.chain.id} begins with job {begun.job.id}; others join it by that "
                "number."
            )
        case Do.JOIN:
            chain = await desk.join_chain(person, _number(about), request)
            return f"You have a seat in chain {chain.id}; you are told when it is your turn."
        case Do.CLOSE:
            film = await desk.close_chain(person, _number(about))
            return f"The film is job {film}; when it is put together, it goes to the moderators."
        case Do.LIST:
            async with desk.db.read() as s:
                return await listed(s)
        case Do.SHOW:
            async with desk.db.read() as s:
                return await shown(s, _number(about))


async def listed(s: AsyncSession) -> Listing:
    """The chains that grow, newest first."""
    lines = [await _summary(s, chain) for chain in await chains.of_open(s)]
    if not lines:
        lines = [Line("No chain grows at the moment; anybody may start one.")]
    return Listing("Chains", tuple(lines), "/studio chain join and its number takes a seat.")


async def shown(s: AsyncSession, chain_id: int) -> Listing:
    """Who has a seat in a chain, and how each stands. Raises ``Refused``."""
    chain = await chains.get(s, chain_id)
    if chain is None:
        raise Refused(f"There is no chain {chain_id}.")
    seats = await chains.seats(s, chain_id)
    names = await people.names(s, {seat.person_id for seat in seats} | {chain.person_id})
    lines = [Line(f"{names[chain.person_id]} began it:", chain.theme)]
    lines += [Line(f"Clip {n}: {names[m.person_id]}.") for n, m in enumerate(made_by(seats), 1)]
    for seat in seats:
        if seat.turn is Turn.NOW:
            lines.append(Line(f"{names[seat.person_id]} has the turn.", at=seat.turn_ends_at))
        elif seat.turn is Turn.WAITS:
            lines.append(Line(f"{names[seat.person_id]} waits."))
    if chain.film_id is not None:
        lines.append(Line(f"Its film is job {chain.film_id}."))
    elif chain.closed_at is not None:
        lines.append(Line("It is closed."))
    else:
        lines.append(Line(f"Its film has {FEWEST} to {MOST} clips."))
    return Listing(f"Chain {chain_id}", tuple(lines))


async def _summary(s: AsyncSession, chain: Chain) -> Line:
    seats = await chains.seats(s, chain.id)
    names = await people.names(s, {seat.person_id for seat in seats} | {chain.person_id})
    counts = Counter(seat.turn for seat in seats)
    text = (
        f"Chain {chain.id} by {names[chain.person_id]} has {counts[Turn.MADE]} of {MOST} clips; "
        f"{_whose(seats, names)}."
    )
    return Line(text, chain.theme)


def _whose(seats: Sequence[Seat], names: dict[int, str]) -> str:
    now = next((seat for seat in seats if seat.turn is Turn.NOW), None)
    return f"it is {names[now.person_id]}'s turn" if now else "it waits for somebody to join"


def _number(text: str) -> int:
    typed = text.strip().lstrip("#")
    if not (typed.isdecimal() and typed.isascii() and len(typed) <= 10):
        given = f", not “{echo(text)}”" if text.strip() else ""
        raise Refused(f"Give the number of a chain{given}; the list of chains shows them.")
    return int(typed)
