"""`sora bot` for Discord: its shards, and a token that isn't accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import BotSettings, shards_from
from bot.trouble import Misused, Trouble, translated
from tests.doubles.on_discord import Discord
from tests.support.processes import Processes


@pytest.mark.parametrize(
    ("text", "shards"),
    [
        ("0-3/16", ([0, 1, 2, 3], 16)),
        ("5/16", ([5], 16)),
        ("0/1", ([0], 1)),
        ("12-15/16", ([12, 13, 14, 15], 16)),
        (" 7-7/8 ", ([7], 8)),
    ],
)
def test_shards_are_read(text: str, shards: tuple[list[int], int]) -> None:
    assert shards_from(text) == shards


@pytest.mark.parametrize(
    "text",
    ["", "16", "3-0/16", "16/16", "0-16/16", "0/0", "-1/4", "a/b", "1,2/4", "0-3", "0-99999999/1"],
)
def test_nonsense_is_one_sentence(text: str) -> None:
    with pytest.raises(Misused, match="--shards is like 0-3/16 or 5/16"):
        shards_from(text)


def test_a_token_left_empty_is_none() -> None:
    assert BotSettings(discord_token="  ").discord_token is None
    assert BotSettings(discord_token="x").discord_token is not None


def test_what_fails_together_is_put_into_words_unless_a_bug_is_among_it() -> None:
    trouble = Trouble("The token isn't accepted.")
    both = ExceptionGroup("tasks", [trouble, ExceptionGroup("more", [ConnectionError("gone")])])
    assert translated(both) is trouble
    assert translated(ExceptionGroup("tasks", [trouble, KeyError("a bug")])) is None


async def test_a_wrong_token_ends_the_bot_with_one_sentence(
    sora_process: Processes, tmp_path: Path
) -> None:
    env = {"SORA_DATA": str(tmp_path / "data"), "SORA_PORT": "8961"}
    assert await sora_process.start("-m", "bot", "migrate", env=env).ends() == 0
    async with Discord() as double:
        env |= {"SORA_DISCORD_TOKEN": "canary", "SORA_DISCORD_API": double.api[: -len("/api/v10")]}
        bot = sora_process.start("-m", "bot", "bot", "--shards", "0/1", env=env)
        assert await bot.ends() == 1
    assert "Discord doesn't accept SORA_DISCORD_TOKEN; copy it again" in bot.said()
    assert "Traceback" not in bot.said()
    assert "canary" not in bot.said()


async def test_shards_that_make_no_sense_start_nothing(sora_process: Processes) -> None:
    bot = sora_process.start("-m", "bot", "bot", "--shards", "4/4")
    assert await bot.ends() == 2
    assert bot.said().strip().splitlines() == [
        "--shards is like 0-3/16 or 5/16: which of how many, counted from 0; not “4/4”."
    ]
