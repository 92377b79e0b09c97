"""One wish in Slack: the bot and the worker in processes of their own, a real Valkey, the embedded
model, and Slack's double over real sockets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.on_slack.ids import Channel as Place
from db import votes, workers, workspaces
from db.models import Job, utcnow
from db.states import Status
from tests.doubles.on_slack import Channel, Message, Slack
from tests.support.films import frames
from tests.support.processes import Processes
from tests.support.whole import Whole, until

PROMPT = "a red circle drifting left over a blue background"
RENDER_SECONDS = 90.0


class Town:
    """A workspace that is set up, and its people."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.team = slack.team("Atelier")
        self.general = self.team.channel("general")
        self.review = self.team.channel("review")
        self.showcase = self.team.channel("showcase")
        self.ada, self.bo, self.mo = (self.team.user(name) for name in ("Ada", "Bo", "Mo"))

    async def set_up(self, whole: Whole) -> None:
        """Once the bot is there and a worker offers its model."""
        db = whole.db()

        async def offered() -> bool:
            async with db.read() as s:
                return bool(await workers.offers(s))

        await until(offered)
        await self.slack.connected()
        async with db.begin() as s:
            await workspaces.change(
                s,
                "slack",
                self.team.id,
                review=str(Place(self.team.id, self.review.id)),
                showcase=str(Place(self.team.id, self.showcase.id)),
                moderators=self.mo.id,
            )
        await db.close()

    async def shows(self, channel: Channel, words: str, within: float = 20) -> Message:
        """The newest message of a channel once it says this."""

        def found() -> list[Message]:
            return [m for m in channel.messages if words in m.text()]

        return (await self.slack.until(found, within))[-1]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("migrated_data")
async def test_a_wish_in_slack_becomes_a_voted_clip(
    sora_process: Processes, tmp_path: Path
) -> None:
    async with Slack() as slack:
        town = Town(slack)
        whole = Whole(
            sora_process,
            tmp_path,
            SORA_SLACK_APP_TOKEN=slack.app_token,
            SORA_SLACK_BOT_TOKEN=slack.bot_token,
            SORA_SLACK_API=slack.api,
        )
        up = await whole.start()
        await town.set_up(whole)

        # Ada wishes; what she is told at once only she sees, and the clips come to her directly.
        asked = await town.ada.slash(town.general, "/sora", f"{PROMPT} --variations 2")
        await asked.acked(within=3)
        await slack.until(lambda: town.ada.ephemerals(town.general), 60)
        assert "Job 1 is in line" in town.ada.ephemerals(town.general)[-1].text()
        result = await town.shows(town.ada.dm, "Job 1 is ready", RENDER_SECONDS)
        await slack.until(lambda: sum(len(m.files) for m in result.replies) == 2, 60)
        clips = [file.data for message in result.replies for file in message.files]
        assert min(map(frames, clips)) > 10
        assert town.general.messages == []

        # Mo decides with one tap; Ada is told by a message of its own.
        card = await town.shows(town.review, "Review: job 1")
        assert PROMPT in card.text()
        await slack.until(lambda: "white_check_mark" in card.reactions, 60)
        await town.bo.react(card, "white_check_mark")  # who is told that he doesn't decide
        await slack.until(lambda: town.bo.ephemerals(town.review), 60)
        await town.mo.react(card, "white_check_mark")
        shown = await town.shows(town.showcase, "by Ada")
        await town.shows(town.review, "Mo approved")
        await town.shows(town.ada.dm, "Published: job 1")

        # Bo votes with a number, Mo with a button, and changes his mind.
        await town.bo.react(shown, "two")
        await town.mo.press(shown, "press:vote_1:1:1")
        await until_votes(whole, {1: 1, 2: 1})
        await town.mo.press(shown, "press:vote_2:1:2")
        await until_votes(whole, {2: 2})
        await slack.until(lambda: "2 votes" in shown.text(), 60)

        # A bot that is killed and started again reads what it missed, once.
        bot = whole.process("bot bot")
        assert bot is not None
        bot.kill()
        await town.bo.unreact(shown, "two")
        await until_votes(whole, {2: 1})

        # The ballot closes; the card shows the winner.
        await close(whole)
        await slack.until(lambda: "🏆" in shown.text(), 30)

        # Ada takes it back: the card and the files under it are gone.
        await town.ada.press(result, "press:withdraw:1:0")
        await slack.until(lambda: shown not in town.showcase.messages, 30)
        db = whole.db()
        async with db.read() as s:
            assert (await s.get_one(Job, 1)).status is Status.WITHDRAWN
        await db.close()

        assert slack.violations == []
        for secret in (slack.bot_token, slack.app_token):
            assert secret not in up.said()
        up.terminate()
        assert await up.ends(within=30) == 0


async def until_votes(whole: Whole, wanted: dict[int, int]) -> None:
    db = whole.db()

    async def counted() -> bool:
        async with db.read() as s:
            return await votes.tally(s, 1) == wanted

    await until(counted, 40)
    await db.close()


async def close(whole: Whole) -> None:
    """What only a day would do."""
    db = whole.db()
    async with db.begin() as s:
        (await s.get_one(Job, 1)).ballot_closes_at = utcnow() - timedelta(seconds=1)
    await db.close()
