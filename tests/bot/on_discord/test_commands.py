"""A command is given what Discord offers, and nothing that only somebody who makes it up would send."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from discord import app_commands

from bot.grammar import Option, Takes
from bot.on_discord.commands import built

WORDS = (("spam", "Spam"), ("other", "Something else"))


async def called(option: Option, value: object) -> list[dict[str, Any]]:
    """What the callback was given, once somebody sent this."""
    given: list[dict[str, Any]] = []

    async def callback(interaction: Any, **options: Any) -> None:
        given.append(options)

    command: Any = built("try", "Try it.", [option], callback)
    await command.callback(mock.Mock(), **{option.name: value})
    return given


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (Option("reason", Takes.TEXT, "Why.", words=WORDS), "spam"),
        (Option("reason", Takes.TEXT, "Why.", words=WORDS), None),
        (Option("steps", Takes.WHOLE, "How many."), 3),
        (Option("guidance", Takes.NUMBER, "How much."), 3),
        (Option("private", Takes.NOTHING, "Whether."), True),
    ],
)
async def test_what_is_offered_is_taken(option: Option, value: object) -> None:
    assert await called(option, value) == [{option.name: value}]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (Option("reason", Takes.TEXT, "Why.", words=WORDS), "x"),
        (Option("reason", Takes.TEXT, "Why."), 3),
        (Option("prompt", Takes.TEXT, "What.", needed=True), None),
        (Option("steps", Takes.WHOLE, "How many."), True),
        (Option("steps", Takes.WHOLE, "How many."), 3.5),
        (Option("guidance", Takes.NUMBER, "How much."), "3"),
        (Option("private", Takes.NOTHING, "Whether."), "yes"),
        (Option("image", Takes.PICTURE, "What it begins with."), "1"),
    ],
)
async def test_what_is_not_offered_comes_no_further(option: Option, value: object) -> None:
    with pytest.raises(app_commands.AppCommandError, match=option.name):
        await called(option, value)
