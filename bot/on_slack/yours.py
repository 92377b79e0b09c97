"""`/studio consent`, `link`, `export` and `delete` in Slack: what concerns nobody but whoever types it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot import allowed, linking, yours
from bot.on_slack.acting import SENT
from bot.on_slack.paint import sentence
from bot.on_slack.people import anybody, who
from bot.on_slack.typed import NAME
from bot.on_slack.where import Where

if TYPE_CHECKING:
    from bot.on_slack.commands import Commands

PART_BYTES = 50 * 2**20
"""Slack takes more; but a file is held in memory while it is sent."""
Given = Mapping[str, str]


async def export(commands: Commands, where: Where, given: Given) -> None:
    """Say that it takes a moment, and follow with zips in a thread of their direct messages."""
    parts, acting = commands.parts, commands.acting
    person = await anybody(parts, where.team, where.user, where.name)
    await acting.whisper(where, yours.PUTTING_TOGETHER)
    async with commands.exporter.of(person, PART_BYTES) as export:
        direct = await parts.courier.direct(where.team, where.user)
        said = yours.handed(export, len(export.parts))
        sent = await parts.courier.post(where.team, direct, sentence(said), said)
        for number, part in enumerate(export.parts, start=1):
            file = (part, part.name, yours.handed(export, number))
            await parts.courier.upload(where.team, [file], direct, sent.ts)
    await acting.whisper(where, SENT)


async def delete(commands: Commands, where: Where, given: Given) -> None:
    """Say what it means; with the words that say so, do it."""
    person = await anybody(commands.parts, where.team, where.user, where.name)
    said = await yours.delete(commands.parts.desk, person, given["sure"], f"/{NAME}")
    await commands.acting.answer(where, said)


async def link(commands: Commands, where: Where, given: Given) -> None:
    """Show a code, or take one."""
    person = await who(commands.parts, where.team, where.user, fresh=False)
    said = await linking.link(commands.parts.desk, person, given["code"], f"/{NAME}")
    await commands.acting.whisper(where, said)


async def consent(commands: Commands, where: Where, given: Given) -> None:
    """Say what is allowed, or change it."""
    person = await anybody(commands.parts, where.team, where.user, where.name)
    asked = (int(given["job"] or 0), int(given["clip"] or 0), given["allow"], given["answer"])
    await commands.acting.answer(where, await allowed.studio(commands.parts.desk, person, *asked))
