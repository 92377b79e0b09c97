"""`/studio` in Discord."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from discord import app_commands, ui
from simcord.actors import MemberActor

from bot import lists
from bot.card import Line
from bot.lists import JobButton, Listing
from bot.on_discord.ids import ROOM
from bot.on_discord.studio import DEEDS, NAME, painted
from bot.on_discord.text import CUT
from bot.signs import Sign
from bot.studio import STUDIO
from db import people, reports, votes
from db.models import utcnow
from db.states import Descent, Flag, Purpose, Reason, Status
from moderation.people import Person, Role
from moderation.rules import Rules
from tests.bot.on_discord.world import World, buttons, markdown, text


async def asked(world: World, command: str, who: MemberActor | None = None, **options: Any) -> Any:
    """The answer to a command, which only they see."""
    result = await (who or world.ada).slash(world.general, f"studio {command}", **options)
    assert result.ephemeral
    assert result.response is not None
    return result.response


async def said(world: World, command: str, who: MemberActor | None = None, **options: Any) -> str:
    return text(await asked(world, command, who, **options)).replace("\\", "")


# ── the command itself ───────────────────────────────────────────────────────────────────


async def test_discord_takes_the_group(world: World) -> None:
    """Each limit is Discord's own."""
    group = world.client.tree.get_command(NAME)
    assert isinstance(group, app_commands.Group)
    told = group.to_dict(world.client.tree)
    assert len(told["options"]) <= 25
    for command in told["options"]:
        assert 1 <= len(command["description"]) <= 100
        needed = [bool(option.get("required")) for option in command["options"]]
        assert needed == sorted(needed, reverse=True)
        for option in command["options"]:
            assert 1 <= len(option["description"]) <= 100
    assert size(told) <= 8000


def size(told: Any) -> int:
    """What Discord counts of a command: names, descriptions, and the values of choices."""
    own = len(told.get("name", "")) + len(told.get("description", ""))
    own += len(str(told.get("value", "")))
    return own + sum(map(size, [*(told.get("options") or []), *(told.get("choices") or [])]))


def test_what_is_in_the_grammar_can_be_done() -> None:
    assert set(DEEDS) == {command.name for command in STUDIO}


# ── lists ────────────────────────────────────────────────────────────────────────────────


async def test_queue_shows_ones_own_jobs_with_a_button_to_cancel(world: World) -> None:
    await world.wish(world.bo, prompt="a secret")
    await world.wish(prompt="a red circle")
    answer = await asked(world, "queue")
    assert "Your job 2: Number 2 in line" in text(answer)
    assert "a red circle" in text(answer)
    assert "secret" not in text(answer)
    assert list(buttons(answer)) == ["Cancel 2"]
    pressed = await world.ada.click(answer.message, label="Cancel 2")
    assert "Job 2 is cancelled" in text(pressed.response)
    assert (await world.studio.job(2)).status is Status.CANCELLED


async def test_a_press_in_a_list_changes_the_card_and_not_the_list(world: World) -> None:
    receipt = await world.wish()
    await world.tell()
    answer = await asked(world, "queue")
    await world.ada.click(answer.message, label="Cancel 1")
    post = await world.post(Purpose.RECEIPT)
    async with world.db.begin() as s:
        (await s.merge(post)).painted_at = utcnow() - timedelta(seconds=10)
    await world.tell()
    assert "Your job 1: Next in line" in text(answer)
    assert "You cancelled it" in text(receipt.response)


async def test_neither_does_the_answer_to_a_question(world: World) -> None:
    asked_for = await world.wish()
    await world.tell()
    await world.render()
    question = await asked(world, "withdraw", job=1)
    await world.ada.click(question.message, label="Yes, withdraw")
    await world.tell()
    assert "Take it out of everything public?" in text(question)
    assert "You withdrew it" in text(asked_for.response)


async def test_queue_of_everybody(world: World) -> None:
    await world.wish(world.bo, prompt="a secret")
    words = await said(world, "queue", whose="all")
    assert "bo: Next in line" in words
    assert "secret" not in words
    assert "Nobody waits" not in words


