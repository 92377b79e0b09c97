"""`/sora` and `/studio`: what was typed, or filled in, becomes a wish or a verb."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot import (
    acts,
    bugs,
    grammar,
    limits,
    lineage,
    lists,
    offered,
    pictures,
    recorded,
    said,
    themes,
)
from bot.exporting import Exporter
from bot.lists import Listing
from bot.on_slack import chaining, crediting, forms, yours
from bot.on_slack.acting import BROKEN, Acting
from bot.on_slack.attachments import take
from bot.on_slack.ids import ROOM
from bot.on_slack.parts import SlackParts
from bot.on_slack.people import anybody, maker, who
from bot.on_slack.typed import HELP, NAME, USAGE, named, plain, read, usage
from bot.on_slack.where import Where, request_of
from bot.press import Press
from bot.signs import OF_ONE_CLIP, Sign
from bot.studio import ALL, STUDIO
from db import workers
from db.states import Reason, Status
from moderation.house_rules import house_rules
from moderation.people import Person
from moderation.rules import Refused
from moderation.wish import Picture
from moderation.words import echo

Given = Mapping[str, str]
"""What was typed, by the options' names; empty for what was not."""
Deed = Callable[["Commands", Where, Given], Awaitable[None]]
Read = Callable[[AsyncSession, Person, Given], Awaitable[Listing]]
Setup = Callable[[SlackParts, str, str, str, str], Awaitable[None]]
"""Opens the form of hosts: parts, trigger, team, user, channel."""


log = structlog.get_logger()


class Commands:
    """One per process."""

    def __init__(self, parts: SlackParts, acting: Acting, setup: Setup) -> None:
        self.parts, self.acting, self.setup = parts, acting, setup
        self.exporter = Exporter(parts.db, parts.media)

    async def sora(self, where: Where, typed: str) -> None:
        """A wish in one line; nothing typed opens the form, and so does a line that is refused."""
        typed = plain(typed).strip()
        async with self.acting.answering(where):
            if not typed:
                await self.open_form(where)
                return
            if typed.lower() in HELP:
                await _help(self, where, {})
                return
            try:
                said = await self.submit(where, grammar.split(typed))
            except Exception as error:
                if not isinstance(error, Refused):
                    log.exception("wish.broke")
                wrong = str(error) if isinstance(error, Refused) else BROKEN
                await self.acting.return_wish(where, wrong, typed, change=forms.CHANGE)
            else:
                await self.acting.whisper(where, said)

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
                try:
                    given[name] = await take(self.parts, where.team, file)
                except Refused as refused:
                    raise forms.WrongField(str(refused), name) from refused
            wish = grammar.from_fields(fields, given)
            person = await maker(self.parts, where.team, where.user, where.name)
            job = await self.parts.desk.submit(person, wish, request_of(where))
        except BaseException:
            with suppress(Exception):  # what went wrong first is what is said
                await pictures.let_go(self.parts.db, self.parts.media, given.values())
            raise
        self.acting.meet(where)  # Slack answers for few people a minute: that can wait
        where_to = "Its card comes" if job.status is Status.BLOCKED else "Its clips come"
        return f"{said.entered(job)} {where_to} to your direct messages with the app."

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
            name, rest = named(typed)
            command = next((c for c in STUDIO if c.name == (name.lower() or "help")), None)
            if command is None:
                known = ", ".join(c.name for c in STUDIO)
                raise Refused(f"There is no /{NAME} {echo(name)}; there is: {known}.")
            await DEEDS[command.name](self, where, read(command.name, rest))


def _presses(sign: Sign) -> Deed:
    async def deed(commands: Commands, where: Where, given: Given) -> None:
        press = Press(sign, int(given["job"]), int(given.get("clip") or 0))
        await commands.acting.press(where, press)

    return deed


def _says(sign: Sign, name: str) -> Deed:
    """The same with words, which are asked for where they weren't typed, and given back where they
    are refused."""

    async def deed(commands: Commands, where: Where, given: Given) -> None:
        press = Press(sign, int(given["job"]), int(given.get("clip") or 0))
        acting, words = commands.acting, given[name]
        if not words:
            await acting.press(where, press)
            return
        try:
            if sign in OF_ONE_CLIP and not press.clip:
                await acting.pick(where, press, words)
            else:
                await acting.carry_out(where, press, words)
        except Refused as refused:
            await acting.return_words(where, str(refused), words)

    return deed


async def _withdraw(commands: Commands, where: Where, given: Given) -> None:
    await commands.acting.make_sure(where, Press(Sign.WITHDRAW, int(given["job"])))


def _lists(reading: Read) -> Deed:
    async def deed(commands: Commands, where: Where, given: Given) -> None:
        person = await anybody(commands.parts, where.team, where.user, where.name)
        async with commands.parts.db.read() as s:
            listing = await reading(s, person, given)
        await commands.acting.answer(where, listing)

    return deed


