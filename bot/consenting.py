"""The form on which artists say what may be done with the clips of a job, in every room.

Its field is named by what it showed as allowed. So only what somebody changed on it is changed, whatever
was said elsewhere while it was open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.allowed import FLAGS, changed
from bot.said import WORDS
from db import clips, jobs
from db.session import Db
from db.states import Flag
from moderation import rules
from moderation.consent import may
from moderation.desk import Desk
from moderation.linking import as_now
from moderation.people import Person
from moderation.rules import Refused

FIELD = "allow:"
"""What the name of the field begins with."""
THEN = ">"
QUESTION = "What may be done with its clips?"
NOTHING = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody may tick; of clips that differ, what is allowed with any of them is ticked."""

    field: str
    ticked: frozenset[Flag]


async def form(db: Db, person: Person, job_id: int) -> Form:
    """The form of a job as it stands. Raises ``Refused`` for whoever isn't its artist."""
    async with db.read() as s:
        person = await as_now(s, person)
        job = await jobs.get(s, job_id)
        made = await clips.of(s, job_id)
    if job is None or not made:
        raise Refused(f"There are no clips of a job {job_id}.")
    rules.owns(person, job)
    ticked = frozenset(flag for flag in Flag if any(may(clip, flag) for clip in made))
    names = ",".join(WORDS[flag].typed for flag in Flag if flag in ticked)
    return Form(f"{FIELD}{names}", ticked)


def ticked(fields: Mapping[str, str]) -> str:
    """What was ticked on a form that was sent, before and after; empty where it is another form.

    ``fields``: what they hold, by their names.
    """
    found = {name: held for name, held in fields.items() if name.startswith(FIELD)}
    return "".join(f"{name.removeprefix(FIELD)}{THEN}{held}" for name, held in found.items())


async def sent(desk: Desk, person: Person, job_id: int, ticks: str) -> str:
    """Change what was changed on the form, and say so; ``ticks`` as from ``ticked``."""
    before, now = map(_flags, ticks.partition(THEN)[::2])
    choices = {flag: flag in now for flag in Flag if flag in before ^ now}
    if not choices:
        return NOTHING
    return changed(job_id, choices, await desk.consent(person, job_id, choices))


def _flags(names: str) -> frozenset[Flag]:
    return frozenset(FLAGS[name] for name in names.split(",") if name in FLAGS)
