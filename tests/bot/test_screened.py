"""What cards say of the screen: all of it to the artist, what they need to moderators, to others nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot import cards, cards_asked, said, screened
from bot.acts import Act, act
from bot.card import Card
from bot.on_discord import paint as on_discord
from bot.on_slack.paint import sentences
from bot.signs import Sign
from bot.view import View, view
from db.broker import Broker
from db.models import Clip, Hit, Review, utcnow
from db.session import Db
from db.states import Purpose, Reason, Status, Verdict
from moderation.people import Person, Role
from moderation.screening.words import rules
from tests.support.cards import job_of
from tests.support.studio import ABLE, NO_BROKER, OFFER, Studio, person, request

WORDS = ["word of theirs", "another"]
HARD = Hit(job_id=12, rule="sexual-minors", clip=0, version=3, hard=True, words=WORDS)
SOFT = Hit(job_id=12, rule="gore", clip=0, version=1, words=["entrails"])
SEEN = Hit(job_id=12, rule="classifier", clip=2, version=1, words=["nsfw 93%"])
FACE = Hit(job_id=12, rule="likeness", clip=0, version=1, words=["Somebody Known"])


def seen(status: Status, *found: Hit, clips: int = 0, **more: Any) -> View:
    keys: dict[str, Any] = {
        "video_key": "v",
        "poster_key": "p",
        "preview_key": "w",
        "seed": 1,
        "bytes": 1,
    }
    made = tuple(
        Clip(job_id=12, number=n, hashes=["0f" * 8], shown=True, **keys)
        for n in range(1, clips + 1)
    )
    return View(job_of(status=status), "Ada", OFFER, clips=made, hits=found, **more)


def text(card: Card) -> str:
    return "\n".join(f"{line.text} {line.said}" for line in card.lines)


def test_whoever_is_blocked_reads_which_rule_why_and_by_which_words() -> None:
    card = cards.receipt(seen(Status.BLOCKED, HARD, SOFT))
    assert rules()["sexual-minors"].sentence in text(card)
    assert "(rule sexual-minors, version 3)" in text(card)
    assert "word of theirs, another" in text(card)
    assert "gore" not in text(card), "what it was stopped for, and nothing else"
    assert [button.sign for button in card.buttons] == [Sign.REWORD, Sign.APPEAL, Sign.WITHDRAW]
    assert card.buttons[0].asks


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.APPEALED, "moderators will read your words"),
        (Status.REJECTED_FINALLY, "so it isn't rendered"),
    ],
)
def test_what_became_of_their_appeal(status: Status, sentence: str) -> None:
    card = cards.receipt(seen(status, HARD))
    assert sentence in text(card)
    assert Sign.APPEAL not in [button.sign for button in card.buttons]
    assert "Done" not in text(card)


def test_the_decision_about_words_alone_speaks_of_no_clips() -> None:
    card = cards.decision(seen(Status.REJECTED_FINALLY, HARD))
    assert "so it isn't rendered" in text(card)
    assert "showcase" not in text(card)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.READY, Status.IN_REVIEW])
def test_whoever_is_flagged_reads_it_too(status: Status) -> None:
    view = seen(status, SOFT, FACE, SEEN, clips=0 if status is Status.QUEUED else 2)
    card = cards.receipt(view) if status is Status.QUEUED else cards.result(view)
    assert rules()["gore"].sentence in text(card)
    assert "entrails" in text(card)
    assert "in clip 2: nsfw 93%" in text(card)
    assert screened.STATEMENT in text(card)
    assert screened.STATEMENT not in text(cards.receipt(seen(Status.QUEUED, SOFT)))


def test_what_was_overturned_is_said_to_be() -> None:
    gone = HARD.model_copy(update={"overturned_at": utcnow()})
    assert "overturned." in text(cards.review(seen(Status.IN_REVIEW, gone, clips=1)))


def test_moderators_see_the_hits_and_have_to_uncover_the_words() -> None:
    card = cards.review(seen(Status.IN_REVIEW, SOFT, SEEN, clips=2))
    lines = [line for line in card.lines if line.text.startswith("Screen,")]
    assert [line.said for line in lines] == ["entrails", "nsfw 93%"]
    assert all(line.covered for line in lines)
    assert "in the prompt: Gore (rule gore, version 1)" in lines[0].text
    assert "in clip 2" in lines[1].text


def test_moderators_are_told_that_an_appeal_is_about_words_alone() -> None:
    card = cards.review(seen(Status.APPEALED, HARD, appeal="It is a cherub."))
    assert screened.NO_CLIPS in text(card)
    assert "It is a cherub." in text(card)
    assert card.quote
    assert screened.NO_CLIPS not in text(cards.review(seen(Status.APPEALED, SOFT, clips=1)))


def test_nothing_of_it_is_public() -> None:
    view = seen(Status.PUBLISHED, SOFT, FACE, SEEN, clips=2)
    shown = f"{cards.showcase(view)}"
    stranger = Person(99, "Bo")
    about = f"{cards_asked.info(stranger, 12, view)}"
    for word in ("screen", "Screen", "rule", "entrails", "Somebody Known", "nsfw"):
        assert word not in shown
        assert word not in about


def test_every_rule_can_be_named_and_one_that_is_gone_too() -> None:
    for rule in rules():
        hit = Hit(job_id=12, rule=rule, clip=0, version=1, words=["x"])
        assert rule in text(cards.receipt(seen(Status.QUEUED, hit)))
    gone = Hit(job_id=12, rule="of-old", clip=0, version=1, words=["x"])
    assert "no longer there" in text(cards.receipt(seen(Status.QUEUED, gone)))
    assert "of-old" in text(cards.review(seen(Status.IN_REVIEW, gone, clips=1)))


def test_covered_words_are_covered_where_a_room_can_and_left_out_where_it_can_not() -> None:
    line = next(
        line for line in cards.review(seen(Status.IN_REVIEW, SOFT, clips=1)).lines if line.said
    )
    assert "||entrails||" in on_discord._line(line, 500)
    assert "entrails" not in f"{sentences(line)}"
    assert "Gore" in f"{sentences(line)}"


def test_of_what_was_rejected_for_its_frames_they_may_be_known_again() -> None:
    def given(reason: Reason) -> tuple[tuple[str, Review], ...]:
        no = Review(job_id=12, person_id=2, round=1, verdict=Verdict.REJECT, reason=reason)
        return (("Mo", no),)

    def signs(view: View) -> list[Sign]:
        return [button.sign for button in cards.review(view).buttons]

    rejected = seen(Status.REJECTED, clips=1, reviews=given(Reason.GORE))
    assert Sign.REMEMBER in signs(rejected)
    assert Sign.REMEMBER not in signs(seen(Status.REJECTED, clips=1, reviews=given(Reason.SPAM)))
    assert Sign.REMEMBER not in signs(seen(Status.REJECTED, reviews=given(Reason.GORE)))
    known = seen(Status.PUBLISHED, clips=1, reviews=given(Reason.GORE), remembered=True)
    assert signs(known) == [Sign.FORGET]


# ── and what is done by its buttons ──────────────────────────────────────────────────────


@pytest.fixture
async def studio(sqlite_url: str) -> AsyncIterator[Studio]:
    db = Db(sqlite_url)
    yield await Studio(db, Broker(NO_BROKER)).open([ABLE])
    await db.close()


async def test_the_buttons_do_what_they_say(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    mo, lin = [await person(studio.db, name, Role.MODERATOR) for name in ("mo", "lin")]

    async def press(who: Person, sign: Sign, words: str = "") -> str:
        return await act(studio.desk, Act(who, sign, 1, request(), words))

    job = await studio.submit(ada, " ".join(["naked", "child"]))
    assert said.entered(job) == "Job 1 was stopped by the screen; its card says why."
    assert await press(ada, Sign.REWORD, "a cherub --steps 5") == (
        "Job 2 is in line: the same job in other words."
    )
    assert (await press(ada, Sign.AGAIN)).startswith("Job 3 was stopped by the screen")
    await press(ada, Sign.APPEAL, "It is a cherub.")
    async with studio.db.read() as s:
        found = await view(s, 1)
    assert found is not None
    assert [hit.rule for hit in found.hits] == ["sexual-minors", "sexual"]
    assert "It is a cherub." in text(cards.paint_for(Purpose.REVIEW, found))
    assert await press(mo, Sign.APPROVE)
    if (await studio.job(1)).status is Status.APPEALED:
        await press(lin, Sign.APPROVE)
    assert (await studio.job(1)).status is Status.QUEUED
