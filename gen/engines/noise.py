"""The noise that clips begin as: near another clip's, or a smaller picture of the final's."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from gen.engines.base import Brief
from gen.engines.tensors import replaced

_PREPARES = re.compile(r"prepare_(\w+_)?latents")


@contextmanager
def sown(
    pipe: Any, brief: Brief, seeds: Sequence[int], factor: int, axes: tuple[int, int] = (-2, -1)
) -> Iterator[list[torch.Generator]]:
    """A generator per seed for the pipeline's call, which draws its latents as the brief wants them.

    A variation that stays near another goes from that one's noise towards its own by ``vary``, and that
    one may have gone so from a third: sqrt(1 - s²)·theirs + s·its own, which keeps it noise. A draft's is
    its final's, averaged over areas, so that both show the same.
    ``factor`` is how many pixels make one latent; ``axes`` are height and width of its latents.
    """
    # On the CPU whatever the device: so a seed means the same noise everywhere.
    paths = [_path(brief, seed) for seed in seeds]
    sources = [[torch.Generator("cpu").manual_seed(s) for s, _ in path] for path in paths]
    generators = [first for first, *_ in sources]
    draft = brief.final_size not in (None, (brief.width, brief.height))
    if len(paths[0]) == 1 and not draft:
        yield generators
        return
    ways = {
        id(generators[i]): [
            (source, far) for source, (_, far) in zip(sources[i], path, strict=True)
        ]
        for i, path in enumerate(paths)
    }

    def draw(shape: Sequence[int], generator: torch.Generator, **options: Any) -> Tensor:
        noise = torch.zeros(())
        for source, far in ways[id(generator)]:
            own = _of_final(brief, factor, axes, shape, source, **options)
            noise = math.sqrt(1 - far**2) * noise + far * own
        return noise

    with ExitStack() as stack:
        for name in filter(_PREPARES.fullmatch, dir(type(pipe))):
            stack.enter_context(
                replaced(pipe, name, _drawing(getattr(pipe, name), draw, set(ways)))
            )
        yield generators


class Anywhere(TorchFunctionMode):
    """Draws on the CPU what a call wants drawn elsewhere with a generator of the CPU's."""

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        options = kwargs or {}
        device = options.get("device")
        drawn = function in (torch.rand, torch.randn) and options.get("generator") is not None
        if not drawn or device is None or torch.device(device).type == "cpu":
            return function(*args, **options)
        return function(*args, **{**options, "device": "cpu"}).to(device)


def _path(brief: Brief, seed: int) -> list[tuple[int, float]]:
    """The seeds whose noise a variation begins as, and how far it goes towards each in turn."""
    if not brief.near or brief.vary == 1:
        return [(seed, 1.0)]
    (first, _), *others = brief.near
    own = [(seed, brief.vary)] if brief.vary else []
    return [(first, 1.0), *others, *own]


def _drawing(
    prepare: Callable[..., Any], draw: Callable[..., Tensor], ours: set[int]
) -> Callable[..., Any]:
    """Pipelines differ in how they prepare latents, but all draw them with ``torch.randn``."""

    class Drawn(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            options = kwargs or {}
            if function is torch.randn and id(options.get("generator")) in ours:
                with torch._C.DisableTorchFunction():
                    return draw(*args, **options)
            return function(*args, **options)

    @wraps(prepare)
    def prepared(*args: Any, **kwargs: Any) -> Any:
        with Drawn():
            return prepare(*args, **kwargs)

    return prepared


def _of_final(
    brief: Brief,
    factor: int,
    axes: tuple[int, int],
    shape: Sequence[int],
    generator: torch.Generator,
    **options: Any,
) -> Tensor:
    """Noise of this shape; for a draft made from that of its final."""
    size = (brief.height // factor, brief.width // factor)
    spatial = len(shape) >= 4 and tuple(shape[axis] for axis in axes) == size
    if brief.final_size is None or not spatial:
        return torch.randn(shape, generator=generator, **options)
    width, height = brief.final_size
    larger = list(shape)
    for axis, side in zip(axes, (height, width), strict=True):
        larger[axis] = side // factor
    noise = torch.randn(larger, generator=generator, **options)
    for axis in axes:
        noise = _pooled(noise, axis, shape[axis])
    return noise.to(options.get("dtype") or noise.dtype)


def _pooled(noise: Tensor, axis: int, size: int) -> Tensor:
    """Averaged over areas along one axis, and of unit variance again."""
    edges = torch.linspace(0, noise.shape[axis], size + 1)
    cells = torch.arange(noise.shape[axis])
    ends = torch.minimum(edges[1:, None], cells + 1.0)
    weights = (ends - torch.maximum(edges[:-1, None], cells.float())).clamp(min=0)
    weights = weights / weights.norm(dim=1, keepdim=True)
    return torch.tensordot(noise.float(), weights, dims=([axis], [1])).movedim(-1, axis)
