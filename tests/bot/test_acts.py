"""A sign on a card is a verb at the desk, and a sentence that says what was done."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.acts import Act, act
from bot.signs import Sign
from db import reports
from db.broker import Broker
from db.session import Db
from db.states import Reason, Status, Verdict
from moderation.people import Person, Role
from moderation.rules import Refused
from tests.support.studio import ABLE, NO_BROKER, Studio, person, request


@pytest.fixture
async def studio(sqlite_url: str) -> AsyncIterator[Studio]:
    db = Db(sqlite_url)
    yield await Studio(db, Broker(NO_BROKER)).open([ABLE])
    await db.close()


async def given(studio: Studio, who: Person, sign: Sign, sentence: str = "", **more: object) -> str:
    return await act(studio.desk, Act(who, sign, 1, request(), sentence, **more))  # type: ignore[arg-type]


async def test_every_sign_of_the_showcase_says_what_it_did(studio: Studio) -> None:
    ada, bo, cy = [await person(studio.db, name) for name in ("ada", "bo", "cy")]
    mo = await person(studio.db, "mo", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    open_to_all = "While job 1 is in the showcase, everybody may remix and extend it."
    assert await given(studio, ada, Sign.ALLOW_REMIX) == open_to_all
    assert await given(studio, ada, Sign.ALLOW_REMIX) == open_to_all
    words = "a cube --strength 0.4"
    assert await given(studio, bo, Sign.REMIX, words, only={2}) == (
        "Job 2 is in line: your remix of that clip."
    )
    remix = await studio.job(2)
    assert (remix.prompt, remix.strength, remix.parent_clip) == ("a cube", 0.4, 2)
    with pytest.raises(Refused, match="Pick the clip first"):
        await given(studio, bo, Sign.REMIX, words)
    with pytest.raises(Refused, match="the prompt is empty"):
        await given(studio, bo, Sign.REMIX, "", only={1})
    assert await given(studio, ada, Sign.FORBID_REMIX) == (
        "Nobody else may remix job 1 any more; what they made before stays."
    )
    for who, more in ((bo, {"reason": Reason.SPAM}), (cy, {"sentence": "It blinks."})):
        assert await given(studio, who, Sign.REPORT, **more) == (
            "The moderators will look at job 1. Thank you."
        )
    async with studio.db.read() as s:
        assert [(r.reason, r.sentence) for r in await reports.of(s, 1)] == [
            (Reason.SPAM, ""),
            (Reason.OTHER, "It blinks."),
        ]
    assert await given(studio, mo, Sign.DISMISS) == (
        "Job 1 stays in the showcase; its reports are settled."
    )
    assert await given(studio, mo, Sign.TAKE_DOWN, "It sells shoes.") == (
        "Job 1 is out of the showcase; its artist is told why and may appeal."
    )


@pytest.mark.parametrize("sign", [Sign.SHOW, Sign.INFO])
async def test_looking_decides_nothing(studio: Studio, sign: Sign) -> None:
    mo = await person(studio.db, "mo", Role.MODERATOR)
    await studio.rendered(await person(studio.db, "ada"))
    with pytest.raises(ValueError, match="nothing that can be done"):
        await given(studio, mo, sign)
    assert (await studio.job(1)).status is Status.IN_REVIEW
