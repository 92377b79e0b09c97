"""Drives any text-to-video pipeline of diffusers through one code path.

What a pipeline can do is read from its signatures, not from its name: whether it takes embeddings
(then the prompt is encoded once and kept, and all variations are one batch, each with a generator
of its own), a frame rate, a negative prompt, a callback after each step.
"""

from __future__ import annotations

import gc
import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from gen.engines.base import Brief, CannotMake, Film, Picture, Progress, Result, Stopped, Take
from gen.engines.tensors import best_device, best_dtype, empty_cache, films, out_of_memory

# What encode_prompt answers, in order, by the embeddings that a pipeline's call accepts.
_ENCODED = (
    ("prompt_embeds", "negative_prompt_embeds"),
    (
        "prompt_embeds",
        "prompt_attention_mask",
        "negative_prompt_embeds",
        "negative_prompt_attention_mask",
    ),
)
_SPATIAL = ("vae_scale_factor_spatial", "vae_spatial_compression_ratio", "vae_spatial_scale_factor")
_TEMPORAL = (
    "vae_scale_factor_temporal", "vae_temporal_compression_ratio", "vae_temporal_scale_factor",
)  # fmt: skip
_PROMPTS_KEPT = 16
_PREVIEW_EVERY = 3

Embeds = dict[str, torch.Tensor]