async def test_queue_cancels_one(world: World) -> None:
    await world.wish()
    await world.wish()
    assert "Job 2 is cancelled." in await said(world, "queue", cancel="2")
    assert (await world.studio.job(1)).status is Status.QUEUED
    assert (await world.studio.job(2)).status is Status.CANCELLED


async def test_queue_cancels_all_of_mine_and_nobody_elses(world: World) -> None:
    await world.wish()
    await world.wish(world.bo)
    await world.wish()
    await world.studio.claim()
    assert "The jobs 1 and 3 are cancelled." in await said(world, "queue", cancel="All")
    assert (await world.studio.job(2)).status is Status.QUEUED
    assert "nothing to cancel" in await said(world, "queue", cancel="all")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("1", "somebody else's"),
        ("9", "no job 9"),
        ("first", "the number of a job of yours, or “all”"),
        ("99999999999", "the number of a job of yours, or “all”"),
    ],
)
async def test_what_cant_be_cancelled_is_said(world: World, typed: str, why: str) -> None:
    await world.wish(world.bo)
    assert why in await said(world, "queue", cancel=typed)
    assert (await world.studio.job(1)).status is Status.QUEUED


async def test_mine_brings_jobs_back_with_one_press(world: World) -> None:
    await world.rendered(prompt="a red circle")
    answer = await asked(world, "mine")
    assert "Job 1 is in review" in text(answer)
    assert "a red circle" in text(answer)
    shown = await world.ada.click(answer.message, label="Show 1")
    assert shown.ephemeral
    assert shown.response is not None
    assert "Job 1 is ready" in text(shown.response)
    assert shown.response.attachments


async def test_lists_have_pages(world: World) -> None:
    for _ in range(8):
        await world.wish()
    await said(world, "queue", cancel="all")
    for _ in range(4):
        await world.wish()
    answer = await asked(world, "mine")
    assert "/studio mine 2 shows 2 more" in text(answer)
    assert len(buttons(answer)) == 10
    rest = await asked(world, "mine", page=2)
    assert list(buttons(rest)) == ["Show 2", "Show 1"]
    assert "This list has 2 pages" in await said(world, "mine", page=3)


async def test_models_and_styles(world: World) -> None:
    assert "Toy (toy): Draws nothing" in await said(world, "models")
    assert "It can start from words alone" in await said(world, "models", model="toy")
    assert "no model nix" in await said(world, "models", model="nix")
    assert "No model here has a style" in await said(world, "models", style="ink")


async def test_help_is_by_the_rules_and_for_whoever_asks(world: World) -> None:
    words = await said(world, "help")
    assert "/sora and what a clip should show" in words
    assert "/studio queue: Who is being rendered" in words
    assert "setup" not in words
    assert "You moderate" in await said(world, "help", world.mo)
    assert "/studio setup" in await said(world, "help", world.host)


def test_any_list_is_within_discords_limits() -> None:
    worst = "*_`|@" * 200
    longest = Listing(
        worst,
        tuple(Line(worst, worst) for _ in range(lists.PAGE + 2)),
        worst,
        (JobButton(Sign.SHOW, 2**31 - 1, worst),) * lists.PAGE,
    )
    host = Person(1, "ada", frozenset({Role.HOST}))
    everything = lists.help_for(host, Rules(), "/" + "s" * 32, "/studio")
    for listing in (longest, everything):
        view = painted(listing)
        assert view.content_length() <= 4000
        assert view.total_children_count <= 40
    assert CUT not in content(painted(everything)), "help is too long"


def content(view: ui.LayoutView) -> str:
    (shown,) = (item for item in view.children if isinstance(item, ui.TextDisplay))
    return shown.content


# ── one job ──────────────────────────────────────────────────────────────────────────────


async def test_show_brings_a_job_back_with_buttons_that_work(world: World) -> None:
    await world.rendered(private=True)
    answer = await asked(world, "show", job=1)
    assert "Job 1 is ready" in text(answer)
    assert len(answer.attachments) == 2
    await world.ada.click(answer.message, label="Publish")
    assert (await world.studio.job(1)).status is Status.IN_REVIEW


