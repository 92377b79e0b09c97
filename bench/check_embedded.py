"""Does the embedded model draw what it was asked for? Looks at pixels only.

``python -m bench.check_embedded`` renders held-out combinations of shape, colour and motion (never
seen in training) with fixed seeds and judges each clip; ``--truth`` judges drawings of the same
plans instead, which shows how much of the error is the checker's own.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from gen.embedded import backdrops, captions, scenes, shapes
from gen.embedded.captions import describe
from gen.embedded.codec import FIELD_TOKENS
from gen.embedded.drawings import Drawings
from gen.embedded.pipeline import CommonsShapesPipeline
from gen.embedded.scenes import HEADINGS, Scene, Subject
from gen.embedded.train import WEIGHTS

SIDE, FRAMES = 128, 32
Mask = NDArray[np.bool_]
ASPECTS = ("colour", "shape", "motion", "background")


@dataclass(frozen=True)
class Track:
    """The subject from the first to the last frame that shows it, in the units of ``scenes``."""

    masks: Mask
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    radius: NDArray[np.float64]
    first: int
    last: int

    @property
    def whole(self) -> int:
        """The frame that shows the subject best: large, and away from the edges."""
        edge = np.maximum(np.abs(self.x), np.abs(self.y)) + self.radius
        return int(np.argmax(np.where(edge < 1.0, self.radius, self.radius - edge)))


def plans(count: int) -> list[Scene]:
    """Held-out scenes with one subject whose colours can be told from the background's."""
    rng = np.random.default_rng(11)
    found: list[Scene] = []
    while len(found) < count:
        colours = tuple(str(c) for c in rng.choice(list(backdrops.COLOURS), 3, replace=False))
        subject = Subject(
            shape=str(rng.choice(shapes.NAMES)),
            colour=colours[0],
            size="medium",
            texture="flat",
            motion=str(rng.choice(scenes.MOTIONS)),
            speed="normal",
        )
        plan = Scene((subject,), str(rng.choice(backdrops.NAMES)), (colours[1], colours[2]))
        if scenes.held_out(subject) and _contrast(plan) > 0.45:
            found.append(plan)
    return found


def _contrast(plan: Scene) -> float:
    rng = np.random.default_rng(0)
    colours, _ = backdrops.paint(plan.background, plan.colours, rng)
    subject = np.array(backdrops.COLOURS[plan.subjects[0].colour])
    return float(np.linalg.norm(colours - subject, axis=1).min())


def ask(plan: Scene, index: int) -> str:
    """A caption that says all that will be checked."""
    subject = plan.subjects[0]
    rng = np.random.default_rng([12, index])
    colours = captions.COLOURS[subject.colour]
    while True:
        text = describe(plan, rng)
        names_colour = any(word in text.split() for word in colours)
        if names_colour and _says_place(plan, text):
            return text


def _says_place(plan: Scene, text: str) -> bool:
    """Captions sometimes leave the background open; those can't be checked."""
    if plan.background in captions.PLACES:
        return any(place in text for place in captions.PLACES[plan.background])
    return any(word in text.split() for word in captions.COLOURS[plan.colours[0]])


# ── what is seen ─────────────────────────────────────────────────────────────────────────
def track(film: NDArray[np.float64], colour: str) -> Track | None:
    """The largest patch of ``colour`` in each frame; none if half of the frames show none."""
    masks = np.stack([_largest(_like(frame, colour)) for frame in film])
    area = masks.reshape(len(masks), -1).sum(1)
    seen = area > 0.002 * SIDE * SIDE
    if seen.mean() < 0.4:
        return None
    at = np.linspace(-1, 1, SIDE)
    area = np.maximum(area, 1)
    x, y = (masks.sum(1) @ at) / area, (masks.sum(2) @ at) / area
    radius = np.sqrt(area / np.pi) / (SIDE / 2)
    first, last = np.flatnonzero(seen)[[0, -1]]
    part = slice(first, last + 1)
    return Track(masks[part], x[part], y[part], radius[part], int(first), int(last))


def _like(frame: NDArray[np.float64], colour: str) -> Mask:
    """Pixels whose nearest colour is this one, shades of it included."""
    names = list(backdrops.COLOURS)
    palette = np.array([backdrops.COLOURS[name] for name in names])
    wanted = palette[names.index(colour)]
    distance = np.linalg.norm(frame - wanted, axis=-1)
    dark = np.linalg.norm(frame - wanted * 0.7, axis=-1)
    others = np.delete(palette, names.index(colour), 0)
    nearest = np.linalg.norm(frame[:, :, None] - others, axis=-1).min(-1)
    return np.asarray(np.minimum(distance, dark) < np.minimum(nearest, 0.35))


