"""`/studio credits` in Slack."""

from __future__ import annotations

from bot import pools
from bot.on_slack.acting import Acting
from bot.on_slack.parts import SlackParts
from bot.on_slack.people import who
from bot.on_slack.where import Where


async def credit(parts: SlackParts, acting: Acting, where: Where, what: str) -> None:
    """Tell what somebody has, or carry out what they decide about pools."""
    person = await who(parts, where.team, where.user)
    await acting.answer(where, await pools.asked(parts.desk, person, what))