async def test_show_in_a_thread_and_in_a_direct_message(world: World) -> None:
    await world.rendered()
    made = await world.client.courier.private_thread(world.general.id, "clips")
    await world.client.courier.add_to_thread(made, world.ada.id)
    (thread,) = world.general.threads
    there = await world.ada.slash(thread, "studio show", job=1)
    assert "Job 1 is ready" in text(there.response)
    direct = await world.ada.user.slash("studio show", job=1)
    assert "Job 1 is ready" in text(direct.response)


async def test_show_is_the_ballot_to_others_and_nothing_before(world: World) -> None:
    await world.rendered()
    assert "no job 1 that you may see" in await said(world, "show", world.bo, job=1)
    assert "no job 7 that you may see" in await said(world, "show", world.bo, job=7)
    assert "Review: job 1" in await said(world, "show", world.mo, job=1)
    await world.mo.react(world.card(world.review), "✅")
    answer = await asked(world, "show", world.bo, job=1)
    assert "by ada" in text(answer)
    await world.bo.click(answer.message, label="Vote for 2")
    async with world.db.read() as s:
        assert await votes.tally(s, 1) == {2: 1}


@pytest.mark.parametrize(
    ("command", "descent"),
    [("vary", Descent.VARY), ("extend", Descent.EXTEND), ("final", Descent.FINAL)],
)
async def test_a_job_grows_out_of_a_clip(world: World, command: str, descent: Descent) -> None:
    await world.rendered()
    result = await world.ada.slash(world.general, f"studio {command}", job=1, clip=2)
    await world.tell(2)
    grown = await world.studio.job(2)
    assert (grown.parent_id, grown.parent_clip, grown.descent) == (1, 2, descent)
    assert "Job 2" in text(result.response)
    assert "Cancel" in buttons(result.response)


async def test_of_several_clips_one_is_picked_by_a_press(world: World) -> None:
    await world.rendered()
    answer = await asked(world, "extend", job=1)
    assert buttons(answer) == {"Clip 1": "press:extend:1:1", "Clip 2": "press:extend:1:2"}
    await world.ada.click(answer.message, label="Clip 2")
    assert (await world.studio.job(2)).source_clip == 2


async def test_a_single_clip_neednt_be_picked(world: World) -> None:
    await world.rendered(variations=1)
    await world.ada.slash(world.general, "studio vary", job=1)
    assert (await world.studio.job(2)).parent_clip == 1


@pytest.mark.parametrize("command", ["vary", "extend", "final", "again", "appeal"])
async def test_a_private_job_of_others_tells_nothing(world: World, command: str) -> None:
    """Not even how many clips it has."""
    await world.rendered(private=True)
    more = {"sentence": "please"} if command == "appeal" else {}
    answer = await asked(world, command, world.bo, job=1, **more)
    assert "somebody else's" in text(answer).replace("\\", "")
    assert buttons(answer) == {}


async def test_what_has_no_clips_yet_says_so(world: World) -> None:
    await world.wish()
    assert "has no clips to go on from: it is waiting in line" in await said(world, "vary", job=1)


async def test_redraw_takes_the_prompt_and_its_options(world: World) -> None:
    await world.rendered()
    await world.ada.slash(
        world.general, "studio redraw", job=1, clip=1, prompt="a blue dot --strength 0.5"
    )
    redrawn = await world.studio.job(2)
    assert (redrawn.prompt, redrawn.strength) == ("a blue dot", 0.5)
    assert redrawn.descent is Descent.REDRAW


async def test_remix_needs_the_artists_leave(world: World) -> None:
    await world.published()
    refused = await said(world, "remix", world.bo, job=1, clip=1, prompt="a blue dot")
    assert "hasn't allowed remixes" in refused
    await allow_remixes(world)
    result = await world.bo.slash(
        world.general, "studio remix", job=1, clip=2, prompt="a blue dot --seed 7"
    )
    await world.tell(2)
    remixed = await world.studio.job(2)
    assert (remixed.prompt, remixed.seed, remixed.parent_clip) == ("a blue dot", 7, 2)
    assert remixed.descent is Descent.REMIX
    assert "Job 2" in text(result.response)


