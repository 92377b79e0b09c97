"""`/sora` and its form, and `/studio`: what becomes a job, and what is refused in one sentence."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.on_slack import forms
from bot.on_slack.home import painted
from bot.on_slack.paint import fallback, paint, sentence
from bot.studio import STUDIO
from db.models import Job
from db.offers import Offer
from db.states import Status
from moderation.desk import Desk
from moderation.rules import Refused
from tests.bot.on_slack.town import Town, picture
from tests.doubles.on_slack import Slack, Upload, View
from tests.doubles.on_slack.blocks import marked
from tests.doubles.on_slack.limits import check_view
from tests.support.cards import WORDS, card
from tests.support.studio import ABLE

live = pytest.mark.usefixtures("slack_room")


async def jobs(town: Town) -> list[Job]:
    async with town.db.read() as s:
        return list((await s.scalars(select(Job))).all())


async def form_of(town: Town) -> View:
    return await (await town.ada.slash(town.general, "/sora")).showed()


@live
async def test_a_line_with_options_is_a_job(town: Town) -> None:
    job = await town.wish(
        text='a red <circle> & more --final --aspect 16:9 --seed 7 --negative "blue"'
    )
    assert (job.prompt, job.seed, job.negative) == ("a red <circle> & more", 7, "blue")
    assert (job.width, job.height) == ABLE.sizes["16:9"]


@live
@pytest.mark.parametrize(
    "text", ["a --seed x", "--seed 7", "a --nothing 1", "a --aspect 5:4", "a --image x"]
)
async def test_what_is_refused_is_one_sentence_and_queues_nothing(town: Town, text: str) -> None:
    said = await town.says(town.ada, "/sora", text)
    assert "\n" not in said.strip()
    assert said.rstrip().endswith(".")
    assert await jobs(town) == []


@live
async def test_where_the_app_is_not_people_are_answered_all_the_same(town: Town) -> None:
    outside = town.team.channel("elsewhere", private=True, bot=False)
    await (await town.ada.slash(outside, "/sora", "a red circle")).acked()
    await town.slack.until(
        lambda: [m for m in [*town.ada.whispers, *town.ada.dm.messages] if "is in line" in m.text()]
    )


@live
async def test_the_form_has_an_input_for_every_option(town: Town) -> None:
    form = await form_of(town)
    wanted = {"prompt", "model", "aspect", "duration", "seed", "private", "image", "last", "loop"}
    assert wanted <= set(form.inputs())
    assert "strength" not in form.inputs()
    act = await town.ada.submit(
        form,
        {
            "prompt": "a red circle --final --steps 9",
            "aspect": "16:9",
            "seed": "7",
            "private": ["yes"],
        },
    )
    await act.acked()
    assert not act.errors
    await town.told(town.ada, 0)
    (job,) = await jobs(town)
    assert (job.prompt, job.seed, job.steps, job.private) == ("a red circle", 7, 9, True)


@live
async def test_what_is_wrong_stays_in_the_form(town: Town) -> None:
    form = await form_of(town)
    act = await town.ada.submit(form, {"prompt": "a red circle --seed x", "aspect": "1:1"})
    await act.acked()
    assert "--seed" in act.errors["prompt"]
    assert town.ada.views == [form]
    act = await town.ada.submit(form, {"prompt": "a red circle"})
    await act.acked()
    assert not act.errors
    assert town.ada.views == []
    assert len(await jobs(town)) == 1


@live
async def test_pictures_in_the_form(town: Town) -> None:
    form = await form_of(town)
    act = await town.ada.submit(
        form, {"prompt": "a red circle", "image": Upload("no.png", b"no picture")}
    )
    await act.acked()
    assert "no picture" in act.errors["prompt"]
    act = await town.ada.submit(
        form, {"prompt": "a red circle", "image": Upload("a.png", picture())}
    )
    await act.acked()
    assert not act.errors
    (job,) = await jobs(town)
    assert job.first_key


@live
async def test_a_form_told_twice_is_one_job(town: Town) -> None:
    form = await form_of(town)
    act = await (await town.ada.submit(form, {"prompt": "a red circle"})).acked()
    town.slack.send(act)
    await town.slack.until(lambda: len(town.ada.whispers) >= 2)
    assert len(await jobs(town)) == 1


@live
@pytest.mark.parametrize("refused", [True, False])
async def test_a_slow_database_is_waited_for_no_longer_than_slack_does(
    town: Town, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    submit = Desk.submit

    async def slow(self: Any, *args: Any, **more: Any) -> Job:
        await asyncio.sleep(2.6)
        if refused:
            raise Refused("No more today.")
        return await submit(self, *args, **more)

    monkeypatch.setattr(Desk, "submit", slow)
    form = await form_of(town)
    act = await (await town.ada.submit(form, {"prompt": "a red circle"})).acked(within=2.8)
    assert not act.errors
    said = (await town.told(town.ada, 0)).text()
    assert ("No more today." if refused else "is in line") in said


@live
async def test_a_broken_database_loses_nothing_that_was_typed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: Any, *args: Any) -> Job:
        raise OSError("away")

    form = await form_of(town)
    monkeypatch.setattr(Desk, "submit", broken)
    act = await (await town.ada.submit(form, {"prompt": "a red circle"})).acked()
    assert "Something broke" in act.errors["prompt"]
    assert town.ada.view is form


@live
async def test_a_trigger_that_ran_out_is_said(town: Town) -> None:
    town.slack.faults.next("views.open", error="expired_trigger_id")
    await town.ada.slash(town.general, "/sora")
    assert "took too long" in (await town.told(town.ada, 0)).text()


# ── /studio ──────────────────────────────────────────────────────────────────────────────


@live
@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "How it works"),
        ("help", "How it works"),
        ("nonsense <!channel>", "There is no /studio"),
        ("queue", "Your jobs in line"),
        ("queue all", "The line"),
        ("queue all 2", "one page"),
        ("queue cancel 9", "no job 9"),
        ("queue cancel all", "nothing to cancel"),
        ("queue cancel", "Your jobs in line"),
        ("mine", "Your jobs"),
        ("mine 2", "one page"),
        ("models", "Toy"),
        ("models toy", "It makes"),
        ("models nix", "no model nix"),
        ("style", "No model here has a style"),
        ("show 99999", "no job 99999"),
        ("show 9999999999", "takes: job"),
        ("again 9", "no job 9"),
        ("vary 9", "no job 9"),
        ("extend 9", "no job 9"),
        ("redraw 9 1 a blue square", "no job 9"),
        ("final 9", "no job 9"),
        ("retry 9", "no job 9"),
        ("remix 9 a blue square", "no job 9"),
        ("withdraw 9", "no job 9"),
        ("appeal 9 it is mine", "no job 9"),
        ("report 9 spam", "no job 9"),
        ("link", "link"),
        ("unlink", "link"),
        ("setup", "admins and owners"),
    ],
)
async def test_each_command_answers(town: Town, typed: str, says: str) -> None:
    said = await town.says(town.bo, "/studio", typed)
    assert says in said, said
    assert town.general.messages == []


def test_none_of_the_commands_is_left_out() -> None:
    (mark,) = [m for m in test_each_command_answers.pytestmark if m.name == "parametrize"]  # type: ignore[attr-defined]
    assert {c.name for c in STUDIO} <= {typed.split(" ")[0] for typed, _ in mark.args[1]}


@live
async def test_the_commands_do_what_they_say(town: Town) -> None:
    await town.wish()
    assert "Cancel 1" in await town.says(town.ada, "/studio", "queue")
    assert "is cancelled" in await town.says(town.ada, "/studio", "queue cancel 1")
    assert "back in line" in await town.says(town.ada, "/studio", "retry 1")
    await town.render()
    await town.card(town.review)
    assert "Job 2 is in line" in await town.says(town.ada, "/studio", "again 1")
    assert "Which clip?" in await town.says(town.ada, "/studio", "vary 1")
    assert "Job 3 is in line" in await town.says(town.ada, "/studio", "vary 1 2")
    form = await (await town.ada.slash(town.general, "/studio", "redraw 1 1 blue --seed 7")).acked()
    assert not form.opened
    await town.slack.until(lambda: "Job 4 is in line" in town.ada.whispers[-1].text())
    assert "no clip 3" in await town.says(town.ada, "/studio", "final 1 3")
    assert "is withdrawn" in await town.says(town.ada, "/studio", "withdraw 1")
    assert "cancelled" in await town.says(town.ada, "/studio", "queue cancel all")
    await town.is_(Status.WITHDRAWN)


@live
async def test_hosts_are_shown_the_setup(town: Town) -> None:
    view = await (await town.host.slash(town.general, "/studio", "setup")).showed()
    assert "Showcase channel" in view.text()


# ── people's words ───────────────────────────────────────────────────────────────────────

EVIL = st.sampled_from(
    ["<!channel>", "<@U1>", "<https://x.example|y>", "*b*", ":x:", "&lt;!here&gt;"]
)
NASTY = st.lists(WORDS | EVIL, max_size=4).map("".join)


@given(card())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_nothing_of_a_card_is_markup_but_dates_and_licences(drawn: Any) -> None:
    texts = [fallback(drawn), *marked(paint(drawn, {}))]
    for text in texts:
        for part in text.split("<")[1:]:
            assert part.startswith(("!date^", "https://x.example|")), text


@given(NASTY, NASTY)
def test_nothing_people_write_is_markup_in_answers_and_lists(one: str, other: str) -> None:
    from bot.card import Line
    from bot.lists import Listing

    blocks = [*sentence(one), *painted(Listing("Your jobs", (Line(one, other),), other))]
    assert list(marked(blocks)) == []


@given(st.integers(1, 200), st.text("ab:/ <!>&", min_size=1, max_size=300), NASTY)
def test_any_offer_makes_a_form_that_slack_takes(count: int, name: str, prompt: str) -> None:
    offers: list[Offer] = [
        ABLE.model_copy(update={"name": f"{n}{name}", "sizes": {f"{n}:{name}"[:200]: (64, 64)}})
        for n in range(count)
    ]
    slack = Slack()
    team = slack.team("Studio")
    check_view(team, "form", forms.wish(offers, "C1", prompt[:2000], "F1", "1.2.3"))
    assert slack.violations == []
