"""What a clip of the embedded model shows, judged from its pixels only."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from gen.embedded import shapes
from gen.embedded.palette import COLOURS, shaded
from gen.embedded.scenes import HEADINGS

SIDE, FRAMES = 128, 24
SHADY = 0.72
"""So much of its light a subject's darker side keeps."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Track:
    """The subject from the first to the last frame that shows it, in the units of ``scenes``."""

    masks: Mask
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    radius: NDArray[np.float64]
    first: int
    last: int

    def best(self) -> list[int]:
        """The frames that show the subject best: large, and away from the edges."""
        edge = np.maximum(np.abs(self.x), np.abs(self.y)) + self.radius
        return list(np.argsort(np.where(edge < 1.0, self.radius, self.radius - edge))[-3:])


def track(film: NDArray[np.float64], colour: str, shade: str = "") -> Track | None:
    """The largest patch of a colour in each frame; none if half of the frames show none."""
    masks = _largest(_like(film, colour, shade))
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


def _like(film: NDArray[np.float64], colour: str, shade: str) -> Mask:
    """Pixels whose nearest colour is this one, in this shade or a little darker."""
    own = shaded(colour, shade)
    others = [shaded(name) for name in COLOURS if name != colour]
    if shade:
        others.append(shaded(colour))
    pixels = torch.from_numpy(film).float().view(-1, 3)
    palette = torch.from_numpy(np.stack([own, SHADY * own, *others])).float()
    distance = torch.cdist(pixels, palette)
    nearest = distance[:, :2].amin(1)
    like = (nearest < distance[:, 2:].amin(1)) & (nearest < 0.32)
    return np.asarray(like.view(film.shape[:3]).numpy())


def _largest(masks: Mask) -> Mask:
    """The largest connected patch of each mask, found by spreading labels over a coarser grid."""
    coarse = F.max_pool2d(torch.from_numpy(masks).float()[:, None], 2)
    labels = torch.arange(1.0, coarse[0].numel() + 1).view(1, 1, *coarse.shape[2:]) * coarse
    while True:
        spread = labels
        for _ in range(8):
            spread = F.max_pool2d(spread, 3, 1, 1) * coarse
        if torch.equal(spread, labels):
            break
        labels = spread
    fine = F.interpolate(labels, scale_factor=2, mode="nearest")[:, 0].long().numpy() * masks
    counts = [np.bincount(patch.ravel(), minlength=2) for patch in fine]
    biggest = np.array([1 + count[1:].argmax() for count in counts])
    return np.asarray(fine == biggest[:, None, None])


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
    """The shape whose template overlaps most, in the frames that show it best."""
    names, templates = _templates()
    masks = torch.stack([_boxed(seen.masks[i]) for i in seen.best()])[:, None]
    both, either = torch.minimum(templates, masks), torch.maximum(templates, masks)
    return names[int((both.sum(2) / either.sum(2)).mean(0).argmax())]


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
    # What fades falls to pieces first; and the middle of a crescent isn't what it grows around.
    whole = r > 0.6 * r.max() if motion in ("appearing", "vanishing") else r > 0
    near = max(0.3, 0.55 * float(r.max()))
    stays = bool(np.ptp(x[whole]) < near and np.ptp(y[whole]) < near)
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


def look(film: NDArray[np.float64], masks: Mask | None) -> NDArray[np.float64]:
    """What a background looks like: the colours of nine fields, how it varies along rows and columns,
    and the directions and finenesses of its pattern."""
    frames = film[:, ::2, ::2].copy()
    if masks is not None:
        hidden = F.max_pool2d(torch.from_numpy(masks).float()[:, None], 9, 1, 4)[:, 0].bool()
        frames[hidden.numpy()[:, ::2, ::2]] = np.nan
    with warnings.catch_warnings(action="ignore"):
        still = np.nanmedian(frames, 0)
    holes = np.isnan(still)
    # All hidden: then nothing is known of it.
    mean = np.zeros(3) if holes.all() else np.nanmean(still, (0, 1))
    still[holes] = np.broadcast_to(mean, still.shape)[holes]
    fields = np.stack([
        part.mean((0, 1))
        for band in np.array_split(still, 3)
        for part in np.array_split(band, 3, 1)
    ])  # fmt: skip
    light = _contrast(still)
    rows, columns = light.std(1), light.std(0)
    steep = [(np.abs(np.diff(light, axis=axis)) > 0.1).mean() for axis in (0, 1)]
    dark, bright = np.percentile(light, (3, 97))
    share = (light > (dark + bright) / 2).mean() if bright - dark > 0.1 else 1.0
    bands = [light.mean(axis).std() for axis in (0, 1)]
    apart = np.linalg.norm(fields[:, None] - fields, axis=-1).max()
    spread = [share, *bands, rows.mean(), rows.std(), columns.mean(), columns.std(), *steep]
    spread += [apart, light.std(), bright - dark]
    return np.concatenate([fields.ravel(), np.array(spread), _pattern(light)])


