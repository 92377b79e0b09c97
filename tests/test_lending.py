"""Workers that others lend, over real HTTP: what they are given, what they send, and what counts."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot import lenders
from bot.on_web.lending_door import REVOKED, TAKEN, UNKNOWN
from bot.on_web.lending_files import DIFFERS, NO_HASH, NO_LENGTH
from db import credentials, ledger, lent, renders, workers
from db.broker import Broker
from db.credentials import KNOWN
from db.lending import BASE, LONGEST_RENDER, SESSION, Failure, Why
from db.media import PARTIAL
from db.models import utcnow
from db.session import Db
from db.states import Flag, Status
from moderation import credit
from moderation.sweep import sweep
from moderation.wish import Picture
from tests.bot.on_web.served import moving_square, still
from tests.support.books import settle
from tests.support.lenders import Lending, Somebody, path, refusal, rendered
from tests.support.studio import person
from tests.support.whole import until


@pytest.fixture
async def lending(db_url: str, valkey: str, tmp_path: Path) -> AsyncIterator[Lending]:
    made = Lending(Db(db_url), Broker(valkey), tmp_path)
    await made.begin()
    yield made
    await made.end()


async def test_what_is_sent_counts_once_it_was_looked_at(lending: Lending) -> None:
    asked = await lending.submit(lending.ada)
    async with Somebody(lending, await lending.key()) as bo:
        assert (await bo.announce()).models == ("toy",)
        job = await bo.claim()
        assert job is not None
        assert (job.job, job.prompt, job.seed) == (asked.id, asked.prompt, asked.seed)
        await bo.deliver(job)
        assert not await bo.hold(job), "its part in it is over"
        assert await bo.claim() is None
    async with lending.db.read() as s:
        assert await lent.unseen(s) == 1
    waiting = await lending.job(asked.id)
    assert (waiting.status, waiting.lease_until) == (Status.RENDERING, None)
    await lending.check()
    done = await lending.job(asked.id)
    assert done.status is Status.IN_REVIEW
    assert 0 < (done.compute_seconds or 0) < 60, "no longer than since it was given"
    assert done.energy_measured is False
    first, other = await lending.made(asked)
    said = credentials.read(
        lending.media.path(first.video_key), lending.folder / "credentials" / KNOWN
    )
    assert (said.ours, said.intact, said.model) == (True, True, "Toy")
    assert first.hashes
    assert first.poster_key != other.poster_key
    await lending.tidy()
    assert not await lending.renders()
    kept = {k for c in (first, other) for k in (c.video_key, c.poster_key, c.preview_key)}
    assert {name for name in lending.files() if "grey" not in name} == kept
    assert (await lending.known()).accepted == 1


@pytest.mark.databases("sqlite")
async def test_its_seconds_are_credited_to_its_owner(lending: Lending) -> None:
    await lending.submit(lending.ada, variations=1)
    owner = await person(lending.db, "Lender")
    async with Somebody(lending, await lending.key()) as bo:
        job = await bo.claimed()
        await lending.change(job.job, started_at=utcnow() - timedelta(seconds=90))
        await bo.deliver(job, seconds=60)
        await settle(lending.db)
        async with lending.db.read() as s:
            assert await ledger.balance(s, owner.id) == 0, "nobody has looked at it"
    await lending.check()
    await settle(lending.db)
    async with lending.db.read() as s:
        assert await ledger.balance(s, owner.id) == credit.table().seconds(60)
    done = await lending.job(job.job)
    assert (done.worker, done.compute_seconds) == ("lent/bo", 60)


@pytest.mark.databases("sqlite")
async def test_a_key_is_all_that_opens(lending: Lending) -> None:
    token = await lending.key()
    await lending.submit(lending.ada)
    for wrong in (f"{token}x", token.replace(".bo.", ".al."), token[:-1] + "-", "nonsense", ""):
        async with Somebody(lending, wrong) as nobody:
            assert await refusal(nobody.announce()) == (401, UNKNOWN)
    async with Somebody(lending, token) as bo:
        assert await refusal(bo.claim()) == (409, TAKEN)
        job = await bo.claimed()
        async with Somebody(lending, token) as another:
            await another.announce()
            assert (await refusal(bo.hold(job)))[0] == 409
            again = await another.claim()
    assert again is not None
    assert again.attempt == 2, "whatever the process of before had in hand was lost"
    assert (await lending.job(job.job)).losses == 1


async def test_a_revoked_key_ends_at_once(lending: Lending, valkey: str) -> None:
    asked = await lending.submit(lending.ada, variations=1)
    async with Somebody(lending, await lending.key()) as bo:
        job = await bo.claimed()
        await bo.send(job, 1, rendered(job)[0])
        await lenders.revoke(lending.db, valkey, "bo")
        now = await lending.job(asked.id)
        assert (now.status, now.losses) == (Status.QUEUED, 0)
        for refused in (bo.announce(), bo.hold(job), bo.deliver(job), bo.claim()):
            assert await refusal(refused) == (403, REVOKED)
    await lending.tidy()
    assert not lending.files()
    async with lending.db.read() as s:
        assert [w.name for w in await workers.every(s)] == ["worker"]


async def test_it_takes_only_what_it_may(lending: Lending) -> None:
    bo, cy, shy = [await person(lending.db, name) for name in ("Bo", "Cy", "Shy")]
    await lending.desk.consent_by_default(shy, {Flag.SHOWCASE: False})
    other = lending.toy.offer.model_copy(update={"name": "other"})
    async with lending.db.begin() as s:
        await workers.announce(s, "worker", [lending.toy.offer, other], "ready")
    picture = lending.folder / "picture.png"
    still(picture, moving_square(1, 64, 64)(0))
    given = Picture(await lending.media.put(picture), 64, 64)
    hidden = [
        await lending.submit(lending.ada, private=True),
        await lending.submit(shy),
        await lending.submit(bo, model="other"),
        await lending.submit(cy, image=given),
    ]
    async with Somebody(lending, await lending.key()) as lender:
        assert (await lender.announce(lending.toy.offer, other)).models == ("toy",)
        assert await lender.claim() is None
    async with Somebody(lending, await lending.key("trusted", inputs=True)) as lender:
        job = await lender.claimed()
        assert (job.job, job.inputs) == (hidden[-1].id, ("first",))
        assert await lender.fetch(job, "first") == picture.read_bytes()
        assert (await refusal(lender.fetch(job, "film")))[0] == 404
        assert await lender.claim() == job, "what it has in hand, whose answer may not have come"


@pytest.mark.databases("sqlite")
async def test_what_does_not_come_whole_is_not_kept(lending: Lending) -> None:
    await lending.submit(lending.ada)
    async with Somebody(lending, await lending.key()) as bo:
        job = await bo.claimed()
        video = rendered(job)[0]
        right = hashlib.sha256(video).hexdigest()
        to = f"{path(job)}/clips/1"
        for query, sent, refused in (
            (f"?sha256={right}", video[:-1], (422, DIFFERS)),
            (f"?sha256={'0' * 64}", video, (422, DIFFERS)),
            ("", video, (400, NO_HASH)),
            (f"?sha256={right}", _in_pieces(video), (411, NO_LENGTH)),
        ):
            assert await _put(bo, to + query, sent) == refused
        assert (await _put(bo, f"{path(job)}/clips/3?sha256={right}", video))[0] == 404
        await _cut_off(bo, f"{to}?sha256={right}", video)
        assert not lending.files()
        assert (await refusal(bo.done(job))) == (422, "Not all of it was sent: clip 1 is missing.")
        await bo.deliver(job)
        assert len(lending.files()) == job.variations


@pytest.mark.databases("sqlite")
async def test_what_is_not_as_asked_goes_back_and_three_in_a_row_suspend(lending: Lending) -> None:
    asked = await lending.submit(lending.ada, variations=1)
    async with Somebody(lending, await lending.key()) as bo:
        for count, wrong in enumerate(({"frames": 4}, {"width": 96}, {"fps": 12}), start=1):
            job = await bo.claimed()
            await bo.deliver(job, *rendered(job, **wrong))
            await lending.check(renders=False)
            now = await lending.job(asked.id)
            assert (now.status, now.losses, now.attempt) == (Status.QUEUED, 0, count)
        code, sentence = await refusal(bo.claim())
        assert code == 403
        assert "3 deliveries in a row" in sentence
    await lending.tidy()
    assert not lending.files()
    assert (await lending.known()).refused == 3
    async with lending.db.read() as s:
        found = await lenders.finding(s)
    assert found is not None
    assert "frames a second, not 8" in found.found
    await lenders.resume(lending.db, "bo")
    async with Somebody(lending, lending.tokens["bo"]) as bo:
        await bo.claimed()


@pytest.mark.databases("sqlite")
async def test_another_clip_than_its_seed_gives_suspends(lending: Lending) -> None:
    asked = await lending.submit(lending.ada, variations=1)
    async with Somebody(lending, await lending.key()) as bo:
        job = await bo.claimed()
        await bo.deliver(job, *rendered(job, seeds=5))
        await lending.check(compares=2, renders=False)
        code, sentence = await refusal(bo.claim())
    assert code == 403
    assert "isn't what its seed gives" in sentence
    now = await lending.job(asked.id)
    assert (now.status, now.losses) == (Status.QUEUED, 0)
    assert not await lending.made(asked)
    assert "isn't what its seed gives" in lenders.line(await lending.known())


async def test_what_comes_late_changes_nothing(lending: Lending) -> None:
    asked = await lending.submit(lending.ada, variations=1)
    async with Somebody(lending, await lending.key()) as bo:
        job = await bo.claimed()
        await bo.send(job, 1, rendered(job)[0])
        await lending.lose(asked.id)
        await sweep(lending.db, lending.broker)
        now = await lending.job(asked.id)
        assert (now.status, now.losses) == (Status.QUEUED, 1)
        taken = await lending.claim()
        assert taken is not None
        assert not await bo.hold(job)
        assert (await refusal(bo.deliver(job)))[0] == 410
        await lending.tidy()
        assert not lending.files()
        assert await lending.finish(taken)
        assert (await refusal(bo.done(job)))[0] == 410
    assert (await lending.job(asked.id)).worker == "worker"


@pytest.mark.databases("sqlite")
async def test_nobody_keeps_a_render_for_ever(lending: Lending) -> None:
    asked = await lending.submit(lending.ada)
    async with Somebody(lending, await lending.key()) as bo:
        job = await bo.claimed()
        assert await bo.hold(job)
        await lending.change(asked.id, started_at=utcnow() - timedelta(seconds=LONGEST_RENDER + 1))
        assert not await bo.hold(job)
        assert await bo.claim() is None, "nor by asking for it again"


async def test_what_it_can_not_make_costs_as_a_lost_worker_does(lending: Lending) -> None:
    asked = await lending.submit(lending.ada)
    async with Somebody(lending, await lending.key()) as bo:
        for losses in range(1, renders.MAX_LOSSES + 1):
            job = await bo.claimed()
            await bo.studio.say(f"{path(job)}/fail", Failure(why=Why.BROKE))
            assert (await lending.job(asked.id)).losses == losses
    assert (await lending.job(asked.id)).status is Status.FAILED


@pytest.mark.databases("postgres")
async def test_one_looks_at_it_and_another_when_that_one_stops(lending: Lending) -> None:
    await lending.submit(lending.ada, variations=1)
    async with Somebody(lending, await lending.key()) as bo:
        await bo.deliver(await bo.claimed())

    async def take(name: str) -> lent.InHand | None:
        async with lending.db.begin() as s:
            return await lent.take(s, name, {"toy"})

    taken = [found for found in await asyncio.gather(*map(take, "abcde")) if found]
    assert len(taken) == 1
    async with lending.db.begin() as s:
        await lent.let_go(s, taken[0])
    again = await take("f")
    assert again is not None
    await lending.lose(again.job.id)
    await sweep(lending.db, lending.broker)
    assert (await lending.job(again.job.id)).status is Status.QUEUED
    assert await take("g") is None


@pytest.mark.databases("postgres")
async def test_a_cancel_and_a_delivery_agree_on_what_was_first(lending: Lending) -> None:
    async with Somebody(lending, await lending.key()) as bo:
        for _ in range(3):
            asked = await lending.submit(lending.ada, variations=1)
            job = await bo.claimed()
            for number, video in enumerate(rendered(job), start=1):
                await bo.send(job, number, video)
            await asyncio.gather(refusal(bo.done(job)), lending.desk.cancel(lending.ada, asked.id))
            assert (await lending.job(asked.id)).status is Status.CANCELLED
    await lending.tidy()
    assert not await lending.renders()
    assert not lending.files()


@pytest.mark.databases("postgres")
async def test_a_host_who_revokes_and_workers_who_refuse_do_not_lock_each_other_out(
    lending: Lending, valkey: str
) -> None:
    taken = []
    async with Somebody(lending, await lending.key()) as bo:
        for who in "abcd":
            await lending.submit(await person(lending.db, who), variations=1)
            await bo.deliver(await bo.claimed())
            async with lending.db.begin() as s:
                taken.append(await lent.take(s, who, {"toy"}))

    async def refuse(found: lent.InHand | None) -> None:
        assert found is not None
        async with lending.db.begin() as s:
            await lent.refuse(s, found, "It was odd.")

    await asyncio.gather(*map(refuse, taken), lenders.revoke(lending.db, valkey, "bo"))
    statuses = {(await lending.job(found.job.id)).status for found in taken if found}
    assert statuses == {Status.QUEUED}


async def _put(bo: Somebody, to: str, video: object) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {bo.token}", SESSION: bo.studio.session}
    url = f"{bo.lending.url}{BASE}{to}"
    async with (
        aiohttp.ClientSession(headers=headers) as client,
        client.put(url, data=video) as answer,
    ):
        return answer.status, (await answer.json())["said"]


async def _in_pieces(video: bytes) -> AsyncIterator[bytes]:
    yield video


async def _cut_off(bo: Somebody, to: str, video: bytes) -> None:
    """The lender's line breaks in the middle of it."""
    _, writer = await asyncio.open_connection("127.0.0.1", bo.lending.port)
    head = (
        f"PUT {BASE}{to} HTTP/1.1",
        f"Host: 127.0.0.1:{bo.lending.port}",
        f"Authorization: Bearer {bo.token}",
        f"{SESSION}: {bo.studio.session}",
        f"Content-Length: {len(video)}",
    )
    writer.write("\r\n".join([*head, "", ""]).encode() + video[: len(video) // 2])
    await writer.drain()

    async def is_coming() -> bool:
        return any(name.startswith(PARTIAL) for name in bo.lending.files())

    await until(is_coming)
    writer.close()

    async def is_gone() -> bool:
        return not bo.lending.files()

    await until(is_gone)
