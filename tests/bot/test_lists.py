"""What `/studio` lists, in whatever room it is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from bot import lists, offered
from bot.lists import Listing
from bot.signs import Sign
from bot.studio import EVERYBODY, STUDIO, Pick
from db import clips, workers
from db.broker import Broker
from db.models import utcnow
from db.offers import StyleOffer
from db.session import Db
from db.states import FINISHED, Flag, Status, Verdict
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from tests.support.studio import ABLE, NO_BROKER, OFFER, Studio, person

pytestmark = pytest.mark.databases("sqlite")

INK = StyleOffer(name="ink", title="Ink", owner="Lin", licence="CC-BY-4.0", triggers=("inked",))
OTHER = OFFER.model_copy(update={"name": "other", "title": "Other", "styles": (INK,)})
PUBLISHED = frozenset({Status.PUBLISHED})


@pytest.fixture
async def studio(db: Db) -> AsyncIterator[Studio]:
    broker = Broker(NO_BROKER)
    yield await Studio(db, broker, Rules(queued_cap=99)).open([ABLE, OTHER])
    await broker.close()


@pytest.fixture
async def ada(db: Db) -> Person:
    return await person(db, "ada")


@pytest.fixture
async def bo(db: Db) -> Person:
    return await person(db, "bo")


def says(listing: Listing) -> str:
    return "\n".join(line.text for line in listing.lines)


def words(listing: Listing) -> list[str]:
    """What people themselves are quoted with."""
    return [line.said for line in listing.lines if line.said]


async def no_worker_is_here(db: Db) -> None:
    async with db.begin() as s:
        await workers.gone(s, "worker")


# ── the line ─────────────────────────────────────────────────────────────────────────────


async def test_the_line_shows_ones_own_jobs_and_how_many_there_are_beside(
    studio: Studio, ada: Person, bo: Person
) -> None:
    await studio.submit(bo, "a secret")
    await studio.submit(ada, "a red circle")
    await studio.claim()
    async with studio.db.read() as s:
        own = await lists.queue(s, ada)
        his = await lists.queue(s, bo)
    assert says(own).startswith("Your job 2: Next in line")
    assert "1 job of somebody else is in line too" in says(own)
    assert words(own) == ["a red circle"]
    assert [(b.sign, b.job_id) for b in own.buttons] == [(Sign.CANCEL, 2)]
    assert says(his).startswith("Your job 1: A worker has taken it.")


async def test_prompts_of_others_are_in_no_list(studio: Studio, ada: Person, bo: Person) -> None:
    await studio.submit(bo, "a secret")
    await studio.submit(ada, "a red circle")
    async with studio.db.read() as s:
        everybody = await lists.queue(s, ada, EVERYBODY)
    assert says(everybody).startswith("bo: Next in line")
    assert words(everybody) == ["a red circle"]
    assert [b.job_id for b in everybody.buttons] == [2]


@pytest.mark.parametrize(
    ("whose", "said"), [("mine", "No job of yours waits in line."), (EVERYBODY, "Nobody waits.")]
)
async def test_an_empty_line_says_so(studio: Studio, ada: Person, whose: str, said: str) -> None:
    async with studio.db.read() as s:
        assert says(await lists.queue(s, ada, whose)) == said


async def test_it_says_when_nobody_is_here_to_render(studio: Studio, ada: Person) -> None:
    await studio.submit(ada)
    await no_worker_is_here(studio.db)
    async with studio.db.read() as s:
        assert lists.NOBODY_HERE in says(await lists.queue(s, ada))


# ── one's own jobs ───────────────────────────────────────────────────────────────────────


async def test_ones_own_jobs_are_listed_newest_first(
    studio: Studio, ada: Person, bo: Person
) -> None:
    await studio.rendered(ada, "the first")
    await studio.submit(bo, "a secret")
    await studio.submit(ada, "the second")
    async with studio.db.read() as s:
        own = await lists.mine(s, ada)
    assert [line.text for line in own.lines] == [
        "Job 3 is waiting in line.",
        "Job 1 is in review.",
    ]
    assert words(own) == ["the second", "the first"]
    assert [(b.sign, b.job_id) for b in own.buttons] == [(Sign.SHOW, 3), (Sign.SHOW, 1)]
    assert own.more == ""


async def test_a_long_list_goes_on_page_by_page(studio: Studio, ada: Person) -> None:
    for number in range(23):
        await studio.submit(ada, f"wish {number}")
    async with studio.db.read() as s:
        pages = [await lists.mine(s, ada, page) for page in (1, 2, 3)]
        queued = await lists.queue(s, ada, EVERYBODY, 3)
        with pytest.raises(Refused, match=r"This list has 3 pages\."):
            await lists.mine(s, ada, 4)
    assert [words(p)[0] for p in pages] == ["wish 22", "wish 12", "wish 2"]
    assert [len(p.lines) for p in pages] == [10, 10, 3]
    assert [p.more for p in pages] == [
        "/studio mine 2 shows 10 of 13 more.",
        "/studio mine 3 shows 3 more.",
        "",
    ]
    assert words(queued) == ["wish 20", "wish 21", "wish 22"]


async def test_who_has_asked_for_nothing_is_told_so(studio: Studio, ada: Person) -> None:
    async with studio.db.read() as s:
        assert "asked for nothing yet" in says(await lists.mine(s, ada))
        with pytest.raises(Refused, match=r"This list has one page\."):
            await lists.mine(s, ada, 2)


# ── models and styles ────────────────────────────────────────────────────────────────────


async def test_models_say_what_they_are_good_for(studio: Studio) -> None:
    async with studio.db.read() as s:
        known = await offered.models(s)
        one = await offered.models(s, "toy")
    assert [line.text for line in known.lines] == [
        "Toy (toy): Draws nothing; for tests. It is used unless another is named.",
        "Other (other): Draws nothing; for tests.",
        "Style ink: Ink by Lin, for Other.",
    ]
    assert "start from words alone, start from a picture" in says(one)
    assert "1:1 as 64 × 64 or 16:9 as 96 × 56, at 8 frames a second" in says(one)
    assert "lasts 1 to 4 (2 unless you say) seconds" in says(one)
    assert "Drafts of 2 steps come first" in says(one)
    assert "Licence: Apache-2.0." in says(one)


@pytest.mark.databases("sqlite", "postgres")
async def test_a_model_whose_worker_is_away_says_so(studio: Studio) -> None:
    await no_worker_is_here(studio.db)
    async with studio.db.read() as s:
        assert "Toy (toy), whose worker isn't here now: Draws" in says(await offered.models(s))
        assert "whose worker isn't here now" in says(await offered.models(s, "toy"))


async def test_styles_say_whose_work_they_are(studio: Studio) -> None:
    async with studio.db.read() as s:
        known = await offered.models(s)
        one = await offered.models(s, style="ink")
    assert "Style ink: Ink by Lin, for Other." in says(known)
    assert "Licence: CC-BY-4.0." in says(one)
    assert "from 0 to 1.5 and is 1 unless you say: ink:1" in says(one)
    assert "inked" in says(one)


async def test_what_isnt_there_is_answered_with_what_is(studio: Studio) -> None:
    async with studio.db.read() as s:
        with pytest.raises(Refused, match="no model nix; the models are toy and other"):
            await offered.models(s, "nix")
        with pytest.raises(Refused, match="no style nix; the styles are ink"):
            await offered.models(s, style="nix")


async def test_without_workers_there_is_still_something_said(db: Db) -> None:
    async with db.read() as s:
        assert says(await offered.models(s)) == offered.NO_MODEL
        assert says(await offered.models(s, style="ink")) == "No model here has a style to choose."


# ── help ─────────────────────────────────────────────────────────────────────────────────


def told(*roles: Role, quorum: int = 1) -> str:
    somebody = Person(1, "ada", frozenset(roles))
    return says(lists.help_for(somebody, Rules(quorum=quorum, queued_cap=5), "/sora", "/studio"))


def test_help_names_every_command_that_is_for_them() -> None:
    for command in STUDIO:
        line = f"/studio {command.name}: {command.help}"
        assert (line in told()) is not command.for_hosts
        assert line in told(Role.HOST)


def test_help_goes_by_the_rules_of_the_place() -> None:
    assert "One moderator decides" in told()
    assert "2 moderators decide" in told(quorum=2)
    assert "You may have 5 in line." in told()


def test_moderators_are_told_what_each_sign_means() -> None:
    assert "You moderate" not in told()
    for sign in ("✅", "❌ other", "🩸 gore", "1️⃣"):
        assert sign in told(Role.MODERATOR)


# ── what is suggested ────────────────────────────────────────────────────────────────────


async def suggested(
    studio: Studio, who: Person, pick: Pick, typed: str = "", limit: int = 25
) -> Sequence[int]:
    async with studio.db.read() as s:
        return [job for job, _ in await lists.suggestions(s, pick, who.id, typed, limit)]


async def test_jobs_are_suggested_by_number_and_by_words(studio: Studio, ada: Person) -> None:
    for prompt in ("a red circle", "100% blue", "a Red square"):
        await studio.submit(ada, prompt)
    every = Pick(frozenset(Status))
    assert await suggested(studio, ada, every) == [3, 2, 1]
    assert await suggested(studio, ada, every, limit=2) == [3, 2]
    assert await suggested(studio, ada, every, " red ") == [3, 1]
    assert await suggested(studio, ada, every, "2") == [2]
    assert await suggested(studio, ada, every, "%") == [2]
    assert await suggested(studio, ada, every, "_") == []
    async with studio.db.read() as s:
        assert (3, "3 · a Red square") in await lists.suggestions(s, every, ada.id, "", 9)


@pytest.mark.databases("sqlite", "postgres")
async def test_of_others_only_what_is_public_is_suggested(
    studio: Studio, ada: Person, bo: Person
) -> None:
    await studio.rendered(ada, "public")
    mo = await person(studio.db, "mo", Role.MODERATOR)
    await studio.desk.review(mo, 1, Verdict.APPROVE)
    await studio.rendered(ada, "private", private=True)
    await studio.submit(ada, "waiting")
    everywhere = Pick(frozenset(Status), PUBLISHED)
    assert await suggested(studio, bo, everywhere) == [1]
    assert await suggested(studio, bo, everywhere, "priv") == []
    assert await suggested(studio, ada, everywhere) == [3, 2, 1]
    assert await suggested(studio, ada, Pick(FINISHED)) == [2, 1]
    assert await suggested(studio, ada, Pick(others=PUBLISHED)) == []


@pytest.mark.databases("sqlite", "postgres")
async def test_what_may_not_be_remixed_isnt_suggested_for_it(
    studio: Studio, ada: Person, bo: Person
) -> None:
    await studio.rendered(ada)
    await studio.change(1, status=Status.PUBLISHED, published_at=utcnow())
    async with studio.db.begin() as s:
        await clips.show(s, 1, [2])
    shared = Pick(FINISHED, PUBLISHED, shared=True)
    assert await suggested(studio, bo, shared) == []
    assert await suggested(studio, ada, shared) == [1]
    await studio.desk.consent(ada, 1, {Flag.REMIX: True}, 1)
    assert await suggested(studio, bo, shared) == []
    await studio.desk.consent(ada, 1, {Flag.REMIX: True}, 2)
    assert await suggested(studio, bo, shared) == [1]


def test_every_command_about_a_job_says_which_it_is_for() -> None:
    for command in STUDIO:
        about_a_job = any(option.name in {"job", "cancel"} for option in command.options)
        assert about_a_job is (command.of != Pick()), command.name
