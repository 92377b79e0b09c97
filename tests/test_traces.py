"""A job's way is one trace, and nothing is traced unless it was asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from db import traces
from db.states import Status
from tests.bot.on_web.served import caller, free_port
from tests.support.logged import logged
from tests.support.together import together
from tests.support.whole import until

CANARY = "canary"


class Collector:
    """Takes traces as OpenTelemetry's own collector does."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.port = free_port()

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(content_type="application/x-protobuf")

    def spans(self) -> list[Any]:
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

        read = trace_service_pb2.ExportTraceServiceRequest.FromString
        resources = [of for body in self.bodies for of in read(body).resource_spans]
        return [span for of in resources for scope in of.scope_spans for span in scope.spans]


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    """One that this process sends its traces to."""
    made = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", made.port).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{made.port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")  # ms
    monkeypatch.setattr(traces, "_tracer", None)
    traces.begin("test")
    yield made
    traces._tracer.span_processor.shutdown()
    await runner.cleanup()


async def test_a_job_is_one_trace_from_the_wish_to_its_cards(
    sqlite_url: str, valkey: str, tmp_path: Path, collector: Collector
) -> None:
    async with together(sqlite_url, valkey, tmp_path) as served, caller(served, "ada") as ada:
        for key in ("1", "2"):
            wish = {"prompt": f"a {CANARY} --variations 1", "key": key}
            assert (await ada.post("/sora", wish))[0] == 200

        async def both_in_review() -> bool:
            jobs = [await served.job(number) for number in (1, 2)]
            return all(job.status is Status.IN_REVIEW for job in jobs)

        await until(both_in_review)
        await served.told()

        async def all_sent() -> bool:
            return {span.name for span in collector.spans()} >= {"submit", "wait", "render", "tell"}

        await until(all_sent)
    of_jobs: dict[int, set[bytes]] = {}
    for span in collector.spans():
        (job,) = (a.value.int_value for a in span.attributes if a.key == "sora.job")
        of_jobs.setdefault(job, set()).add(span.trace_id)
        assert span.start_time_unix_nano <= span.end_time_unix_nano
    assert set(of_jobs) == {1, 2}
    assert [len(ids) for ids in of_jobs.values()] == [1, 1]
    assert of_jobs[1] != of_jobs[2]
    assert not [body for body in collector.bodies if CANARY.encode() in body or b"Ada" in body]


def test_nothing_is_imported_unless_it_is_asked_for() -> None:
    program = (
        "import sys\nfrom db import traces\n"
        "with traces.span(1, 'render'): traces.past(1, 'wait', None)\n"
        "sys.exit('opentelemetry' in str(sys.modules.keys()))"
    )
    root = Path(__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0


def test_without_the_extra_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with logged() as lines:
        traces.begin("test")
    (line,) = lines
    assert (line["event"], line["why"]) == ("traces.not_sent", traces.MISSING)
    assert traces._tracer is None
