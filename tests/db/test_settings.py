"""Settings: what a person may write, and one sentence for what can't be meant."""

from __future__ import annotations

import pytest

from bot.settings import BotSettings
from db.settings import BadSettings, StoreSettings
from gen.settings import WorkerSettings


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("postgresql://u:p@h/x", "postgresql+asyncpg://u:p@h/x"),
        ("postgres://u:p@h:5/x?sslmode=require", "postgresql+asyncpg://u:p@h:5/x?ssl=require"),
        ("postgresql+asyncpg://u:p%40@h/x", "postgresql+asyncpg://u:p%40@h/x"),
        ("postgresql://u@/x?host=/run/pg", "postgresql+asyncpg://u@/x?host=%2Frun%2Fpg"),
        ("sqlite:////a/b.db", "sqlite+aiosqlite:////a/b.db"),
        ("sqlite+aiosqlite:///b.db", "sqlite+aiosqlite:///b.db"),
    ],
)
def test_a_database_needs_no_driver_in_its_address(given: str, meant: str) -> None:
    assert StoreSettings(database_url=given).database == meant


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://u:secret@h/x",
        "postgresql+psycopg://u:secret@h/x",
        "postgresql://u:secret@h:port/x",
        "postgresql://u:secret@h",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_another_database_is_told_what_is_allowed(url: str) -> None:
    with pytest.raises(BadSettings) as refused:
        StoreSettings(database_url=url)
    said = str(refused.value)
    assert said.startswith("SORA_DATABASE_URL is an address like postgresql://user")
    assert "secret" not in said


@pytest.mark.parametrize(
    "url", ["redis://:secret@h:1/0", "rediss://h", "redis://h/2", "unix:///a/b.sock"]
)
def test_a_broker(url: str) -> None:
    assert StoreSettings(redis_url=url).broker == url


@pytest.mark.parametrize(
    "url",
    ["nonsense", "http://:secret@h", "redis://h:port", "redis://h/first", "unix://", "redis://[h"],
)
def test_another_broker_is_told_what_is_allowed(url: str) -> None:
    with pytest.raises(BadSettings, match=r"^SORA_REDIS_URL is an address like redis:") as refused:
        StoreSettings(redis_url=url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "name", "value", "sentence"),
    [
        (BotSettings, "QUEUED_CAP", "abc", "SORA_QUEUED_CAP is a whole number, not abc."),
        (BotSettings, "QUEUED_CAP", "0", "SORA_QUEUED_CAP is at least 1, not 0."),
        (BotSettings, "PORT", "99999", "SORA_PORT is 1 to 65535, not 99999."),
        (BotSettings, "BALLOT_HOURS", "long", "SORA_BALLOT_HOURS is a number, not long."),
        *(
            (
                BotSettings,
                "BALLOT_HOURS",
                value,
                f"SORA_BALLOT_HOURS is more than 0 and at most 8784, not {value}.",
            )
            for value in ("inf", "nan", "-1", "0", "1e9")
        ),
        (StoreSettings, "LOG_FORMAT", "xml", "SORA_LOG_FORMAT is auto, console or json, not xml."),
        (WorkerSettings, "RUNNING_CAP", "0", "SORA_RUNNING_CAP is at least 1, not 0."),
        *(
            (
                StoreSettings,
                "MEDIA_URL",
                url,
                f"SORA_MEDIA_URL is an address like s3://bucket or s3://bucket/folder, not {url}.",
            )
            for url in ("bucket", "https://bucket", "s3://", "s3://Bucket", "s3://bucket/../other")
        ),
        (
            StoreSettings,
            "MEDIA_ENDPOINT",
            "https://key:secret@store",
            "SORA_MEDIA_ENDPOINT is an address like https://s3.example.org or http://127.0.0.1:8333.",
        ),
        (
            WorkerSettings,
            "MEDIA_KEY",
            "key",
            "SORA_MEDIA_KEY and SORA_MEDIA_SECRET go together: give both or neither.",
        ),
        (
            BotSettings,
            "MEDIA_ENDPOINT",
            "https://store.example",
            "SORA_MEDIA_URL is missing: it names the bucket, as s3://bucket.",
        ),
    ],
)
def test_a_bad_setting_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    kind: type[StoreSettings],
    name: str,
    value: str,
    sentence: str,
) -> None:
    monkeypatch.setenv(f"SORA_{name}", value)
    with pytest.raises(BadSettings) as refused:
        kind()
    assert refused.value.faults == [sentence]
