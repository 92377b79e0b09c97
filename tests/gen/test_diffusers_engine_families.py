"""Every family is driven for every task it claims: real classes, tiny, with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from db.states import RENDERED
from gen.engines import families
from gen.engines.base import Brief, CannotMake, Film, Picture, Stopped, Task
from gen.engines.diffusers import DiffusersEngine
from gen.engines.glimpse import EVERY
from tests.support import tiny
from tests.support.engines import made

pytestmark = [
    pytest.mark.xdist_group("tiny_families"),
    # What diffusers' schedulers and Mochi's autocast say of themselves on a CPU with today's NumPy.
    pytest.mark.filterwarnings("ignore:__array:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:In CPU autocast:UserWarning"),
]

TEXT, IMAGE, FRAMES = Task.TEXT, Task.IMAGE, Task.FRAMES
EXTEND, VIDEO, LOOP = Task.EXTEND, Task.VIDEO, Task.LOOP

# What weights of each kind can do, and width, height and frames to ask for where 64 × 64 × 9 is not
# theirs.
ABLE: dict[str, tuple[set[Task], tuple[int, int, int]]] = {
    "ltx": ({TEXT, IMAGE, EXTEND}, (64, 64, 9)),
    "ltx_condition": ({TEXT, IMAGE, FRAMES, EXTEND, VIDEO, LOOP}, (64, 64, 9)),
    "ltx2": ({TEXT, IMAGE, FRAMES, EXTEND, LOOP}, (64, 64, 9)),
    "wan": ({TEXT, VIDEO}, (64, 64, 9)),
    "wan_5b": ({TEXT, IMAGE, EXTEND}, (64, 64, 9)),
    "wan_a14b": ({TEXT}, (64, 64, 9)),
    "wan_image": ({IMAGE, EXTEND}, (64, 64, 9)),
    "wan_frames": ({FRAMES}, (64, 64, 9)),
    "wan_image_a14b": ({IMAGE, EXTEND, FRAMES}, (64, 64, 9)),
    "cogvideox": ({TEXT, VIDEO}, (64, 64, 9)),
    "cogvideox_image": ({IMAGE, EXTEND}, (64, 64, 9)),
    "hunyuan": ({TEXT}, (32, 32, 5)),
    "hunyuan_image": ({IMAGE, EXTEND}, (32, 32, 5)),
    "mochi": ({TEXT}, (64, 64, 7)),
    "kandinsky": ({TEXT}, (64, 64, 9)),
    "kandinsky_image": ({IMAGE, EXTEND}, (64, 64, 17)),
    "helios": ({TEXT, IMAGE, EXTEND}, (32, 32, 33)),
    "sana_video": ({TEXT, IMAGE, EXTEND}, (64, 64, 9)),
    "animatediff": ({TEXT, VIDEO}, (32, 32, 4)),
}
EACH = [(name, task) for name, (tasks, _) in ABLE.items() for task in sorted(tasks)]

KINDS: dict[str, str] = {}
"""The pipeline class of each, once it was built."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: tmp_path_factory.mktemp(name) for name in ABLE}


@pytest.fixture(scope="module")
def loaded() -> dict[str, DiffusersEngine]:
    return {}


@pytest.fixture
def engine(
    name: str, folders: dict[str, Path], loaded: dict[str, DiffusersEngine]
) -> DiffusersEngine:
    """Warm, with weights that were saved and read back."""
    if name not in loaded:
        torch.manual_seed(0)
        pipe = tiny.BUILDERS[name]()
        KINDS[name] = type(pipe).__name__
        pipe.save_pretrained(folders[name], safe_serialization=True)
        loaded[name] = DiffusersEngine(folders[name], device="cpu", dtype="float32")
        loaded[name].load()
    return loaded[name]