async def test_a_remix_leads_to_what_it_is_a_remix_of(world: World) -> None:
    await world.published()
    await allow_remixes(world)
    parent = world.card(world.showcase)
    await world.bo.slash(world.general, "studio remix", job=1, clip=2, prompt="a blue dot")
    await world.tell(2)
    await world.render(2)
    await world.mo.react(world.card(world.review), "✅")
    await world.tell(2)
    address = f"https://discord.com/channels/{world.guild.id}/{world.showcase.id}/{parent.id}"
    named = f"remix of [job 1, clip 2 by ada, at strength 0.7](<{address}>)"
    assert named in text(world.card(world.showcase))


async def test_the_lineage_is_a_tree_in_text(world: World) -> None:
    await world.published(prompt="a *red* circle")
    await allow_remixes(world)
    await world.bo.slash(world.general, "studio remix", job=1, clip=2, prompt="a secret")
    await world.bo.slash(world.general, "studio extend", job=1, clip=1)
    answer = await asked(world, "lineage", world.bo, job=1)
    assert "Job 1 by ada (this one)." in text(answer)
    assert "└── Your job 2, a remix of job 1, clip 2, waiting in line.\n> a secret" in text(answer)
    assert "└── Your job 3, what happens after job 1, clip 1" in text(answer)
    assert r"a \*red\* circle" in markdown(answer)
    assert list(buttons(answer)) == ["Show 2", "Show 3"]
    assert "secret" not in await said(world, "lineage", job=1)
    assert "no job 2 that you may see" in await said(world, "lineage", job=2)


async def test_a_wrong_option_is_one_sentence(world: World) -> None:
    await world.published()
    await allow_remixes(world)
    words = await said(world, "remix", world.bo, job=1, clip=2, prompt="a dot --sped 7")
    assert "There is no option --sped" in words


async def test_again_puts_back_what_came_to_nothing_and_asks_for_more_of_the_rest(
    world: World,
) -> None:
    await world.wish()
    await said(world, "queue", cancel="1")
    assert "Job 1 is back in line." in await said(world, "again", job=1)
    await world.ada.slash(world.general, "studio again", job=1)
    assert (await world.studio.job(2)).prompt == "a red circle"


async def test_withdraw_asks_first(world: World) -> None:
    await world.published()
    answer = await asked(world, "withdraw", job=1)
    assert (await world.studio.job(1)).status is Status.PUBLISHED
    await world.ada.click(answer.message, label="Yes, withdraw")
    assert (await world.studio.job(1)).status is Status.WITHDRAWN


async def test_appeal(world: World) -> None:
    await world.rendered()
    await world.mo.react(world.card(world.review), "🩸")
    answer = await said(world, "appeal", job=1, sentence="it is paint")
    assert "moderators who did not review it before" in answer
    assert (await world.studio.job(1)).status is Status.APPEALED
    assert "Only a rejected job" in await said(world, "appeal", job=1, sentence="again")


async def test_report(world: World) -> None:
    await world.published()
    words = await said(world, "report", world.bo, job=1, reason="spam", sentence="an advert")
    assert "The moderators will look at job 1" in words
    async with world.db.read() as s:
        (report,) = await reports.of(s, 1)
    assert (report.reason, report.sentence) == (Reason.SPAM, "an advert")
    assert "already" in await said(world, "report", world.bo, job=1, reason="spam")
    assert "yours" in await said(world, "report", job=1, reason="spam")


async def test_two_of_a_person_are_linked_and_parted(world: World) -> None:
    await world.wish(world.bo)
    shown = await said(world, "link")
    code = re.search(r"\w{4}-\w{4}", shown)
    assert code is not None
    assert "This is your own code" in await said(world, "link", code=code[0])
    assert "no such code" in await said(world, "link", world.mo, code="XXXX-XXXX")
    typed = await world.bo.user.slash("studio link", code=code[0].lower())
    assert "one person in both rooms now, ada. /studio link undo makes you two again" in text(
        typed.response
    )
    assert "linked already" in await said(world, "link", world.bo)
    assert "Your job 1: Next in line" in await said(world, "queue")
    assert "Job 1 is cancelled." in await said(world, "queue", cancel="1")
    assert "two people again, ada and bo" in await said(world, "link", code="undo")
    assert "Job 1" in await said(world, "mine", world.bo)
    assert "linked to nobody" in await said(world, "link", world.bo, code="undo")


