"""What cards say of films and of the shots that they wait for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import cards
from bot.announce import announce
from bot.card import Card, Line
from bot.signs import Sign
from bot.view import View, view
from db import events, renders
from db.broker import Broker
from db.session import Db
from db.states import Purpose, Status
from moderation import rules
from moderation.people import Role
from tests.support.rooms import MemoryRoom
from tests.support.studio import NO_BROKER, UNSHOWN, Studio, person

pytestmark = pytest.mark.databases("sqlite")

TWO = "a red circle | a blue square"


@pytest.fixture
async def studio(db: Db, tmp_path: Path) -> Studio:
    return await Studio(db, Broker(NO_BROKER)).open()


async def seen(studio: Studio, job_id: int) -> View:
    async with studio.db.read() as s:
        found = await view(s, job_id)
    assert found is not None
    return found


async def receipt(studio: Studio, job_id: int) -> Card:
    return cards.receipt(await seen(studio, job_id))


async def fail(studio: Studio, sentence: str) -> None:
    claimed = await studio.claim()
    assert claimed is not None
    async with studio.db.begin() as s:
        await renders.fail(s, claimed.id, claimed.attempt, sentence)


async def next_one(studio: Studio) -> int:
    claimed = await studio.claim()
    assert claimed is not None
    assert await studio.finish(claimed)
    return claimed.id


async def test_the_receipt_follows_all_shots_and_says_which_failed(studio: Studio) -> None:
    ada = await person(studio.db, "Ada")
    film = await studio.submit(ada, TWO, storyboard=True)
    card = await receipt(studio, film.id)
    assert card.lines == (Line("0 of 2 shots are rendered."),)
    assert card.percent == 0
    assert [b.sign for b in card.buttons] == [Sign.CANCEL]

    await next_one(studio)
    await fail(studio, "It broke.")
    card = await receipt(studio, film.id)
    assert card.lines == (
        Line("1 of 2 shots are rendered."),
        Line("Shot 2 failed. It broke.", "a blue square"),
    )
    assert card.percent == 50
    assert [b.sign for b in card.buttons] == [Sign.RETRY, Sign.CANCEL]

    await studio.desk.retry(ada, film.id)
    await next_one(studio)
    card = await receipt(studio, film.id)
    assert card.lines[0].text.startswith("Next in line")
    assert await studio.claim() is not None
    card = await receipt(studio, film.id)
    assert card.lines == (Line("The clips are being put together."),)


@pytest.mark.databases("sqlite", "postgres")
async def test_a_film_names_its_clips_and_their_models_and_offers_what_can_be_done(
    studio: Studio,
) -> None:
    ada, mo = await person(studio.db, "Ada"), await person(studio.db, "Mo", Role.MODERATOR)
    film = await studio.submit(ada, TWO, storyboard=True)
    first, second = await next_one(studio), await next_one(studio)
    await next_one(studio)
    card = cards.result(await seen(studio, film.id))
    told = {fact.name: fact.value for fact in card.facts}
    assert told["made of"] == f"job {first}, clip 1; job {second}, clip 1"
    assert told["model"] == "Toy (Apache-2.0)"
    assert not {"seed", "steps", "guidance"} & told.keys()
    signs = {button.sign for button in card.buttons}
    assert not signs & {Sign.AGAIN, Sign.VARY, Sign.EXTEND, Sign.FINAL, Sign.ALLOW_REMIX}
    await studio.change(first, person_id=mo.id)
    shown = cards.showcase(await seen(studio, film.id))
    assert shown.title == f"Job {film.id} · by Mo and Ada"
    assert {fact.name: fact.value for fact in shown.facts}["made of"] == (
        f"job {first}, clip 1 by Mo; job {second}, clip 1 by Ada"
    )


async def test_a_film_goes_out_of_everybodys_sight_with_a_clip_of_it(studio: Studio) -> None:
    ada, bo = await person(studio.db, "Ada"), await person(studio.db, "Bo")
    film = await studio.submit(ada, TWO, storyboard=True)
    first = await next_one(studio)
    await next_one(studio)
    await next_one(studio)
    await studio.change(first, person_id=bo.id)
    await studio.desk.withdraw(bo, first)
    seen_by_ada = await seen(studio, film.id)
    card = cards.result(seen_by_ada)
    assert (card.clips, card.buttons) == ((), ())
    assert card.lines[0].text == "A clip in it was withdrawn, and the film with it."
    assert not rules.may_see(ada, seen_by_ada.job, UNSHOWN)
    assert cards.receipt(seen_by_ada).lines == card.lines


async def test_only_the_film_has_cards_and_its_shots_move_it(studio: Studio) -> None:
    ada = await person(studio.db, "Ada")
    room = MemoryRoom("web")
    async with studio.db.begin() as s:
        await events.join(s, "web")
    film = await studio.submit(ada, TWO, storyboard=True)
    while True:
        async with studio.db.begin() as s:
            claims = await events.claim(s, "web")
        for claim in claims:
            await announce(studio.db, room, claim.job_id)
            async with studio.db.begin() as s:
                await events.mark_told(s, claim)
        if not claims:
            if (await studio.job(film.id)).status is Status.IN_REVIEW:
                break
            await next_one(studio)
    assert {card.job_id for card in room.messages.values()} == {film.id}
    assert [c.lines[0].text for c in room.shown(Purpose.RECEIPT)] == ["Done: the result is yours."]
    assert room.edits > 2


async def test_a_film_says_which_shot_the_screen_stopped(studio: Studio) -> None:
    ada = await person(studio.db, "Ada")
    wrong = " ".join(["naked", "child"])
    film = await studio.submit(ada, f"a red circle | {wrong}", storyboard=True)
    card = await receipt(studio, film.id)
    assert Line("Shot 2 was stopped:", wrong) in card.lines
    signs = [button.sign for button in card.buttons]
    assert signs == [Sign.REWORD, Sign.APPEAL, Sign.WITHDRAW]
