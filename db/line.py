"""The fair line: who is next. Pure functions; ``db/walk.py`` says with them when that will be.

Round-robin over people: everybody's first job comes before anybody's second, and among people the
least recently served goes first. Every ``AGEING`` that a job has waited moves it up by one round,
beyond the first too, so that newcomers can't keep anybody waiting for ever. People who have as many
jobs rendering as they may are passed over until one of them ends, and so is what comes from a channel
that has. What is rendered when the workers are idle comes after all others, until it has waited for a
day.

A worker keeps to the model that it has loaded for up to ``KEPT_FOR`` times as long as loading the other
would take, and no longer than ``KEPT_MOST``; meanwhile jobs of its model go before others of the same
round. Then whoever is first gets the switch.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from db.speed import Shape
from db.states import PUT_TOGETHER

AGEING = timedelta(minutes=10)
IDLE_FOR = timedelta(days=1)
LAST = sys.maxsize
PERSON = "person"
"""Under this a job says how many of its artist's may be rendered at once."""
NEVER = datetime.min.replace(tzinfo=UTC)
KEPT_FOR = 10
KEPT_MOST = timedelta(minutes=5)
MOMENT = timedelta(seconds=10)
"""For so long a new job is left to an idle worker that needs no switch for it."""


Counted = int | str
"""What renders are counted under: a person's id, or the name of a limit that holds for several."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job, as far as the line cares."""

    job_id: int
    person_id: int
    queued_at: datetime
    served_at: datetime | None
    model: str
    shape: Shape
    idle: bool = False
    """Whether it is for when nobody else waits."""
    at_once: Mapping[str, int] = field(default_factory=dict)
    """As in ``Job.at_once``."""
    private: bool = False
    inputs: bool = False
    """Whether it is made from an artist's pictures or clips."""
    round: int = 0
    """Whose turn it is with; ``order`` says it."""


@dataclass(frozen=True, slots=True)
class Hand:
    """What one worker can make, and may: by which models; and which of them it has ready."""

    models: Collection[str]
    loaded: str = ""
    """The model in its memory; empty for none."""
    since: datetime = NEVER
    """Since when it has kept to that one."""
    loads: Mapping[str, float] = field(default_factory=dict)
    """Seconds that it takes to load a model, where it has done so."""
    pace: Mapping[str, float] = field(default_factory=dict)
    """How many times as long as the usual its renders take, by model, where that is known."""
    own: bool = True
    """Whether it is the studio's own: no other makes what is private, or puts clips together."""
    inputs: bool = True
    """Whether it may have the pictures and clips of artists."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a queued job stands: 1 is next. ``seconds`` until it is done, None when unknown."""

    place: int
    seconds: float | None


def order(waiting: Sequence[Waiting], now: datetime) -> list[Waiting]:
    """The whole line, next first, each with its round."""
    turns: Counter[int] = Counter()
    keyed = []
    for job in sorted(waiting, key=lambda w: (w.queued_at, w.job_id)):
        if job.idle and now - job.queued_at < IDLE_FOR:
            # Nobody asked for it just now, so it takes nobody's turn, its artist's neither.
            keyed.append((LAST, NEVER, job.queued_at, job.job_id, job))
            continue
        turns[job.person_id] += 1
        rounds_waited = (now - job.queued_at) // AGEING
        turn = turns[job.person_id] - rounds_waited
        keyed.append((turn, job.served_at or NEVER, job.queued_at, job.job_id, job))
    return [replace(job, round=turn) for turn, *_, job in sorted(keyed, key=lambda key: key[:-1])]


def claimable(
    line: Iterable[Waiting],
    running: Mapping[Counted, int],
    cap: int,
    hand: Hand,
    idle: Collection[Hand],
    now: datetime,
) -> Iterator[Waiting]:
    """What this worker may take, in the order in which it will.

    ``running``: how many render now of each that they are counted under; ``cap``: how many of one person
    may, where a job says nothing else; ``idle``: the other workers that have nothing to do.
    """
    able = (job for job in line if can(job, hand) and has_room(job, running, cap))
    found = (job for job in able if not _left_to_others(job, hand, idle, now))
    first = next(found, None)
    if first is None:
        return
    passed = [first]
    if _may_be_passed(first, hand, now):
        for job in found:
            if job.round == first.round and is_warm(job, hand):
                yield job
                break
            passed.append(job)
            if job.round != first.round:
                break
    yield from passed
    yield from found


def is_warm(job: Waiting, hand: Hand) -> bool:
    """Whether this worker can begin it without loading a model."""
    return job.model == hand.loaded or job.shape.task in PUT_TOGETHER


def switching(job: Waiting, hand: Hand) -> float:
    """Seconds until this worker has the model that it needs, as far as is known."""
    return 0.0 if is_warm(job, hand) else hand.loads.get(job.model, 0.0)


def holding(job: Waiting, hand: Hand, now: datetime) -> Hand:
    """This worker as it is once it begins that job now."""
    if is_warm(job, hand):
        return hand
    return replace(hand, loaded=job.model, since=now + timedelta(seconds=switching(job, hand)))


def _may_be_passed(first: Waiting, hand: Hand, now: datetime) -> bool:
    """Whether this worker still keeps to its model, though another is whose turn it is."""
    if is_warm(first, hand):
        return False
    kept = timedelta(seconds=KEPT_FOR * hand.loads.get(first.model, 0.0))
    return now < hand.since + min(kept, KEPT_MOST)


def _left_to_others(job: Waiting, hand: Hand, idle: Collection[Hand], now: datetime) -> bool:
    """Only for a moment: the other may be gone, or not hear of it."""
    if not idle or is_warm(job, hand) or now - job.queued_at >= MOMENT:
        return False
    return any(is_warm(job, other) and can(job, other) for other in idle)


def wanted(line: Iterable[Waiting], hand: Hand, others: Iterable[Hand]) -> str:
    """Which model a worker that has nothing to do had best load: the one that most wait for, of those
    that nobody has loaded. Empty where there is none, and where somebody waits for the one that it has: what
    waits may not be rendered just now, and it would load one after the other."""
    waits = Counter(
        job.model for job in line if can(job, hand) and job.shape.task not in PUT_TOGETHER
    )
    if hand.loaded in waits:
        return ""
    ready = {other.loaded for other in others}
    return next((model for model, _ in waits.most_common() if model not in ready), "")


def counted(person_id: int, at_once: Mapping[str, int]) -> list[Counted]:
    """Under what a render is counted: its artist, and whatever else has a limit for it."""
    return [person_id, *(name for name in at_once if name != PERSON)]


def has_room(job: Waiting, running: Mapping[Counted, int], cap: int) -> bool:
    """Whether another of them may be rendered now."""
    own = running.get(job.person_id, 0) < job.at_once.get(PERSON, cap)
    shared = ((name, most) for name, most in job.at_once.items() if name != PERSON)
    return own and all(running.get(name, 0) < most for name, most in shared)


def can(job: Waiting, hand: Hand) -> bool:
    """Whether this worker can make it, and may: a film needs no model."""
    together = job.shape.task in PUT_TOGETHER
    if not hand.own and (job.private or together):
        return False
    if job.inputs and not hand.inputs:
        return False
    return job.model in hand.models or together
