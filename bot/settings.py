"""What a host may set for the bot; a worker's settings are its own."""

from __future__ import annotations

import ipaddress
import os
from datetime import timedelta
from pathlib import Path

from pydantic import Field, field_validator

from bot.trouble import Misused
from db.settings import StoreSettings
from moderation.rules import Rules

LONGEST_BALLOT_HOURS = 366 * 24
HIGHEST_PORT = 65535
SWEEP_SECONDS = 3.0
"""How often whoever runs a studio repairs and closes what time alone must."""


class BotSettings(StoreSettings):
    """Read from ``SORA_…`` variables and ``.env`` by the door `sora`."""

    host: str = Field(default="127.0.0.1", description="address that the web room listens on")
    port: int = Field(default=8040, ge=1, le=HIGHEST_PORT)
    queued_cap: int = Field(default=8, ge=1, description="jobs that one person may have in line")
    quorum: int = Field(default=1, ge=1, description="reviews that decide about a job")
    ballot_hours: float = Field(default=24, gt=0, le=LONGEST_BALLOT_HOURS, allow_inf_nan=False)

    @field_validator("host")
    @classmethod
    def _only_this_machine(cls, host: str) -> str:
        if not is_loopback(host):
            raise ValueError(
                f"an address of this machine alone, such as 127.0.0.1, not {host}: a public one needs "
                "the sign-in, which this version doesn't have yet"
            )
        return host

    @property
    def page(self) -> str:
        """Where the web room is."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    def rules(self) -> Rules:
        return Rules(
            queued_cap=self.queued_cap,
            quorum=self.quorum,
            ballot=timedelta(hours=self.ballot_hours),
        )


def settings_from(data: Path | None, port: int | None = None) -> BotSettings:
    """The settings, with what the command line says in place of the environment's.

    It is put into the environment, where child processes find it too. Raises ``Misused`` for what the
    command line says and ``BadSettings`` for the rest.
    """
    if port is not None and not 1 <= port <= HIGHEST_PORT:
        raise Misused(f"--port is 1 to {HIGHEST_PORT}, not {port}.")
    for name, value in (("SORA_DATA", data), ("SORA_PORT", port)):
        if value is not None:
            os.environ[name] = str(value)
    return BotSettings()


def is_loopback(host: str) -> bool:
    """Whether this name or address can only mean the machine it is said on."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
