"""The page of what is somebody's: its download, and how one is forgotten there."""

from __future__ import annotations

import asyncio
import io
from contextlib import suppress
from zipfile import ZipFile

from db import people
from tests.bot.on_web.served import Be, Served


async def test_all_of_it_comes_as_one_file_that_is_kept_nowhere(served: Served, be: Be) -> None:
    job = await served.published("ada", prompt="a red circle")
    ada = be("ada")
    assert "You have 1 job, 2 clips" in await ada.page("/yours")
    assert 'href="/as/ada/yours"' in await ada.page("/")
    async with ada.session.get(f"{ada.base}/yours.zip") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        with ZipFile(io.BytesIO(await answer.read())) as archive:
            assert f"clips/job-{job.id}-clip-1.mp4" in archive.namelist()
    exports = served.folder / "exports"
    with suppress(
        TimeoutError
    ):  # it is removed once all of it was sent, which the reader knows first
        async with asyncio.timeout(10):
            while any(exports.iterdir()):
                await asyncio.sleep(0.01)
    assert list(exports.iterdir()) == []


async def test_one_is_forgotten_once_one_has_typed_it(served: Served, be: Be) -> None:
    await served.published("ada", prompt="a red circle")
    ada, old = be("ada"), await served.known("ada")
    assert "type <b>forget me</b>" in await ada.page("/yours")
    assert "Nothing was deleted" in await ada.send("/yours/delete", [("sure", "yes")])
    async with served.db.read() as s:
        assert not await people.leaving(s, [old.id])
    await ada.send("/yours/delete", [("sure", "Forget me")])
    async with served.db.read() as s:
        assert await people.leaving(s, [old.id])
    assert "You have 0 jobs" in await ada.page("/yours")
    assert (await served.known("ada")).id != old.id
