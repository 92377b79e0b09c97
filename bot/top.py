"""`sora top`: the studio at one moment, read from its database and drawn for a terminal."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich import box
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.families import state_of
from db import figures, jobs, notes, people, workers
from db.figures import InReview, Outbox
from db.line import Forecast, Waiting
from db.models import Job, Worker, utcnow
from db.session import Db
from db.states import Status
from moderation import forecast

COLOURS = {
    "ready": "green",
    "rendering": "cyan",
    "loading": "yellow",
    "starting": "yellow",
    "failing": "red",
    "gone": "red",
}
STAGES = {Status.IN_REVIEW: "for review", Status.APPEALED: "after an appeal"}
NOTHING = "–"
BAR_CELLS = 14
GIB = 2**30
FIXED_ROWS = 20
"""Titles, heads and what is between them."""
FEWEST_ROWS = 3


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is shown."""

    now: datetime
    page: str
    """Where the web page is; empty while it was never served."""
    line: Sequence[Waiting]
    forecasts: Mapping[int, Forecast]
    names: Mapping[int, str]
    """Of the artists in line, where they are to be shown."""
    rendering: Sequence[Job]
    workers: Sequence[Worker]
    in_review: Sequence[InReview]
    outbox: Sequence[Outbox]


async def look(db: Db, with_names: bool = False) -> Snapshot:
    """How the studio stands now."""
    async with db.read() as s:
        line = await jobs.line(s)
        return Snapshot(
            now=utcnow(),
            page=await notes.get(s, notes.PAGE),
            line=line,
            forecasts=await forecast.of_line(s),
            names=await _names(s, line) if with_names else {},
            rendering=await figures.rendering(s),
            workers=sorted(await _workers_here(s), key=lambda worker: worker.name),
            in_review=await figures.in_review(s),
            outbox=await figures.outbox(s),
        )


async def _workers_here(s: AsyncSession) -> list[Worker]:
    """Those that didn't say good-bye."""
    return [worker for worker in await workers.every(s) if worker.state != "stopped"]


async def _names(s: AsyncSession, line: Sequence[Waiting]) -> dict[int, str]:
    of = await people.names(s, {waiting.person_id for waiting in line})
    return {waiting.job_id: of.get(waiting.person_id, "") for waiting in line}


def frame(seen: Snapshot, height: int) -> RenderableType:
    """The whole picture; ``height``: in rows, which limits how many of those in line are listed."""
    taken = FIXED_ROWS + len(seen.workers) + len(seen.in_review) + len(seen.outbox)
    rows = max(height - taken, FEWEST_ROWS)
    parts: list[RenderableType] = [
        Text.assemble(("sora", "bold"), f"  {seen.now.astimezone():%H:%M:%S}  ", seen.page)
    ]
    for title, part in (
        (_title_of_line(seen), _line(seen, rows)),
        ("Workers", _workers(seen)),
        ("Moderators", _in_review(seen)),
        ("Rooms", _rooms(seen)),
    ):
        parts += [Text(), Text(title, style="bold"), part]
    return Group(*parts)


def _title_of_line(seen: Snapshot) -> str:
    return f"Line: {len(seen.line)} waiting, {len(seen.rendering)} rendering"


def _line(seen: Snapshot, rows: int) -> RenderableType:
    if not seen.line:
        where = f" or open {seen.page}" if seen.page else ""
        if seen.rendering:
            return Text("Nobody waits.", style="dim")
        return Text(f'Nobody waits. Make a clip: sora make "a red circle"{where}', style="dim")
    heads = ["place", "job", "model", *(["artist"] if seen.names else []), "waits", "done in"]
    table = _table(*heads, right=("place", "job", "waits", "done in"))
    for waiting in _by_place(seen)[:rows]:
        found = seen.forecasts.get(waiting.job_id)
        waits = short((seen.now - waiting.queued_at).total_seconds())
        artist = [seen.names[waiting.job_id]] if seen.names else []
        place = str(found.place) if found else NOTHING
        done = short(found.seconds) if found else "no worker"
        model = waiting.model + (" (when idle)" if waiting.idle else "")
        table.add_row(place, str(waiting.job_id), model, *artist, waits, done)
    more = len(seen.line) - rows
    return Group(table, Text(f"and {more} more", style="dim")) if more > 0 else table


