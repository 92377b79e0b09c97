"""The lineage of a job as a drawing: where each job of the tree stands, and what is said of it.

Time goes from left to right. Every job without children has a row of its own, in order; every other
one stands halfway between its first child and its last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import lineage
from db.states import Descent
from moderation.lineage import Lineage, Node
from moderation.people import Person

WIDTH, POSTER, HEIGHT = 128, 72, 124
"""Of a job in the drawing, of its picture, and with the three lines below that."""
ACROSS, DOWN = 48, 20
"""Between two generations, and between two rows."""
EDGE = 16
MORE_HEIGHT = 32
"""Of the words for those that aren't shown."""
NAME_LIMIT = 17
"""Characters that fit below a picture."""
SHORT = {
    Descent.VARY: "variation",
    Descent.EXTEND: "sequel",
    Descent.REDRAW: "redrawn",
    Descent.REMIX: "remix",
    Descent.FINAL: "final",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A job, a gap, or how many others there are, and where it stands in the drawing."""

    x: float
    y: float
    column: int
    up: int
    """The index of the spot that it grew out of; -1 for the first."""
    label: str
    """All of it in one sentence, for who hears it."""
    said: str = ""
    """The beginning of its prompt."""
    job_id: int | None = None
    poster: int = 0
    lines: tuple[str, ...] = ()
    current: bool = False
    more: bool = False
    """Whether it stands for those that aren't shown; ``job_id`` is then where they are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The same as a nested list."""

    label: str
    said: str
    job_id: int | None
    current: bool
    more: bool
    children: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that the page shows of a lineage."""

    width: float
    height: float
    spots: tuple[Spot, ...]
    paths: tuple[str, ...]
    entry: Entry
    summary: str
    earlier: bool
    before: int | None
    """The pages of the job's own children before and after this one."""
    after: int | None


def drawing(found: Lineage, person: Person) -> Drawing | None:
    """None where there is nothing to draw beside the job itself."""
    tree = found.tree
    if tree.alone:
        return None
    spots = tuple(_Pen(found, person).draw())
    return Drawing(
        width=max(spot.x for spot in spots) + WIDTH + EDGE,
        height=max(spot.y + _height(spot) for spot in spots) + EDGE,
        spots=spots,
        paths=tuple(_path(spots[spot.up], spot) for spot in spots if spot.up >= 0),
        entry=_entry(found, person, tree.root, None),
        summary=lineage.summary(found),
        earlier=tree.earlier,
        before=tree.page - 1 if tree.page > 1 else None,
        after=tree.page + 1 if tree.page < tree.pages else None,
    )


class _Pen:
    """Goes through the tree once and remembers the next free row."""

    def __init__(self, found: Lineage, person: Person) -> None:
        self._found, self._person = found, person
        self._next_y: float = EDGE
        self._spots: list[Spot] = []

    def draw(self) -> Sequence[Spot]:
        self._node(self._found.tree.root, None, 0, -1)
        return self._spots

    def _node(self, node: Node, parent: Node | None, column: int, up: int) -> float:
        """Draws a node and all that grew out of it; the middle of its picture."""
        index = len(self._spots)
        self._spots.append(Spot(0, 0, column, up, ""))  # its place is known after its children's
        middles = [self._node(child, node, column + 1, index) for child in node.children]
        if node.more:
            middles.append(self._more(node, column + 1, index, alone=not middles))
        if middles:
            middle = (middles[0] + middles[-1]) / 2
        else:
            middle = self._next_y + POSTER / 2
            self._next_y += HEIGHT + DOWN
        self._spots[index] = self._spot(node, parent, column, up, middle)
        return middle

    def _spot(self, node: Node, parent: Node | None, column: int, up: int, middle: float) -> Spot:
        x, y = EDGE + column * (WIDTH + ACROSS), middle - POSTER / 2
        label = lineage.sentence(self._found, self._person, node, parent)
        relative = self._found.of(node)
        if relative is None:
            return Spot(x, y, column, up, label)
        kind = SHORT[relative.descent].capitalize() if relative.descent else "Original"
        own = relative.person_id == self._person.id
        return Spot(
            x,
            y,
            column,
            up,
            label,
            lineage.shortened(relative),
            job_id=relative.job_id,
            poster=relative.poster,
            lines=(f"Job {relative.job_id}", kind, "You" if own else _short(relative.artist)),
            current=relative.job_id == self._found.job_id,
        )

    def _more(self, node: Node, column: int, up: int, *, alone: bool) -> float:
        """Alone it takes a whole row, because its parent does."""
        x, room = EDGE + column * (WIDTH + ACROSS), HEIGHT if alone else MORE_HEIGHT
        y = self._next_y + (POSTER - MORE_HEIGHT) / 2 if alone else self._next_y
        self._next_y += room + DOWN
        words = _further(node)
        self._spots.append(
            Spot(x, y, column, up, words, job_id=node.job_id, lines=(words,), more=True)
        )
        return y + MORE_HEIGHT / 2


def _further(node: Node) -> str:
    return f"and {node.more:,} more"


def _height(spot: Spot) -> float:
    return MORE_HEIGHT if spot.more else HEIGHT


def _path(start: Spot, end: Spot) -> str:
    """From the middle of one picture's edge to that of the next."""
    x1, y1 = start.x + WIDTH, start.y + POSTER / 2
    x2, y2 = end.x, end.y + (MORE_HEIGHT if end.more else POSTER) / 2
    bend = ACROSS / 2
    return f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"


def _entry(found: Lineage, person: Person, node: Node, parent: Node | None) -> Entry:
    children = [_entry(found, person, child, node) for child in node.children]
    if node.more:
        children.append(Entry(_further(node), "", node.job_id, False, True, ()))
    relative = found.of(node)
    return Entry(
        lineage.sentence(found, person, node, parent),
        lineage.shortened(relative),
        relative.job_id if relative else None,
        node.job_id == found.job_id,
        False,
        tuple(children),
    )


def _short(name: str) -> str:
    return name if len(name) <= NAME_LIMIT else f"{name[: NAME_LIMIT - 1]}…"
