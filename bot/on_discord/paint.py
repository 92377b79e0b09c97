"""From cards to Discord's components. What is said is the card's; here is how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import discord
from discord import ui

from bot.by_sign import is_pressed, legend, press_of, state
from bot.card import Button, Card, Fact, Line, Tone
from bot.on_discord.press import PressButton
from bot.on_discord.text import cut, plain
from db.models import utcnow
from db.states import Purpose

COLOURS = {
    Tone.WAITING: 0xFFD23F,
    Tone.WORKING: 0x3A86FF,
    Tone.GOOD: 0x2A9D5C,
    Tone.BAD: 0xC8453B,
    Tone.QUIET: 0x8A8A80,
}
MOST_TEXT = 4000
"""Characters of all texts of one message together."""
ALT_LIMIT = 1024
LABEL_LIMIT = 80
BUTTONS_PER_ROW = 5
PROMPT_LIMIT, LINES_LIMIT, FACTS_LIMIT, NOTES_LIMIT, LEGEND_LIMIT = 1050, 1250, 600, 320, 200
"""How the text is shared out; with the title it stays below what Discord takes."""


@dataclass(frozen=True, slots=True)
class Attached:
    """One file that goes with a card."""

    name: str
    file: Path
    alt: str
    spoiler: bool = False


def paint(card: Card, attached: Sequence[Attached], notes: Sequence[str] = ()) -> ui.LayoutView:
    """The card with its files; ``notes``: what had to be done to them, for whoever looks."""
    view = ui.LayoutView(timeout=None)
    container: ui.Container[ui.LayoutView] = ui.Container(accent_colour=COLOURS[card.tone])
    container.add_item(ui.TextDisplay(_head(card)))
    body = [*_lines(card), *state(card, partial(discord.utils.format_dt, style="R"))]
    if any(body):
        container.add_item(ui.TextDisplay("\n".join(body)))
    if attached:
        items = [
            discord.MediaGalleryItem(
                f"attachment://{one.name}", description=cut(one.alt, ALT_LIMIT), spoiler=one.spoiler
            )
            for one in attached
        ]
        container.add_item(ui.MediaGallery(*items))
    small = [*_facts(card.facts), *_notes(notes), *_legend(card)]
    if small:
        container.add_item(ui.TextDisplay("\n".join(small)))
    for row in _rows(card):
        container.add_item(row)
    view.add_item(container)
    return view


def sentence(text: str, *buttons: PressButton) -> ui.LayoutView:
    """One sentence of ours, and what can be pressed under it."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(plain(text, MOST_TEXT)))
    if buttons:
        view.add_item(ui.ActionRow(*buttons))
    return view


def _head(card: Card) -> str:
    by = f" · by {plain(card.artist, 100)}" if card.purpose is Purpose.REVIEW else ""
    return f"### {plain(card.title, 150)}{by}\n> {plain(card.quote, PROMPT_LIMIT)}"


def _lines(card: Card) -> list[str]:
    """The latest are the ones that count, where there is no room for all."""
    kept: list[str] = []
    room = LINES_LIMIT
    for line in reversed(card.lines):
        text = _line(line, room)
        room -= len(text) + 1
        if room < 0:
            break
        kept.insert(0, text)
    return kept


def _line(line: Line, room: int) -> str:
    ahead = line.at is not None and line.at > utcnow()
    when = f" {discord.utils.format_dt(line.at, 'f' if ahead else 'R')}" if line.at else ""
    text = f"{plain(line.text, 600)}{when}"
    left = room - len(text) - 10
    if not line.said or left < 1:
        return text
    words = plain(line.said, left)
    return f"{text}\n> ||{words}||" if line.covered else f"{text}\n> {words}"


def _facts(facts: Sequence[Fact]) -> list[str]:
    kept: list[str] = []
    room = FACTS_LIMIT
    for fact in facts:
        value = plain(fact.value, 300)
        text = f"{fact.name} [{value}](<{fact.link}>)" if fact.link else f"{fact.name} {value}"
        room -= len(text) + 3
        if room < 0:
            break
        kept.append(text)
    return [f"-# {' · '.join(kept)}"] if kept else []


def _notes(notes: Sequence[str]) -> list[str]:
    """All that there is room for."""
    kept: list[str] = []
    room = NOTES_LIMIT
    for note in filter(None, notes):
        text = f"-# {plain(note, NOTES_LIMIT - 4)}"
        room -= len(text) + 1
        if room < 0:
            break
        kept.append(text)
    return kept


def _legend(card: Card) -> list[str]:
    meant = legend(card)
    return [f"-# {cut(meant, LEGEND_LIMIT)}"] if meant else []


def _rows(card: Card) -> list[ui.ActionRow[Any]]:
    buttons: list[Any] = [
        _button(card, button) for button in card.buttons if is_pressed(card, button)
    ]
    return [
        ui.ActionRow(*buttons[start : start + BUTTONS_PER_ROW])
        for start in range(0, len(buttons), BUTTONS_PER_ROW)
    ]


def _button(card: Card, button: Button) -> PressButton:
    return PressButton(press_of(card, button), button.label, button.strong, button.danger)
