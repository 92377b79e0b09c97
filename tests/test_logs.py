"""One job is followed through the logs by its number, from the form that asked for it to its cards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from db import logs
from db.states import Status
from tests.bot.on_web.served import caller
from tests.support.logged import Line, logged
from tests.support.together import together
from tests.support.whole import until

CANARY = "canary"


@pytest.fixture(name="logged")
def _logged() -> Iterator[list[Line]]:
    with logged() as lines:
        yield lines


async def test_a_job_is_followed_by_its_number(
    sqlite_url: str, valkey: str, tmp_path: Path, logged: list[Line]
) -> None:
    async with together(sqlite_url, valkey, tmp_path) as served, caller(served, "ada") as ada:
        wish = {"prompt": f"a {CANARY} --variations 1", "key": "k"}
        assert (await ada.post("/sora", wish))[0] == 200

        async def in_review() -> bool:
            return (await served.job(1)).status is Status.IN_REVIEW

        await until(in_review)
        await served.told()

    of_job = [line["event"] for line in logged if line.get("job") == 1]
    for event in (
        "job.submitted",
        "bell.rung",
        "render.started",
        "render.stored",
        "render.finished",
        "card.shown",
        "job.told",
    ):
        assert event in of_job, of_job
    shown = {line["purpose"] for line in logged if line["event"] == "card.shown"}
    assert shown == {"receipt", "result", "review"}
    # Before it had a number, it is known by what asked for it.
    (taken,) = (line for line in logged if line["event"] == "wish.taken")
    (submitted,) = (line for line in logged if line["event"] == "job.submitted")
    assert taken["request"] == submitted["request"]
    assert "job" not in taken
    assert not [line for line in logged if "job_id" in line]
    assert CANARY not in str(logged)
    assert "Ada" not in str(logged)


def test_acts_are_told_apart_and_end(logged: list[Line]) -> None:
    log = structlog.get_logger()
    with logs.of_request("slack"), logs.of_request("slack", job=7):
        log.info("within")
    with logs.of_request("discord"):
        log.info("another")
    log.info("after")
    within, another, after = logged
    assert (within["room"], within["job"]) == ("slack", 7)
    assert within["request"] != another["request"]
    assert "job" not in another
    assert after == {"event": "after"}


def test_a_command_that_draws_how_it_goes_says_only_what_goes_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = structlog.get_config()
    try:
        logs.configure(least="warning")
        structlog.get_logger().info("job.submitted")
        structlog.get_logger().warning("broker.unreachable")
    finally:
        structlog.configure(**before)
    said = capsys.readouterr().err
    assert "broker.unreachable" in said
    assert "job.submitted" not in said
