"""The embedded model as a diffusers pipeline: from noise and a prompt to clips."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler
from diffusers.utils import BaseOutput
from diffusers.utils.torch_utils import randn_tensor
from numpy.typing import NDArray
from torch import Tensor

from gen.embedded.animate import animate
from gen.embedded.captions import split
from gen.embedded.codec import TOKENS, WIDTH, SceneCodec
from gen.embedded.denoiser import SceneDenoiser, WordEncoder
from gen.embedded.lift import Lifted, lift
from gen.embedded.painter import paint
from gen.embedded.timeline import looped, middle, played

SIDES = range(128, 769, 8)
FRAMES = range(16, 151)
_PREVIEW = 128
_GLANCE = 24
"""Of a clip that is continued, no more than so many last frames are looked at."""

# Words that carry no picture, beside those the model was trained with.
_SILENT = frozenset(
    split(
        "is are am was be been being of its it that this these those some any there here as by for"
        " very really just so then than also my your our their his her we you they he she do does"
        " doing please can could would should will let make made create generate render video"
        " videos clip animation film movie scene picture image showing shows shown style into onto"
        " off out when where which who whose what how all each every both other another too or but"
        " has have had s t doesnt"
    )
)


@contextmanager
def _one_thread() -> Iterator[None]:
    """So small a network is as fast on one core; on several, whatever else runs there stalls it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass
class CommonsShapesOutput(BaseOutput):  # type: ignore[misc]
    """``frames`` uint8: (B, F, 3, H, W) as a tensor, (B, F, H, W, 3) as an array; or latents."""

    frames: Tensor | NDArray[np.uint8]


