"""What the bot does under a rush in Discord, and what it weighs in many servers.

``python -m bench.discord_room`` runs a bot process against a double of Discord on this machine's own
sockets. 200 people type `/sora` in the same moment: how long until each is answered (Discord gives 3 s)
and until each sees a receipt. 1,000 people react to one card: whether the tally is right, and how many
edits that took. Then the bot's memory, at rest with 1,000 servers.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles

from bench import studio
from bench.engines import NOTHING
from bench.figures import ACK_MS, published
from bench.report import Figure, main, say
from bench.studio import Studio
from bot.on_discord.ids import ROOM, Channel
from db import clips, jobs, renders, workers, workspaces
from db.line import Hand
from db.models import Clip, utcnow
from db.states import Kind
from tests.doubles.on_discord import Discord, Guild, Message, User

AT_ONCE, VOTERS, SERVERS = 200, 1000, 1000
QUICK = 5
"""Of these, a fifth."""
CALM_SECONDS = 5.0
PATIENCE = 120.0
LIMIT_SECONDS = 600.0
PROMPT = "a red circle drifting left over a blue background"


async def measure(quick: bool) -> list[Figure]:
    part = QUICK if quick else 1
    figures = await _rush(AT_ONCE // part, VOTERS // part)
    return figures + await _at_rest(SERVERS // part)


@asynccontextmanager
async def _bot(discord: Discord, where: Path) -> AsyncIterator[Studio]:
    more = {"SORA_DISCORD_TOKEN": discord.token, "SORA_DISCORD_API": discord.url}
    async with studio.up(where, workers=0, **more) as running:
        await running.answers()
        async with running.db.begin() as s:
            await workers.announce(s, "bench", [NOTHING.offer], "ready")
        await discord.connected()
        await discord.synced("sora")
        yield running


async def _rush(wishes: int, voters: int) -> list[Figure]:
    say(f"discord: {wishes} wishes at once")
    async with Discord() as discord:
        guild = discord.guild("Atelier")
        general, showcase = guild.channel("general"), guild.channel("showcase")
        people = [guild.member(f"artist {number}") for number in range(max(wishes, voters))]
        with studio.folder() as where:
            async with _bot(discord, where) as running:
                async with running.db.begin() as s:
                    place = str(Channel(guild.id, showcase.id))
                    await workspaces.change(s, ROOM, str(guild.id), showcase=place)
                first = await guild.member("first").slash(general, "sora", prompt=PROMPT)
                await first.finished(within=PATIENCE)
                await publish(running)
                began = time.monotonic()
                asked = await asyncio.gather(
                    *(who.slash(general, "sora", prompt=PROMPT) for who in people[:wishes])
                )
                for one in asked:
                    await one.answered(within=PATIENCE)
                for one in asked:
                    await one.finished(within=PATIENCE)
                shown = time.monotonic() - began
                took = [one.took * 1000 for one in asked]
                hundredths = quantiles(took, n=100, method="inclusive")
                late = sum(each > ACK_MS for each in took)
                figures = [
                    published("discord_room: answered, p50", hundredths[49], f"{wishes} wishes"),
                    published("discord_room: answered, p99", hundredths[98]),
                    published("discord_room: answered after 3 s", late),
                    published("discord_room: until the last receipt is shown", shown),
                ]
                return figures + await _votes(running, discord, showcase, people[:voters])
    raise AssertionError


async def _votes(
    running: Studio, discord: Discord, showcase: object, voters: list[User]
) -> list[Figure]:
    say(f"discord: {len(voters)} votes on one card")

    def card() -> Message | None:
        messages: list[Message] = getattr(showcase, "messages", [])
        return messages[-1] if messages and "1️⃣" in messages[-1].reactions else None

    shown = await discord.until(card, PATIENCE)
    assert shown is not None
    edits, began = len(shown.edits), time.monotonic()
    for voter in voters:
        await voter.react(shown, "1️⃣")
    wanted = f"{len(voters)} votes"
    await discord.until(lambda: wanted in shown.text(), PATIENCE, wanted)
    seconds = time.monotonic() - began
    made = len(shown.edits) - edits
    return [
        published("discord_room: votes until the card shows all", seconds, f"{len(voters)} votes"),
        published("discord_room: edits of the card for them", made),
        published("discord_room: edits beyond one in 5 s", too_many(made, seconds)),
    ]


def too_many(edits: int, seconds: float) -> int:
    """How many more than one in five seconds, but for the first and the last."""
    return max(0, edits - 2 - math.floor(seconds / CALM_SECONDS))


async def publish(running: Studio) -> None:
    """The first wish's render and its approval, done by hand."""
    async with running.db.begin() as s:
        job = await renders.claim_next(s, "bench", Hand({NOTHING.name}), 1)
        assert job is not None
        key = "0" * 64
        clip = Clip(
            job_id=job.id, number=1, seed=1, bytes=1, video_key=f"{key}.mp4",
            poster_key=f"{key}.jpg", preview_key=f"{key}.webp",
        )  # fmt: skip
        await renders.finish(s, job.id, job.attempt, [clip], ())
        await clips.show(s, job.id, {1})
        now = utcnow()
        ballot = {"published_at": now, "ballot_closes_at": now.replace(year=now.year + 1)}
        await jobs.move(s, job.id, Kind.APPROVED, values=ballot)


async def _at_rest(servers: int) -> list[Figure]:
    say(f"discord: at rest in {servers} servers")
    async with Discord() as discord:
        guilds: list[Guild] = [discord.guild(f"server {number}") for number in range(servers)]
        for guild in guilds:
            for name in ("general", "review", "showcase", "talk", "help"):
                guild.channel(name)
        with studio.folder() as where:
            async with _bot(discord, where) as running:
                await asyncio.sleep(CALM_SECONDS)
                used = running.part("-m", "bot", "bot").memory_info().rss / 1e6
    return [
        published("discord_room: memory of the bot in many servers", used, f"{servers} servers")
    ]


if __name__ == "__main__":
    main("discord_room", __doc__, measure, LIMIT_SECONDS)
