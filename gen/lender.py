"""Renders for a studio of others: asks for a job, makes it, sends what it made. It stores nothing."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
from structlog.contextvars import bound_contextvars

from db import offered
from db.lending import (
    LONGEST_POLL,
    Announcement,
    Asking,
    Beat,
    Card,
    Failure,
    Given,
    Held,
    Made,
    Orders,
    Progress,
    Wanted,
    Welcome,
    Why,
)
from db.workers import Card as WorkersCard
from gen.briefs import brief_of
from gen.catalogue import Catalogue
from gen.engines.base import CannotMake, Inputs, Stopped
from gen.host import Host
from gen.lease import Holding
from gen.rendered import Rendered, Step
from gen.studio import Away, Refused, Studio
from gen.trouble import RenderFailed

BEAT_SECONDS = 10.0
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
CLOSE_SECONDS = 5.0
LONGEST_STATE = 200
UNANNOUNCED, UNWANTED = 412, 410
FOR_GOOD = frozenset({401, 403, 409})
"""What no other request would change: the key is unknown, ended, or used by another process."""
NOT_OFFERED = "This machine doesn't have the model any more."

T = TypeVar("T")

log = structlog.get_logger()


class Lender:
    """One render at a time, until drained or cancelled."""

    def __init__(
        self,
        studio: Studio,
        host: Host,
        catalogue: Catalogue,
        scratch: Path,
        cards: Callable[[], Awaitable[list[WorkersCard]]],
    ) -> None:
        self._studio = studio
        self._host = host
        self._catalogue = catalogue
        self._scratch = scratch
        self._cards = cards
        self._drained = False
        self._failures = 0

    async def run(self) -> None:
        """Render what the studio gives. Raises ``Refused`` when the key may do nothing.

        Cancelled, it gives back what it is making.
        """
        await self._patiently(self._announce)
        working = [asyncio.create_task(work) for work in (self._beat(), self._work())]
        try:
            await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in working:
                task.cancel()
            ends = await asyncio.gather(*working, return_exceptions=True)
            with suppress(Away, Refused, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._studio.say("/gone")
        for error in ends:
            if isinstance(error, Exception):
                raise error

    async def _work(self) -> None:
        while not self._drained:
            await self._one()

    async def _announce(self) -> None:
        offers = []
        for entry in self._catalogue.values():
            if why := offered.fault(entry.offer):
                log.warning("lender.not_offered", model=entry.name, why=why)
            else:
                offers.append(entry.offer)
        announcement = Announcement(
            session=self._studio.session, state=self._state, offers=tuple(offers)
        )
        welcome = await self._studio.ask("/announce", announcement, Welcome)
        log.info("lender.announced", worker=welcome.name, models=list(welcome.models))

    async def _beat(self) -> None:
        while True:
            self._host.state_changed.clear()
            cards = tuple(Card(**card) for card in await self._cards())
            said = Beat(state=self._state, cards=cards, loaded=self._host.warm.loaded)
            ask = partial(self._studio.ask, "/beat", said, Orders)
            self._drained = (await self._patiently(ask)).drain
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._host.state_changed.wait()

    @property
    def _state(self) -> str:
        plain = "".join(letter if letter.isprintable() else " " for letter in self._host.state)
        return plain[:LONGEST_STATE]

    async def _one(self) -> None:
        """Ask for a job; make it, if there is one."""
        asking = Asking(wait=LONGEST_POLL)
        given = await self._patiently(lambda: self._studio.ask("/claim", asking, Given))
        if given.drain:
            self._drained = True
        elif given.job is not None:
            with bound_contextvars(job=given.job.job):
                await self._attend(given.job)
            if self._failures:
                pause = PAUSES[min(self._failures, len(PAUSES)) - 1]
                log.info("lender.rests", seconds=pause)
                await asyncio.sleep(pause)

    async def _attend(self, job: Wanted) -> None:
        """See a job to one of its ends."""
        log.info("render.started", attempt=job.attempt, model=job.model)
        path = f"/renders/{job.job}/{job.attempt}"
        try:
            with tempfile.TemporaryDirectory(dir=self._scratch, ignore_cleanup_errors=True) as name:
                async with Hold(self._studio, path, self._host.stop) as hold:
                    rendered = await self._render(job, path, Path(name), hold)
                    await self._deliver(path, rendered)
            self._failures = 0
            log.info("render.delivered", seconds=round(rendered.seconds, 1))
        except Stopped:
            log.info("render.stopped")
        except Refused as no:
            if no.code in FOR_GOOD:
                raise
            log.info("render.refused", why=str(no))
            if no.code != UNWANTED:
                await self._fail(path, Why.BROKE)
        except (CannotMake, RenderFailed) as failure:
            log.warning("render.failed", kind=type(failure).__name__)
            await self._fail(path, Why.REFUSED if isinstance(failure, CannotMake) else Why.BROKE)
        except asyncio.CancelledError:
            await asyncio.shield(self._put_back(path))
            raise
        except Exception:
            log.exception("render.broke")
            await self._fail(path, Why.BROKE)

    async def _render(self, job: Wanted, path: str, folder: Path, hold: Hold) -> Rendered:
        entry = self._catalogue.get(job.model)
        if entry is None:
            raise CannotMake(NOT_OFFERED)
        brief = brief_of(job, entry)
        given = {}
        for name in job.inputs:
            given[name] = folder / name
            await self._patiently(partial(self._studio.fetch, f"{path}/{name}", given[name]))
        return await self._host.render(entry, brief, folder, hold.on_step, Inputs(**given))

    async def _deliver(self, path: str, rendered: Rendered) -> None:
        for number, clip in enumerate(rendered.clips, start=1):
            await self._patiently(partial(self._studio.send, f"{path}/clips/{number}", clip.video))
        made = Made(seconds=rendered.seconds, energy_wh=rendered.energy_wh)
        await self._patiently(lambda: self._studio.say(f"{path}/done", made))

    async def _fail(self, path: str, why: Why) -> None:
        self._failures += 1
        with suppress(Refused):
            await self._patiently(lambda: self._studio.say(f"{path}/fail", Failure(why=why)))

    async def _put_back(self, path: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._studio.say(f"{path}/put-back")
        except (Away, Refused, TimeoutError) as error:  # its lease brings it back
            log.warning("render.not_put_back", error=type(error).__name__)

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do this, again and again while the studio is away, and after ever longer pauses."""
        tries = 0
        while True:
            try:
                return await work()
            except Away as error:
                pause = PAUSES[min(tries, len(PAUSES) - 1)]
                log.warning("studio.away", why=str(error), again_in_seconds=pause)
            except Refused as no:
                if no.code != UNANNOUNCED:
                    raise
                await self._patiently(self._announce)
                continue
            tries += 1
            await asyncio.sleep(pause)


class Hold(Holding):
    """Inside ``async with`` the render stays ours; ``lost`` is called once it isn't."""

    def __init__(self, studio: Studio, path: str, lost: Callable[[], None]) -> None:
        super().__init__()
        self._studio = studio
        self._path = path
        self._lost = lost
        self._last = Progress(done=0, total=1)

    async def beat(self, step: Step | None) -> None:
        if step is not None:
            self._last = Progress(done=step.done, total=max(step.total, 1))
        try:
            wanted = (await self._studio.ask(f"{self._path}/hold", self._last, Held)).wanted
        except Refused:  # the next that is asked for will be, too, and says why
            wanted = False
        if not wanted:
            self._lost()
