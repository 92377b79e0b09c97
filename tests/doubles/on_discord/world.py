"""The state behind both doors, REST and gateway: everything that this Discord knows."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from tests.doubles.on_discord import errors, intents, payloads, permissions
from tests.doubles.on_discord.clock import EPOCH, Clock, made_at
from tests.doubles.on_discord.interactions import Interaction
from tests.doubles.on_discord.messages import Attachment, Message, Upload
from tests.doubles.on_discord.model import DM, MIB, PRIVATE_THREAD, Channel, Guild, Role, User

Json = dict[str, Any]
DAY = 24 * 60 * 60


class World:
    """Arranged by the test, changed by both sides; it knows nothing of sockets."""

    def __init__(self, *, token: str = "test-token", answer_within: float = 3.0) -> None:
        self.clock = Clock()
        self.token = token
        self.answer_within = answer_within
        self.token_life = 15 * 60.0
        self.request_limit = 25 * MIB
        self.nonce_life = 5 * 60.0
        # Discord names no figure; others have measured about this, for each channel.
        self.old_edits: tuple[int, float] = (3, 20.0)
        self.old_edited: dict[int, list[float]] = {}
        self.cdn = ""
        self.gateway_url = ""
        self.shards = 1
        self.app_id = self.clock.new_id()
        self.users: dict[int, User] = {}
        self.bot = self.user("Studio Bot", bot=True)
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.commands: dict[int, Json] = {}
        self.guild_commands: dict[int, dict[int, Json]] = {}
        self.interactions: list[Interaction] = []
        self.by_token: dict[str, Interaction] = {}
        self.app_emojis: dict[int, Json] = {}
        self.blobs: dict[str, tuple[bytes, str]] = {}
        self._dms: dict[int, Channel] = {}
        # Made a year ago, one a millisecond, from a multiple of every small number of shards.
        self._first_guild = int((self.clock.time() - 365 * DAY - EPOCH) * 1000) // 5040 * 5040
        self._guilds_made = -1
        self.listeners: list[Callable[[str, Json, Guild | None, int, Json | None], None]] = []

    # ── arrange ──────────────────────────────────────────────────────────────────────────

    def guild(
        self,
        name: str = "Guild",
        *,
        premium_tier: int = 0,
        bot_permissions: Iterable[str] = permissions.BOT,
    ) -> Guild:
        """A guild with the bot in it. One after the other they belong to one shard after the other."""
        owner = self.user(f"Owner of {name}")
        made = Guild(self, self._guild_id(), name, premium_tier, owner, self.clock.now())
        made.everyone = Role(made.id, made, "@everyone", permissions.bits(permissions.EVERYONE))
        bots = Role(
            self.clock.new_id(), made, self.bot.name, permissions.bits(bot_permissions), True
        )
        made.roles[bots.id] = bots
        made.members = {owner.id: [], self.bot.id: [bots]}
        self.guilds[made.id] = made
        joined = payloads.guild_create(made)
        del joined["unavailable"]  # as with a guild that is new to the bot: discord.py's guild_join
        self.emit("GUILD_CREATE", joined, made, intents.GUILDS)
        return made

    def user(self, name: str, *, bot: bool = False) -> User:
        made = User(self, self.clock.new_id(), name, bot)
        self.users[made.id] = made
        return made

    def dm(self, user: User) -> Channel:
        """The bot's conversation with this person."""
        if user.id not in self._dms:
            made = Channel(self, self.clock.new_id(), user.name, type=DM, recipient=user)
            self._dms[user.id] = self.channels[made.id] = made
        return self._dms[user.id]

    def later(self, **by: float) -> None:
        """Move the double's clock on: `later(minutes=16)` makes every token of before invalid."""
        self.clock.later(**by)

    def picture(self, name: str, data: bytes, content_type: str = "image/png") -> str:
        """Put something on the CDN that nobody posted; its URL."""
        path = f"pictures/{self.clock.new_id()}/{name}"
        self.blobs[path] = (data, content_type)
        return f"{self.cdn}/{path}"

    # ── what both doors share ────────────────────────────────────────────────────────────

    def emit(
        self,
        event: str,
        data: Json,
        guild: Guild | None = None,
        intent: int = 0,
        bare: Json | None = None,
    ) -> None:
        """Tell the bot; `bare` is what it is told when it may not read messages' content."""
        for listener in self.listeners:
            listener(event, data, guild, intent, bare)

    def emit_message(self, event: str, message: Message) -> None:
        if message.ephemeral:
            return
        guild = message.channel.guild
        open_to_bot = guild is None or message.author is self.bot or self.bot.id in message.mentions
        self.emit(
            event,
            payloads.message_event(message),
            guild,
            intents.GUILD_MESSAGES if guild else intents.DM_MESSAGES,
            None if open_to_bot else payloads.bare_event(message),
        )

    def post(self, message: Message) -> Message:
        """Into its channel, and told to everybody; nobody is told what only one person may see."""
        if not message.ephemeral:
            message.channel.history.append(message)
            self.emit_message("MESSAGE_CREATE", message)
        return message

    def delete(self, message: Message) -> None:
        message.deleted = True
        if not message.ephemeral:
            guild = message.channel.guild
            data: Json = {"id": str(message.id), "channel_id": str(message.channel.id)}
            if guild:
                data["guild_id"] = str(guild.id)
            intent = intents.GUILD_MESSAGES if guild else intents.DM_MESSAGES
            self.emit("MESSAGE_DELETE", data, guild, intent)

    def emit_reaction(self, event: str, message: Message, user: User, emoji: Json) -> None:
        guild = message.channel.guild
        data: Json = {
            "user_id": str(user.id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "emoji": emoji,
            "burst": False,
            "type": 0,
        }
        if guild:
            data["guild_id"] = str(guild.id)
        if event == "MESSAGE_REACTION_ADD":
            data |= {"message_author_id": str(message.author.id), "burst_colors": []}
            if guild and user.id in guild.members:
                data["member"] = payloads.member(user, guild)
        self.emit(event, data, guild, intents.GUILD_REACTIONS if guild else intents.DM_REACTIONS)

    def attach(self, channel: Channel, file: Upload, description: str | None = None) -> Attachment:
        number = self.clock.new_id()
        # Discord keeps only what is safe in a URL, and a bot that compares names must know.
        name = safe(file.filename)
        path = f"attachments/{channel.id}/{number}/{name}"
        self.blobs[path] = (file.data, file.type)
        size = _png_size(file.data)
        return Attachment(number, name, file.data, file.type, path, description, size)

    def cdn_url(self, path: str) -> str:
        """Signed, and good for a day: whoever keeps one finds it dead."""
        issued = int(self.clock.time())
        mark = hashlib.sha256(f"{path}{issued}".encode()).hexdigest()
        return f"{self.cdn}/{path}?ex={issued + DAY:x}&is={issued:x}&hm={mark}&"

    def made(self, snowflake: int) -> datetime:
        return datetime.fromtimestamp(made_at(snowflake), UTC)

    def find_channel(self, channel_id: int) -> Channel:
        channel = self.channels.get(channel_id)
        if channel is None or channel.deleted:
            raise errors.unknown("channel")
        if channel.guild and channel.guild.id not in self.guilds:
            raise errors.missing_access()
        return channel

    def need(self, channel: Channel, *names: str) -> None:
        """Refuse as Discord does what the bot may not do in this channel."""
        have = channel.may(self.bot)
        closed = channel.type == PRIVATE_THREAD and self.bot.id not in channel.joined
        if not have & permissions.BITS["view_channel"] or (
            closed and not have & permissions.BITS["manage_threads"]
        ):
            raise errors.missing_access()
        wanted = permissions.bits(names)
        if have & wanted != wanted:
            raise errors.missing_permissions()

    def find_message(self, channel: Channel, message_id: int) -> Message:
        for message in reversed(channel.history):
            if message.id == message_id and not message.deleted:
                return message
        raise errors.unknown("message")

    def _guild_id(self) -> int:
        self._guilds_made += 1
        return (self._first_guild + self._guilds_made) << 22


def safe(filename: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in filename)


def _png_size(data: bytes) -> tuple[int, int] | None:
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)
