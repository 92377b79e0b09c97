"""A person in a workspace: whatever they do reaches the bot as Slack would tell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack import doing, payloads, talking
from tests.doubles.on_slack.messages import File, Message, Upload
from tests.doubles.on_slack.views import View

if TYPE_CHECKING:
    from tests.doubles.on_slack.acts import Act
    from tests.doubles.on_slack.model import Channel, Team


@dataclass(eq=False, repr=False)
class User:
    """Or a bot, which does nothing by itself."""

    team: Team
    id: str
    name: str
    display_name: str | None = None
    real_name: str | None = None
    email: str | None = None
    tz: str = "Europe/Amsterdam"
    locale: str = "en-US"
    admin: bool = False
    owner: bool = False
    guest: bool | str = False
    deactivated: bool = False
    bot: bool = False
    home: View | None = None
    """What the bot has published for this person."""
    views: list[View] = field(default_factory=list)
    """The open modals, one over the other."""
    whispers: list[Message] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<{self.name} {self.id}>"

    @property
    def handle(self) -> str:
        """As Slack makes it of a name; it is no name to show."""
        return self.name.lower().replace(" ", ".")

    @property
    def shown(self) -> str:
        """The name that others see: a display name may be empty."""
        return self.display_name or self.real_name or self.name

    @property
    def dm(self) -> Channel:
        return self.team.dm(self)

    @property
    def view(self) -> View | None:
        """The modal that is in front, if there is one."""
        return self.views[-1] if self.views else None

    def ephemerals(self, channel: Channel | None = None) -> list[Message]:
        """What only this person sees, here or anywhere."""
        return [
            m for m in self.whispers if not m.deleted and (channel is None or m.channel is channel)
        ]

    # ── profile ──────────────────────────────────────────────────────────────────────────

    def rename(self, **names: str) -> Act | None:
        """Change display_name, real_name or name."""
        for key, value in names.items():
            setattr(self, key, value)
        return self._changed()

    def deactivate(self) -> Act | None:
        self.deactivated = True
        return self._changed()

    def _changed(self) -> Act | None:
        return self.team.emit({"type": "user_change", "user": payloads.user(self)})

    # ── acts ─────────────────────────────────────────────────────────────────────────────

    async def slash(self, channel: Channel, command: str, text: str = "") -> Act:
        return doing.slash(self, channel, command, text)

    async def press(
        self,
        on: Message | View,
        action_id: str | None = None,
        *,
        value: str | None = None,
        label: str | None = None,
    ) -> Act:
        """Press a button, found by any of the three."""
        return doing.press(self, on, action_id, value, label)

    async def select(self, on: Message | View, action_id: str, value: Any) -> Act:
        """Choose in a menu, an overflow, a picker, or an input that tells of each change: a value
        or its text, a User, a Channel, a date; lists where several can be chosen."""
        return doing.select(self, on, action_id, value)

    async def suggest(self, on: Message | View, action_id: str, typed: str) -> Act:
        """Type into an external menu; `act.options` has what the bot offers."""
        return doing.suggest(self, on, action_id, typed)

    async def submit(self, view: View, values: Mapping[str, Any] | None = None) -> Act:
        """Fill a form, by action_id or block_id, and send it."""
        return doing.submit(self, view, values or {})

    async def close(self, view: View, *, whole_stack: bool = False) -> Act | None:
        """Close a modal; the bot is told only if it asked for that."""
        return doing.close(self, view, whole_stack)

    async def shortcut(self, message: Message, callback_id: str) -> Act:
        """Use an entry of a message's menu."""
        return doing.shortcut(self, message, callback_id)

    async def global_shortcut(self, callback_id: str) -> Act:
        return doing.global_shortcut(self, callback_id)

    async def react(self, message: Message, name: str) -> Act | None:
        """`white_check_mark`, `+1::skin-tone-3`; none where the bot is not told."""
        return talking.react(self, message, name)

    async def unreact(self, message: Message, name: str) -> Act | None:
        return talking.unreact(self, message, name)

    async def opens_home(self, tab: str = "home") -> Act | None:
        return talking.opens_home(self, tab)

    async def send(
        self,
        channel: Channel,
        text: str = "",
        files: Iterable[Upload] = (),
        *,
        thread: Message | None = None,
    ) -> Message:
        """Say something; `message.event` is how the bot was told."""
        return talking.send(self, channel, text, files, thread)

    async def edit(self, message: Message, text: str) -> Act | None:
        return talking.edit(self, message, text)

    async def delete(self, message: Message) -> Act | None:
        """Delete a message, one's own or as an admin."""
        return talking.delete(self, message)

    async def delete_file(self, file: File) -> None:
        self.team.world.delete_file(file)

    async def join(self, channel: Channel) -> None:
        channel.invite(self)
