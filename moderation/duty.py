"""What moderators take on: so many decisions in an hour, and nothing that they asked to be spared.

Both are there for people: nobody decides everything, and nobody has to look at everything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db import duty, hits
from db.models import Hit, Job, utcnow
from db.states import Reason
from moderation.people import Person
from moderation.rules import Refused, Rules
from moderation.words import clean, listed

HOUR = timedelta(hours=1)
MOST = 1000
"""Nobody decides more in an hour."""
SHOWS: Mapping[str, frozenset[Reason]] = {
    "sexual-minors": frozenset({Reason.SEXUAL}),
    "sexual": frozenset({Reason.SEXUAL}),
    "gore": frozenset({Reason.GORE}),
    "self-harm": frozenset({Reason.GORE}),
    "hate": frozenset({Reason.HATE}),
    "likeness": frozenset({Reason.LIKENESS}),
    "known-frames": frozenset({Reason.SEXUAL, Reason.GORE, Reason.HATE}),
    "classifier": frozenset({Reason.SEXUAL}),
}
"""What may be seen in what a rule of the screen has found."""
SPARABLE = (Reason.SEXUAL, Reason.GORE, Reason.HATE, Reason.LIKENESS)
HOW = "Say it like this: 20, gore, hate. What you leave out has no limit."


def shown_by(found: Iterable[Hit]) -> set[Reason]:
    """What may be seen in a job of which the screen found this."""
    return {reason for hit in found for reason in SHOWS.get(hit.rule, ()) if not hit.overturned_at}


def read(text: str) -> tuple[int | None, frozenset[Reason]]:
    """How many an hour, and what to be spared: what somebody typed. Raises ``Refused``."""
    per_hour, spared = None, set()
    for word in filter(None, re.split(r"[,;\s]+", clean(text).lower())):
        if per_hour is None and word.isdecimal() and len(word) <= 9 and 1 <= int(word) <= MOST:
            per_hour = int(word)
        elif word in SPARABLE:
            spared.add(Reason(word))
        else:
            raise Refused(f"“{word[:40]}” is neither a number nor one of {_names(SPARABLE)}. {HOW}")
    return per_hour, frozenset(spared)


async def take_on(s: AsyncSession, person: Person, text: str) -> str:
    """Put down what a moderator takes on from now on, and say it."""
    if not person.moderates:
        raise Refused("Only moderators decide, so only they have limits to set.")
    per_hour, spared = read(text)
    await duty.change(s, person.id, per_hour, spared)
    jobs = "1 job" if per_hour == 1 else f"{per_hour} jobs"
    most = f"You decide about {jobs} an hour at most" if per_hour else "You decide freely"
    return f"{most}, and are spared {_names(sorted(spared)) if spared else 'nothing'}."


async def is_spared(s: AsyncSession, person: Person, found: Collection[Hit]) -> bool:
    """Whether this isn't for them; ``found``: what the screen found in a job."""
    if not found:
        return False
    return bool(shown_by(found) & set((await duty.of(s, person.id)).spared))


async def insist(s: AsyncSession, house: Rules, person: Person, job: Job) -> None:
    """Raises ``Refused`` where they have decided enough for now, or asked not to look at this."""
    own = await duty.of(s, person.id)
    spared = shown_by(await hits.of(s, job.id)) & set(own.spared)
    if spared:
        raise Refused(
            f"You asked to be spared {_names(sorted(spared))}, and the screen found it in job {job.id}; "
            "My limits on a review card changes that."
        )
    most = min(filter(None, (house.reviews_per_hour, own.per_hour)), default=0)
    if not most:
        return
    now = utcnow()
    lately = await duty.decided_since(s, person.id, now - HOUR, besides=job.id)
    if len(lately) >= most:
        minutes = max(math.ceil((lately[-most] + HOUR - now).total_seconds() / 60), 1)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        jobs = "1 job" if most == 1 else f"{most} jobs"
        raise Refused(
            f"You have decided about {jobs} within an hour, which is enough for one person; in {wait} "
            "you can go on."
        )


def _names(reasons: Iterable[Reason]) -> str:
    return listed(map(str, reasons), "and")
