"""What is foretold of the line, and that it comes so: several workers, models and switches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from db.line import (
    KEPT_MOST,
    MOMENT,
    NEVER,
    PERSON,
    Forecast,
    Hand,
    Waiting,
    can,
    claimable,
    counted,
    holding,
    is_warm,
    order,
    switching,
    wanted,
)
from db.states import Task
from db.walk import Running, Station, forecast
from tests.db.test_line import NOW, SHAPE, lines, waiting

IDLE = Station(Hand({"toy"}, "toy"))
MODELS = ("toy", "giant", "tiny")
LOADS = {"toy": 6.0, "giant": 40.0, "tiny": 0.5}
EVERYTHING = Hand(MODELS, "toy", NOW, LOADS)


def foretold(
    line: Sequence[Waiting],
    needs: Mapping[int, float | None],
    *stations: Station,
    elsewhere: Sequence[Running] = (),
    cap: int = 2,
) -> dict[int, Forecast]:
    return forecast(line, needs, stations, elsewhere, cap, NOW)


def of(model: str, job_id: int, person: int, minutes: float = 0) -> Waiting:
    return replace(waiting(job_id, person, minutes), model=model)


def test_the_line_is_walked_as_the_workers_will() -> None:
    line = [waiting(1, 1), waiting(2, 2), waiting(3, 3)]
    busy = replace(IDLE, running=Running(person_id=9, seconds=4.0))
    assert foretold(line, {1: 10.0, 2: 20.0, 3: 5.0}, IDLE, busy) == {
        1: Forecast(1, 10.0),
        2: Forecast(2, 24.0),
        3: Forecast(3, 15.0),
    }


def test_whoever_has_enough_rendering_is_passed_over() -> None:
    line = [waiting(1, person=1), waiting(2, person=2)]
    both = [replace(IDLE, running=Running(1, seconds)) for seconds in (30.0, 40.0)]
    assert foretold(line, {1: 10.0, 2: 10.0}, IDLE, *both) == {
        2: Forecast(1, 10.0),
        1: Forecast(2, 40.0),
    }


def test_what_a_job_says_of_at_once_counts() -> None:
    line = [
        replace(waiting(1, person=1), at_once={PERSON: 1}),
        replace(waiting(2, person=2), at_once={"web": 1}),
        waiting(3, person=3),
    ]
    running = [Running(1, 30.0), Running(9, 40.0, {"web": 1})]
    needs = dict.fromkeys((1, 2, 3), 10.0)
    assert foretold(line, needs, IDLE, IDLE, elsewhere=running) == {
        3: Forecast(1, 10.0),
        1: Forecast(2, 40.0),
        2: Forecast(3, 50.0),
    }


def test_a_worker_that_takes_no_more_is_not_waited_for() -> None:
    busy = replace(IDLE, running=Running(8, 50.0))
    assert foretold([waiting(1, 1)], {1: 10.0}, busy, elsewhere=[Running(9, 5.0)]) == {
        1: Forecast(1, 60.0)
    }


def test_a_job_that_nobody_can_render_is_in_nobodys_way() -> None:
    line = [of("gone", 1, 1), waiting(2, 2)]
    assert foretold(line, {1: 1.0, 2: 10.0}, IDLE) == {2: Forecast(1, 10.0)}


def test_what_is_not_known_is_not_made_up() -> None:
    line = [waiting(1, 1), waiting(2, 2), waiting(3, 3)]
    assert foretold(line, {1: 10.0, 2: None, 3: 5.0}, IDLE) == {
        1: Forecast(1, 10.0),
        2: Forecast(2, None),
        3: Forecast(3, None),
    }
    unknown = replace(IDLE, running=Running(9, None))
    assert foretold(line[:1], {1: 10.0}, unknown) == {1: Forecast(1, None)}
    assert foretold(line[:2], {1: 10.0, 2: 5.0}) == {1: Forecast(1, None), 2: Forecast(2, None)}


def test_a_model_that_one_of_three_workers_has_gets_the_time_of_that_one() -> None:
    giants = [of("giant", n, person=n) for n in (1, 2)]
    toys = [waiting(n, person=n) for n in (3, 4, 5)]
    needs = dict.fromkeys(range(1, 6), 10.0)
    able = Station(Hand({"giant"}, "giant"), Running(9, 30.0))
    assert foretold([*giants, *toys], needs, able, IDLE, IDLE) == {
        3: Forecast(1, 10.0),
        4: Forecast(2, 10.0),
        5: Forecast(3, 20.0),
        1: Forecast(4, 40.0),
        2: Forecast(5, 50.0),
    }


def test_a_switch_takes_its_time_and_a_slow_worker_more() -> None:
    line, needs = [of("giant", 1, person=1)], {1: 10.0}
    assert foretold(line, needs, Station(EVERYTHING)) == {1: Forecast(1, 50.0)}
    slow = replace(EVERYTHING, loaded="giant", pace={"giant": 3.0})
    assert foretold(line, needs, Station(slow)) == {1: Forecast(1, 30.0)}


def taken(line: Sequence[Waiting], hand: Hand, *idle: Hand, minutes: float = 0) -> list[int]:
    """In which order a worker would take these, so many minutes later."""
    later = NOW + timedelta(minutes=minutes)
    return [job.job_id for job in claimable(order(line, NOW), {}, 2, hand, idle, later)]


def test_the_loaded_model_goes_first_until_it_was_kept_to_long_enough() -> None:
    line = [of("giant", 1, person=1, minutes=3), of("toy", 2, person=2, minutes=1)]
    assert taken(line, EVERYTHING, minutes=4.9) == [2, 1]
    assert taken(line, EVERYTHING, minutes=5.1) == [1, 2]
    quick = [of("tiny", 1, person=1, minutes=3), line[1]]
    assert taken(quick, EVERYTHING, minutes=0.05) == [2, 1]
    assert taken(quick, EVERYTHING, minutes=0.1) == [1, 2], "in proportion to the switch"
    assert taken(line, replace(EVERYTHING, loads={})) == [1, 2], "nobody waits for nothing known"


def test_no_second_job_goes_before_somebodys_first_because_its_model_is_loaded() -> None:
    line = [of("toy", 1, person=1, minutes=2), of("toy", 2, person=1, minutes=2)]
    assert taken([*line[1:], of("giant", 3, person=3)], EVERYTHING) == [2, 3]
    assert taken([*line, of("giant", 3, person=3, minutes=3)], EVERYTHING) == [1, 3, 2]


def test_a_new_job_is_left_for_a_moment_to_a_worker_that_has_its_model_loaded() -> None:
    line = [of("giant", 1, person=1), of("toy", 2, person=2)]
    cold, warm = replace(EVERYTHING, since=NEVER), replace(EVERYTHING, loaded="giant")
    assert taken(line, cold) == [1, 2]
    assert taken(line, cold, warm) == [2]
    assert taken(line, warm, cold) == [1]
    assert taken(line, cold, warm, minutes=MOMENT / timedelta(minutes=1)) == [1, 2]
    assert taken(line, cold, replace(warm, models={"toy"})) == [1, 2], "it may not make it"
    places = foretold(order(line, NOW), {1: 10.0, 2: 10.0}, Station(cold), Station(warm))
    assert places == {2: Forecast(1, 10.0), 1: Forecast(2, 10.0)}


def test_the_model_to_load_ahead_is_the_one_most_wanted_of_those_that_nobody_has() -> None:
    line = [of("toy", 1, 1), of("tiny", 2, 2), of("giant", 3, 3), of("giant", 4, 4)]
    film = replace(of("film", 5, 5), shape=SHAPE._replace(task=Task.FILM))
    nothing = replace(EVERYTHING, loaded="")
    assert wanted([*line, film, film, film], nothing, []) == "giant"
    assert wanted(line, nothing, [replace(EVERYTHING, loaded="giant")]) == "toy"
    assert wanted(line, Hand({"toy"}, ""), []) == "toy"
    assert wanted(line[:1], EVERYTHING, []) == ""
    assert wanted([], nothing, []) == ""
    assert wanted(line, EVERYTHING, []) == "", "somebody waits for the one that it has"


hands = st.builds(
    Hand,
    models=st.sets(st.sampled_from(MODELS), min_size=1).map(frozenset),
    loaded=st.sampled_from(["", *MODELS]),
    since=st.floats(0, 6).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    loads=st.just(LOADS),
    pace=st.dictionaries(st.sampled_from(MODELS), st.sampled_from([0.5, 2.0])),
).map(lambda hand: hand if hand.loaded in hand.models else replace(hand, loaded=""))
tasks = st.sampled_from([Task.TEXT, Task.TEXT, Task.TEXT, Task.FILM])
mixed = st.builds(
    lambda line, models, tasks: [
        replace(job, model=model, shape=SHAPE._replace(task=task))
        for job, model, task in zip(line, models, tasks, strict=False)
    ],
    lines,
    st.lists(st.sampled_from(MODELS), min_size=30, max_size=30),
    st.lists(tasks, min_size=30, max_size=30),
)


@given(mixed, st.lists(hands, min_size=1, max_size=4))
def test_idle_workers_that_load_what_waits_come_to_rest(
    line: list[Waiting], workers: list[Hand]
) -> None:
    """However long none of it may be rendered, each of them loads one model at most."""
    for _ in range(2):
        loads = 0
        for which, hand in enumerate(workers):
            model = wanted(line, hand, [*workers[:which], *workers[which + 1 :]])
            if model:
                workers[which], loads = replace(hand, loaded=model), loads + 1
    assert loads == 0


@dataclass
class Claim:
    """One claim of a played studio: by whom, of what, when it will be done, and whom it passed over."""

    hand: Hand
    job: Waiting
    at: float
    done: float
    passed: list[Waiting]


def played(line: Sequence[Waiting], workers: Sequence[Hand], cap: int) -> list[Claim]:
    """Every idle worker claims, the render that ends first ends, and so on, as in a real studio."""
    left, now_hands = list(line), list(workers)
    rendering: list[tuple[float, int, int, Waiting]] = []
    claims: list[Claim] = []
    now = 0.0
    while True:
        busy = {which for *_, which, _ in rendering}
        idle = [which for which in range(len(workers)) if which not in busy]
        claim = None
        for which in idle:
            hand, at = now_hands[which], NOW + timedelta(seconds=now)
            counts = Counter(
                name for *_, w in rendering for name in counted(w.person_id, w.at_once)
            )
            others = [now_hands[other] for other in idle if other != which]
            job = next(claimable(left, counts, cap, hand, others, at), None)
            if job is None:
                continue
            free = [w for w in left if list(claimable([w], counts, cap, hand, others, at))]
            passed = free[: free.index(job)]
            left.remove(job)
            done = now + switching(job, hand) + 10 * hand.pace.get(job.model, 1.0)
            claim = Claim(hand, job, now, done, passed)
            now_hands[which] = holding(job, hand, at)
            rendering.append((done, len(claims), which, job))
            claims.append(claim)
            break
        if claim is None:
            if not rendering:
                return claims
            first = min(rendering)
            rendering.remove(first)
            now = first[0]


@given(mixed, st.lists(hands, min_size=1, max_size=4), st.integers(1, 3))
def test_places_and_times_are_those_at_which_claims_will_be_made(
    line: list[Waiting], workers: list[Hand], cap: int
) -> None:
    ordered = order(line, NOW)
    needs: dict[int, float | None] = {w.job_id: 10.0 for w in line}
    places = foretold(ordered, needs, *map(Station, workers), cap=cap)
    claims = played(ordered, workers, cap)
    assert places == {
        claim.job.job_id: Forecast(place, claim.done) for place, claim in enumerate(claims, 1)
    }
    able = {w.job_id for w in line if any(can(w, hand) for hand in workers)}
    assert set(places) == able, "nothing is left lying"


@given(mixed, st.lists(hands, min_size=1, max_size=4), st.integers(1, 3))
def test_nobody_is_passed_over_by_a_later_round_or_for_longer_than_a_model_is_kept_to(
    line: list[Waiting], workers: list[Hand], cap: int
) -> None:
    for claim in played(order(line, NOW), workers, cap):
        for passed in claim.passed:
            assert is_warm(claim.job, claim.hand)
            assert claim.job.round == passed.round
            assert NOW + timedelta(seconds=claim.at) < claim.hand.since + KEPT_MOST


def test_two_models_make_batches_instead_of_a_switch_at_every_job() -> None:
    line = [of("giant" if n % 2 else "toy", n, person=n) for n in range(100)]
    claims = played(order(line, NOW), [EVERYTHING], cap=2)
    assert sum(not is_warm(claim.job, claim.hand) for claim in claims) <= 4


def test_an_endless_demand_for_the_loaded_model_starves_no_other() -> None:
    hand, now, waited = EVERYTHING, NOW, {}
    left = [of("giant", 1, person=1), of("tiny", 2, person=2), of("toy", 3, person=3)]
    for number in range(4, 300):
        job = next(claimable(order(left, now), {}, 2, hand, [], now))
        left.remove(next(w for w in left if w.job_id == job.job_id))
        waited[job.job_id] = now - job.queued_at
        seconds = switching(job, hand) + 5
        hand, now = holding(job, hand, now), now + timedelta(seconds=seconds)
        left.append(replace(of("toy", number, person=number), queued_at=now))
    assert waited[1] <= KEPT_MOST + timedelta(seconds=5)
    assert waited[2] <= KEPT_MOST + timedelta(seconds=5 + LOADS["giant"] + 10 * LOADS["tiny"] + 5)
    assert min(w.job_id for w in left) > 250
