"""What a worker says of itself, in words: what it has loaded, and what its models take there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.top import GIB, short
from db.models import Worker
from db.offers import Offer
from db.speed import Shape
from moderation.words import listed

DRAINS = ", and takes no more"


def said(worker: Worker) -> str:
    """One phrase: its state, how busy it is, and each model of which there is something to say."""
    offers = [Offer.model_validate(offer) for offer in worker.offers]
    models = [about for offer in offers if (about := _model(offer, worker))]
    has = f"; {listed(models, 'and')}" if models else ""
    return f"{worker.name}: {worker.state}, {worker.busy:.0%} busy{DRAINS * worker.draining}{has}"


def _model(offer: Offer, worker: Worker) -> str:
    figures = list(_figures(offer, worker.measured.get(offer.name, {})))
    loaded = offer.name == worker.loaded
    if not loaded and not figures:
        return ""
    name = f"{offer.title} is loaded" if loaded else offer.title
    return f"{name} ({', '.join(figures)})" if figures else name


def _figures(offer: Offer, measured: Mapping[str, Any]) -> Iterator[str]:
    if "speed" in measured:
        yield f"{short(_usual(offer).work / measured['speed'])} a clip"
    if "load_seconds" in measured:
        yield f"{short(measured['load_seconds'])} to load"
    if "memory" in measured:
        yield f"{measured['memory'] / GIB:.1f} GiB"


def _usual(offer: Offer) -> Shape:
    """One clip as it is when nothing is asked for."""
    width, height = next(iter(offer.sizes.values()))
    frames = offer.frames(offer.seconds.default)
    return Shape(width, height, frames, int(offer.steps.default), variations=1)