def _largest(mask: Mask) -> Mask:
    """The largest connected patch, found by spreading labels."""
    inside = torch.from_numpy(mask).float()[None, None]
    labels = torch.arange(1.0, mask.size + 1).view(1, 1, *mask.shape) * inside
    while True:
        spread = F.max_pool2d(labels, 3, 1, 1) * inside
        for _ in range(7):
            spread = F.max_pool2d(spread, 3, 1, 1) * inside
        if torch.equal(spread, labels):
            break
        labels = spread
    found = labels[0, 0].numpy()
    values, counts = np.unique(found[found > 0], return_counts=True)
    return np.asarray(found == values[counts.argmax()]) if len(values) else mask


@cache
def _templates() -> tuple[list[str], torch.Tensor]:
    """Masks of each shape's variants, turned and cut to their boxes, (n, 1024)."""
    rng, names, rows = np.random.default_rng(5), [], []
    for name in shapes.NAMES:
        for _ in range(3):
            field = torch.from_numpy(shapes.outline(name, rng))[None, None]
            for turn in np.arange(0, 2 * np.pi, np.pi / 12):
                cos, sin = float(np.cos(turn)), float(np.sin(turn))
                theta = torch.tensor([[[cos, sin, 0.0], [-sin, cos, 0.0]]]) * 1.05
                grid = F.affine_grid(theta, [1, 1, 64, 64], align_corners=False)
                turned = F.grid_sample(field, grid, padding_mode="border", align_corners=False)
                rows.append(_boxed((turned[0, 0] < 0).numpy()))
                names.append(name)
    return names, torch.stack(rows)


