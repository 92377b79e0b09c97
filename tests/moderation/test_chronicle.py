"""The chronicle: what happened is in the record once, in order, and says nothing that is private."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import timedelta

import pytest

from bot import recorded
from db import events, record
from db.models import utcnow
from db.session import Db
from db.states import Kind, Reason, Verdict
from moderation import transparency
from moderation.chronicle import LEFT_OUT, RECORDED, chronicle
from moderation.people import Role
from moderation.sweep import sweep
from moderation.transparency import Wait
from tests.moderation.opinions import Five
from tests.moderation.test_screened import STOPPED
from tests.support.processes import Processes
from tests.support.recorded import entries, told
from tests.support.studio import Studio, person
from tests.support.whole import until

COPYING = """
import asyncio, sys
from db.session import Db
from moderation import chronicle
chronicle.BATCH = 3

async def main():
    db = Db(sys.argv[1])
    print("ready", flush=True)
    while True:
        await chronicle.chronicle(db)

asyncio.run(main())
"""


async def sent_earlier(studio: Studio, job_id: int, by: timedelta) -> None:
    """As if the job had first been sent to review so much earlier."""
    async with studio.db.begin() as s:
        sent = (await events.of_kinds(s, {job_id}, {Kind.SENT_TO_REVIEW}))[0]
        sent.at -= by


def test_of_every_kind_it_is_decided_whether_it_is_recorded() -> None:
    assert RECORDED.keys() | LEFT_OUT == set(Kind)
    assert not RECORDED.keys() & LEFT_OUT


async def test_an_appeal_that_is_won_reverses_the_entry_of_the_no(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    mo, lin = [await person(studio.db, name, Role.MODERATOR) for name in ("mo", "lin")]
    job = await studio.rendered(ada)
    await studio.change(job.id, compute_seconds=12.345)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.GORE)
    await chronicle(studio.db)
    await studio.desk.appeal(ada, job.id, "It is paint.")
    await studio.desk.review(lin, job.id, Verdict.APPROVE)
    await chronicle(studio.db)
    said = await entries(studio.db)
    assert [entry["kind"] for entry in said] == [
        "finished", "sent_to_review", "reviewed", "rejected", "appealed", "reviewed", "overturned",
    ]  # fmt: skip
    finished, sent, reviewed, rejected, _, _, overturned = said
    assert finished["details"] == {"model": "toy", "milliseconds": 12345}
    assert (sent["by"], sent["actor"], sent["details"]) == ("artist", None, {})
    assert reviewed["details"] == {"verdict": "reject", "reason": "gore", "quorum": 1}
    assert rejected["details"]["reasons"] == ["gore"]
    assert overturned["details"]["reverses"] == rejected["seq"]
    assert rejected["actor"] == reviewed["actor"] != overturned["actor"]
    assert {entry["job"] for entry in said} == {job.id}


async def test_a_no_and_its_reversal_in_one_batch(studio: Studio) -> None:
    ada, mo = await person(studio.db, "ada"), await person(studio.db, "mo", Role.MODERATOR)
    lin = await person(studio.db, "lin", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await studio.desk.take_down(mo, job.id, "It sells shoes.")
    await studio.desk.appeal(ada, job.id)
    await studio.desk.review(lin, job.id, Verdict.APPROVE)
    await chronicle(studio.db)
    by_kind = {entry["kind"]: entry for entry in await entries(studio.db)}
    assert by_kind["overturned"]["details"]["reverses"] == by_kind["taken_down"]["seq"]
    assert by_kind["taken_down"]["details"] == {"reasons": ["other"]}


async def test_nobody_s_words_and_names_come_into_it(studio: Studio) -> None:
    canary = "canary"
    ada = await person(studio.db, f"{canary} ada")
    bo = await person(studio.db, f"{canary} bo")
    mo, lin = [await person(studio.db, f"{canary} {n}", Role.MODERATOR) for n in ("mo", "lin")]
    job = await studio.rendered(ada, prompt=f"a {canary}", negative=canary)
    say = {"reason": Reason.OTHER, "sentence": f"no {canary}"}
    await studio.desk.review(mo, job.id, Verdict.REJECT, **say)  # type: ignore[arg-type]
    await studio.desk.appeal(ada, job.id, f"please, {canary}")
    await studio.desk.review(lin, job.id, Verdict.APPROVE, sentence=f"yes {canary}")
    await studio.desk.vote(bo, job.id, 1)
    await studio.desk.report(bo, job.id, Reason.OTHER, f"report {canary}")
    await studio.desk.take_down(mo, job.id, f"down {canary}")
    await studio.desk.withdraw(ada, job.id)
    await chronicle(studio.db)
    async with studio.db.read() as s:
        rows = await record.after(s, 0, 100)
    assert len(rows) == 10
    assert not [row.body for row in rows if canary in row.body]
    kinds = [row.kind for row in rows]
    assert "voted" not in kinds
    artists = [e for e in await entries(studio.db) if e["by"] != "moderator"]
    assert {entry["actor"] for entry in artists} == {None}


async def test_of_a_private_job_there_is_the_render_and_the_day(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    secret = await studio.rendered(ada, private=True)
    await studio.desk.withdraw(ada, secret.id)
    kept = await studio.rendered(ada)
    await studio.desk.keep(ada, kept.id)
    await studio.desk.withdraw(ada, kept.id)
    await chronicle(studio.db)
    private, *public = await entries(studio.db)
    assert private["details"] == {"model": "toy", "milliseconds": 0}
    assert (private["job"], private["actor"]) == (None, None)
    assert private["at"].endswith("T00:00:00Z")
    assert [entry["kind"] for entry in public] == ["finished", "sent_to_review", "kept"]
    assert {entry["job"] for entry in public} == {kept.id}


async def test_what_is_published_later_is_told_from_then_on(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    job = await studio.rendered(ada)
    await studio.desk.keep(ada, job.id)
    await studio.desk.publish(ada, job.id)
    await studio.desk.withdraw(ada, job.id)
    await chronicle(studio.db)
    assert (await told(studio.db))[1:] == ["sent_to_review", "kept", "sent_to_review", "withdrawn"]


async def test_a_ballot_s_tally_is_kept_and_no_vote(studio: Studio) -> None:
    ada, bo = await person(studio.db, "ada"), await person(studio.db, "bo")
    mo = await person(studio.db, "mo", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await studio.desk.vote(bo, job.id, 2)
    await studio.change(job.id, ballot_closes_at=utcnow() - timedelta(seconds=1))
    await sweep(studio.db, studio.desk.broker)
    closed = (await entries(studio.db))[-1]
    assert (closed["kind"], closed["details"]) == ("ballot_closed", {"tally": {"2": 1}})


async def test_doing_it_again_adds_nothing(studio: Studio) -> None:
    await studio.rendered(await person(studio.db, "ada"))
    for _ in range(3):
        await chronicle(studio.db)
    assert await told(studio.db) == ["finished", "sent_to_review"]
    async with studio.db.read() as s:
        assert not await record.is_behind(s)


# ── killed, and at the same time ─────────────────────────────────────────────────────────


async def test_many_at_once_double_and_lose_nothing(studio: Studio) -> None:
    ada, mo = await person(studio.db, "ada"), await person(studio.db, "mo", Role.MODERATOR)
    copying = [Db(studio.db.url) for _ in range(4)]
    done = asyncio.Event()

    async def copy(db: Db) -> None:
        while not done.is_set():
            await chronicle(db)
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(copy(db)) for db in copying]
    for _ in range(12):
        job = await studio.rendered(ada)
        await studio.desk.review(mo, job.id, Verdict.APPROVE)
    done.set()
    await asyncio.gather(*tasks)
    await chronicle(studio.db)
    for db in copying:
        await db.close()
    said = sorted((entry["job"], entry["kind"]) for entry in await entries(studio.db))
    kinds = ("approved", "finished", "reviewed", "sent_to_review")
    assert said == [(job, kind) for job in range(1, 13) for kind in kinds]


async def test_killed_at_any_point_it_doubles_and_loses_nothing(
    studio: Studio, sora_process: Processes
) -> None:
    chance = random.Random(7)
    ada, mo = await person(studio.db, "ada"), await person(studio.db, "mo", Role.MODERATOR)
    recorded = 0
    for _ in range(4):
        running = sora_process.start("-c", COPYING, studio.db.url)
        await running.line("ready")
        for _ in range(chance.randint(1, 4)):
            job = await studio.rendered(ada)
            await studio.desk.review(mo, job.id, Verdict.APPROVE)
            recorded += 4
        running.kill9()
    await chronicle(studio.db)
    said = await entries(studio.db)
    assert len({(entry["job"], entry["kind"]) for entry in said}) == len(said) == recorded
    async with studio.db.read() as s:
        kept = await record.statistics(s)
    assert kept == transparency.counted(said)


async def test_a_killed_copy_holds_nobody_up(studio: Studio, sora_process: Processes) -> None:
    running = sora_process.start("-c", COPYING, studio.db.url)
    await running.line("ready")
    await studio.rendered(await person(studio.db, "ada"))

    async def copied() -> bool:
        return len(await told(studio.db)) == 2

    await until(copied)
    running.kill9()


async def test_a_studio_that_was_there_before_catches_up(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.chronicle.BATCH", 2)
    ada = await person(studio.db, "ada")
    for _ in range(5):
        await studio.rendered(ada)
    await chronicle(studio.db)
    assert len(await told(studio.db)) == 10


# ── the report ───────────────────────────────────────────────────────────────────────────


async def test_the_report_is_what_the_entries_add_up_to(studio: Studio) -> None:
    ada, bo = await person(studio.db, "ada"), await person(studio.db, "bo")
    mo, lin = [await person(studio.db, name, Role.MODERATOR) for name in ("mo", "lin")]
    for reason in (Reason.GORE, Reason.GORE, Reason.SPAM, None):
        job = await studio.rendered(ada)
        await studio.change(job.id, compute_seconds=1.5)
        verdict = Verdict.REJECT if reason else Verdict.APPROVE
        await studio.desk.review(mo, job.id, verdict, reason=reason)
    await studio.desk.report(bo, 4, Reason.HATE)
    await studio.desk.dismiss(mo, 4)
    for job_id, verdict in ((1, Verdict.APPROVE), (2, Verdict.REJECT)):
        await studio.desk.appeal(ada, job_id)
        why = Reason.GORE if verdict is Verdict.REJECT else None
        await studio.desk.review(lin, job_id, verdict, reason=why)
    await sent_earlier(studio, 1, timedelta(seconds=137))
    await chronicle(studio.db)
    said = await entries(studio.db)
    async with studio.db.read() as s:
        (month,) = await record.months(s)
        kept = await record.statistics(s)
    assert kept == transparency.counted(said)
    report = transparency.summary(month, kept)
    assert report.counts["rejected"] == 3
    assert dict(report.reasons) == {"gore": 2, "spam": 1}
    assert dict(report.reported) == {"hate": 1}
    assert report.overturned == 0.5
    assert report.renders["toy"] == transparency.Render(4, 6)
    assert report.review == Wait(0, 140)
    assert report.appeal == Wait(0, 0)


async def test_how_long_something_waited_is_counted_anew_when_it_is_sent_anew(
    studio: Studio,
) -> None:
    ada, mo = await person(studio.db, "ada"), await person(studio.db, "mo", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.keep(ada, job.id)
    await studio.desk.publish(ada, job.id)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await sent_earlier(studio, job.id, timedelta(hours=5))
    await chronicle(studio.db)
    assert (await entries(studio.db))[-1]["details"]["waited"] < 3600


@pytest.mark.parametrize("at_once", [True, False])
async def test_of_a_block_that_was_appealed_nobody_learns_which_job_it_was(
    studio: Studio, cast: Five, at_once: bool
) -> None:
    """Until its artist sends it to review; however often the record is brought up to date."""
    ada, _, _, mo, _ = cast
    job = await studio.submit(ada, STOPPED, private=True)
    for verb in (
        studio.desk.appeal(ada, job.id, "It is about seals."),
        studio.desk.review(mo, job.id, Verdict.APPROVE),
    ):
        if not at_once:
            await chronicle(studio.db)
        await verb
    claimed = await studio.claim()
    assert claimed is not None
    await studio.finish(claimed)
    await chronicle(studio.db)
    async with studio.db.read() as s:
        told = [json.loads(entry.body) for entry in (await record.newest(s, limit=20))[::-1]]
    kinds = ["flagged", "blocked", "appealed", "reviewed", "unblocked", "finished"]
    assert [says["kind"] for says in told] == kinds
    for says in told:
        assert says["job"] is None
        assert says["at"].endswith("T00:00:00Z")
        assert "reverses" not in says["details"]
        assert "None" not in recorded.sentence(says)
