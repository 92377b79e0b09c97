"""Files as Slack describes them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.doubles.on_slack.messages import File

Json = dict[str, Any]


def file(file: File) -> Json:
    if file.deleted:
        return {"id": file.id, "mode": "tombstone"}
    kind = file.name.rpartition(".")[2].lower()
    base = f"{file.team.world.url}/files-pri/{file.team.id}-{file.id}"
    shares: dict[str, dict[str, list[Json]]] = {}
    for share in file.shares:
        room = share.channel
        entry: Json = {
            "reply_users": [],
            "reply_users_count": 0,
            "reply_count": 0,
            "ts": share.ts,
            "channel_name": room.name,
            "team_id": room.team.id,
            "share_user_id": file.user.id,
        }
        if share.thread_ts:
            entry["thread_ts"] = share.thread_ts
        open_to = "private" if room.private else "public"
        shares.setdefault(open_to, {}).setdefault(room.id, []).append(entry)
    where: dict[str, list[str]] = {"public": [], "private": [], "im": []}
    for share in file.shares:
        where[share.channel.kind].append(share.channel.id)
    made: Json = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": kind,
        "pretty_type": kind.upper(),
        "user": file.user.id,
        "user_team": file.team.id,
        "editable": False,
        "size": len(file.data),
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": bool(where["public"]),
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{base}/{file.name}",
        "url_private_download": f"{base}/download/{file.name}",
        "permalink": f"{file.team.world.url}/files/{file.user.id}/{file.id}/{file.name}",
        "comments_count": 0,
        "is_starred": False,
        "shares": shares,
        "channels": where["public"],
        "groups": where["private"],
        "ims": where["im"],
        "has_more_shares": False,
        "has_rich_preview": False,
        "file_access": "visible",
    }
    if file.alt_text:
        made["alt_txt"] = file.alt_text
    if shape := size(file.data):
        made |= {"original_w": shape[0], "original_h": shape[1]}
    return made


def size(data: bytes) -> tuple[int, int] | None:
    """Of a PNG or a JPEG; Slack tells it in `original_w` and `original_h`."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        mark, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None
