"""Cards that were brought to somebody's direct messages, clips and all: they go when the job does."""

from __future__ import annotations

from bot.on_slack.files import FOR_EVER
from bot.on_slack.ids import ROOM, Sent
from bot.on_slack.parts import SlackParts
from db import clips, notes, people
from db.models import Job
from db.states import WAITING_FOR_REVIEW, Status

STAYS = WAITING_FOR_REVIEW | {Status.PUBLISHED}
"""While others than the artist may look at a job."""


class Copies:
    """One per process."""

    def __init__(self, parts: SlackParts) -> None:
        self._parts = parts

    async def note(self, sent: Sent, user: str, job_id: int) -> None:
        """Somebody has a copy now. Artists keep theirs."""
        async with self._parts.db.begin() as s:
            job = await s.get(Job, job_id)
            owner = await people.find(s, ROOM, sent.team, user)
            if job is not None and job.person_id != owner:
                await notes.put(s, _name(sent.team, job_id) + str(sent), "")

    async def take_away(self, team: str, job_id: int) -> None:
        """Those of a job that others may not look at any more."""
        prefix = _name(team, job_id)
        async with self._parts.db.read() as s:
            job = await s.get(Job, job_id)
            hidden = [clip for clip in await clips.of(s, job_id) if not clip.showcase]
            stays = job is None or (job.status in STAYS and not hidden)
            names = [] if stays else await notes.beginning(s, prefix)
        for name in names:
            await self._parts.courier.delete(Sent.read(name.removeprefix(prefix)))
            async with self._parts.db.begin() as s:
                await notes.take(s, name, FOR_EVER)


def _name(team: str, job_id: int) -> str:
    return f"{ROOM}:copy:{team}:{job_id}:"
