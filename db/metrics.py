"""What every process of the studio tells Prometheus of itself; no label says anything of a person."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

__all__ = ["CHAT_ERRORS", "CONTENT_TYPE_LATEST", "cards", "exposition", "follow_loop"]

LOOK_SECONDS = 0.5
# When each series began would be one series more of each.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's own
PROCESS = CollectorRegistry()
ProcessCollector(registry=PROCESS)
LAG = Histogram(
    "sora_event_loop_lag_seconds",
    "How much later than asked for the event loop of this process came back, twice a second.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
    registry=PROCESS,
)
TASKS = Gauge(
    "sora_event_loop_tasks",
    "Tasks on the event loop of this process, looked at twice a second.",
    registry=PROCESS,
)
CHAT_ERRORS = Counter(
    "sora_chat_errors_total",
    "Cards that this process could not show, by room and by what was in the way.",
    ["room", "kind"],
    registry=PROCESS,
)


async def follow_loop() -> None:
    """Measure how late the loop is, and how much is on it, until cancelled."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
        LAG.observe(max(clock() - due, 0.0))
        TASKS.set(len(asyncio.all_tasks()))


def exposition(families: Iterable[Metric]) -> bytes:
    """These, and what this process says of itself, as Prometheus reads it."""
    return generate_latest(_Gathered(families))


def cards(of_workers: Iterable[tuple[str, Iterable[Mapping[str, Any]]]]) -> Iterator[Metric]:
    """The graphics cards of these workers, each a ``db.workers.Card``; of a machine without one nothing."""
    labels = ["worker", "gpu"]
    used = GaugeMetricFamily(
        "sora_gpu_memory_used_bytes", "Memory of a worker's graphics card in use.", labels=labels
    )
    total = GaugeMetricFamily(
        "sora_gpu_memory_total_bytes", "Memory of a worker's graphics card.", labels=labels
    )
    busy = GaugeMetricFamily(
        "sora_gpu_utilization_ratio", "How busy a worker's graphics card is, 0 to 1.", labels=labels
    )
    for worker, its in of_workers:
        for card in its:
            of = [worker, str(card["number"])]
            used.add_metric(of, card["used"])
            total.add_metric(of, card["total"])
            busy.add_metric(of, card["busy"])
    yield from (used, total, busy)


class _Gathered:
    """What was gathered already, as the library wants to collect it."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from PROCESS.collect()
        yield from self._families
