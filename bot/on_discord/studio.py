"""`/studio`: everything beside the wish itself, built from the grammar."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands, ui
from sqlalchemy.ext.asyncio import AsyncSession

from bot import (
    acts,
    allowed,
    bugs,
    chains,
    limits,
    lineage,
    linking,
    lists,
    offered,
    pools,
    recorded,
    themes,
    yours,
)
from bot.card import Line
from bot.grammar import Option, Takes
from bot.lists import Listing
from bot.on_discord.commands import MOST_CHOICES, built, suggest
from bot.on_discord.courier import Message
from bot.on_discord.ids import ROOM
from bot.on_discord.paint import BUTTONS_PER_ROW
from bot.on_discord.people import who
from bot.on_discord.press import PressButton
from bot.on_discord.setup import open_setup
from bot.on_discord.text import cut, plain
from bot.on_discord.yours import export
from bot.press import Press, Step
from bot.signs import Sign
from bot.studio import ALL, STUDIO, Pick
from db import people
from db.states import Reason
from moderation.house_rules import house_rules
from moderation.people import Person
from moderation.rules import Refused

if TYPE_CHECKING:
    from bot.on_discord.acting import Interaction
    from bot.on_discord.client import StudioClient

NAME = "studio"
ABOUT = "Your jobs, the line, the models, and how all of it works."
LABEL_LIMIT = 100
LINE_LIMIT, SAID_LIMIT, MORE_LIMIT = 600, 120, 100
"""Characters of one line, of somebody's words in it, and of how a list goes on."""
LINES_LIMIT = 3600
"""Of all lines together; with the title and the rest it stays below what Discord takes."""

Given = Mapping[str, Any]
"""What was filled in, by the options' names; None for what was not."""
Deed = Callable[["StudioClient", "Interaction", Given], Awaitable[None]]
Read = Callable[[AsyncSession, Person, Given], Awaitable[Listing]]


def group(client: StudioClient) -> app_commands.Group:
    """The commands of the grammar, each with what it does here."""
    found = app_commands.Group(name=NAME, description=ABOUT)
    for command in STUDIO:
        deed = _callback(client, DEEDS[command.name])
        made = built(command.name, command.help, command.options, deed)
        for option in command.options:
            if option.takes in {Takes.JOB, Takes.JOBS}:
                made.autocomplete(option.name)(_suggest_jobs(client, command.of, option))
            elif option.takes in {Takes.MODEL, Takes.STYLE}:
                made.autocomplete(option.name)(suggest(client, option))
        found.add_command(made)
    return found


