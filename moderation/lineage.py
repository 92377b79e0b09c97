"""The tree of what a clip grew out of and what grew out of it, cut so that people can read it.

Whoever looks at it is shown what they may see. Anything else on the way is a gap, which tells neither
number, name nor how many it stands for; and where nothing seen comes after it, it isn't there at all.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from db import lineage
from db.lineage import Eyes, Kin, Relative
from db.models import Job
from db.states import WAITING_FOR_REVIEW, Status
from moderation.people import Person
from moderation.rules import Refused


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a lineage is shown at once."""

    up: int = 6
    deep: int = 5
    """Generations before and after."""
    page: int = 10
    """Children of the job that is looked at; of a gap as well, for nobody can look at that by itself."""
    wide: int = 4
    """Children of each other job."""
    most: int = 60
    """Of all that came after, together."""


@dataclass(frozen=True, slots=True)
class Node:
    """One job in the tree, by its number; None for a gap."""

    job_id: int | None
    children: tuple[Node, ...] = ()
    more: int = 0
    """How many that may be seen grew out of it and come after those that are shown."""


@dataclass(frozen=True, slots=True)
class Tree:
    """From the oldest ancestor that is shown down to the youngest descendants."""

    root: Node
    earlier: bool
    """Whether something came before the root."""
    before: int
    after: int
    """How many there are before and after the job, shown or not, that may be seen."""
    complete: bool
    """Whether these are all, or only those that were counted."""
    children: int
    """How many grew directly out of the job."""
    page: int
    pages: int
    """Of the job's children."""

    @property
    def alone(self) -> bool:
        """Whether there is nothing to tell beside the job itself."""
        return not (self.root.children or self.earlier)


@dataclass(frozen=True, slots=True)
class Lineage:
    """The tree around one job, and what may be told of the jobs in it where it isn't alone."""

    job_id: int
    tree: Tree
    known: Mapping[int, Relative]

    def of(self, node: Node) -> Relative | None:
        """None for a gap."""
        return None if node.job_id is None else self.known.get(node.job_id)


@dataclass(slots=True)
class _Branch:
    """A job and all that grew out of it, before it is cut."""

    job_id: int | None
    children: list[_Branch] = field(default_factory=list)
    size: int = 0
    """How many may be seen of it and of what grew out of it."""


async def of_job(
    s: AsyncSession, person: Person, job_id: int, page: int = 1, limits: Limits | None = None
) -> Lineage:
    """A job's lineage as this person may see it. Raises ``Refused`` when they may not see the job."""
    eyes = Eyes(person.id, known_of_others(person))
    up = await lineage.ancestors(s, job_id, eyes)
    if not up or not up[0].seen:
        raise Refused(f"There is no job {job_id} that you may see.")
    down = await lineage.descendants(s, job_id, eyes)
    found = tree(up, down, page, limits or Limits())
    known = {} if found.alone else await lineage.told(s, _ids(found.root), eyes)
    return Lineage(job_id, found, known)


def tree(up: Sequence[Kin], down: Sequence[Kin], page: int, limits: Limits) -> Tree:
    """``up``: the job and its ancestors, the nearest first; ``down``: the job and its descendants,
    parents before their children. A page beyond the last is the last."""
    branch = _grown(down)
    pages = max(math.ceil(len(branch.children) / limits.page), 1)
    page = min(max(page, 1), pages)
    root = _cut(branch, page, limits)
    above = _line(up[1:])
    for job_id in above[: limits.up]:
        root = Node(job_id, (root,))
    return Tree(
        root,
        earlier=len(above) > limits.up or up[-1].parent_id is not None,
        before=sum(kin.seen for kin in up[1:]),
        after=branch.size - 1,
        complete=len(down) <= lineage.MOST_JOBS,
        children=len(branch.children),
        page=page,
        pages=pages,
    )


def _grown(down: Sequence[Kin]) -> _Branch:
    """From the leaves to the job itself: gaps that lead nowhere fall off, gaps in a row are one."""
    children: dict[int, list[_Branch]] = defaultdict(list)
    branch = _Branch(None)
    for kin in reversed(down):
        is_job = kin is down[0]
        own = children.pop(kin.job_id, [])[::-1]
        if not kin.seen and not is_job:
            if not own:
                continue
            own = [one for child in own for one in ([child] if child.job_id else child.children)]
        branch = _Branch(kin.job_id if kin.seen or is_job else None, own)
        branch.size = sum(child.size for child in own) + (branch.job_id is not None)
        if kin.parent_id is not None:
            children[kin.parent_id].append(branch)
    return branch


def _cut(top: _Branch, page: int, limits: Limits) -> Node:
    """What is shown, the nearest first, and of the rest how many there are."""
    kept: dict[int, list[_Branch]] = {}
    passed = page * limits.page
    left, waiting = limits.most, deque([(top, 0)])
    while waiting:
        branch, depth = waiting.popleft()
        if branch is top:
            shown = branch.children[passed - limits.page : passed]
        else:
            wide = limits.page if branch.job_id is None else limits.wide
            shown = branch.children[: min(wide, left)] if depth < limits.deep else []
        kept[id(branch)] = shown
        left -= len(shown)
        waiting.extend((child, depth + 1) for child in shown)

    def node(branch: _Branch) -> Node:
        shown = kept[id(branch)]
        first_left = passed if branch is top else len(shown)
        more = sum(child.size for child in branch.children[first_left:])
        return Node(branch.job_id, tuple(map(node, shown)), more)

    return node(top)


def _line(above: Sequence[Kin]) -> list[int | None]:
    """The ancestors' numbers; gaps in a row are one."""
    found: list[int | None] = []
    for kin in above:
        if kin.seen or not found or found[-1] is not None:
            found.append(kin.job_id if kin.seen else None)
    return found


def _ids(node: Node) -> list[int]:
    own = [] if node.job_id is None else [node.job_id]
    return own + [job_id for child in node.children for job_id in _ids(child)]


def known_of_others(person: Person) -> frozenset[Status]:
    """How the jobs of others stand that this person may know of."""
    waiting = WAITING_FOR_REVIEW if person.moderates else frozenset()
    return waiting | {Status.PUBLISHED}


def may_know(person: Person, job: Job) -> bool:
    """Whether somebody may be told of a job: its number, its words, whose it is."""
    return person.id == job.person_id or job.status in known_of_others(person)
