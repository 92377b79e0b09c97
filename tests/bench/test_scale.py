"""The simulation serves everybody in the studio's own order, and its forecast comes true."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from bench import demand
from bench.demand import HOUR, MODELS, Asked
from bench.simulation import Nature, Simulation, cards
from db import line
from db.line import Waiting

STEADY = Nature(spread=0, down=0)
"""Renders last as long as estimated, and nobody goes."""
FAST = MODELS[0]


def simulation(nature: Nature = STEADY, large: int = 3, small: int = 1) -> Simulation:
    return Simulation(cards(large, small), random.Random(3), nature)


def test_an_hour_ends_with_everybody_served_and_promises_that_were_kept() -> None:
    simulated = simulation()
    warm = [Asked(0, 1000 + number, model) for number, model in enumerate(MODELS)]
    crowd = demand.wishes(random.Random(3), 24 * 150, HOUR, members=300)
    late = [Asked(wish.at + HOUR, wish.person, wish.model) for wish in crowd]
    simulated.run([*warm, *late], 2 * HOUR, to_the_end=True)
    assert simulated.waiting == 0
    assert len(simulated.served) + simulated.refused == len(warm) + len(late)
    assert simulated.longest > 5, "else nobody had to wait"
    assert simulated.overtaken == 0
    kept = [
        each.promised == pytest.approx(each.waited + each.took)
        for each in simulated.served
        if each.promised is not None
    ]
    # Whoever comes later and has had nothing yet goes first, so not every promise can be kept.
    assert len(kept) > 100
    assert sum(kept) > 0.5 * len(kept)


def test_what_nobody_comes_before_is_done_when_it_was_promised() -> None:
    simulated = simulation(large=2, small=0)
    crowd = [Asked(HOUR + 2 * number, number, FAST) for number in range(1, 41)]
    simulated.run([Asked(0, 0, FAST), *crowd], 2 * HOUR)
    assert len(simulated.served) == 1 + len(crowd)
    assert max(each.waited for each in simulated.served) > 5 * FAST.seconds
    for each in simulated.served[1:]:
        assert each.promised == pytest.approx(each.waited + each.took)


def test_workers_that_go_lose_no_job_and_the_same_seed_gives_the_same_day() -> None:
    def day() -> Simulation:
        simulated = simulation(Nature(up=600, down=300))
        wishes = demand.wishes(random.Random(5), 24 * 60, HOUR, members=100)
        simulated.run(wishes, HOUR, to_the_end=True)
        return simulated

    one, again = day(), day()
    assert one.served == again.served
    assert one.waiting == 0
    assert min(each.waited for each in one.served) > -0.001
    assert all(0 <= worker.busy <= one.now for worker in one.workers)
    asked = list(demand.wishes(random.Random(5), 24 * 60, HOUR, members=100))
    assert len(one.served) + one.refused == len(asked)
    served, wished = Counter(each.person for each in one.served), Counter(w.person for w in asked)
    assert served <= wished


def test_who_has_as_many_in_line_as_one_may_is_refused() -> None:
    simulated = simulation(large=1, small=0)
    simulated.run([Asked(0, 1, FAST) for _ in range(20)], 0, to_the_end=True)
    cap = simulated.rules.queued_cap
    assert len(simulated.served) == cap + 1, "one is rendered at once, and so many wait"
    assert simulated.refused == 20 - cap - 1


def test_a_line_that_lets_seconds_overtake_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def newest_first(waiting: list[Waiting], now: object) -> list[Waiting]:
        return sorted(waiting, key=lambda job: -job.job_id)

    monkeypatch.setattr(line, "order", newest_first)
    simulated = simulation(large=1, small=0)
    wishes = [Asked(number, 1 + number // 3, FAST) for number in range(12)]
    simulated.run(wishes, 60, to_the_end=True)
    assert simulated.overtaken > 0


def test_few_people_ask_for_most() -> None:
    asked = Counter(w.person for w in demand.wishes(random.Random(1), 20_000, demand.DAY, 10_000))
    assert sum(asked.values()) == pytest.approx(20_000, rel=0.1)
    top = sum(wishes for _, wishes in asked.most_common(100))
    assert top > 0.3 * sum(asked.values())
