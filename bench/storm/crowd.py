"""Who uses the studio during the storm, and goes on when told that something broke."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from functools import partial
from typing import Any

from bench.storm.town import PATIENT_SECONDS, Asked, Town, button, job_of, presses
from bench.storm.towns import Towns
from bench.storm.waiting import until
from bot.press import Press, Step
from bot.signs import Sign

PRIVATE, CANCELLED = 0.5, 0.1
"""How many wishes stay with their artist, and how many are cancelled as soon as they are told of."""
APPROVED = 0.5
AGAIN_SECONDS = (0.3, 1.5)
"""Before somebody tries again."""
RESULT_SECONDS = 60.0
"""So long somebody waits for their result; else there would be ever more that nobody has been told."""
PASS_SECONDS = (0.1, 0.5)
LOOK_SECONDS = (0.2, 0.8)
FIRST = 4
"""A moderator takes one of the cards that have waited longest."""
IN_LINE = re.compile(r"\bJob (\d+) is in line")
BROKE = "Something broke here"
WHY = "It is not what this storm is for."


class Crowd:
    """Everybody of all towns. What they were told is what they rely on."""

    def __init__(self, towns: Towns, wishes: int, seed: int) -> None:
        self.wishes = wishes
        self.told: dict[int, int] = {}
        """Job -> wish, of all that somebody was told is in line."""
        self.tries = 0
        """How often a wish was typed."""
        self.acts: Counter[str] = Counter()
        self.by_sign: set[tuple[Town, Any, int]] = set()
        """Who votes on which job with signs, and with nothing else."""
        self.by_button: set[tuple[Town, Any, int]] = set()
        self.counted: set[tuple[Town, Any, int]] = set()
        """Of those with buttons, who was told that it counts."""
        self._towns = towns
        self._seed = seed

    def _draw(self, what: object) -> random.Random:
        return random.Random(f"{self._seed}/{what}")  # noqa: S311  # no secret

    # ── artists ──────────────────────────────────────────────────────────────────────────

    async def wish(self) -> None:
        """Until all wishes are made and everybody was told the number of their job."""
        artists = [(town, who) for town in self._towns.all for who in town.artists]
        # Taken in turn from all towns, so that both chats have their half.
        self._draw("artists").shuffle(artists)
        numbers = range(1, self.wishes + 1)
        async with asyncio.TaskGroup() as tasks:
            for place, (town, who) in enumerate(artists):
                own = [number for number in numbers if number % len(artists) == place]
                tasks.create_task(self._wishes(town, who, own))

    async def _wishes(self, town: Town, who: Any, numbers: list[int]) -> None:
        draw = self._draw(who.name)
        for number in numbers:
            await asyncio.sleep(draw.uniform(*AGAIN_SECONDS))
            words = f"wish {number} of the storm"
            private = draw.random() < PRIVATE
            job = 0
            while not job:
                self.tries += 1
                asked = await town.ask(who, words, private)
                job = await self._job(town, asked)
                if not job:
                    await asyncio.sleep(draw.uniform(*AGAIN_SECONDS))
            self.told[job] = number
            if draw.random() < CANCELLED:
                await self._press_own(town, who, Sign.CANCEL, job)
            else:  # they look at what they got before they wish for more
                await until(partial(self._newest, town, who, Sign.CONSENT, job), RESULT_SECONDS)

    async def _job(self, town: Town, asked: Asked) -> int:
        """The number that they are told; 0 where they are told of none."""

        def says(message: Any) -> int:
            found = job_of(town.ids(message))
            line = IN_LINE.search(message.text())
            return found or (int(line[1]) if line else 0)

        answer = await asked.answered(
            lambda message: bool(says(message)) or BROKE in message.text()
        )
        return 0 if answer is None else says(answer)

    async def _press_own(self, town: Town, who: Any, sign: Sign, job: int = 0) -> None:
        """On the newest card of one's own that has it; of a certain job, as soon as it is there."""
        newest = partial(self._newest, town, who, sign, job)
        await until(newest, PATIENT_SECONDS if job else 0.0)
        if (found := newest()) is None:
            return
        self.acts[sign] += 1
        asked = await town.press(who, *found)
        sure = await asked.answered(lambda message: bool(message.text()))
        for step in [] if sure is None else presses(town.ids(sure)):
            if step.step is Step.SURE:
                await town.press(who, sure, step)

    def _newest(self, town: Town, who: Any, sign: Sign, job: int) -> tuple[Any, Press] | None:
        """The newest card of their own that has this button; ``job``: 0 for any."""
        for message in reversed(town.own(who)):
            press = button(town.ids(message), sign)
            if press is not None and job in (0, press.job_id):
                return message, press
        return None

    # ── passers-by ───────────────────────────────────────────────────────────────────────

    async def pass_by(self) -> None:
        """Vote, take votes back, withdraw and vary, until cancelled."""
        draw = self._draw("passing")
        while True:
            await asyncio.sleep(draw.uniform(*PASS_SECONDS))
            town = draw.choice(self._towns.all)
            if draw.random() < 0.85:
                await self._vote(town, draw)
            else:
                sign = draw.choice((Sign.WITHDRAW, Sign.VARY, Sign.PUBLISH, Sign.AGAIN))
                await self._press_own(town, draw.choice(town.artists), sign)

    async def _vote(self, town: Town, draw: random.Random) -> None:
        votable = [card for card in town.shows() if button(town.ids(card), Sign.VOTE_1)]
        if not votable:
            return
        card, who = draw.choice(votable), draw.choice(town.voters)
        press = button(town.ids(card), Sign.VOTE_1)
        assert press is not None
        vote = (town, who, press.job_id)
        if vote in self.by_sign or (vote not in self.by_button and draw.random() < 0.6):
            self.by_sign.add(vote)
            taken = who.id in town.signs(card, Sign.VOTE_1)
            self.acts["vote taken back" if taken else "vote by sign"] += 1
            await (town.unreact if taken else town.react)(who, card, Sign.VOTE_1)
            return
        self.by_button.add(vote)
        self.acts["vote by button"] += 1
        asked = await town.press(who, card, press)
        undo = await asked.answered(
            lambda message: button(town.ids(message), Sign.TAKE_BACK_VOTE) is not None
        )
        if undo is not None:
            self.counted.add(vote)

    # ── moderators ───────────────────────────────────────────────────────────────────────

    async def moderate(self) -> None:
        """Decide whatever waits, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for town in self._towns.all:
                for who in town.moderators:
                    tasks.create_task(self._moderates(town, who))

    async def _moderates(self, town: Town, who: Any) -> None:
        draw, done = self._draw(who.name), set[int]()
        while True:
            await asyncio.sleep(draw.uniform(*LOOK_SECONDS))
            waiting = []
            for card in (card for card in town.reviews() if id(card) not in done):
                press = button(town.ids(card), Sign.REJECT)
                if press is None:
                    done.add(id(card))  # it is decided, or asks somebody for words
                else:
                    waiting.append((card, press))
            if waiting:
                card, press = draw.choice(waiting[:FIRST])
                if await self._decide(town, who, card, press, draw):
                    done.add(id(card))

    async def _decide(
        self, town: Town, who: Any, card: Any, press: Press, draw: random.Random
    ) -> bool:
        """All moderators think the same of a job: what they do is no argument."""
        if self._draw(f"job {press.job_id}").random() < APPROVED:
            self.acts["approved by sign"] += 1
            await town.react(who, card, Sign.APPROVE)
        elif draw.random() < 0.7:
            self.acts["rejected by sign"] += 1
            await town.react(who, card, Sign.SPAM)
        else:
            self.acts["rejected in words"] += 1
            return await town.say_why(who, card, press, WHY)
        return True
