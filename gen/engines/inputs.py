"""How pictures and films reach a pipeline: one function per way in which pipelines take them.

Each turns a brief into a ``Shot``: the frames to ask for, those at its start that were given and are
no news, and the arguments of the call. Pictures come in any size and are cut to the brief's.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from gen.engines import grid
from gen.engines.base import Brief, CannotMake, Film, Picture, Task


@dataclass(frozen=True, slots=True)
class Shot:
    """What one call of a pipeline is to make."""

    frames: int
    """To ask the pipeline for."""
    given: int = 0
    """How many of those, at the start, were given to it."""
    arguments: dict[str, Any] = field(default_factory=dict)
    part: float = 1.0
    """The part of the steps that is gone through: a film is redrawn from half-way on."""


Given = Callable[[Any, Brief, int], Shot]
"""(pipeline, brief, number of variations in the call) -> Shot. Raises ``CannotMake``."""


def words(pipe: Any, brief: Brief, count: int) -> Shot:
    """Nothing but the prompt."""
    return Shot(brief.frames)


def image(pipe: Any, brief: Brief, count: int) -> Shot:
    """One picture for all variations."""
    return Shot(brief.frames, arguments={"image": _first(brief)})


def images(pipe: Any, brief: Brief, count: int) -> Shot:
    """The picture, once per variation."""
    return Shot(brief.frames, arguments={"image": [_first(brief)] * count})


def kandinsky_image(pipe: Any, brief: Brief, count: int) -> Shot:
    """It measures the first four latents against those after them; without any, all turns black."""
    fewest = 4 * grid.temporal(pipe) + 1
    if brief.frames < fewest:
        raise CannotMake(f"This model makes {fewest} frames or more of a picture.")
    return image(pipe, brief, count)


def image_and_last(pipe: Any, brief: Brief, count: int) -> Shot:
    return Shot(brief.frames, arguments={"image": _first(brief), "last_image": _last(brief)})


def after(take: Given) -> Given:
    """Continue a film from its last frame, which the clip then begins with."""

    def continued(pipe: Any, brief: Brief, count: int) -> Shot:
        frames = grid.at_least(brief.frames + 1, pipe)
        begun = replace(brief, frames=frames, first=_film(brief)[-1])
        return Shot(frames, 1, take(pipe, begun, count).arguments)

    return continued


def video(pipe: Any, brief: Brief, count: int) -> Shot:
    """A film to redraw, once per variation; the pipeline takes its length from it."""
    part = _part(brief)
    film = _pictures(_paced(brief), brief)
    arguments = {"video": [film] * count, "strength": part}
    return Shot(brief.frames, arguments=arguments, part=part)


def ltx_ends(pipe: Any, brief: Brief, count: int) -> Shot:
    conditions = [
        _ltx_condition(image=[_first(brief)] * count, frame_index=0),
        _ltx_condition(image=[_last(brief)] * count, frame_index=brief.frames - 1),
    ]
    return Shot(brief.frames, arguments={"conditions": conditions})


def ltx_first(pipe: Any, brief: Brief, count: int) -> Shot:
    condition = _ltx_condition(image=[_first(brief)] * count, frame_index=0)
    return Shot(brief.frames, arguments={"conditions": [condition]})


def ltx_after(pipe: Any, brief: Brief, count: int) -> Shot:
    newest = _newest(pipe, brief)
    condition = _ltx_condition(video=[_pictures(newest, brief)] * count, frame_index=0)
    frames = grid.at_least(len(newest) + brief.frames, pipe)
    return Shot(frames, len(newest), {"conditions": [condition]})


def ltx_video(pipe: Any, brief: Brief, count: int) -> Shot:
    """This pipeline redraws latents; here they are made as it makes those of its conditions."""
    part = _part(brief)
    pixels = pipe.video_processor.preprocess_video(_pictures(_paced(brief), brief))
    with torch.no_grad():
        pixels = pixels.to(pipe._execution_device, pipe.vae.dtype)
        encoded = pipe.vae.encode(pixels).latent_dist.mode()
    latents = pipe._normalize_latents(encoded, pipe.vae.latents_mean, pipe.vae.latents_std)
    latents = latents.float().repeat(count, 1, 1, 1, 1)
    arguments = {"latents": latents, "denoise_strength": part}
    return Shot(brief.frames, arguments=arguments, part=part)


def ltx2_ends(pipe: Any, brief: Brief, count: int) -> Shot:
    conditions = [
        _ltx2_condition(frames=_first(brief), index=0),
        _ltx2_condition(frames=_last(brief), index=-1),
    ]
    return Shot(brief.frames, arguments={"conditions": conditions})


def ltx2_after(pipe: Any, brief: Brief, count: int) -> Shot:
    newest = _newest(pipe, brief)
    condition = _ltx2_condition(frames=_pictures(newest, brief), index=0)
    frames = grid.at_least(len(newest) + brief.frames, pipe)
    return Shot(frames, len(newest), {"conditions": [condition]})


def helios_after(pipe: Any, brief: Brief, count: int) -> Shot:
    """It wants a whole window of the past; what is missing of it stands still before the film."""
    window = grid.temporal(pipe) * 8 + 1
    film = _film(brief)
    still = np.repeat(film[:1], max(0, window - len(film)), axis=0)
    past = _pictures(np.concatenate([still, film])[-window:], brief)
    return Shot(brief.frames, arguments={"video": past})


def own(pipe: Any, brief: Brief, count: int, takes: set[str]) -> Shot:
    """A pipeline of our own takes what it can under the brief's names, as uint8 (…, H, W, 3)."""
    arguments: dict[str, Any] = {}
    if brief.task in (Task.IMAGE, Task.FRAMES) or (brief.first is not None and "first" in takes):
        arguments["first"] = np.asarray(_first(brief))
    if brief.task is Task.FRAMES:
        arguments["last"] = np.asarray(_last(brief))
    if brief.task in (Task.EXTEND, Task.VIDEO):
        arguments["film"] = np.stack([np.asarray(one) for one in _pictures(_film(brief), brief)])
    if "loop" in takes:
        arguments["loop"] = brief.task is Task.LOOP
    if "strength" in takes:
        arguments["strength"] = brief.strength
    return Shot(brief.frames, arguments=arguments)


