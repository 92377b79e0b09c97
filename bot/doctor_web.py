"""What the doctor says of the page: who can open it, and what the platforms have to know for it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.finding import Finding, State
from bot.on_web.providers import providers
from bot.on_web.sign_in import back_to
from bot.settings import BotSettings

GUIDE = "To open it to others: docs/rooms.md, “On the internet”"
WHERE = {
    "discord": "on the page OAuth2 of your application in Discord's developer portal",
    "slack": "on the page “OAuth & Permissions” of your app at api.slack.com",
}


def page(settings: BotSettings) -> Iterator[Finding]:
    if not settings.logins:
        yield Finding("Page", State.OK, f"{settings.page} is for this machine alone.", GUIDE)
        return
    yield Finding(
        "Page", State.OK, f"{settings.opens_at} is for everybody; {settings.page} serves it."
    )
    for provider in providers(settings):
        redirect = back_to(settings.public_url, provider.key)
        yield Finding(
            f"Sign-in by {provider.name}",
            State.OK,
            f"As the client {provider.client_id}.",
            f"Its redirect address, to be entered {WHERE[provider.key]}: {redirect}",
        )
    if not settings.trusted_proxy:
        yield Finding(
            "Proxy",
            State.WARNING,
            "Whoever comes through it counts as one visitor, and they share one limit.",
            "Set SORA_TRUSTED_PROXY to its address, such as 127.0.0.1",
        )
