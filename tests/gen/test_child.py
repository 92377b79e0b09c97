"""The render child and its keeper: real processes, with engines that go wrong in every way."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from PIL import Image

from gen import encode, patience, pictures
from gen.answers import BROKE
from gen.engines.base import NOTHING, Brief, CannotMake, Inputs, Stopped, Style, Task
from gen.host import Host
from gen.pictures import NO_FILM, TOO_LARGE, UNREADABLE
from gen.rendered import Rendered, Step
from gen.trouble import CRASHED, DISK_FULL, HANGS, OUT_OF_MEMORY, RenderFailed
from tests.support import engines
from tests.support.engines import Toy, entry

BRIEF = Brief("a red circle", (7, 8), width=64, height=64, frames=8, fps=8, steps=4, guidance=2)
WITHIN = 20


class Bench:
    """A host with one child, a folder for its files and a diary of what its engine did."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.diary = folder / "diary"
        self.entry = entry("toy", Toy, self.diary)
        self.host = Host(watts=360)
        self.host.start()
        self.host.load(self.entry)
        self.steps: list[Step] = []

    def use(self, engine: type[Toy], name: str = "bad", **options: object) -> None:
        self.entry = entry(name, engine, self.diary, **options)

    async def render(self, brief: Brief = BRIEF, inputs: Inputs = NOTHING) -> Rendered:
        async with asyncio.timeout(WITHIN):
            return await self.host.render(self.entry, brief, self.folder, self.steps.append, inputs)

    def noted(self, what: str) -> list[str]:
        lines = self.diary.read_text().splitlines() if self.diary.exists() else []
        return [line for line in lines if line.startswith(what)]

    async def until(self, reached: Callable[[], object]) -> None:
        deadline = time.monotonic() + WITHIN
        while not reached():
            assert time.monotonic() < deadline, self.noted("")
            await asyncio.sleep(0.005)

    @property
    def pid(self) -> int:
        """Of the child that loaded last."""
        return int(self.noted("load")[-1].split()[1])


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    yield made
    await made.host.close()


async def test_a_brief_becomes_files(bench: Bench) -> None:
    rendered = await bench.render()
    assert [clip.seed for clip in rendered.clips] == [7, 8]
    assert rendered.notes == ("12 letters",)
    for clip in rendered.clips:
        for file in (clip.video, clip.poster):
            with av.open(file) as container:
                assert list(container.decode(video=0))
        assert clip.preview.read_bytes().startswith(b"RIFF")
    assert [(step.done, step.total) for step in bench.steps] == [(n, 4) for n in (1, 2, 3, 4)]
    preview = bench.steps[0].preview
    assert preview is not None
    assert preview.read_bytes().startswith(b"\xff\xd8")


async def test_a_take_is_encoded_while_the_next_is_made(bench: Bench) -> None:
    bench.use(engines.Patient)
    rendered = await bench.render()
    assert [clip.seed for clip in rendered.clips] == [7, 8]


async def test_pictures_and_films_reach_the_engine_as_files(bench: Bench, tmp_path: Path) -> None:
    grey = np.full((24, 40, 3), 90, np.uint8)
    Image.fromarray(grey).save(tmp_path / "first.png")
    Image.fromarray(grey).save(tmp_path / "last.webp", lossless=True)
    (tmp_path / "film.mp4").write_bytes(encode.mp4(np.stack([grey] * 20), 8))
    inputs = Inputs(tmp_path / "first.png", tmp_path / "last.webp", tmp_path / "film.mp4")
    style = Style("somewhere", 0.5)
    brief = replace(BRIEF, task=Task.VIDEO, style=style, final_size=(128, 128))
    await bench.render(brief, inputs)
    assert bench.noted("first") == ["first (24, 40, 3) 90"]
    assert bench.noted("last") == ["last (24, 40, 3) 90"]
    (noted,) = bench.noted("film")
    assert noted.startswith("film (20, 24, 40, 3)")
    assert bench.noted("asked") == [f"asked video {style} (128, 128)"]


