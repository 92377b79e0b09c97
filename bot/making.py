"""What `sora make` does: submit, watch, write the files. Nothing here goes around the line."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import tempfile
import time
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from bot import films, keyboard, pictures, said, supervisor
from bot.settings import SWEEP_SECONDS, BotSettings
from bot.trouble import Misused, Trouble
from bot.view import view
from db import clips, hits, logs, people, workers
from db.broker import Broker
from db.media import media_of
from db.migrate import current, newest
from db.models import Job
from db.offers import Offer, Range
from db.session import Db
from db.states import FINISHED, RENDERED, Status
from moderation import forecast
from moderation.desk import Desk
from moderation.people import Person
from moderation.plan import plan
from moderation.rules import Refused
from moderation.screening.words import rules
from moderation.storyboard import storyboard
from moderation.sweep import sweep
from moderation.wish import Picture, Request, Wish

POLL_SECONDS = 0.2
JOIN_SECONDS = 120.0
"""How long a worker may take until it says what it offers."""
CANCELLED_STATUS = 130
"""What shells report for Ctrl-C."""
_ONE = Range(low=1, high=1, default=1)
ANY_MODEL = Offer(
    name="any",
    title="Any model",
    about="What no wish is refused for.",
    licence="none",
    sizes={"1:1": (1, 1)},
    fps=1,
    seconds=_ONE,
    steps=_ONE,
    guidance=_ONE,
    tasks=RENDERED,
)


def make(
    settings: BotSettings,
    wish: Wish,
    attached: Mapping[str, bytes],
    output: Path,
    *,
    force: bool,
    as_json: bool,
) -> int:
    """Make the clips of a wish and write them; the status to exit with.

    ``attached``: pictures, by the fields of the wish that they fill.
    Raises ``Refused`` or ``Trouble`` with one sentence.
    """
    count = wish.variations or 1
    wish = replace(wish, variations=count)
    _insist_on_sense(_with(wish, dict.fromkeys(attached, Picture(""))))
    files = names(output, count)
    _may_write(files, force)
    logs.configure(least="warning")  # how it goes is drawn
    supervisor.data_folder(settings)
    console = Console(stderr=as_json)
    return asyncio.run(_make(settings, wish, attached, files, console, as_json))


def _with(wish: Wish, given: Mapping[str, Picture]) -> Wish:
    return replace(wish, image=given.get("image"), last=given.get("last"))


def _insist_on_sense(wish: Wish) -> None:
    """Raises ``Refused`` for what every model would refuse, before a studio is started for it."""
    open_to_models = replace(
        wish, model=None, aspect=None, duration=None, steps=None, guidance=None, style=None
    )
    (storyboard if wish.storyboard else plan)(open_to_models, Request("", ""), 0, [ANY_MODEL])


def names(output: Path, count: int) -> list[Path]:
    """name.mp4, or name-1.mp4 … of several. Raises ``Misused`` for another kind of file."""
    if output.suffix.lower() != ".mp4":
        raise Misused(f"Clips are MP4 files: name the output {output.stem}.mp4, say.")
    if count == 1:
        return [output]
    return [output.with_stem(f"{output.stem}-{number}") for number in range(1, count + 1)]


def _may_write(files: list[Path], force: bool) -> None:
    folder = files[0].absolute().parent
    if not folder.is_dir():
        raise Misused(f"There is no folder {folder} to write to.")
    if not os.access(folder, os.W_OK):
        raise Misused(f"The folder {folder} is read-only for this user.")
    there = [str(file) for file in files if file.exists()]
    if there and not force:
        verb = "is" if len(there) == 1 else "are"
        raise Misused(f"{', '.join(there)} {verb} already there; --force overwrites.")


async def _make(
    settings: BotSettings,
    wish: Wish,
    attached: Mapping[str, bytes],
    files: list[Path],
    console: Console,
    as_json: bool,
) -> int:
    cancelled = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, cancelled.set)
    async with AsyncExitStack() as stack:
        db, broker = Db(settings.database), Broker(settings.broker)
        stack.push_async_callback(db.close)
        stack.push_async_callback(broker.close)
        host = supervisor.Host(settings, console, stack)
        watch = Watch(db, broker, host, console, cancelled)
        if not await watch.worker_joins():
            return _was_cancelled(console, "Nothing was started.")
        media = media_of(settings)
        given = {name: await pictures.take(media, data) for name, data in attached.items()}
        try:
            job = await watch.submit(Desk(db, broker, settings.rules()), _with(wish, given))
        except Refused:
            await pictures.let_go(db, media, given.values())
            raise
        if job.status in {Status.CANCELLED, Status.WITHDRAWN}:
            return _was_cancelled(console, f"Job {job.id} is cancelled.")
        if job.status is Status.BLOCKED:
            async with db.read() as s:
                broken = [
                    rules()[hit.rule].sentence for hit in await hits.of(s, job.id) if hit.hard
                ]
            raise Trouble(f"Job {job.id} was stopped by the screen: {' '.join(broken)}")
        if job.status not in FINISHED:
            where = f" The worker's log is {settings.folder / supervisor.LOG}." if host.ours else ""
            raise Trouble(f"Job {job.id} failed: {job.reason}{where}")
        async with db.read() as s:
            made = list(await clips.of(s, job.id))
        for clip, file in zip(made, files, strict=True):
            await media.bring(source := media.path(clip.video_key))
            await asyncio.to_thread(_write, source, file)
        for note in job.notes:
            console.print(Text(f"Note: {note}"), soft_wrap=True)
        if as_json:
            typer.echo(json.dumps(_result(job, [clip.seed for clip in made], files)))
        else:
            wrote = f"Wrote {', '.join(map(str, files))} (job {job.id}, seed {job.seed})."
            console.print(Text(wrote), soft_wrap=True)
    return 0


def _was_cancelled(console: Console, sentence: str) -> int:
    console.print(sentence)
    return CANCELLED_STATUS


class Watch:
    """One job, from the wait for a worker to its end, as seen from a terminal."""

    def __init__(
        self,
        db: Db,
        broker: Broker,
        host: supervisor.Host,
        console: Console,
        cancelled: asyncio.Event,
    ) -> None:
        self._db = db
        self._broker = broker
        self._host = host
        self._console = console
        self._cancelled = cancelled

    async def worker_joins(self) -> bool:
        """Wait until it is known what can be rendered; False when it was cancelled meanwhile."""
        deadline = time.monotonic() + JOIN_SECONDS
        while not self._cancelled.is_set():
            await self._host.insist()
            if await self._somebody_works():
                return True
            if time.monotonic() > deadline:
                raise Trouble(
                    "No worker has joined the studio; `sora doctor` says what is missing."
                )
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def _somebody_works(self) -> bool:
        if await current(self._db.url) != newest():
            return False  # who has started the studio is still making its tables
        async with self._db.read() as s:
            return any(workers.takes_jobs(worker) for worker in await workers.every(s))

    async def submit(self, desk: Desk, wish: Wish) -> Job:
        """Submit the wish and follow it to its end; Ctrl-C cancels it."""
        user = keyboard.user()
        async with self._db.begin() as s:
            row = await people.known(s, "shell", "", user, user)
        person = Person(row.id, user)
        job = await desk.submit(person, wish, Request(f"shell:{uuid.uuid4().hex}", "shell"))
        asked, swept = False, time.monotonic()
        with Progress(
            TextColumn(f"Job {job.id}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        ) as progress:
            task = progress.add_task("", total=job.steps)
            while (job := await self._look(job.id, progress, task)).status in {
                Status.QUEUED,
                Status.RENDERING,
            }:
                if self._cancelled.is_set() and not asked:
                    asked = True
                    await desk.cancel(person, job.id)
                    continue
                await self._host.insist()
                if self._host.ours and time.monotonic() - swept > SWEEP_SECONDS:
                    await sweep(self._db, self._broker)
                    swept = time.monotonic()
                await asyncio.sleep(POLL_SECONDS)
        return job

    async def _look(self, job_id: int, progress: Progress, task: TaskID) -> Job:
        async with self._db.read() as s:
            seen = await view(s, job_id)
            if seen is None:
                raise Trouble(f"Job {job_id} is gone from the database.")
            job = seen.job
            if job.status is Status.QUEUED:
                if films.mending(seen):
                    raise Trouble(f"Film {job_id} can't be made: {films.waiting(seen)[1].text}")
                words = films.in_line(seen)[0].text
            else:
                words = said.progress(job.step, job.steps, await forecast.remaining(s, job))
        progress.update(task, completed=job.step, description=words)
        return job


def _write(source: Path, target: Path) -> None:
    """A copy that is either whole or not there."""
    handle, partial = tempfile.mkstemp(dir=target.absolute().parent, prefix=".sora-")
    try:
        with os.fdopen(handle, "wb") as copy, source.open("rb") as file:
            shutil.copyfileobj(file, copy)
            os.fchmod(copy.fileno(), 0o644)
        os.replace(partial, target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _result(job: Job, seeds: list[int], files: list[Path]) -> dict[str, object]:
    shown = {"prompt", "negative", "model", "aspect", "width", "height", "frames", "fps"}
    shown |= {"steps", "guidance", "private", "status", "notes", "task", "draft", "final_steps"}
    shown |= {"style", "style_strength", "upscale", "smooth"}
    shown |= {"approximations", "compute_seconds", "energy_wh", "energy_measured"}
    return {
        "job": job.id,
        **job.model_dump(mode="json", include=shown),
        "clips": [
            {"file": str(file.absolute()), "seed": seed}
            for file, seed in zip(files, seeds, strict=True)
        ],
    }
