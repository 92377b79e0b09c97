"""Pictures that come with a wish, and what goes on from a clip, over real HTTP."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot import pictures
from db import jobs
from db.models import Job
from db.offers import Range, StyleOffer
from db.states import Descent, Task
from tests.bot.on_web.served import Be, Caller, Served
from tests.support.studio import ABLE

INK = StyleOffer(name="ink", title="Ink", owner="Ada <3", licence="CC-BY-4.0")
RICH = ABLE.model_copy(
    update={
        "styles": (INK,),
        "licence_url": "https://example.org/licence",
        "restrictions": "No use in court.",
        "strength": Range(low=0.1, high=1, default=0.7),
    }
)


@pytest.fixture(autouse=True)
async def able(served: Served) -> None:
    await served.open([RICH])


def png(width: int = 96, height: int = 54, colour: str = "teal") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


async def upload(who: Caller, files: dict[str, bytes], **fields: str) -> tuple[int, dict[str, Any]]:
    """Send the form as a browser does, its empty file inputs with it."""
    if not who.csrf:
        await who.page()
    form = aiohttp.FormData({"csrf": who.csrf, "prompt": "a boat", **fields})
    for name in ("image", "last"):
        data = files.get(name, b"")
        form.add_field(
            name,
            io.BytesIO(data),
            filename=f"{name}.gif" if data else "",
            content_type="image/x-anything",
        )
    headers = {"Accept": "application/json"}
    async with who.session.post(f"{who.base}/sora", data=form, headers=headers) as answer:
        return answer.status, await answer.json()


async def newest(served: Served) -> Job:
    async with served.db.read() as s:
        return (await jobs.of_person(s, (await served.known("ada")).id))[0]


def stored(served: Served) -> list[Path]:
    return [path for path in served.media.folder.rglob("*") if path.is_file()]


async def test_a_picture_begins_the_clip_and_chooses_its_shape(served: Served, be: Be) -> None:
    status, answer = await upload(be("ada"), {"image": png()}, aspect="", key="k")
    assert (status, answer["said"]) == (200, "Job 1 is in line.")
    job = await newest(served)
    assert (job.task, job.aspect, job.last_key) == (Task.IMAGE, "16:9", "")
    assert served.media.path(job.first_key).read_bytes() == png()
    await upload(be("ada"), {"image": png()}, key="k")
    await upload(be("ada"), {"image": png(colour="red")}, key="k")
    assert (await newest(served)).id == 2, "the same picture twice is one wish, another another"


async def test_two_pictures_and_a_loop(served: Served, be: Be) -> None:
    await upload(be("ada"), {"image": png(), "last": png(colour="red")})
    job = await newest(served)
    assert (job.task, job.first_key != job.last_key) == (Task.FRAMES, True)
    await upload(be("ada"), {"image": png()}, loop="yes", final="yes", upscale="yes")
    job = await newest(served)
    assert (job.task, bool(job.first_key), job.last_key) == (Task.LOOP, True, "")
    assert (job.draft, job.upscale, job.smooth) == (False, True, False)


@pytest.mark.parametrize(
    ("files", "fields", "said"),
    [
        ({"image": b"GIF89a"}, {}, pictures.NONE),
        ({"image": png() + b"\0" * pictures.LARGEST_BYTES}, {}, pictures.TOO_LARGE),
        ({"last": png()}, {}, "give the one it begins with as image"),
        ({"image": png()}, {"prompt": "x --wings 2"}, "There is no option --wings"),
        ({"image": png(), "last": b"nothing"}, {}, pictures.NONE),
        ({}, {"image": "a" * 64 + ".png"}, "--image is a picture that you attach"),
        ({}, {"style": "oil"}, "Toy has no style “oil”; choose ink."),
    ],
    ids=["gif", "large", "last alone", "option", "one of two", "typed", "style"],
)
async def test_what_can_not_be_taken_leaves_nothing_behind(
    served: Served, be: Be, files: dict[str, bytes], fields: dict[str, str], said: str
) -> None:
    if "image" in fields:
        status, answer = await be("ada").post("/sora", {"prompt": "x", **fields})
    else:
        status, answer = await upload(be("ada"), files, **fields)
    assert status == 409
    assert said in str(answer["said"])
    assert stored(served) == []


async def test_a_flood_of_pictures_or_words_is_cut_off(served: Served, be: Be) -> None:
    big = png() + b"\0" * (2 * pictures.LARGEST_BYTES)
    assert await upload(be("ada"), {"image": big, "last": big}) == (
        413,
        {"said": pictures.TOO_LARGE},
    )
    status, answer = await upload(be("ada"), {"image": png()}, prompt="x" * 300_000)
    assert (status, answer["said"]) == (413, "That is far too long.")
    assert stored(served) == []


async def test_a_picture_is_shown_to_its_artist_and_to_who_decides(served: Served, be: Be) -> None:
    await upload(be("ada"), {"image": png()}, private="yes")
    job = await newest(served)
    path = f"/jobs/{job.id}/first"
    assert [await be(who).status(path) for who in ("ada", "mo", "bo")] == [200, 404, 404]
    claimed = await served.claim()
    assert claimed is not None
    await served.finish(claimed)
    assert await be("mo").status(path) == 404
    await be("ada").act(job, "state", depicts="nobody")
    await be("ada").act(job, "publish")
    await served.told()
    assert [await be(who).status(path) for who in ("ada", "mo", "bo")] == [200, 200, 404]
    assert "stated that nobody real is in it." in await be("mo").page("/review")
    assert f'src="/as/mo{path}"' in await be("mo").page("/review")
    assert f'src="/as/ada{path}"' in await be("ada").page("/")
    await be("mo").act(job, "approve")
    await served.told()
    assert await be("bo").status(path) == 404
    assert "/first" not in await be("bo").page("/showcase")
    assert await be("ada").status(f"/jobs/{job.id}/last") == 404


async def test_a_clip_is_picked_and_goes_on(served: Served, be: Be) -> None:
    job = await served.in_review("ada", seed=7)
    ada = be("ada")
    page = await ada.page("/")
    for sign in ("vary", "extend", "redraw", "final"):
        assert f'value="{sign}"' in page
    assert 'type="radio" name="only" value="2"' in page
    status, answer = await ada.act(job, "vary")
    assert (status, answer["said"]) == (409, f"Pick the clip first: job {job.id} has 2.")
    status, answer = await ada.act(job, "vary", only="2")
    assert (status, answer["said"]) == (200, "Job 2 is in line: the same job, near that clip.")
    assert (await newest(served)).near == [[8, 1.0]]
    status, answer = await ada.act(job, "redraw", only="1", words="a cube --strength 0.4")
    assert status == 200, answer
    grown = await newest(served)
    assert (grown.prompt, grown.strength, grown.descent) == ("a cube", 0.4, Descent.REDRAW)
    assert (await ada.act(job, "redraw", only="1", words=""))[0] == 409
    assert (await be("bo").act(job, "vary", only="1"))[0] == 409


async def test_the_card_says_what_was_really_used(served: Served, be: Be) -> None:
    job = await served.in_review("ada", seed=7, style="ink:0.8")
    await served.change(
        job.id, compute_seconds=1.23, energy_wh=0.0213, approximations=["first-block cache"]
    )
    page = await be("ada").page("/")
    for words in (
        '<a href="https://example.org/licence" rel="noreferrer">Apache-2.0</a>',
        "No use in court.",
        "Ink by Ada &lt;3 (CC-BY-4.0), at strength 0.8",
        '<dt>seeds</dt><dd dir="auto">7, 8</dd>',
        "first-block cache",
        "1.2 s, about 0.021 Wh",
        "<dt>draft</dt>",
    ):
        assert words in page
    await served.change(job.id, energy_measured=True)
    assert "1.2 s, 0.021 Wh" in await be("ada").page("/")


async def test_the_form_offers_what_the_model_can(served: Served, be: Be) -> None:
    page = await be("ada").page("/")
    assert '<div class="field file" data-field="last">' in page
    assert '<option value="ink">Ink by Ada &lt;3</option>' in page
    await served.open([ABLE.model_copy(update={"tasks": (Task.TEXT,), "draft": None})])
    page = await be("ada").page("/")
    for name in ("image", "last", "loop", "style", "final"):
        assert f'data-field="{name}" hidden' in page
    assert 'data-field="upscale" hidden' not in page
