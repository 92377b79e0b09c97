"""What Slack says of somebody who signs in on the web: whether they are of a workspace of ours, and as
what."""

from __future__ import annotations

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.on_slack.ids import ROOM
from bot.on_slack.parts import SlackParts
from bot.on_slack.people import vouch
from bot.vouching import Silent
from moderation.people import Role

AWAY = (SlackApiError, aiohttp.ClientError, OSError)


class Vouching:
    """One per room."""

    name = ROOM

    def __init__(self, parts: SlackParts) -> None:
        self._parts = parts

    async def vouch(self, workspace: str, user_id: str, *, fresh: bool) -> frozenset[Role] | None:
        """Raises ``Silent``."""
        try:
            known = await vouch(self._parts, workspace, user_id, fresh=False)
            # Whoever has no role has none to lose.
            return await vouch(self._parts, workspace, user_id) if fresh and known else known
        except LookupError:
            return None  # the app isn't in that workspace
        except AWAY as error:
            raise Silent from error
