"""What a host may set to put the page on the internet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from db.settings import StoreSettings

HTTPS_PORT = 443
HOW = "docs/rooms.md says how, under “On the internet”."
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


class WebSettings(StoreSettings):
    """Where the page is opened by everybody, and by which platforms they say who they are."""

    public_url: str = Field(default="", description="where people open the page")
    trusted_proxy: str = Field(
        default="", description="address of the proxy whose word about addresses counts"
    )
    web_discord_client_id: str = Field(default="", description="of the bot's application")
    web_discord_client_secret: SecretStr | None = Field(default=None, description="goes with it")
    web_slack_client_id: str = Field(default="", description="of the app, to sign in by it")
    web_slack_client_secret: SecretStr | None = Field(default=None, description="goes with it")

    @field_validator("public_url")
    @classmethod
    def _an_origin(cls, url: str) -> str:
        if not url.strip():
            return ""
        try:
            parts = urlsplit(url.strip().lower())
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        else:
            if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
                host = None
        if not host or parts.scheme != "https":
            raise ValueError(f"an address like https://sora.example.org, not {url}")
        named = f"[{host}]" if ":" in host else host
        return f"https://{named}" if port in {None, HTTPS_PORT} else f"https://{named}:{port}"

    @field_validator("trusted_proxy")
    @classmethod
    def _addresses(cls, named: str) -> str:
        try:
            networks(named)
        except ValueError:
            raise ValueError(
                f"an address or a network like 127.0.0.1 or 10.0.0.0/24, several with commas, not {named}"
            ) from None
        return named

    @field_validator("web_discord_client_id", "web_slack_client_id")
    @classmethod
    def _stripped(cls, given: str) -> str:
        return given.strip()

    def web_contradictions(self, *, open_to_others: bool, bots: set[str]) -> Iterator[str]:
        """``open_to_others``: whether the page can be reached from other machines; ``bots``: the
        platforms that the studio is connected to, by their names."""
        for platform, client_id, secret in self._clients():
            name = f"SORA_WEB_{platform.upper()}_CLIENT"
            if bool(client_id) != (secret is not None):
                yield f"{name}_ID and {name}_SECRET go together: give both or neither."
            elif client_id and platform not in bots:
                yield (
                    f"{name}_ID needs the bot in {platform.title()}, which knows who is a member and "
                    "who moderates."
                )
        if self.logins and not self.public_url:
            yield (
                "To sign people in, SORA_PUBLIC_URL is missing: where they open the page, such as "
                "https://sora.example.org."
            )
        if not self.logins and (self.public_url or open_to_others):
            what = "SORA_PUBLIC_URL" if self.public_url else "SORA_HOST"
            yield (
                f"{what} opens the page to others, which needs the sign-in: set SORA_PUBLIC_URL and "
                f"SORA_WEB_DISCORD_CLIENT_ID or SORA_WEB_SLACK_CLIENT_ID. {HOW}"
            )

    @property
    def logins(self) -> list[str]:
        """The platforms by which people sign in."""
        return [platform for platform, client_id, secret in self._clients() if client_id and secret]

    def _clients(self) -> list[tuple[str, str, SecretStr | None]]:
        return [
            ("discord", self.web_discord_client_id, self.web_discord_client_secret),
            ("slack", self.web_slack_client_id, self.web_slack_client_secret),
        ]


def networks(named: str) -> Networks:
    """Raises ``ValueError`` for what names no address."""
    return tuple(ipaddress.ip_network(one.strip()) for one in named.split(",") if one.strip())
