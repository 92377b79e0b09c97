"""A double of Discord over real sockets: REST, gateway and CDN on a port of this machine.

    async with Discord(shards=2) as discord:
        guild = discord.guild("Studio", premium_tier=2)
        room = guild.channel("clips")
        ada = guild.member("Ada", permissions=["manage_guild"])

        bot = ...  # a process with SORA_DISCORD_API=discord.url, SORA_DISCORD_TOKEN=discord.token
        await discord.connected()
        await discord.synced("sora")

        asked = await ada.slash(room, "sora", prompt="a red circle")
        await asked.answered(within=3)
        assert asked.ephemeral
        await asked.finished()
        assert "red circle" in asked.original.text()

        await discord.until(lambda: room.messages)
        await ada.click(room.last, "approve:1")
        await ada.react(room.last, "👍")

        discord.faults.next("POST", "/channels/*/messages", status=429, retry_after=0.1)
        await discord.faults.drop_gateway()
        discord.later(minutes=16)  # every interaction token so far is dead
        assert not discord.violations

Another client of discord.py is pointed at it before it is made:

    discord.http.Route.BASE = double.api
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(double.gateway)

What a person sees of a message is in `message.text()`, `.buttons()`, `.custom_ids()`,
`.attachments` (with their bytes) and `.reactions` (emoji to user ids). What only one person sees is
not in `channel.messages` but in `interaction.original` and `interaction.followups`.
"""

from tests.doubles.on_discord.interactions import Interaction
from tests.doubles.on_discord.messages import Attachment, Button, Message, Upload
from tests.doubles.on_discord.model import Channel, Guild, Role, User
from tests.doubles.on_discord.rest import Request
from tests.doubles.on_discord.service import Discord

__all__ = [
    "Attachment",
    "Button",
    "Channel",
    "Discord",
    "Guild",
    "Interaction",
    "Message",
    "Request",
    "Role",
    "Upload",
    "User",
]
