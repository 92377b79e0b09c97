"""A lent machine as a process of its own, killed and stopped at the worst moments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import lenders
from db import workers
from db.broker import Broker
from db.models import Job
from db.session import Db
from db.states import Status
from moderation.sweep import sweep
from tests.support.engines import Toy, catalogue_file, entry
from tests.support.lenders import Lending
from tests.support.processes import Processes, Running
from tests.support.whole import until


@pytest.fixture
async def lending(sqlite_url: str, valkey: str, tmp_path: Path) -> AsyncIterator[Lending]:
    made = Lending(Db(sqlite_url), Broker(valkey), tmp_path)
    await made.begin()
    yield made
    await made.end()


class Machine:
    """What somebody lends: another folder, another catalogue, and of the studio only address and key."""

    def __init__(self, lending: Lending, processes: Processes, token: str) -> None:
        self.lending, self.processes, self.token = lending, processes, token

    command: tuple[str, ...] = ("-m", "gen.lending")

    def start(self, step_ms: float) -> Running:
        model = entry("toy", Toy, self.lending.folder / "theirs", step_ms=step_ms)
        models = catalogue_file(self.lending.folder / "models.toml", model)
        env = {"SORA_LEND_KEY": self.token, "SORA_MODELS": str(models)}
        return self.processes.start(*self.command, self.lending.url, env=env)

    async def rendering(self, running: Running) -> Job:
        """A job that it has in hand, and has begun."""
        job = await self.lending.submit(self.lending.ada, steps=50)

        async def is_under_way() -> bool:
            return (await self.lending.job(job.id)).step > 0

        await running.line("lender.announced")
        await until(is_under_way)
        return job


async def test_it_renders_through_a_restart_of_the_studio_and_ends_when_drained(
    lending: Lending, sora_process: Processes
) -> None:
    token = await lending.key()
    machine = Machine(lending, sora_process, token)
    machine.command = ("-m", "bot", "lend")
    running = machine.start(100)
    job = await machine.rendering(running)
    await lending.stop()
    await running.line("studio.away|lease.not_renewed")
    await lending.start(feed=False)
    await running.line("render.delivered", within=40)
    await lending.check(compares=2)
    done = await lending.job(job.id)
    assert (done.status, done.attempt, done.losses) == (Status.IN_REVIEW, 1, 0)
    async with lending.db.begin() as s:
        assert await workers.drain(s, ["lent/bo"]) == {"lent/bo"}
    assert await running.ends(within=40) == 0
    assert token not in running.said()
    assert job.prompt not in running.said()


async def test_one_that_is_killed_is_struck_one_that_is_stopped_is_not_and_a_revoked_one_ends(
    lending: Lending, sora_process: Processes, valkey: str
) -> None:
    machine = Machine(lending, sora_process, await lending.key())
    running = machine.start(400)
    job = await machine.rendering(running)
    running.kill9_group()
    await lending.lose(job.id)
    await sweep(lending.db, lending.broker)
    now = await lending.job(job.id)
    assert (now.status, now.losses) == (Status.QUEUED, 0)
    assert (await lending.known()).strikes == 1

    running = machine.start(400)
    job = await machine.rendering(running)

    async def is_taken() -> bool:
        return (await lending.job(job.id)).step > 0

    running.terminate()
    assert await running.ends() == 0
    now = await lending.job(job.id)
    assert (now.status, now.losses, now.attempt) == (Status.QUEUED, 0, 1)
    assert (await lending.known()).strikes == 1

    running = machine.start(400)
    await until(is_taken)
    await lenders.revoke(lending.db, valkey, "bo")
    assert (await lending.job(job.id)).status is Status.QUEUED
    assert await running.ends() == 1
    assert "This key was revoked." in running.said()


@pytest.mark.parametrize(
    ("url", "key", "sentence"),
    [
        ("http://studio.example", "x", "Only https:// keeps your key to yourself"),
        ("https://studio.example/page", "x", "A studio is at an address like"),
        ("https://studio.example", "", "SORA_LEND_KEY is missing"),
    ],
)
async def test_it_says_what_it_lacks(
    sora_process: Processes, url: str, key: str, sentence: str
) -> None:
    env = {"SORA_LEND_KEY": key} if key else {}
    running = sora_process.start("-m", "gen.lending", url, env=env)
    assert await running.ends() == 1
    assert running.said().startswith(sentence)
    assert running.said().count("\n") == 1