def _by_place(seen: Snapshot) -> list[Waiting]:
    """Those that no worker here can render come last."""

    def place(waiting: Waiting) -> float:
        found = seen.forecasts.get(waiting.job_id)
        return found.place if found else math.inf

    return sorted(seen.line, key=place)


def _workers(seen: Snapshot) -> RenderableType:
    if not seen.workers:
        return Text("None is running. Start one: sora up, or sora worker", style="dim")
    heads = ("worker", "state", "model", "busy", "job", "step", "", "GPU memory")
    table = _table(*heads, right=("busy", "job", "step"))
    its = {job.worker: job for job in seen.rendering}
    for worker in seen.workers:
        state, job = state_of(worker, its), its.get(worker.name)
        here = (worker.loaded or NOTHING, f"{worker.busy:.0%}", *_job(job), _memory(worker))
        gone = [NOTHING] * 2 + [*_job(None), NOTHING]
        row = gone if state == "gone" else here
        table.add_row(Text(worker.name), _state(worker, state, seen.now), *row)
    return table


def _state(worker: Worker, state: str, now: datetime) -> Text:
    """What it is doing; in its own words where those say more."""
    words = state
    if state == "gone":
        words = f"gone for {short((now - worker.seen_at).total_seconds())}"
    elif state in {"loading", "failing"}:
        words = worker.state
    return Text(words, style=COLOURS[state])


def _job(job: Job | None) -> tuple[RenderableType, ...]:
    if job is None:
        return NOTHING, "", ""
    bar = ProgressBar(max(job.steps, 1), job.step, width=BAR_CELLS)
    return str(job.id), f"{job.step}/{job.steps}", bar


def _memory(worker: Worker) -> str:
    cards = (f"{card['used'] / GIB:.1f}/{card['total'] / GIB:.0f} GiB" for card in worker.cards)
    return "\n".join(cards) or NOTHING


def _in_review(seen: Snapshot) -> RenderableType:
    if not seen.in_review:
        return Text("Nothing waits for them.", style="dim")
    return Text("\n").join(
        Text(
            f"{_count(row.jobs, 'job waits', 'jobs wait')} {STAGES[row.status]}, "
            f"the first for {short((seen.now - row.since).total_seconds())}"
        )
        for row in seen.in_review
    )


def _rooms(seen: Snapshot) -> RenderableType:
    if not seen.outbox:
        return Text("None has been opened yet. Start the bot: sora up, or sora bot", style="dim")
    table = _table("room", "untold", "the first for", "set aside", right=("untold", "set aside"))
    for room in seen.outbox:
        since = short((seen.now - room.since).total_seconds()) if room.since else NOTHING
        aside = Text(str(room.set_aside), style="red" if room.set_aside else "")
        table.add_row(room.room, str(room.untold), since, aside)
    if not any(room.set_aside for room in seen.outbox):
        return table
    return Group(table, Text("To try again what was set aside: sora outbox retry", style="dim"))


def _table(*heads: str, right: Collection[str] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False, show_edge=False)
    for head in heads:
        justify = "right" if head in right else "left"
        table.add_column(head, justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


def _count(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def short(seconds: float | None) -> str:
    """A time in one figure, such as 40 s, 3 min, 5 h or 2 d; a dash where it is unknown."""
    if seconds is None:
        return NOTHING
    seconds = max(seconds, 0.0)
    units: Iterable[tuple[float, str]] = ((60, "s"), (60, "min"), (24, "h"))
    for next_one, unit in units:
        if round(seconds) < next_one:
            return f"{seconds:.0f} {unit}"
        seconds /= next_one
    return f"{seconds:.0f} d"
