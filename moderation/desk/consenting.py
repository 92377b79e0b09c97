"""The verbs by which artists say what may be done with their clips."""

from __future__ import annotations

from collections.abc import Mapping

from db import consents
from db.states import Flag
from moderation import consent
from moderation.consent import Change
from moderation.desk.base import Base
from moderation.linking import as_now
from moderation.people import Person


class Consenting(Base):
    """Anytime, whatever became of the job, and by its artist alone."""

    async def consent(
        self, person: Person, job_id: int, choices: Mapping[Flag, bool], clip: int | None = None
    ) -> Change:
        """Allow things with a clip, or take that back; with all clips of the job where none is named.

        What others made of it before stays. What is taken out of the showcase comes back by review
        only.
        """
        async with self._on(person, job_id) as (s, person, job):
            house = await self._house_rules(s, job)
            return await consent.change(s, house, person, job, choices, clip)

    async def consent_by_default(self, person: Person, choices: Mapping[Flag, bool]) -> None:
        """Let the clips that are made from now on begin with this."""
        async with self.db.begin() as s:
            person = await as_now(s, person)
            await consents.prefer(s, person.id, choices)