@pytest.mark.parametrize(
    ("fps", "mean"),
    [
        pytest.param(8, 175, id="the last eight shades"),
        pytest.param(16, 180, id="every second one of the last sixteen"),
    ],
)
async def test_a_clip_is_continued_from_its_last_second_at_the_briefs_rate(
    bench: Bench, tmp_path: Path, fps: int, mean: int
) -> None:
    shades = np.arange(20, 220, 80 / fps, dtype=np.uint8)
    film = np.repeat(shades, 3 * 24 * 40).reshape(-1, 24, 40, 3)
    (tmp_path / "film.mp4").write_bytes(encode.mp4(film, fps))
    await bench.render(replace(BRIEF, task=Task.EXTEND), Inputs(film=tmp_path / "film.mp4"))
    (noted,) = bench.noted("film")
    assert noted.startswith("film (8, 24, 40, 3)")
    assert abs(int(noted.split()[-1]) - mean) <= 3


async def test_a_picture_that_cannot_be_used_is_one_sentence(bench: Bench, tmp_path: Path) -> None:
    torn, huge, other = (tmp_path / name for name in ("torn.png", "huge.png", "other.png"))
    Image.fromarray(np.zeros((50, 50, 3), np.uint8)).save(torn)
    torn.write_bytes(torn.read_bytes()[:60])
    Image.new("1", (9000, 9000)).save(huge)
    other.write_text("<svg/>")
    for file, sentence in ((torn, UNREADABLE), (huge, TOO_LARGE), (other, UNREADABLE)):
        with pytest.raises(CannotMake, match=sentence):
            await bench.render(replace(BRIEF, task=Task.IMAGE), Inputs(first=file))
    with pytest.raises(CannotMake, match=NO_FILM):
        await bench.render(replace(BRIEF, task=Task.EXTEND), Inputs(film=torn))
    assert len((await bench.render()).clips) == 2


def test_a_photograph_stands_the_way_it_was_taken(tmp_path: Path) -> None:
    sideways = Image.fromarray(np.zeros((20, 40, 3), np.uint8))
    turned = sideways.getexif()
    turned[0x0112] = 6  # a quarter turn
    sideways.save(tmp_path / "photo.jpg", exif=turned)
    assert pictures.still(tmp_path / "photo.jpg").shape == (40, 20, 3)


async def test_the_model_stays_warm_and_is_switched_when_another_is_asked_for(bench: Bench) -> None:
    await bench.render()
    await bench.render()
    assert len(bench.noted("load")) == 1
    bench.use(engines.Other, "other", load_ms=250)
    assert bench.host.warm.loaded == "toy"
    kept = bench.host.warm.since
    switched = await bench.render()
    assert len(bench.noted("load")) == 2
    assert len(bench.noted("close")) == 1
    warm, loads = bench.host.warm, bench.host.measures.load_seconds()
    assert (warm.loaded, warm.loads) == ("other", 2)
    assert warm.since is not None
    assert kept is not None
    assert warm.since > kept
    assert switched.load_seconds >= loads["other"] >= 0.2
    again = await bench.render()
    assert again.load_seconds < 0.2
    assert warm.loads == 2
    assert len({note.split()[1] for note in bench.noted("load")}) == 1, "it is the same process"


async def test_what_libraries_and_their_programs_print_and_read_harms_nothing(bench: Bench) -> None:
    bench.use(engines.Spawning)
    assert len((await bench.render()).clips) == 2


