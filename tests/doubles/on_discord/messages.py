"""Messages and their files, with what a test asks about them."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.doubles.on_discord.interactions import Interaction
    from tests.doubles.on_discord.model import Channel, User

EPHEMERAL, LOADING, V2 = 1 << 6, 1 << 7, 1 << 15
SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
ROW, BUTTON, SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = (
    *(1, 2, 9, 10, 11, 12, 13, 14, 17),
    18,
)
SELECTS = (3, 5, 6, 7, 8)


@dataclass(frozen=True)
class Upload:
    """A file on its way into Discord, from a person or from the bot."""

    filename: str
    data: bytes
    content_type: str | None = None

    @property
    def type(self) -> str:
        guessed = mimetypes.guess_type(self.filename)[0]
        return self.content_type or guessed or "application/octet-stream"


@dataclass
class Attachment:
    id: int
    filename: str
    data: bytes = field(repr=False)
    content_type: str
    path: str
    """Where the CDN has it, below its base."""
    description: str | None = None
    size: tuple[int, int] | None = None
    """Width and height, of pictures."""

    @property
    def spoiler(self) -> bool:
        return self.filename.startswith("SPOILER_")


@dataclass(frozen=True)
class Button:
    label: str | None
    custom_id: str | None
    style: int
    disabled: bool
    url: str | None
    emoji: str | None


@dataclass(frozen=True)
class Edit:
    at: datetime
    """On the double's clock."""
    seen: float
    """On the monotonic one."""
    payload: dict[str, Any] = field(repr=False)


@dataclass(eq=False, repr=False)
class Message:
    id: int
    channel: Channel
    author: User
    created: datetime
    content: str = ""
    flags: int = 0
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    """As they were sent, `attachment://` and all."""
    attachments: list[Attachment] = field(default_factory=list)
    reactions: dict[str, list[int]] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    nonce: str | None = None
    reference: int | None = None
    interaction: Interaction | None = field(default=None)
    type: int = 0
    pinned: bool = False
    deleted: bool = False
    seen: float = field(default_factory=time.monotonic)
    mentions: list[int] = field(default_factory=list)
    allowed_mentions: dict[str, Any] | None = None

    def __repr__(self) -> str:
        marks = [name for name in ("ephemeral", "loading", "deleted") if getattr(self, name)]
        return f"<{' '.join(['message', *marks])} {self.id} {self.text()[:60]!r}>"

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Still “thinking”: deferred, and not edited yet."""
        return bool(self.flags & LOADING)

    @property
    def v2(self) -> bool:
        return bool(self.flags & V2)

    def text(self) -> str:
        """All that is to be read in it, line by line: content, embeds, text displays."""
        parts = [self.content] if self.content else []
        for embed in self.embeds:
            parts += [str(embed[key]) for key in ("title", "description") if embed.get(key)]
            parts += [f"{f['name']}\n{f['value']}" for f in embed.get("fields", ())]
            parts += [embed["footer"]["text"]] if embed.get("footer") else []
        parts += [c["content"] for c in walk(self.components) if c["type"] == TEXT]
        return "\n".join(parts)

    def buttons(self) -> list[Button]:
        return [
            Button(
                c.get("label"),
                c.get("custom_id"),
                c["style"],
                c.get("disabled") or False,
                c.get("url"),
                (c.get("emoji") or {}).get("name"),
            )
            for c in walk(self.components)
            if c["type"] == BUTTON
        ]

    def selects(self) -> list[dict[str, Any]]:
        return [c for c in walk(self.components) if c["type"] in SELECTS]

    def custom_ids(self) -> list[str]:
        return [c["custom_id"] for c in walk(self.components) if c.get("custom_id")]

    def media(self) -> list[str]:
        """The URLs of all pictures, videos and files in its components."""
        return [item["url"] for item in media(self.components)]

    def file(self, filename: str) -> Attachment:
        return next(a for a in self.attachments if a.filename == filename)


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every component, nested ones too, in the order a reader meets them."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for key in ("accessory", "component"):
            if component.get(key):
                yield from walk([component[key]])


def media(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The media objects inside components, as references into them."""
    for component in walk(components):
        for key in ("media", "file"):
            if isinstance(component.get(key), dict):
                yield component[key]
        for item in component.get("items") or []:
            yield item["media"]
