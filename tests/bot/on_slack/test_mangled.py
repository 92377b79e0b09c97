"""Whatever Slack's own door brings is answered, ignored or said in a sentence, and changes nothing that
whoever sent it may not change."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import strategies as st

from bot.on_slack.listening import ANIMATE, REPORT
from bot.on_slack.manifest import EVENTS, scopes
from bot.on_slack.room import SlackRoom
from bot.press import Step
from bot.signs import Sign
from db import clips
from db.broker import Broker
from db.media import Media
from db.session import Db
from tests.bot.on_slack.town import Town, picture, running
from tests.doubles.on_slack import Slack, Upload
from tests.doubles.on_slack.acts import EVENT, SLASH, Act
from tests.doubles.on_slack.outbound import FORM, JSON
from tests.support.logged import logged
from tests.support.mangled import broken, drawn, mangled
from tests.support.studio import ABLE, Studio

SPECS = Path(__file__).parents[3] / "shared/specs/slack"
ENDS_IT = {"app_uninstalled", "tokens_revoked"}


@pytest.fixture
async def town(sqlite_url: str, valkey: str, tmp_path: Path, _quick: None) -> AsyncIterator[Town]:
    """A workspace that reaches the bot over HTTP."""
    db, broker = Db(sqlite_url), Broker(valkey)
    kinds = {need.name for need in EVENTS}
    async with Slack(socket_mode=False, scopes=scopes(), events=kinds) as slack:
        town = Town(slack, await Studio(db, broker).open([ABLE]), Media(tmp_path / "media"))
        await town.set_up()
        yield town
    await broker.close()
    await db.close()


class Door:
    """Signs what it sends as Slack does."""

    def __init__(self, slack: Slack) -> None:
        self._outbound, self._ids = slack.delivery.outbound, itertools.count()

    async def send(self, kind: str, payload: Any) -> tuple[int, Any]:
        if kind == EVENT:
            body, of = json.dumps(payload), JSON
        elif kind == SLASH:
            body, of = urlencode({k: str(v) for k, v in payload.items()}, errors="replace"), FORM
        else:
            body, of = urlencode({"payload": json.dumps(payload)}), FORM
        sent = body.encode()
        assert len(sent) < 2**20
        headers = self._outbound.signed(sent, of)
        return (await self._outbound.post(sent, headers))[:2]

    def fresh(self, payload: Any) -> Any:
        """Told of for the first time, and a trigger that nobody has used."""
        number = next(self._ids)
        for name in ("event_id", "trigger_id"):
            if isinstance(payload.get(name), str):
                payload[name] = f"{payload[name][:60]}{number}"
        return payload


async def some_of_everything(town: Town) -> list[tuple[str, Any]]:
    """What Slack sent while people did a bit of everything."""
    found: list[tuple[str, Any]] = []
    deliver = town.slack.deliver

    def noted(act: Act) -> None:
        found.append((act.kind, json.loads(json.dumps(act.payload))))
        deliver(act)

    town.slack.deliver = noted
    image = await town.bo.send(town.general, "look", [Upload("a.png", picture())])
    card = await town.in_review(text="a red circle --variations 2")
    await town.says(town.ada, "/studio", "vary 1")
    form = await (await town.ada.slash(town.general, "/sora", "")).showed()
    await (await town.ada.submit(form, {"prompt": "a blue square", "seed": "7"})).acked()
    form = await (await town.ada.slash(town.general, "/studio", "redraw 1")).showed()
    await (await town.ada.submit(form, {"clip": "2", "words": "blue"})).acked()
    form = await (await town.host.slash(town.general, "/studio", "setup")).showed()
    await (await town.host.submit(form)).acked()
    await (await town.ada.shortcut(image, ANIMATE)).acked()
    await (await town.ada.shortcut(card, REPORT)).acked()
    await town.mo.press(card, label="My limits")
    await town.mo.react(card, "eyes")
    await town.mo.unreact(card, "eyes")
    await town.ada.opens_home()
    await town.settled()
    town.slack.deliver = deliver
    return found


def samples() -> list[tuple[str, Any]]:
    """Of Slack's own, where they are at hand."""
    if not SPECS.is_dir():
        return []
    events = [json.loads(file.read_text()) for file in sorted(SPECS.glob("events/*.json"))]
    return [(EVENT, one) for one in events if one.get("event", {}).get("type") not in ENDS_IT]


@asynccontextmanager
async def unbroken(room: SlackRoom, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """All that is begun within comes to an end without anything that had to be written down."""
    before = set(room.doing)
    with logged() as lines:
        yield
        async with asyncio.timeout(20):
            while room.doing - before:
                await asyncio.sleep(0.02)
    assert {line["exc_info"][:200] for line in lines if line.get("exc_info")} == set()
    assert broken(caplog) == []


async def test_what_is_mangled_breaks_nothing(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    async with running(town) as room:
        known = [*await some_of_everything(town), *samples()]
        door = Door(town.slack)
        whole = st.sampled_from(known).flatmap(
            lambda one: st.tuples(st.just(one[0]), mangled(one[1]))
        )

        async with unbroken(room, caplog):
            for kind, payload in drawn(whole):
                status, said = await door.send(kind, door.fresh(payload))
                assert status < 500
                assert "Traceback" not in str(said)
        assert "is in line" in await town.says(town.bo, "/sora", "still here")


async def rows(town: Town) -> list[Any]:
    async with town.db.read() as s:
        return [
            (await town.studio.job(1)).model_dump(),
            [c.model_dump() for c in await clips.of(s, 1)],
        ]


async def test_ids_that_somebody_else_made_up_change_no_row_of_others(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(town) as room:
        await town.in_review()
        before = await rows(town)
        (kind, pressed) = await some_press(town)
        door = Door(town.slack)
        made_up = st.builds(
            "{}:{}:{}:{}".format,
            st.sampled_from([*Step, "save"]),
            st.sampled_from([*Sign, "rule"]),
            st.sampled_from(["1", "0", "9999999999", "٣", "1/2"]),
            st.sampled_from(["0", "1", "4", "5"]),
        )

        async with unbroken(room, caplog):
            for action in drawn(made_up):
                pressed["actions"][0]["action_id"] = action
                assert (await door.send(kind, door.fresh(dict(pressed))))[0] == 200
    assert await rows(town) == before


async def some_press(town: Town) -> tuple[str, Any]:
    found: list[Act] = []
    deliver = town.slack.deliver
    town.slack.deliver = found.append
    await town.bo.press(town.review.messages[-1])
    town.slack.deliver = deliver
    return found[0].kind, found[0].payload