class CommonsShapesPipeline(DiffusionPipeline):  # type: ignore[misc]
    """Text to video with the subjects, motions and backgrounds of a small vocabulary.

    A latent is a scene in layers (see ``codec``). It is sampled from noise by flow matching with
    classifier-free guidance (Ho and Salimans 2022); no prompt is parsed into a drawing.
    """

    model_cpu_offload_seq = "text_encoder->transformer->vae"
    _callback_tensor_inputs = ("latents",)

    def __init__(
        self,
        text_encoder: WordEncoder,
        transformer: SceneDenoiser,
        vae: SceneCodec,
        scheduler: FlowMatchEulerDiscreteScheduler,
    ) -> None:
        super().__init__()
        self.register_modules(
            text_encoder=text_encoder, transformer=transformer, vae=vae, scheduler=scheduler
        )
        self._guess = torch.zeros(1, TOKENS, WIDTH)
        self._size = (_PREVIEW, _PREVIEW)

    def encode_prompt(
        self,
        prompt: str | list[str],
        negative_prompt: str | list[str] | None = None,
        do_classifier_free_guidance: bool = True,
    ) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
        """Embeddings (B, L, D) and mask (B, L) of the prompt, then of the negative prompt."""
        prompts = [prompt] if isinstance(prompt, str) else prompt
        against = negative_prompt or ""
        negatives = [against] * len(prompts) if isinstance(against, str) else against
        asked = prompts + negatives if do_classifier_free_guidance else prompts
        ids, mask = self.text_encoder.tokens(asked)
        ids, mask = ids.to(self._execution_device), mask.to(self._execution_device)
        with torch.no_grad():
            words = self.text_encoder(ids, mask)
        if not do_classifier_free_guidance:
            return words, mask, None, None
        (words, unwanted), (mask, unwanted_mask) = words.chunk(2), mask.chunk(2)
        return words, mask, unwanted, unwanted_mask

    def check_inputs(self, height: int, width: int, num_frames: int) -> None:
        """Raises ``ValueError`` with one plain sentence for what this model can't make."""
        if height not in SIDES or width not in SIDES:
            raise ValueError(
                f"this small model makes clips of {SIDES[0]} to {SIDES[-1]} pixels a side, in"
                f" steps of {SIDES.step}, not {width}×{height}"
            )
        if num_frames not in FRAMES:
            raise ValueError(
                f"this small model makes {FRAMES[0]} to {FRAMES[-1]} frames, not {num_frames}"
            )

    def prepare_latents(
        self,
        batch_size: int,
        device: torch.device | str,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: Tensor | None = None,
    ) -> Tensor:
        """Noise (batch_size, TOKENS, WIDTH); the same for every size and length of a clip."""
        if latents is not None:
            return latents.to(device)
        shape = (batch_size, TOKENS, WIDTH)
        return torch.as_tensor(
            randn_tensor(
                shape, generator=generator, device=torch.device(device), dtype=torch.float32
            )
        )

    @torch.no_grad()
    @_one_thread()
    def __call__(
        self,
        prompt: str | list[str] | None = None,
        negative_prompt: str | list[str] | None = None,
        first: NDArray[np.uint8] | None = None,
        film: NDArray[np.uint8] | None = None,
        loop: bool = False,
        height: int = 256,
        width: int = 256,
        num_frames: int = 48,
        num_inference_steps: int = 12,
        guidance_scale: float = 1.2,
        num_videos_per_prompt: int = 1,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: Tensor | None = None,
        prompt_embeds: Tensor | None = None,
        prompt_attention_mask: Tensor | None = None,
        negative_prompt_embeds: Tensor | None = None,
        negative_prompt_attention_mask: Tensor | None = None,
        output_type: str = "np",
        return_dict: bool = True,
        callback_on_step_end: Callable[[Any, int, Tensor, dict[str, Any]], dict[str, Any]]
        | None = None,
        callback_on_step_end_tensor_inputs: tuple[str, ...] = ("latents",),
    ) -> CommonsShapesOutput | tuple[Tensor | NDArray[np.uint8]]:
        """Clips as ``output_type`` "np", "pt" (both uint8) or "latent".

        With a picture ``first`` (H, W, 3) they begin with it; with a ``film`` (frames, H, W, 3) they
        begin one frame after it ends; both are uint8 and as large as the clip. With ``loop`` the
        first frame follows the last.
        """
        self.check_inputs(height, width, num_frames)
        if (first is not None) + (film is not None) + loop > 1:
            raise ValueError("a picture, a clip to go on from and a loop exclude each other")
        given = self._given(first if film is None else film, height, width)
        if prompt_embeds is None or prompt_attention_mask is None:
            words, mask, unwanted, unwanted_mask = self.encode_prompt(
                prompt or "", negative_prompt, guidance_scale > 1
            )
        else:
            words, mask = prompt_embeds, prompt_attention_mask
            unwanted, unwanted_mask = negative_prompt_embeds, negative_prompt_attention_mask
        guided = guidance_scale > 1
        if unwanted is not None and unwanted_mask is not None and guided:
            words, mask = torch.cat([words, unwanted]), torch.cat([mask, unwanted_mask])
        words = words.repeat_interleave(num_videos_per_prompt, 0)
        mask = mask.repeat_interleave(num_videos_per_prompt, 0)

        device, dtype = words.device, words.dtype
        clips = len(words) // 2 if guided else len(words)
        latents = self.prepare_latents(clips, device, generator, latents)
        self._size = (height, width)
        self.scheduler.set_timesteps(num_inference_steps, device=device)
        for i, t in enumerate(self.progress_bar(self.scheduler.timesteps)):
            sigma = self.scheduler.sigmas[i].to(device)
            noisy = torch.cat([latents] * 2) if guided else latents
            level = sigma.expand(len(noisy))
            clean = self.transformer(noisy.to(dtype), level, words, mask).float()
            if guided:
                wanted, other = clean.chunk(2)
                clean = other + guidance_scale * (wanted - other)
            self._guess = clean
            velocity = (latents - clean) / sigma
            latents = self.scheduler.step(velocity, t, latents, return_dict=False)[0]
            if callback_on_step_end is not None:
                tensors = {"latents": latents}
                shown = {name: tensors[name] for name in callback_on_step_end_tensor_inputs}
                latents = callback_on_step_end(self, i, t, shown).get("latents", latents)

        frames = latents
        if output_type != "latent":
            alone = partial(torch.set_num_threads, 1)
            with ThreadPoolExecutor(os.cpu_count(), initializer=alone) as painters:
                films = painters.map(
                    lambda latent: self._film(latent, num_frames, given, film is not None, loop),
                    latents,
                )
                frames = torch.stack([*films]).permute(0, 1, 4, 2, 3)
        if output_type == "np":
            frames = frames.permute(0, 1, 3, 4, 2).numpy()
        self.maybe_free_model_hooks()
        return CommonsShapesOutput(frames) if return_dict else (frames,)

    @staticmethod
    def _given(pictures: NDArray[np.uint8] | None, height: int, width: int) -> Lifted | None:
        """What lies in the picture, or at the end of the film, that was given."""
        if pictures is None:
            return None
        frames = torch.from_numpy(pictures.reshape(-1, *pictures.shape[-3:])[-_GLANCE:])
        if tuple(frames.shape[1:3]) != (height, width):
            raise ValueError("the picture or clip that is given must be as large as the new one")
        return lift(frames.float() / 255)

    def _film(
        self, latent: Tensor, frames: int, given: Lifted | None, continues: bool, loop: bool
    ) -> Tensor:
        """One latent as uint8 (F, H, W, 3); painting is CPU work."""
        layers = self.vae.unpack(latent).to("cpu")
        if given is not None:
            return animate(layers, given, frames, continues=continues)
        timeline = (looped if loop else played)(layers, frames)
        return paint(layers, timeline, *self._size)

    @torch.no_grad()
    def preview(self, latents: Tensor) -> NDArray[np.uint8]:
        """What the first clip is becoming: the middle frame of the newest guess, (h, w, 3).

        ``latents`` are those a callback is given; while they are noise, the guess shows more.
        """
        height, width = self._size
        shrink = min(1.0, _PREVIEW / max(height, width))
        size = round(height * shrink), round(width * shrink)
        layers = self.vae.unpack(self._guess[0]).to("cpu")
        return np.asarray(paint(layers, middle(layers), *size)[0].numpy())

    def remarks(self, prompt: str) -> tuple[str, ...]:
        """What the artist should know before judging the clip: the words the model doesn't know."""
        text = prompt[:10_000]
        pictograms = re.findall(r"[\u2600-\u27bf\U0001f300-\U0001faff]", text)
        words = dict.fromkeys([*split(text), *pictograms])
        unknown = [w for w in words if w not in _SILENT and not self.text_encoder.known(w)]
        if not unknown:
            return ()
        named = [f"“{word[:30]}”" for word in unknown[:6]]
        if len(unknown) > len(named):
            named.append(f"{len(unknown) - len(named)} other words")
        listed = " or ".join(filter(None, [", ".join(named[:-1]), named[-1]]))
        return (f"This small model doesn't know {listed}.",)
