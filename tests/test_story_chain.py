"""The story of a film that three artists make in three rooms, each shown only the last second before."""

from __future__ import annotations

from bot.signs import Sign
from db import chains, ledger
from db.broker import Broker
from db.session import Db
from db.states import Purpose, Status, Verdict
from moderation.people import Person, Role
from moderation.sweep import sweep
from moderation.wish import Request, Wish
from tests.support.books import settle
from tests.support.rooms import Rooms
from tests.support.studio import ABLE, NO_BROKER, Studio, person

NAMES = ("web", "discord", "slack")


async def test_each_turn_is_told_where_its_artist_is_and_the_film_everywhere(
    sqlite_url: str,
) -> None:
    db = Db(sqlite_url)
    studio = await Studio(db, Broker(NO_BROKER)).open([ABLE])
    rooms = Rooms(db, *NAMES)
    await rooms.join()
    ada, bo, cy = [await person(db, name) for name in ("ada", "bo", "cy")]
    mo = await person(db, "mo", Role.MODERATOR)

    async def work() -> None:
        """Render and cut whatever is in line, and let every room hear of it."""
        while (claimed := await studio.claim(running_cap=9)) is not None:
            assert await studio.finish(claimed)
            await sweep(db, studio.desk.broker)
        await rooms.hear()

    def turns() -> list[list[int]]:
        """By room, the jobs on whose cards somebody may go on."""
        return [
            [
                card.job_id
                for card in room.messages.values()
                if Sign.GO_ON in {button.sign for button in card.buttons}
            ]
            for room in rooms.all
        ]

    begun = await studio.desk.start_chain(ada, Wish("a fox at night"), Request("start", "web"))
    assert begun.chain is not None
    chain_id = begun.chain.id
    await studio.desk.join_chain(bo, chain_id, Request("join-bo", "discord"))
    await studio.desk.join_chain(cy, chain_id, Request("join-cy", "slack"))
    await work()
    (nobody, (of_bo,), nobody_else) = turns()
    assert (nobody, nobody_else) == ([], [])
    await studio.desk.go_on(bo, of_bo, Wish("it finds a door"), Request("bo", "discord"))
    await work()
    (nobody, nobody_else, (of_cy,)) = turns()
    assert (nobody, nobody_else) == ([], [])
    await studio.desk.go_on(cy, of_cy, Wish("the door opens"), Request("cy", "slack"))
    await work()

    film_id = await studio.desk.close_chain(ada, chain_id)
    await work()
    assert rooms.jobs(Purpose.SHOWCASE) == [set(), set(), set()]
    await studio.desk.review(mo, film_id, Verdict.APPROVE)
    await rooms.hear()
    assert rooms.jobs(Purpose.SHOWCASE) == [{film_id}] * 3
    assert (await studio.job(film_id)).status is Status.PUBLISHED
    await settle(db)
    assert await earned(db, [ada, bo, cy]) == [7, 7, 6]

    # Bo takes the second clip back; the film that shows it leaves every room.
    async with db.read() as s:
        made = [seat.job_id for seat in await chains.seats(s, chain_id) if seat.person_id == bo.id]
    assert made[0] is not None
    await studio.desk.withdraw(bo, made[0])
    await rooms.hear()
    assert rooms.jobs(Purpose.SHOWCASE) == [set(), set(), set()]
    await db.close()


async def earned(db: Db, artists: list[Person]) -> list[int]:
    async with db.read() as s:
        return [await ledger.balance(s, artist.id) for artist in artists]
