"""Where things are. Built in a door and passed down; nothing here opens anything."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.logs import LogFormat

SOCKET_PATH_LIMIT = 100
"""Unix socket paths longer than about this are refused by the kernel."""


class StoreSettings(BaseSettings):
    """Database, broker and media. Each is embedded unless an address is given."""

    model_config = SettingsConfigDict(env_prefix="SORA_", env_file=".env", extra="ignore")

    data: Path = Field(default=Path("data"), description="folder of everything embedded")
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    log_format: LogFormat = "auto"

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
