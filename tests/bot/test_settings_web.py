"""What must be set before the page is opened to others."""

from __future__ import annotations

from typing import Any

import pytest

from bot import doctor_web
from bot.finding import State
from bot.settings import BotSettings
from db.settings import BadSettings

DISCORD: dict[str, Any] = {
    "discord_token": "t",
    "web_discord_client_id": "1",
    "web_discord_client_secret": "s3cret",
}
URL: dict[str, Any] = {"public_url": "https://sora.example.org"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "studio.example"])
@pytest.mark.parametrize("given", [{}, URL, DISCORD, {**URL, "web_discord_client_id": "1"}])
def test_nothing_is_open_without_a_sign_in_and_its_address(
    host: str, given: dict[str, Any]
) -> None:
    with pytest.raises(BadSettings) as refused:
        BotSettings(host=host, **given)
    assert "s3cret" not in str(refused.value)
    assert BotSettings(host=host, **URL, **DISCORD).logins == ["discord"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (URL, "SORA_PUBLIC_URL opens the page to others, which needs the sign-in"),
        ({"host": "0.0.0.0"}, "SORA_HOST opens the page to others, which needs the sign-in"),
        (DISCORD, "SORA_PUBLIC_URL is missing"),
        (
            {**URL, **DISCORD, "web_discord_client_secret": " "},
            "SORA_WEB_DISCORD_CLIENT_ID and SORA_WEB_DISCORD_CLIENT_SECRET go together",
        ),
        (
            {**URL, **DISCORD, "discord_token": ""},
            "SORA_WEB_DISCORD_CLIENT_ID needs the bot in Discord",
        ),
        (
            {**URL, "web_slack_client_id": "1", "web_slack_client_secret": "s"},
            "SORA_WEB_SLACK_CLIENT_ID needs the bot in Slack",
        ),
        *(
            (
                {**DISCORD, "public_url": url},
                "SORA_PUBLIC_URL is an address like https://sora.example.org, not",
            )
            for url in (
                "http://sora.example.org", "sora.example.org", "https://", "https://a:b@c",
                "https://sora.example.org/studio", "https://[", "https://h:port",
            )
        ),
        ({"trusted_proxy": "nginx"}, "SORA_TRUSTED_PROXY is an address or a network"),
    ],
)  # fmt: skip
def test_what_is_missing_is_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadSettings, match=sentence):
        BotSettings(**given)


@pytest.mark.parametrize(
    ("given", "is_at"),
    [
        ("https://Sora.example.org/", "https://sora.example.org"),
        ("https://sora.example.org:443", "https://sora.example.org"),
        ("https://sora.example.org:8443", "https://sora.example.org:8443"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_an_address_is_as_browsers_name_it(given: str, is_at: str) -> None:
    settings = BotSettings(**{**DISCORD, "public_url": given})
    assert (settings.public_url, settings.opens_at) == (is_at, f"{is_at}/")
    assert "s3cret" in settings.secrets


def test_the_doctor_names_what_the_platforms_have_to_know() -> None:
    (alone,) = doctor_web.page(BotSettings())
    assert "for this machine alone" in alone.found
    found = {one.name: one for one in doctor_web.page(BotSettings(**URL, **DISCORD))}
    assert found["Page"].found.startswith("https://sora.example.org/ is for everybody")
    redirect = "https://sora.example.org/sign-in/discord/back"
    assert found["Sign-in by Discord"].mend.endswith(redirect)
    assert "s3cret" not in str(found)
    assert found["Proxy"].state is State.WARNING
    mended = BotSettings(**URL, **DISCORD, trusted_proxy="127.0.0.1")
    assert "Proxy" not in {one.name for one in doctor_web.page(mended)}
