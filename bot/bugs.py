"""Reports of bugs and weak spots, in words: those that wait, and what became of one."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot import credits
from bot.card import Line
from bot.lists import PAGE, Listing
from bot.studio import YES
from db import bugs, people
from db.states import BugKind
from moderation import credit
from moderation.desk import Desk
from moderation.people import Person
from moderation.rules import Refused

KINDS = {BugKind.BUG: "A bug", BugKind.RED_TEAM: "A weak spot"}


async def carry_out(
    desk: Desk,
    person: Person,
    place: tuple[str, str],
    *,
    text: str,
    kind: str,
    verdict: str,
    number: int,
) -> str:
    """What somebody said: of a report that waits, or of a new one; ``place``: room and workspace."""
    if verdict and not text:
        if not number:
            raise Refused("Say of which report: the list of those that wait has their numbers.")
        return await judge(desk, person, number, verdict == YES)
    if verdict and number:  # it was a sentence that begins like a verdict
        text = f"{number} {text}"
    return await report(desk, person, kind, f"{verdict} {text}".strip(), *place)


async def report(
    desk: Desk, person: Person, kind: str, text: str, room: str, workspace: str = ""
) -> str:
    """Take a report in, and say what becomes of it; ``kind``: empty for a plain bug."""
    found = await desk.report_bug(person, BugKind(kind or BugKind.BUG), text, room, workspace)
    reward = credits.amount(credit.table().found)
    return (
        f"Report {found.id} is with the moderators. Thank you; if two of them accept it, it earns "
        f"you {reward}."
    )


async def waiting(s: AsyncSession, person: Person) -> Listing:
    """All that wait for moderators, to decide about; one's own for everybody else."""
    found = await bugs.waiting(s, None if person.moderates else person.id)
    names = await people.names(s, {bug.person_id for bug in found})
    lines = [
        Line(f"{bug.id}: {KINDS[bug.kind].lower()}, by {names[bug.person_id]}.", bug.text, bug.at)
        for bug in found[:PAGE]
    ]
    how = "With yes or no and its number you say whether one deserves credit; two decide."
    if person.moderates:
        lines.insert(0, Line(how if found else "No report waits."))
    elif not found:
        lines = [Line("No report of yours waits.")]
    left = len(found) - PAGE
    more = f"{left} more wait after these." if left > 0 else ""
    return Listing("Reports about the studio", tuple(lines), more)


async def judge(desk: Desk, person: Person, bug_id: int, accept: bool) -> str:
    """Count what a moderator says of a report, and say what came of it."""
    match await desk.judge_bug(person, bug_id, accept):
        case True:
            return f"Report {bug_id} is accepted, and whoever made it is credited."
        case False:
            return f"Report {bug_id} is declined."
        case None:
            return f"Noted; report {bug_id} needs one more moderator who says the same."
