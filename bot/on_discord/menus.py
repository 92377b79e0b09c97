"""The menus of messages: animate an image, remix or report a clip of the showcase."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import pictures
from bot.on_discord import forms
from bot.on_discord.commands import submit
from bot.on_discord.ids import ROOM, Sent
from bot.press import Press
from bot.signs import Sign
from bot.view import View, view
from db import notes, people, posts
from db.states import Purpose, Status
from moderation import rules
from moderation.people import Person
from moderation.rules import Refused

if TYPE_CHECKING:
    from bot.on_discord.acting import Interaction
    from bot.on_discord.client import StudioClient

ANIMATE = "animate"
"""What the id of its form begins with."""
IMAGES_KEPT = timedelta(days=1)
"""Discord's own address of an attachment doesn't last longer."""
NO_IMAGE = "That message has no image attached that can be animated: a PNG, a JPEG or a WebP."
FORGOTTEN = "That image isn't known here any more; choose it again from its message."
NO_CARD = "That message is no card of the showcase; its clips are what can be remixed or reported."
AFTER = "Options may follow: --duration 2 --seed 7"

Choose = Callable[["Interaction", discord.Message], Awaitable[None]]


def add_to(client: StudioClient) -> None:
    """Give the client the menus, and let it take the form that is theirs alone."""
    client.tree.add_command(_menu(client, "Animate this image", _animate))
    client.tree.add_command(_menu(client, "Remix this clip", _remix))
    client.tree.add_command(_menu(client, "Report", _report))
    client.acting.forms[ANIMATE] = _animated


def _menu(client: StudioClient, name: str, choose: Choose) -> app_commands.ContextMenu:
    async def chosen(interaction: Interaction, message: discord.Message) -> None:
        async with client.acting.answering(interaction):
            await choose(interaction, message)

    return app_commands.ContextMenu(name=name, callback=chosen)


async def _animate(interaction: Interaction, message: discord.Message) -> None:
    image = next(filter(_is_image, message.attachments), None)
    if image is None:
        raise Refused(NO_IMAGE)
    if image.size > pictures.LARGEST_BYTES:
        raise Refused(pictures.TOO_LARGE)
    form = f"{ANIMATE}:{interaction.id}"
    field = forms.prompt("What should happen in it?", AFTER)
    await forms.send(interaction, form, "Animate this image", field)
    # Only after the form: a slow database must not cost the three seconds that it has.
    async with interaction.client.db.begin() as s:
        await notes.forget_older(s, f"{ROOM}:{ANIMATE}:", IMAGES_KEPT)
        await notes.put(s, _note(interaction, form), image.url)


async def _animated(interaction: Interaction, form: str, fields: Mapping[str, str]) -> None:
    client = interaction.client
    await client.acting.defer(interaction)
    async with client.db.read() as s:
        image = await notes.get(s, _note(interaction, form))
    if not image:
        raise Refused(FORGOTTEN)
    await submit(client, interaction, {"prompt": fields.get(forms.WORDS, "")}, image)


async def _remix(interaction: Interaction, message: discord.Message) -> None:
    """Like the button, which is there only where its artist allows it."""
    seen, person = await forms.in_time(interaction, _shown(interaction, message))
    first = next(iter(rules.may_grow_from(person.id, seen.job, seen.clips)), None)
    rules.may_grow(person, seen.job, first, seen.clips, shared=True)
    await interaction.client.acting.press(interaction, Press(Sign.REMIX, seen.job.id))


async def _report(interaction: Interaction, message: discord.Message) -> None:
    seen, person = await forms.in_time(interaction, _shown(interaction, message))
    rules.may_report(person, seen.job, ())
    await interaction.client.acting.press(interaction, Press(Sign.REPORT, seen.job.id))


async def _shown(interaction: Interaction, message: discord.Message) -> tuple[View, Person]:
    """What that card of the showcase shows, and who asks. Raises ``Refused``."""
    async with interaction.client.db.read() as s:
        post = await posts.by_message(s, ROOM, str(Sent(message.channel.id, message.id)))
        if post is None or post.purpose is not Purpose.SHOWCASE:
            raise Refused(NO_CARD)
        seen = await view(s, post.job_id, {})
        known = await people.find(s, ROOM, "", str(interaction.user.id))
    if seen is None or seen.job.status is not Status.PUBLISHED:
        raise Refused(f"Job {post.job_id} isn't in the showcase any more.")
    return seen, Person(known or 0, interaction.user.name)


def _is_image(attached: discord.Attachment) -> bool:
    suffix = attached.filename.rpartition(".")[2].lower()
    kind = attached.content_type or pictures.KINDS.get(suffix.replace("jpeg", "jpg"), "")
    return kind in pictures.KINDS.values()


def _note(interaction: Interaction, form: str) -> str:
    """Where the image of a form is remembered: for whoever was shown it, and for nobody else."""
    return f"{ROOM}:{form}:{interaction.user.id}"
