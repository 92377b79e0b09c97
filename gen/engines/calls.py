"""One call of a pipeline: what goes into it and what is kept of what comes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gen.engines.base import Brief, CannotMake, Film, Sound
from gen.engines.families import Family
from gen.engines.inputs import Shot
from gen.engines.tensors import sounds


def options(
    pipe: Any, takes: set[str], family: Family, brief: Brief, shot: Shot, count: int
) -> dict[str, Any]:
    """The arguments of a call, of which a pipeline is given those that it takes."""
    offered: dict[str, Any] = {
        "prompt": [brief.prompt] * count if count > 1 else brief.prompt,
        "height": brief.height,
        "width": brief.width,
        "num_frames": shot.frames,
        "frames": shot.frames,
        "num_inference_steps": brief.steps,
        "guidance_scale": brief.guidance,
        "frame_rate": brief.fps,
        "fps": brief.fps,
        "output_type": "pt",
        **family.arguments,
        **(family.unguided if brief.guidance <= 1 else {}),
    }
    if brief.negative:
        offered["negative_prompt"] = [brief.negative] * count if count > 1 else brief.negative
    if hasattr(pipe, "guider"):
        pipe.guider = pipe.guider.new(guidance_scale=brief.guidance)
    return {name: value for name, value in offered.items() if name in takes} | shot.arguments


def unheeded(takes: set[str], brief: Brief) -> list[str]:
    """What was asked for and can't act, as notes."""
    if brief.negative and (brief.guidance <= 1 or "negative_prompt" not in takes):
        return ["The negative prompt did nothing: this model takes none, or not at this guidance."]
    return []


def news(film: Film, shot: Shot, brief: Brief) -> Film:
    """The frames that were asked for, without those that were given. Raises ``CannotMake``."""
    found = film[shot.given : shot.given + brief.frames]
    if found.shape != (brief.frames, brief.height, brief.width, 3):
        frames, height, width, _ = found.shape
        raise CannotMake(
            f"This model makes {frames} frames of {width} × {height} of that;"
            " ask for exactly so many."
        )
    return found


def heard(pipe: Any, output: Any, shot: Shot, brief: Brief) -> list[Sound | None]:
    """What is heard while those frames are seen, for each clip of a call."""
    audio = getattr(output, "audio", None)
    if audio is None:
        return [None] * len(output.frames)
    rate = int(pipe.vocoder.config.output_sampling_rate)
    start, length = (round(n * rate / brief.fps) for n in (shot.given, brief.frames))
    return [
        replace(sound, samples=sound.samples[:, start : start + length])
        for sound in sounds(audio, rate)
    ]
