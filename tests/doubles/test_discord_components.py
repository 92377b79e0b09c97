"""Menus, forms and cards that change, through the double."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import discord
import pytest
from discord import ui

from tests.doubles.discord_bot import Bot, running
from tests.doubles.on_discord import Channel, Discord, Guild, Upload, User

Answer = Callable[[discord.Interaction], Coroutine[Any, Any, Any]]


@pytest.fixture
async def double() -> AsyncIterator[Discord]:
    async with Discord() as double:
        yield double
        assert not double.violations


@pytest.fixture
def guild(double: Discord) -> Guild:
    return double.guild("Studio")


@pytest.fixture
def room(guild: Guild) -> Channel:
    return guild.channel("room")


@pytest.fixture
def ada(guild: Guild) -> User:
    return guild.member("Ada")


@pytest.fixture
async def bot(double: Discord, room: Channel, ada: User) -> AsyncIterator[Bot]:
    async with running(double) as bot:
        yield bot


class Menus(ui.LayoutView):
    """A button, a menu of words and one of people; each answers as it is told."""

    def __init__(self, answer: Answer, people: Answer | None = None) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.TextDisplay("pick"))
        button: ui.Button[Menus] = ui.Button(label="Press", custom_id="press")
        words: ui.Select[Menus] = ui.Select(
            custom_id="words", options=[discord.SelectOption(label=w) for w in ("one", "two")]
        )
        persons: ui.UserSelect[Menus] = ui.UserSelect(custom_id="people", max_values=2)
        for item in (button, words, persons):
            item.callback = answer  # type: ignore[assignment, method-assign]
            row: ui.ActionRow[Menus] = ui.ActionRow(item)
            self.add_item(row)


async def posted(bot: Bot, room: Channel, answer: Answer) -> None:
    channel = bot.get_channel(room.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send(view=Menus(answer))


async def test_menus_of_words_and_of_people(
    guild: Guild, room: Channel, ada: User, bot: Bot
) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        names = [u["global_name"] for u in data.get("resolved", {}).get("users", {}).values()]
        await interaction.response.send_message(f"{data['values']} {names}", ephemeral=True)

    await posted(bot, room, answer)
    picked = await (await ada.select(room.last, "words", ["two"])).answered()
    assert picked.text() == "['two'] []"
    bo = guild.member("Bo")
    picked = await (await ada.select(room.last, "people", [ada, bo])).answered()
    assert picked.text() == f"['{ada.id}', '{bo.id}'] ['Ada', 'Bo']"
    with pytest.raises(AssertionError, match="not among"):
        await ada.select(room.last, "words", ["three"])
    with pytest.raises(AssertionError, match="no button"):
        await ada.click(room.last, "elsewhere")


async def test_a_card_changes_in_place(room: Channel, ada: User, bot: Bot) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        view = ui.LayoutView()
        view.add_item(ui.TextDisplay("done"))
        await interaction.response.edit_message(view=view)

    await posted(bot, room, answer)
    pressed = await (await ada.click(room.last, label="Press")).answered()
    assert pressed.original is room.last
    assert room.last.text() == "done"
    assert not room.last.buttons()
    assert not pressed.messages


async def test_a_card_changes_later(room: Channel, ada: User, bot: Bot) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        view = ui.LayoutView()
        view.add_item(ui.TextDisplay("done"))
        await interaction.edit_original_response(view=view)
        await interaction.followup.send("and so", ephemeral=True)

    await posted(bot, room, answer)
    pressed = await (await ada.click(room.last, "press")).answered()
    assert pressed.deferred
    (said,) = await pressed.followed_up()
    assert said.ephemeral
    assert room.last.text() == "done"


async def test_the_first_follow_up_to_a_deferral_is_its_answer(
    room: Channel, ada: User, bot: Bot
) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)
        await interaction.followup.send("at last")

    await posted(bot, room, answer)
    pressed = await (await ada.click(room.last, "press")).finished()
    assert pressed.original is not None
    assert pressed.original.ephemeral
    assert pressed.text() == "at last"
    assert not pressed.followups


class Long(ui.Modal, title="All of it"):
    about: ui.TextDisplay[Any] = ui.TextDisplay("Say all.")
    why: ui.Label[Long] = ui.Label(text="Why", component=ui.TextInput(custom_id="why"))
    kind: ui.Label[Long] = ui.Label(
        text="Kind",
        component=ui.Select(
            custom_id="kind", options=[discord.SelectOption(label=w) for w in ("a", "b")]
        ),
    )
    file: ui.Label[Long] = ui.Label(text="File", component=ui.FileUpload(custom_id="file"))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        why, kind, file = (label.component for label in (self.why, self.kind, self.file))
        assert isinstance(why, ui.TextInput)
        assert isinstance(kind, ui.Select)
        assert isinstance(file, ui.FileUpload)
        data = await file.values[0].read()
        await interaction.response.send_message(f"{why.value} {kind.values} {data!r}")


async def test_a_long_form(room: Channel, ada: User, bot: Bot) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Long())

    await posted(bot, room, answer)
    opened = await (await ada.click(room.last, "press")).answered()
    with pytest.raises(AssertionError, match="required"):
        await ada.submit_modal(opened, {"why": "so"})
    values = {"why": "so", "kind": ["b"], "file": [Upload("a.txt", b"data")]}
    sent = await (await ada.submit_modal(opened, values)).answered()
    assert sent.text() == "so ['b'] b'data'"
    assert sent.message is opened.message


async def test_a_refused_answer_says_why(
    double: Discord, room: Channel, ada: User, bot: Bot
) -> None:
    async def answer(interaction: discord.Interaction) -> None:
        with pytest.raises(discord.HTTPException):
            await interaction.response.send_message("x" * 2001)

    await posted(bot, room, answer)
    pressed = await ada.click(room.last, "press")
    with pytest.raises(AssertionError, match="50035"):
        await pressed.answered(within=0.3)
    assert all("data/content: " in violation for violation in double.violations)
    double.violations.clear()


async def test_only_its_person_uses_an_ephemeral_card(
    guild: Guild, room: Channel, ada: User, bot: Bot
) -> None:
    drawn = await (await ada.slash(room, "draw", text="a cat")).finished()
    assert drawn.original is not None
    with pytest.raises(AssertionError, match="can't see"):
        await guild.member("Bo").click(drawn.original, "good:1")
