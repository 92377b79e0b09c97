"""A small storm: what `make storm` does with a thousand jobs, with a few."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.storm.run import storm
from bench.storm.weather import KILLED
from tests.support.servers import short_folder

JOBS, SEED = 16, 7


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_what_is_promised_is_kept_in_a_storm(tmp_path: Path) -> None:
    with short_folder("storm-") as where:
        report = await storm(where, JOBS, SEED, workers=2, hurried=True)
        shutil.copytree(where / "logs", tmp_path / "logs")
    assert not report.broken, report.broken
    assert report.weather.met
    assert {how for _, how in report.weather.blows} >= {KILLED}
    assert sum(report.jobs.values()) >= JOBS
