"""`/sora`, and how a command is built from the grammar."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import grammar, pictures, said
from bot.grammar import Option, Takes
from bot.on_discord.attachments import fetch, fetch_url
from bot.on_discord.people import who
from bot.on_discord.text import cut
from db import workers
from db.models import Job
from moderation.rules import Refused
from moderation.wish import Picture, Wish

if TYPE_CHECKING:
    from bot.on_discord.acting import Interaction
    from bot.on_discord.client import StudioClient

Command = app_commands.Command[Any, ..., None]
MOST_CHOICES = 25
HELP_LIMIT = 100


def sora(client: StudioClient, name: str) -> Command:
    """The command of a wish, with an option for each in the grammar."""

    async def wish(interaction: Interaction, **given: Any) -> None:
        async with client.acting.answering(interaction):
            await client.acting.defer(interaction)
            await submit(client, interaction, given)

    options = [grammar.PROMPT, *(o for o in grammar.OPTIONS if o.name not in grammar.UPON_A_CLIP)]
    command = built(name, "Make a few short clips of what you describe.", options, wish)
    for option in options:
        if option.takes in {Takes.MODEL, Takes.STYLE}:
            command.autocomplete(option.name)(suggest(client, option))
    return command


def built(
    name: str, about: str, options: Sequence[Option], callback: Callable[..., Any]
) -> Command:
    """A command whose callback is given the options that were filled in, and None for the others."""
    parameters = [
        inspect.Parameter(
            "interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction
        )
    ]
    parameters += [
        inspect.Parameter(
            option.name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=_type(option),
            **({} if option.needed else {"default": None}),
        )
        for option in options
    ]

    async def called(interaction: Interaction, **given: Any) -> None:
        wrong = [option.name for option in options if not _fits(option, given.get(option.name))]
        if wrong:
            raise app_commands.AppCommandError(f"no {' or '.join(wrong)} of ours")
        await callback(interaction, **given)

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    for option in options:
        words = [(a, a) for a in grammar.ASPECTS] if option.takes is Takes.ASPECT else option.words
        if words:
            picks = [app_commands.Choice(name=label, value=value) for value, label in words]
            called = app_commands.choices(**{option.name: picks})(called)
    helps = {option.name: cut(option.help, HELP_LIMIT) for option in options}
    return app_commands.Command(
        name=name,
        description=cut(about, HELP_LIMIT),
        callback=app_commands.describe(**helps)(called),
    )


def _fits(option: Option, value: object) -> bool:
    """Whether Discord offers this; discord.py takes its word for it."""
    match option.takes:
        case _ if value is None:
            return not option.needed
        case Takes.PICTURE:
            return isinstance(value, discord.Attachment)
        case Takes.NOTHING:
            return isinstance(value, bool)
        case Takes.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Takes.WHOLE | Takes.JOB:
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            known = {word for word, _ in option.words}
            return isinstance(value, str) and (not known or value in known)


async def submit(
    client: StudioClient, interaction: Interaction, given: Mapping[str, Any], image: str = ""
) -> Job:
    """Put a wish into the line; ``interaction`` is deferred. Raises ``Refused``.

    ``image``: the address of a picture in Discord, where it was not attached as an option.
    """
    person = await who(client.db, interaction.user, interaction.guild_id or 0)
    fetched: dict[str, Picture] = {}
    try:
        for name, value in given.items():
            if isinstance(value, discord.Attachment):
                fetched[name] = await pictures.take(client.media, await fetch(client, value))
        if image:
            fetched["image"] = await pictures.take(client.media, await fetch_url(client, image))
        job = await client.desk.submit(
            person, _wish(given, fetched), await client.acting.request(interaction)
        )
    except Refused:
        await pictures.let_go(client.db, client.media, fetched.values())
        raise
    if not interaction.guild_id:
        await client.acting.whisper(interaction, said.entered(job))
    return job


def _wish(given: Mapping[str, Any], fetched: Mapping[str, Picture]) -> Wish:
    """Options may be typed after the prompt as well; what was picked wins."""
    picked = {
        name: _typed(value)
        for name, value in given.items()
        if value is not None and name != "prompt" and name not in fetched
    }
    typed = grammar.split(given["prompt"])
    return grammar.from_fields(typed | picked, fetched)


def _typed(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _type(option: Option) -> Any:
    """The type that discord.py makes an option of."""
    match option.takes:
        case Takes.PICTURE:
            kind: Any = discord.Attachment
        case Takes.NOTHING:
            kind = bool
        case Takes.WHOLE | Takes.NUMBER | Takes.JOB:
            kind = float if option.takes is Takes.NUMBER else int
            if option.low is not None and option.high is not None:
                kind = app_commands.Range[kind, kind(option.low), kind(option.high)]
        case _:
            kind = str
            if option.high is not None:
                kind = app_commands.Range[str, int(option.low or 0) or None, int(option.high)]
    return kind if option.needed else kind | None


def suggest(client: StudioClient, option: Option) -> Callable[..., Any]:
    """What may be picked as somebody types the name of a model or a style."""

    async def suggesting(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        async with client.db.read() as s:
            known = grammar.choices(option, await workers.offers(s))
        fitting = [name for name in known if typed.lower() in name.lower()]
        return [
            app_commands.Choice(name=cut(n, 100), value=n[:100]) for n in fitting[:MOST_CHOICES]
        ]

    return suggesting
