"""`/sora` and `/studio`: what was typed, or filled in, becomes a wish or a verb."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import acts, grammar, linking, lists, pictures
from bot.grammar import Option
from bot.lists import Listing
from bot.on_slack import forms
from bot.on_slack.acting import Acting, Where, request_of
from bot.on_slack.attachments import take
from bot.on_slack.home import painted
from bot.on_slack.ids import ROOM
from bot.on_slack.parts import SlackParts
from bot.on_slack.people import anybody, who
from bot.press import Press
from bot.signs import Sign
from bot.studio import ALL, STUDIO
from db import workers
from db.states import Reason
from moderation.house_rules import house_rules
from moderation.people import Person
from moderation.rules import Refused
from moderation.wish import Picture
from moderation.words import echo

NAME = "studio"
Given = Mapping[str, str]
"""What was typed, by the options' names; empty for what was not."""
Deed = Callable[["Commands", Where, Given], Awaitable[None]]
Read = Callable[[AsyncSession, Person, Given], Awaitable[Listing]]
Setup = Callable[[SlackParts, str, str, str, str], Awaitable[None]]
"""Opens the form of hosts: parts, trigger, team, user, channel."""


class Commands:
    """One per process."""

    def __init__(self, parts: SlackParts, acting: Acting, setup: Setup) -> None:
        self.parts, self.acting, self.setup = parts, acting, setup
        self._meeting: set[asyncio.Task[None]] = set()

    async def sora(self, where: Where, typed: str) -> None:
        """A wish in one line; nothing typed opens the form."""
        async with self.acting.answering(where):
            if not typed.strip():
                await self.open_form(where)
                return
            await self.acting.whisper(where, await self.submit(where, grammar.split(plain(typed))))

    async def open_form(self, where: Where, prompt: str = "", picture: str = "") -> None:
        async with self.parts.db.read() as s:
            offers = await workers.offers(s)
        form = forms.wish(offers, where.channel, prompt, picture, where.request)
        await self.acting.open(where, form)

    async def submit(
        self,
        where: Where,
        fields: Mapping[str, str],
        files: Mapping[str, dict[str, Any]] | None = None,
    ) -> str:
        """Put a wish into the line; what to say of it. Raises ``Refused``; then nothing is kept."""
        given: dict[str, Picture] = {}
        try:
            for name, file in (files or {}).items():
                given[name] = await take(self.parts, where.team, file)
            wish = grammar.from_fields(fields, given)
            person = await anybody(self.parts, where.team, where.user, where.name)
            job = await self.parts.desk.submit(person, wish, request_of(where))
        except Refused:
            await pictures.let_go(self.parts.db, self.parts.media, given.values())
            raise
        # Slack answers for few people a minute; what they are called there can wait.
        task = asyncio.create_task(self._meet(where))
        self._meeting.add(task)
        task.add_done_callback(self._meeting.discard)
        return f"Job {job.id} is in line. Its clips come to your direct messages with the app."

    async def _meet(self, where: Where) -> None:
        with suppress(SlackApiError, aiohttp.ClientError, TimeoutError, LookupError):
            await who(self.parts, where.team, where.user)

    async def fill_in(
        self, where: Where, fields: Mapping[str, str], files: Mapping[str, dict[str, Any]]
    ) -> str:
        """The same for a form. Options may be typed after the prompt there as well; what was picked
        wins."""
        picked = {name: value for name, value in fields.items() if value and name != "prompt"}
        return await self.submit(where, grammar.split(fields.get("prompt", "")) | picked, files)

    async def studio(self, where: Where, typed: str) -> None:
        """Everything else: a word, then what it takes."""
        async with self.acting.answering(where):
            name, _, rest = plain(typed).strip().partition(" ")
            command = next((c for c in STUDIO if c.name == (name.lower() or "help")), None)
            if command is None:
                known = ", ".join(c.name for c in STUDIO)
                raise Refused(f"There is no /{NAME} {echo(name)}; there is: {known}.")
            await DEEDS[command.name](self, where, read(command.name, rest))


def plain(typed: str) -> str:
    """What somebody typed, which Slack tells with three characters escaped."""
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        typed = typed.replace(entity, character)
    return typed


