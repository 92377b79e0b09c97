"""The embedded model begins with pictures, goes on from clips, and closes loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gen.embedded.lift import lift
from gen.embedded.pipeline import CommonsShapesPipeline
from gen.embedded.train import WEIGHTS

pytestmark = pytest.mark.xdist_group("embedded")

RED, BLUE = (219, 28, 31), (33, 76, 219)
Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def pipe() -> Any:
    pipe = CommonsShapesPipeline.from_pretrained(WEIGHTS, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _made(pipe: Any, prompt: str, seed: int = 1, **options: Any) -> Pixels:
    plain = {"width": 160, "height": 128, "num_frames": 24}
    dice = torch.Generator().manual_seed(seed)
    return np.asarray(pipe(prompt, generator=dice, **{**plain, **options}).frames[0])


def _disc(x: float, y: float = 64, height: int = 128, width: int = 160) -> Pixels:
    """A red disc over blue that grows lighter to the right."""
    at_x, at_y = np.meshgrid(np.arange(width), np.arange(height))
    behind = np.array(BLUE) + at_x[..., None] / width * 30
    edge = np.clip(18.5 - np.hypot(at_x - x, at_y - y), 0, 1)[..., None]
    return np.asarray((behind * (1 - edge) + np.array(RED) * edge).round().astype(np.uint8))


def _middle_of_red(film: Pixels) -> NDArray[np.float64]:
    red = np.linalg.norm(film.astype(float) - RED, axis=-1) < 90
    assert red.any((1, 2)).all()
    return np.asarray((red.sum(1) * np.arange(film.shape[2])).sum(1) / red.sum((1, 2)))


def _steps(film: Pixels) -> NDArray[np.float64]:
    """How much changes from each frame to the next, on the mean pixel."""
    return np.asarray(np.abs(np.diff(film.astype(float), axis=0)).mean((1, 2, 3)))


def _lifted(*frames: Pixels) -> Any:
    return lift(torch.from_numpy(np.stack(frames)).float() / 255)


def test_a_thing_is_lifted_off_a_picture_and_leaves_no_hole() -> None:
    lifted = _lifted(_disc(50))
    (thing,) = lifted.things
    assert thing.centre == pytest.approx((50, 64), abs=1)
    bare = _disc(-100) / 255.0
    assert np.abs(lifted.plate.numpy() - bare).max() < 0.1


def test_a_photograph_stays_whole() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 160, 3), dtype=np.uint8)
    lifted = _lifted(noise)
    assert not lifted.things
    assert np.array_equal((lifted.plate.numpy() * 255).round(), noise)


def test_what_moves_is_lifted_off_any_background() -> None:
    checks = np.indices((128, 160)).sum(0) // 20 % 2 * 80 + 100

    def frame(x: int) -> Pixels:
        picture = np.repeat(checks[..., None], 3, -1).astype(np.uint8)
        picture[50:80, x : x + 30] = RED
        return picture

    lifted = _lifted(*(frame(x) for x in range(20, 100, 5)))
    (thing,) = lifted.things
    assert thing.centre == pytest.approx((109.5, 64.5), abs=2)
    assert thing.velocity == pytest.approx((5, 0), abs=1)


def test_a_clip_begins_with_its_picture_which_then_moves_as_the_words_say(
    pipe: Any,
) -> None:
    picture = _disc(100)
    asked = "a red circle drifting left over a blue background"
    film = _made(pipe, asked, first=picture)
    assert np.abs(film[0].astype(int) - picture).max() <= 2
    x = _middle_of_red(film)
    assert x[-1] < x[0] - 20
    assert _steps(film).max() < 8


@pytest.mark.parametrize("at", [(148, 64), (12, 64), (80, 118), (80, 10)])
@pytest.mark.parametrize("moves", ["standing still", "drifting left", "drifting up"])
def test_a_thing_near_an_edge_stays_in_the_picture(
    pipe: Any, at: tuple[float, float], moves: str
) -> None:
    film = _made(pipe, f"a red circle {moves} over a blue background", first=_disc(*at))
    assert _middle_of_red(film).shape == (24,)


def test_what_fades_away_is_there_at_first(pipe: Any) -> None:
    picture = _disc(80)
    film = _made(pipe, "a red circle fading away over a blue background", first=picture)
    assert np.abs(film[0].astype(int) - picture).max() <= 2
    red = (np.linalg.norm(film.astype(float) - RED, axis=-1) < 90).sum((1, 2))
    assert red[-1] < 0.1 * red[0]


def test_a_picture_it_cannot_take_apart_keeps_its_colours_and_its_layout(
    pipe: Any,
) -> None:
    rng = np.random.default_rng(1)
    coarse = torch.from_numpy(rng.uniform(0, 1, (1, 3, 6, 8)))
    photo = torch.nn.functional.interpolate(coarse, (128, 160), mode="bicubic")[0].clamp(0, 1)
    shown = (photo.movedim(0, -1).numpy() * 255).round().astype(np.uint8)
    film = _made(pipe, "", first=shown)
    assert np.abs(film[0].astype(int) - shown).max() <= 2
    assert np.abs(film[-1].mean((0, 1)) - shown.mean((0, 1))).max() < 25
    assert _steps(film).sum() > 1, "it is animated"


@pytest.mark.parametrize(
    "prompt",
    [
        "a red circle drifting left over a blue background",
        "a yellow star bouncing over the sea",
        "a white boat sailing right at sunset",
        "a green square spinning over a white grid on purple",
        "a pink heart in the sky, the camera pans right",
    ],
)
def test_a_clip_goes_on_without_a_jump(pipe: Any, prompt: str) -> None:
    clip = _made(pipe, prompt)
    more = _made(pipe, prompt, seed=2, film=clip[-12:])
    assert more.shape == clip.shape
    seam = _steps(np.stack([clip[-1], more[0]]))[0]
    assert seam < 1.0 + 1.2 * _steps(clip).max()
    assert _steps(more).max() < 1.0 + 1.5 * _steps(clip).max()


def test_what_moved_goes_on_moving(pipe: Any) -> None:
    clip = np.stack([_disc(30 + 3 * i) for i in range(12)])
    more = _made(pipe, "a red circle moving right over blue", film=clip)
    x = _middle_of_red(more[:12])
    assert 1 < x[0] - 63 < 5, "one step after the last frame that was given"
    assert (np.diff(x) > -0.5).all()


@pytest.mark.parametrize(
    "prompt",
    [
        "a red circle drifting left over a blue background",
        "a yellow star spinning at night",
        "a green tree growing in the snow",
        "a white boat fading away on the sea",
        "a blue square pulsing in the city, zoom in",
    ],
)
def test_a_loop_has_no_seam(pipe: Any, prompt: str) -> None:
    for seed in range(4):
        film = _made(pipe, prompt, seed, loop=True, num_frames=48)
        around = _steps(np.concatenate([film, film[:1]]))
        assert around[-1] <= 1.3 * around[:-1].max() + 0.2
        assert around[:-1].max() > 0.05, "it moves"


def test_a_picture_a_clip_and_a_loop_exclude_each_other(pipe: Any) -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        _made(pipe, "", first=_disc(50), loop=True)
