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

    A variation's own noise is mixed into that of ``vary_from``: sqrt(1 - s²)·theirs + s·its own,
    which keeps it noise. A draft's is its final's, averaged over areas, so that both show the same.
    ``factor`` is how many pixels make one latent; ``axes`` are height and width of its latents.
    """
    stays = brief.vary_from is not None and brief.vary < 1
    first = [brief.vary_from if stays and brief.vary_from is not None else seed for seed in seeds]
    # On the CPU whatever the device: so a seed means the same noise everywhere.
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in first]
    others = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    mixed = stays and brief.vary > 0
    draft = brief.final_size not in (None, (brief.width, brief.height))
    if not mixed and not draft:
        yield generators
        return
    partners = dict(zip(map(id, generators), others, strict=True))

    def draw(shape: Sequence[int], generator: torch.Generator, **options: Any) -> Tensor:
        noise = _of_final(brief, factor, axes, shape, generator, **options)
        if not mixed:
            return noise
        own = _of_final(brief, factor, axes, shape, partners[id(generator)], **options)
        return math.sqrt(1 - brief.vary**2) * noise + brief.vary * own

    with ExitStack() as stack:
        for name in filter(_PREPARES.fullmatch, dir(type(pipe))):
            stack.enter_context(replaced(pipe, name, _drawing(getattr(pipe, name), draw, partners)))
        yield generators


def _drawing(
    prepare: Callable[..., Any], draw: Callable[..., Tensor], partners: dict[int, torch.Generator]
) -> Callable[..., Any]:
    """Pipelines differ in how they prepare latents, but all draw them with ``torch.randn``."""

    class Drawn(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            options = kwargs or {}
            if function is torch.randn and id(options.get("generator")) in partners:
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
