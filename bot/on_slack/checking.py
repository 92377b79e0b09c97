"""Whether something can be done at all, before anybody is asked for words about it."""

from __future__ import annotations

from bot.on_slack.parts import SlackParts
from bot.on_slack.people import anybody, who
from bot.on_slack.where import Where
from bot.press import Press
from bot.reactions import DECIDES
from bot.signs import OF_ONE_CLIP, Sign
from bot.view import view
from db import reports, reviews
from db.models import utcnow
from moderation import rules
from moderation.linking import as_now
from moderation.rules import Refused

NEEDS_A_ROLE = DECIDES | {
    Sign.DUTY,
    Sign.LOOKING,
    Sign.LOOK_AWAY,
    Sign.TAKE_BACK_REVIEW,
    Sign.TAKE_DOWN,
    Sign.DISMISS,
    Sign.REINSTATE,
}
"""Where it matters who they are in their workspace; all else everybody may do."""


async def may(parts: SlackParts, where: Where, press: Press) -> None:
    """Raises ``Refused`` for what can't be done, as the desk would."""
    if press.sign in NEEDS_A_ROLE:
        person = await who(parts, where.team, where.user, fresh=False)
    else:
        person = await anybody(parts, where.team, where.user, where.name)
    async with parts.db.read() as s:
        person = await as_now(s, person)
        seen = await view(s, press.job_id, {})
        reviewed = await reviews.of(s, press.job_id)
        reported = await reports.of(s, press.job_id)
    if seen is None:
        raise Refused(f"There is no job {press.job_id}.")
    job, clips = seen.job, seen.clips
    if press.sign is Sign.REJECT:
        rules.may_review(person, job, reviewed)
    elif press.sign is Sign.TAKE_DOWN:
        rules.may_take_down(person, job)
    elif press.sign is Sign.REPORT:
        rules.may_report(person, job, reported)
    elif press.sign is Sign.APPEAL:
        rules.may_appeal(person, job, utcnow())
    elif press.sign is Sign.STATE:
        rules.owns(person, job)
    elif press.sign is Sign.WITHDRAW:
        rules.may_withdraw(person, job)
    elif press.sign in OF_ONE_CLIP:
        shared = press.sign in {Sign.REMIX, Sign.EXTEND}
        first = next(iter(rules.may_grow_from(person.id, job, clips)), None)
        rules.may_grow(person, job, press.clip or first, clips, shared=shared)
