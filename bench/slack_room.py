"""What the bot does under a rush in Slack.

``python -m bench.slack_room`` runs a bot process against a double of Slack on this machine's own
sockets, with Slack's own limits. 200 people type `/sora` in the same moment: how long until each is
acknowledged (Slack gives 3 s) and told of their job. 1,000 people vote on one card: whether the tally is
right, how many repaints that took, and whether Slack had to refuse anything for coming too fast.
"""

from __future__ import annotations

import asyncio
import time
from statistics import quantiles

from bench import studio
from bench.discord_room import AT_ONCE, PATIENCE, PROMPT, QUICK, VOTERS, publish, too_many
from bench.engines import NOTHING
from bench.figures import ACK_MS, published
from bench.report import Figure, main, say
from bench.studio import Studio
from bot.on_slack.ids import ROOM, Channel
from db import people as members
from db import workers, workspaces
from tests.doubles.on_slack import Channel as Place
from tests.doubles.on_slack import Message, Slack, User

LIMIT_SECONDS = 900.0
SLOW_PATIENCE = 600.0


async def measure(quick: bool) -> list[Figure]:
    part = QUICK if quick else 1
    wishes, voters = AT_ONCE // part, VOTERS // part
    async with Slack(rate_limits=True) as slack:
        team = slack.team("Atelier")
        general, showcase = team.channel("general"), team.channel("showcase")
        people = [team.user(f"artist {number}") for number in range(max(wishes, voters))]
        first = team.user("first")
        more = {
            "SORA_SLACK_APP_TOKEN": slack.app_token,
            "SORA_SLACK_BOT_TOKEN": slack.bot_token,
            "SORA_SLACK_API": slack.api,
        }
        with studio.folder() as where:
            async with studio.up(where, workers=0, **more) as running:
                await running.answers()
                async with running.db.begin() as s:
                    await workers.announce(s, "bench", [NOTHING.offer], "ready")
                    for who in people:  # members who have been here before
                        await members.known(s, ROOM, team.id, who.id, who.name)
                    place = str(Channel(team.id, showcase.id))
                    await workspaces.change(s, ROOM, team.id, showcase=place)
                await slack.connected()
                await (await first.slash(general, "/sora", PROMPT)).acked(within=PATIENCE)
                await slack.until(lambda: first.ephemerals(general), PATIENCE)
                await publish(running)
                figures = await _wishes(slack, general, people[:wishes])
                figures += await _votes(running, slack, showcase, people[:voters])
                refused = [r for r in slack.requests if r.status == 429]
                for request in refused:
                    say(f"slack: refused {request.method}")
    return [
        *figures,
        published("slack_room: refused for coming too fast", len(refused)),
    ]


async def _wishes(slack: Slack, general: Place, people: list[User]) -> list[Figure]:
    say(f"slack: {len(people)} wishes at once")
    began = time.monotonic()
    asked = await asyncio.gather(*(who.slash(general, "/sora", PROMPT) for who in people))
    for one in asked:
        await one.acked(within=PATIENCE)
    await slack.until(lambda: all(who.ephemerals(general) for who in people), SLOW_PATIENCE)
    told = time.monotonic() - began
    took = [(one.took or 0) * 1000 for one in asked]
    hundredths = quantiles(took, n=100, method="inclusive")
    late = sum(each > ACK_MS for each in took)
    return [
        published("slack_room: acknowledged, p50", hundredths[49], f"{len(people)} wishes"),
        published("slack_room: acknowledged, p99", hundredths[98]),
        published("slack_room: acknowledged after 3 s", late),
        published("slack_room: until the last is told of their job", told),
    ]


async def _votes(
    running: Studio, slack: Slack, showcase: Place, voters: list[User]
) -> list[Figure]:
    say(f"slack: {len(voters)} votes on one card")

    def card() -> Message | None:
        messages = showcase.messages
        return messages[-1] if messages and "one" in messages[-1].reactions else None

    shown = await slack.until(card, PATIENCE)
    assert shown is not None
    edits, began = len(shown.edits), time.monotonic()
    for voter in voters:
        await voter.react(shown, "one")
    wanted = f"{len(voters)} votes"
    await slack.until(lambda: wanted in shown.text(), SLOW_PATIENCE)
    seconds = time.monotonic() - began
    made = len(shown.edits) - edits
    return [
        published("slack_room: votes until the card shows all", seconds, f"{len(voters)} votes"),
        published("slack_room: edits of the card for them", made),
        published("slack_room: edits beyond one in 5 s", too_many(made, seconds)),
    ]


if __name__ == "__main__":
    main("slack_room", __doc__, measure, LIMIT_SECONDS)
