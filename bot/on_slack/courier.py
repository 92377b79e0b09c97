"""Speaks to Slack's Web API for every workspace: paced, without doubling, with files.

Its methods raise ``SlackApiError`` for what Slack refuses, and ``aiohttp.ClientError`` or
``TimeoutError`` for what may or may not have arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.on_slack.asking import SLACK, call, waits
from bot.on_slack.ids import Sent
from bot.on_slack.pacer import Pacer
from bot.on_slack.text import Json

EVENT = "sora_card"
"""The kind of the metadata that our messages carry."""
PAGE, MOST_PAGES = 200, 20
"""Of a channel or a thread in which something of ours is looked for."""
MOST_DIRECT = 10_000
GONE = frozenset({"message_not_found", "thread_not_found", "file_not_found", "file_deleted"})
"""What Slack answers where there is nothing of ours to take away."""
NOT_OURS = frozenset({"cant_delete_message", "cant_delete_file"})
MOST_WAITS, LONGEST_WAIT = 3, 60.0
"""For what Slack asks to wait for; beyond that it is away for us."""
CALL_SECONDS = 20

READS = frozenset(
    {"users.info", "usergroups.users.list", "usergroups.list", "conversations.info",
     "conversations.open", "conversations.history", "conversations.replies", "reactions.get",
     "files.info", "files.getUploadURLExternal", "chat.getPermalink", "auth.test"}
)  # fmt: skip
READ_TRIES, READ_SECONDS = 3, 0.2
"""What changes nothing that anybody sees is asked again at once, should only the way there have failed."""

Tokens = Callable[[str], Awaitable[str]]
"""The bot's token in a workspace. Raises ``LookupError`` where it isn't installed."""


class Courier:
    """One per process."""

    def __init__(self, tokens: Tokens, base_url: str) -> None:
        self._tokens = tokens
        self._base_url = base_url
        self._pacer = Pacer()
        self._session: aiohttp.ClientSession | None = None
        self._direct: dict[tuple[str, str], str] = {}

    async def open(self) -> None:
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(self, team: str, method: str, **arguments: Any) -> Any:
        """The answer of one method, when it is this workspace's turn for it."""
        # Slack's own retries would post a second time whatever only the answer was lost of.
        client = AsyncWebClient(
            token=await self._tokens(team),
            base_url=self._base_url,
            session=self._session,
            retry_handlers=[],
        )
        # Slack reads forms everywhere, and JSON only where something is changed.
        body: dict[str, Any] = {"data" if method in READS else "json": arguments}
        waited, tries = 0, 1
        while True:
            await self._pacer.turn(team, method)
            try:
                return await call(client, method, body)
            except SlackApiError as error:
                if error.response.get("error") == "channel_not_found":
                    self._forget_direct(team, str(arguments.get("channel")))
                status, wait = error.response.status_code, waits(error)
                if status == 429 and waited < MOST_WAITS and wait <= LONGEST_WAIT:
                    waited += 1
                    self._pacer.hold(team, method, wait)
                    continue
                if status < 500 or method not in READS or tries == READ_TRIES:
                    raise
            except (aiohttp.ClientError, TimeoutError):
                if method not in READS or tries == READ_TRIES:
                    raise
            tries += 1
            await asyncio.sleep(READ_SECONDS)

    async def post(
        self,
        team: str,
        channel: str,
        blocks: Sequence[Json],
        text: str,
        key: str = "",
        thread: str = "",
        began: Callable[[], None] = lambda: None,
    ) -> Sent:
        """Post a message that carries its key. ``began``: called when its turn has come, and with that
        the time from which on it may arrive."""
        await self._pacer.message(channel)
        began()
        more: Json = {"thread_ts": thread} if thread else {}
        if key:
            more["metadata"] = {"event_type": EVENT, "event_payload": {"key": key}}
        answer = await self.call(
            team, "chat.postMessage", channel=channel, blocks=list(blocks), text=text,
            unfurl_links=False, unfurl_media=False, **more,
        )  # fmt: skip
        return Sent(team, str(answer["channel"]), str(answer["ts"]))

    async def find(self, team: str, channel: str, key: str, since: float) -> Sent | None:
        """The message with this key, posted not before ``since`` (a Unix time), if there is one."""
        async for message in self._pages(
            team, "conversations.history", channel=channel, oldest=f"{since:.6f}",
            include_all_metadata=True,
        ):  # fmt: skip
            metadata = message.get("metadata") or {}
            ours = metadata.get("event_type") == EVENT
            if ours and (metadata.get("event_payload") or {}).get("key") == key:
                return Sent(team, channel, str(message["ts"]))
        return None

    async def update(self, sent: Sent, blocks: Sequence[Json], text: str) -> None:
        await self.call(
            sent.team,
            "chat.update",
            channel=sent.channel,
            ts=sent.ts,
            blocks=list(blocks),
            text=text,
        )

    async def delete(self, sent: Sent) -> None:
        """Remove a message with all of ours in its thread, files and all; gone is no error."""
        thread = await self.thread(sent)
        # Of a first message that somebody deleted, Slack keeps a stone that is nobody's of ours.
        me = next((m.get("user") for m in thread if m["ts"] == sent.ts and not _is_stone(m)), None)
        for message in thread:
            if message["ts"] == sent.ts or (me is not None and message.get("user") != me):
                continue
            forgiven = GONE if me is not None else GONE | NOT_OURS
            for file in message.get("files", ()):
                await self._forgiving(forgiven, sent.team, "files.delete", file=file["id"])
            await self._forgiving(
                forgiven, sent.team, "chat.delete", channel=sent.channel, ts=message["ts"]
            )
        await self._forgiving(GONE, sent.team, "chat.delete", channel=sent.channel, ts=sent.ts)

    async def delete_file(self, team: str, file: str) -> None:
        await self._forgiving(GONE, team, "files.delete", file=file)

    async def thread(self, sent: Sent) -> list[Json]:
        """The message and what stands in its thread; empty when it is gone."""
        try:
            return [
                message
                async for message in self._pages(
                    sent.team, "conversations.replies", channel=sent.channel, ts=sent.ts
                )
            ]
        except SlackApiError as error:
            if error.response.get("error") in {"thread_not_found", "message_not_found"}:
                return []
            raise

    async def whisper(
        self, team: str, channel: str, user: str, blocks: Sequence[Json], text: str
    ) -> None:
        """Say something in a channel that only one person sees."""
        await self.call(
            team, "chat.postEphemeral", channel=channel, user=user, blocks=list(blocks), text=text
        )

    async def reply(self, address: str, blocks: Sequence[Json], text: str) -> bool:
        """Answer in private by the address that came with a request; False once it is used up.

        It counts for none of the limits. Answered twice it would only be said twice.
        """
        if self._session is None:
            raise RuntimeError("the courier isn't open")
        said = {"response_type": "ephemeral", "replace_original": False, "text": text}
        try:
            async with self._session.post(address, json={**said, "blocks": list(blocks)}) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def direct(self, team: str, user: str) -> str:
        """The channel of direct messages with somebody."""
        known = self._direct.get((team, user))
        if known is None:
            answer = await self.call(team, "conversations.open", users=user)
            if len(self._direct) >= MOST_DIRECT:
                self._direct.pop(next(iter(self._direct)))
            known = self._direct[team, user] = str(answer["channel"]["id"])
        return known

    def _forget_direct(self, team: str, channel: str) -> None:
        """It is another one after the app was installed again."""
        for key in [k for k, known in self._direct.items() if k[0] == team and known == channel]:
            del self._direct[key]

    async def react(self, sent: Sent, name: str) -> None:
        """Put a sign under a message; one that is there already is no error."""
        await self._forgiving(
            {"already_reacted"}, sent.team, "reactions.add",
            channel=sent.channel, timestamp=sent.ts, name=name,
        )  # fmt: skip

    async def upload(
        self, team: str, files: Sequence[tuple[Path, str, str]], channel: str = "", thread: str = ""
    ) -> list[str]:
        """Upload (file, name, title) each, and share them all in a thread if one is given; their ids."""
        ready = [await self._sent(team, *file) for file in files]
        where: Json = {"channel_id": channel, "thread_ts": thread} if channel else {}
        if ready:
            await self.call(team, "files.completeUploadExternal", files=ready, **where)
        return [str(file["id"]) for file in ready]

    def is_slack(self, url: str) -> bool:
        """Whether an address is at another server that we were told to take for Slack."""
        ours, asked = urlsplit(self._base_url), urlsplit(url)
        return self._base_url != SLACK and (ours.scheme, ours.netloc) == (
            asked.scheme,
            asked.netloc,
        )

    @asynccontextmanager
    async def fetching(self, team: str, url: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """A file of Slack's, with the workspace's token; the address was looked at before."""
        if self._session is None:
            raise RuntimeError("the courier isn't open")
        headers = {"Authorization": f"Bearer {await self._tokens(team)}"}
        async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
            yield answer

    async def _sent(self, team: str, file: Path, name: str, title: str) -> Json:
        data = await asyncio.to_thread(file.read_bytes)
        answer = await self.call(
            team, "files.getUploadURLExternal", filename=name, length=len(data)
        )
        if self._session is None:
            raise RuntimeError("the courier isn't open")
        async with self._session.post(answer["upload_url"], data=data) as stored:
            stored.raise_for_status()
        return {"id": answer["file_id"], "title": title}

    async def _pages(self, team: str, method: str, **arguments: Any) -> AsyncIterator[Json]:
        """All messages, page by page."""
        more: Json = {}
        for _ in range(MOST_PAGES):
            answer = await self.call(team, method, limit=PAGE, **arguments, **more)
            for message in answer["messages"]:
                yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
            more = {"cursor": cursor}

    async def _forgiving(
        self, forgiven: Collection[str], team: str, method: str, **arguments: Any
    ) -> None:
        try:
            await self.call(team, method, **arguments)
        except SlackApiError as error:
            if error.response.get("error") not in forgiven:
                raise


def _is_stone(message: Json) -> bool:
    return message.get("subtype") == "tombstone"
