"""Real networks with random weights, small enough to be made in a test."""

from __future__ import annotations

from pathlib import Path

from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    MotionAdapter,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

WORDS = ("<|startoftext|>", "<|endoftext|>", "a</w>", "cat</w>")
CHANNELS = (32, 64)


def stable_diffusion(folder: Path) -> None:
    """Its pipeline for images, without a safety checker."""
    words = CLIPTextConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        intermediate_size=32,
        num_attention_heads=4,
        num_hidden_layers=1,
        projection_dim=32,
        bos_token_id=0,
        eos_token_id=1,
    )
    unet = UNet2DConditionModel(
        block_out_channels=CHANNELS,
        sample_size=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        norm_num_groups=2,
    )
    vae = AutoencoderKL(
        block_out_channels=CHANNELS,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        norm_num_groups=2,
    )
    pipe = StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(words),
        tokenizer=CLIPTokenizer(
            vocab={word: n for n, word in enumerate(WORDS)}, merges=[], model_max_length=77
        ),
        unet=unet,
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(folder)


def motion_adapter(folder: Path) -> None:
    """What sets it in motion."""
    adapter = MotionAdapter(
        block_out_channels=CHANNELS, motion_norm_num_groups=2, motion_num_attention_heads=4
    )
    adapter.save_pretrained(folder)
