"""The tree that is cut out of a lineage: any lineage, for anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from db.lineage import MOST_JOBS, Kin
from moderation.lineage import Limits, Node, Tree, tree

SMALL = Limits(up=2, deep=2, page=3, wide=2, most=6)
WHOLE = Limits(up=99, deep=99, page=99, wide=99, most=999)


@st.composite
def kin(draw: st.DrawFn) -> tuple[list[Kin], list[Kin]]:
    """(up, down) of a job, the way the walks tell them; the youngest ancestor is the largest number."""
    above = draw(st.lists(st.booleans(), max_size=6))
    job_id = len(above) + 1
    jobs = [Kin(n, n - 1 or None, seen) for n, seen in enumerate(above, start=1)]
    down = [Kin(job_id, job_id - 1 or None, True)]
    for number in range(job_id + 1, job_id + 1 + draw(st.integers(0, 25))):
        down.append(Kin(number, draw(st.integers(job_id, number - 1)), draw(st.booleans())))
    return [down[0], *reversed(jobs)], down


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def ids(found: Tree) -> list[int]:
    return [node.job_id for node in walk(found.root) if node.job_id is not None]


def node_of(found: Tree, job_id: int) -> Node:
    return next(node for node in walk(found.root) if node.job_id == job_id)


@given(kin(), st.sampled_from([SMALL, WHOLE]), st.integers(1, 4))
def test_only_what_is_seen_is_in_the_tree_and_no_job_twice(
    lineage: tuple[list[Kin], list[Kin]], limits: Limits, page: int
) -> None:
    up, down = lineage
    found = tree(up, down, page, limits)
    seen = {kin.job_id for kin in [*up, *down] if kin.seen}
    assert set(ids(found)) <= seen
    assert max(Counter(ids(found)).values()) == 1
    assert up[0].job_id in ids(found)


@given(kin())
def test_nothing_that_is_seen_is_missing_where_there_is_room(
    lineage: tuple[list[Kin], list[Kin]],
) -> None:
    up, down = lineage
    found = tree(up, down, 1, WHOLE)
    assert set(ids(found)) == {kin.job_id for kin in [*up, *down] if kin.seen}
    assert (found.before, found.after) == (
        sum(kin.seen for kin in up[1:]),
        sum(kin.seen for kin in down[1:]),
    )
    assert not any(node.more for node in walk(found.root))


@given(kin(), st.sampled_from([SMALL, WHOLE]))
def test_a_gap_always_leads_to_something_and_never_to_another_gap(
    lineage: tuple[list[Kin], list[Kin]], limits: Limits
) -> None:
    found = tree(*lineage, 1, limits)
    for node in walk(found.root):
        if node.job_id is None:
            assert node.children or node.more
            assert all(child.job_id is not None for child in node.children)


@given(kin())
def test_who_grew_out_of_whom_stays_so(lineage: tuple[list[Kin], list[Kin]]) -> None:
    up, down = lineage
    parents = {kin.job_id: kin.parent_id for kin in [*up, *down]}
    seen = {kin.job_id for kin in [*up, *down] if kin.seen}
    found = tree(up, down, 1, WHOLE)
    for node in walk(found.root):
        for child in (grown for grown in node.children if grown.job_id is not None):
            nearest = parents[child.job_id or 0]
            assert (nearest == node.job_id) is (node.job_id is not None)
            assert (nearest in seen) is (node.job_id is not None)


@given(kin())
def test_the_pages_of_the_job_hold_each_child_once(
    lineage: tuple[list[Kin], list[Kin]],
) -> None:
    up, down = lineage
    job_id = up[0].job_id
    whole = node_of(tree(up, down, 1, WHOLE), job_id)
    paged: list[int | None] = []
    for page in range(1, tree(up, down, 1, SMALL).pages + 1):
        found = tree(up, down, page, SMALL)
        children = node_of(found, job_id).children
        assert len(children) <= SMALL.page
        paged += [child.job_id for child in children]
    assert paged == [child.job_id for child in whole.children]
    assert tree(up, down, 99, SMALL).page == tree(up, down, 1, SMALL).pages


@given(kin())
def test_what_is_not_shown_is_counted(lineage: tuple[list[Kin], list[Kin]]) -> None:
    up, down = lineage
    found = tree(up, down, 1, SMALL)
    own = node_of(found, up[0].job_id)
    below = [node for node in walk(own) if node is not own]
    assert len(below) <= SMALL.most
    shown = sum(node.job_id is not None for node in below)
    assert shown + sum(node.more for node in walk(own)) == found.after


def of(*parents: int | None, hidden: Sequence[int] = ()) -> list[Kin]:
    """Jobs 1, 2, 3 … by their parents."""
    return [Kin(n, parent, n not in hidden) for n, parent in enumerate(parents, start=1)]


def test_ancestors_that_find_no_room_are_told_of() -> None:
    down = [Kin(5, 4, True)]
    up = [*down, *reversed(of(None, 1, 2, 3, hidden=(3,)))]
    found = tree(up, down, 1, SMALL)
    assert [node.job_id for node in walk(found.root)] == [None, 4, 5]
    assert (found.earlier, found.before) == (True, 3)
    assert not tree(up, down, 1, WHOLE).earlier


def test_gaps_in_a_row_are_one_and_those_that_lead_nowhere_none() -> None:
    down = of(None, 1, 2, 3, 1, hidden=(2, 3, 5))
    found = tree(down[:1], down, 1, WHOLE)
    assert found.root == Node(1, (Node(None, (Node(4),)),))
    assert found.children == 1


def test_a_walk_that_was_cut_off_says_so() -> None:
    down = of(None, *[1] * MOST_JOBS)
    assert not tree(down[:1], down, 1, SMALL).complete
    assert tree(down[:1], down[:-1], 1, SMALL).complete
