"""A workspace of the double of Slack, and its people."""

from __future__ import annotations

from collections.abc import Iterator

from bench.storm.town import UNANSWERED_SECONDS, Asked, Standing, job_of
from bench.storm.waiting import until
from bot.on_slack.forms import WORDS
from bot.on_slack.ids import ROOM, Sent
from bot.on_slack.signs import NAMES
from bot.press import Press
from bot.signs import Sign
from tests.doubles.on_slack import Act, Message, Slack, User


class SlackTown:
    """One workspace; what happens there is told to one bot or the other."""

    room = ROOM

    def __init__(self, slack: Slack, name: str, artists: int, others: int) -> None:
        self.slack = slack
        self.team = slack.team(name)
        self.workspace = self.team.id
        self.artists = [self.team.user(f"Artist {n} of {name}") for n in range(artists)]
        self.voters = [self.team.user(f"Voter {n} of {name}") for n in range(others)]
        self.moderators = [self.team.user(f"Moderator {n} of {name}") for n in range(2)]
        self.general, self.review, self.showcase = (
            self.team.channel(channel) for channel in ("general", "review", "showcase")
        )

    async def ask(self, who: User, words: str, private: bool) -> Asked:
        text = f"{words} --private" if private else words
        act = await who.slash(self.general, "/sora", text)

        def answers() -> list[Message]:
            cards = [m for m in who.dm.messages if words in m.text()]
            return [*act.messages, *cards]  # another's whisper may come late, and doesn't say whose

        return Asked(lambda: bool(act.failed), answers)

    def ids(self, message: Message) -> list[str]:
        return message.action_ids()

    def own(self, who: User) -> list[Message]:
        return who.dm.messages

    def reviews(self) -> list[Message]:
        return self.review.messages

    def shows(self) -> list[Message]:
        return self.showcase.messages

    async def react(self, who: User, message: Message, sign: Sign) -> None:
        if not message.deleted:
            await who.react(message, NAMES[sign])

    async def unreact(self, who: User, message: Message, sign: Sign) -> None:
        if not message.deleted:
            await who.unreact(message, NAMES[sign])

    def signs(self, message: Message, sign: Sign) -> set[str]:
        return set(message.reactions.get(NAMES[sign], ()))

    async def press(self, who: User, message: Message, press: Press) -> Asked:
        seen = len(who.whispers)
        act: Act = await who.press(message, str(press))
        return Asked(lambda: bool(act.failed), lambda: [*act.messages, *who.whispers[seen:]])

    async def say_why(self, who: User, message: Message, press: Press, words: str) -> bool:
        act = await who.press(message, str(press))
        await until(lambda: bool(act.opened or act.failed), UNANSWERED_SECONDS)
        form = act.opened[-1] if act.opened else None
        if form is None or form is not who.view:
            return False
        sent = await who.submit(form, {WORDS: words})
        await until(lambda: bool(sent.acked_at or sent.failed), UNANSWERED_SECONDS)
        for view in list(who.views):  # it is closed by hand where Slack couldn't send it
            await who.close(view)
        return sent.acked_at is not None and not sent.errors

    def standing(self) -> Iterator[Standing]:
        everybody = (*self.artists, *self.voters, *self.moderators)
        for channel in (self.review, self.showcase, *(who.dm for who in everybody)):
            for message in channel.messages:
                key = ((message.metadata or {}).get("event_payload") or {}).get("key", "")
                sent = str(Sent(self.team.id, channel.id, message.ts))
                files = tuple(file.name for reply in message.replies for file in reply.files)
                yield Standing(ROOM, sent, key, job_of(message.action_ids()), message.text(), files)
