"""Chains as people read them: the card of a turn, what is listed, what is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import cards, chains
from bot.acts import Act, act
from bot.announce import announce
from bot.card import Card
from bot.lists import Listing
from bot.signs import Sign
from bot.studio import Do
from bot.view import view
from db import chains as rows
from db.broker import Broker
from db.models import Job
from db.session import Db
from db.states import Purpose, Status, Turn
from moderation.people import Person
from moderation.rules import Refused
from moderation.sweep import sweep
from tests.support.rooms import MemoryRoom
from tests.support.studio import ABLE, NO_BROKER, Studio, person, request

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
async def studio(db: Db, tmp_path: Path) -> Studio:
    return await Studio(db, Broker(NO_BROKER)).open([ABLE])


async def do(studio: Studio, who: Person, what: Do, about: str = "") -> str:
    said = await chains.do(studio.desk, who, request(), what, about)
    if isinstance(said, str):
        return said
    assert isinstance(said, Listing)
    return "\n".join(f"{line.text} {line.said}".strip() for line in said.lines)


async def given(studio: Studio, who: Person, sign: Sign, job_id: int, words: str = "") -> str:
    return await act(studio.desk, Act(who, sign, job_id, request(), words))


async def work(studio: Studio) -> Job:
    claimed = await studio.claim()
    assert claimed is not None
    assert await studio.finish(claimed)
    await sweep(studio.db, studio.desk.broker)
    return claimed


async def result(studio: Studio, job_id: int) -> Card:
    async with studio.db.read() as s:
        seen = await view(s, job_id)
    assert seen is not None
    return cards.result(seen)


async def glimpse_of(studio: Studio) -> int:
    async with studio.db.read() as s:
        (seat,) = [seat for seat in await rows.seats(s, 1) if seat.turn is Turn.NOW]
    assert seat.glimpse_id is not None
    return seat.glimpse_id


@pytest.mark.databases("sqlite", "postgres")
async def test_a_chain_from_its_start_to_its_film_in_words(studio: Studio) -> None:
    ada, bo = await person(studio.db, "Ada"), await person(studio.db, "Bo")
    assert await do(studio, ada, Do.START, "a fox at night --aspect 16:9") == (
        "Chain 1 begins with job 1; others join it by that number."
    )
    assert await do(studio, bo, Do.JOIN, "1") == (
        "You have a seat in chain 1; you are told when it is your turn."
    )
    assert await do(studio, bo, Do.LIST) == (
        "Chain 1 by Ada has 0 of 6 clips; it is Ada's turn. a fox at night"
    )
    await work(studio)
    own = await result(studio, 1)
    assert own.lines[0].text == "It is a part of chain 1, and is shown with its film."
    assert Sign.PUBLISH not in {button.sign for button in own.buttons}

    await work(studio)
    glimpse = await glimpse_of(studio)
    card = await result(studio, glimpse)
    assert card.title == "Your turn in chain 1"
    assert [button.sign for button in card.buttons] == [Sign.GO_ON, Sign.HAND_ON]
    assert card.lines[1].at is not None
    assert len(card.clips) == 1
    said = await given(studio, bo, Sign.GO_ON, glimpse, "it finds a door --seed 7")
    assert said == "Job 3 is in line: what happens next in the chain."
    assert (await studio.job(3)).seed == 7
    card = await result(studio, glimpse)
    assert [line.text for line in card.lines] == ["You go on from it with job 3."]
    assert card.buttons == ()
    await work(studio)
    assert await do(studio, ada, Do.SHOW, "#1") == "\n".join(
        [
            "Ada began it: a fox at night",
            "Clip 1: Ada.",
            "Clip 2: Bo.",
            "Its film has 2 to 6 clips.",
        ]
    )
    assert await do(studio, ada, Do.CLOSE, "1") == (
        "The film is job 4; when it is put together, it goes to the moderators."
    )
    assert (await work(studio)).id == 4
    film = await studio.job(4)
    assert film.status is Status.IN_REVIEW
    card = await result(studio, 4)
    assert {"made of": "job 1, clip 1 by Ada; job 3, clip 1 by Bo"}.items() <= {
        fact.name: fact.value for fact in card.facts
    }.items()
    assert await do(studio, ada, Do.LIST) == (
        "No chain grows at the moment; anybody may start one."
    )


async def test_who_lets_it_pass_sees_it_no_more(studio: Studio) -> None:
    ada, bo = await person(studio.db, "Ada"), await person(studio.db, "Bo")
    await do(studio, ada, Do.START, "a fox")
    await do(studio, bo, Do.JOIN, "1")
    await work(studio)
    await work(studio)
    glimpse = await glimpse_of(studio)
    with pytest.raises(Refused, match="somebody else's"):
        await given(studio, ada, Sign.HAND_ON, glimpse)
    assert await given(studio, bo, Sign.HAND_ON, glimpse) == (
        "The turn passes on; you may join the chain again."
    )
    card = await result(studio, glimpse)
    assert (card.clips, card.buttons) == ((), ())
    with pytest.raises(Refused, match="It isn't your turn"):
        await given(studio, bo, Sign.HAND_ON, glimpse)
    assert await do(studio, bo, Do.SHOW, "1") == "\n".join(
        ["Ada began it: a fox", "Clip 1: Ada.", "Its film has 2 to 6 clips."]
    )


@pytest.mark.parametrize(
    ("what", "about", "why"),
    [
        (Do.JOIN, "", "Give the number of a chain; the list of chains shows them."),
        (Do.SHOW, "one", "Give the number of a chain, not “one”"),
        (Do.CLOSE, "9" * 30, "Give the number of a chain, not “9"),
        (Do.SHOW, "7", "There is no chain 7."),
        (Do.START, "  ", "Say what the clip should show"),
        (Do.START, "a fox --loop", "A chain begins with words"),
        (Do.START, "a | b --storyboard", "A chain begins with words"),
    ],
)
async def test_what_is_no_chain_is_said(studio: Studio, what: Do, about: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        await do(studio, await person(studio.db, "Ada"), what, about)


@pytest.mark.databases("sqlite", "postgres")
async def test_the_turn_is_told_where_its_artist_joined(studio: Studio) -> None:
    ada, bo = await person(studio.db, "Ada"), await person(studio.db, "Bo")
    await do(studio, ada, Do.START, "a fox")
    await do(studio, bo, Do.JOIN, "1")
    await work(studio)
    await work(studio)
    glimpse, room = await glimpse_of(studio), MemoryRoom("web")
    await announce(studio.db, room, glimpse)
    (card,) = room.messages.values()
    assert (card.purpose, card.title) == (Purpose.RESULT, "Your turn in chain 1")
    elsewhere = MemoryRoom("elsewhere")
    await announce(studio.db, elsewhere, glimpse)
    assert not elsewhere.messages
