"""Forms: what is asked before something is done. They are known by their ids; nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import discord
from discord import ui

from bot import stating
from bot.buttons import LIMITS, OPTIONS_MAY_FOLLOW, QUESTIONS
from bot.on_discord.text import cut
from bot.press import OF_ANOTHER_VERSION, Press, Step
from bot.signs import NEEDS_PICK, NEEDS_PROMPT, Sign
from bot.studio import WORDS_LIMIT, WRONG
from moderation.rules import SENTENCE_LIMIT, Refused

if TYPE_CHECKING:
    from bot.on_discord.acting import Interaction

TITLE_LIMIT, QUESTION_LIMIT = 45, 45
WORDS, CLIP, REASON = "words", "clip", "reason"
"""The ids of the fields."""
OPTIONAL = frozenset({Sign.APPEAL, Sign.DUTY}) | NEEDS_PICK
"""Where nothing has to be said."""

READ_SECONDS = 1.5
"""Of the three that Discord waits for a form."""
SLOW = "The studio is slow at the moment; press again."
T = TypeVar("T")


async def ask(interaction: Interaction, press: Press, clips: Sequence[int] = ()) -> None:
    """What a sign needs to know before it acts; ``clips``: those of which one is to be picked."""
    fields = []
    if clips:
        picks = [(str(number), f"Clip {number}") for number in clips]
        fields.append(_select(CLIP, "Which clip?", picks))
    question = QUESTIONS[press.sign]
    if press.sign in NEEDS_PICK:
        states = press.sign is Sign.STATE
        name, few = (stating.FIELD, stating.CHOICES) if states else (REASON, WRONG)
        fields.append(_select(name, question, few))
        question = stating.MORE if states else "Is there more to say?"
    fields.append(
        prompt(question, OPTIONS_MAY_FOLLOW)
        if press.sign in NEEDS_PROMPT
        else _text(question, SENTENCE_LIMIT, _about(press), needed=press.sign not in OPTIONAL)
    )
    form = str(replace(press, step=Step.SAY))
    await send(interaction, form, f"Job {press.job_id}", *fields)


def _about(press: Press) -> str:
    return LIMITS if press.sign is Sign.DUTY else ""


def prompt(question: str, about: str) -> ui.Label[Any]:
    """A field for a prompt, after which options may be typed."""
    return _text(question, WORDS_LIMIT, about)


async def in_time(interaction: Interaction, reading: Awaitable[T]) -> T:
    """What has to be read before a form can open: in all that is asked of it, soon enough for that.

    Raises ``Refused`` while the database is too slow.
    """
    now = asyncio.get_running_loop().time()
    since = interaction.extras.setdefault("reading since", now)
    task = asyncio.ensure_future(reading)
    # A database that hangs also holds up whoever is told to stop: it is left behind.
    done, _ = await asyncio.wait([task], timeout=max(since + READ_SECONDS - now, 0))
    if not done:
        task.add_done_callback(lambda late: late.cancelled() or late.exception())
        raise Refused(SLOW)
    return task.result()


async def send(interaction: Interaction, form: str, title: str, *fields: ui.Label[Any]) -> None:
    """Open a form; it must be the first answer, so nothing slow comes before it."""
    modal = ui.Modal(title=cut(title, TITLE_LIMIT), custom_id=form, timeout=None)
    for field in fields:
        modal.add_item(field)
    await interaction.response.send_modal(modal)
    modal.stop()  # it is known by its id when it comes back


def read(data: Any) -> dict[str, str]:
    """What a form that was sent holds, however its fields are wrapped: empty for nothing picked, with
    commas between several. Raises ``Refused`` for what no form of ours is."""
    try:
        return _held(data)
    except (AttributeError, TypeError):
        raise Refused(OF_ANOTHER_VERSION) from None


def _held(data: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for component in data.get("components", ()):
        for field in filter(None, [component.get("component"), *component.get("components", ())]):
            if field.get("custom_id"):
                picked = field.get("values") or [field.get("value")]
                found[field["custom_id"]] = ",".join(str(one or "") for one in picked)
    return found


def _text(question: str, limit: int, about: str = "", *, needed: bool = True) -> ui.Label[Any]:
    text: ui.TextInput[Any] = ui.TextInput(
        custom_id=WORDS, style=discord.TextStyle.paragraph, required=needed, max_length=limit
    )
    return ui.Label(text=cut(question, QUESTION_LIMIT), description=about or None, component=text)


def _select(custom_id: str, question: str, words: Sequence[tuple[str, str]]) -> ui.Label[Any]:
    options = [discord.SelectOption(label=label, value=value) for value, label in words]
    picked: ui.Select[Any] = ui.Select(custom_id=custom_id, options=options, required=True)
    return ui.Label(text=cut(question, QUESTION_LIMIT), component=picked)
