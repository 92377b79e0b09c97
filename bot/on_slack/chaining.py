"""`/studio chain` in Slack."""

from __future__ import annotations

from collections.abc import Mapping

from bot import chains
from bot.on_slack.acting import Acting
from bot.on_slack.parts import SlackParts
from bot.on_slack.people import maker
from bot.on_slack.where import Where, request_of
from bot.studio import Do
from moderation.rules import Refused


async def chain(parts: SlackParts, acting: Acting, where: Where, given: Mapping[str, str]) -> None:
    """Answer what was typed; where it is refused, the words go back to whoever typed them."""
    person = await maker(parts, where.team, where.user, where.name)
    about = given["about"]
    try:
        said = await chains.do(
            parts.desk, person, request_of(where), given["action"] or Do.LIST, about
        )
    except Refused as refused:
        await acting.return_words(where, str(refused), about)
        return
    if isinstance(said, str):
        acting.meet(where)
    await acting.answer(where, said)
