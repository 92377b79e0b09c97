"""The fair line, as its users rely on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.line import AGEING, PERSON, Hand, Waiting, can, order
from db.speed import Shape
from db.states import Task

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SHAPE = Shape(64, 64, 16, 4, 1)


def waiting(job_id: int, person: int, minutes: float = 0, served: float | None = None) -> Waiting:
    """A job queued and a person served so many minutes ago."""
    served_at = None if served is None else NOW - timedelta(minutes=served)
    return Waiting(job_id, person, NOW - timedelta(minutes=minutes), served_at, "toy", SHAPE)


def ids(line: Sequence[Waiting]) -> list[int]:
    return [w.job_id for w in line]


def test_one_persons_flood_does_not_hold_up_the_next_person() -> None:
    flood = [waiting(n, person=1, minutes=5) for n in range(1, 9)]
    assert ids(order([*flood, waiting(9, person=2)], NOW))[:3] == [1, 9, 2]


def test_the_least_recently_served_goes_first() -> None:
    line = [waiting(1, 1, 3, served=1), waiting(2, 2, 2, served=60), waiting(3, 3, 1)]
    assert ids(order(line, NOW)) == [3, 2, 1]


def test_one_person_is_served_in_the_order_of_asking() -> None:
    line = [waiting(3, 1, minutes=1), waiting(1, 1, minutes=3), waiting(2, 1, minutes=2)]
    assert ids(order(line, NOW)) == [1, 2, 3]


def test_newcomers_can_not_keep_a_second_job_waiting_for_ever() -> None:
    old = [waiting(1, 1, minutes=25, served=1), waiting(2, 1, minutes=25, served=1)]
    newcomers = [waiting(n, person=n) for n in range(10, 30)]
    assert ids(order([*newcomers, *old], NOW))[:2] == [1, 2]


limits = st.dictionaries(st.sampled_from([PERSON, "web", "community"]), st.integers(1, 3))
lines = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.floats(0, 60, allow_nan=False),
        st.none() | st.floats(0, 60, allow_nan=False),
        limits,
    ),
    max_size=30,
).map(
    lambda rows: [
        replace(waiting(n, person, ago, served), at_once=at_once)
        for n, (person, ago, served, at_once) in enumerate(rows, 1)
    ]
)


@given(lines)
def test_the_line_is_everybody_once(line: list[Waiting]) -> None:
    assert sorted(ids(order(line, NOW))) == ids(line)


@given(lines)
def test_nobody_overtakes_themselves(line: list[Waiting]) -> None:
    for person in {w.person_id for w in line}:
        theirs = [w for w in order(line, NOW) if w.person_id == person]
        assert theirs == sorted(theirs, key=lambda w: (w.queued_at, w.job_id))


@given(lines)
def test_before_anybody_ages_first_jobs_come_before_second_ones(line: list[Waiting]) -> None:
    fresh = [w for w in line if NOW - w.queued_at < AGEING]
    persons = [w.person_id for w in order(fresh, NOW)]
    firsts = persons[: len(set(persons))]
    assert len(set(firsts)) == len(firsts)


@given(lines)
def test_whoever_waits_long_enough_is_ahead_of_every_newcomer(line: list[Waiting]) -> None:
    later = NOW + AGEING * (len(line) + 1)
    newcomers = [Waiting(1000 + n, 100 + n, later, None, "toy", SHAPE) for n in range(5)]
    assert set(ids(order([*newcomers, *line], later))[: len(line)]) == set(ids(line))


def test_what_is_for_idle_workers_comes_last_and_takes_nobodys_turn() -> None:
    idle = replace(waiting(1, person=1, minutes=120), idle=True)
    line = [idle, waiting(2, person=1), waiting(3, person=2, minutes=1), waiting(4, person=2)]
    assert ids(order(line, NOW)) == [3, 2, 4, 1]


def test_what_is_for_idle_workers_waits_no_longer_than_a_day() -> None:
    idle = replace(waiting(1, person=1, minutes=60 * 24), idle=True)
    assert ids(order([idle, waiting(2, person=2)], NOW)) == [1, 2]


@pytest.mark.parametrize(
    ("job", "hand", "may"),
    [
        ({}, Hand({"toy"}, own=False, inputs=False), True),
        ({"private": True}, Hand({"toy"}, own=False), False),
        ({"private": True}, Hand({"toy"}), True),
        ({"inputs": True}, Hand({"toy"}, own=False, inputs=False), False),
        ({"inputs": True}, Hand({"toy"}, own=False), True),
        ({"shape": SHAPE._replace(task=Task.FILM)}, Hand({"toy"}, own=False), False),
        ({"shape": SHAPE._replace(task=Task.FILM)}, Hand(()), True),
        ({"model": "other"}, Hand({"toy"}, own=False), False),
    ],
)
def test_what_a_lent_worker_may_make(job: dict[str, Any], hand: Hand, may: bool) -> None:
    assert can(replace(waiting(1, 1), **job), hand) is may
