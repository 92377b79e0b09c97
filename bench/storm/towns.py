"""Both chats and everybody in them: doubles on this machine's own sockets, and who lives there."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from bench.storm.discord_town import DiscordTown
from bench.storm.slack_town import SlackTown
from bench.storm.town import Town
from tests.doubles.on_discord import Discord
from tests.doubles.on_slack import Slack

CONNECTED_SECONDS = 120.0
RETRIES = (0.0, 10.0, 60.0)


class Towns:
    """Two servers in Discord, one of each bot's shard, and a workspace in Slack."""

    def __init__(self, bots: int, artists: int, voters: int) -> None:
        self.discord, self.slack = Discord(shards=bots), Slack()
        names = [f"Server {number + 1}" for number in range(bots)]
        few = max(artists // (2 * bots), 1)
        self.guilds = [DiscordTown(self.discord, name, few, voters) for name in names]
        # Slack tells again after one minute and after five, for which nobody wants to wait here.
        self.slack.delivery.retries = RETRIES
        self.team = SlackTown(self.slack, "Workspace", max(artists // 2, 1), voters)

    @property
    def all(self) -> list[Town]:
        return [*self.guilds, self.team]

    @property
    def settings(self) -> dict[str, str]:
        """What bots have to know."""
        return {
            "SORA_DISCORD_TOKEN": self.discord.token,
            "SORA_DISCORD_API": self.discord.url,
            "SORA_SLACK_APP_TOKEN": self.slack.app_token,
            "SORA_SLACK_BOT_TOKEN": self.slack.bot_token,
            "SORA_SLACK_API": self.slack.api,
        }

    async def connected(self, bots: int) -> None:
        """Wait until all bots are there."""
        await self.discord.connected(within=CONNECTED_SECONDS)
        await self.discord.synced("sora", "studio", within=CONNECTED_SECONDS)
        await self.slack.connected(bots, within=CONNECTED_SECONDS)

    @property
    def violations(self) -> list[str]:
        """What the bots asked for that the chats don't allow."""
        # Of a picture that was just taken away by another process Slack says that it is no picture.
        asked = (one for one in self.slack.violations if not one.endswith("invalid slack file"))
        return [*self.discord.violations, *asked]

    async def __aenter__(self) -> Self:
        await self.discord.__aenter__()
        await self.slack.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.slack.__aexit__(kind, error, trace)
        await self.discord.__aexit__(kind, error, trace)
