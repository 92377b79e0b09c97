"""What a host may set for the bot; a worker's settings are its own."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from bot.settings_web import WebSettings
from bot.trouble import Misused
from moderation.limits import ARTIST, BadLimits, Limits, What
from moderation.limits import load as read_limits
from moderation.rules import Rules
from moderation.words import echo

LONGEST_BALLOT_HOURS = 366 * 24
HIGHEST_PORT = 65535
INSTALL_KEY = re.compile(r"[A-Za-z0-9_-]{16,}")
COMMAND = re.compile(r"[a-z0-9_-]{1,32}")
TOKENS = {"slack_bot_token": "xoxb-", "slack_app_token": "xapp-"}
"""How Slack's tokens begin; they are easily taken for each other."""
SWEEP_SECONDS = 3.0
"""How often whoever runs a studio repairs and closes what time alone must."""


Shards = tuple[list[int], int]
"""Some of the parts that Discord divides a bot's servers into, and how many there are in all."""


class BotSettings(WebSettings):
    """Read from ``SORA_…`` variables and ``.env`` by the door `sora`."""

    host: str = Field(default="127.0.0.1", description="address that the web room listens on")
    port: int = Field(default=8040, ge=1, le=HIGHEST_PORT)
    feed_url: str = Field(
        default="", description="where a proxy of yours serves the feed to everybody"
    )
    metrics: bool = Field(default=False, description="whether the page has /metrics")
    queued_cap: int = Field(default=8, ge=1, description="jobs that one person may have in line")
    quotas: Path | None = Field(default=None, description="a TOML file of limits; see the docs")
    quorum: int = Field(default=1, ge=1, description="reviews that decide about a job")
    second_opinion: bool = Field(
        default=True, description="whether the no of one moderator waits for another one's"
    )
    newcomer_publications: int = Field(
        default=3, ge=0, description="of somebody's first ones, how many two look at"
    )
    appeal_quorum: int = Field(default=2, ge=1, description="reviews that decide about an appeal")
    reviews_per_hour: int = Field(
        default=60, ge=0, description="jobs that one moderator decides about in an hour; 0: any"
    )
    discord_token: SecretStr | None = Field(default=None, description="of the bot, for Discord")
    discord_command: str = Field(default="sora", description="what people type after the slash")
    discord_api: str = Field(
        default="", description="another server that speaks Discord's API, for trying out"
    )
    slack_bot_token: SecretStr | None = Field(default=None, description="xoxb-…, for one workspace")
    slack_app_token: SecretStr | None = Field(default=None, description="xapp-…, for Socket Mode")
    slack_signing_secret: SecretStr | None = Field(default=None, description="for HTTP instead")
    slack_client_id: str = Field(default="", description="of the app, for several workspaces")
    slack_client_secret: SecretStr | None = Field(default=None, description="goes with it")
    slack_install_key: SecretStr | None = Field(
        default=None, description="in the link that takes the app into another workspace"
    )
    slack_host: str = Field(default="127.0.0.1", description="where Slack's proxy comes in")
    slack_port: int = Field(default=8041, ge=1, le=HIGHEST_PORT)
    slack_command: str = Field(default="sora", description="what people type after the slash")
    slack_api: str = Field(
        default="", description="another server that speaks Slack's API, for trying out"
    )
    ballot_hours: float = Field(default=24, gt=0, le=LONGEST_BALLOT_HOURS, allow_inf_nan=False)
    turn_hours: float = Field(
        default=24,
        gt=0,
        le=LONGEST_BALLOT_HOURS,
        allow_inf_nan=False,
        description="that somebody has to go on in a chain before the turn passes on",
    )

    media_gb: float | None = Field(
        default=None, gt=0, description="that all media may take; then nothing more is rendered"
    )
    keep_drafts_days: float | None = Field(
        default=None, gt=0, description="that drafts are kept which nothing came of"
    )
    keep_rejected_days: float | None = Field(
        default=None, gt=0, description="that clips are kept which were rejected for good"
    )

    @field_validator(
        "discord_token",
        "slack_bot_token",
        "slack_app_token",
        "slack_signing_secret",
        "slack_client_secret",
        "slack_install_key",
        "web_discord_client_secret",
        "web_slack_client_secret",
    )
    @classmethod
    def _none_when_left_empty(cls, token: SecretStr | None) -> SecretStr | None:
        kept = token.get_secret_value().strip() if token else ""
        return SecretStr(kept) if kept else None

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _of_the_right_kind(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        begins = TOKENS[info.field_name or ""]
        if token is not None and not token.get_secret_value().startswith(begins):
            raise ValueError(f"the token that begins with {begins}, which this one doesn't")
        return token

    @field_validator("slack_install_key")
    @classmethod
    def _hard_to_guess(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not INSTALL_KEY.fullmatch(key.get_secret_value()):
            raise ValueError(
                "at least 16 letters, digits, - and _, such as `openssl rand -hex 16` prints"
            )
        return key

    @field_validator("slack_api")
    @classmethod
    def _an_address(cls, api: str) -> str:
        if api and (urlsplit(api).scheme not in {"http", "https"} or not urlsplit(api).netloc):
            raise ValueError(f"an address like http://127.0.0.1:9000/api/, not {api}")
        return api if not api or api.endswith("/") else f"{api}/"

    @field_validator("feed_url")
    @classmethod
    def _the_feeds_origin(cls, url: str) -> str:
        parts = urlsplit(url.rstrip("/"))
        if url and (parts.scheme not in {"http", "https"} or not parts.netloc or any(parts[2:])):
            raise ValueError(f"an address like https://clips.example.org, not {url}")
        return url.rstrip("/")

    @field_validator("discord_command", "slack_command")
    @classmethod
    def _one_that_is_taken(cls, name: str) -> str:
        if not COMMAND.fullmatch(name) or name == "studio":
            raise ValueError(
                f"1 to 32 of a–z, 0–9, - and _, and not “studio”, which is taken; not {name}"
            )
        return name

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if faults := list(self._contradictions()):
            raise ValueError(" ".join(faults))
        return self

    def _contradictions(self) -> Iterator[str]:
        try:
            _ = self.limits
        except BadLimits as fault:
            yield str(fault)
        several, secret = bool(self.slack_client_id), self.slack_client_secret is not None
        workspaces = self.slack_bot_token is not None or several
        transport = self.slack_app_token is not None or self.slack_signing_secret is not None
        if several != secret:
            yield "SORA_SLACK_CLIENT_ID and SORA_SLACK_CLIENT_SECRET go together: give both or neither."
        if self.slack_bot_token is not None and several:
            yield (
                "SORA_SLACK_BOT_TOKEN is for one workspace and SORA_SLACK_CLIENT_ID for several: give "
                "one of them."
            )
        if self.slack_app_token is not None and self.slack_signing_secret is not None:
            yield (
                "SORA_SLACK_APP_TOKEN is for Socket Mode and SORA_SLACK_SIGNING_SECRET for HTTP: give "
                "one of them."
            )
        if workspaces and not transport:
            yield (
                "For Slack, SORA_SLACK_APP_TOKEN is missing (or SORA_SLACK_SIGNING_SECRET, should "
                "Slack reach you over HTTP)."
            )
        if transport and not workspaces and not secret:
            yield (
                "For Slack, SORA_SLACK_BOT_TOKEN is missing (or SORA_SLACK_CLIENT_ID and "
                "SORA_SLACK_CLIENT_SECRET, for several workspaces)."
            )
        if self.slack_serves and (self.slack_host, self.slack_port) == (self.host, self.port):
            yield f"SORA_PORT and SORA_SLACK_PORT are both {self.port}: give them different ones."
        bots = {"discord"} if self.discord_token is not None else set()
        bots |= {"slack"} if self.slack else set()
        yield from self.web_contradictions(open_to_others=not is_loopback(self.host), bots=bots)

    @property
    def limits(self) -> Limits:
        """Raises ``BadLimits``."""
        return read_limits(self.quotas)

    @property
    def secrets(self) -> list[str]:
        """What no log may show."""
        given = (
            self.discord_token,
            self.slack_bot_token,
            self.slack_app_token,
            self.slack_signing_secret,
            self.slack_client_secret,
            self.slack_install_key,
            self.media_secret,
            self.web_discord_client_secret,
            self.web_slack_client_secret,
        )
        return [secret.get_secret_value() for secret in given if secret is not None]

    @property
    def slack(self) -> bool:
        """Whether there is a room in Slack."""
        return self.slack_bot_token is not None or bool(self.slack_client_id)

    @property
    def slack_serves(self) -> bool:
        """Whether anybody comes to the bot over HTTP: Slack itself, or those who install it."""
        return self.slack_signing_secret is not None or bool(self.slack_client_id)

    @property
    def opens_at(self) -> str:
        """Where people open the page."""
        return f"{self.public_url}/" if self.public_url else self.page

    @property
    def page(self) -> str:
        """Where the web room is served, for this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    @property
    def media_bytes(self) -> int | None:
        """That all media may take."""
        return None if self.media_gb is None else int(self.media_gb * 10**9)

    def rules(self) -> Rules:
        limits = self.limits
        return Rules(
            queued_cap=limits.rows.get(ARTIST, {}).get(What.IN_LINE, self.queued_cap),
            limits=limits,
            quorum=self.quorum,
            ballot=timedelta(hours=self.ballot_hours),
            turn=timedelta(hours=self.turn_hours),
            second_opinion=self.second_opinion,
            newcomer_publications=self.newcomer_publications,
            appeal_quorum=self.appeal_quorum,
            reviews_per_hour=self.reviews_per_hour,
            backlog=self.review_backlog,
            keep_drafts=days(self.keep_drafts_days),
            keep_rejected=days(self.keep_rejected_days),
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


def shards_from(text: str) -> Shards:
    """What `--shards` says, such as 0-3/16 or 5/16. Raises ``Misused``."""
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?/(\d{1,5})", text.strip())
    first, last, count = (
        (int(n) for n in (match[1], match[2] or match[1], match[3])) if match else (0, 0, 0)
    )
    if not first <= last < count:
        raise Misused(
            f"--shards is like 0-3/16 or 5/16: which of how many, counted from 0; not “{echo(text)}”."
        )
    return list(range(first, last + 1)), count


def days(number: float | None) -> timedelta | None:
    return None if number is None else timedelta(days=number)


def is_loopback(host: str) -> bool:
    """Whether this name or address can only mean the machine it is said on."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