def read(name: str, rest: str) -> dict[str, str]:
    """What a command takes, by position: ``remix 12 2 a red circle``. Raises ``Refused``."""
    command = next(c for c in STUDIO if c.name == name)
    words = rest.split()
    found = {option.name: "" for option in command.options}
    numbers = [o for o in command.options if o.name in {"job", "clip", "page"}]
    for option in numbers:
        if words and _is_within(option, words[0]):
            found[option.name] = words.pop(0)
    for option in command.options:
        if option in numbers or not words:
            continue
        if option.words or option.name in {"cancel", "model", "style"}:
            if option.name == "cancel":  # never by a number alone: that is a page
                if words[0].lower() == "cancel":
                    found["cancel"] = words[1] if len(words) > 1 else ""
                    words = words[2:]
            elif not option.words or words[0].lower() in dict(option.words):
                found[option.name] = words.pop(0)
        else:
            found[option.name], words = " ".join(words), []
    for option in numbers:  # they may come last as well
        if words and not found[option.name] and _is_within(option, words[0]):
            found[option.name] = words.pop(0)
    for option in command.options:
        if option.needed and not found[option.name]:
            takes = " ".join(o.name if o.needed else f"[{o.name}]" for o in command.options)
            raise Refused(f"/{NAME} {name} takes: {takes}.")
    return found


def _is_within(option: Option, word: str) -> bool:
    if not (word.isdecimal() and word.isascii() and len(word) <= 10):
        return False
    return option.low is None or option.high is None or option.low <= int(word) <= option.high


def _presses(sign: Sign) -> Deed:
    async def deed(commands: Commands, where: Where, given: Given) -> None:
        press = Press(sign, int(given["job"]), int(given.get("clip") or 0))
        await commands.acting.press(where, press)

    return deed


def _says(sign: Sign, name: str) -> Deed:
    async def deed(commands: Commands, where: Where, given: Given) -> None:
        press = Press(sign, int(given["job"]), int(given.get("clip") or 0))
        await commands.acting.carry_out(where, press, given[name])

    return deed


def _lists(reading: Read) -> Deed:
    async def deed(commands: Commands, where: Where, given: Given) -> None:
        person = await who(commands.parts, where.team, where.user)
        async with commands.parts.db.read() as s:
            listing = await reading(s, person, given)
        await commands.acting.show(where, painted(listing), listing.title)

    return deed


async def _queue(commands: Commands, where: Where, given: Given) -> None:
    asked = given["cancel"].lower()
    if not asked:
        await _lists(lambda s, person, g: lists.queue(s, person, g["whose"], _page(g)))(
            commands, where, given
        )
    elif asked == ALL:
        person = await who(commands.parts, where.team, where.user)
        await commands.acting.whisper(where, await acts.cancel_all(commands.parts.desk, person))
    elif asked.isdecimal() and len(asked) <= 10:
        await commands.acting.carry_out(where, Press(Sign.CANCEL, int(asked)))
    else:
        raise Refused("To cancel, give the number of a job of yours, or “all”.")


async def _report(commands: Commands, where: Where, given: Given) -> None:
    press, reason = Press(Sign.REPORT, int(given["job"])), Reason(given["reason"].lower())
    await commands.acting.carry_out(where, press, given["sentence"], reason)


async def _link(commands: Commands, where: Where, given: Given) -> None:
    person = await who(commands.parts, where.team, where.user)
    said = await linking.link(commands.parts.desk, person, given["code"], f"/{NAME}")
    await commands.acting.whisper(where, said)


async def _unlink(commands: Commands, where: Where, given: Given) -> None:
    person = await who(commands.parts, where.team, where.user)
    await commands.acting.whisper(where, await linking.unlink(commands.parts.desk, person))


async def _setup(commands: Commands, where: Where, given: Given) -> None:
    await commands.setup(commands.parts, where.trigger, where.team, where.user, where.channel)


async def _help(commands: Commands, where: Where, given: Given) -> None:
    async def reading(s: AsyncSession, person: Person, given: Given) -> Listing:
        house = await house_rules(s, ROOM, where.team, commands.parts.desk.rules)
        return lists.help_for(person, house, f"/{commands.parts.command}", f"/{NAME}")

    await _lists(reading)(commands, where, given)


def _page(given: Given) -> int:
    return int(given.get("page") or 1)


DEEDS: Mapping[str, Deed] = {
    "queue": _queue,
    "mine": _lists(lambda s, person, given: lists.mine(s, person, _page(given))),
    "show": _presses(Sign.SHOW),
    "again": _presses(Sign.AGAIN),
    "vary": _presses(Sign.VARY),
    "extend": _presses(Sign.EXTEND),
    "redraw": _says(Sign.REDRAW, "prompt"),
    "final": _presses(Sign.FINAL),
    "retry": _presses(Sign.RETRY),
    "remix": _says(Sign.REMIX, "prompt"),
    "withdraw": _presses(Sign.WITHDRAW),
    "appeal": _says(Sign.APPEAL, "sentence"),
    "report": _report,
    "models": _lists(lambda s, person, given: lists.models(s, given["model"], _page(given))),
    "style": _lists(lambda s, person, given: lists.styles(s, given["style"], _page(given))),
    "link": _link,
    "unlink": _unlink,
    "setup": _setup,
    "help": _help,
}
