"""A small discord.py client for tests of the double itself: `running(double)` here, or as a process
with `python -m tests.doubles.discord_bot <api> <gateway> <token>`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from typing import Any

import discord
import yarl
from discord import app_commands, ui
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.doubles.on_discord import Discord


class Card(ui.LayoutView):
    """A picture, a text and a button."""

    def __init__(self, picture: str, text: str) -> None:
        super().__init__(timeout=None)
        box: ui.Container[Card] = ui.Container(accent_colour=0x336699)
        box.add_item(ui.TextDisplay(text))
        box.add_item(ui.MediaGallery(discord.MediaGalleryItem(picture, description="a clip")))
        row: ui.ActionRow[Card] = ui.ActionRow()
        row.add_item(ui.Button(label="Good", custom_id="good:1", style=discord.ButtonStyle.green))
        box.add_item(row)
        self.add_item(box)


class Form(ui.Modal, title="A wish"):
    prompt: ui.TextInput[Form] = ui.TextInput(label="Prompt", custom_id="prompt", max_length=100)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"heard {self.prompt.value}", ephemeral=True)


class Bot(discord.AutoShardedClient):
    """Writes down what it hears, and answers a few commands."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("intents", discord.Intents.default())
        super().__init__(guild_ready_timeout=0.05, **options)
        self.heard: list[Any] = []
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(_hello)
        self.tree.add_command(_draw)
        self.tree.add_command(_show)
        self.tree.add_command(_ask)
        self.tree.add_command(_Studio(name="studio", description="The studio"))
        self.tree.add_command(app_commands.ContextMenu(name="Describe", callback=_describe))

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Discord wants five seconds between shards; the double doesn't."""

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        self.heard.append(("add", event.user_id, str(event.emoji)))

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        self.heard.append(("remove", event.user_id, str(event.emoji)))

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(("message", message.author.id, message.content))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        custom_id = data.get("custom_id")
        if interaction.type is discord.InteractionType.component and custom_id == "good:1":
            assert interaction.message is not None
            await interaction.response.send_message(f"thanks for {custom_id}", ephemeral=True)


@app_commands.command(name="hello")
@app_commands.describe(name="Whom to greet")
async def _hello(interaction: discord.Interaction, name: str, times: int = 1) -> None:
    """Say hello."""
    await interaction.response.send_message(f"hello {name} ×{times}", ephemeral=True)


@_hello.autocomplete("name")
async def _names(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=typed.title(), value=typed)]


@app_commands.command(name="draw")
@app_commands.describe(text="What")
async def _draw(interaction: discord.Interaction, text: str) -> None:
    """Draw, which takes a while."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    file = discord.File(BytesIO(b"\x89PNG clip"), "clip.png")
    view = Card("attachment://clip.png", f"**{text}**")
    await interaction.edit_original_response(view=view, attachments=[file])
    await interaction.followup.send("and more", ephemeral=True)


@app_commands.command(name="show")
@app_commands.describe(picture="What")
async def _show(interaction: discord.Interaction, picture: discord.Attachment) -> None:
    """Give back what was uploaded."""
    data = await picture.read()
    await interaction.response.send_message(f"{picture.filename} {len(data)} {data[:4]!r}")


@app_commands.command(name="ask")
async def _ask(interaction: discord.Interaction) -> None:
    """Open a form."""
    await interaction.response.send_modal(Form())


class _Studio(app_commands.Group):
    @app_commands.command(name="setup")
    @app_commands.describe(room="Where")
    async def setup(self, interaction: discord.Interaction, room: discord.TextChannel) -> None:
        """Set up."""
        may = interaction.permissions.manage_guild
        await interaction.response.send_message(f"{room.name} {may}", ephemeral=True)


async def _describe(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"it says {message.content}", ephemeral=True)


@asynccontextmanager
async def running(double: Discord, **options: Any) -> AsyncIterator[Bot]:
    """The client on the double, ready; the library's two addresses are put back afterwards."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = double.api, yarl.URL(double.gateway)
    bot = Bot(**options)
    task = asyncio.create_task(bot.start(double.token))
    try:
        ready = asyncio.create_task(_ready(bot))
        await asyncio.wait({task, ready}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield bot
    finally:
        await bot.close()
        with suppress(asyncio.CancelledError):
            await task
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


async def _ready(bot: Bot) -> None:
    while not bot.is_ready():
        await asyncio.sleep(0.005)


if __name__ == "__main__":
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = sys.argv[1], yarl.URL(sys.argv[2])
    asyncio.run(Bot().start(sys.argv[3]))
