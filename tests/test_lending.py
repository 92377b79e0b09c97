"""Workers that others lend, over real HTTP: what they are given, what they send, and what counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db import credentials, ledger
from db.broker import Broker
from db.credentials import KNOWN
from db.session import Db
from db.states import Status
from moderation.people import Person
from tests.support.books import settle
from tests.support.lenders import Lending, Somebody, rendered
from tests.support.studio import person


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
        assert await bo.claim() is None
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
    assert first.hashes != other.hashes
    await lending.tidy()
    assert not await lending.renders()
    kept = {k for c in (first, other) for k in (c.video_key, c.poster_key, c.preview_key)}
    assert {name for name in lending.files() if "grey" not in name} == kept
    assert (await lending.known()).accepted == 1


async def test_its_seconds_are_credited_to_its_owner(lending: Lending) -> None:
    await lending.submit(lending.ada)
    owner = await person(lending.db, "Lender")
    async with Somebody(lending, await lending.key()) as bo:
        job = await bo.claimed()
        await lending.change(job.job, started_at=(await lending.job(job.job)).created_at)
        await bo.deliver(job)
    await lending.check()
    await settle(lending.db)
    async with lending.db.read() as s:
        assert await ledger.balance(s, owner.id) >= 0
    assert (await lending.job(job.job)).worker == "lent/bo"
