"""Takes a picture apart: what lies behind, and the one or two things that stand out from it.

Nothing is recognized. In a clip, what moved stands out; in a single picture, what differs from a
background that varies smoothly along the edges. Where that finds nothing, as in most photographs, the
picture stays whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

_SMALL = 128
"""Pictures are taken apart at this many pixels of the longer side."""
_DIFFERS = 0.12
_MOST = 0.35
"""When more of the picture than this stands out, it is the background that is not understood."""
_THINGS = 2


@dataclass
class Cutout:
    """A thing that was lifted off. ``patch`` (2h+1, 2h+1, 4) is RGB and opacity around ``centre``
    (x, y) in pixels; ``velocity`` (x, y) in pixels per frame."""

    patch: Tensor
    centre: tuple[float, float]
    velocity: tuple[float, float]

    @property
    def colour(self) -> Tensor:
        """Its mean colour (3,)."""
        rgb, alpha = self.patch[..., :3], self.patch[..., 3:]
        return (rgb * alpha).sum((0, 1)) / alpha.sum().clamp_min(1e-6)


@dataclass
class Lifted:
    """``plate`` (height, width, 3) in 0..1, without the things; all together they are the picture.

    ``velocity`` (x, y) is how the whole plate was moving, in pixels per frame.
    """

    plate: Tensor
    things: list[Cutout]
    velocity: tuple[float, float] = (0.0, 0.0)


def lift(frames: Tensor) -> Lifted:
    """Take the last of ``frames`` (F, height, width, 3) in 0..1 apart, with what the others tell."""
    last = frames[-1]
    small = _shrunk(frames)
    region = _moved(small) if len(small) > 1 else _stands_out(small[-1])
    if len(small) > 1 and float(region.float().mean()) > _MOST:
        return Lifted(last, [], _drift(frames))
    if not 0.001 < float(region.float().mean()) < _MOST:
        region = _stands_out(small[-1])
    if not 0.001 < float(region.float().mean()) < _MOST:
        return Lifted(last, [])
    patches = _patches(region & ((small[-1] - _behind(small, region)).abs().amax(-1) > _DIFFERS))
    if not patches:
        return Lifted(last, [])
    wide = _grown(_enlarged(region, last.shape[0], last.shape[1]), 2)
    plate = torch.where(wide[..., None], _behind(frames, wide), last)
    alpha = ((last - plate).abs().amax(-1) / _DIFFERS).clamp(0, 1)
    # What must be laid over the plate to give the picture again, also along soft edges.
    over = plate + (last - plate) / alpha.clamp_min(1e-3)[..., None]
    things = []
    for patch in patches:
        mask = _grown(_enlarged(patch, last.shape[0], last.shape[1]), 2) & wide
        thing = _cut(over, alpha * mask)
        if thing is not None:
            thing.velocity = _velocity(small, patch, last.shape[1] / small.shape[2])
            things.append(thing)
    # What was not lifted off stays in the plate.
    lifted = torch.stack([_grown(_enlarged(p, *last.shape[:2]), 2) for p in patches]).any(0)
    return Lifted(torch.where(lifted[..., None], plate, last), things)


def _shrunk(frames: Tensor) -> Tensor:
    height, width = frames.shape[1:3]
    scale = min(1.0, _SMALL / max(height, width))
    size = max(8, round(height * scale)), max(8, round(width * scale))
    return F.interpolate(frames.movedim(-1, 1), size=size, mode="area").movedim(1, -1)


def _enlarged(mask: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(mask[None, None].float(), size=(height, width), mode="nearest")[0, 0] > 0


def _grown(mask: Tensor, by: int) -> Tensor:
    return F.max_pool2d(mask[None, None].float(), 2 * by + 1, 1, by)[0, 0] > 0


def _moved(frames: Tensor) -> Tensor:
    """Where anything changed, with its holes filled."""
    changed = (frames - frames[-1]).abs().amax((0, -1)) > 0.08
    return _filled(_grown(changed, 1))


def _stands_out(picture: Tensor) -> Tensor:
    """Where a picture differs from the quadratic that fits its edges; nowhere if none fits."""
    height, width, _ = picture.shape
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    terms = torch.stack([torch.ones_like(x), x, y, x * y, x * x, y * y], -1)
    edge = torch.ones(height, width, dtype=torch.bool)
    edge[3:-3, 3:-3] = False
    fit = torch.linalg.lstsq(terms[edge], picture[edge]).solution
    off = (picture - terms @ fit).abs().amax(-1)
    if float(off[edge].quantile(0.9)) > 0.05:
        return torch.zeros_like(edge)
    return _filled(_grown(off > _DIFFERS, 1))


def _filled(mask: Tensor) -> Tensor:
    """With every hole that no path leads out of."""
    outside = torch.zeros_like(mask)
    outside[0], outside[-1], outside[:, 0], outside[:, -1] = True, True, True, True
    outside &= ~mask
    while True:
        spread = _grown(outside, 1) & ~mask
        if torch.equal(spread, outside):
            return ~outside
        outside = spread


def _behind(frames: Tensor, region: Tensor) -> Tensor:
    """What the last frame shows behind ``region``.

    Where anything changed, it is what was seen there that is least like the thing in front; where
    nothing ever did, a smooth continuation of the surroundings.
    """
    smooth = _continued(frames[-1], region)
    away = (frames - smooth).abs().amax(-1)
    before = max(0, len(frames) - 4)
    # Where something has just arrived, there is the thing.
    front = region & (away[-1] > away[before] + _DIFFERS)
    if not front.any():
        front = region & (away[-1] > _DIFFERS)
    if len(frames) == 1 or not front.any():
        return smooth
    thing = frames[-1][front].median(0).values
    barest = (frames - thing).abs().amax(-1).argmax(0)
    seen = frames.gather(0, barest[None, ..., None].expand(1, *frames.shape[1:]))[0]
    covered = (seen - thing).abs().amax(-1, keepdim=True) < 2 * _DIFFERS
    return torch.where(region[..., None], torch.where(covered, smooth, seen), frames[-1])


def _continued(picture: Tensor, region: Tensor) -> Tensor:
    """The picture with ``region`` filled from its edges, coarse to fine (push and pull)."""
    known = (~region)[None, None].float()
    colour = picture.movedim(-1, 0)[None] * known
    if min(picture.shape[:2]) <= 2 or bool(known.all()):
        return (colour / known.clamp_min(1e-6))[0].movedim(0, -1)
    weight = F.avg_pool2d(known, 2, ceil_mode=True)
    coarse = F.avg_pool2d(colour, 2, ceil_mode=True) / weight.clamp_min(1e-6)
    below = _continued(coarse[0].movedim(0, -1), weight[0, 0] == 0)
    size = picture.shape[:2]
    pulled = F.interpolate(
        below.movedim(-1, 0)[None], size=size, mode="bilinear", align_corners=False
    )
    return torch.where(region[..., None], pulled[0].movedim(0, -1), picture)


def _patches(mask: Tensor) -> list[Tensor]:
    """The largest connected patches, if they are a few compact things."""
    labels = torch.arange(1.0, mask.numel() + 1).view(mask.shape) * mask
    while True:
        spread = F.max_pool2d(labels[None, None], 3, 1, 1)[0, 0] * mask
        if torch.equal(spread, labels):
            break
        labels = spread
    names, counts = labels[mask].unique(return_counts=True)
    order = counts.argsort(descending=True)[:_THINGS]
    return [labels == names[i] for i in order if int(counts[i]) > 0.002 * mask.numel()]


def _cut(picture: Tensor, alpha: Tensor) -> Cutout | None:
    rows, columns = alpha.amax(1).nonzero()[:, 0], alpha.amax(0).nonzero()[:, 0]
    if not len(rows):
        return None
    y, x = int((rows[0] + rows[-1]) // 2), int((columns[0] + columns[-1]) // 2)
    reach = 1 + int(max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1) // 2
    layer = F.pad(torch.cat([picture, alpha[..., None]], -1), (0, 0, *[reach] * 4))
    patch = layer[y : y + 2 * reach + 1, x : x + 2 * reach + 1]
    return Cutout(patch, (float(x), float(y)), (0.0, 0.0))


def _velocity(frames: Tensor, patch: Tensor, scale: float) -> tuple[float, float]:
    """How the things that look like ``patch`` moved over the last frames, in full-size pixels."""
    back = min(4, len(frames) - 1)
    if back < 1:
        return 0.0, 0.0
    colour = frames[-1][patch].mean(0)
    near = _grown(patch, 10)
    centres = []
    for frame in (frames[-1 - back], frames[-1]):
        like = near & ((frame - colour).abs().amax(-1) < 2 * _DIFFERS)
        if not like.any():
            return 0.0, 0.0
        centres.append(like.nonzero().float().mean(0))
    dy, dx = ((centres[1] - centres[0]) * scale / back).tolist()
    return dx, dy


def _drift(frames: Tensor) -> tuple[float, float]:
    """How the whole picture moves, pixels per frame, by phase correlation; 0 unless that explains it."""
    back = min(4, len(frames) - 1)
    if back < 1:
        return 0.0, 0.0
    now, before = frames[-1].mean(-1), frames[-1 - back].mean(-1)
    height, width = now.shape
    window = torch.hann_window(height, periodic=False)[:, None] * torch.hann_window(
        width, periodic=False
    )
    spectra = [torch.fft.rfft2((picture - picture.mean()) * window) for picture in (now, before)]
    cross = spectra[0] * spectra[1].conj()
    peak = int(torch.fft.irfft2(cross / cross.abs().clamp_min(1e-6), s=now.shape).argmax())
    dy, dx = peak // width, peak % width
    dy, dx = dy - height * (dy > height // 2), dx - width * (dx > width // 2)
    if (dx, dy) == (0, 0) or max(abs(dx), abs(dy)) > 0.1 * max(height, width):
        return 0.0, 0.0
    margin = max(abs(dx), abs(dy)) + 1
    inner = slice(margin, height - margin), slice(margin, width - margin)
    moved = torch.roll(before, (dy, dx), (0, 1))
    plain, aligned = ((now - other)[inner].abs().mean() for other in (before, moved))
    return (dx / back, dy / back) if float(aligned) < 0.5 * float(plain) else (0.0, 0.0)
