"""What there is in this Discord: guilds, channels, roles and people, as a test arranges them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.doubles.on_discord import acts, intents, payloads, permissions
from tests.doubles.on_discord.messages import Message, Upload

if TYPE_CHECKING:
    from tests.doubles.on_discord.interactions import Interaction
    from tests.doubles.on_discord.world import World

TEXT, DM, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 11, 12
MIB = 1024 * 1024
FILE_LIMITS = {0: 10 * MIB, 1: 10 * MIB, 2: 50 * MIB, 3: 100 * MIB}
"""The largest single file, by a guild's level of boosts."""


@dataclass(eq=False, repr=False)
class Role:
    id: int
    guild: Guild
    name: str
    permissions: int
    managed: bool = False

    def __repr__(self) -> str:
        return f"@{self.name}"


@dataclass(eq=False, repr=False)
class Guild:
    """A server, as people call it. Its owner is a person of its own, and may everything."""

    world: World
    id: int
    name: str
    premium_tier: int
    owner: User
    joined: datetime
    everyone: Role = field(init=False)
    roles: dict[int, Role] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    threads: dict[int, Channel] = field(default_factory=dict)
    members: dict[int, list[Role]] = field(default_factory=dict)
    file_limit: int = 0

    def __repr__(self) -> str:
        return f"<guild {self.name!r} {self.id}>"

    def __post_init__(self) -> None:
        self.file_limit = self.file_limit or FILE_LIMITS[self.premium_tier]

    def channel(self, name: str, **more: Any) -> Channel:
        made = Channel(self.world, self.world.clock.new_id(), name, self, **more)
        self.channels[made.id] = self.world.channels[made.id] = made
        self.world.emit("CHANNEL_CREATE", payloads.channel(made), self, intents.GUILDS)
        return made

    def role(self, name: str, permissions: Iterable[str] = (), *, managed: bool = False) -> Role:
        return self.add_role(name, bits(permissions), managed=managed)

    def add_role(self, name: str, mask: int, *, managed: bool = False) -> Role:
        made = Role(self.world.clock.new_id(), self, name, mask, managed)
        self.roles[made.id] = made
        data = {"guild_id": str(self.id), "role": payloads.role(made)}
        self.world.emit("GUILD_ROLE_CREATE", data, self, intents.GUILDS)
        return made

    def member(
        self, name: str | User, roles: Iterable[Role] = (), permissions: Iterable[str] = ()
    ) -> User:
        """A new person in this guild, or one who is in others already."""
        user = self.world.user(name) if isinstance(name, str) else name
        own = [self.role(f"{user.name}'s", permissions)] if permissions else []
        self.members[user.id] = [*roles, *own]
        data = payloads.member(user, self) | {"guild_id": str(self.id)}
        self.world.emit("GUILD_MEMBER_ADD", data, self, intents.GUILD_MEMBERS)
        return user

    def give(self, user: User, *roles: Role) -> None:
        self.set_roles(user, [*self.members[user.id], *roles])

    def take(self, user: User, *roles: Role) -> None:
        self.set_roles(user, [role for role in self.members[user.id] if role not in roles])

    def set_roles(self, user: User, roles: list[Role]) -> None:
        self.members[user.id] = list(dict.fromkeys(roles))
        data = payloads.member(user, self) | {"guild_id": str(self.id)}
        mine = user is self.world.bot
        self.world.emit("GUILD_MEMBER_UPDATE", data, self, 0 if mine else intents.GUILD_MEMBERS)

    def roles_of(self, user: User) -> list[Role]:
        return self.members.get(user.id, [])

    def loses(self, user: User) -> None:
        """The person leaves; if it's the bot, it is thrown out."""
        del self.members[user.id]
        if user is self.world.bot:
            data: dict[str, Any] = {"id": str(self.id)}
            self.world.emit("GUILD_DELETE", data, self, intents.GUILDS)
            del self.world.guilds[self.id]
        else:
            data = {"guild_id": str(self.id), "user": payloads.user(user)}
            self.world.emit("GUILD_MEMBER_REMOVE", data, self, intents.GUILD_MEMBERS)


