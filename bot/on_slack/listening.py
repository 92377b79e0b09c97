"""What the app listens to in Slack, and who is told. Everything is acknowledged first: Slack gives
three seconds, and what follows answers by itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial, wraps
from typing import Any, TypeVar

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.on_slack import forms, home
from bot.on_slack.acting import BROKEN, Acting
from bot.on_slack.attachments import look_for
from bot.on_slack.commands import Commands, Setup
from bot.on_slack.ids import Sent
from bot.on_slack.parts import SlackParts
from bot.on_slack.room import SlackRoom
from bot.on_slack.typed import NAME
from bot.on_slack.watching import Watching
from bot.on_slack.where import Where
from bot.press import ANY_VERSIONS, OF_ANOTHER_VERSION, Press, Step
from bot.signs import Sign
from db import posts
from db.states import Purpose
from moderation.rules import Refused

Json = dict[str, Any]
T = TypeVar("T")
Listener = Callable[..., Awaitable[None]]
ANIMATE, REMIX, REPORT = "animate", "remix", "report"
"""The ids of the shortcuts on messages."""
SHORTCUTS = {
    ANIMATE: ("Animate this image", "Makes a clip that begins with it."),
    REMIX: ("Remix this clip", "Draws a clip of the showcase in your own words."),
    REPORT: ("Report", "Tells the moderators that a clip should not be shown."),
}
NO_IMAGE = "There is no image in that message."
NO_CARD = "That message is no card of the showcase."
FILES = ("image", "last")
FORM_SECONDS = 2.0
"""So long a form waits for its answer; Slack gives it up after three."""

log = structlog.get_logger()


def listen(app: AsyncApp, parts: SlackParts, room: SlackRoom, setup: Setup) -> Watching:
    """Register everything; the watch that catches up with what was missed."""
    acting, watching = Acting(parts, room), Watching(parts)
    commands = Commands(parts, acting, setup)
    doing, known = room.doing, known_to(room.doing)

    def later(work: Awaitable[None]) -> None:
        """What isn't waited for, because Slack is answered already."""
        task = asyncio.ensure_future(work)
        doing.add(task)
        task.add_done_callback(doing.discard)

    async def refresh(where: Where) -> None:
        """The app's own page shows what was just done on it."""
        async with acting.answering(where):
            await home.publish(parts, where.team, where.user)

    @app.command(f"/{parts.command}")
    @known
    async def on_sora(ack: AsyncAck, body: Json) -> None:
        await ack()
        await commands.sora(_of_command(body), body.get("text") or "")

    @app.command(f"/{NAME}")
    @known
    async def on_studio(ack: AsyncAck, body: Json) -> None:
        await ack()
        await commands.studio(_of_command(body), body.get("text") or "")

    @app.action(re.compile(ANY_VERSIONS))
    @known
    async def on_press(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        press, where = Press.read(action["action_id"]), _of_action(body)
        if press is None:
            await acting.whisper(where, OF_ANOTHER_VERSION)
            return
        await acting.press(where, press)
        if (body.get("view") or {}).get("type") == "home":
            await refresh(where)

    @app.action(home.NEW)
    @known
    async def on_new(ack: AsyncAck, body: Json) -> None:
        await ack()
        where = _of_action(body)
        async with acting.answering(where):
            await commands.open_form(where)

    @app.action(forms.REOPEN)
    @known
    async def on_again(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        where = _of_action(body)
        picture, _, typed = action["value"].partition(" ")
        async with acting.answering(where):
            await commands.open_form(where, typed, picture.strip(forms.NO_PICTURE))

    @app.action(home.SETUP)
    @known
    async def on_setup(ack: AsyncAck, body: Json) -> None:
        await ack()
        where = _of_action(body)
        async with acting.answering(where):
            await setup(parts, where.trigger, where.team, where.user, where.channel)

    @app.view(re.compile(f"{forms.WISH}:.*"))
    @known
    async def on_wish(ack: AsyncAck, body: Json, view: Json) -> None:
        channel, _, picture = view["private_metadata"].partition(" ")
        request = view["callback_id"].partition(":")[2] or view["id"]
        where = _of_form(body, channel, request)
        fields = forms.read(view["state"])
        files = {name: fields[name][0] for name in FILES if fields.get(name)}
        if picture:
            files["image"] = {"id": picture}
        words = {name: value for name, value in fields.items() if name not in FILES}
        shown = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}

        async def give_back(wrong: str) -> None:
            typed = forms.typed_again(words)
            await acting.return_wish(where, wrong, typed, files.get("image", {}).get("id", ""))

        wishing = commands.fill_in(where, words, files)
        under = partial(forms.wrong_field, fields=fields, shown=shown)
        said = await answer(ack, doing, wishing, under, give_back)
        if said is not None:
            await acting.whisper(where, said)
            if not channel:
                await refresh(where)

    @app.view(re.compile(f"{Step.SAY}:.*"))
    @known
    async def on_said(ack: AsyncAck, body: Json, view: Json) -> None:
        where = _of_form(body, view["private_metadata"], view["id"])
        fields = forms.read(view["state"])

        async def give_back(wrong: str) -> None:
            await acting.return_words(where, wrong, fields.get(forms.WORDS, ""))

        saying = acting.said(where, view["callback_id"], fields)
        said = await answer(ack, doing, saying, lambda _: view["blocks"][-1]["block_id"], give_back)
        if said is not None:
            await acting.whisper(where, *said)

    @app.shortcut(ANIMATE)
    @known
    async def on_animate(ack: AsyncAck, body: Json) -> None:
        await ack()
        where = _of_action(body)
        async with acting.answering(where):
            files = body["message"].get("files") or ()
            images = [f for f in files if str(f.get("mimetype", "")).startswith("image/")]
            if not images:
                raise Refused(NO_IMAGE)
            await look_for(parts, where.team, images[0]["id"])
            await commands.open_form(where, picture=images[0]["id"])

    async def on_card(body: Json, sign: Sign) -> None:
        where = _of_action(body)
        async with acting.answering(where):
            message = body["message"]
            sent = Sent(where.team, where.channel, message.get("thread_ts") or message["ts"])
            async with parts.db.read() as s:
                post = await posts.by_message(s, room.name, str(sent))
            if post is None or post.purpose is not Purpose.SHOWCASE:
                raise Refused(NO_CARD)
            await acting.press(where, Press(sign, post.job_id))

    @app.shortcut(REMIX)
    @known
    async def on_remix(ack: AsyncAck, body: Json) -> None:
        await ack()
        await on_card(body, Sign.REMIX)

    @app.shortcut(REPORT)
    @known
    async def on_report(ack: AsyncAck, body: Json) -> None:
        await ack()
        await on_card(body, Sign.REPORT)

    @app.event("reaction_added")
    async def on_reaction_added(event: Json, body: Json, context: Json) -> None:
        later(watching.came(body["team_id"], event, str(context.get("bot_user_id"))))

    @app.event("reaction_removed")
    async def on_reaction_removed(event: Json, body: Json, context: Json) -> None:
        later(watching.went(body["team_id"], event, str(context.get("bot_user_id"))))

    @app.event("app_home_opened")
    @known
    async def on_home(event: Json, body: Json) -> None:
        if event.get("tab") == "home":
            await home.publish(parts, body["team_id"], event["user"])

    room.at_end += [watching.stop, acting.stop]
    return watching


def known_to(doing: set[asyncio.Future[Any]]) -> Callable[[Listener], Listener]:
    """bolt runs listeners by itself; so that none goes on after the room's end, it has to know them."""

    def known(listener: Listener) -> Listener:
        @wraps(listener)
        async def run(**given: Any) -> None:
            task = asyncio.current_task()
            if task is None:
                raise RuntimeError("a listener runs in a task")
            doing.add(task)
            try:
                await listener(**given)
            finally:
                doing.discard(task)

        return run

    return known


async def answer(
    ack: AsyncAck,
    doing: set[asyncio.Future[Any]],
    work: Coroutine[Any, Any, T],
    under: Callable[[Refused], str],
    give_back: Callable[[str], Awaitable[None]],
) -> T | None:
    """Do what a form asks for, and answer Slack; None where it came to nothing.

    What is wrong is said in the form, where nothing typed is lost, while Slack keeps it open: ``under``
    says under which field. After that ``give_back`` says it.
    """
    task = asyncio.create_task(work)
    doing.add(task)
    task.add_done_callback(doing.discard)
    in_time, _ = await asyncio.wait([task], timeout=FORM_SECONDS)
    if not in_time:
        await ack()
    try:
        done = await task
    except Refused as error:
        refused = error
    except Exception:
        log.exception("form.broke")
        refused = Refused(BROKEN)
    else:
        if in_time:
            await ack()
        return done
    if in_time:
        await ack(response_action="errors", errors={under(refused): str(refused)})
    else:
        await give_back(str(refused))
    return None


def _of_command(body: Json) -> Where:
    trigger = body["trigger_id"]
    name = body.get("user_name") or ""  # a command can be given by people of the workspace alone
    reply = body.get("response_url") or ""
    return Where(
        body["team_id"], body["channel_id"], body["user_id"], trigger, trigger, name, reply
    )


def _of_action(body: Json) -> Where:
    channel, trigger = (body.get("channel") or {}).get("id") or "", body["trigger_id"]
    reply = body.get("response_url") or ""
    team, user, name = body["team"]["id"], body["user"]["id"], _name(body)
    return Where(team, channel, user, trigger, trigger, name, reply)


def _of_form(body: Json, channel: str, request: str) -> Where:
    return Where(body["team"]["id"], channel, body["user"]["id"], request, name=_name(body))


def _name(body: Json) -> str:
    """What Slack calls whoever acted, if they are of this workspace; others are looked at first."""
    user = body["user"]
    ours = user.get("team_id") == body["team"]["id"]
    return (user.get("name") or user.get("username") or "") if ours else ""