class DiffusersEngine:
    """One pipeline, kept warm.

    ``source`` is a folder or the id of a repository that was fetched before; nothing is downloaded
    unless ``local_files_only`` is False, and no code that comes with weights is ever run.
    ``pipeline`` names the class as "module:Class" where the weights' own index can't.
    ``offload`` keeps only the part that computes on the accelerator: less memory, slower, exact.
    """

    def __init__(
        self,
        source: str | Path,
        device: str = "auto",
        dtype: str = "auto",
        revision: str | None = None,
        pipeline: str | None = None,
        offload: bool = False,
        local_files_only: bool = True,
    ) -> None:
        self.source = str(source)
        self.device = best_device() if device == "auto" else device
        self.dtype = best_dtype(self.device) if dtype == "auto" else getattr(torch, dtype)
        self.revision = revision
        self.pipeline = pipeline
        self.offload = offload
        self.local_files_only = local_files_only
        self._pipe: Any = None
        self._encoded: dict[tuple[str, str, bool], Embeds] = {}

    def load(self) -> None:
        """Bring the weights into memory. Raises ``CannotMake`` when they are missing or unusable."""
        if self._pipe is not None:
            return
        importlib.import_module("diffusers").utils.logging.disable_progress_bar()
        try:
            pipe = self._pipeline_class().from_pretrained(
                self.source,
                revision=self.revision,
                dtype=self.dtype,
                local_files_only=self.local_files_only,
                use_safetensors=True,
            )
            _check_complete(pipe)
            if self.offload and self.device != "cpu":
                pipe.enable_model_cpu_offload(device=self.device)
            else:
                pipe.to(self.device)
        # Damaged weights surface as whatever the library that met them raises.
        except Exception as error:
            self.close()
            raise CannotMake(self._why_unusable(error)) from error
        pipe.set_progress_bar_config(disable=True)
        self._pipe = pipe

    def make(self, brief: Brief, progress: Progress) -> Result:
        """Render the brief. Raises ``Stopped`` or ``CannotMake``; the engine stays usable after."""
        self.load()
        self._check_size(brief)
        try:
            films = self._render(brief, progress)
        except Stopped:
            self._pipe.maybe_free_model_hooks()
            raise
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            self._pipe.maybe_free_model_hooks()
            raise CannotMake(
                f"{brief.frames} frames of {brief.width} × {brief.height} need more memory than the"
                " worker has; ask for a smaller or shorter clip."
            ) from error
        except ValueError as error:  # how pipelines refuse their inputs
            self._pipe.maybe_free_model_hooks()
            raise CannotMake(_first_sentence(error)) from error
        finally:
            empty_cache()
        for film in films:
            if film.shape != (brief.frames, brief.height, brief.width, 3):
                frames, height, width, _ = film.shape
                raise CannotMake(
                    f"This model makes {frames} frames of {width} × {height} of that;"
                    " ask for exactly so many."
                )
        takes = tuple(Take(seed, film) for seed, film in zip(brief.seeds, films, strict=True))
        remarks = getattr(self._pipe, "remarks", None)
        return Result(takes, tuple(remarks(brief.prompt)) if remarks else ())

    def close(self) -> None:
        """Free what ``load`` took."""
        self._pipe = None
        self._encoded.clear()
        gc.collect()
        empty_cache()

    def _pipeline_class(self) -> Any:
        if self.pipeline is None:
            return importlib.import_module("diffusers").DiffusionPipeline
        module, _, name = self.pipeline.partition(":")
        return getattr(importlib.import_module(module), name)

    def _why_unusable(self, error: Exception) -> str:
        if out_of_memory(error):
            return "This model needs more memory than its worker has; choose another model."
        if isinstance(error, _Incomplete) or (Path(self.source) / "model_index.json").exists():
            return "This model's weights are incomplete or damaged; a host has to fetch them again."
        return "This model's weights are not on its worker; a host has to fetch them first."

    def _check_size(self, brief: Brief) -> None:
        """Refuse what a pipeline would otherwise round silently."""
        side = _first_attribute(self._pipe, _SPATIAL) * self._patch()
        if brief.width % side or brief.height % side:
            raise CannotMake(
                f"This model's width and height go in steps of {side} pixels;"
                f" {brief.width} × {brief.height} does not fit."
            )
        every = _first_attribute(self._pipe, _TEMPORAL)
        if every > 1 and brief.frames % every != 1:
            below = max(0, brief.frames - 1) // every * every + 1
            raise CannotMake(
                f"This model makes {below} or {below + every} frames, not {brief.frames}."
            )

    def _patch(self) -> int:
        transformer = getattr(self._pipe, "transformer", None)
        patch = getattr(getattr(transformer, "config", None), "patch_size", 1)
        return int(patch[-1] if isinstance(patch, (list, tuple)) else patch or 1)

    def _render(self, brief: Brief, progress: Progress) -> list[Film]:
        """All variations in one call if the pipeline takes embeddings, else one call per seed."""
        takes = set(inspect.signature(self._pipe.__call__).parameters)
        embeds = self._encode(brief, takes)
        runs = [brief.seeds] if embeds else [(seed,) for seed in brief.seeds]
        made: list[Film] = []
        for run, seeds in enumerate(runs):
            options = self._options(brief, takes, seeds, embeds)
            start, total = run * brief.steps, len(runs) * brief.steps
            with self._reporting(takes, options, progress, start, total, brief.steps):
                made += films(self._pipe(**options).frames)
        return made

    def _encode(self, brief: Brief, takes: set[str]) -> Embeds:
        """The prompt's embeddings, computed once per prompt; none if the pipeline takes none."""
        offered = {name for name in takes if name.endswith(("embeds", "_mask"))}
        names = next((row for row in _ENCODED if set(row) == offered), None)
        if names is None or not hasattr(self._pipe, "encode_prompt"):
            return {}
        guided = brief.guidance > 1
        key = (brief.prompt, brief.negative, guided)
        if key not in self._encoded:
            with torch.inference_mode():
                answer = self._pipe.encode_prompt(
                    brief.prompt, brief.negative or None, do_classifier_free_guidance=guided
                )
            if len(self._encoded) >= _PROMPTS_KEPT:
                self._encoded.pop(next(iter(self._encoded)))
            pairs = zip(names, answer, strict=True)
            self._encoded[key] = {name: value for name, value in pairs if value is not None}
        return self._encoded[key]

    def _options(
        self, brief: Brief, takes: set[str], seeds: Sequence[int], embeds: Embeds
    ) -> dict[str, Any]:
        count = len(seeds)
        options: dict[str, Any] = {
            "height": brief.height,
            "width": brief.width,
            "num_frames": brief.frames,
            "num_inference_steps": brief.steps,
            # On the CPU whatever the device: so a seed means the same noise everywhere.
            "generator": [torch.Generator("cpu").manual_seed(seed) for seed in seeds],
            "output_type": "pt",
        }
        if embeds:
            repeated = {name: value.repeat_interleave(count, 0) for name, value in embeds.items()}
            options |= repeated
        else:
            options |= {"prompt": brief.prompt, "generator": options["generator"][0]}
            if "negative_prompt" in takes and brief.negative:
                options["negative_prompt"] = brief.negative
        if "guidance_scale" in takes:
            options["guidance_scale"] = brief.guidance
        elif hasattr(self._pipe, "guider"):
            self._pipe.guider = self._pipe.guider.new(guidance_scale=brief.guidance)
        for name in {"frame_rate", "fps"} & takes:
            options[name] = brief.fps
        return options

    @contextmanager
    def _reporting(
        self,
        takes: set[str],
        options: dict[str, Any],
        progress: Progress,
        start: int,
        total: int,
        steps: int,
    ) -> Iterator[None]:
        """Calls ``progress`` after each step while the pipeline runs."""
        if "callback_on_step_end" in takes:

            def after_step(
                pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]
            ) -> dict[str, Any]:
                done = min(step + 1, steps)
                picture = self._preview(done, tensors.get("latents"))
                progress(start + done, total, picture)
                return {}

            options["callback_on_step_end"] = after_step
            yield
            return
        # The scheduler steps whether or not a pipeline tells anybody.
        scheduler, plain = self._pipe.scheduler, self._pipe.scheduler.step
        done = 0

        def counted(*args: Any, **kwargs: Any) -> Any:
            nonlocal done
            answer = plain(*args, **kwargs)
            done = min(done + 1, steps)
            progress(start + done, total)
            return answer

        scheduler.step = counted
        try:
            yield
        finally:
            del scheduler.step

    def _preview(self, done: int, latents: torch.Tensor | None) -> Picture | None:
        draw: Callable[[torch.Tensor], Picture] | None = getattr(self._pipe, "preview", None)
        if draw is None or latents is None or done % _PREVIEW_EVERY:
            return None
        return draw(latents)


class _Incomplete(Exception):
    """Weights that loaded, but not all of them."""


def _check_complete(pipe: Any) -> None:
    for name, part in pipe.components.items():
        if isinstance(part, torch.nn.Module) and any(p.is_meta for p in part.parameters()):
            raise _Incomplete(name)


def _first_attribute(pipe: Any, names: Sequence[str]) -> int:
    return next((int(getattr(pipe, name)) for name in names if hasattr(pipe, name)), 1)


def _first_sentence(error: Exception) -> str:
    """A refusal in one line, without the markup of a library's message."""
    first = str(error).replace("`", "").split("\n")[0].split(". ")[0].rstrip(".")
    return f"The model refuses this: {first}."
