"""What a person asked of the bot, and all that the bot answered."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.doubles.on_discord import payloads
from tests.doubles.on_discord.messages import EPHEMERAL, Message

if TYPE_CHECKING:
    from tests.doubles.on_discord.model import Channel, User
    from tests.doubles.on_discord.world import World

Json = dict[str, Any]

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9


@dataclass(eq=False, repr=False)
class Interaction:
    """Sent to the bot already. Times are monotonic, so that a test measures what a person waits."""

    world: World
    id: int
    type: int
    user: User
    channel: Channel
    data: Json
    message: Message | None = None
    """Whose button or menu it was."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    sent_at: float = field(default_factory=time.monotonic)
    answered_at: float | None = None
    finished_at: float | None = None
    """When its deferred answer got its content; else when it was answered."""
    response_type: int | None = None
    flags: int = 0
    original: Message | None = None
    """The answer as it stands now: also the edited source message, after an update."""
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    refusals: list[Json] = field(default_factory=list)
    """Answers that Discord did not take, and why."""
    made: float = 0.0
    """On the double's clock: from then on the token lives."""

    def __repr__(self) -> str:
        asked = self.data.get("name") or self.data.get("custom_id")
        state = f"answered with {self.response_type}" if self.response_type else "unanswered"
        return f"<{asked!r} by {self.user.name}, {state}>"

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def deferred(self) -> bool:
        return self.response_type in (DEFER, DEFER_UPDATE)

    @property
    def expired(self) -> bool:
        return self.world.clock.time() > self.made + self.world.token_life

    @property
    def took(self) -> float:
        """Seconds until the first answer."""
        assert self.answered_at is not None, f"{self} has no answer"
        return self.answered_at - self.sent_at

    @property
    def messages(self) -> list[Message]:
        """All that was said in answer and still stands."""
        first = [self.original] if self.original and self.original is not self.message else []
        return [m for m in (*first, *self.followups) if not m.deleted]

    def text(self) -> str:
        return "\n".join(message.text() for message in self.messages)

    async def answered(self, within: float = 3.0) -> Interaction:
        """Wait for the first answer, deferral or not: Discord gives it three seconds."""
        await self._until(lambda: self.answered_at is not None, within, "answer")
        return self

    async def finished(self, within: float = 60.0) -> Interaction:
        """Wait until nothing is “thinking” any more."""
        await self._until(lambda: self.finished_at is not None, within, "finished answer")
        return self

    async def followed_up(self, count: int = 1, within: float = 60.0) -> list[Message]:
        await self._until(lambda: len(self.followups) >= count, within, "follow-up")
        return self.followups

    async def _until(self, done: Any, within: float, what: str) -> None:
        end = time.monotonic() + within
        while not done():
            if time.monotonic() > end:
                why = f", refused: {self.refusals}" if self.refusals else ""
                raise AssertionError(f"no {what} within {within} s: {self}{why}")
            await asyncio.sleep(0.005)

    def metadata(self) -> Json:
        """As messages name the interaction that they answer."""
        guild = self.channel.guild
        data: Json = {
            "id": str(self.id),
            "type": self.type,
            "user": payloads.user(self.user),
            "authorizing_integration_owners": {"0": str(guild.id) if guild else "0"},
        }
        if self.type == COMMAND:
            data |= {"name": self.data.get("name"), "command_type": self.data.get("type")}
        if self.message is not None:
            data["interacted_message_id"] = str(self.message.id)
        return data

    def payload(self) -> Json:
        """INTERACTION_CREATE as the bot's gateway gets it."""
        world, guild, channel = self.world, self.channel.guild, self.channel
        data: Json = {
            "id": str(self.id),
            "application_id": str(world.app_id),
            "type": self.type,
            "token": self.token,
            "version": 1,
            "data": self.data,
            "channel_id": str(channel.id),
            "channel": payloads.channel(channel),
            "locale": self.user.locale,
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(guild.id) if guild else "0"},
            "context": 0 if guild else 1,
            "attachment_size_limit": channel.file_limit,
            "app_permissions": str(channel.may(world.bot)),
        }
        if guild is not None:
            may = str(channel.may(self.user))
            data["channel"]["permissions"] = may
            data |= {
                "guild_id": str(guild.id),
                "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
                "guild_locale": "en-US",
                "member": payloads.member(self.user, guild) | {"permissions": may},
            }
        else:
            data["user"] = payloads.user(self.user)
        if self.message is not None:
            data["message"] = payloads.message(self.message)
        return data
