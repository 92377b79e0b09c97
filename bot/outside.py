"""What is said of clips that everybody may see outside of the community: the items of its feed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import said
from db import outside, parts, workers
from db.models import Clip, Job, Part
from db.offers import Offer
from db.outside import Place, Shown, Which
from db.states import PUT_TOGETHER, Flag
from moderation.consent import may
from moderation.words import clean, listed

TITLE_LIMIT = 80
PLACE = re.compile(r"(\d{1,17})-(\d{1,9})-([1-4])", re.ASCII)
BEGINNING, STEP = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

Parts = Sequence[tuple[Part, Job]]
"""What a film is put together from; nothing for other clips."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a clip was made with, and its licence as far as that is known here."""

    title: str
    licence: str = ""
    licence_url: str = ""
    restrictions: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One clip, with no more of its artist than they allow with it."""

    job: int
    number: int
    title: str
    text: str
    artist: str
    """Empty where they don't want to be named."""
    prompt: str
    """Empty where it isn't to be shown."""
    models: tuple[Model, ...]
    made_from: tuple[Which, ...]
    """The clips that it grew out of or is put together from, as far as these may be shown, too."""
    published: datetime
    updated: datetime
    bytes: int
    seconds: float

    @property
    def rights(self) -> str:
        """The licences of its models and what they forbid; empty where none is known."""
        known = [model for model in self.models if model.licence]
        return " ".join(f"{m.title}: {m.licence}. {m.restrictions}".rstrip() for m in known)


@dataclass(frozen=True, slots=True)
class Page:
    items: tuple[Item, ...]
    following: str
    """What stands for the place after which to go on; empty where nothing follows."""


async def page(s: AsyncSession, limit: int, before: Place | None = None) -> Page:
    """The newest of these clips; ``before`` as from ``place``."""
    found = await outside.newest(s, limit + 1, before)
    shown, more = found[:limit], len(found) > limit
    films = [one.job.id for one in shown if one.job.task in PUT_TOGETHER]
    made_of = await parts.of_films(s, films) if films else {}
    origins = {one.job.id: _origins(one.job, made_of.get(one.job.id, ())) for one in shown}
    known = await outside.among(s, {which for found in origins.values() for which in found})
    offers = {offer.name: offer for offer in await workers.offers(s)}
    items = [
        _item(
            one,
            made_of.get(one.job.id, ()),
            tuple(which for which in origins[one.job.id] if which in known),
            offers,
        )
        for one in shown
    ]
    return Page(tuple(items), _sign(shown[-1]) if more else "")


def place(typed: str) -> Place | None:
    """The place that a page's ``following`` stands for; None for whatever else was typed."""
    found = PLACE.fullmatch(typed)
    if found is None:
        return None
    since, job_id, number = map(int, found.groups())
    return BEGINNING + since * STEP, job_id, number


def _sign(shown: Shown) -> str:
    return f"{(shown.since - BEGINNING) // STEP}-{shown.job.id}-{shown.clip.number}"


def _origins(job: Job, made_of: Parts) -> tuple[Which, ...]:
    above = [(part.job_id, part.clip) for part, _ in made_of]
    for job_id, number in ((job.parent_id, job.parent_clip), (job.source_id, job.source_clip)):
        if job_id is not None and number is not None:
            above.append((job_id, number))
    return tuple(dict.fromkeys(above))


def _item(
    shown: Shown, made_of: Parts, made_from: tuple[Which, ...], offers: Mapping[str, Offer]
) -> Item:
    clip, job = shown.clip, shown.job
    prompt = job.prompt if may(clip, Flag.PROMPT_SHOWN) else ""
    artist = clean(shown.artist) if may(clip, Flag.NAMED) else ""
    names = dict.fromkeys([of.model for _, of in made_of] or [job.model])
    models = tuple(_model(name, offers.get(name)) for name in names)
    return Item(
        job=job.id,
        number=clip.number,
        title=_title(clip, prompt),
        text=" ".join(_sentences(job, prompt, artist, models, made_from, offers)),
        artist=artist,
        prompt=prompt,
        models=models,
        made_from=made_from,
        published=job.published_at or shown.since,
        updated=shown.since,
        bytes=clip.bytes,
        seconds=job.frames / job.fps,
    )


def _title(clip: Clip, prompt: str) -> str:
    if not prompt:
        return said.clip_of(clip.job_id, clip.number).capitalize()
    return prompt if len(prompt) <= TITLE_LIMIT else f"{prompt[:TITLE_LIMIT]}…"


def _model(name: str, offer: Offer | None) -> Model:
    if offer is None:
        return Model(name)
    return Model(offer.title, offer.licence, offer.licence_url, offer.restrictions)


def _sentences(
    job: Job,
    prompt: str,
    artist: str,
    models: Sequence[Model],
    made_from: Sequence[Which],
    offers: Mapping[str, Offer],
) -> Iterator[str]:
    if artist:
        yield f"By {artist}."
    titles = [
        f"{model.title} ({model.licence})" if model.licence else model.title for model in models
    ]
    yield f"Made with {listed(titles, 'and')}."
    yield from dict.fromkeys(model.restrictions for model in models if model.restrictions)
    styles = offers[job.model].styles if job.model in offers else ()
    for style in styles:
        if style.name == job.style:
            yield f"Style: {style.title} by {style.owner} ({style.licence})."
    if made_from:
        yield f"It grew out of {listed([said.clip_of(*which) for which in made_from], 'and')}."
    if prompt:
        yield f"Prompt: {prompt}"
