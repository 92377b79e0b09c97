"""Messages and their files, with what a test asks about them."""

from __future__ import annotations

import html
import mimetypes
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.doubles.on_slack import blocks as kit
from tests.doubles.on_slack.blocks import Button, Json

if TYPE_CHECKING:
    from tests.doubles.on_slack.acts import Act
    from tests.doubles.on_slack.model import Channel, Team
    from tests.doubles.on_slack.people import User


@dataclass(frozen=True)
class Upload:
    """A file on its way into Slack, from a person."""

    name: str
    data: bytes
    mimetype: str | None = None

    @property
    def type(self) -> str:
        guessed = mimetypes.guess_type(self.name)[0]
        return self.mimetype or guessed or "application/octet-stream"


@dataclass(frozen=True)
class Share:
    """Where a file is to be seen."""

    channel: Channel
    ts: str
    thread_ts: str | None


@dataclass(eq=False)
class File:
    id: str
    team: Team
    user: User
    name: str
    title: str
    mimetype: str
    data: bytes = field(repr=False)
    created: int
    alt_text: str | None = None
    uploaded: bool = True
    """False between the URL and its bytes."""
    completed: bool = True
    """False until files.completeUploadExternal: nobody can see it yet."""
    deleted: bool = False
    length: int = 0
    shares: list[Share] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Edit:
    at: float
    """On the double's clock."""
    seen: float
    """On the monotonic one."""
    payload: Json = field(repr=False)
    """What was asked for."""


@dataclass(eq=False, repr=False)
class Message:
    ts: str
    channel: Channel
    user: User
    content: str = ""
    """The argument `text`: what a notification says where there are blocks too."""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    """Of replies: the first message of their thread."""
    subtype: str | None = None
    files: list[File] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    """From names to the ids of users."""
    edits: list[Edit] = field(default_factory=list)
    ephemeral_to: User | None = None
    broadcast: bool = False
    """A reply that is shown in the channel too."""
    deleted: bool = False
    payload: Json = field(default_factory=dict)
    """The arguments that it was posted with, unfurl flags and all."""
    filled: dict[str, dict[tuple[str, str], Json]] = field(default_factory=dict)
    """What each person has chosen in its menus, by user id."""
    event: Act | None = None
    """How the bot was told, if it was: of people's messages."""
    seen: float = field(default_factory=time.monotonic)

    def __repr__(self) -> str:
        marks = [name for name in ("ephemeral", "deleted") if getattr(self, name)]
        return f"<{' '.join(['message', *marks])} {self.ts} {self.text()[:60]!r}>"

    @property
    def ephemeral(self) -> bool:
        return self.ephemeral_to is not None

    @property
    def team(self) -> Team:
        return self.channel.team

    @property
    def by_bot(self) -> bool:
        return self.user is self.team.bot

    @property
    def replies(self) -> list[Message]:
        """The rest of the thread that begins here."""
        return [m for m in self.channel.history if m.thread_ts == self.ts and not m.deleted]

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def text(self) -> str:
        """All that is to be read in it, line by line. Where there are blocks, Slack shows them
        and not the `text`, which is in `content`."""
        said = html.unescape(self.content)
        parts = list(kit.texts(self.blocks)) if self.blocks else [said]
        for attachment in self.attachments:
            parts += [str(attachment[k]) for k in ("pretext", "title", "text") if attachment.get(k)]
            parts += kit.texts(attachment.get("blocks") or [])
        return "\n".join(part for part in parts if part)

    def buttons(self) -> list[Button]:
        return kit.buttons(self.blocks)

    def selects(self) -> list[Json]:
        return [e for _, e in kit.elements(self.blocks) if e["type"] != "button"]

    def action_ids(self) -> list[str]:
        return [element["action_id"] for _, element in kit.elements(self.blocks)]

    def pings(self) -> list[str]:
        """Whom it calls or names: `<!channel>`, `<@U…>`, and whatever else was not escaped."""
        raw = [self.content, *kit.marked(self.blocks)]
        return [found for text in raw for found in re.findall(r"<[!@#][^>]*>", text)]

    def media(self) -> list[str]:
        """The addresses of pictures and videos in its blocks."""
        found = []
        for block in self.blocks:
            inner = [block, block.get("accessory") or {}, *(block.get("elements") or [])]
            for part in inner:
                for key in ("image_url", "video_url"):
                    if part.get(key):
                        found.append(part[key])
        return found

    def file(self, name: str) -> File:
        return next(file for file in self.files if file.name == name)
