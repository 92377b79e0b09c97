"""Lists in Slack, and the app's own page: my jobs, the line, my credits, and settings for
hosts."""

from __future__ import annotations

from bot import credits, limits, lists
from bot.lists import Listing
from bot.on_slack.ids import ROOM
from bot.on_slack.paint import button, sentences
from bot.on_slack.parts import SlackParts
from bot.on_slack.people import who
from bot.on_slack.text import Json, label, plain
from bot.press import Press, Step
from moderation.people import Role

TITLE_LIMIT, MORE_LIMIT = 150, 300
MOST_BLOCKS = 50
"""Of a message."""
SETUP, NEW = "setup:open", "wish:open"
"""The ids of the page's own buttons."""


def painted(listing: Listing) -> list[Json]:
    """A list with its buttons."""
    blocks: list[Json] = [{"type": "header", "text": plain(listing.title, TITLE_LIMIT)}]
    for line in listing.lines:
        more = sentences(line)
        if len(blocks) + len(more) > MOST_BLOCKS - 2:
            break
        blocks += more
    if listing.more:
        blocks.append({"type": "context", "elements": [plain(listing.more, MORE_LIMIT)]})
    made = [
        button(Press(one.sign, one.job_id, step=Step.LIST), one.label) for one in listing.buttons
    ]
    if made:
        blocks.append({"type": "actions", "elements": made[:25]})
    return blocks


async def publish(parts: SlackParts, team: str, user: str) -> None:
    """Paint the app's page for somebody who opens it."""
    person = await who(parts, team, user, fresh=False)
    async with parts.db.read() as s:
        mine = await lists.mine(s, person, 1)
        line = await limits.queue(s, person, "all", 1, (parts.desk.rules, ROOM, team))
        earned = await credits.mine(s, person)
    top = [
        {"type": "button", "text": label("Make a clip", 75), "action_id": NEW, "style": "primary"}
    ]
    if Role.HOST in person.roles:
        top.append({"type": "button", "text": label("Settings", 75), "action_id": SETUP})
    blocks: list[Json] = [{"type": "actions", "elements": top}]
    seen: set[str] = {NEW, SETUP}
    for listing in (mine, line, earned):
        blocks.append({"type": "divider"})
        for block in painted(listing):
            if block["type"] == "actions":
                kept = [e for e in block["elements"] if e["action_id"] not in seen]
                seen |= {e["action_id"] for e in kept}
                if not kept:
                    continue
                block = {**block, "elements": kept}
            blocks.append(block)
    view = {"type": "home", "blocks": blocks[:100]}
    await parts.courier.call(team, "views.publish", user_id=user, view=view)
