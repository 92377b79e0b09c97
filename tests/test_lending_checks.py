"""What a studio does with a delivery of a lent worker when something is wrong with it, or with the studio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from sqlmodel import col

from db import credentials, lent, workers
from db.broker import Broker
from db.media import StoreTrouble
from db.models import Event, LenderKey, Worker, utcnow
from db.session import Db
from db.states import Flag, Kind, Status
from gen import keeping
from tests.support.films import decoded
from tests.support.lenders import OWNER, Lending, Somebody, refusal, rendered
from tests.support.studio import person

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
async def lending(db_url: str, valkey: str, tmp_path: Path) -> AsyncIterator[Lending]:
    made = Lending(Db(db_url), Broker(valkey), tmp_path)
    await made.begin()
    yield made
    await made.end()


async def test_a_clip_counts_as_sent_once_it_is_stored(
    lending: Lending, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await lending.submit(lending.ada, variations=1)
    comes, may_go_on, put = asyncio.Event(), asyncio.Event(), lending.media.put

    async def slowly(source: Path) -> str:
        comes.set()
        await may_go_on.wait()
        return await put(source)

    monkeypatch.setattr(lending.media, "put", slowly)
    async with Somebody(lending, await lending.key()) as bo:
        job = await bo.claimed()
        sending = asyncio.create_task(bo.send(job, 1, rendered(job)[0]))
        await comes.wait()
        assert (await refusal(bo.done(job))) == (422, "Not all of it was sent: clip 1 is missing.")
        may_go_on.set()
        await sending
        await bo.done(job)
    await lending.check()
    assert (await lending.job(asked.id)).status is Status.IN_REVIEW
    await lending.tidy()
    assert not await lending.renders()


async def test_a_store_that_is_away_for_a_moment_costs_nothing(
    lending: Lending, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await lending.submit(lending.ada, variations=1)
    async with Somebody(lending, await lending.key()) as bo:
        await bo.deliver(await bo.claimed())
    bring, troubles = lending.media.bring, [StoreTrouble("It is away."), StoreTrouble("Still.")]

    async def away(path: Path) -> Any:
        if troubles:
            raise troubles.pop()
        return await bring(path)

    monkeypatch.setattr(lending.media, "bring", away)
    monkeypatch.setattr(keeping, "PAUSE_SECONDS", 0.01)
    await lending.check()
    assert not troubles
    assert (await lending.job(asked.id)).status is Status.IN_REVIEW


async def test_what_is_gone_from_the_store_is_made_again(lending: Lending) -> None:
    asked = await lending.submit(lending.ada, variations=1)
    async with Somebody(lending, await lending.key()) as bo:
        await bo.deliver(await bo.claimed())
        [render] = await lending.renders()
        await lending.media.discard(render.files["1"])
        await lending.check(renders=False)
        now = await lending.job(asked.id)
        assert (now.status, now.losses) == (Status.QUEUED, 0)
        assert (await lending.known()).refused == 0
        await bo.deliver(await bo.claimed())
    await lending.check()
    assert (await lending.job(asked.id)).status is Status.IN_REVIEW


async def test_what_waits_to_be_looked_at_is_no_part_of_what_a_render_takes(
    lending: Lending,
) -> None:
    await lending.submit(lending.ada, variations=1)
    async with Somebody(lending, await lending.key()) as bo:
        job = await bo.claimed()
        await lending.change(job.job, started_at=utcnow() - timedelta(seconds=90))
        await bo.deliver(job, seconds=60)
    await lending.change(job.job, started_at=utcnow() - timedelta(hours=30))
    await lending.check()
    async with lending.db.read() as s:
        [render] = await workers.recent_renders(s, "toy")
    assert 60 <= render.took < 3600


async def test_it_is_left_to_a_worker_that_has_its_model(lending: Lending) -> None:
    asked = await lending.submit(lending.ada, variations=1)
    async with Somebody(lending, await lending.key()) as bo:
        await bo.deliver(await bo.claimed())
    await lending.check(has=False, renders=False)
    async with lending.db.begin() as s:
        assert await lent.unseen(s) == 1
        await workers.gone(s, "worker")
    await lending.check(has=False, renders=False)
    assert (await lending.job(asked.id)).status is Status.IN_REVIEW
    [clip] = await lending.made(asked)
    said = credentials.read(lending.media.path(clip.video_key))
    assert (said.model, said.licence) == (lending.toy.title, lending.toy.licence)


async def test_only_what_was_compared_is_believed_later(lending: Lending) -> None:
    seven, eight = [await person(lending.db, name) for name in ("Seven", "Eight")]
    async with (
        Somebody(lending, await lending.key()) as bo,
        lending.own_worker(compares=2, renders=False) as renderer,
    ):
        async with lending.db.begin() as s:
            (await s.get_one(LenderKey, "bo")).accepted = 5
        await lending.submit(seven, variations=1)
        await bo.deliver(await bo.claimed())
        await renderer.look()
        known = await lending.known()
        assert (known.accepted, known.compared) == (6, 1)
        await lending.submit(eight, variations=1)
        job = await bo.claimed()
        await bo.deliver(job, *rendered(job, seeds=5))
        await renderer.look()
    known = await lending.known()
    assert (known.accepted, known.compared, known.refused) == (6, 1, 1)


async def test_a_lender_who_has_gone_meanwhile_is_credited(lending: Lending) -> None:
    asked = await lending.submit(lending.ada, variations=1)
    async with Somebody(lending, await lending.key()) as bo:
        await bo.deliver(await bo.claimed())
    async with lending.db.begin() as s:
        (await s.get_one(Worker, "lent/bo")).seen_at = utcnow() - 2 * workers.FORGOTTEN
        await workers.announce(s, "own", [], "starting")
        assert await s.get(Worker, "lent/bo") is None
    await lending.check()
    async with lending.db.read() as s:
        found = select(Event).where(col(Event.job_id) == asked.id)
        [event] = await s.scalars(found.where(col(Event.kind) == Kind.FINISHED))
    assert event.detail["owner"] == OWNER


@pytest.mark.databases("sqlite", "postgres")
async def test_a_clip_that_it_goes_on_from_says_nothing_and_was_not_private(
    lending: Lending,
) -> None:
    told = {Flag.NAMED: True, Flag.PROMPT_SHOWN: True}
    await lending.desk.consent_by_default(lending.ada, told)
    shared = await lending.submit(lending.ada, "a talking lighthouse", variations=1)
    private = await lending.submit(lending.ada, variations=1, private=True)
    async with lending.own_worker(compares=0) as renderer:
        await renderer.look()
    async with Somebody(lending, await lending.key(inputs=True)) as bo:
        await bo.announce()
        asked = await lending.submit(lending.ada, variations=1)
        for source, may in ((private, False), (shared, True)):
            await lending.change(asked.id, source_id=source.id, source_clip=1)
            job = await bo.claim()
            assert (job is not None) is may
        assert job is not None
        sent = await bo.fetch(job, "film")
    [clip] = await lending.made(shared)
    file = lending.media.path(clip.video_key)
    secrets = (b"Ada", shared.prompt.encode(), b"Clip 1 of job")
    assert [file.read_bytes().count(secret) > 0 for secret in secrets] == [True] * 3
    assert not [secret for secret in secrets if secret in sent]
    copy = lending.folder / "copy.mp4"
    copy.write_bytes(sent)
    assert np.array_equal(decoded(copy), decoded(file))
