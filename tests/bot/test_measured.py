"""What the doctor says of a worker."""

from __future__ import annotations

from typing import Any

from bot.measured import said
from db.models import Worker
from tests.support.studio import OFFER

GIANT = OFFER.model_copy(update={"name": "giant", "title": "Giant"})
WORK = 64 * 64 * 16 * 4
"""Of a clip that is as it is when nothing is asked for."""


def worker(**its: Any) -> Worker:
    offers = [offer.model_dump(mode="json") for offer in (OFFER, GIANT)]
    return Worker(name="one", state="ready", offers=offers, **its)


def test_of_a_worker_that_has_measured_nothing_its_state_is_all() -> None:
    assert said(worker()) == "one: ready, 0% busy"
    assert said(worker(draining=True)) == "one: ready, 0% busy, and takes no more"


def test_its_models_are_told_in_seconds_of_a_usual_clip() -> None:
    toy = {"speed": WORK / 12, "load_seconds": 6.4, "memory": 3 * 2**29}
    one = worker(loaded="toy", busy=0.416, measured={"toy": toy, "giant": {"load_seconds": 90.0}})
    assert said(one) == (
        "one: ready, 42% busy; Toy is loaded (12 s a clip, 6 s to load, 1.5 GiB) and "
        "Giant (2 min to load)"
    )
    assert said(worker(loaded="giant")) == "one: ready, 0% busy; Giant is loaded"