def _first(brief: Brief) -> Image.Image:
    if brief.first is None:
        raise CannotMake("There is no picture to begin with; give one.")
    return _cut(brief.first, brief)


def _last(brief: Brief) -> Image.Image:
    if brief.last is None:
        raise CannotMake("There is no picture to end with; give one.")
    return _cut(brief.last, brief)


def _film(brief: Brief) -> Film:
    if brief.film is None or not len(brief.film):
        raise CannotMake("There is no clip to go on from; give one.")
    return brief.film


def _newest(pipe: Any, brief: Brief) -> Film:
    """The end of the film, as many frames as make whole latents."""
    film = _film(brief)
    return film[-grid.at_most(len(film), pipe) :]


def _paced(brief: Brief) -> Film:
    """The film in as many frames as were asked for, over its whole length."""
    film = _film(brief)
    return film[np.linspace(0, len(film) - 1, brief.frames).round().astype(int)]


def _part(brief: Brief) -> float:
    """The strength, but one step at least."""
    return min(1.0, max(brief.strength, 1 / brief.steps))


def _pictures(film: Film, brief: Brief) -> list[Image.Image]:
    return [_cut(picture, brief) for picture in film]


def _cut(picture: Picture, brief: Brief) -> Image.Image:
    """Scaled to cover the brief's size, and what stands over is cut off evenly."""
    image = Image.fromarray(picture)
    size = (brief.width, brief.height)
    return image if image.size == size else ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def _ltx_condition(**parts: Any) -> Any:
    module = importlib.import_module("diffusers.pipelines.ltx.pipeline_ltx_condition")
    return module.LTXVideoCondition(**parts)


def _ltx2_condition(**parts: Any) -> Any:
    module = importlib.import_module("diffusers.pipelines.ltx2.pipeline_ltx2_condition")
    return module.LTX2VideoCondition(**parts)
