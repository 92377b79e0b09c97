"""What each pipeline class of diffusers can make, and how: one row of data per family.

A family is named by the class its weights are loaded with. Its other tasks are done by sister
classes over the same loaded parts. A class that has no row makes clips from words, and a pipeline
of our own whatever it takes under a brief's names: ``first``, ``last``, ``film``, ``loop``.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gen.engines import inputs
from gen.engines.base import Task
from gen.engines.inputs import Given


@dataclass(frozen=True, slots=True)
class Way:
    """How one task is done."""

    pipeline: str
    given: Given
    together: bool = True
    """Whether a call may make several variations; else their noise would not be their own."""
    only_if: Callable[[Any], bool] = lambda pipe: True
    """Whether the loaded weights are of the kind that can do it."""
    draws: bool = False
    """Whether its call draws noise of its own accord, and on the model's device."""
    scheduler: str | None = None
    """The class of the scheduler it needs where that isn't the family's."""


@dataclass(frozen=True, slots=True)
class Family:
    ways: Mapping[Task, Way]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """What its authors call it with, where diffusers' defaults differ."""
    unguided: Mapping[str, Any] = field(default_factory=dict)
    """What turns its other kinds of guidance off when there is none."""
    latents: str = "cfhw"
    """How one clip's latents lie: channels, frames, height, width; "tc" if they are packed."""

    @property
    def axes(self) -> tuple[int, int]:
        """Where height and width are in its noise, which is drawn before it is packed."""
        lies = "cfhw" if self.latents == "tc" else self.latents
        return lies.index("h") - len(lies), lies.index("w") - len(lies)


def _expands(pipe: Any) -> bool:
    return bool(pipe.config.expand_timesteps)


def _looks_at(pipe: Any, pictures: int) -> bool:
    """Wan 2.1 sees its pictures with CLIP as well, and was taught either one or both ends."""
    config = (pipe.transformer or pipe.transformer_2).config
    taught = 1 if config.pos_embed_seq_len is None else 2
    return config.image_dim is None or taught == pictures


def _sees_one(pipe: Any) -> bool:
    return _looks_at(pipe, 1)


def _sees_both_ends(pipe: Any) -> bool:
    return _looks_at(pipe, 2) and not _expands(pipe)


def _has_one_expert(pipe: Any) -> bool:
    return pipe.transformer_2 is None and not _expands(pipe)


def _text(pipeline: str, **more: Way) -> Family:
    ways = {Task(name): way for name, way in more.items()}
    return Family({Task.TEXT: Way(pipeline, inputs.words)} | ways)


def _animates(pipeline: str, given: Given, **options: Any) -> dict[Task, Way]:
    """A picture, and from there the end of a clip."""
    return {
        Task.IMAGE: Way(pipeline, given, **options),
        Task.EXTEND: Way(pipeline, inputs.after(given), **options),
    }


_DECODING = {"decode_timestep": 0.05, "decode_noise_scale": 0.025}
_LTX2_UNGUIDED = {
    "stg_scale": 0.0,
    "modality_scale": 1.0,
    "audio_guidance_scale": 1.0,
    "audio_stg_scale": 0.0,
    "audio_modality_scale": 1.0,
}

