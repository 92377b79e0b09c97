"""The state behind all doors: everything that this Slack knows."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack import events, payloads, scopes
from tests.doubles.on_slack.acts import Act
from tests.doubles.on_slack.clock import Clock
from tests.doubles.on_slack.messages import File, Message, Share, Upload
from tests.doubles.on_slack.model import Team
from tests.doubles.on_slack.people import User
from tests.doubles.on_slack.views import View

if TYPE_CHECKING:
    from tests.doubles.on_slack.oauth import Grant

Json = dict[str, Any]


ANSWER_SECONDS = 3.0
"""What Slack gives a bot to acknowledge, and to use a trigger_id."""


class World:
    """Arranged by the test, changed by both sides; it knows nothing of sockets."""

    def __init__(
        self,
        *,
        app_name: str = "Studio",
        scopes: Iterable[str] = scopes.ALL,
        events: Iterable[str] | None = None,
        unfurl_domains: Iterable[str] | None = None,
        answer_within: float | None = None,
        socket_mode: bool = True,
    ) -> None:
        self.clock = Clock()
        self.app_name = app_name
        self.scopes = set(scopes)
        """What the app is granted where a test or an address asks for nothing else."""
        self.scopes_used: set[str] = set()
        """What it has needed so far: a manifest with more asks for too much."""
        self.events = None if events is None else set(events)
        """Its subscriptions, such as `reaction_added` and `message.im`; none means all."""
        self.unfurl_domains = None if unfurl_domains is None else set(unfurl_domains)
        """Where its video blocks may point; none means anywhere."""
        self.answer_within = ANSWER_SECONDS if answer_within is None else answer_within
        self.socket_mode = socket_mode
        self.trigger_life = ANSWER_SECONDS
        self.response_life = 30 * 60.0
        self.response_uses = 5
        self.share_after = 0.02
        """Seconds from files.completeUploadExternal until the message is there."""
        self.app_id = self.clock.id("A")
        self.app_token = f"xapp-1-{self.app_id}-{secrets.token_hex(16)}"
        self.signing_secret = secrets.token_hex(16)
        self.client_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**13)}"
        self.client_secret = secrets.token_hex(16)
        self.verification_token = secrets.token_urlsafe(18)
        self.redirect_uri = ""
        """Where OAuth sends people back to, if the bot names nothing."""
        self.grants: dict[str, Grant] = {}
        """From codes to what somebody has agreed to."""
        self.url = ""
        self.teams: dict[str, Team] = {}
        self.by_token: dict[str, Team] = {}
        self.files: dict[str, File] = {}
        self.uploads: dict[str, File] = {}
        """By the last part of their upload URL."""
        self.views: dict[str, View] = {}
        self.acts: list[Act] = []
        """All that the bot was told, in order."""
        self.triggers: dict[str, Act] = {}
        self.response_urls: dict[str, Act] = {}
        self.violations: list[str] = []
        self.deliver: Callable[[Act], None] = lambda _: None
        self._timers: set[asyncio.TimerHandle] = set()

    # ── arrange ──────────────────────────────────────────────────────────────────────────

    def team(self, name: str = "Studio", *, paid: bool = True, installed: bool = True) -> Team:
        """A workspace, with the app in it unless said otherwise."""
        domain = name.lower().replace(" ", "-")
        made = Team(self, self.clock.id("T"), name, domain, paid, self.clock.id("B"))
        self.teams[made.id] = made
        if installed:
            made.install()
        return made

    @property
    def bot_token(self) -> str:
        """The first workspace's."""
        assert self.teams, "there is no workspace yet: arrange slack.team()"
        return next(iter(self.teams.values())).bot_token

    def new_token(self, team: Team) -> str:
        token = f"xoxb-{secrets.randbelow(10**12)}-{secrets.token_urlsafe(18)}"
        self.by_token[token] = team
        return token

    def later(self, **by: float) -> None:
        """Move the double's clock on: `later(minutes=31)` makes every response_url invalid."""
        self.clock.later(**by)

    def socket_url(self) -> str:
        """For apps.connections.open."""
        raise NotImplementedError

    def block_id(self) -> str:
        return secrets.token_urlsafe(4)[:5]

    # ── what all doors share ─────────────────────────────────────────────────────────────

    def send(self, act: Act) -> None:
        """On its way to the bot; from here on the three seconds run."""
        self.acts.append(act)
        self.deliver(act)

    def told(self, name: str) -> list[Act]:
        """What the bot was told under this name: a type of event, a command, an action_id…"""
        return [act for act in self.acts if act.name == name]

    def post(self, message: Message) -> Act | None:
        """Into its channel, and told to the bot; what only one person sees, nobody is told."""
        if message.ephemeral_to:
            message.ephemeral_to.whispers.append(message)
            return None
        message.channel.history.append(message)
        return events.posted(message)

    def delete(self, message: Message) -> Act | None:
        before = payloads.message(message)
        message.deleted = True
        return None if message.ephemeral else events.deleted(message, before)

    def find_view(self, view_id: str = "", external_id: str = "") -> View | None:
        if view_id:
            return self.views.get(view_id)
        for view in reversed(self.views.values()):
            if external_id and view.external_id == external_id and not view.closed:
                return view
        return None

    def soon(self, seconds: float, call: Callable[[], None]) -> None:
        """What Slack does a little after it has answered."""

        def run() -> None:
            self._timers.discard(timer)
            call()

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    # ── files ────────────────────────────────────────────────────────────────────────────

    def store(self, user: User, upload: Upload) -> File:
        """A file that somebody has uploaded, not shared yet."""
        made = self.new_file(user, upload.name, upload.type, len(upload.data))
        made.data, made.uploaded, made.completed = upload.data, True, True
        return made

    def new_file(self, user: User, name: str, mimetype: str, length: int) -> File:
        made = File(
            *(self.clock.id("F"), user.team, user, name, name, mimetype, b""),
            created=int(self.clock.time()),
            length=length,
            uploaded=False,
            completed=False,
        )
        self.files[made.id] = made
        return made

    def attach(self, message: Message, files: Iterable[File]) -> None:
        for file in files:
            message.files.append(file)
            file.shares.append(Share(message.channel, message.ts, message.thread_ts))

    def delete_file(self, file: File) -> None:
        """Its messages stay, with a tombstone in them."""
        file.deleted, file.data = True, b""

    def visible_to_bot(self, file: File) -> bool:
        """The app sees its own files and those in conversations that it is in. What somebody gives
        to its form is not shared anywhere, and its too."""
        if file.user is file.team.bot or not file.shares:
            return True
        return any(share.channel.has_bot for share in file.shares)
