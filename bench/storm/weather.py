"""What goes wrong: which process is hit and how, and how the chats misbehave. Drawn from a seed.

The same seed draws the same blows in the same order. When each falls depends on the machine: whoever is
to be hit next is left alone until it has had its chance.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.storm.house import House
from bench.storm.keeper import Kept
from bench.storm.towns import Towns
from bench.storm.waiting import until
from tests.doubles.on_discord.faults import Fault as DiscordFault
from tests.doubles.on_slack.faults import Fault as SlackFault

BETWEEN_BLOWS = (0.5, 1.5)
BETWEEN_FAULTS = (0.2, 0.8)
OFTEN, SELDOM = 2, 1
"""How often bots and workers are in the deck, and how often what all of them need."""
SLOW_SECONDS = (0.5, 4.0)
DOUBLED_SECONDS = 2.0
KILLED, STOPPED = "kill -9", "asked to end"
ASKED_OF_DISCORD = (
    ("POST", "/channels/*/messages"),
    ("PATCH", "/channels/*/messages/*"),
    ("GET", "/channels/*/messages*"),
    ("PUT", "/channels/*/reactions/*"),
    ("POST", "/interactions/*/callback"),
    ("*", "/webhooks/*"),
)
ASKED_OF_SLACK = (
    "chat.postMessage",
    "chat.update",
    "chat.*",
    "files.*",
    "upload",
    "reactions.*",
    "conversations.*",
    "users.info",
    "response_url",
    "apps.connections.open",
)
OF_DISCORD, OF_SLACK = "INTERACTION_CREATE", "reaction_added"


class Weather:
    """Good until ``run``."""

    def __init__(self, house: House, towns: Towns, seed: int, diary: Path) -> None:
        self.blows: Counter[tuple[str, str]] = Counter()
        """By what kind of process, and how."""
        self.done: Counter[str] = Counter()
        """Of what the chats did by themselves."""
        self.seconds = 0.0
        self._house, self._towns = house, towns
        self._blows, self._faults = random.Random(f"{seed}/blows"), random.Random(f"{seed}/chats")  # noqa: S311
        self._diary = diary
        self._met: dict[str, list[DiscordFault | SlackFault]] = {}

    async def run(self) -> None:
        """Until cancelled; afterwards the chats behave again."""
        began = time.monotonic()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._hit())
                tasks.create_task(self._misbehave())
        finally:
            self.seconds = time.monotonic() - began
            self._towns.discord.faults.clear()
            self._towns.discord.faults.twice(OF_DISCORD, False)
            self._towns.slack.faults.clear()

    @property
    def met(self) -> Counter[str]:
        """How often what the chats did wrong met a request of the bots."""
        met = {name: sum(fault.hit for fault in faults) for name, faults in self._met.items()}
        return Counter(met) + self.done

    # ── processes ────────────────────────────────────────────────────────────────────────

    async def _hit(self) -> None:
        house = self._house
        deck = [*house.bots, *house.workers] * OFTEN + [house.postgres, house.valkey] * SELDOM
        while True:
            self._blows.shuffle(deck)
            for victim in deck:
                how = self._blows.choice((KILLED, STOPPED))
                await asyncio.sleep(self._blows.uniform(*BETWEEN_BLOWS))
                await until(partial(_may_be_hit, victim))
                victim.hit(signal.SIGKILL if how == KILLED else victim.term)
                self.blows[_kind(victim), how] += 1
                self._note(victim.name, how)

    def _note(self, whom: str, how: str) -> None:
        with self._diary.open("a") as diary:
            diary.write(json.dumps({"at": round(time.time(), 2), "whom": whom, "how": how}) + "\n")

    # ── chats ────────────────────────────────────────────────────────────────────────────

    async def _misbehave(self) -> None:
        kinds: list[Callable[[], object]] = [self._refused, self._lost, self._slow]
        kinds = [*kinds * 3, self._doubled, self._dropped]
        while True:
            await asyncio.sleep(self._faults.uniform(*BETWEEN_FAULTS))
            self._faults.choice(kinds)()

    def _refused(self) -> None:
        draw = self._faults
        status = draw.choice((429, 429, 500, 502, 503))
        name = "429" if status == 429 else "5xx"
        wait = draw.uniform(0.3, 2.0)
        if draw.random() < 0.5:
            method, path = draw.choice(ASKED_OF_DISCORD)
            after = wait if status == 429 else None
            faults = self._towns.discord.faults
            self._waits(name, faults.next(method, path, status=status, retry_after=after))
        else:
            error = "ratelimited" if status == 429 else ""
            self._waits(
                name,
                self._towns.slack.faults.next(
                    draw.choice(ASKED_OF_SLACK),
                    status=None if error else status,
                    error=error,
                    retry_after=max(round(wait), 1),
                ),
            )

    def _lost(self) -> None:
        draw, towns = self._faults, self._towns
        answer = draw.random() < 0.6
        name = "answer lost" if answer else "request lost"
        if draw.random() < 0.5:
            of_discord = towns.discord.faults
            lose = of_discord.lose_answer if answer else of_discord.lose_request
            self._waits(name, lose(*draw.choice(ASKED_OF_DISCORD)))
        else:
            of_slack = towns.slack.faults
            lose_one = of_slack.lose_answer if answer else of_slack.lose_request
            self._waits(name, lose_one(draw.choice(ASKED_OF_SLACK)))

    def _slow(self) -> None:
        draw, seconds = self._faults, self._faults.uniform(*SLOW_SECONDS)
        if draw.random() < 0.5:
            method, path = draw.choice(ASKED_OF_DISCORD)
            self._waits("slow", self._towns.discord.faults.slow(method, path, seconds, times=1))
        else:
            method = draw.choice(ASKED_OF_SLACK)
            self._waits("slow", self._towns.slack.faults.slow(method, seconds, times=1))

    def _waits(self, name: str, fault: DiscordFault | SlackFault) -> None:
        self._met.setdefault(name, []).append(fault)

    def _doubled(self) -> None:
        """For a while everything that people do is told twice."""
        discord, slack = self._towns.discord.faults, self._towns.slack.faults
        discord.twice(OF_DISCORD)
        discord.twice("MESSAGE_REACTION_ADD")
        slack.twice(OF_SLACK, at_once=self._faults.random() < 0.5)
        self.done["events told twice, for 2 s"] += 1
        loop = asyncio.get_running_loop()
        loop.call_later(DOUBLED_SECONDS, discord.twice, OF_DISCORD, False)
        loop.call_later(DOUBLED_SECONDS, discord.twice, "MESSAGE_REACTION_ADD", False)
        loop.call_later(DOUBLED_SECONDS, slack.twice, OF_SLACK, False)

    def _dropped(self) -> None:
        draw, towns = self._faults, self._towns
        self.done["connections dropped"] += 1
        if draw.random() < 0.5:
            how = draw.choice(("close", "reconnect", "abort"))
            drop = towns.discord.faults.drop_gateway(draw.random() < 0.5, how=how)
        else:
            drop = towns.slack.faults.drop_socket(
                draw.choice(("close", "abort", "refresh_requested"))
            )
        self._dropping = asyncio.ensure_future(drop)


def _may_be_hit(victim: Kept) -> bool:
    return victim.had_its_chance


def _kind(victim: Kept) -> str:
    return victim.name.partition(" ")[0]
