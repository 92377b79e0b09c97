"""The embedded model draws what it is asked for, and says what it can't."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gen.embedded.pipeline import CommonsShapesPipeline
from gen.embedded.train import WEIGHTS
from gen.engines.base import Brief, CannotMake, Film, Picture
from gen.engines.diffusers import DiffusersEngine
from tests.support.engines import made

pytestmark = pytest.mark.xdist_group("embedded")

RED_CIRCLE = "a red circle drifting left over a blue background"


@pytest.fixture(scope="module")
def engine() -> Iterator[DiffusersEngine]:
    """The shipped weights, loaded as the catalogue's entry loads them."""
    warm = DiffusersEngine(
        WEIGHTS,
        device="cpu",
        dtype="float32",
        pipeline="gen.embedded.pipeline:CommonsShapesPipeline",
    )
    warm.load()
    yield warm
    warm.close()


def _make(engine: DiffusersEngine, prompt: str = RED_CIRCLE, **changes: Any) -> list[Film]:
    plain = {
        "seeds": (1,), "width": 128, "height": 128, "frames": 16, "fps": 8, "steps": 12,
        "guidance": 1.5,
    }  # fmt: skip
    takes = made(engine, Brief(prompt=prompt, **{**plain, **changes})).takes
    return [take.film for take in takes]


def _near(film: Film, colour: tuple[int, int, int], within: float = 120) -> NDArray[np.bool_]:
    """Which pixels of (frames, height, width) are near a colour."""
    distance = np.linalg.norm(film.astype(float) - colour, axis=-1)
    return np.asarray(distance < within)


def test_the_red_circle_drifts_left_over_blue(engine: DiffusersEngine) -> None:
    right = 0
    for film in _make(engine, seeds=tuple(range(12)), frames=16):
        blue = _near(film, (33, 76, 219))
        disc = ~blue  # with its highlight, if it is a shiny one
        if not disc.any((1, 2)).all():
            continue
        at = np.arange(128)
        area = disc.sum((1, 2))
        x, y = (disc.sum(1) @ at) / area, (disc.sum(2) @ at) / area
        far = np.hypot(at - x[:, None, None], at[:, None] - y[:, None, None])
        within = far <= np.sqrt(area / math.pi)[:, None, None] + 1.5
        inside = (disc & within).sum((1, 2)) / area
        is_round = inside[4:12].min() > 0.97  # a square's corners hold more than a tenth of it
        is_red = (_near(film, (219, 28, 31)) & disc).sum() > 0.6 * disc.sum()
        drifts_left = x[-1] < x[0] - 25 and (np.diff(x) < 0.5).all() and np.ptp(y) < 12
        over_blue = 0.6 < blue.mean() < 0.99
        right += bool(is_round and is_red and drifts_left and over_blue)
    assert right >= 11


def test_the_same_seed_gives_the_same_bytes(engine: DiffusersEngine) -> None:
    first, again = (_make(engine, seeds=(7, 8)) for _ in range(2))
    assert [film.tobytes() for film in first] == [film.tobytes() for film in again]


def test_each_variation_equals_the_single_render_with_its_seed(engine: DiffusersEngine) -> None:
    together = _make(engine, "a yellow star spinning at night", seeds=(4, 5, 6))
    for seed, film in zip((4, 5, 6), together, strict=True):
        alone = _make(engine, "a yellow star spinning at night", seeds=(seed,))[0]
        assert np.abs(film.astype(int) - alone).mean() < 0.01


def test_different_seeds_give_visibly_different_clips(engine: DiffusersEngine) -> None:
    films = _make(engine, seeds=(1, 2, 3, 4))
    for i, one in enumerate(films):
        for other in films[i + 1 :]:
            apart = np.abs(one.astype(int) - other).max(-1) > 60
            assert apart.mean() > 0.01


