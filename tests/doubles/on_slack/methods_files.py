"""files.*, and the two doors beside the API through which bytes go in and out."""

from __future__ import annotations

import mimetypes
import secrets
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.doubles.on_slack import blocks as kit
from tests.doubles.on_slack import errors, limits, payloads
from tests.doubles.on_slack.errors import ApiError
from tests.doubles.on_slack.messages import File, Message
from tests.doubles.on_slack.model import Channel
from tests.doubles.on_slack.web_api import Call, method

if TYPE_CHECKING:
    from tests.doubles.on_slack.world import World

Json = dict[str, Any]
LARGEST = 1024**3


@method("files.getUploadURLExternal", "files:write")
def upload_url(call: Call) -> Json:
    name, length = call.must("filename"), call.number("length", 0, LARGEST + 1)
    if not 0 < length <= LARGEST:
        raise errors.invalid("invalid_arguments", "length must be a positive number of bytes")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    made = call.world.new_file(call.team.bot, name, kind, length)
    made.alt_text = call.text("alt_txt") or None
    ticket = secrets.token_urlsafe(32)
    call.world.uploads[ticket] = made
    return {"upload_url": f"{call.world.url}/upload/v1/{ticket}", "file_id": made.id}


@method("files.completeUploadExternal", "files:write")
def complete(call: Call) -> Json:
    """The answer comes before the message: where that is, files.info says a little later."""
    given = call.args.get("files")
    if not isinstance(given, list) or not given:
        raise errors.invalid("invalid_arguments", "missing required field: files")
    files = [_upload(call, entry["id"]) for entry in given]
    ids = [call.text("channel_id")] if call.text("channel_id") else call.names("channels")
    channels = [_postable(call, channel_id) for channel_id in ids]
    thread = call.text("thread_ts")
    if thread and len(channels) != 1:
        raise errors.invalid("invalid_arguments", "thread_ts goes with one channel")
    if thread and channels[0].message(thread) is None:
        raise ApiError("thread_not_found")
    comment = call.text("initial_comment")
    blocks = None if comment else call.args.get("blocks")
    if comment or blocks:
        limits.check_message(call.team, call.request.method, comment, blocks)
    for file, entry in zip(files, given, strict=True):
        file.completed = True
        file.title = entry.get("title") or file.name
    answer = {"files": [payloads.file(file) for file in files]}

    def share() -> None:
        for channel in channels:
            message = Message(call.world.clock.ts(), channel, call.team.bot, comment)
            message.subtype, message.thread_ts = "file_share", thread or None
            message.blocks = kit.filled_in(blocks or [], call.world.block_id)
            message.payload = dict(call.args)
            call.world.attach(message, files)
            call.world.post(message)

    call.world.soon(call.world.share_after, share)
    return answer


@method("files.info", "files:read")
def info(call: Call) -> Json:
    return {"file": payloads.file(_known(call)), "comments": [], "content_truncated": False}


@method("files.delete", "files:write")
def delete(call: Call) -> Json:
    file = _known(call)
    if file.user is not call.team.bot:
        raise ApiError("cant_delete_file")
    call.world.delete_file(file)
    return {}


def _known(call: Call) -> File:
    file = call.world.files.get(call.must("file"))
    if file is None or not file.completed or file.team is not call.team:
        raise ApiError("file_not_found")
    if not call.world.visible_to_bot(file):
        raise ApiError("file_not_found")
    if file.deleted:
        raise ApiError("file_deleted")
    return file


def _upload(call: Call, file_id: str) -> File:
    """An upload can be completed once."""
    file = call.world.files.get(file_id)
    if file is None or file.completed or not file.uploaded or file.user is not call.team.bot:
        raise ApiError("file_not_found")
    return file


def _postable(call: Call, channel_id: str) -> Channel:
    found = call.team.channels.get(channel_id)
    if found is None or (found.private and not found.has_bot):
        raise ApiError("channel_not_found")
    if not found.has_bot:
        raise ApiError("not_in_channel")
    if found.archived:
        raise ApiError("is_archived")
    return found


# ── bytes ────────────────────────────────────────────────────────────────────────────────


async def receive(world: World, http: web.Request) -> web.Response:
    """POST to the upload URL: the bytes as they are, or as a form's only file."""
    file = world.uploads.get(http.match_info["ticket"])
    if file is None or file.completed:
        return web.Response(status=404, text="not found")
    if http.content_type == "multipart/form-data":
        form = await http.post()
        parts = [part for part in form.values() if isinstance(part, web.FileField)]
        data = parts[0].file.read() if parts else b""
    else:
        data = await http.read()
    if len(data) != file.length:
        world.violations.append(f"{file.name}: {len(data)} bytes came, {file.length} were said")
        return web.Response(status=400, text="length mismatch")
    file.data, file.uploaded = data, True
    return web.Response(text=f"OK - {len(data)}")


def serve(world: World, http: web.Request) -> web.StreamResponse:
    """A file's bytes, for whoever comes with a token. All others are shown the way to the login
    page, with status 200 in the end: what is downloaded then is HTML."""
    file = world.files.get(http.match_info["key"].partition("-")[2])
    token = http.headers.get("Authorization", "").removeprefix("Bearer ")
    team = world.by_token.get(token)
    if file is None or file.deleted:
        return web.Response(status=404)
    known = team is file.team and team.installed and token == team.bot_token
    if not known or "files:read" not in file.team.scopes or not world.visible_to_bot(file):
        raise web.HTTPFound(f"{world.url}/login")
    world.scopes_used.add("files:read")
    return web.Response(body=file.data, content_type=file.mimetype)
