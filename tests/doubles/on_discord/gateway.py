"""The gateway: sessions that outlive their sockets, and what is said on them."""

from __future__ import annotations

import asyncio
import json
import secrets
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.doubles.on_discord import intents, payloads

if TYPE_CHECKING:
    from tests.doubles.on_discord.model import Guild
    from tests.doubles.on_discord.world import World

Json = dict[str, Any]

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME = 0, 1, 2, 3, 6
RECONNECT, MEMBERS, INVALID, HELLO, ACK = 7, 8, 9, 10, 11


class Connection:
    """One socket. What is sent waits in order, so that nobody who tells an event waits for it."""

    def __init__(
        self, ws: web.WebSocketResponse, transport: asyncio.Transport | None, compress: str | None
    ) -> None:
        self.ws = ws
        self._transport = transport
        self.session: Session | None = None
        # Uncompressed text is what discord.py takes too: so does a client that asks for zstd.
        self._zlib = zlib.compressobj() if compress == "zlib-stream" else None
        self._outgoing: asyncio.Queue[str | int] = asyncio.Queue()

    def say(self, op: int, data: Any = None) -> None:
        self.send(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def send(self, text: str) -> None:
        self._outgoing.put_nowait(text)

    def close(self, code: int) -> None:
        """Once all that waits is sent."""
        self._outgoing.put_nowait(code)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def write(self) -> None:
        while True:
            item = await self._outgoing.get()
            try:
                if isinstance(item, int):
                    await self.ws.close(code=item)
                    return
                if self._zlib is None:
                    await self.ws.send_str(item)
                else:
                    packed = self._zlib.compress(item.encode())
                    await self.ws.send_bytes(packed + self._zlib.flush(zlib.Z_SYNC_FLUSH))
            except (ConnectionError, RuntimeError):
                return  # the other end is gone; its session keeps what it missed


@dataclass(eq=False)
class Session:
    shard: int
    shards: int
    intents: int
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    sent: list[str] = field(default_factory=list, repr=False)
    """Every event ever told, the first under sequence number 1."""
    connection: Connection | None = None

    def owns(self, guild: Guild | None) -> bool:
        return ((guild.id >> 22) % self.shards if guild else 0) == self.shard

    def tell(self, event: str, packed: str) -> None:
        number = len(self.sent) + 1
        text = f'{{"op":0,"s":{number},"t":"{event}","d":{packed}}}'
        self.sent.append(text)
        if self.connection is not None:
            self.connection.send(text)


class Gateway:
    def __init__(
        self, world: World, *, shards: int, heartbeat: float, privileged_intents: bool
    ) -> None:
        self.world = world
        self.shards = shards
        self.heartbeat = heartbeat
        self.privileged_intents = privileged_intents
        self.url = ""
        self.sessions: dict[str, Session] = {}
        self.doubled: set[str] = set()
        self.identifies: list[Json] = []
        self.resumes: list[Json] = []
        self.heartbeats = 0
        self.presences: list[Json] = []
        self._connections: set[Connection] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._refusing = False
        world.listeners.append(self.dispatch)

    @property
    def connected(self) -> list[Session]:
        return [s for s in self.sessions.values() if s.connection is not None]

    def dispatch(
        self,
        event: str,
        data: Json,
        guild: Guild | None = None,
        intent: int = 0,
        bare: Json | None = None,
    ) -> None:
        """Tell every session whose shard and intents this event is for."""
        packed: dict[bool, str] = {}
        for session in self.sessions.values():
            if not session.owns(guild) or (intent and not session.intents & intent):
                continue
            blind = bare is not None and not session.intents & intents.MESSAGE_CONTENT
            if blind not in packed:
                packed[blind] = json.dumps(bare if blind else data)
            for _ in range(2 if event in self.doubled else 1):
                session.tell(event, packed[blind])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self._refusing:
            return web.Response(status=503)
        ws = web.WebSocketResponse(max_msg_size=0, compress=False)
        await ws.prepare(request)
        connection = Connection(ws, request.transport, request.query.get("compress"))
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write())
        try:
            await self._open.wait()
            connection.say(HELLO, {"heartbeat_interval": int(self.heartbeat * 1000)})
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    self._hear(connection, json.loads(message.data))
        finally:
            self._forget(connection)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return ws

    def _hear(self, connection: Connection, heard: Json) -> None:
        op, data = heard["op"], heard.get("d")
        if op == HEARTBEAT:
            self.heartbeats += 1
            connection.say(ACK)
        elif op == IDENTIFY:
            self._identify(connection, data or {})
        elif op == RESUME:
            self._resume(connection, data or {})
        elif connection.session is None:
            connection.close(4003)
        elif op == PRESENCE:
            self.presences.append(data or {})
        elif op == MEMBERS:
            self._members(connection.session, data or {})

    def _identify(self, connection: Connection, data: Json) -> None:
        self.identifies.append(data)
        shard, shards = data.get("shard") or (0, 1)
        wanted = int(data.get("intents") or 0)
        if data.get("token") != self.world.token:
            return connection.close(4004)
        if not 0 <= shard < shards:
            return connection.close(4010)
        if wanted & intents.PRIVILEGED and not self.privileged_intents:
            return connection.close(4014)
        for old in list(self.sessions.values()):
            if old.connection is None and (old.shard, old.shards) == (shard, shards):
                del self.sessions[old.id]
        session = Session(shard, shards, wanted, connection=connection)
        connection.session = session
        guilds = [guild for guild in self.world.guilds.values() if session.owns(guild)]
        ready = {
            "v": 10,
            "user": payloads.user(self.world.bot) | {"verified": True, "mfa_enabled": False},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "session_type": "normal",
            "private_channels": [],
            "shard": [shard, shards],
            "application": {"id": str(self.world.app_id), "flags": 1 << 23},
        }
        session.tell("READY", json.dumps(ready))
        if wanted & intents.GUILDS:
            for guild in guilds:
                session.tell("GUILD_CREATE", json.dumps(payloads.guild_create(guild)))
        self.sessions[session.id] = session
        return None

    def _resume(self, connection: Connection, data: Json) -> None:
        self.resumes.append(data)
        session = self.sessions.get(str(data.get("session_id")))
        known = session is not None and int(data.get("seq") or 0) <= len(session.sent)
        if session is None or not known:
            return connection.say(INVALID, False)
        if session.connection is not None:
            session.connection.close(4000)
        for text in session.sent[int(data.get("seq") or 0) :]:
            connection.send(text)
        session.connection = connection
        connection.session = session
        session.tell("RESUMED", "{}")
        return None

    def _members(self, session: Session, data: Json) -> None:
        guild = self.world.guilds[int(data["guild_id"])]
        people = [self.world.users[user_id] for user_id in guild.members]
        if wanted := data.get("user_ids"):
            people = [who for who in people if str(who.id) in {str(one) for one in wanted}]
        elif query := data.get("query"):
            people = [who for who in people if who.name.lower().startswith(query.lower())]
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [payloads.member(who, guild) for who in people],
            "chunk_index": 0,
            "chunk_count": 1,
        }
        if data.get("nonce"):
            chunk["nonce"] = data["nonce"]
        session.tell("GUILD_MEMBERS_CHUNK", json.dumps(chunk))

    # ── faults ───────────────────────────────────────────────────────────────────────────

    async def drop(self, *, resumable: bool = True, how: str = "close") -> None:
        if not resumable:
            self.sessions.clear()
        for connection in list(self._connections):
            self._forget(connection)
            if how == "abort":
                connection.abort()
            elif how == "reconnect":
                connection.say(RECONNECT)
            else:
                connection.close(4000)
        await asyncio.sleep(0)

    def shut(self, *, refuse: bool) -> None:
        self._refusing = refuse
        self._open.clear()

    def open(self) -> None:
        self._refusing = False
        self._open.set()

    async def close(self) -> None:
        self.open()
        closing = [connection.ws.close(code=1001) for connection in self._connections]
        await asyncio.wait_for(asyncio.gather(*closing, return_exceptions=True), 5)

    def _forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