async def _queue(commands: Commands, where: Where, given: Given) -> None:
    asked = given["cancel"].lower()
    if not asked:
        parts, of = commands.parts, (commands.parts.desk.rules, ROOM, where.team)
        person = await maker(parts, where.team, where.user, where.name)
        async with parts.db.read() as s:
            listing = await limits.queue(s, person, given["whose"], _page(given), of)
        await commands.acting.answer(where, listing)
    elif asked == ALL:
        person = await anybody(commands.parts, where.team, where.user, where.name)
        await commands.acting.whisper(where, await acts.cancel_all(commands.parts.desk, person))
    elif asked.isdecimal() and len(asked) <= 10:
        await commands.acting.carry_out(where, Press(Sign.CANCEL, int(asked)))
    else:
        raise Refused("To cancel, give the number of a job of yours, or “all”.")


async def _lineage(commands: Commands, where: Where, given: Given) -> None:
    person = await who(commands.parts, where.team, where.user, fresh=False)
    async with commands.parts.db.read() as s:
        listing = await lineage.listing(s, person, int(given["job"]), _page(given))
    await commands.acting.answer(where, listing)


async def _again(commands: Commands, where: Where, given: Given) -> None:
    job_id, key = int(given["job"]), request_of(where).key
    sign = await acts.asked_again(commands.parts.desk, job_id, key)
    await commands.acting.press(where, Press(sign, job_id))


async def _report(commands: Commands, where: Where, given: Given) -> None:
    press = Press(Sign.REPORT, int(given["job"]))
    if not given["reason"]:
        await commands.acting.press(where, press)
        return
    reason = Reason(given["reason"])
    await commands.acting.carry_out(where, press, given["sentence"], reason)


async def _bug(commands: Commands, where: Where, given: Given) -> None:
    asked = {name: given[name] for name in ("text", "kind", "verdict")}
    if not any(asked.values()):
        await _lists(lambda s, person, given: bugs.waiting(s, person))(commands, where, given)
        return
    person = await who(commands.parts, where.team, where.user)
    place, number = (ROOM, where.team), int(given["number"] or 0)
    said = await bugs.carry_out(commands.parts.desk, person, place, number=number, **asked)
    await commands.acting.whisper(where, said)


async def _theme(commands: Commands, where: Where, given: Given) -> None:
    if not given["what"]:
        await _lists(lambda s, person, given: themes.listing(s))(commands, where, given)
        return
    person = await who(commands.parts, where.team, where.user)
    asked = (given["what"], int(given["number"] or 0), given["word"], given["title"])
    pool = int(given["credits"] or 0)
    said = await themes.carry_out(commands.parts.desk, person, *asked, pool)
    await commands.acting.whisper(where, said)


async def _setup(commands: Commands, where: Where, given: Given) -> None:
    await commands.setup(commands.parts, where.trigger, where.team, where.user, where.channel)


async def _help(commands: Commands, where: Where, given: Given) -> None:
    person = await who(commands.parts, where.team, where.user, fresh=False)
    async with commands.parts.db.read() as s:
        house = await house_rules(s, ROOM, where.team, commands.parts.desk.rules)
    listing = lists.help_for(person, house, f"/{commands.parts.command}", f"/{NAME}")
    typed = {f"/{NAME} {c.name}: {c.help}": usage(c.name) for c in STUDIO if USAGE[c.name][0]}
    lines = [
        replace(line, text=f"{line.text} {typed[line.text]}") if line.text in typed else line
        for line in listing.lines
    ]
    listing = replace(listing, lines=tuple(lines))
    await commands.acting.answer(where, listing)


def _page(given: Given) -> int:
    return int(given.get("page") or 1)


DEEDS: Mapping[str, Deed] = {
    "queue": _queue,
    "mine": _lists(lambda s, person, given: lists.mine(s, person, _page(given))),
    "show": _presses(Sign.SHOW),
    "lineage": _lineage,
    "again": _again,
    "vary": _presses(Sign.VARY),
    "extend": _presses(Sign.EXTEND),
    "redraw": _says(Sign.REDRAW, "prompt"),
    "final": _presses(Sign.FINAL),
    "remix": _says(Sign.REMIX, "prompt"),
    "withdraw": _withdraw,
    "appeal": _says(Sign.APPEAL, "sentence"),
    "report": _report,
    "models": _lists(
        lambda s, person, given: offered.models(s, given["model"], given["style"], _page(given))
    ),
    "record": _lists(lambda s, person, given: recorded.recent(s)),
    "credits": lambda commands, where, given: crediting.credit(
        commands.parts, commands.acting, where, given["what"]
    ),
    "bug": _bug,
    "theme": _theme,
    "consent": yours.consent,
    "export": yours.export,
    "delete": yours.delete,
    "link": yours.link,
    "chain": lambda commands, where, given: chaining.chain(
        commands.parts, commands.acting, where, given
    ),
    "setup": _setup,
    "help": _help,
}
