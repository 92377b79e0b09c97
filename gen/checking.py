"""What a lent worker has sent is looked at by one of the studio's own before it counts.

Its videos are read as if they were made to do harm. Poster, preview, hashes and marks are made here, so that
moderators are shown nothing but what is in the video; and what is kept is signed here. Now and then one
clip is rendered again from its seed, where its model is known to give the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path

import structlog

from db import lender_keys, lent, lent_files
from db.broker import Broker
from db.lent import InHand
from db.media import Damaged, Media
from db.models import Job, utcnow
from db.session import Db
from gen import inspector
from gen.briefs import brief_of, seeds_of
from gen.catalogue import Catalogue, Entry
from gen.credentials import Signing
from gen.engines.base import CannotMake, Inputs, Stopped
from gen.expected import Expected, Unfit
from gen.host import Host
from gen.keeping import Keeper
from gen.rendered import Classifying, Made, Rendered, Step
from gen.trouble import RenderFailed

FIRST = 3
"""So many deliveries of a key are compared in any case."""
GONE = "what a lent worker sent is gone"

log = structlog.get_logger()


class Doubted(Unfit):
    """It isn't what its seed gives."""


class Checker:
    """Looks at one delivery at a time."""

    def __init__(
        self,
        db: Db,
        broker: Broker,
        media: Media,
        host: Host,
        catalogue: Catalogue,
        *,
        share: float = 0.1,
        classifying: Classifying | None = None,
    ) -> None:
        """``share``: how many of a key's later deliveries are made again, 0 to 1."""
        self._db = db
        self._broker = broker
        self._media = media
        self._keeper = Keeper(db, broker, media)
        self._host = host
        self._catalogue = catalogue
        self._share = share
        self._classifying = classifying

    @property
    def models(self) -> Collection[str]:
        """What it can make again."""
        return self._catalogue.keys()

    async def check(
        self, found: InHand, inputs: Inputs, signing: Signing, folder: Path
    ) -> Rendered:
        """What is kept of a delivery, in ``folder``.

        Raises ``Stopped`` once it was refused, and otherwise what renders raise that are stopped or fail.
        """
        try:
            made = await self._looked_at(found, inputs, signing, folder)
        except Unfit as fault:
            await self._refuse(found, fault)
            raise Stopped from fault
        job, render = found
        entry = self._catalogue.get(job.model)
        known = entry.approximations if entry else ()
        took = render.seconds, render.energy_wh, False
        waited = _since_given(job) - render.seconds
        return Rendered(made, (), *took, load_seconds=waited, approximations=known)

    async def _looked_at(
        self, found: InHand, inputs: Inputs, signing: Signing, folder: Path
    ) -> tuple[Made, ...]:
        """Raises ``Unfit`` as well."""
        job, render = found
        sent = [await self._brought(job, key) for key in lent_files.sent(found)]
        expected, seeds = _expected(job), seeds_of(job)
        made = await inspector.clips(sent, seeds, expected, folder, signing, self._classifying)
        entry = self._catalogue.get(job.model)
        if entry is not None and entry.same_within is not None and await self._is_due(render.key):
            await self._again(found, entry, inputs, made, folder)
        return made

    async def let_go(self, found: InHand) -> None:
        """Somebody else may look at it."""
        async with self._db.begin() as s:
            await lent.let_go(s, found)
        await self._broker.ring(found.job.id, found.job.attempt)

    async def _refuse(self, found: InHand, fault: Unfit) -> None:
        """It goes back into the line, and counts against the key."""
        doubted = str(fault) if isinstance(fault, Doubted) else ""
        async with self._db.begin() as s:
            back = await lent.refuse(s, found, str(fault), doubted)
        log.warning("lent.refused", key=found.render.key, why=str(fault))
        for job_id, attempt in back:
            await self._broker.ring(job_id, attempt)
            await self._broker.spread(job_id)

    async def _brought(self, job: Job, key: str) -> Path:
        """However long the store is away. Without the file somebody has to make it again."""
        bring = partial(self._media.bring, self._media.path(key))
        try:
            path = await self._keeper.patiently(job, bring)
        except Damaged:
            path = None
        if path is None:
            log.warning("lent.gone", job=job.id)
            await self._keeper.put_back(job, GONE)
            raise Stopped
        return path

    async def _is_due(self, name: str) -> bool:
        async with self._db.read() as s:
            key = await lender_keys.get(s, name)
        first = key is None or key.compared < FIRST
        return first or secrets.SystemRandom().random() < self._share

    async def _again(
        self, found: InHand, entry: Entry, inputs: Inputs, made: tuple[Made, ...], folder: Path
    ) -> None:
        """Render one of them here. What can't be made here can't be compared, and is believed."""
        job = found.job
        number = secrets.randbelow(len(made))
        own = folder / "again"
        own.mkdir()
        try:
            brief = brief_of(job, entry)
            one = replace(brief, seeds=(brief.seeds[number],))
            again = await self._host.render(entry, one, own, _unheard, inputs)
        except (CannotMake, RenderFailed) as failure:
            log.warning("lent.not_compared", job=job.id, kind=type(failure).__name__)
            return
        far = await inspector.apart(made[number].video, again.clips[0].video, _expected(job))
        log.info("lent.compared", job=job.id, clip=number + 1, levels=round(far, 2))
        if entry.same_within is not None and far > entry.same_within:
            raise Doubted(
                f"Clip {number + 1} of job {job.id} isn't what its seed gives here: it is {far:.1f} of 255 "
                f"levels away, not {entry.same_within:g} at most"
            )
        async with self._db.begin() as s:
            await lender_keys.compared(s, found.render.key)


def _expected(job: Job) -> Expected:
    """Of each of its clips, as our own encoder makes them."""
    width, height = job.width + job.width % 2, job.height + job.height % 2
    if job.upscale:
        width, height = 2 * job.width, 2 * job.height
    twice = 2 if job.smooth else 1
    return Expected(width, height, twice * job.frames, twice * job.fps)


def _since_given(job: Job) -> float:
    return (utcnow() - job.started_at).total_seconds() if job.started_at else 0.0


def _unheard(step: Step) -> None:
    """Nobody waits for that."""
