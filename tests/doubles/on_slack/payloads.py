"""Everything that Slack says, as it says it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack.files import file as file

if TYPE_CHECKING:
    from tests.doubles.on_slack.messages import Message
    from tests.doubles.on_slack.model import Channel, Group, Team
    from tests.doubles.on_slack.people import User
    from tests.doubles.on_slack.views import View

Json = dict[str, Any]


def team(team: Team) -> Json:
    return {"id": team.id, "domain": team.domain}


def user(user: User, *, email: bool = False) -> Json:
    """The whole of it, as users.info has it."""
    real, shown = user.real_name or user.name, user.display_name or ""
    first, _, last = real.partition(" ")
    mark = hashlib.md5(user.id.encode(), usedforsecurity=False).hexdigest()[:12]
    pictures_of = {
        f"image_{size}": f"{user.team.world.url}/avatars/{mark}-{size}.png"
        for size in (24, 32, 48, 72, 192, 512)
    }
    profile: Json = {
        "title": "",
        "phone": "",
        "skype": "",
        "real_name": real,
        "real_name_normalized": real,
        "display_name": shown,
        "display_name_normalized": shown,
        "status_text": "",
        "status_emoji": "",
        "status_expiration": 0,
        "avatar_hash": mark,
        "first_name": first,
        "last_name": last,
        **pictures_of,
        "status_text_canonical": "",
        "team": user.team.id,
    }
    if email and user.email:
        profile["email"] = user.email
    if user.bot:
        profile |= {"api_app_id": user.team.world.app_id, "bot_id": user.team.bot_id}
        profile["always_active"] = True
    made: Json = {
        "id": user.id,
        "team_id": user.team.id,
        "name": user.handle,
        "deleted": user.deactivated,
        "profile": profile,
        "is_bot": user.bot,
        "is_app_user": False,
        "updated": 1700000000,
    }
    if not user.deactivated:  # of those who are gone Slack says much less
        made |= {
            "color": "9f69e7",
            "real_name": real,
            "tz": user.tz,
            "tz_label": "",
            "tz_offset": 3600,
            "is_admin": user.admin,
            "is_owner": user.owner,
            "is_primary_owner": user.owner,
            "is_restricted": bool(user.guest),
            "is_ultra_restricted": user.guest == "single",
            "is_email_confirmed": True,
            "who_can_share_contact_card": "EVERYONE",
        }
    return made


def channel(channel: Channel) -> Json:
    if channel.kind == "im":
        person = next(m for m in channel.members if m is not channel.team.bot)
        return {
            "id": channel.id,
            "created": 1700000000,
            "is_archived": False,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": channel.team.id,
            "updated": 1700000000,
            "user": person.id,
            "is_user_deleted": person.deactivated,
        }
    nothing = {"value": "", "creator": "", "last_set": 0}
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.private,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.private,
        "created": 1700000000,
        "is_archived": channel.archived,
        "is_general": False,
        "unlinked": 0,
        "name_normalized": channel.name,
        "is_shared": False,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "context_team_id": channel.team.id,
        "updated": 1700000000,
        "creator": channel.team.owner.id,
        "is_ext_shared": False,
        "shared_team_ids": [channel.team.id],
        "pending_connected_team_ids": [],
        "is_member": channel.has_bot,
        "is_read_only": channel.read_only,
        "topic": nothing,
        "purpose": nothing,
        "previous_names": [],
    }


def group(group: Group, *, users: bool = False) -> Json:
    made: Json = {
        "id": group.id,
        "team_id": group.team.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": 1700000000,
        "date_update": 1700000000,
        "date_delete": 1700000001 if group.disabled else 0,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": group.team.owner.id,
        "updated_by": group.team.owner.id,
        "prefs": {"channels": [], "groups": []},
        "channel_count": 0,
        "user_count": len(group.members),
    }
    if users:
        made["users"] = [member.id for member in group.members]
    return made


def message(message: Message, *, metadata: bool = False) -> Json:
    """As histories, events and buttons' payloads have it; of metadata only who asks is told."""
    author, where = message.user, message.team
    if message.deleted:
        said = {"text": "This message was deleted.", "user": "USLACKBOT", "subtype": "tombstone"}
        return {"type": "message", "ts": message.ts, "thread_ts": message.ts, **said}
    made: Json = {"type": "message", "user": author.id, "ts": message.ts}
    if message.by_bot:
        made |= {"bot_id": where.bot_id, "app_id": where.world.app_id, "bot_profile": bot(where)}
    elif not message.subtype:
        made["client_msg_id"] = message.payload.get("client_msg_id", "")
    made |= {"text": message.content, "team": where.id}
    if message.blocks:
        made["blocks"] = message.blocks
    if message.attachments:
        made["attachments"] = message.attachments
    if message.subtype:
        made["subtype"] = message.subtype
    if message.files:
        made |= {"files": [file(f) for f in message.files], "upload": False}
        made["display_as_bot"] = False
    if message.edits:
        made["edited"] = {"user": author.id, "ts": f"{int(message.edits[-1].at)}.000000"}
    if message.reactions:
        made["reactions"] = reactions(message)
    replies = message.replies
    if message.thread_ts or replies:
        made["thread_ts"] = message.thread_ts or message.ts
    if message.is_reply:
        parent = message.channel.message(message.thread_ts or "")
        made["parent_user_id"] = parent.user.id if parent else "USLACKBOT"
    if replies:
        who = list(dict.fromkeys(reply.user.id for reply in replies))
        made |= {
            "reply_count": len(replies),
            "reply_users_count": len(who),
            "latest_reply": replies[-1].ts,
            "reply_users": who,
            "is_locked": False,
            "subscribed": False,
        }
    if metadata and message.metadata:
        made["metadata"] = message.metadata
    return made


def reactions(message: Message) -> list[Json]:
    return [
        {"name": name, "users": list(users), "count": len(users)}
        for name, users in message.reactions.items()
    ]


def bot(team: Team) -> Json:
    base = f"{team.world.url}/avatars/app"
    return {
        "id": team.bot_id,
        "app_id": team.world.app_id,
        "name": team.bot.name,
        "icons": {f"image_{size}": f"{base}-{size}.png" for size in (36, 48, 72)},
        "deleted": False,
        "updated": 1700000000,
        "team_id": team.id,
    }


def view(view: View) -> Json:
    """As the bot gets it back, with what was filled in."""
    sent = view.payload
    made: Json = {
        "id": view.id,
        "team_id": view.user.team.id,
        "type": view.type,
        "blocks": view.blocks,
        "private_metadata": view.private_metadata,
        "callback_id": view.callback_id,
        "state": view.state(),
        "hash": view.hash,
        "title": sent.get("title"),
        "clear_on_close": bool(sent.get("clear_on_close")),
        "notify_on_close": bool(sent.get("notify_on_close")),
        "close": sent.get("close"),
        "submit": sent.get("submit"),
        "previous_view_id": view.previous.id if view.previous else None,
        "root_view_id": (view.root or view).id,
        "app_id": view.user.team.world.app_id,
        "external_id": view.external_id,
        "app_installed_team_id": view.user.team.id,
        "bot_id": view.user.team.bot_id,
    }
    return made