@pytest.mark.parametrize(
    ("engine", "error", "sentence"),
    [
        (engines.Refusing, CannotMake, "This model makes no dragons."),
        (engines.Weightless, CannotMake, "There are no weights."),
        (engines.Broken, RenderFailed, BROKE),
        (engines.Greedy, RenderFailed, OUT_OF_MEMORY),
        (engines.Crashing, RenderFailed, CRASHED),
        (engines.Cramped, RenderFailed, DISK_FULL),
    ],
)
async def test_what_goes_wrong_ends_one_render_with_one_sentence(
    bench: Bench,
    engine: type[Toy],
    error: type[Exception],
    sentence: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    good = bench.entry
    bench.use(engine, noise=True)
    with pytest.raises(error) as wrong:
        await bench.render()
    assert str(wrong.value) == sentence
    if engine is not engines.Cramped:  # that limit is for the life of its process
        bench.entry = good
        assert len((await bench.render()).clips) == 2
    out, err = capfd.readouterr()
    assert BRIEF.prompt not in out + err, "prompts are not logged"


async def test_a_stop_is_obeyed_within_one_step(bench: Bench) -> None:
    bench.use(Toy, step_ms=100, steps=100)
    rendering = asyncio.create_task(bench.render())
    await bench.until(lambda: len(bench.steps) == 3)
    bench.host.stop()
    with pytest.raises(Stopped):
        await rendering
    assert len(bench.noted("step")) <= 4
    child = bench.pid
    bench.use(Toy, step_ms=100, steps=1)
    bench.entry = bench.entry.model_copy(update={"options": {"diary": str(bench.diary)}})
    await bench.render()
    assert bench.pid == child, "a child that stopped when asked lives on"


async def test_a_cancelled_render_is_stopped_too(bench: Bench) -> None:
    bench.use(Toy, step_ms=100, steps=100)
    rendering = asyncio.create_task(bench.render())
    await bench.until(lambda: len(bench.steps) == 2)
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    bench.use(Toy)
    assert len((await bench.render()).clips) == 2
    assert len(bench.noted("step")) <= 3 + 4


async def test_a_child_that_does_not_stop_is_killed_and_replaced(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "GRACE_SECONDS", 0.2)
    good = bench.entry
    bench.use(engines.Deaf)
    rendering = asyncio.create_task(bench.render())
    await bench.until(lambda: bench.noted("deaf") and bench.steps)
    deaf = bench.pid
    bench.host.stop()
    with pytest.raises(Stopped):
        await rendering
    bench.entry = good
    assert len((await bench.render()).clips) == 2
    assert bench.pid != deaf


async def test_a_stop_before_the_first_step_does_not_cost_the_warm_model(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "GRACE_SECONDS", 0.1)
    bench.use(Toy, "slow", step_ms=1000, steps=1)
    rendering = asyncio.create_task(bench.render())
    await bench.until(lambda: bench.noted("make"))
    warm = bench.pid
    bench.host.stop()
    with pytest.raises(Stopped):
        await rendering
    await bench.render()
    assert bench.noted("load")[1:] == [f"load {warm}"], "once, after the first of the bench"


async def test_a_stop_takes_as_long_as_this_model_is_known_to_take(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr(patience, "FIRST_GRACE_SECONDS", 0.1)
    bench.use(engines.Developing)
    one = replace(BRIEF, seeds=(7,))
    await bench.render(one)
    warm = bench.pid
    rendering = asyncio.create_task(bench.render(one))
    await bench.until(lambda: len(bench.noted("developing")) == 2 and len(bench.steps) == 8)
    bench.host.stop()
    with pytest.raises(Stopped):
        await rendering
    await bench.render(one)
    assert bench.pid == warm


async def test_encoding_for_long_is_not_hanging(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SILENT_SECONDS", 1.5)
    monkeypatch.setattr(patience, "PATIENCE", 0)
    bench.use(engines.Waited)
    rendering = asyncio.create_task(bench.render())
    await bench.until(lambda: bench.noted("encoding"))
    await asyncio.sleep(2.5)
    (bench.folder / "go").touch()
    assert len((await rendering).clips) == 2


async def test_a_stop_while_it_encodes_waits_for_no_clip(
    bench: Bench, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good = bench.entry
    bench.use(engines.Waited)
    bench.folder = tmp_path / "render"
    bench.folder.mkdir()
    rendering = asyncio.create_task(bench.render())
    await bench.until(lambda: len(bench.noted("encoding")) == 2)
    warm = bench.pid
    bench.host.stop()
    with pytest.raises(Stopped):
        await rendering
    assert not bench.noted("gone")
    shutil.rmtree(bench.folder)
    bench.folder, bench.entry = tmp_path, good
    assert len((await bench.render()).clips) == 2
    assert bench.pid == warm
    (tmp_path / "go").touch()
    await bench.until(lambda: len(bench.noted("gone")) == 2)
    assert len((await bench.render()).clips) == 2
    assert bench.pid == warm
    assert "Error" not in "".join(capfd.readouterr()), "what nobody waits for fails unheard"


async def test_a_silent_child_is_killed_and_replaced(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SILENT_SECONDS", 2.0)
    monkeypatch.setattr(patience, "PATIENCE", 2)
    good = bench.entry
    bench.use(engines.Deaf)
    with pytest.raises(RenderFailed, match=HANGS):
        await bench.render()
    bench.entry = good
    assert len((await bench.render()).clips) == 2


async def test_a_child_killed_while_idle_is_replaced_in_the_background(bench: Bench) -> None:
    await bench.render()
    killed = bench.pid
    os.kill(killed, signal.SIGKILL)
    since = bench.host.warm.since
    await bench.until(lambda: bench.pid != killed and bench.host.state == "ready")
    assert (bench.host.warm.loaded, bench.host.warm.since) == ("toy", since), "it keeps to it"
    assert len((await bench.render()).clips) == 2


async def test_a_model_that_ends_the_process_while_it_loads_harms_no_other(bench: Bench) -> None:
    good = bench.entry
    bench.use(engines.Unloadable)
    bad = bench.entry
    with pytest.raises(RenderFailed, match=CRASHED):
        await bench.render()
    await bench.until(lambda: bench.host.state.startswith("Bad can't be loaded"))
    assert bench.host.model == bench.host.warm.loaded == ""
    bench.entry = good
    assert len((await bench.render()).clips) == 2
    bench.host.load(bad)
    assert bench.host.model == "toy"
    assert len(bench.noted("load")) == 3, "the bad one is not loaded again unasked"


async def test_a_render_does_not_wait_inside_a_child_that_loads_another_model(
    tmp_path: Path,
) -> None:
    host = Host()
    host.start()
    host.load(entry("bad", engines.Unloadable, tmp_path / "diary"))
    try:
        async with asyncio.timeout(WITHIN):
            good = entry("toy", Toy, tmp_path / "diary")
            rendered = await host.render(good, BRIEF, tmp_path, lambda step: None)
        assert len(rendered.clips) == 2
    finally:
        await host.close()


async def test_an_answer_that_cannot_be_read_costs_one_render(bench: Bench) -> None:
    good = bench.entry
    bench.use(engines.Wordy)
    with pytest.raises(RenderFailed, match=CRASHED):
        await bench.render()
    bench.entry = good
    assert len((await bench.render()).clips) == 2


async def test_a_render_that_waits_for_a_child_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise ValueError

    toy = entry("toy", Toy, tmp_path / "diary")
    host = Host()
    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "create_subprocess_exec", refuse)
        host.start()
        rendering = asyncio.create_task(host.render(toy, BRIEF, tmp_path, lambda step: None))
        await asyncio.sleep(0.2)
        host.stop()
        with pytest.raises(Stopped):
            async with asyncio.timeout(WITHIN):
                await rendering
    try:
        async with asyncio.timeout(WITHIN):
            rendered = await host.render(toy, BRIEF, tmp_path, lambda step: None)
        assert len(rendered.clips) == 2, "it tries again to start one"
    finally:
        await host.close()


async def test_the_state_says_why_a_model_cannot_be_used(tmp_path: Path) -> None:
    host = Host()
    host.start()
    host.load(entry("bad", engines.Weightless, tmp_path / "diary"))
    try:
        async with asyncio.timeout(WITHIN):
            while host.state != "There are no weights.":
                host.state_changed.clear()
                await host.state_changed.wait()
    finally:
        await host.close()


def test_the_child_ends_with_its_parent_even_in_the_middle_of_a_step(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    program = f"""
import asyncio
from pathlib import Path
from gen.host import Host
from tests.gen.test_child import BRIEF
from tests.support.engines import Deaf, entry
async def main():
    deaf = entry("deaf", Deaf, Path({str(diary)!r}))
    host = Host()
    host.start()
    await host.render(deaf, BRIEF, Path({str(tmp_path)!r}), lambda step: None)
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
    try:
        deadline = time.monotonic() + WITHIN
        while not (diary.exists() and "deaf" in diary.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        child = psutil.Process(int(diary.read_text().split()[1]))
    finally:
        parent.kill()
        parent.wait()
    assert psutil.wait_procs([child], timeout=WITHIN)[1] == []


async def test_the_last_steps_of_a_brief_are_taken(bench: Bench) -> None:
    rendered = await bench.render(replace(BRIEF, upscale=True, smooth=True))
    for clip in rendered.clips:
        with av.open(clip.video) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height, stream.frames) == (128, 128, 16)
            assert stream.average_rate == 2 * BRIEF.fps


async def test_what_a_model_lets_hear_is_heard(bench: Bench) -> None:
    bench.use(engines.Singing)
    for clip in (await bench.render()).clips:
        with av.open(clip.video) as container:
            loud = [np.abs(frame.to_ndarray()).max() for frame in container.decode(audio=0)]
        assert max(loud) > 0.3


async def test_it_says_what_the_render_took(bench: Bench) -> None:
    bench.use(Toy, step_ms=50, steps=4)
    rendered = await bench.render()
    assert rendered.seconds >= 0.2
    assert not rendered.energy_measured
    assert rendered.energy_wh == pytest.approx(rendered.seconds * 360 / 3600)
