"""`/studio link` in words, the same in every room; they are whispered."""

from __future__ import annotations

from moderation.desk import Desk
from moderation.linking import Linked, Unlinked
from moderation.people import Person
from moderation.words import listed

UNDO = "undo"
"""What is typed in place of a code, to be two people again; no code is as short."""


async def link(desk: Desk, person: Person, typed: str, studio: str) -> str:
    """Show a code, or take the one that was typed, or undo it all; ``studio``: what the command is called
    here."""
    if typed.strip().lower() == UNDO:
        return _unlinked(await desk.unlink(person))
    if typed.strip():
        return _linked(await desk.link(person, typed), studio)
    code = await desk.link_code(person)
    return (
        f"Your code is {code}. Within ten minutes, type it in the other room, after {studio} link. "
        "It works once; whoever types it is one person with you, under the name that you have here."
    )


def _unlinked(two: Unlinked) -> str:
    return (
        f"You are two people again, {two.first} and {two.second}, who has back what they had brought. "
        f"What you did since is {two.first}'s, and what linking took away stays away."
    )


def _linked(done: Linked, studio: str) -> str:
    said = (
        f"You are one person in both rooms now, {done.name}. {studio} link undo makes you two again"
    )
    counts = {"vote": done.votes, "report": done.reports, "review": done.reviews}
    gone = [f"{n} {what}{'s' if n > 1 else ''}" for what, n in counts.items() if n]
    if not gone:
        return f"{said}."
    return (
        f"{said}, but can't bring back what no longer counts: {listed(gone, 'and')}. One person has "
        "one say, and none about their own clips."
    )