async def test_of_one_person_with_two_accounts_one_vote_is_shown(world: World) -> None:
    await world.published()
    card = world.card(world.showcase)
    await world.bo.react(card, "1️⃣")
    await world.lin.react(card, "2️⃣")
    code = re.search(r"\w{4}-\w{4}", await said(world, "link", world.lin))
    assert code is not None
    assert "no longer counts: 1 vote" in await said(world, "link", world.bo, code=code[0])
    async with world.db.read() as s:
        assert await votes.tally(s, 1) == {2: 1}
    await world.later()
    shown = text(world.card(world.showcase))
    assert "2️⃣ 1 vote" in shown
    assert "1️⃣ 1 vote" not in shown


async def test_setup_is_for_hosts(world: World) -> None:
    assert "The studio in" in await said(world, "setup", world.host)
    assert "The studio in" not in await said(world, "setup")


async def test_it_works_in_a_direct_message(world: World) -> None:
    await world.rendered()
    listed = await world.ada.user.slash("studio mine")
    assert "Job 1 is in review" in text(listed.response)
    grown = await world.ada.user.slash("studio vary", job=1, clip=1)
    assert "Job 2 is in line" in text(grown.response)
    await world.tell(2)
    assert any("Job 2" in text(message) for message in world.direct(world.ada))


# ── what is suggested ────────────────────────────────────────────────────────────────────


async def test_jobs_are_suggested_as_one_types(world: World) -> None:
    await world.wish(prompt="a red circle " + "x" * 200)
    await world.wish(prompt="a blue dot")
    await world.wish(world.bo, prompt="a secret")
    choices = await world.ada.autocomplete(world.general, "studio show", "job", "")
    assert [choice["value"] for choice in choices] == [2, 1]
    assert choices[0]["name"] == "2 · a blue dot"
    assert all(len(choice["name"]) <= 100 for choice in choices)
    choices = await world.ada.autocomplete(world.general, "studio show", "job", "blue")
    assert [choice["value"] for choice in choices] == [2]
    stranger = await world.lin.autocomplete(world.general, "studio show", "job", "")
    assert stranger == []


async def test_each_command_is_suggested_what_it_is_for(world: World) -> None:
    await world.published()
    await world.wish()
    assert [
        choice["value"]
        for choice in await world.ada.autocomplete(world.general, "studio vary", "job", "")
    ] == [1]
    assert [
        choice["value"]
        for choice in await world.bo.autocomplete(world.general, "studio report", "job", "")
    ] == [1]
    cancel = await world.ada.autocomplete(world.general, "studio queue", "cancel", "")
    assert [(choice["name"], choice["value"]) for choice in cancel] == [
        ("All of mine", "all"),
        ("2 · a red circle", "2"),
    ]


async def test_never_more_is_suggested_than_discord_takes(world: World) -> None:
    for number in range(30):
        await world.studio.submit(await ada(world), f"wish {number}")
        await world.studio.desk.cancel(await ada(world), number + 1)
    choices = await world.ada.autocomplete(world.general, "studio again", "job", "")
    assert len(choices) == 25


async def test_models_are_suggested(world: World) -> None:
    choices = await world.ada.autocomplete(world.general, "studio models", "model", "t")
    assert [choice["value"] for choice in choices] == ["toy"]


async def ada(world: World) -> Person:
    async with world.db.begin() as s:
        row = await people.known(s, ROOM, "", str(world.ada.id), "ada")
    return Person(row.id, "ada")


async def allow_remixes(world: World) -> None:
    await world.studio.desk.consent(await ada(world), 1, {Flag.REMIX: True})