FAMILIES: Mapping[str, Family] = {
    "LTXPipeline": Family(
        {
            Task.TEXT: Way("LTXPipeline", inputs.words),
            **_animates("LTXImageToVideoPipeline", inputs.images),
        },
        arguments=_DECODING,
        latents="tc",
    ),
    "LTXConditionPipeline": Family(
        {
            Task.TEXT: Way("LTXConditionPipeline", inputs.words),
            Task.IMAGE: Way("LTXConditionPipeline", inputs.ltx_first),
            Task.FRAMES: Way("LTXConditionPipeline", inputs.ltx_ends),
            Task.EXTEND: Way("LTXConditionPipeline", inputs.ltx_after),
            Task.VIDEO: Way("LTXConditionPipeline", inputs.ltx_video),
        },
        arguments=_DECODING,
        latents="tc",
    ),
    "LTX2Pipeline": Family(
        {
            Task.TEXT: Way("LTX2Pipeline", inputs.words),
            Task.IMAGE: Way("LTX2ImageToVideoPipeline", inputs.image, together=False),
            Task.FRAMES: Way("LTX2ConditionPipeline", inputs.ltx2_ends, together=False),
            Task.EXTEND: Way("LTX2ConditionPipeline", inputs.ltx2_after, together=False),
        },
        unguided=_LTX2_UNGUIDED,
        latents="tc",
    ),
    "WanPipeline": Family(
        {
            Task.TEXT: Way("WanPipeline", inputs.words),
            **_animates("WanImageToVideoPipeline", inputs.image, only_if=_expands),
            Task.VIDEO: Way("WanVideoToVideoPipeline", inputs.video, only_if=_has_one_expert),
        }
    ),
    "WanImageToVideoPipeline": Family(
        {
            **_animates("WanImageToVideoPipeline", inputs.image, only_if=_sees_one),
            Task.FRAMES: Way(
                "WanImageToVideoPipeline",
                inputs.image_and_last,
                only_if=_sees_both_ends,
            ),
        }
    ),
    "CogVideoXPipeline": Family(
        {
            Task.TEXT: Way("CogVideoXPipeline", inputs.words),
            Task.VIDEO: Way("CogVideoXVideoToVideoPipeline", inputs.video),
        },
        latents="fchw",
    ),
    "CogVideoXImageToVideoPipeline": Family(
        _animates("CogVideoXImageToVideoPipeline", inputs.images), latents="fchw"
    ),
    "HunyuanVideo15Pipeline": Family(
        {Task.TEXT: Way("HunyuanVideo15Pipeline", inputs.words, together=False)}
    ),
    "HunyuanVideo15ImageToVideoPipeline": Family(
        _animates("HunyuanVideo15ImageToVideoPipeline", inputs.image, together=False)
    ),
    "MochiPipeline": _text("MochiPipeline"),
    "Kandinsky5T2VPipeline": Family(
        {Task.TEXT: Way("Kandinsky5T2VPipeline", inputs.words)}, latents="fhwc"
    ),
    "Kandinsky5I2VPipeline": Family(
        _animates("Kandinsky5I2VPipeline", inputs.kandinsky_image, together=False),
        latents="fhwc",
    ),
    "HeliosPipeline": Family(
        {
            Task.TEXT: Way("HeliosPipeline", inputs.words),
            Task.IMAGE: Way("HeliosPipeline", inputs.image, together=False, draws=True),
            Task.EXTEND: Way("HeliosPipeline", inputs.helios_after, together=False, draws=True),
        }
    ),
    "SanaVideoPipeline": Family(
        {
            Task.TEXT: Way("SanaVideoPipeline", inputs.words),
            **_animates(
                "SanaImageToVideoPipeline",
                inputs.image,
                scheduler="FlowMatchEulerDiscreteScheduler",
            ),
        },
        arguments={"use_resolution_binning": False},
    ),
    "AnimateDiffPipeline": _text(
        "AnimateDiffPipeline", video=Way("AnimateDiffVideoToVideoPipeline", inputs.video)
    ),
}


def pipeline_class(name: str) -> Any:
    """The class of a catalogue's ``pipeline``: a name in diffusers, or "module:Class"."""
    module, _, of_module = name.rpartition(":")
    return getattr(importlib.import_module(module or "diffusers"), of_module)


def component(source: str, local_files_only: bool, **options: Any) -> Any:
    """A part from a repository of its own; ``class`` is one of diffusers or "module:Class"."""
    kind = pipeline_class(options.pop("class"))
    return kind.from_pretrained(source, local_files_only=local_files_only, **options)


def sister(pipe: Any, way: Way) -> Any:
    """The pipeline of another task over the same loaded parts."""
    kind = pipeline_class(way.pipeline)
    taken = set(inspect.signature(kind.__init__).parameters)
    parts = {name: part for name, part in pipe.components.items() if name in taken}
    settings = {name: pipe.config[name] for name in taken - parts.keys() if name in pipe.config}
    if way.scheduler is not None:
        parts["scheduler"] = pipeline_class(way.scheduler).from_config(pipe.scheduler.config)
    return kind(**parts, **settings)


def family_of(kind: type) -> Family:
    """The row of a pipeline class."""
    row = FAMILIES.get(kind.__name__)
    return row or Family(_own_ways(kind))


def tasks_of(pipeline: str) -> frozenset[Task]:
    """What a catalogue entry with this ``pipeline`` can make, if its weights are of the right kind."""
    family = FAMILIES.get(pipeline) or family_of(pipeline_class(pipeline))
    ways = set(family.ways)
    return frozenset(ways | {Task.LOOP} if loops(family) else ways)


def loops(family: Family) -> bool:
    """Whether words alone can become a loop: a picture is drawn, and a clip from it back to it."""
    return Task.LOOP in family.ways or {Task.TEXT, Task.FRAMES} <= set(family.ways)


def _own_ways(kind: Any) -> dict[Task, Way]:
    takes = set(inspect.signature(kind.__call__).parameters)

    def given(pipe: Any, brief: Any, count: int) -> inputs.Shot:
        return inputs.own(pipe, brief, count, takes)

    needs = {
        Task.TEXT: set[str](),
        Task.IMAGE: {"first"},
        Task.FRAMES: {"first", "last"},
        Task.EXTEND: {"film"},
        Task.VIDEO: {"film", "strength"},
        Task.LOOP: {"loop"},
    }
    return {task: Way(kind.__name__, given) for task, names in needs.items() if names <= takes}
