"""The verbs of a ballot."""

from __future__ import annotations

from db import clips, events, votes
from db.models import utcnow
from db.states import Kind
from moderation import films, rules
from moderation.desk.base import Base
from moderation.people import Person
from moderation.rules import Refused


class Voting(Base):
    """One person, one vote on a job."""

    async def vote(self, person: Person, job_id: int, clip: int) -> None:
        """Vote for a clip, or move one's vote to it."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_vote(person, job, utcnow())
            await films.insist_on_others(s, person, job)
            shown = [c.number for c in await clips.of(s, job_id) if c.shown]
            if clip not in shown:
                listed = ", ".join(map(str, shown))
                raise Refused(f"There is no clip {clip} on this ballot; vote for {listed}.")
            if await votes.by(s, job_id, person.id) == clip:
                return
            await votes.cast(s, job_id, person.id, clip)
            await events.record(s, job_id, Kind.VOTED, person.id)

    async def take_back_vote(self, person: Person, job_id: int, clip: int | None = None) -> None:
        """Undo one's vote; with ``clip`` only if it is for that one."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_vote(person, job, utcnow())
            if clip not in (None, await votes.by(s, job_id, person.id)):
                raise Refused(f"Your vote isn't for clip {clip}.")
            if not await votes.take_back(s, job_id, person.id):
                raise Refused("You have no vote on this ballot to take back.")
            await events.record(s, job_id, Kind.VOTE_TAKEN_BACK, person.id)
