"""The JSON of the feed: JSON Feed 1.1, and what we say beyond it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field

TITLE = "sora commons: the showcase"
ABOUT = "What artists of this community show to everybody."


class Author(BaseModel):
    name: str


class Video(BaseModel):
    url: str
    mime_type: str
    size_in_bytes: int
    duration_in_seconds: float


@dataclass(frozen=True, slots=True)
class Model:
    """What a clip was made with; of its licence as much as is known here."""

    model: str
    licence: str
    licence_url: str
    restrictions: str


class Sora(BaseModel):
    """What no feed has a word for."""

    models: list[Model]
    prompt: str | None = None
    """Not there where it isn't to be shown."""
    made_from: list[str]
    """The ids of the clips that it grew out of or is put together from."""


class FeedItem(BaseModel):
    """One clip, with no more of its artist than they allow with it."""

    id: str
    url: str
    title: str
    content_text: str
    image: str
    date_published: str
    date_modified: str
    authors: list[Author] | None = None
    attachments: list[Video]
    sora: Sora = Field(serialization_alias="_sora")


class Feed(BaseModel):
    """The newest first; whatever is None is left out."""

    version: str = "https://jsonfeed.org/version/1.1"
    title: str = TITLE
    description: str = ABOUT
    feed_url: str
    next_url: str | None = None
    items: list[FeedItem]