def painted(listing: Listing) -> ui.LayoutView:
    """A list with its buttons, cut so that Discord takes it."""
    texts = [_line(line, LINE_LIMIT) for line in listing.lines]
    if sum(len(text) + 1 for text in texts) > LINES_LIMIT:
        texts = [_line(line, LINES_LIMIT // len(texts) - 1) for line in listing.lines]
    if listing.more:
        texts.append(f"-# {plain(listing.more, MORE_LIMIT)}")
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay("\n".join([f"### {plain(listing.title, 100)}", *texts])))
    buttons = [
        PressButton(Press(b.sign, b.job_id, step=Step.LIST), b.label) for b in listing.buttons
    ]
    for start in range(0, len(buttons), BUTTONS_PER_ROW):
        view.add_item(ui.ActionRow(*buttons[start : start + BUTTONS_PER_ROW]))
    return view


def _line(line: Line, limit: int) -> str:
    when = f" {discord.utils.format_dt(line.at, 'R')}" if line.at else ""
    words = f"\n> {plain(line.said, min(SAID_LIMIT, limit // 2))}" if line.said else ""
    return f"{plain(line.text, limit - len(when) - len(words))}{when}{words}"


def _callback(client: StudioClient, deed: Deed) -> Callable[..., Awaitable[None]]:
    async def called(interaction: Interaction, **given: Any) -> None:
        async with client.acting.answering(interaction):
            await deed(client, interaction, given)

    return called


def _presses(sign: Sign) -> Deed:
    """What a button of that job's card does."""

    async def deed(client: StudioClient, interaction: Interaction, given: Given) -> None:
        press = Press(sign, given["job"], given.get("clip") or 0)
        await client.acting.press(interaction, press)

    return deed


def _says(sign: Sign, name: str) -> Deed:
    """The same, with the words of that option, which the button would ask for."""

    async def deed(client: StudioClient, interaction: Interaction, given: Given) -> None:
        press = Press(sign, given["job"], given.get("clip") or 0)
        await client.acting.carry_out(interaction, press, given[name])

    return deed


async def _asker(client: StudioClient, interaction: Interaction) -> Person:
    """Whoever asks; they see that an answer comes."""
    await client.acting.defer(interaction)
    return await who(client.db, interaction.user, interaction.guild_id or 0)


async def _answer(client: StudioClient, interaction: Interaction, said: str | Listing) -> None:
    if isinstance(said, str):
        await client.acting.whisper(interaction, said)
    else:
        await client.courier.edit_original(interaction.token, Message(painted(said)))


def _lists(read: Read) -> Deed:
    async def deed(client: StudioClient, interaction: Interaction, given: Given) -> None:
        person = await _asker(client, interaction)
        async with client.db.read() as s:
            listing = await read(s, person, given)
        await _answer(client, interaction, listing)

    return deed


async def _queue(client: StudioClient, interaction: Interaction, given: Given) -> None:
    typed = given["cancel"]
    if typed is None:
        where, page = (client.desk.rules, ROOM, str(interaction.guild_id or "")), given["page"] or 1
        await _lists(lambda s, who, g: limits.queue(s, who, g["whose"] or "", page, where))(
            client, interaction, given
        )
        return
    asked = typed.strip().lower()
    if asked == ALL:
        person = await _asker(client, interaction)
        await client.acting.whisper(interaction, await acts.cancel_all(client.desk, person))
    elif asked.isdecimal() and len(asked) <= 10:
        await client.acting.carry_out(interaction, Press(Sign.CANCEL, int(asked)))
    else:
        raise Refused("To cancel, give the number of a job of yours, or “all”.")


async def _again(client: StudioClient, interaction: Interaction, given: Given) -> None:
    job_id, key = given["job"], f"{ROOM}:{interaction.id}"
    sign = await acts.asked_again(client.desk, job_id, key)
    await client.acting.press(interaction, Press(sign, job_id))


async def _report(client: StudioClient, interaction: Interaction, given: Given) -> None:
    press, reason = Press(Sign.REPORT, given["job"]), Reason(given["reason"])
    await client.acting.carry_out(interaction, press, given["sentence"] or "", reason)


async def _bug(client: StudioClient, interaction: Interaction, given: Given) -> None:
    asked = {name: given[name] or "" for name in ("text", "kind", "verdict")}
    if not any(asked.values()):
        await _lists(lambda s, person, given: bugs.waiting(s, person))(client, interaction, given)
        return
    person = await _asker(client, interaction)
    place = (ROOM, str(interaction.guild_id or ""))
    said = await bugs.carry_out(client.desk, person, place, number=given["number"] or 0, **asked)
    await client.acting.whisper(interaction, said)


async def _credits(client: StudioClient, interaction: Interaction, given: Given) -> None:
    person = await _asker(client, interaction)
    said = await pools.asked(client.desk, person, given["what"] or "")
    await _answer(client, interaction, said)


async def _theme(client: StudioClient, interaction: Interaction, given: Given) -> None:
    if not given["what"]:
        await _lists(lambda s, person, given: themes.listing(s))(client, interaction, given)
        return
    person = await _asker(client, interaction)
    asked = (given["what"], given["number"] or 0, given["word"] or "", given["title"] or "")
    said = await themes.carry_out(client.desk, person, *asked, given["credits"] or 0)
    await client.acting.whisper(interaction, said)


async def _link(client: StudioClient, interaction: Interaction, given: Given) -> None:
    person = await _asker(client, interaction)
    said = await linking.link(client.desk, person, given["code"] or "", f"/{NAME}")
    await client.acting.whisper(interaction, said)


async def _consent(client: StudioClient, interaction: Interaction, given: Given) -> None:
    person = await _asker(client, interaction)
    asked = (given["job"] or 0, given["clip"] or 0, given["allow"] or "", given["answer"] or "")
    said = await allowed.studio(client.desk, person, *asked)
    await _answer(client, interaction, said)


async def _chain(client: StudioClient, interaction: Interaction, given: Given) -> None:
    person = await _asker(client, interaction)
    request = await client.acting.request(interaction)
    said = await chains.do(client.desk, person, request, given["action"], given["about"] or "")
    await _answer(client, interaction, said)


async def _delete(client: StudioClient, interaction: Interaction, given: Given) -> None:
    person = await _asker(client, interaction)
    said = await yours.delete(client.desk, person, given["sure"] or "", f"/{NAME}")
    await _answer(client, interaction, said)


async def _setup(client: StudioClient, interaction: Interaction, given: Given) -> None:
    await open_setup(client, interaction)


async def _help(client: StudioClient, interaction: Interaction, given: Given) -> None:
    guild = str(interaction.guild_id or "")

    async def read(s: AsyncSession, person: Person, given: Given) -> Listing:
        house = await house_rules(s, ROOM, guild, client.desk.rules)
        return lists.help_for(person, house, f"/{client.command}", f"/{NAME}")

    await _lists(read)(client, interaction, given)


def _suggest_jobs(client: StudioClient, pick: Pick, option: Option) -> Callable[..., Any]:
    several = option.takes is Takes.JOBS
    every = [app_commands.Choice[Any](name="All of mine", value=ALL)] if several else []

    async def suggesting(interaction: Interaction, typed: object) -> list[app_commands.Choice[Any]]:
        limit = MOST_CHOICES - len(every)
        async with client.db.read() as s:
            person = await people.find(s, ROOM, "", str(interaction.user.id))
            found = await lists.suggestions(s, pick, person or 0, str(typed), limit)
        return every + [
            app_commands.Choice(name=cut(label, LABEL_LIMIT), value=str(job) if several else job)
            for job, label in found
        ]

    return suggesting


DEEDS: Mapping[str, Deed] = {
    "queue": _queue,
    "mine": _lists(lambda s, person, given: lists.mine(s, person, given["page"] or 1)),
    "show": _presses(Sign.SHOW),
    "lineage": _lists(
        lambda s, person, given: lineage.listing(s, person, given["job"], given["page"] or 1)
    ),
    "again": _again,
    "vary": _presses(Sign.VARY),
    "extend": _presses(Sign.EXTEND),
    "redraw": _says(Sign.REDRAW, "prompt"),
    "final": _presses(Sign.FINAL),
    "remix": _says(Sign.REMIX, "prompt"),
    "withdraw": _presses(Sign.WITHDRAW),
    "appeal": _says(Sign.APPEAL, "sentence"),
    "report": _report,
    "models": _lists(
        lambda s, person, given: offered.models(
            s, given["model"] or "", given["style"] or "", given["page"] or 1
        )
    ),
    "record": _lists(lambda s, person, given: recorded.recent(s)),
    "credits": _credits,
    "bug": _bug,
    "theme": _theme,
    "consent": _consent,
    "link": _link,
    "chain": _chain,
    "export": export,
    "delete": _delete,
    "setup": _setup,
    "help": _help,
}