@dataclass(eq=False, repr=False)
class Channel:
    """A text channel, a thread (it has a parent), or a conversation with one person."""

    world: World
    id: int
    name: str
    guild: Guild | None = None
    type: int = TEXT
    parent: Channel | None = None
    recipient: User | None = None
    topic: str | None = None
    nsfw: bool = False
    owner: User | None = None
    archived: bool = False
    locked: bool = False
    auto_archive: int = 4320
    invitable: bool = True
    deleted: bool = False
    overwrites: dict[int, tuple[int, int]] = field(default_factory=dict)
    joined: dict[int, datetime] = field(default_factory=dict)
    history: list[Message] = field(default_factory=list)
    """All that was ever posted here, in order, what was deleted too."""

    def __repr__(self) -> str:
        return f"<{'dm with ' if self.recipient else '#'}{self.name} {self.id}>"

    @property
    def messages(self) -> list[Message]:
        return [message for message in self.history if not message.deleted]

    @property
    def last(self) -> Message:
        return self.messages[-1]

    @property
    def threads(self) -> list[Channel]:
        threads = self.guild.threads.values() if self.guild else ()
        return [thread for thread in threads if thread.parent is self and not thread.deleted]

    @property
    def members(self) -> list[User]:
        """Who has joined this thread."""
        return [self.world.users[user_id] for user_id in self.joined]

    @property
    def file_limit(self) -> int:
        return self.guild.file_limit if self.guild else FILE_LIMITS[0]

    def allow(self, target: User | Role, *names: str) -> None:
        allow, deny = self.overwrites.get(target.id, (0, 0))
        self.overwrite(target.id, allow | bits(names), deny & ~bits(names))

    def deny(self, target: User | Role, *names: str) -> None:
        allow, deny = self.overwrites.get(target.id, (0, 0))
        self.overwrite(target.id, allow & ~bits(names), deny | bits(names))

    def deny_bot(self, *names: str) -> None:
        self.deny(self.world.bot, *names)

    def overwrite(self, target_id: int, allow: int, deny: int) -> None:
        self.overwrites[target_id] = (allow, deny)
        self.changed()

    def changed(self) -> None:
        event = "THREAD_UPDATE" if self.parent else "CHANNEL_UPDATE"
        self.world.emit(event, payloads.channel(self), self.guild, intents.GUILDS)

    def delete(self) -> None:
        """Somebody deletes the whole channel, as happens."""
        self.deleted = True
        event = "THREAD_DELETE" if self.parent else "CHANNEL_DELETE"
        self.world.emit(event, payloads.channel(self), self.guild, intents.GUILDS)
        if self.guild:
            self.guild.channels.pop(self.id, None)
            self.guild.threads.pop(self.id, None)

    def may(self, user: User) -> int:
        """The permissions of this person here."""
        if self.guild is None:
            return bits((*permissions.EVERYONE, "attach_files"))
        return permissions.of(user, self.guild, self)


@dataclass(eq=False, repr=False)
class User:
    """A person, or the bot. People act; what they do reaches the bot as Discord would tell it."""

    world: World
    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    dms_closed: bool = False

    def __repr__(self) -> str:
        return f"<{self.name} {self.id}>"

    @property
    def dm(self) -> Channel:
        return self.world.dm(self)

    def close_dms(self, closed: bool = True) -> None:
        self.dms_closed = closed

    async def slash(self, channel: Channel, *path: str, **options: Any) -> Interaction:
        """Use a command: `slash(channel, "studio", "setup", room=other)`; files are Uploads."""
        return acts.slash(self, channel, path, options)

    async def autocomplete(
        self, channel: Channel, *path: str, focused: str, **options: Any
    ) -> Interaction:
        """Type into an option; the answer's `choices` are what the person is shown."""
        return acts.slash(self, channel, path, options, focused=focused)

    async def click(
        self, message: Message, custom_id: str | None = None, *, label: str | None = None
    ) -> Interaction:
        return acts.click(self, message, custom_id, label)

    async def select(self, message: Message, custom_id: str, values: list[Any]) -> Interaction:
        return acts.select(self, message, custom_id, values)

    async def submit_modal(self, opened_by: Interaction, values: Mapping[str, Any]) -> Interaction:
        """Fill the form that this interaction was answered with, by custom_id, and send it."""
        return acts.submit(self, opened_by, values)

    async def message_menu(self, message: Message, name: str) -> Interaction:
        return acts.message_menu(self, message, name)

    async def user_menu(self, channel: Channel, target: User, name: str) -> Interaction:
        return acts.user_menu(self, channel, target, name)

    async def react(self, message: Message, emoji: str) -> None:
        acts.react(self, message, emoji)

    async def unreact(self, message: Message, emoji: str) -> None:
        acts.unreact(self, message, emoji)

    async def send(
        self, channel: Channel, content: str = "", files: Iterable[Upload] = ()
    ) -> Message:
        return acts.send(self, channel, content, files)

    async def delete(self, message: Message) -> None:
        """Delete a message, one's own or as a moderator."""
        acts.delete(message)


def bits(names: Iterable[str]) -> int:
    return permissions.bits(names)
