"""What a person did, how the bot was told, and all that the bot did about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack.messages import Message
from tests.doubles.on_slack.views import View

if TYPE_CHECKING:
    from tests.doubles.on_slack.model import Channel, Team
    from tests.doubles.on_slack.people import User
    from tests.doubles.on_slack.world import World

Json = dict[str, Any]
SLASH, INTERACTIVE, EVENT = "slash_commands", "interactive", "events_api"


@dataclass(eq=False)
class Attempt:
    """One delivery. Times are monotonic."""

    number: int
    reason: str
    """Why it was not the first."""
    at: float = field(default_factory=time.monotonic)
    heard_at: float | None = None
    """When the bot's answer to it came, in time or not."""
    trouble: str = ""
    """Why Slack takes it for failed: timeout, http_error, connection_failed."""


@dataclass(eq=False, repr=False)
class Act:
    """On its way to the bot already. Times are monotonic: a test measures what a person waits."""

    world: World
    team: Team
    kind: str
    name: str
    """The command, action_id, callback_id, or the type of event."""
    payload: Json
    """As the bot gets it."""
    user: User | None = None
    channel: Channel | None = None
    message: Message | None = None
    """Whose button, menu or shortcut it was."""
    on: View | None = None
    """In which modal or home it was done."""
    trigger_id: str = ""
    trigger_used: bool = False
    response_url: str = ""
    made: float = 0.0
    """On the double's clock: from then on trigger and response_url live."""
    sent_at: float = field(default_factory=time.monotonic)
    acked_at: float | None = None
    ack: Any = None
    """The body of the acknowledgement, if it had one."""
    attempts: list[Attempt] = field(default_factory=list)
    failed: str = ""
    """Why Slack gave it up; of all but events a person sees a warning sign then."""
    uses: int = 0
    """How often the response_url was used."""
    opened: list[View] = field(default_factory=list)
    """The modals that the bot opened, pushed or changed for it."""
    messages: list[Message] = field(default_factory=list)
    """What was said in answer by way of the acknowledgement or the response_url."""
    refusals: list[Json] = field(default_factory=list)
    """What Slack did not take of that, and why."""

    def __repr__(self) -> str:
        state = f"failed: {self.failed}" if self.failed else "acked" if self.acked_at else "unacked"
        by = f" by {self.user.name}" if self.user else ""
        return f"<{self.name!r}{by}, {state}>"

    @property
    def type(self) -> str:
        """`event_callback`, `block_actions`, `view_submission`, `shortcut`…; none of commands."""
        return str(self.payload.get("type") or "")

    @property
    def event_id(self) -> str:
        return str(self.payload["event_id"])

    @property
    def took(self) -> float:
        """Seconds until the acknowledgement."""
        assert self.acked_at is not None, f"{self} has no acknowledgement"
        return self.acked_at - self.sent_at

    @property
    def view(self) -> View:
        """The modal that the bot answered with."""
        assert self.opened, f"{self} opened no view, refused: {self.refusals}"
        return self.opened[-1]

    @property
    def errors(self) -> dict[str, str]:
        """What the submitted form says below its inputs, by block_id."""
        answer = self.ack if isinstance(self.ack, dict) else {}
        found: dict[str, str] = answer.get("errors") or {}
        return found

    @property
    def options(self) -> list[str]:
        """What an external menu offers after `suggest`."""
        answer = self.ack if isinstance(self.ack, dict) else {}
        grouped = [o for g in answer.get("option_groups") or [] for o in g["options"]]
        return [o["text"]["text"] for o in (*(answer.get("options") or []), *grouped)]

    def text(self) -> str:
        """All that was said in answer and still stands."""
        return "\n".join(m.text() for m in self.messages if not m.deleted)

    def expired(self, seconds: float) -> bool:
        return self.world.clock.time() > self.made + seconds

    async def acked(self, within: float | None = None) -> Act:
        """Wait for the acknowledgement, at least as long as Slack does for its first attempt."""
        limit = max(3.0, self.world.answer_within) if within is None else within
        await self._until(lambda: self.acked_at is not None, limit, "acknowledgement")
        return self

    async def over(self, within: float = 60.0) -> Act:
        """Wait until Slack has it acknowledged or has given it up."""
        await self._until(lambda: self.acked_at or self.failed, within, "end")
        return self

    async def showed(self, count: int = 1, within: float = 60.0) -> View:
        """Wait until the bot has opened or changed a modal for it."""
        await self._until(lambda: len(self.opened) >= count, within, "view")
        return self.view

    async def answered(self, count: int = 1, within: float = 60.0) -> list[Message]:
        """Wait for words in answer: by the acknowledgement or the response_url."""
        await self._until(lambda: len(self.messages) >= count, within, "message")
        return self.messages

    async def _until(self, done: Callable[[], Any], within: float, what: str) -> None:
        end = time.monotonic() + within
        while not done():
            lost = self.failed and what == "acknowledgement"
            if lost or time.monotonic() > end:
                why = f", refused: {self.refusals}" if self.refusals else ""
                raise AssertionError(f"no {what} within {within} s: {self}{why}")
            await asyncio.sleep(0.005)
