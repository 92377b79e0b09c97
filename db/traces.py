"""A job's way from the wish to its cards as one OpenTelemetry trace, whichever processes it passes.

Nothing is imported or sent unless a process begins it. Spans of one job belong together because the id of
their trace follows from the job's number; none has a word of a prompt or a person in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog

MISSING = "install it with: pip install 'sora-commons[otel]'"

log = structlog.get_logger()

_tracer: Any = None


def begin(process: str) -> None:
    """Send traces from now on, to where OpenTelemetry's own settings say; ``process``: what this one is."""
    global _tracer
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("traces.not_sent", why=MISSING)
        return
    provider = TracerProvider(resource=Resource.create({"service.name": f"sora-{process}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))  # ends with the process
    _tracer = provider.get_tracer("sora")


@contextmanager
def span(job_id: int, name: str, **about: str) -> Iterator[None]:
    """What is done for a job within."""
    if _tracer is None:
        yield
        return
    current = _begun(job_id, name, None, about)
    try:
        yield
    finally:
        current.end()


def past(job_id: int, name: str, since: datetime, **about: str) -> None:
    """What a job has gone through from then until now."""
    if _tracer is not None:
        _begun(job_id, name, since, about).end()


def _begun(job_id: int, name: str, since: datetime | None, about: dict[str, str]) -> Any:
    from opentelemetry.trace import (
        NonRecordingSpan,
        SpanContext,
        TraceFlags,
        set_span_in_context,
    )

    digest = hashlib.sha256(f"sora job {job_id}".encode()).digest()
    trace, root = int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])
    of_job = SpanContext(trace, root, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return _tracer.start_span(
        name,
        context=set_span_in_context(NonRecordingSpan(of_job)),
        start_time=since and int(since.timestamp() * 10**9),
        attributes={"sora.job": job_id, **{f"sora.{key}": value for key, value in about.items()}},
    )
