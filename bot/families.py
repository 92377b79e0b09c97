"""From what the database says to what Prometheus reads: each metric with its name, help and labels.

No label says anything of a person or a prompt, and each has few values: the studio's models, workers and
rooms, and words of ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from db import metrics, tally, workers
from db.figures import UNDER_WAY, InReview, Outbox, Standing
from db.models import Job, Worker
from db.states import Kind, Status
from db.tally import Counted, Times

ENDS = {
    Kind.FINISHED: "finished",
    Kind.FAILED: "failed",
    Kind.CANCELLED: "cancelled",
    Kind.REQUEUED: "put_back",
}
VERDICTS = (
    Kind.APPROVED,
    Kind.REJECTED,
    Kind.OVERTURNED,
    Kind.UPHELD,
    Kind.UNBLOCKED,
    Kind.TAKEN_DOWN,
    Kind.REINSTATED,
    Kind.DISMISSED,
)
STAGES = {Status.IN_REVIEW: "review", Status.APPEALED: "appeal"}
STATES = ("starting", "loading", "ready", "rendering", "failing", "gone")
"""What a worker may be doing; its own words for it are for people."""

MEASURED = (
    (
        "speed",
        "sora_worker_pixel_steps_per_second",
        "How many pixels of how many frames a worker takes through a step of a model in a second.",
    ),
    (
        "load_seconds",
        "sora_worker_model_load_seconds",
        "How long a worker took to load a model, the last time.",
    ),
    (
        "memory",
        "sora_worker_model_memory_bytes",
        "The most memory of graphics cards that a worker's latest renders of a model held.",
    ),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the database says at one moment."""

    line: Sequence[Standing]
    in_review: Sequence[InReview]
    outbox: Sequence[Outbox]
    workers: Sequence[Worker]
    rendering: Sequence[Job]
    counted: Counted


def of_health(parts: Mapping[str, bool], rooms: Mapping[str, bool]) -> Iterator[Metric]:
    """Whether what the studio needs is there."""
    for name, help in (
        ("database", "Whether the database answers this process."),
        ("broker", "Whether the broker answers this process."),
    ):
        yield GaugeMetricFamily(f"sora_{name}_up", help, value=parts[name])
    yield _gauge(
        "sora_room_connected",
        "Whether this process is connected to a chat.",
        ("room",),
        (((room,), connected) for room, connected in rooms.items()),
    )


def of_studio(seen: Seen, now: datetime) -> Iterator[Metric]:
    """How the line, the moderators, the outbox and the workers are doing."""
    yield from _line(seen, now)
    yield from _in_review(seen.in_review, now)
    yield from _outbox(seen.outbox, now)
    yield from _workers(seen.workers, {job.worker for job in seen.rendering}, now)
    yield from _counted(seen.counted)


def state_of(worker: Worker, busy: Collection[str]) -> str:
    """One of ``STATES``; ``busy``: the names of those that have a job."""
    if not workers.alive(worker):
        return "gone"
    if worker.state == "ready":
        return "rendering" if worker.name in busy else "ready"
    first = worker.state.partition(" ")[0]
    return first if first in STATES else "failing"


def _line(seen: Seen, now: datetime) -> Iterator[Metric]:
    yield _gauge(
        "sora_line_jobs",
        "Jobs that wait in line or are being rendered.",
        ("model", "state"),
        (((row.model, row.status), row.jobs) for row in seen.line),
    )
    yield _gauge(
        "sora_line_oldest_wait_seconds",
        "Since when the job waits that has been in line longest; not those that wait for idle workers.",
        ("model",),
        (
            ((row.model,), _age(row.since, now))
            for row in seen.line
            if row.status is UNDER_WAY[0] and row.since is not None
        ),
    )


def _in_review(in_review: Sequence[InReview], now: datetime) -> Iterator[Metric]:
    found = {row.status: row for row in in_review}
    waiting = {name: found.get(status) for status, name in STAGES.items()}
    yield _gauge(
        "sora_review_jobs",
        "Jobs that wait for moderators.",
        ("stage",),
        (((stage,), row.jobs if row else 0) for stage, row in waiting.items()),
    )
    yield _gauge(
        "sora_review_oldest_wait_seconds",
        "Since when the job waits that moderators have had longest; 0 when none does.",
        ("stage",),
        (((stage,), _age(row.since if row else None, now)) for stage, row in waiting.items()),
    )


