"""Statements of who is in a clip: what cards say of them, and the form on which artists give one."""

from __future__ import annotations

from collections.abc import Mapping

from bot import said
from bot.buttons import QUESTIONS
from bot.card import Button, Line
from bot.signs import Sign
from bot.view import View
from db.states import Depicts, Status
from moderation.desk import Desk
from moderation.people import Person
from moderation.rules import Refused
from moderation.stating import Unstated
from moderation.words import listed

FIELD, SENTENCE = "depicts", "sentence"
"""The names of the form's fields; rooms may call the second as they call all that is typed."""
BACK = "back"
CHOICES = (
    *((depicts.value, words.offered) for depicts, words in said.DEPICTS.items()),
    (BACK, "I take my statement back"),
)
"""What may be picked, and how that is shown."""
MORE = "If they agreed: how? Moderators read it."
MISSING = (
    "Moderators get it once you say who is in it: it was made from a picture, or its words name "
    "somebody."
)
GIVE = Button(Sign.STATE, "Say who is in it", asks=QUESTIONS[Sign.STATE], strong=True)
CHANGE = Button(Sign.STATE, "Who is in it", asks=QUESTIONS[Sign.STATE])


# ── on cards ─────────────────────────────────────────────────────────────────────────────


def for_artist(view: View) -> list[Line]:
    """What is missing, or what they have stated."""
    if view.owes_statement:
        return [Line(MISSING)]
    stated = view.statement
    if stated is None or stated.depicts is None:
        return []
    return [Line(f"You stated that {_yours(stated.depicts)}.", stated.sentence, stated.at)]


def button(view: View) -> tuple[Button, ...]:
    """For the artist, as long as it matters to anybody."""
    if view.job.status is Status.WITHDRAWN:
        return ()
    if view.owes_statement:
        return (GIVE,)
    return (CHANGE,) if view.statement is not None else ()


def for_moderators(view: View) -> list[Line]:
    """What was stated, by whom and when; or that nothing was, where it has to be."""
    stated = view.statement
    if stated is not None and stated.depicts is not None:
        what = said.DEPICTS[stated.depicts].told
        return [Line(f"{view.artist} stated that {what}.", stated.sentence, stated.at)]
    if stated is not None and view.owes_statement:
        return [Line(f"{view.artist} took back who is in it, so it can't be shown.", at=stated.at)]
    return [Line("No statement of who is in it.")] if view.owes_statement else []


def _yours(depicts: Depicts) -> str:
    return "it shows you" if depicts is Depicts.MYSELF else said.DEPICTS[depicts].told


# ── on a form ────────────────────────────────────────────────────────────────────────────


def ticked(fields: Mapping[str, str], sentence: str) -> str:
    """What was picked on a form and said beside it; empty where it is another form."""
    return f"{fields[FIELD]} {sentence}" if fields.get(FIELD) else ""


async def sent(desk: Desk, person: Person, job_id: int, words: str) -> str:
    """Do what was picked, and say what came of it; ``words`` as from ``ticked``."""
    picked, _, sentence = words.partition(" ")
    if picked == BACK:
        done = await desk.revoke_statement(person, job_id)
        if not done.kept:
            return f"Your statement about job {job_id} is taken back."
        jobs = "Job" if len(done.kept) == 1 else "Jobs"
        left = listed(map(str, done.kept), "and")
        return f"Your statement is taken back. {jobs} {left} left review and showcase."
    if picked not in set(Depicts):
        raise Refused("Pick who is in it.")
    done = await desk.state(person, job_id, Depicts(picked), sentence)
    if done.went:
        return f"Noted; job {job_id} went to the moderators."
    if done.private:
        return f"Noted. Job {job_id} is private; publish it to send it to the moderators."
    return f"Noted; moderators read it when job {job_id} comes before them."


def offered(refused: Refused) -> tuple[int, Button] | None:
    """The job, and the button to give what a refusal says is missing."""
    return (refused.job_id, GIVE) if isinstance(refused, Unstated) else None
