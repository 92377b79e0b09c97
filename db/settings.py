"""Where things are. Built in a door and passed down; nothing here opens anything."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from db.logs import LogFormat
from db.media_settings import MediaSettings

SOCKET_PATH_LIMIT = 100
"""Unix socket paths longer than about this are refused by the kernel."""
DRIVERS = {
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}
DATABASES = "an address like postgresql://user:password@host/name or sqlite:////folder/file.db"
BROKERS = "an address like redis://:password@host:6379/0, rediss://… or unix:///folder/socket"


class BadSettings(Exception):
    """Some settings can't be used; ``faults`` has one sentence for each, and none shows a secret."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


class StoreSettings(MediaSettings):
    """Database, broker and media. Each is embedded unless an address is given."""

    model_config = SettingsConfigDict(env_prefix="SORA_", env_file=".env", extra="ignore")

    data: Path = Field(default=Path("data"), description="folder of everything embedded")
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    log_format: LogFormat = "auto"
    otlp_endpoint: str = Field(
        default="",
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="where OpenTelemetry takes traces; nothing is traced without",
    )
    review_backlog: int = Field(
        default=50, ge=1, description="jobs that may wait for moderators before others have to wait"
    )

    def __init__(self, **given: Any) -> None:
        """Raises ``BadSettings``."""
        try:
            super().__init__(**given)
        except ValidationError as error:
            fields = type(self).model_fields
            raise BadSettings(
                [_sentence(dict(fault), fields) for fault in error.errors()]
            ) from None

    @field_validator("database_url")
    @classmethod
    def _one_we_have_a_driver_for(cls, url: SecretStr | None) -> SecretStr | None:
        return url and SecretStr(_with_driver(url.get_secret_value()))

    @field_validator("redis_url")
    @classmethod
    def _one_that_arq_reads(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            _insist_on_broker(url.get_secret_value())
        return url

    @property
    def folder(self) -> Path:
        return self.data.expanduser().resolve()

    @property
    def database(self) -> str:
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.folder / 'sora.db'}"

    @property
    def broker(self) -> str:
        if self.redis_url is not None:
            return self.redis_url.get_secret_value()
        return f"unix://{self.valkey_socket}"

    @property
    def valkey_socket(self) -> Path:
        socket = self.folder / "valkey" / "valkey.sock"
        if len(str(socket)) <= SOCKET_PATH_LIMIT:
            return socket
        short = hashlib.sha256(str(socket).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"sora-{short}" / "valkey.sock"

    @property
    def media(self) -> Path:
        return self.folder / "media"

    @property
    def copies(self) -> Path:
        """Of what a bucket has."""
        return self.folder / "copies"

    @property
    def credentials(self) -> Path:
        """What clips are signed with, and by which certificates a signature of ours is known."""
        return self.folder / "credentials"


def _with_driver(url: str) -> str:
    """The address as SQLAlchemy needs it; hosts and their tools write it without the driver."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(DATABASES) from None
    parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.drivername not in DRIVERS.values() or parsed.database in {None, "", ":memory:"}:
        raise ValueError(DATABASES)
    return _with_ssl(parsed).render_as_string(hide_password=False)


def _with_ssl(url: URL) -> URL:
    """What everybody else calls sslmode, asyncpg calls ssl."""
    query = {"ssl" if name == "sslmode" else name: value for name, value in url.query.items()}
    return url.set(query=query) if url.drivername.startswith("postgresql") else url


def _insist_on_broker(url: str) -> None:
    try:
        parts = urlsplit(url)
        database = parts.path.strip("/")
        if parts.scheme == "unix":
            known = bool(database)
        else:
            known = parts.scheme in {"redis", "rediss"} and (not database or int(database) >= 0)
        known = known and parts.port != 0  # asked for, because only asking finds a bad one
    except ValueError:
        known = False
    if not known:
        raise ValueError(BROKERS)


def _sentence(fault: dict[str, Any], fields: Mapping[str, FieldInfo]) -> str:
    field = str(fault["loc"][0]) if fault["loc"] else ""
    name, kind = f"SORA_{field.upper()}", fault["type"]
    if kind == "value_error" and not field:  # of several that contradict each other
        return str(fault["ctx"]["error"])
    if kind == "value_error":
        return f"{name} is {fault['ctx']['error']}."
    if kind.startswith("int_"):
        allowed = "a whole number"
    elif kind.startswith("float_"):
        allowed = "a number"
    elif kind == "literal_error":
        allowed = fault["ctx"]["expected"].replace("'", "")
    else:
        allowed = _range(fields[field]) if field in fields else ""
    return f"{name} is {allowed}, not {fault['input']}." if allowed else f"{name}: {fault['msg']}."


def _range(field: FieldInfo) -> str:
    limits = {
        name: getattr(m, name)
        for m in field.metadata
        for name in ("ge", "gt", "le")
        if hasattr(m, name)
    }
    if "ge" in limits and "le" in limits:
        return f"{limits['ge']:g} to {limits['le']:g}"
    words = {"ge": "at least", "gt": "more than", "le": "at most"}
    return " and ".join(f"{words[name]} {limit:g}" for name, limit in limits.items())
