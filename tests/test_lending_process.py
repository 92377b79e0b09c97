"""A lent machine as a process of its own, killed and stopped at the worst moments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.broker import Broker
from db.session import Db
from db.states import Status
from moderation.sweep import sweep
from tests.support.engines import Toy, catalogue_file, entry
from tests.support.lenders import Lending
from tests.support.processes import Processes, Running


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

    def start(self, *, step_ms: float = 0, steps: int = 0) -> Running:
        model = entry("toy", Toy, self.lending.folder / "theirs", step_ms=step_ms, steps=steps)
        models = catalogue_file(self.lending.folder / "models.toml", model)
        env = {"SORA_LEND_KEY": self.token, "SORA_MODELS": str(models)}
        return self.processes.start("-m", "bot", "lend", self.lending.url, env=env)


async def test_a_lent_machine_renders_and_what_it_renders_counts(
    lending: Lending, sora_process: Processes
) -> None:
    token = await lending.key()
    machine = Machine(lending, sora_process, token).start()
    lending.own_worker(compares=4)
    await machine.line("lender.announced")
    # its own worker would be quicker
    job = await lending.submit(lending.ada)
    await lending.until(job, Status.IN_REVIEW)
    print(machine.said())
