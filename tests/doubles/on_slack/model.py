"""What there is in this Slack: workspaces, channels and groups, as a test arranges them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack import events, payloads
from tests.doubles.on_slack.messages import Message
from tests.doubles.on_slack.people import User

if TYPE_CHECKING:
    from tests.doubles.on_slack.acts import Act
    from tests.doubles.on_slack.world import World

PUBLIC, PRIVATE, DM = "public", "private", "im"


@dataclass(eq=False, repr=False)
class Team:
    """A workspace. The app is in it unless said otherwise; its owner is a person of its own."""

    world: World
    id: str
    name: str
    domain: str
    paid: bool
    """Only those have user groups."""
    bot_id: str
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    owner: User = field(init=False)
    bot: User = field(init=False)
    """The app's own user here."""
    bot_token: str = ""
    scopes: set[str] = field(default_factory=set)
    refusal: str = "invalid_auth"
    """What a call with its token is answered once the app is gone."""
    installed: bool = False

    def __repr__(self) -> str:
        return f"<team {self.name!r} {self.id}>"

    def __post_init__(self) -> None:
        self.owner = self._add(f"Owner of {self.name}", admin=True, owner=True)
        self.bot = self._add(self.world.app_name, bot=True, deactivated=True)

    # ── arrange ──────────────────────────────────────────────────────────────────────────

    def user(self, name: str, **more: Any) -> User:
        """A new person; more are display_name, real_name, email, tz, locale, admin, owner, guest
        (True, or "single" for a single-channel guest), deactivated and bot. Guests are in the
        channels that they are invited to only."""
        made = self._add(name, **more)
        if not (made.guest or made.deactivated or made.bot):
            self.emit({"type": "team_join", "user": payloads.user(made)})
        return made

    def channel(
        self,
        name: str,
        *,
        private: bool = False,
        bot: bool = True,
        members: Iterable[User] | None = None,
        archived: bool = False,
    ) -> Channel:
        """With the bot in it unless said otherwise; and with everybody but guests."""
        everyone = [u for u in self.users.values() if not (u.bot or u.guest or u.deactivated)]
        prefix = "C"  # since 2021 private channels have it too
        kind = PRIVATE if private else PUBLIC
        made = Channel(self.world, self.world.clock.id(prefix), name, self, kind, archived=archived)
        made.members = [*(everyone if members is None else members)]
        made.members += [self.bot] if bot else []
        self.channels[made.id] = made
        return made

    def group(self, handle: str, members: Iterable[User], name: str = "") -> Group:
        """A user group, which free workspaces have not."""
        made = Group(self.world.clock.id("S"), self, handle, name or handle, list(members))
        self.groups[made.id] = made
        return made

    def dm(self, user: User) -> Channel:
        """The bot's conversation with this person."""
        for channel in self.channels.values():
            if channel.kind == DM and user in channel.members:
                return channel
        made = Channel(self.world, self.world.clock.id("D"), user.name, self, DM)
        made.members = [user, self.bot]
        self.channels[made.id] = made
        return made

    # ── the app here ─────────────────────────────────────────────────────────────────────

    def install(self, scopes: Iterable[str] | None = None) -> str:
        """Give the app a token with these scopes, as OAuth does; a former one stays as it is."""
        self.scopes = set(self.world.scopes if scopes is None else scopes)
        if not self.installed or not self.bot_token:
            self.bot_token = self.world.new_token(self)
        self.installed, self.bot.deactivated = True, False
        return self.bot_token

    async def uninstall(self, error: str = "account_inactive") -> list[Act]:
        """Somebody throws the app out: its token is dead, and it is told in two events."""
        told = [
            self.emit({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot.id]}}),
            self.emit({"type": "app_uninstalled"}),
        ]
        self.revoke(error)
        for channel in self.channels.values():
            if channel.kind != DM:
                channel.members = [m for m in channel.members if m is not self.bot]
        return [act for act in told if act]

    def revoke(self, error: str = "token_revoked") -> None:
        """From now on every call is answered with this, and nothing is told."""
        self.installed, self.bot.deactivated, self.refusal = False, True, error

    def emit(self, event: dict[str, Any], channel: Channel | None = None) -> Act | None:
        return events.emit(self, event, channel)

    def _add(self, name: str, **more: Any) -> User:
        made = User(self, self.world.clock.id("U"), name, **more)
        self.users[made.id] = made
        return made


@dataclass(eq=False)
class Group:
    id: str
    team: Team
    handle: str
    name: str
    members: list[User] = field(repr=False)
    disabled: bool = False


@dataclass(eq=False, repr=False)
class Channel:
    """A public or private channel, or the bot's conversation with one person."""

    world: World
    id: str
    name: str
    team: Team
    kind: str = PUBLIC
    members: list[User] = field(default_factory=list)
    archived: bool = False
    deleted: bool = False
    read_only: bool = False
    """Only admins may post."""
    history: list[Message] = field(default_factory=list)
    """All that was ever said here, in order: replies and what was deleted too."""

    def __repr__(self) -> str:
        return f"<{'dm with ' if self.kind == DM else '#'}{self.name} {self.id}>"

    @property
    def messages(self) -> list[Message]:
        """What stands in the channel itself, without threads."""
        return [m for m in self.history if not m.deleted and (not m.is_reply or m.broadcast)]

    @property
    def last(self) -> Message:
        return self.messages[-1]

    @property
    def private(self) -> bool:
        return self.kind != PUBLIC

    @property
    def shown_name(self) -> str:
        """As payloads name it: those of private channels are kept from the app."""
        return {PRIVATE: "privategroup", DM: "directmessage"}.get(self.kind, self.name)

    @property
    def has_bot(self) -> bool:
        return self.team.bot in self.members

    def message(self, ts: str) -> Message | None:
        return next((m for m in self.history if m.ts == ts and not m.deleted), None)

    def invite(self, *users: User) -> None:
        for user in users:
            if user not in self.members:
                self.members.append(user)
                self._tell("member_joined_channel", user)

    def invite_bot(self) -> None:
        self.invite(self.team.bot)

    def remove(self, user: User) -> None:
        """Somebody leaves or is thrown out; of itself the bot is told in another event."""
        if user is self.team.bot:
            kind = "group_left" if self.private else "channel_left"
            event = {"type": kind, "channel": self.id, "actor_id": self.team.owner.id}
            self.team.emit(event, self)
        else:
            self._tell("member_left_channel", user)
        self.members.remove(user)

    def remove_bot(self) -> None:
        self.remove(self.team.bot)

    def archive(self) -> None:
        event = {"type": "group_archive" if self.private else "channel_archive"}
        self.team.emit(event | {"channel": self.id, "user": self.team.owner.id}, self)
        self.archived = True

    def delete(self) -> None:
        """Somebody deletes the whole channel, as happens."""
        kind = "group_deleted" if self.private else "channel_deleted"
        self.team.emit({"type": kind, "channel": self.id}, self)
        self.deleted = True
        self.team.channels.pop(self.id, None)

    def _tell(self, kind: str, user: User) -> None:
        event = {"type": kind, "user": user.id, "channel": self.id, "team": self.team.id}
        event["channel_type"] = "G" if self.private else "C"
        self.team.emit(event, self)