def _boxed(mask: Mask) -> torch.Tensor:
    """A mask cut to its square box and brought to 32 × 32, as numbers from 0 to 1."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    high, wide = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    side = max(high, wide)
    cut = np.zeros((side, side), np.float32)
    top, left = (side - high) // 2, (side - wide) // 2
    patch = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    cut[top : top + high, left : left + wide] = patch
    small = F.interpolate(torch.from_numpy(cut)[None, None], size=(32, 32), mode="area")
    return small.flatten()


def seen_shape(seen: Track) -> str:
    """The shape whose template overlaps most."""
    names, templates = _templates()
    mask = _boxed(seen.masks[seen.whole])
    overlap = torch.minimum(templates, mask).sum(1) / torch.maximum(templates, mask).sum(1)
    return names[int(overlap.argmax())]


def moves_as(seen: Track, motion: str) -> bool:
    """Whether a track shows this motion."""
    x, y, r = seen.x, seen.y, seen.radius
    dx, dy = x[-1] - x[0], y[-1] - y[0]
    wide, high = float(np.ptp(x)), float(np.ptp(y))
    steady = float(np.ptp(np.log(np.maximum(r, 0.02)))) < 0.5
    if motion in HEADINGS:
        way = HEADINGS[motion]
        ahead, aside = dx * way[0] + dy * way[1], dx * way[1] + dy * way[0]
        return bool(ahead > 0.35 and abs(aside) < 0.5 * ahead)
    if motion == "falling":
        return dy > 0.5 and wide < 0.4
    if motion == "bouncing":
        return high > 0.35 and wide < 0.75 and _reversals(y, 0.1) >= 2
    if motion == "circling":
        return wide > 0.4 and high > 0.4 and _winding(x, y) > 0.7
    if motion == "zigzag":
        return wide > 0.55 and high > 0.25 and _reversals(y, 0.1) >= 2
    if motion == "swinging":
        return wide > 0.4 and _reversals(x, 0.1) >= 1 and high < wide
    if motion == "floating":
        return wide < 0.35 and 0.05 < high < 0.4 and _reversals(y, 0.04) >= 1
    stays = wide < 0.3 and high < 0.3
    if motion == "still":
        return stays and steady and high < 0.06 and not _spins(seen)
    if motion == "spinning":
        return stays and (_spins(seen) or _turns_alike(seen))
    swell = np.log(r[-1] / r[0])
    if motion == "growing":
        return stays and swell > 0.4
    if motion == "shrinking":
        return stays and swell < -0.4
    if motion == "pulsing":
        return stays and _reversals(np.log(r), 0.15) >= 2
    if motion == "appearing":
        return stays and seen.first > 4 and seen.last > FRAMES - 3
    return stays and seen.first < 2 and seen.last < FRAMES - 5


def _reversals(curve: NDArray[np.float64], least: float) -> int:
    """How often a curve turns back by at least so much."""
    count, way, best = 0, 0, curve[0]
    for value in curve:
        if way >= 0 and best - value > least:
            count, way, best = count + (way > 0), -1, value
        elif way <= 0 and value - best > least:
            count, way, best = count + (way < 0), 1, value
        best = max(best, value) if way > 0 else min(best, value) if way < 0 else best
    return count


def _winding(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    angle = np.unwrap(np.arctan2(y - (y.max() + y.min()) / 2, x - (x.max() + x.min()) / 2))
    return float(abs(angle[-1] - angle[0]) / (2 * np.pi))


def _spins(seen: Track) -> bool:
    """Whether the mask changes while the subject stays where it is."""
    boxes = torch.stack([_boxed(mask) for mask in seen.masks[::2]])
    changes = (boxes[1:] - boxes[:-1]).abs().mean(1)
    return float(changes.median()) > 0.02


def _turns_alike(seen: Track) -> bool:
    """A round shape looks the same however it is turned."""
    return seen_shape(seen) in ("circle", "ring", "hexagon", "flower")


# ── backgrounds ──────────────────────────────────────────────────────────────────────────
def _look(film: NDArray[np.float64], masks: Mask | None) -> NDArray[np.float64]:
    """What a background looks like: colours of nine fields, and how its rows and columns vary."""
    frames = film.copy()
    if masks is not None:
        hidden = F.max_pool2d(torch.from_numpy(masks).float()[:, None], 9, 1, 4)[:, 0].bool()
        frames[hidden.numpy()] = np.nan
    with np.errstate(all="ignore"):
        still = np.nan_to_num(np.nanmedian(frames[::3], 0), nan=float(np.nanmean(frames)))
    fields = [
        part.mean((0, 1))
        for band in np.array_split(still, 3)
        for part in np.array_split(band, 3, 1)
    ]
    light = still.mean(-1)
    rows, columns = light.std(1), light.std(0)
    steps = [np.abs(np.diff(light, axis=axis)).mean() * 4 for axis in (0, 1)]
    steep = [(np.abs(np.diff(light, axis=axis)) > 0.1).mean() * 4 for axis in (0, 1)]
    spread = [rows.mean(), rows.std(), columns.mean(), columns.std(), *steps, *steep]
    return np.concatenate([np.concatenate(fields) / 3, np.array(spread) * 2])


class Judge:
    """Judges clips against the plans they were asked for."""

    def __init__(self, drawings: Drawings) -> None:
        self.drawings = drawings

    def _references(self, plan: Scene) -> list[tuple[str, NDArray[np.float64]]]:
        rng = np.random.default_rng(21)
        alike = [replace(plan, background=name) for name in backdrops.NAMES for _ in range(12)]
        latents = self.drawings.latents(alike, rng)
        latents[:, 1 + FIELD_TOKENS, 7] = -1  # without its subject
        films = [self.drawings.codec.paint(z, 1, SIDE, SIDE).numpy() / 255.0 for z in latents]
        return [(s.background, _look(f, None)) for s, f in zip(alike, films, strict=True)]

    def verdict(self, plan: Scene, clip: NDArray[np.uint8]) -> dict[str, bool]:
        """Which aspects of one clip are right."""
        film, subject = clip / 255.0, plan.subjects[0]
        seen = track(film, subject.colour)
        masks = None
        if seen is not None:
            masks = np.zeros(film.shape[:3], bool)
            masks[seen.first : seen.last + 1] = seen.masks
        look = _look(film, masks)
        likeness = [(np.abs(look - other).sum(), name) for name, other in self._references(plan)]
        return {
            "colour": seen is not None,
            "shape": seen is not None and seen_shape(seen) == subject.shape,
            "motion": seen is not None and moves_as(seen, subject.motion),
            "background": min(likeness)[1] == plan.background,
        }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default=WEIGHTS)
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--guidance", type=float, default=2.0)
    parser.add_argument("--truth", action="store_true", help="judge drawings, not the model")
    parser.add_argument("--wrong", action="store_true", help="list what was judged wrong")
    asked = parser.parse_args()
    pipe = CommonsShapesPipeline.from_pretrained(asked.weights, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    drawings = Drawings(pipe.vae, seed=1, variants=100)
    judge, rows = Judge(drawings), []
    rng = np.random.default_rng(31)
    for i, plan in enumerate(plans(asked.clips)):
        prompt = ask(plan, i)
        if asked.truth:
            clip = pipe.vae.paint(drawings.latents([plan], rng)[0], FRAMES, SIDE, SIDE).numpy()
        else:
            clip = pipe(
                prompt,
                height=SIDE,
                width=SIDE,
                num_frames=FRAMES,
                num_inference_steps=asked.steps,
                guidance_scale=asked.guidance,
                generator=torch.Generator().manual_seed(i),
            ).frames[0]
        right = judge.verdict(plan, clip)
        rows.append([*right.values(), all(right.values())])
        if asked.wrong and not all(right.values()):
            subject = plan.subjects[0]
            wrong = [aspect for aspect, fine in right.items() if not fine]
            print(f"{i} {prompt} [{subject.shape} {subject.motion} {plan.background}]: {wrong}")
    shares = np.array(rows).mean(0) * 100
    print(" ".join(f"{name:>12}" for name in (*ASPECTS, "all right")))
    print(" ".join(f"{share:>11.1f}%" for share in shares))


if __name__ == "__main__":
    main()