def _contrast(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """(h, w, 3) -> (h, w): along the axis on which its colours differ most, brighter upwards.

    Two colours may be as light as each other and yet make a pattern.
    """
    off = picture - picture.mean((0, 1))
    flat = off.reshape(-1, 3)
    axis = np.linalg.eigh(flat.T @ flat)[1][:, -1]
    return np.asarray(off @ axis * np.copysign(1.0, axis.sum()))


def _pattern(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of a picture's spectrum by direction (eighths of a turn) and fineness (five rings)."""
    side = len(light)
    window = np.hanning(side)[:, None] * np.hanning(side)
    power = np.abs(np.fft.fft2((light - light.mean()) * window)) ** 2
    at = np.fft.fftfreq(side) * side
    far, angle = np.hypot(at[:, None], at), np.arctan2(at[:, None], at) % np.pi
    ring = np.digitize(far, [1.5, 3.5, 6.5, 10.5, 16.5, 32])
    way = (np.round(angle / (np.pi / 8)) % 8).astype(int)
    shares = np.bincount((ring * 8 + way).ravel(), power.ravel(), 56)[8:48]
    total = shares.sum()
    return np.sqrt(shares / total) if total > 0.2 else np.zeros(40)


class Recognizer:
    """Tells backgrounds apart by their looks: a small network, taught in a second."""

    def __init__(self, looks: NDArray[np.float64], names: list[str]) -> None:
        """``looks`` (n, features) of drawn backgrounds called ``names``."""
        self.names = sorted(set(names))
        self.mean, self.spread = looks.mean(0), looks.std(0) + 1e-3
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.net = nn.Sequential(
                nn.Linear(looks.shape[1], 64), nn.GELU(), nn.Linear(64, len(self.names))
            )
            self._learn(self._scaled(looks), torch.tensor([self.names.index(n) for n in names]))

    def _learn(self, looks: torch.Tensor, kinds: torch.Tensor) -> None:
        optimizer = torch.optim.AdamW(self.net.parameters(), lr=3e-3)
        for _ in range(400):
            optimizer.zero_grad()
            guess = self.net(looks + 0.1 * torch.randn_like(looks))
            torch.autograd.backward(F.cross_entropy(guess, kinds, label_smoothing=0.05))
            optimizer.step()

    def _scaled(self, looks: NDArray[np.float64]) -> torch.Tensor:
        return torch.from_numpy((looks - self.mean) / self.spread).float()

    @torch.no_grad()
    def name(self, seen: NDArray[np.float64]) -> str:
        return self.names[int(self.net(self._scaled(seen)).argmax())]


def camera_of(film: NDArray[np.float64], masks: Mask | None) -> str:
    """What the camera does, from how the background of the middle frame lies in the others.

    Tries shifts and zooms of the middle frame and takes the one that fits the last frame best.
    """
    light = torch.from_numpy(film.mean(-1)).float()
    weight = torch.ones_like(light)
    if masks is not None:
        weight -= F.max_pool2d(torch.from_numpy(masks).float()[:, None], 9, 1, 4)[:, 0]
    middle, steps = light[len(light) // 2], len(light) - 1 - len(light) // 2
    tries = [("still", 0.0, 0.0, 0.0)]
    for far in (0.15, 0.25, 0.35, 0.45):
        tries += [("pan right", far, 0.0, 0.0), ("pan left", -far, 0.0, 0.0)]
        tries += [("pan down", 0.0, far / 2, 0.0), ("pan up", 0.0, -far / 2, 0.0)]
    for near in (0.15, 0.25, 0.35):
        tries += [("zoom in", 0.0, 0.0, near), ("zoom out", 0.0, 0.0, -near)]
    errors = []
    for _, x, y, zoom in tries:
        scale = float(np.exp(-zoom))
        theta = torch.tensor([[[scale, 0.0, x], [0.0, scale, y]]])
        grid = F.affine_grid(theta, [1, 1, *middle.shape], align_corners=False)
        layers = torch.stack([middle, weight[len(light) // 2], torch.ones_like(middle)])
        moved, seen, inside = F.grid_sample(layers[None], grid, align_corners=False)[0]
        counts = (inside > 0.99) * seen * weight[-1]
        errors.append(float(((moved - light[-1]).abs() * counts).sum() / counts.sum().clamp_min(1)))
    assert steps > 0
    return tries[int(np.argmin(errors))][0]
