"""Where our app is in Slack, and with which token: one workspace from the settings, or those kept."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError

from bot.on_slack.asking import AWAY, BOT_TOKEN, DEAD, NOT_LET_IN, ask, code, patiently
from bot.on_slack.ids import ROOM
from db import installs, notes, workspaces
from db.models import Install, utcnow
from db.session import Db

STATE = f"{ROOM}:state:"
STATE_LASTS = timedelta(minutes=10)
"""From the page with the button to Slack's answer."""
REMOVED = (
    "The app was removed from its workspace; install it again at api.slack.com and give its new token "
    "as SORA_SLACK_BOT_TOKEN."
)

log = structlog.get_logger()


class Installs:
    """One per process. ``token``: of the only workspace; without one they are in the database."""

    def __init__(self, db: Db, api: str = "", token: str = "") -> None:
        self._db, self._api, self._token = db, api, token
        self._only: Install | None = None
        self._doubting = asyncio.Lock()
        self.gone = asyncio.Event()
        """Set when the only workspace has put us out."""
        self.why = ""
        """What to say then."""

    async def open(self) -> None:
        """Learn which workspace the token is of; waits for Slack. Raises ``Trouble``."""
        if self._token:
            said = await patiently(lambda: ask(self._api, "auth.test", self._token), BOT_TOKEN)
            self._only = Install(
                team=said["team_id"],
                name=said["team"],
                token=self._token,
                bot_user=said["user_id"],
            )
            log.info("slack.let_in", team=said["team_id"])

    async def find(self, team: str) -> Install | None:
        """How we are in a workspace; None where we aren't. Raises ``ConnectionError`` while the token's
        own isn't known yet."""
        if self._token:
            if self._only is None:
                raise ConnectionError("not let in yet")
            return self._only if self._only.team == team else None
        async with self._db.read() as s:
            return await installs.get(s, team)

    async def token(self, team: str) -> str:
        """Raises ``LookupError`` where we aren't."""
        found = await self.find(team)
        if found is None:
            raise LookupError(f"the app isn't in the workspace {team}")
        return found.token

    async def authorize(self, team_id: str | None) -> AuthorizeResult | None:
        """For bolt: what lets it take what comes from a workspace."""
        found = await self.find(team_id or "")
        if found is None:
            return None
        return AuthorizeResult(
            enterprise_id=None,
            team_id=found.team,
            bot_user_id=found.bot_user,
            bot_token=found.token,
        )

    async def keep(self, said: Any) -> None:
        """Remember what `oauth.v2.access` has answered."""
        async with self._db.begin() as s:
            await installs.save(
                s,
                said["team"]["id"],
                said["access_token"],
                said["bot_user_id"],
                name=said["team"].get("name") or "",
                scopes=said.get("scope") or "",
                app_id=said.get("app_id") or "",
            )
        log.info("slack.installed", team=said["team"]["id"])

    async def put_out(self, team: str, at: float) -> None:
        """A workspace has removed us at this Unix time: its token goes, and nothing is brought there any
        more. Its moderators and its rules stay known, should it let us in again."""
        found = await self.find(team)
        if found is None or (not self._token and at < int(found.at.timestamp())):
            return  # late news of an installation that was followed by another
        async with self._db.begin() as s:
            await installs.forget(s, team)
            await notes.forget_older(s, f"{ROOM}:file:{team}:", timedelta())
            if await workspaces.get(s, ROOM, team) is not None:
                await workspaces.change(s, ROOM, team, review="", showcase="", trouble="")
        if self._token:
            self.why = REMOVED
            self.gone.set()
        log.info("slack.put_out", team=team, at=datetime.fromtimestamp(at, UTC).isoformat())

    async def doubt(self, team: str) -> None:
        """Slack refused our token in a workspace. Where it says so once more, we are out there: the
        only workspace's token ends the bot, of others what we had there is forgotten."""
        async with self._doubting:
            found = await self.find(team)
            if found is None or self.gone.is_set() or not await self._is_dead(found.token):
                return
            log.warning("slack.token_dead", team=team)
            if self._token:
                self.why = NOT_LET_IN
                self.gone.set()
            else:
                await self.put_out(team, utcnow().timestamp())

    async def _is_dead(self, token: str) -> bool:
        try:
            await ask(self._api, "auth.test", token)
        except SlackApiError as error:
            return code(error) in DEAD
        except AWAY:
            return False
        return False

    # ── states: whoever comes back from Slack must have begun here ───────────────────────

    async def new_state(self) -> str:
        state = secrets.token_urlsafe(32)
        async with self._db.begin() as s:
            await notes.forget_older(s, STATE, STATE_LASTS)
            await notes.put(s, _name(state), "")
        return state

    async def take_state(self, state: str) -> bool:
        """Whether it is one of ours that nobody has used, and young enough; from now on it is used."""
        async with self._db.begin() as s:
            return await notes.take(s, _name(state), STATE_LASTS)


def _name(state: str) -> str:
    return STATE + hashlib.sha256(state.encode()).hexdigest()
