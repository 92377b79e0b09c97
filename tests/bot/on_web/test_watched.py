"""What the page tells whatever watches the studio."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text, update

from bot import health
from bot.metrics import Metrics
from bot.on_web.room import WebRoom
from db.models import Event, Worker, utcnow
from tests.bot.on_web.served import Be, Served

CARD = {"number": 0, "name": "Test card", "used": 3 * 2**30, "total": 8 * 2**30, "busy": 0.4}

MEASURED = {"speed": 5e6, "load_seconds": 6.5}


async def told(served: Served, be: Be) -> str:
    async with be("ada").session.get(f"{served.url}/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        return await answer.text()


def families(text: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(found: dict[str, Metric], name: str, **labels: str) -> float:
    values = [
        sample.value
        for family in found.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(values) == 1, (name, labels, values)
    return values[0]


async def ready(served: Served, be: Be) -> tuple[int, dict[str, object]]:
    async with be("ada").session.get(f"{served.url}/readyz") as answer:
        return answer.status, await answer.json()


async def test_the_studio_in_figures(served: Served, be: Be) -> None:
    await served.published()
    await served.in_review("bo", prompt="a canary")
    await served.submit(await served.known("ada"))
    async with served.db.begin() as s:
        doing = {"loaded": "toy", "loads": 3, "busy": 0.5, "measured": {"toy": MEASURED}}
        await s.execute(update(Worker).values(cards=[CARD], **doing))
    text = await told(served, be)
    found = families(text)
    assert value(found, "sora_line_jobs", model="toy", state="queued") == 1
    assert value(found, "sora_line_oldest_wait_seconds", model="toy") < 60
    assert value(found, "sora_jobs_submitted_total") == 3
    assert value(found, "sora_renders_ended_total", outcome="finished") == 2
    assert value(found, "sora_decisions_total", verdict="approved") == 1
    assert value(found, "sora_decisions_total", verdict="rejected") == 0
    assert value(found, "sora_review_jobs", stage="review") == 1
    assert value(found, "sora_review_jobs", stage="appeal") == 0
    assert value(found, "sora_job_wait_seconds_count", model="toy") == 2
    assert value(found, "sora_render_duration_seconds_bucket", model="toy", le="+Inf") == 2
    assert value(found, "sora_outbox_set_aside", room="web") == 0
    assert value(found, "sora_worker_up", worker="worker") == 1
    assert value(found, "sora_worker_state", worker="worker", state="ready") == 1
    assert value(found, "sora_worker_state", worker="worker", state="rendering") == 0
    of = {"worker": "worker", "model": "toy"}
    assert value(found, "sora_worker_model_loaded", **of) == 1
    assert value(found, "sora_worker_model_load_seconds", **of) == 6.5
    assert value(found, "sora_worker_pixel_steps_per_second", **of) == 5e6
    assert not found["sora_worker_model_memory_bytes"].samples, "it has no graphics card"
    assert value(found, "sora_worker_model_loads_total", worker="worker") == 3
    assert value(found, "sora_worker_busy_ratio", worker="worker") == 0.5
    assert value(found, "sora_gpu_memory_used_bytes", worker="worker", gpu="0") == 3 * 2**30
    assert value(found, "sora_gpu_utilization_ratio", worker="worker", gpu="0") == 0.4
    assert value(found, "sora_database_up") == value(found, "sora_broker_up") == 1
    assert "canary" not in text
    assert "Ada" not in text


async def test_every_metric_says_what_it_is(served: Served, be: Be) -> None:
    found = families(await told(served, be))
    assert [name for name, family in found.items() if not family.documentation] == []
    ours = [name for name in found if name.startswith("sora_")]
    assert ours
    units = ("_seconds", "_bytes", "_ratio")
    for name in ours:
        if found[name].type == "counter":
            assert all(s.name.endswith("_total") for s in found[name].samples)
        for word in ("age", "wait", "duration", "lag", "memory", "utilization"):
            assert word not in name.split("_") or name.endswith(units), name


async def test_asking_often_costs_nothing_and_two_processes_agree(served: Served, be: Be) -> None:
    await served.in_review()
    first = families(await told(served, be))
    await served.submit(await served.known("ada"))
    again = families(await told(served, be))
    assert value(again, "sora_jobs_submitted_total") == 1
    other = Metrics(served.db, served.broker, health.Health(served.db, served.broker))
    theirs = families((await other.exposition()).decode())
    assert value(theirs, "sora_jobs_submitted_total") == 2
    of_renders = "sora_render_duration_seconds"
    assert theirs[of_renders].samples == first[of_renders].samples


async def test_a_worker_that_says_good_bye_is_not_missed(served: Served, be: Be) -> None:
    async with served.db.begin() as s:
        long_ago = utcnow() - timedelta(minutes=5)
        s.add(Worker(name="lost", seen_at=long_ago, state="ready"))
        s.add(Worker(name="went", seen_at=long_ago, state="stopped"))
        s.add(Worker(name="ill", state="Wan can't be loaded: no memory"))
    found = families(await told(served, be))
    assert value(found, "sora_worker_up", worker="lost") == 0
    assert value(found, "sora_worker_state", worker="lost", state="gone") == 1
    assert value(found, "sora_worker_heartbeat_age_seconds", worker="lost") >= 300
    assert value(found, "sora_worker_state", worker="ill", state="failing") == 1
    assert "went" not in str(found["sora_worker_up"].samples)


async def test_a_database_that_is_away_is_told(served: Served, be: Be) -> None:
    with mock.patch.object(served.db, "read", side_effect=OSError):
        found = families(await told(served, be))
        status, report = await ready(served, be)
    assert value(found, "sora_database_up") == 0
    assert value(found, "sora_broker_up") == 1
    assert "sora_line_jobs" not in found
    assert "sora_event_loop_lag_seconds" in found
    assert (status, report["ready"], report["database"]) == (503, False, False)


async def test_figures_are_for_whoever_was_let_have_them(served: Served) -> None:
    room = WebRoom(served.db, served.desk, served.media, "127.0.0.1", served.port)
    assert "/metrics" not in str(list(room._app.router.resources()))
    assert "/healthz" in str(list(room._app.router.resources()))


# ── health and readiness ─────────────────────────────────────────────────────────────────


async def test_all_is_well(served: Served, be: Be) -> None:
    served.chats["discord"] = lambda: True
    async with be("ada").session.get(f"{served.url}/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"ok": True})
    well = {"ready": True, "database": True, "migration": True, "broker": True, "outbox": True}
    more = {"outbox_oldest_seconds": 0.0, "rooms": {"discord": True}}
    assert await ready(served, be) == (200, well | more)


async def test_each_part_that_is_missing_is_named(served: Served, be: Be) -> None:
    with mock.patch.object(served.broker, "ping", return_value=False):
        status, report = await ready(served, be)
    assert (status, report["ready"], report["broker"]) == (503, False, False)
    served.chats["slack"] = lambda: False
    status, report = await ready(served, be)
    assert (status, report["rooms"]) == (503, {"slack": False})
    served.chats.clear()
    async with served.db.begin() as s:
        await s.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    status, report = await ready(served, be)
    assert (status, report["migration"], report["database"]) == (503, False, True)


async def test_an_outbox_that_is_stuck_is_not_ready(served: Served, be: Be) -> None:
    await served.stop()
    job = await served.submit(await served.known("ada"))
    async with served.db.begin() as s:
        long_ago = utcnow() - timedelta(seconds=health.OLDEST_SECONDS + 1)
        await s.execute(update(Event).where(Event.job_id == job.id).values(at=long_ago))  # type: ignore[arg-type]
    await served.start(feed=False)
    status, report = await ready(served, be)
    assert (status, report["outbox"]) == (503, False)
