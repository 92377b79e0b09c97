"""Drives any video pipeline of diffusers through one code path.

What a pipeline can do is read from its signatures and from one row of data per family
(``families``): how it takes pictures, whether one call makes several variations, what it calls its
frames. The pipelines of a family's tasks share the same loaded parts.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from gen.engines import approximations, calls, families, grid, memory, refusals
from gen.engines.base import Brief, CannotMake, Picture, Progress, Ready, Take, Task
from gen.engines.families import Family, Way
from gen.engines.glimpse import EVERY, Glimpses, glimpses
from gen.engines.inputs import Shot
from gen.engines.noise import Anywhere, sown
from gen.engines.prompts import Prompts
from gen.engines.steps import Count, followed
from gen.engines.styles import Styles
from gen.engines.tensors import best_device, best_dtype, empty_cache, films
from gen.trouble import is_out_of_memory


class DiffusersEngine:
    """One model, kept warm.

    ``source`` is a folder or the id of a repository that was fetched before; nothing is downloaded
    unless ``local_files_only`` is False, and no code that comes with weights is ever run.
    ``pipeline`` names the class where the weights' own index can't: one of diffusers, or
    "module:Class". ``components`` replaces parts by others: {part: {"class", "source", …}}, where
    what else is given goes to ``from_pretrained``. ``offload`` ("auto", "none", "model", "group")
    trades speed for memory; ``compile`` is on where there is CUDA unless it says otherwise;
    ``attention`` names a backend of diffusers. All that is exact; ``approximations`` is not.
    """

    def __init__(
        self,
        source: str | Path,
        device: str = "auto",
        dtype: str = "auto",
        revision: str | None = None,
        pipeline: str | None = None,
        components: Mapping[str, Mapping[str, Any]] | None = None,
        offload: str = "auto",
        compile: bool | None = None,
        attention: str | None = None,
        approximations: Sequence[str] = (),
        local_files_only: bool = True,
    ) -> None:
        self.source = str(source)
        self.device = best_device() if device == "auto" else device
        self.dtype = best_dtype(self.device) if dtype == "auto" else getattr(torch, dtype)
        self.revision = revision
        self.pipeline = pipeline
        self.components = components or {}
        self.offload = offload
        self.compile = self.device.startswith("cuda") if compile is None else compile
        self.attention = attention
        self.approximations = tuple(approximations)
        self.local_files_only = local_files_only
        self._pipe: Any = None
        self._active: Any = None
        self._offloaded = memory.NONE
        self._sisters: dict[str, Any] = {}
        self._prompts = Prompts()
        self._styles = Styles(local_files_only)
        self._glimpses: Glimpses | None = None
        self._fits: dict[tuple[Task, int, int, int], int] = {}

    def load(self) -> None:
        """Bring the weights into memory. Raises ``CannotMake`` when they are missing or unusable."""
        if self._pipe is not None:
            return
        importlib.import_module("diffusers").utils.logging.disable_progress_bar()
        try:
            pipe = families.pipeline_class(self.pipeline or "DiffusionPipeline").from_pretrained(
                self.source,
                revision=self.revision,
                dtype=self.dtype,
                local_files_only=self.local_files_only,
                use_safetensors=True,
                **{
                    name: families.component(local_files_only=self.local_files_only, **part)
                    for name, part in self.components.items()
                },
            )
            refusals.check_complete(pipe)
            approximations.approximate(pipe, self.approximations)
            for part in approximations.denoisers(pipe):
                if self.attention:
                    part.set_attention_backend(self.attention)
                if self.compile and getattr(part, "_repeated_blocks", None):
                    part.compile_repeated_blocks()  # not as one graph: hooks and styles break it
            self._offloaded = memory.place(pipe, self.device, self.offload)
        # Damaged weights surface as whatever the library that met them raises.
        except Exception as error:
            self.close()
            raise refusals.unusable(self.source, error) from error
        self._pipe = self._active = self._ready(pipe)
        row = families.FAMILIES.get(type(pipe).__name__)
        self._glimpses = glimpses(pipe, row.latents) if row else None

    def make(self, brief: Brief, progress: Progress, ready: Ready) -> tuple[str, ...]:
        """Render the brief. Raises ``Stopped`` or ``CannotMake``; the engine stays usable after."""
        self.load()
        family = families.family_of(type(self._pipe))
        count, notes = Count(progress), approximations.notes(self.approximations)
        try:
            if brief.task is Task.LOOP and Task.LOOP not in family.ways:
                self._loop(brief, family, count, notes, ready)
            else:
                self._render(brief, family, count, notes, ready)
        except BaseException as error:
            # A call that was broken off leaves parts on the accelerator and caches half-filled.
            self._active.maybe_free_model_hooks()
            if is_out_of_memory(error):
                raise refusals.too_large(brief) from error
            raise
        finally:
            empty_cache()
        remarks = getattr(self._pipe, "remarks", None)
        said = remarks(brief.prompt) if remarks else ()
        return (*said, *dict.fromkeys(notes))

    def close(self) -> None:
        """Free what ``load`` took."""
        self._pipe = self._active = self._glimpses = None
        self._sisters.clear()
        self._prompts.forget()
        self._styles = Styles(self.local_files_only)
        gc.collect()
        empty_cache()

    def _ready(self, pipe: Any) -> Any:
        pipe.set_progress_bar_config(disable=True)
        self._prompts.remember(pipe)
        return pipe

    def _way(self, task: Task, family: Family) -> Way:
        way = family.ways.get(Task.FRAMES if task is Task.LOOP else task)
        if way is None or not way.only_if(self._pipe):
            raise refusals.unable(task)
        return way

    def _pipe_for(self, task: Task, family: Family) -> tuple[Any, Way]:
        """The pipeline that does this task, over the parts that are loaded."""
        way = self._way(task, family)
        name = way.pipeline
        if name == type(self._pipe).__name__:
            pipe = self._pipe
        else:
            if name not in self._sisters:
                self._sisters[name] = self._ready(families.sister(self._pipe, way))
            pipe = self._sisters[name]
        if pipe is not self._active and self._offloaded == memory.MODEL:
            pipe.enable_model_cpu_offload(device=self.device)
        self._active = pipe
        return pipe, way

    def _loop(
        self, brief: Brief, family: Family, count: Count, notes: list[str], ready: Ready
    ) -> None:
        """A clip from a picture back to it; its last frame is its first, so it is left out.

        The picture is the brief's, or else drawn by the model as a clip of one frame.
        """
        self._way(Task.LOOP, family)
        if brief.first is None and Task.TEXT not in family.ways:
            raise CannotMake("This model makes a loop from a picture; give one.")
        count.total += len(brief.seeds) * brief.steps * (2 if brief.first is None else 1)
        for seed in brief.seeds:
            one = replace(brief, seeds=(seed,))
            picture = brief.first
            if picture is None:
                drawn: list[Take] = []
                still = replace(one, task=Task.TEXT, frames=1)
                self._render(still, family, count, notes, drawn.append, expected=True)
                picture = drawn[0].film[0]
            ring = replace(one, task=Task.FRAMES, first=picture, last=picture)
            self._render(ring, family, count, notes, lambda t: ready(_opened(t)), expected=True)

    def _render(
        self,
        brief: Brief,
        family: Family,
        count: Count,
        notes: list[str],
        ready: Ready,
        expected: bool = False,
    ) -> None:
        """As many variations in one call as memory holds; ``expected`` steps are counted already."""
        pipe, way = self._pipe_for(brief.task, family)
        grid.check(pipe, brief)
        if self._styles.wear(pipe, brief.style):
            self._prompts.forget()
        takes = set(inspect.signature(pipe.__call__).parameters)
        together = way.together and any("prompt_embeds" in name for name in takes)
        kind = (brief.task, brief.width, brief.height, brief.frames)
        fits = self._fits.get(kind, len(brief.seeds)) if together else 1
        waiting = list(brief.seeds)
        at_once = min(fits, len(waiting))
        shot = way.given(pipe, brief, at_once)
        notes += calls.unheeded(takes, brief)
        steps = max(1, int(brief.steps * shot.part)) * grid.passes(pipe, shot.frames)
        if not expected:
            count.total += math.ceil(len(waiting) / fits) * steps
        while waiting:
            seeds, before = waiting[:fits], count.done
            try:
                if len(seeds) != at_once:
                    at_once, shot = len(seeds), way.given(pipe, brief, len(seeds))
                for take in self._call(pipe, takes, way, family, brief, seeds, shot, count, notes):
                    ready(take)
                waiting = waiting[len(seeds) :]
                continue
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error) or len(seeds) == 1:
                    raise
            # Only here has the error let go of what the attempt had taken.
            pipe.maybe_free_model_hooks()
            self._prompts.forget()
            gc.collect()
            empty_cache()
            expected_calls = math.ceil(len(waiting) / fits)
            self._fits[kind] = fits = len(seeds) // 2
            count.total += (math.ceil(len(waiting) / fits) - expected_calls) * steps
            count.done = before

    def _call(
        self,
        pipe: Any,
        takes: set[str],
        way: Way,
        family: Family,
        brief: Brief,
        seeds: Sequence[int],
        shot: Shot,
        count: Count,
        notes: list[str],
    ) -> list[Take]:
        options = calls.options(pipe, takes, family, brief, shot, len(seeds))

        last: torch.Tensor | None = None
        if self._glimpses is not None:
            self._glimpses.begin()

        def after(latents: torch.Tensor) -> None:
            nonlocal last
            last = latents
            count.step(self._preview(pipe, count.done + 1, latents, brief))

        with (
            sown(pipe, brief, seeds, grid.spatial(pipe), family.axes) as generators,
            memory.decoding(pipe) as noted,
            followed(pipe, takes, after) as following,
            Anywhere() if way.draws else nullcontext(),
        ):
            generator = generators if len(seeds) > 1 else generators[0]
            try:
                output = pipe(**options, **following, generator=generator)
            except ValueError as error:  # how pipelines refuse their inputs
                raise refusals.refused(error) from error
        notes += noted
        whole = films(output.frames)
        if self._glimpses is not None and last is not None:
            self._glimpses.learn(last, whole[0])
        made = [calls.news(film, shot, brief) for film in whole]
        heard = calls.heard(pipe, output, shot, brief)
        return [Take(*parts) for parts in zip(seeds, made, heard, strict=True)]

    def _preview(self, pipe: Any, done: int, latents: torch.Tensor, brief: Brief) -> Picture | None:
        if self._glimpses is not None:
            self._glimpses.follow(latents, brief.height, brief.width)
            return None if done % EVERY else self._glimpses.picture(pipe.scheduler)
        if done % EVERY or not hasattr(pipe, "preview"):
            return None
        picture: Picture = pipe.preview(latents)
        return picture


def _opened(ring: Take) -> Take:
    """A clip whose last frame is its first, without that one."""
    return replace(ring, film=ring.film[:-1])
