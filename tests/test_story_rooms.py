"""One community in three rooms: the same showcase, ballot and decision in Discord, in Slack and on the
web, and one vote for one person, wherever they vote from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.on_discord.ids import Channel as DiscordPlace
from bot.on_slack.ids import Channel as SlackPlace
from db import votes, workers, workspaces
from tests.doubles.on_discord import Discord
from tests.doubles.on_slack import Slack
from tests.support.processes import Processes
from tests.support.whole import Whole, until

PROMPT = "a red circle drifting left over a blue background"


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("migrated_data")
async def test_a_clip_is_one_clip_in_every_room(
    sora_process: Processes, chromium: Browser, tmp_path: Path
) -> None:
    async with Discord() as discord, Slack() as slack:
        team = slack.team("Atelier in Slack")
        whole = Whole(
            sora_process,
            tmp_path,
            SORA_DISCORD_TOKEN=discord.token,
            SORA_DISCORD_API=discord.url,
            SORA_SLACK_APP_TOKEN=slack.app_token,
            SORA_SLACK_BOT_TOKEN=slack.bot_token,
            SORA_SLACK_API=slack.api,
        )
        guild = discord.guild("Atelier in Discord")
        there, here = guild.channel("showcase"), team.channel("showcase")
        desk = guild.channel("review")
        role = guild.role("Moderators")
        ada, talk = team.user("Ada"), team.channel("talk")
        vera, vera_there = team.user("Vera"), guild.member("Vera")
        mo = guild.member("Mo", roles=[role])
        up = await whole.start()
        db = whole.db()

        async def offered() -> bool:
            async with db.read() as s:
                return bool(await workers.offers(s))

        async def tally() -> dict[int, int]:
            async with db.read() as s:
                return await votes.tally(s, 1)

        await until(offered)
        async with db.begin() as s:
            await workspaces.change(
                s,
                "discord",
                str(guild.id),
                review=str(DiscordPlace(guild.id, desk.id)),
                showcase=str(DiscordPlace(guild.id, there.id)),
                moderators=str(role.id),
            )
            place = str(SlackPlace(team.id, here.id))
            await workspaces.change(s, "slack", team.id, showcase=place)
        await discord.connected()
        await slack.connected()

        # Asked for in Slack, decided in Discord, shown everywhere.
        await ada.slash(talk, "/sora", f"{PROMPT} --variations 2")
        await discord.until(lambda: desk.messages and "✅" in desk.last.reactions, 90)
        await mo.react(desk.last, "✅")
        await slack.until(lambda: here.messages and "by Ada" in here.last.text(), 30)
        await discord.until(lambda: there.messages and "by Ada" in there.last.text(), 30)
        page = await (await chromium.new_context()).new_page()
        await page.goto(f"{whole.page}/as/lin/showcase")
        await expect(page.locator("[data-list=showcase] article")).to_contain_text(PROMPT)
        await slack.until(lambda: any("Published" in m.text() for m in ada.dm.messages), 30)

        # One vote each from three rooms add up on every card.
        await vera.react(here.last, "two")
        await until(lambda: _is(tally, {2: 1}), 30)
        await vera_there.react(there.last, "1️⃣")
        await page.get_by_role("button", name="Vote for 2").click()
        await until(lambda: _is(tally, {1: 1, 2: 2}), 30)

        # Vera turns out to be one person: the newer of her two votes is left.
        shown = await (await vera_there.slash(there, "studio", "link")).finished()
        code = next(w for w in shown.text().replace("\\", "").split() if _is_code(w)).strip(".")
        await vera.slash(talk, "/studio", f"link {code}")
        await until(lambda: _is(tally, {1: 1, 2: 1}), 30)
        await slack.until(lambda: here.last.text().count("1 vote") == 2, 30)
        await discord.until(lambda: there.last.text().count("1 vote") == 2, 30)
        await expect(page.locator("figure").nth(1)).to_contain_text("1 vote", timeout=30_000)
        await vera.react(here.last, "one")
        await until(lambda: _is(tally, {1: 1, 2: 1}), 30)

        await db.close()
        assert discord.violations == []
        assert slack.violations == []
        up.terminate()
        assert await up.ends(within=30) == 0


def _is_code(word: str) -> bool:
    bare = word.strip(".,:“”")
    return len(bare) == 9 and bare[4] == "-"


async def _is(tally: Callable[[], Awaitable[dict[int, int]]], wanted: dict[int, int]) -> bool:
    return await tally() == wanted
