"""`/studio models`: what the models here can do, and whose work their styles are."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.card import Line
from bot.lists import Listing, cut, goes_on
from db import workers
from db.offers import Offer, Range, StyleOffer
from moderation.plan import CAN
from moderation.rules import Refused
from moderation.words import echo, figure, listed

NO_MODEL = "No worker has joined yet, so no model is known."


async def models(s: AsyncSession, name: str = "", style: str = "", page: int = 1) -> Listing:
    """What each model is good for and whose work the styles are, or everything about one of them."""
    if style:
        return await _about_style(s, style)
    offers = await workers.offers(s)
    if not offers:
        return Listing("Models", (Line(NO_MODEL),))
    here = await _here(s)
    if name:
        one = next((offer for offer in offers if offer.name == name), None)
        if one is None:
            known = listed([offer.name for offer in offers], "and")
            raise Refused(f"There is no model {echo(name)}; the models are {known}.")
        return Listing(one.title, tuple(Line(text) for text in _model(one, here)))
    lines = [Line(f"{_named(offer)}{_absent(offer, here)}: {offer.about}") for offer in offers]
    lines[0] = Line(f"{lines[0].text} It is used unless another is named.")
    lines += [
        Line(f"Style {style.name}: {style.title} by {style.owner}, for {listed(titles, 'and')}.")
        for style, titles in _styles(offers).values()
    ]
    return Listing("Models", tuple(cut(lines, page)), goes_on(len(lines), page, "models"))


async def _about_style(s: AsyncSession, name: str) -> Listing:
    found = _styles(await workers.offers(s))
    if not found:
        return Listing("Styles", (Line("No model here has a style to choose."),))
    if name not in found:
        known = listed(found, "and")
        raise Refused(f"There is no style {echo(name)}; the styles are {known}.")
    style, titles = found[name]
    return Listing(style.title, tuple(Line(text) for text in _style(style, titles)))


def _styles(offers: Sequence[Offer]) -> dict[str, tuple[StyleOffer, list[str]]]:
    """By name, with the titles of the models that have it."""
    found: dict[str, tuple[StyleOffer, list[str]]] = {}
    for offer in offers:
        for style in offer.styles:
            found.setdefault(style.name, (style, []))[1].append(offer.title)
    return found


async def _here(s: AsyncSession) -> set[str]:
    """The models of workers that are here now."""
    living = [worker for worker in await workers.every(s) if workers.takes_jobs(worker)]
    return {offer["name"] for worker in living for offer in worker.offers}


def _named(offer: Offer) -> str:
    return offer.title if offer.title == offer.name else f"{offer.title} ({offer.name})"


def _absent(offer: Offer, here: set[str]) -> str:
    return "" if offer.name in here else ", whose worker isn't here now"


def _model(offer: Offer, here: set[str]) -> list[str]:
    shapes = [f"{aspect} as {w} × {h}" for aspect, (w, h) in offer.sizes.items()]
    lines = [
        f"{_named(offer)}{_absent(offer, here)}: {offer.about}",
        f"It can {listed([CAN[task] for task in offer.tasks], 'and')}.",
        f"It makes {listed(shapes, 'or')}, at {offer.fps} frames a second.",
        f"A clip lasts {_range(offer.seconds)} seconds; it takes {_range(offer.steps)} steps, with a "
        f"guidance of {_range(offer.guidance)}.",
        f"It makes {offer.variations} at once unless you ask for fewer.",
    ]
    if offer.draft:
        lines.append(
            f"Drafts of {offer.draft.steps} steps come first; a final is one clip in full."
        )
    if offer.approximations:
        lines.append(f"For speed it uses {listed(offer.approximations, 'and')}.")
    if offer.styles:
        lines.append(f"Styles: {listed([style.name for style in offer.styles], 'and')}.")
    licence = f"Licence: {offer.licence}"
    lines.append(f"{licence}, {offer.licence_url}" if offer.licence_url else f"{licence}.")
    return [*lines, offer.restrictions] if offer.restrictions else lines


def _style(style: StyleOffer, titles: Sequence[str]) -> list[str]:
    usual = figure(style.strength.default)
    lines = [
        f"{style.name}: by {style.owner}, for {listed(titles, 'and')}.",
        f"Its strength goes from {figure(style.strength.low)} to {figure(style.strength.high)} and "
        f"is {usual} unless you say: {style.name}:{usual}",
        f"Licence: {style.licence}.",
    ]
    if style.triggers:
        lines.append(f"It puts before your prompt: {listed(style.triggers, 'and')}.")
    return lines


def _range(allowed: Range) -> str:
    low, high, usual = map(figure, (allowed.low, allowed.high, allowed.default))
    return low if low == high else f"{low} to {high} ({usual} unless you say)"