def _pictures(count: int, seed: int) -> Film:
    """Smooth pictures in a size of their own."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (count, 5, 9, 3), dtype=np.uint8)
    return coarse.repeat(10, axis=1).repeat(10, axis=2)


def _brief(name: str, task: Task, **changes: Any) -> Brief:
    width, height, frames = ABLE[name][1]
    asked: dict[str, Any] = {
        "prompt": "a red ball drifting left", "seeds": (1,), "width": width, "height": height,
        "frames": frames, "fps": 8, "steps": 3, "guidance": 3.0, "task": task,
    }  # fmt: skip
    if task in (IMAGE, FRAMES):
        asked["first"] = _pictures(1, seed=1)[0]
    if task is FRAMES:
        asked["last"] = _pictures(1, seed=2)[0]
    if task in (EXTEND, VIDEO):
        asked["film"] = _pictures(10, seed=3)
    return Brief(**asked | changes)


@pytest.mark.parametrize(("name", "task"), EACH)
def test_variations_are_their_own_every_step_is_told_and_a_stop_harms_nothing(
    engine: DiffusersEngine, name: str, task: Task
) -> None:
    alone = made(engine, _brief(name, task, seeds=(4,))).takes[0]
    told: list[tuple[int, int]] = []
    previews: list[Picture] = []

    def stop(done: int, total: int, preview: Picture | None = None) -> None:
        told.append((done, total))
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        made(engine, _brief(name, task), stop)
    assert [done for done, _ in told] == [1, 2], "it ends within the step"
    told.clear()

    def progress(done: int, total: int, preview: Picture | None = None) -> None:
        told.append((done, total))
        if preview is not None:
            previews.append(preview)

    together = made(engine, _brief(name, task, seeds=(3, 4)), progress).takes
    width, height, frames = ABLE[name][1]
    for take in (*together, alone):
        assert take.film.shape == (frames - (task is LOOP), height, width, 3)
        assert take.film.dtype == np.uint8
        assert take.film.std() > 1, "there is something to see"
    assert np.abs(together[1].film.astype(int) - alone.film).max() <= 1  # rounding
    assert not np.array_equal(together[0].film, together[1].film)
    assert told == [(n + 1, len(told)) for n in range(len(told))]
    assert len(told) >= (2 if task is VIDEO else 3)
    assert len(previews) == len(told) // EVERY
    assert all(preview.shape == (256, 256, 3) for preview in previews)


@pytest.mark.parametrize("name", ABLE)
def test_what_the_weights_cannot_do_is_refused_in_one_sentence(
    engine: DiffusersEngine, name: str
) -> None:
    # From a picture back to it is a loop as well: see below.
    loops = {LOOP} if FRAMES in ABLE[name][0] else set()
    for task in set(RENDERED) - ABLE[name][0] - loops:
        pictures = _pictures(10, seed=4)
        brief = _brief(name, task, first=pictures[0], last=pictures[1], film=pictures)
        with pytest.raises(CannotMake, match=r"^This model can't make a clip [^.]+\.$"):
            made(engine, brief)


@pytest.mark.parametrize("name", [name for name in ABLE if FRAMES in ABLE[name][0]])
def test_a_loop_from_a_picture_leaves_out_the_frame_that_is_its_first(
    engine: DiffusersEngine, name: str
) -> None:
    picture, told = _pictures(1, seed=1)[0], []
    loop = made(
        engine,
        _brief(name, LOOP, first=picture),
        lambda done, total, preview=None: told.append((done, total)),
    ).takes[0]
    ring = made(engine, _brief(name, FRAMES, first=picture, last=picture)).takes[0]
    assert np.array_equal(loop.film, ring.film[:-1])
    assert told == [(n, 3) for n in (1, 2, 3)]


def test_a_loop_without_a_picture_is_refused_where_no_words_make_one(
    folders: dict[str, Path], loaded: dict[str, DiffusersEngine]
) -> None:
    name = "wan_frames"
    tiny.BUILDERS[name]().save_pretrained(folders[name], safe_serialization=True)
    engine = DiffusersEngine(folders[name], device="cpu", dtype="float32")
    with pytest.raises(CannotMake, match=r"^This model makes a loop from a picture; give one\.$"):
        made(engine, _brief(name, LOOP))


@pytest.mark.parametrize("name", ABLE)
def test_the_catalogue_is_told_what_a_class_can_do_at_most(
    engine: DiffusersEngine, name: str
) -> None:
    assert ABLE[name][0] <= families.tasks_of(KINDS[name])


def test_no_family_claims_what_no_weights_were_seen_to_do() -> None:
    seen: dict[str, set[Task]] = {}
    for name, (tasks, _) in ABLE.items():
        seen.setdefault(type(tiny.BUILDERS[name]()).__name__, set()).update(tasks)
    claimed = {kind: set(families.tasks_of(kind)) for kind in families.FAMILIES}
    assert seen == claimed


@pytest.mark.parametrize("name", ["ltx", "wan_5b", "cogvideox", "sana_video"])
def test_the_tasks_of_a_model_share_its_weights(engine: DiffusersEngine, name: str) -> None:
    for task in sorted(ABLE[name][0]):
        made(engine, _brief(name, task, steps=1, strength=1.0))
    for pipe in engine._sisters.values():
        assert pipe.transformer is engine._pipe.transformer
        assert pipe.vae is engine._pipe.vae


@pytest.mark.parametrize(
    ("name", "task"), [("ltx_condition", IMAGE), ("ltx_condition", FRAMES), ("wan_5b", IMAGE)]
)
def test_a_clip_depends_on_the_pictures_it_is_given(
    engine: DiffusersEngine, name: str, task: Task
) -> None:
    one = made(engine, _brief(name, task)).takes[0].film
    end = "first" if task is IMAGE else "last"
    other = made(engine, _brief(name, task, **{end: _pictures(1, seed=9)[0]})).takes[0].film
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("name", ["ltx2"])
def test_what_a_model_makes_to_hear_lasts_as_long_as_what_it_makes_to_see(
    engine: DiffusersEngine, name: str
) -> None:
    for task in (TEXT, EXTEND):
        take = made(engine, _brief(name, task)).takes[0]
        assert take.sound is not None
        assert take.sound.samples.dtype == np.float32
        assert np.abs(take.sound.samples).max() <= 1
        seconds = take.sound.samples.shape[1] / take.sound.rate
        assert seconds == pytest.approx(9 / 8, abs=0.05)


@pytest.mark.parametrize("name", ["ltx2"])
def test_without_guidance_no_other_guidance_is_paid_for(engine: DiffusersEngine, name: str) -> None:
    calls: list[int] = []
    hook = engine._pipe.transformer.register_forward_pre_hook(lambda *_: calls.append(1))
    made(engine, _brief(name, TEXT, guidance=1.0))
    hook.remove()
    assert len(calls) == 3


@pytest.mark.parametrize("name", ["wan"])
def test_a_film_is_redrawn_over_its_whole_length(engine: DiffusersEngine, name: str) -> None:
    film = _pictures(30, seed=5)
    slow = made(engine, _brief(name, VIDEO, film=film, strength=0.4)).takes[0].film
    chosen = film[np.linspace(0, 29, 9).round().astype(int)]
    assert np.array_equal(
        slow,
        made(engine, _brief(name, VIDEO, film=chosen, strength=0.4)).takes[0].film,
    )
