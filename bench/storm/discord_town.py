"""A server of the double of Discord, and its people."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator

from bench.storm.town import UNANSWERED_SECONDS, Asked, Standing, job_of
from bench.storm.waiting import until
from bot.on_discord.forms import WORDS
from bot.on_discord.ids import ROOM, Sent
from bot.press import Press
from bot.signs import EMOJI, Sign
from tests.doubles.on_discord import Discord, Interaction, Message, User


class DiscordTown:
    """One server; the shard that it belongs to is one bot's."""

    room, workspace = ROOM, ""

    def __init__(self, discord: Discord, name: str, artists: int, others: int) -> None:
        self.discord = discord
        self.guild = discord.guild(name)
        self.general, self.review, self.showcase = (
            self.guild.channel(channel) for channel in ("general", "review", "showcase")
        )
        self.role = self.guild.role("Moderators")
        self.artists = [self.guild.member(f"Artist {n} of {name}") for n in range(artists)]
        self.voters = [self.guild.member(f"Voter {n} of {name}") for n in range(others)]
        self.moderators = [
            self.guild.member(f"Moderator {n} of {name}", roles=[self.role]) for n in range(2)
        ]
        self._asked: dict[User, list[Interaction]] = defaultdict(list)

    async def ask(self, who: User, words: str, private: bool) -> Asked:
        options: dict[str, object] = {"prompt": words, **({"private": True} if private else {})}
        return self._follow(who, await who.slash(self.general, "sora", **options))

    def ids(self, message: Message) -> list[str]:
        return message.custom_ids()

    def own(self, who: User) -> list[Message]:
        answers = [m for asked in self._asked[who] for m in asked.messages if not m.loading]
        return [*answers, *who.dm.messages]

    def reviews(self) -> list[Message]:
        return self.review.messages

    def shows(self) -> list[Message]:
        return self.showcase.messages

    async def react(self, who: User, message: Message, sign: Sign) -> None:
        if not message.deleted:
            await who.react(message, EMOJI[sign])

    async def unreact(self, who: User, message: Message, sign: Sign) -> None:
        await who.unreact(message, EMOJI[sign])

    def signs(self, message: Message, sign: Sign) -> set[int]:
        return set(message.reactions.get(EMOJI[sign], ()))

    async def press(self, who: User, message: Message, press: Press) -> Asked:
        return self._follow(who, await who.click(message, custom_id=str(press)))

    async def say_why(self, who: User, message: Message, press: Press, words: str) -> bool:
        opened = await who.click(message, custom_id=str(press))
        await until(lambda: opened.answered_at is not None, UNANSWERED_SECONDS)
        if opened.modal is None:
            return False
        sent = self._follow(who, await who.submit_modal(opened, {WORDS: words}))
        return await sent.answered(lambda message: bool(message.text())) is not None

    def standing(self) -> Iterator[Standing]:
        everybody = (*self.artists, *self.voters, *self.moderators)
        for channel in (self.review, self.showcase, *(who.dm for who in everybody)):
            for message in channel.messages:
                sent = str(Sent(channel.id, message.id))
                key = message.nonce or ""
                yield Standing(ROOM, sent, key, job_of(message.custom_ids()), message.text())

    def _follow(self, who: User, asked: Interaction) -> Asked:
        if asked.type != 5:  # a form is closed once it is sent
            self._asked[who].append(asked)

        def gave_up() -> bool:
            late = time.monotonic() > asked.sent_at + UNANSWERED_SECONDS
            return late and asked.answered_at is None

        return Asked(gave_up, lambda: [m for m in asked.messages if not m.loading])
