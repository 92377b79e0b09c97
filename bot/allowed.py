"""What artists allow with their clips, in words: on cards, in lists, and in answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot import said
from bot.card import Fact, Line
from bot.lists import Listing
from bot.said import WORDS
from bot.studio import NO, YES
from bot.view import View
from db import clips, consents, jobs
from db.models import Clip, Consent
from db.states import WAITING_FOR_REVIEW, Flag, Status
from moderation.consent import Change, may
from moderation.desk import Desk
from moderation.linking import as_now
from moderation.people import Person
from moderation.rules import Refused
from moderation.words import listed

FLAGS = {words.typed: flag for flag, words in WORDS.items()}
"""By what is typed for them."""


# ── on cards ─────────────────────────────────────────────────────────────────────────────


def remixable(view: View) -> list[Line]:
    """Which of the clips in the showcase everybody may go on from."""
    shown = [clip for clip in view.clips if clip.shown]
    found = [clip.number for clip in shown if may(clip, Flag.REMIX)]
    if not found:
        return []
    which = "it" if len(found) == len(shown) else said.which(found)
    return [Line(f"Everybody may remix and extend {which}.")]


def unseen(view: View) -> list[int]:
    """The clips that their artist lets nobody see."""
    return [clip.number for clip in view.clips if not may(clip, Flag.SHOWCASE)]


def is_unseen(view: View) -> bool:
    """Whether its artist lets nobody see any of its clips."""
    return bool(view.clips) and len(unseen(view)) == len(view.clips)


def decided_about(view: View) -> list[Line]:
    """Which clips moderators decide about, where these aren't all."""
    out = unseen(view)
    if not out or view.job.status not in WAITING_FOR_REVIEW:
        return []
    if is_unseen(view):
        return [Line("Its artist lets nobody see it now, so there is nothing to decide.")]
    left = [clip.number for clip in view.clips if clip.number not in out]
    return [Line(f"This is about {said.which(left)}; its artist lets nobody see the others.")]


def fact(view: View) -> list[Fact]:
    """What is allowed with all of them, or with some."""
    found = [
        f"{WORDS[flag].title.lower()}{_of(numbers, view.clips)}"
        for flag in Flag
        if (numbers := [clip.number for clip in view.clips if may(clip, flag)])
    ]
    return [Fact("allowed", ", ".join(found) or "nothing")]


# ── in answers ───────────────────────────────────────────────────────────────────────────


def changed(job_id: int, choices: Mapping[Flag, bool], change: Change) -> str:
    """What was done, and what follows."""
    answer = f"Job {job_id}, {said.which(change.clips)}: {_choices(choices)}."
    if change.kept:
        return f"{answer} Nobody but you sees it now; publish it to have it reviewed anew."
    if change.waits:
        return (
            f"{answer} What isn't in the showcase comes there by a review: take all of the job out, "
            "allow it again, and publish it."
        )
    return answer


def changed_defaults(choices: Mapping[Flag, bool]) -> str:
    return f"What you make from now on begins with this: {_choices(choices)}."


async def studio(
    desk: Desk, person: Person, job_id: int, clip: int, typed: str, answer: str
) -> str | Listing:
    """`/studio consent`: a list of how it stands, or what was done; zero and empty for what wasn't
    said. Raises ``Refused``."""
    if not typed and not answer:
        async with desk.db.read() as s:
            person = await as_now(s, person)
            return await (of_job(s, person, job_id) if job_id else of_person(s, person))
    if not typed or not answer:
        raise Refused("Say both: what it is about, such as remix, and yes or no.")
    if clip and not job_id:
        raise Refused("Say of which job that clip is.")
    choices = {FLAGS[typed]: answer == YES}
    if not job_id:
        await desk.consent_by_default(person, choices)
        return changed_defaults(choices)
    return changed(job_id, choices, await desk.consent(person, job_id, choices, clip or None))


# ── in lists ─────────────────────────────────────────────────────────────────────────────


async def of_person(s: AsyncSession, person: Person) -> Listing:
    """What one's clips begin with."""
    allowed = await consents.defaults(s, person.id)
    lines = [
        Line(f"{words.title}: {_yes(allowed[flag])}. {words.about}")
        for flag, words in WORDS.items()
    ]
    lines.append(Line("To change it: /studio consent with one of these and yes or no."))
    return Listing("What your clips begin with", tuple(lines))


async def of_job(s: AsyncSession, person: Person, job_id: int) -> Listing:
    """What may be done with the clips of a job; to its artist also how that came about."""
    job = await jobs.get(s, job_id)
    own = job is not None and job.person_id == person.id
    if job is None or not (own or job.status is Status.PUBLISHED):
        raise Refused(f"There is no job {job_id} that you may see.")
    made = [clip for clip in await clips.of(s, job_id) if own or clip.shown]
    if not made:
        raise Refused(f"Job {job_id} has no clips yet; your defaults say what they begin with.")
    lines = [
        Line(f"{words.title}: {_how(flag, made)}. {words.about if own else ''}".rstrip())
        for flag, words in WORDS.items()
    ]
    if own:
        lines.append(
            Line(f"To change it: /studio consent with {job_id}, one of these, and yes or no.")
        )
        lines += history(await consents.history(s, job_id))
    return Listing(f"What may be done with job {job_id}", tuple(lines))


def history(rows: Sequence[Consent]) -> list[Line]:
    """How it came about, newest first; what was said of several clips at once is one line."""
    found: dict[tuple[Flag, bool, bool, datetime], list[int]] = {}
    for row in rows:
        moment = row.at.replace(microsecond=0)
        found.setdefault((row.flag, row.given, row.by_default, moment), []).append(row.clip)
    return [
        Line(
            f"{WORDS[flag].title} of {said.which(numbers)}: "
            f"{'allowed' if given else 'taken back'}{' by your defaults' if by_default else ''}.",
            at=moment,
        )
        for (flag, given, by_default, moment), numbers in reversed(found.items())
    ]


def _how(flag: Flag, made: Sequence[Clip]) -> str:
    numbers = [clip.number for clip in made if may(clip, flag)]
    if len(numbers) in {0, len(made)}:
        return _yes(bool(numbers))
    return f"{said.which(numbers)} only"


def _of(numbers: Collection[int], made: Collection[Clip]) -> str:
    return "" if len(numbers) == len(made) else f" of {said.which(numbers)}"


def _choices(choices: Mapping[Flag, bool]) -> str:
    words = [
        f"{WORDS[flag].title.lower()} is {'allowed' if given else 'not allowed'}"
        for flag, given in choices.items()
    ]
    return listed(words, "and")


def _yes(given: bool) -> str:
    return YES if given else NO
