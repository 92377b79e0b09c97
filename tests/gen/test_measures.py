"""What a worker measures of itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gen import measures
from gen.measures import BUSY_SECONDS, Measures
from tests.gen.test_child import BRIEF

WORK = 64 * 64 * 8 * 4 * 2
"""Of that brief, which makes two clips."""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(measures, "time", made)
    return made


def test_a_worker_is_busy_for_its_share_of_the_last_minutes(clock: Clock) -> None:
    worker = Measures()
    assert worker.busy() == 0
    clock.now += 30
    with worker.rendering():
        clock.now += 10
        assert worker.busy() == pytest.approx(10 / 40), "a worker that is new has few minutes"
    clock.now += 60
    assert worker.busy() == pytest.approx(10 / 100)
    clock.now += BUSY_SECONDS - 65
    assert worker.busy() == pytest.approx(5 / BUSY_SECONDS), "half of it is too long ago"
    clock.now += 5
    assert worker.busy() == 0


def test_its_speed_is_the_same_for_any_size_and_one_hiccup_changes_nothing() -> None:
    worker = Measures()
    worker.rendered("toy", BRIEF, 2.0, None)
    worker.rendered("toy", replace(BRIEF, width=128, frames=16), 8.0, None)
    worker.rendered("toy", BRIEF, 90.0, None)
    assert worker.of_models() == {"toy": {"speed": WORK / 2}}


def test_memory_is_the_most_that_a_render_held() -> None:
    worker = Measures()
    for held in (3, 7, 5):
        worker.rendered("toy", BRIEF, 0.0, held)
    assert worker.of_models() == {"toy": {"memory": 7}}


def test_what_one_of_its_name_measured_holds_until_there_is_something_newer() -> None:
    worker = Measures()
    worker.loaded("toy", 3.0)
    worker.recall({"toy": {"load_seconds": 9.0, "speed": 5.0}, "giant": {"load_seconds": 60.0}})
    assert worker.load_seconds() == {"toy": 3.0, "giant": 60.0}
    assert worker.of_models()["toy"] == {"load_seconds": 3.0, "speed": 5.0}