def _outbox(outbox: Sequence[Outbox], now: datetime) -> Iterator[Metric]:
    yield _gauge(
        "sora_outbox_untold",
        "Events that a room has still to be told.",
        ("room",),
        (((row.room,), row.untold) for row in outbox),
    )
    yield _gauge(
        "sora_outbox_oldest_seconds",
        "Since when the event waits that a room should have been told first; 0 when none does.",
        ("room",),
        (((row.room,), _age(row.since, now)) for row in outbox),
    )
    yield _gauge(
        "sora_outbox_set_aside",
        "Events that a room could not be told, until somebody runs `sora outbox retry`.",
        ("room",),
        (((row.room,), row.set_aside) for row in outbox),
    )


def _workers(known: Sequence[Worker], busy: Collection[str], now: datetime) -> Iterator[Metric]:
    """Those that said good-bye are left out: they aren't missed."""
    known = [worker for worker in known if worker.state != "stopped"]
    yield _gauge(
        "sora_worker_up",
        "Whether a worker that has not said good-bye was heard of lately.",
        ("worker",),
        (((worker.name,), workers.alive(worker)) for worker in known),
    )
    yield _gauge(
        "sora_worker_heartbeat_age_seconds",
        "How long ago a worker was last heard of.",
        ("worker",),
        (((worker.name,), _age(worker.seen_at, now)) for worker in known),
    )
    yield _gauge(
        "sora_worker_state",
        "What a worker is doing: 1 for that, 0 for all else.",
        ("worker", "state"),
        (
            ((worker.name, state), state == state_of(worker, busy))
            for worker in known
            for state in STATES
        ),
    )
    living = [worker for worker in known if workers.alive(worker)]
    yield from _models(living)
    yield from metrics.cards((worker.name, worker.cards) for worker in living)


def _models(living: Sequence[Worker]) -> Iterator[Metric]:
    """What they have loaded, and what their models take."""
    yield _gauge(
        "sora_worker_busy_ratio",
        "In which part of the last ten minutes a worker rendered, 0 to 1.",
        ("worker",),
        (((worker.name,), worker.busy) for worker in living),
    )
    yield _gauge(
        "sora_worker_model_loaded",
        "Which model a worker has in memory: 1 for that, 0 for the others that it offers.",
        ("worker", "model"),
        (
            ((worker.name, offer["name"]), offer["name"] == worker.loaded)
            for worker in living
            for offer in worker.offers
        ),
    )
    loads = CounterMetricFamily(
        "sora_worker_model_loads",
        "How many models a worker has loaded since it started.",
        labels=["worker"],
    )
    for worker in living:
        loads.add_metric([worker.name], worker.loads)
    yield loads
    for figure, name, help in MEASURED:
        yield _gauge(
            name,
            help,
            ("worker", "model"),
            (
                ((worker.name, model), measured[figure])
                for worker in living
                for model, measured in worker.measured.items()
                if figure in measured
            ),
        )


def _counted(counted: Counted) -> Iterator[Metric]:
    kinds = counted.kinds
    yield CounterMetricFamily(
        "sora_jobs_submitted", "Jobs that were asked for.", value=kinds[Kind.SUBMITTED]
    )
    yield CounterMetricFamily("sora_votes", "Votes that were given.", value=kinds[Kind.VOTED])
    decisions = CounterMetricFamily(
        "sora_decisions", "What moderators decided.", labels=["verdict"]
    )
    for verdict in VERDICTS:
        decisions.add_metric([verdict], kinds[verdict])
    yield decisions
    ends = CounterMetricFamily(
        "sora_renders_ended",
        "How renders ended; among the cancelled are jobs that were still in line.",
        labels=["outcome"],
    )
    for kind, outcome in ENDS.items():
        ends.add_metric([outcome], kinds[kind])
    yield ends
    yield _histogram(
        "sora_job_wait_seconds",
        "How long jobs that were rendered had waited in line.",
        tally.WAITED,
        counted.waited,
    )
    yield _histogram(
        "sora_render_duration_seconds",
        "How long renders took, from the claim until all was stored.",
        tally.TOOK,
        counted.took,
    )


def _gauge(
    name: str,
    help: str,
    labels: Sequence[str],
    values: Iterable[tuple[Sequence[str], float]],
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help, labels=labels)
    for of, value in values:
        family.add_metric(of, value)
    return family


def _histogram(
    name: str, help: str, bounds: Sequence[float], by_model: Mapping[str, Times]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, help, labels=["model"])
    for model, times in sorted(by_model.items()):
        buckets = [(f"{le}", float(n)) for le, n in zip(bounds, times.within, strict=True)]
        family.add_metric([model], [*buckets, ("+Inf", times.count)], times.seconds)
    return family


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
