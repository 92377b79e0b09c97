"""A lineage in words: as a list in chat, and for whoever can't see the drawn one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from bot import said
from bot.card import Line
from bot.lists import PAGE, JobButton, Listing, goes_on
from bot.signs import Sign
from db.lineage import Relative
from db.states import Descent, Status
from moderation import lineage, rules
from moderation.lineage import Limits, Lineage, Node
from moderation.people import Person

IN_CHAT = Limits(up=3, deep=3, page=PAGE, wide=2, most=12)
"""A message in Slack holds 50 blocks: two for each job, and one where more grew out of it."""
SAID_LIMIT = 60
"""Characters of a prompt: it is there to tell one job from another."""
MOST_BUTTONS = 10
GAP = "A job that isn't shown"
FROM_A_GAP = "one that isn't shown"
ALONE = "It grew out of no other job, and nothing has grown out of it yet."
KIND: Mapping[Descent, str] = {
    Descent.VARY: "a variation of",
    Descent.EXTEND: "what happens after",
    Descent.REDRAW: "redrawn from",
    Descent.REMIX: "a remix of",
    Descent.FINAL: "the full render of",
}
"""How a job grew out of another, before the clip of that one."""


async def listing(s: AsyncSession, person: Person, job_id: int, page: int = 1) -> Listing:
    """What a job grew out of and what grew out of it. Raises ``Refused``."""
    found = await lineage.of_job(s, person, job_id, page, IN_CHAT)
    more = goes_on(found.tree.children, page, f"lineage {job_id}")
    title, tree = f"The lineage of job {job_id}", found.tree
    if tree.alone:
        return Listing(title, (Line(ALONE),))
    shown = list(_walk(tree.root))
    others = [n.job_id for _, _, n in shown if n.job_id not in {None, job_id}]
    buttons = [JobButton(Sign.SHOW, other, f"Show {other}") for other in others if other]
    lines = [Line(summary(found))]
    if tree.earlier:
        lines.append(Line("Others came before these."))
    for depth, parent, node in shown:
        lines.append(_line(found, person, node, parent, depth))
        if node.more and node.job_id != job_id:
            lines.append(Line(f"{_branch(depth + 1)}{_further(node)}"))
    return Listing(title, tuple(lines), more, tuple(buttons[:MOST_BUTTONS]))


def summary(found: Lineage) -> str:
    """How many there are in all, of those that may be seen."""
    tree = found.tree
    hidden = not tree.before and tree.root.job_id is None
    above = FROM_A_GAP if hidden else _jobs(tree.before)
    at_least = "" if tree.complete else "at least "
    return f"It grew out of {above}; {at_least}{_jobs(tree.after)} grew out of it."


def sentence(found: Lineage, person: Person, node: Node, parent: Node | None) -> str:
    """Which job it is and whose, how it grew out of its parent, and how it stands if not everybody
    sees it."""
    relative = found.of(node)
    if relative is None:
        return f"{GAP}."
    own = relative.person_id == person.id
    name = f"Your job {relative.job_id}" if own else f"Job {relative.job_id} by {relative.artist}"
    parts = [
        f"{name} (this one)" if relative.job_id == found.job_id else name,
        _kind(relative, found.of(parent)) if parent else "",
        "" if relative.status is Status.PUBLISHED else rules.said(relative.status),
    ]
    return f"{', '.join(filter(None, parts))}."


def shortened(relative: Relative | None) -> str:
    """The beginning of a job's prompt; nothing for a gap."""
    prompt = relative.prompt if relative else ""
    return prompt if len(prompt) <= SAID_LIMIT else f"{prompt[:SAID_LIMIT]}…"


def _kind(relative: Relative, parent: Relative | None) -> str:
    """How it grew out of its parent; of one that isn't shown nothing more is told."""
    if relative.descent is None:
        return ""
    of = said.clip_of(parent.job_id, relative.parent_clip) if parent else FROM_A_GAP
    return f"{KIND[relative.descent]} {of}"


def _line(found: Lineage, person: Person, node: Node, parent: Node | None, depth: int) -> Line:
    return Line(
        f"{_branch(depth)}{sentence(found, person, node, parent)}", shortened(found.of(node))
    )


def _further(node: Node) -> str:
    """How many more there are, and where."""
    more = f"and {node.more:,} more"
    return f"{more}." if node.job_id is None else f"{more}: /studio lineage {node.job_id}"


def _branch(depth: int) -> str:
    """No spaces: not every room keeps those at the beginning of a line."""
    return f"└{'──' * depth} " if depth else ""


def _walk(root: Node) -> Iterator[tuple[int, Node | None, Node]]:
    """(depth, parent, node), parents before their children."""
    waiting: list[tuple[int, Node | None, Node]] = [(0, None, root)]
    while waiting:
        depth, parent, node = waiting.pop()
        yield depth, parent, node
        waiting += [(depth + 1, node, child) for child in reversed(node.children)]


def _jobs(count: int) -> str:
    return {0: "no other job", 1: "1 job"}.get(count, f"{count:,} jobs")
