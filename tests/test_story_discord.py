"""One wish in Discord: the bot and the worker in processes of their own, a real Valkey, the embedded
model, Discord's double over real sockets, and the web beside it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.on_discord.ids import Channel as Place
from db import votes, workers, workspaces
from db.models import Job, utcnow
from db.states import Status
from tests.doubles.on_discord import Channel, Discord, Guild, Message, User
from tests.support.films import frames
from tests.support.processes import Processes
from tests.support.whole import Whole, until

PROMPT = "a red circle drifting left over a blue background"
RENDER_SECONDS = 90.0


class Town:
    """A server that is set up, and its people."""

    def __init__(self, discord: Discord, whole: Whole) -> None:
        self.discord, self.whole = discord, whole
        self.guild: Guild = discord.guild("Atelier")
        self.general: Channel = self.guild.channel("general")
        self.review: Channel = self.guild.channel("review")
        self.showcase: Channel = self.guild.channel("showcase")
        self.role = self.guild.role("Moderators")
        self.ada: User = self.guild.member("Ada")
        self.bo: User = self.guild.member("Bo")
        self.mo: User = self.guild.member("Mo", roles=[self.role])

    async def set_up(self) -> None:
        """Once the bot is there and a worker offers its model."""
        db = self.whole.db()

        async def offered() -> bool:
            async with db.read() as s:
                return bool(await workers.offers(s))

        await until(offered)
        await self.discord.connected()
        await self.discord.synced("sora")
        async with db.begin() as s:
            await workspaces.change(
                s,
                "discord",
                str(self.guild.id),
                review=str(Place(self.guild.id, self.review.id)),
                showcase=str(Place(self.guild.id, self.showcase.id)),
                moderators=str(self.role.id),
            )
        await db.close()

    async def job(self, job_id: int = 1) -> Job:
        db = self.whole.db()
        async with db.read() as s:
            found = await s.get_one(Job, job_id)
        await db.close()
        return found

    async def shows(self, channel: Channel, words: str, within: float = 20) -> Message:
        """The newest message of a channel once it says this."""

        def found() -> list[Message]:
            return [m for m in channel.messages if words in read(m)]

        return (await self.discord.until(found, within, f"“{words}” in {channel}"))[-1]


def read(message: Message) -> str:
    """As people see it, without the backslashes that make it plain."""
    return message.text().replace("\\", "")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("migrated_data")
async def test_a_wish_in_discord_becomes_a_voted_clip(
    sora_process: Processes, chromium: Browser, tmp_path: Path
) -> None:
    async with Discord() as discord:
        base = discord.api.removesuffix("/api/v10")
        whole = Whole(
            sora_process, tmp_path, SORA_DISCORD_TOKEN=discord.token, SORA_DISCORD_API=base
        )
        town = Town(discord, whole)
        up = await whole.start()
        await town.set_up()

        # Ada wishes; her receipt follows the render and becomes the result, which only she sees.
        asked = await town.ada.slash(town.general, "sora", prompt=PROMPT, variations=2)
        await asked.answered(within=3)
        assert asked.ephemeral
        await discord.until(
            lambda: asked.original and "is ready" in read(asked.original), RENDER_SECONDS
        )
        assert asked.original is not None
        clips = [one.data for one in asked.original.attachments]
        assert min(map(frames, clips)) > 10
        assert len(clips) == 2
        assert town.general.messages == []

        # Mo decides with one tap; Ada is told by a message of the bot's own.
        card = await town.shows(town.review, "Review: job 1")
        assert PROMPT in read(card)
        await discord.until(lambda: "✅" in card.reactions)
        await town.mo.react(card, "✅")
        shown = await town.shows(town.showcase, "by Ada")
        await town.shows(town.review, "Mo approved")
        await town.shows(town.ada.dm, "Published: job 1")

        # Bo votes with a number in Discord, Lin with a button on the web: both see two votes.
        await town.bo.react(shown, "2️⃣")
        page = await (await chromium.new_context()).new_page()
        await page.goto(f"{whole.page}/as/lin/showcase")
        await expect(page.locator("figure").nth(1)).to_contain_text("1 vote", timeout=30_000)
        await page.get_by_role("button", name="Vote for 2").click()
        await expect(page.locator("figure").nth(1)).to_contain_text("2 votes", timeout=30_000)
        await discord.until(lambda: "2️⃣ 2 votes" in read(shown), 60)

        # A bot that is killed and started again reads what it missed, once.
        bot = whole.process("bot bot")
        assert bot is not None
        bot.kill()
        await town.mo.react(shown, "1️⃣")
        await until_votes(whole, {1: 1, 2: 2})

        # The ballot closes; the card shows the winner, and buttons of before still work.
        await close(whole)
        await discord.until(lambda: "🏆 2️⃣" in read(shown), 30)
        pressed = await town.bo.click(shown, custom_id="press:info:1:0")
        await pressed.finished()
        assert pressed.original is not None
        assert "seeds" in read(pressed.original)

        # Ada takes it back, and the message is gone.
        told = await town.shows(town.ada.dm, "Published: job 1")
        opened = await (await town.ada.click(told, custom_id="press:show:1:0")).finished()
        assert opened.original is not None
        sure = await town.ada.click(opened.original, custom_id="press:withdraw:1:0")
        await sure.finished()
        assert sure.original is not None
        await town.ada.click(sure.original, custom_id="sure:withdraw:1:0")
        await discord.until(lambda: shown.deleted, 60)
        assert (await town.job()).status is Status.WITHDRAWN

        assert discord.violations == []
        assert discord.token not in up.said()
        up.terminate()
        assert await up.ends(within=30) == 0


async def until_votes(whole: Whole, wanted: dict[int, int]) -> None:
    db = whole.db()

    async def counted() -> bool:
        async with db.read() as s:
            return await votes.tally(s, 1) == wanted

    await until(counted, 30)
    await db.close()


async def close(whole: Whole) -> None:
    """What only a day would do."""
    db = whole.db()
    async with db.begin() as s:
        (await s.get_one(Job, 1)).ballot_closes_at = utcnow() - timedelta(seconds=1)
    await db.close()