@pytest.mark.parametrize(
    ("width", "height"),
    [(256, 144), (144, 256), (128, 128), (256, 192), (192, 256), (336, 144), (768, 768)],
)
def test_a_circle_is_round_in_every_aspect(
    engine: DiffusersEngine, width: int, height: int
) -> None:
    asked = "a small red circle standing still in the centre over a white background"
    film = _make(engine, asked, width=width, height=height)[0]
    assert film.shape == (16, height, width, 3)
    red = _near(film[:1], (219, 28, 31))[0]
    wide, high = np.flatnonzero(red.any(0)), np.flatnonzero(red.any(1))
    assert abs(np.ptp(wide) - np.ptp(high)) <= 2 + 0.15 * np.ptp(wide)


def test_more_frames_show_the_same_motion_more_smoothly(engine: DiffusersEngine) -> None:
    short, long = _make(engine, frames=16)[0], _make(engine, frames=120)[0]
    assert len(long) == 120
    assert np.array_equal(short[0], long[0])
    assert np.array_equal(short[-1], long[-1])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"width": 100}, "128 to 768 pixels a side, in steps of 8, not 100×128"),
        ({"height": 1024}, "128 to 768 pixels a side, in steps of 8, not 128×1024"),
        ({"frames": 8}, "16 to 150 frames, not 8"),
    ],
)
def test_sizes_it_cannot_make_are_refused_in_one_sentence(
    engine: DiffusersEngine, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(CannotMake, match=said):
        _make(engine, **changes)


@pytest.mark.parametrize(
    ("prompt", "notes"),
    [
        (RED_CIRCLE, ()),
        ("Red circles drifted LEFTWARDS, please: it's over a blue background!", ()),
        ("a blue giraffe drifting left", ("This small model doesn't know “giraffe”.",)),
        ("a giraffe and a zebra", ("This small model doesn't know “giraffe” or “zebra”.",)),
        ("a red circle 🦒", ("This small model doesn't know “🦒”.",)),
        ("", ()),
    ],
)
def test_words_it_does_not_know_are_said(
    engine: DiffusersEngine, prompt: str, notes: tuple[str, ...]
) -> None:
    assert made(engine, Brief(prompt, (1,), 128, 128, 16, 8, 2, 1.5)).notes == notes


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "   ",
        "🦒🎉",
        "دائرة حمراء",
        "דג כחול",
        "xyzzy " * 1667,
        "red circle " * 900,
        "\x00\u202e",
    ],
)
def test_any_text_makes_a_clip(engine: DiffusersEngine, prompt: str) -> None:
    result = made(engine, Brief(prompt, (1,), 128, 128, 16, 8, 4, 1.5))
    assert result.takes[0].film.shape == (16, 128, 128, 3)
    assert sum(map(len, result.notes)) < 400


def test_a_negative_prompt_changes_the_clip(engine: DiffusersEngine) -> None:
    plain = _make(engine, "a star over blue")[0]
    assert not np.array_equal(plain, _make(engine, "a star over blue", negative="red")[0])


def test_a_preview_shows_what_the_clip_is_becoming(engine: DiffusersEngine) -> None:
    seen: list[Picture] = []

    def keep(done: int, total: int, preview: Picture | None = None) -> None:
        seen.extend([] if preview is None else [preview])

    brief = Brief(RED_CIRCLE, (1, 2), 336, 144, 16, 8, 12, 1.5)
    middle = made(engine, brief, keep).takes[0].film[8]
    assert [picture.shape for picture in seen] == [(55, 128, 3)] * 4
    assert np.abs(seen[-1].mean((0, 1)) - middle.mean((0, 1))).max() < 12


def test_it_loads_as_any_pipeline_does() -> None:
    pipe = CommonsShapesPipeline.from_pretrained(WEIGHTS, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(1)
    frames = pipe("a green square", generator=generator, num_inference_steps=2).frames
    assert frames.shape == (1, 48, 256, 256, 3)
    assert sum(file.stat().st_size for file in WEIGHTS.rglob("*")) < 24e6
