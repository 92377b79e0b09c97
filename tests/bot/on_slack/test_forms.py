"""`/sora` and its form, and `/studio`: what becomes a job, and what is refused in one sentence."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.on_slack import forms, listening
from bot.on_slack.home import painted
from bot.on_slack.paint import fallback, paint, sentence
from bot.on_slack.typed import usage
from bot.signs import Sign
from bot.studio import STUDIO, WORDS_LIMIT
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
from tests.support.whole import until

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
    said, typed = (await town.says(town.ada, "/sora", text)).strip().split("\n")[:2]
    assert said.endswith(".")
    assert typed == text
    assert await jobs(town) == []


@live
async def test_a_line_that_is_refused_can_be_changed(town: Town) -> None:
    await town.says(town.ada, "/sora", "a <!channel> & circle --seed x")
    said = town.ada.ephemerals(town.general)[-1]
    assert "a <!channel> & circle --seed x" in said.text()
    assert said.pings() == []
    form = await (await town.ada.press(said, label="Change it")).showed()
    element = form.find("prompt")[1]
    assert element["initial_value"] == "a <!channel> & circle --seed x"
    act = await (await town.ada.submit(form, {"prompt": "a circle --seed 7"})).acked()
    assert not act.errors
    (job,) = await jobs(town)
    assert (job.prompt, job.seed) == ("a circle", 7)


@live
async def test_a_line_that_breaks_is_given_back(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: Any, *args: Any) -> Job:
        raise OSError("away")

    monkeypatch.setattr(Desk, "submit", broken)
    said = await town.says(town.ada, "/sora", "a red circle")
    assert "Something broke" in said
    assert "a red circle" in said


@live
@pytest.mark.parametrize("typed", ["help", "--help", "—help", "Help"])
async def test_who_asks_for_help_gets_no_clip_of_it(town: Town, typed: str) -> None:
    assert "How it works" in await town.says(town.ada, "/sora", typed)
    assert await jobs(town) == []


@live
async def test_each_error_stands_under_its_own_field(town: Town) -> None:
    form = await form_of(town)
    act = await town.ada.submit(form, {"prompt": "a red circle", "duration": "99"})
    assert list((await act.acked()).errors) == ["duration"]
    act = await town.ada.submit(form, {"duration": None, "steps": "9999"})
    assert list((await act.acked()).errors) == ["steps"]
    act = await town.ada.submit(form, {"prompt": "a --nothing 1", "steps": "9"})
    assert list((await act.acked()).errors) == ["prompt"]


# ── forms that ask for words ─────────────────────────────────────────────────────────────


@live
@pytest.mark.parametrize("late", [False, True])
async def test_words_that_are_refused_are_not_lost(
    town: Town, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    acknowledged = asyncio.Event()

    async def no(self: Any, *args: Any, **more: Any) -> None:
        if late:
            await acknowledged.wait()
        raise Refused("Not now.")

    card = await town.in_review()
    form = await (await town.mo.press(card, "press:reject:1:0")).showed()
    monkeypatch.setattr(Desk, "review", no)
    monkeypatch.setattr(listening, "FORM_SECONDS", 0.2 if late else 2)
    before = len(town.mo.ephemerals())
    act = await (await town.mo.submit(form, {"words": "Too <!here> dark."})).acked()
    acknowledged.set()
    if late:
        assert not act.errors
        said = await town.told(town.mo, before)
        assert "Not now." in said.text()
        assert "Too <!here> dark." in said.text()
        assert said.pings() == []
    else:
        assert act.errors == {"words": "Not now."}
        assert town.mo.view is form


@live
async def test_an_empty_report_stays_in_its_form(town: Town) -> None:
    card = await town.published()
    form = await (await town.bo.press(card, "press:report:1:0")).showed()
    act = await (await town.bo.submit(form, {"reason": "other"})).acked()
    assert act.errors == {"words": "Say in a sentence what is wrong with it."}
    act = await (await town.bo.submit(form, {"words": "It is mine."})).acked()
    assert not act.errors
    assert "Thank you" in (await town.told(town.bo, 0)).text()


@live
async def test_no_form_opens_for_what_can_not_be_done(town: Town) -> None:
    card = await town.in_review()
    act = await town.presses(town.bo, card, "press:reject:1:0")
    assert "Only moderators" in (await town.told(town.bo, 0)).text()
    assert not act.opened
    await town.mo.react(card, "white_check_mark")
    card = await town.card(town.showcase)
    act = await town.presses(town.ada, card, "press:report:1:0")
    await town.slack.until(lambda: "yours; withdraw it" in town.ada.ephemerals()[-1].text())
    assert not act.opened
    for number, (typed, says) in enumerate(
        [
            ("remix 1", "hasn't allowed remixes"),
            ("remix 1 a blue square", "hasn't allowed remixes"),
            ("redraw 1", "somebody else's"),
            ("appeal 1", "somebody else's"),
            ("withdraw 1", "somebody else's"),
        ],
    ):
        assert says in await town.says(town.lin, "/studio", typed), number
    assert town.lin.views == []
    await town.says(town.lin, "/studio", "report 1 spam")
    assert "already" in await town.says(town.lin, "/studio", "report 1")
    assert town.lin.views == []


@live
async def test_a_check_that_takes_too_long_is_left_for_later(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await town.published()
    monkeypatch.setattr("bot.on_slack.acting.CHECK_SECONDS", 0.0)
    form = await (await town.ada.press(card, "press:report:1:0")).showed()
    act = await (await town.ada.submit(form, {"reason": "spam"})).acked()
    assert "yours; withdraw it" in act.errors["words"]


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
    assert "no picture" in act.errors["image"]
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
    submit, hangs = Desk.submit, asyncio.Event()

    async def slow(self: Any, *args: Any, **more: Any) -> Job:
        await hangs.wait()
        if refused:
            raise Refused("No more today.")
        return await submit(self, *args, **more)

    assert listening.FORM_SECONDS < 3
    monkeypatch.setattr(listening, "FORM_SECONDS", 0.2)
    monkeypatch.setattr(Desk, "submit", slow)
    form = await form_of(town)
    act = await (await town.ada.submit(form, {"prompt": "a red circle"})).acked()
    assert not act.errors
    hangs.set()
    said = (await town.told(town.ada, 0)).text()
    assert ("No more today." if refused else "is in line") in said
    await town.settled()


@live
@pytest.mark.parametrize("broken", [True, False])
async def test_a_refusal_that_comes_late_gives_back_what_was_typed(
    town: Town, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    submit, hangs = Desk.submit, asyncio.Event()

    async def slow(self: Any, *args: Any, **more: Any) -> Job:
        await hangs.wait()
        raise OSError("away") if broken else Refused("No more today.")

    monkeypatch.setattr(listening, "FORM_SECONDS", 0.2)
    monkeypatch.setattr(Desk, "submit", slow)
    words = {"prompt": "a <!channel> & circle --seed 7", "aspect": "16:9", "private": ["yes"]}
    image = {"image": Upload("a.png", picture())}
    act = await (await town.ada.submit(await form_of(town), words | image)).acked()
    assert not act.errors
    hangs.set()
    said = await town.told(town.ada, 0)
    assert ("Something broke" if broken else "No more today.") in said.text()
    assert "a <!channel> & circle" in said.text()
    assert said.pings() == []
    again = await (await town.ada.press(said, "wish:again")).showed()
    assert "image" not in again.inputs()
    monkeypatch.setattr(Desk, "submit", submit)
    await (await town.ada.submit(again)).acked()
    await town.told(town.ada, 1)
    (job,) = await jobs(town)
    assert (job.prompt, job.seed, job.private) == ("a <!channel> & circle", 7, True)
    width, height = ABLE.sizes["16:9"]
    assert job.width * height == job.height * width  # of a draft
    assert job.first_key


@live
@pytest.mark.parametrize("error", [OSError, asyncio.CancelledError, Refused])
async def test_a_picture_of_a_wish_that_came_to_nothing_is_let_go(
    town: Town, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    put: list[Any] = []

    async def broken(self: Any, *args: Any) -> Job:
        put.extend(town.media.folder.rglob("*.png"))
        raise error("away")

    form = await form_of(town)
    monkeypatch.setattr(Desk, "submit", broken)
    image = Upload("a.png", picture())
    act = await town.ada.submit(form, {"prompt": "a red circle", "image": image})
    if error is not asyncio.CancelledError:
        await act.acked()
    await until(lambda: asyncio.sleep(0, put and not list(town.media.folder.rglob("*.png"))), 5)


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
        ("--help", "How it works"),
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
        ("models style ink", "No model here has a style"),
        ("export", "Putting it together"),
        ("delete", "Be forgotten?"),
        ("show 99999", "no job 99999"),
        ("show 9999999999", "Type: /studio show 12."),
        ("again 9", "no job 9"),
        ("vary 9", "no job 9"),
        ("extend 9", "no job 9"),
        ("redraw 9 1 a blue square", "no job 9"),
        ("final 9", "no job 9"),
        ("remix 9 a blue square", "no job 9"),
        ("consent 9 remix yes", "no job 9"),
        ("withdraw 9", "no job 9"),
        ("appeal 9 it is mine", "no job 9"),
        ("report 9 spam", "no job 9"),
        ("chain", "No chain grows"),
        ("chain join 9", "no chain 9"),
        ("chain show", "the number of a chain"),
        ("chain begin a fox", "is no action here"),
        ("record", "The record"),
        ("lineage 9", "no job 9"),
        ("credits", "You have 0 credits"),
        ("credits rules", "What earns credit"),
        ("bug", "No report of yours waits"),
        ("bug yes 9", "no report 9"),
        ("theme", "No theme is open"),
        ("theme begin 7 moon What it sees", "Only hosts begin"),
        ("link", "link"),
        ("link undo", "link"),
        ("setup", "admins and owners"),
        ("line all", "The line"),
        ("queue cancel job 9", "no job 9"),
        ("queue everybody", "[mine or all]"),
        ("withdraw", "Type: /studio withdraw 12."),
        ("report 9 nudity", "sexual, gore, likeness"),
        ("remix", "for example: /studio remix 12 2 the same at night."),
    ],
)
async def test_each_command_answers(town: Town, typed: str, says: str) -> None:
    said = await town.says(town.bo, "/studio", typed)
    assert says in said, said
    assert town.general.messages == []


@live
@pytest.mark.parametrize("who", ["host", "mo", "bo"])
async def test_help_is_whole(town: Town, who: str) -> None:
    said = await town.says(getattr(town, who), "/studio", "help")
    for command in STUDIO:
        assert (f"/studio {command.name}:" in said) == (who == "host" or not command.for_hosts)
        if command.options:
            assert usage(command.name) in said
    assert ("You moderate" in said) == (who != "bo")


def test_the_longest_list_fits() -> None:
    from bot.card import Line
    from bot.lists import JobButton, Listing

    buttons = tuple(JobButton(Sign.SHOW, n, "Show") for n in range(9))
    made = painted(Listing("Jobs", tuple(Line("a", "b") for _ in range(90)), "more", buttons))
    assert len(made) in (49, 50)
    assert [block["type"] for block in made[-2:]] == ["context", "actions"]


@live
async def test_what_is_said_is_no_markup_in_notifications(town: Town) -> None:
    await town.says(town.ada, "/studio", "<!channel> hi")
    whisper = town.ada.ephemerals(town.general)[-1]
    assert "&lt;!channel&gt;" in whisper.content
    assert whisper.pings() == []


@live
async def test_a_review_card_that_was_brought_is_all_buttons(town: Town) -> None:
    await town.in_review(text="a red circle --variations 2")
    await town.says(town.mo, "/studio", "show 1")
    found = await town.slack.until(lambda: [m for m in town.mo.dm.messages if m.buttons()])
    card = found[-1]
    assert "by Ada" in card.text()
    assert "a number first" not in card.text()
    ids = [button.action_id for button in card.buttons()]
    assert ids[:3] == ["press:approve:1:0", "press:reject:1:0", "press:sexual:1:0"]
    assert not card.reactions
    await town.presses(town.mo, card, "press:approve:1:0")
    await town.is_(Status.PUBLISHED)


@live
async def test_only_moderators_are_shown_what_waits(town: Town) -> None:
    await town.in_review()
    assert "no job 1" in await town.says(town.bo, "/studio", "show 1")


def test_none_of_the_commands_is_left_out() -> None:
    (mark,) = [m for m in test_each_command_answers.pytestmark if m.name == "parametrize"]  # type: ignore[attr-defined]
    assert {c.name for c in STUDIO} <= {typed.split(" ")[0] for typed, _ in mark.args[1]}


@live
async def test_the_commands_do_what_they_say(town: Town) -> None:
    await town.wish()
    assert "Cancel 1" in await town.says(town.ada, "/studio", "queue")
    assert "is cancelled" in await town.says(town.ada, "/studio", "queue cancel 1")
    assert "back in line" in await town.says(town.ada, "/studio", "again 1")
    await town.render()
    await town.card(town.review)
    assert "Job 2 is in line" in await town.says(town.ada, "/studio", "again 1")
    assert "Which clip?" in await town.says(town.ada, "/studio", "vary 1")
    assert "Job 3 is in line" in await town.says(town.ada, "/studio", "vary 1 2")
    form = await (await town.ada.slash(town.general, "/studio", "redraw 1 1 blue --seed 7")).acked()
    assert not form.opened
    await town.slack.until(lambda: "Job 4 is in line" in town.ada.whispers[-1].text())
    assert "no clip 3" in await town.says(town.ada, "/studio", "final 1 3")
    asked = await town.says(town.ada, "/studio", "withdraw #1")
    assert "Take it out of everything public?" in asked
    assert (await town.studio.job(1)).status is not Status.WITHDRAWN
    question = town.ada.ephemerals(town.general)[-1]
    await town.ada.press(question, label="Yes, withdraw")
    await town.is_(Status.WITHDRAWN)
    await town.slack.until(lambda: "is withdrawn" in town.ada.whispers[-1].text())
    assert "already withdrawn" in await town.says(town.ada, "/studio", "withdraw 1")
    assert "cancelled" in await town.says(town.ada, "/studio", "queue cancel all")


@live
async def test_what_was_not_typed_is_asked_for_in_a_form(town: Town) -> None:
    await town.in_review(text="a red circle --variations 2")
    form = await (await town.ada.slash(town.general, "/studio", "redraw job 1 2")).showed()
    assert form.inputs() == ["words"]
    typed = "redraw 1 a blue square"
    form = await (await town.ada.slash(town.general, "/studio", typed)).showed()
    assert form.inputs() == ["clip", "words"]
    await (await town.ada.submit(form, {"clip": "2"})).acked()
    await town.slack.until(lambda: town.ada.ephemerals())
    assert (await town.studio.job(2)).prompt == "a blue square"
    await town.studio.change(1, status=Status.REJECTED)
    form = await (await town.ada.slash(town.general, "/studio", "appeal 1")).showed()
    assert form.inputs() == ["words"]


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


@example({"seed": "7"}, " " + "a" * WORDS_LIMIT)
@given(st.dictionaries(st.sampled_from(["aspect", "seed", "negative"]), st.text("ab1 -")), NASTY)
def test_what_is_typed_again_fits(picked: dict[str, str], prompt: str) -> None:
    line = forms.typed_again({**picked, "prompt": prompt})
    assert len(line) <= max(WORDS_LIMIT, len(prompt))
    assert line.startswith(prompt.strip()) or "--" in prompt or "—" in prompt
