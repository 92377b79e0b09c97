"""Credit and bugs as people read of them in a chat."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot import bugs, credits
from bot.acts import Act, act
from bot.credits import WORDS
from bot.signs import Sign
from bot.studio import RULES
from db import notes
from db.broker import Broker
from db.ledger import Booked
from db.models import utcnow
from db.session import Db
from db.states import Verdict
from moderation import credit
from moderation.credit import Booking, Earning
from moderation.people import Person, Role
from moderation.rules import Refused
from tests.support.books import settle
from tests.support.studio import Studio, person, request

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
async def studio(db: Db, valkey: str) -> AsyncIterator[Studio]:
    broker = Broker(valkey)
    yield await Studio(db, broker).open()
    await broker.close()


@pytest.mark.databases("sqlite", "postgres")
async def test_what_one_has_and_why(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    mo = await person(studio.db, "mo", Role.MODERATOR)
    async with studio.db.read() as s:
        none = await credits.listing(s, ada, "")
    assert [line.text for line in none.lines] == [
        "You have 0 credits.",
        "Nothing is booked for you yet; /studio credits rules says what earns some.",
    ]
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await settle(studio.db)
    said = await act(studio.desk, Act(mo, Sign.TIP, job.id, request()))
    assert said == "The artist of job 1 has one of your credits."
    async with studio.db.begin() as s:
        await notes.put(s, notes.PAGE, "https://sora.example.org")
    async with studio.db.read() as s:
        hers = [line.text for line in (await credits.listing(s, ada, "mine")).lines]
        his = [line.text for line in (await credits.listing(s, mo, "")).lines]
    assert hers[:3] == [
        "You have 21 credits.",
        "+1: A tip for job 1.",
        "+20: Job 1 went up in the showcase.",
    ]
    assert hers[3].startswith(
        "All of it, for everybody: https://sora.example.org/ledger?account=p-"
    )
    assert his[:2] == ["You have 1 credit.", "−1: A tip for job 1."]
    said = await act(studio.desk, Act(mo, Sign.TAKE_BACK_TIP, job.id, request()))
    assert said == "Your credit is yours again."


async def test_the_rules_are_the_table(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    async with studio.db.read() as s:
        lines = [line.text for line in (await credits.listing(s, ada, RULES)).lines]
    assert tuple(lines[: len(Earning)]) == credit.table().says
    assert "Votes earn nothing" in lines[-2]


@pytest.mark.parametrize("kind", [*Earning, *Booking])
def test_whatever_is_booked_has_its_words(kind: str) -> None:
    assert kind in WORDS
    booked = Booked(2, "k", kind, 12, "1", 1, utcnow(), (("p-1", "credit", 1),), "", "")
    assert credits.sentence(booked).endswith(".")


@pytest.mark.databases("sqlite", "postgres")
async def test_a_bug_goes_to_the_moderators_and_comes_back(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    bo = await person(studio.db, "bo")
    mo, lin = [await person(studio.db, name, Role.MODERATOR) for name in ("mo", "lin")]
    said = await bugs.report(studio.desk, ada, "", "The moon is drawn as a sun.", "web")
    assert said.startswith("Report 1 is with the moderators.")
    assert "50 credits" in said
    async with studio.db.read() as s:
        theirs = (await bugs.waiting(s, mo)).lines
        hers = (await bugs.waiting(s, ada)).lines
        others = (await bugs.waiting(s, bo)).lines
    assert "yes or no" in theirs[0].text
    assert (theirs[1].text, theirs[1].said) == ("1: a bug, by ada.", "The moon is drawn as a sun.")
    assert len(hers) == 1
    assert others[0].text == "No report of yours waits."
    place = ("web", "")

    async def says(who: Person, verdict: str, number: int) -> str:
        said = {"text": "", "kind": "", "verdict": verdict, "number": number}
        return await bugs.carry_out(studio.desk, who, place, **said)  # type: ignore[arg-type]

    with pytest.raises(Refused, match="Say of which report"):
        await says(mo, "yes", 0)
    assert "needs one more moderator" in await says(mo, "yes", 1)
    assert "is accepted" in await says(lin, "yes", 1)
    said = await bugs.carry_out(
        studio.desk, ada, place, text="circle is drawn", kind="", verdict="no", number=0
    )
    assert said.startswith("Report 2 is with the moderators.")
    said = await bugs.carry_out(
        studio.desk, mo, place, text="clips play at once", kind="", verdict="no", number=2
    )
    assert said.startswith("Report 3 is with the moderators.")
    async with studio.db.read() as s:
        listed = [line.said for line in (await bugs.waiting(s, lin)).lines]
    assert listed[1:] == ["no circle is drawn", "no 2 clips play at once"]


async def test_a_long_list_of_bugs_says_how_many_more_there_are(studio: Studio) -> None:
    mo = await person(studio.db, "mo", Role.MODERATOR)
    for number in range(12):
        who = await person(studio.db, f"finder {number}")
        await bugs.report(studio.desk, who, "", f"bug {number}", "web")
    async with studio.db.read() as s:
        listing = await bugs.waiting(s, mo)
    assert len(listing.lines) == 11
    assert listing.more == "2 more wait after these."
