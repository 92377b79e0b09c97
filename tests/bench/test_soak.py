"""What jobs leave behind in a studio: no open file, no thread, no task, no file of a render."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.soak import Look, Soak, slope

JOBS = 40
CROWD, FEW = 20, 10
"""At once. What is pooled is as much as was ever in use at once, so more come before than after."""
POOLED = 6
"""So many connections a pool may have more all the same, by chance; a leak is one for each job."""
PATIENCE = 20.0
"""For connections that close a little after the last one who used them."""


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.usefixtures("migrated_data")
async def test_jobs_leave_no_handle_no_thread_no_task_and_no_file(
    tmp_path: Path,
) -> None:
    async with Soak.of(tmp_path) as soak:
        await soak.live(CROWD, at_once=CROWD)
        before = await soak.at_rest()
        assert before.parts["bot"].tasks > 0
        assert before.parts["worker"].tasks > 0
        await soak.live(JOBS, at_once=FEW)
        after = await soak.at_rest()
        try:
            async with asyncio.timeout(PATIENCE):
                while not _no_more(after, before):
                    await asyncio.sleep(0.5)
                    after = await soak.look()
        except TimeoutError:
            assert after.counts == before.counts
    assert after.jobs == before.jobs + JOBS
    assert after.files == 0


def _no_more(after: Look, before: Look) -> bool:
    pairs = (zip(after.counts[part], before.counts[part], strict=True) for part in before.parts)
    return all(now <= then + POOLED for pair in pairs for now, then in pair)


def test_a_slope_is_what_a_thousand_more_add_whatever_one_odd_point_says() -> None:
    points = [(float(jobs), 100 + jobs / 500) for jobs in range(200, 4000, 200)]
    assert slope(points) == pytest.approx(2)
    points[7] = (points[7][0], 900.0)
    assert slope(points) == pytest.approx(2)
