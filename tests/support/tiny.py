"""Tiny pipelines of diffusers' real classes with random weights, one builder per family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import diffusers
import torch
import transformers

_WORDS = ("a", "red", "ball", "drifting", "left", "the", "sea", *"bcdefghilorstuv")


def t5_tokenizer() -> Any:
    """Knows a few words; serves every text encoder here that reads numbers."""
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0)]
    words = ((f"▁{word}" if len(word) > 1 else word, -2.0) for word in _WORDS)
    return transformers.T5Tokenizer(vocab=[*pieces, *words], extra_ids=0)


def text(dim: int = 16, kind: str = "T5") -> dict[str, Any]:
    tokenizer = t5_tokenizer()
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(tokenizer), d_model=dim, d_kv=8, d_ff=16, num_layers=1, num_heads=2
    )
    encoder = getattr(transformers, f"{kind}EncoderModel")(config).eval()
    return {"tokenizer": tokenizer, "text_encoder": encoder}


def byte_tokenizer(kind: str = "Qwen2Tokenizer") -> Any:
    """One token per byte."""
    letters = tokenizer_alphabet()
    return getattr(transformers, kind)(
        vocab={letter: number for number, letter in enumerate(letters)}, merges=[]
    )


def tokenizer_alphabet() -> list[str]:
    from tokenizers.pre_tokenizers import ByteLevel

    return ["<|endoftext|>", *sorted(ByteLevel.alphabet())]


def _flow(**options: Any) -> Any:
    return diffusers.FlowMatchEulerDiscreteScheduler(**options)


def _ltx_parts() -> dict[str, Any]:
    return {
        "vae": diffusers.AutoencoderKLLTXVideo(
            latent_channels=8, block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8), layers_per_block=(1, 1, 1, 1, 1),
            decoder_layers_per_block=(1, 1, 1, 1, 1),
        ).eval(),
        "transformer": diffusers.LTXVideoTransformer3DModel(
            in_channels=8, out_channels=8, num_attention_heads=2, attention_head_dim=8,
            cross_attention_dim=16, num_layers=2, caption_channels=16,
        ).eval(),
        "scheduler": _flow(),
        **text(),
    }  # fmt: skip


def ltx() -> Any:
    return diffusers.LTXPipeline(**_ltx_parts())


def ltx_condition() -> Any:
    return diffusers.LTXConditionPipeline(**_ltx_parts())


def _wan_vae(**options: Any) -> Any:
    return diffusers.AutoencoderKLWan(
        base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, **options
    ).eval()


def _wan_transformer(**options: Any) -> Any:
    return diffusers.WanTransformer3DModel(
        num_attention_heads=2, attention_head_dim=12, text_dim=16, freq_dim=16, ffn_dim=16,
        num_layers=2, **options,
    ).eval()  # fmt: skip


def wan() -> Any:
    return diffusers.WanPipeline(
        scheduler=_flow(), vae=_wan_vae(), transformer=_wan_transformer(), **text(kind="UMT5")
    )


def wan_a14b() -> Any:
    """Two experts, of which one begins and the other ends."""
    return diffusers.WanPipeline(
        scheduler=_flow(), vae=_wan_vae(), transformer=_wan_transformer(),
        transformer_2=_wan_transformer(), boundary_ratio=0.875, **text(kind="UMT5"),
    )  # fmt: skip


def wan_5b() -> Any:
    """Words and pictures with the same weights: every latent has a time of its own."""
    return diffusers.WanPipeline(
        scheduler=_flow(), vae=_wan_vae(), transformer=_wan_transformer(),
        expand_timesteps=True, **text(kind="UMT5"),
    )  # fmt: skip


def wan_image(**options: Any) -> Any:
    """2.1: the picture is seen by CLIP as well."""
    vision = transformers.CLIPVisionConfig(
        hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        image_size=16, patch_size=8, projection_dim=8,
    )  # fmt: skip
    return diffusers.WanImageToVideoPipeline(
        scheduler=_flow(), vae=_wan_vae(), **text(kind="UMT5"),
        transformer=_wan_transformer(in_channels=36, out_channels=16, image_dim=8,
            added_kv_proj_dim=24, **options),
        image_encoder=transformers.CLIPVisionModel(vision).eval(),
        image_processor=transformers.CLIPImageProcessorPil(
            crop_size={"height": 16, "width": 16}, size={"shortest_edge": 16}),
    )  # fmt: skip


def wan_frames() -> Any:
    """2.1: CLIP sees the picture to begin with and the one to end with."""
    return wan_image(pos_embed_seq_len=10)


def wan_image_a14b() -> Any:
    """2.2: two experts and no CLIP."""
    shape = {"in_channels": 36, "out_channels": 16}
    return diffusers.WanImageToVideoPipeline(
        scheduler=_flow(), vae=_wan_vae(), **text(kind="UMT5"),
        transformer=_wan_transformer(**shape), transformer_2=_wan_transformer(**shape),
        boundary_ratio=0.9,
    )  # fmt: skip


def _cogvideox_parts(channels: int) -> dict[str, Any]:
    return {
        "scheduler": diffusers.CogVideoXDDIMScheduler(),
        "vae": diffusers.AutoencoderKLCogVideoX(
            block_out_channels=(8, 8, 8, 8), latent_channels=4, layers_per_block=1,
            norm_num_groups=2,
        ).eval(),
        "transformer": diffusers.CogVideoXTransformer3DModel(
            num_attention_heads=2, attention_head_dim=8, in_channels=channels, out_channels=4,
            time_embed_dim=4, text_embed_dim=16, num_layers=2, sample_width=8, sample_height=8,
            sample_frames=5,
        ).eval(),
        **text(),
    }  # fmt: skip


def cogvideox() -> Any:
    return diffusers.CogVideoXPipeline(**_cogvideox_parts(4))


def cogvideox_image() -> Any:
    return diffusers.CogVideoXImageToVideoPipeline(**_cogvideox_parts(8))


def mochi() -> Any:
    transformer = diffusers.MochiTransformer3DModel(
        num_attention_heads=2, attention_head_dim=8, num_layers=2, pooled_projection_dim=16,
        in_channels=12, text_embed_dim=16, time_embed_dim=4, max_sequence_length=256,
    ).eval()  # fmt: skip
    torch.nn.init.normal_(transformer.pos_frequencies)
    return diffusers.MochiPipeline(
        scheduler=_flow(), transformer=transformer, **text(),
        vae=diffusers.AutoencoderKLMochi(
            latent_channels=12, encoder_block_out_channels=(32, 32, 32, 32),
            decoder_block_out_channels=(32, 32, 32, 32), layers_per_block=(1, 1, 1, 1, 1),
            latents_mean=[0.0] * 12, latents_std=[1.0] * 12,
        ).eval(),
    )  # fmt: skip


def helios() -> Any:
    return diffusers.HeliosPipeline(
        vae=_wan_vae(), **text(kind="UMT5"),
        scheduler=diffusers.HeliosScheduler(
            stages=1, stage_range=[0, 1], use_dynamic_shifting=True),
        transformer=diffusers.HeliosTransformer3DModel(
            num_attention_heads=2, attention_head_dim=12, in_channels=16, out_channels=16,
            text_dim=16, freq_dim=16, ffn_dim=16, num_layers=2, rope_dim=(4, 4, 4),
            has_multi_term_memory_patch=True, guidance_cross_attn=True,
            zero_history_timestep=True, is_amplify_history=False,
        ).eval(),
    )  # fmt: skip


def sana_video() -> Any:
    tokenizer = byte_tokenizer()
    tokenizer.padding_side = "right"
    return diffusers.SanaVideoPipeline(
        tokenizer=tokenizer, text_encoder=_gemma(tokenizer), vae=_wan_vae(),
        scheduler=diffusers.DPMSolverMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        transformer=diffusers.SanaVideoTransformer3DModel(
            in_channels=16, out_channels=16, num_attention_heads=2, attention_head_dim=12,
            num_layers=2, num_cross_attention_heads=2, cross_attention_head_dim=12,
            cross_attention_dim=24, caption_channels=16, sample_size=8, rope_max_seq_len=32,
        ).eval(),
    )  # fmt: skip


def _clip() -> Any:
    config = transformers.CLIPTextConfig(
        vocab_size=260, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=77, bos_token_id=0, eos_token_id=0,
        pad_token_id=0,
    )  # fmt: skip
    return transformers.CLIPTextModel(config).eval()


def animatediff() -> Any:
    return diffusers.AnimateDiffPipeline(
        tokenizer=clip_tokenizer(), text_encoder=_clip(),
        vae=diffusers.AutoencoderKL(
            block_out_channels=(8, 8), latent_channels=4, norm_num_groups=2,
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        ).eval(),
        unet=diffusers.UNet2DConditionModel(
            block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=2, sample_size=8,
            cross_attention_dim=16, attention_head_dim=2,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ).eval(),
        motion_adapter=diffusers.MotionAdapter(
            block_out_channels=(8, 16), motion_layers_per_block=1, motion_norm_num_groups=2,
            motion_num_attention_heads=2,
        ).eval(),
        scheduler=diffusers.DDIMScheduler(beta_schedule="linear", clip_sample=False),
    )  # fmt: skip


def clip_tokenizer() -> Any:
    letters = [*tokenizer_alphabet(), "<|startoftext|>"]
    vocab = {letter: number for number, letter in enumerate(letters)}
    return transformers.CLIPTokenizer(vocab=vocab, merges=[], model_max_length=77)


def _hunyuan_parts(task: str) -> dict[str, Any]:
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e6}
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    qwen = transformers.Qwen2_5_VLTextConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=3,
        num_attention_heads=2, num_key_value_heads=2, rope_parameters=rope, pad_token_id=0,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    glyphs = transformers.T5Config(
        vocab_size=384, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2
    )
    return {
        "text_encoder": transformers.Qwen2_5_VLTextModel(qwen).eval(),
        "tokenizer": tokenizer,
        "text_encoder_2": transformers.T5EncoderModel(glyphs).eval(),
        "tokenizer_2": transformers.ByT5Tokenizer(),
        "guider": diffusers.ClassifierFreeGuidance(guidance_scale=1.0),
        "scheduler": _flow(shift=7.0),
        "vae": diffusers.AutoencoderKLHunyuanVideo15(
            latent_channels=4, block_out_channels=(8, 8), layers_per_block=1,
            spatial_compression_ratio=4, temporal_compression_ratio=2,
            downsample_match_channel=False, upsample_match_channel=False,
        ).eval(),
        "transformer": diffusers.HunyuanVideo15Transformer3DModel(
            in_channels=9, out_channels=4, num_attention_heads=2, attention_head_dim=8,
            num_layers=2, num_refiner_layers=1, mlp_ratio=2.0, patch_size=1, patch_size_t=1,
            text_embed_dim=16, text_embed_2_dim=16, image_embed_dim=8, rope_axes_dim=(2, 2, 4),
            target_size=32, task_type=task,
        ).eval(),
    }  # fmt: skip


def hunyuan() -> Any:
    return diffusers.HunyuanVideo15Pipeline(**_hunyuan_parts("t2v"))


def hunyuan_image() -> Any:
    vision = transformers.SiglipVisionConfig(
        hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        image_size=16, patch_size=8,
    )  # fmt: skip
    return diffusers.HunyuanVideo15ImageToVideoPipeline(
        **_hunyuan_parts("i2v"),
        image_encoder=transformers.SiglipVisionModel(vision).eval(),
        feature_extractor=transformers.SiglipImageProcessorPil(size={"height": 16, "width": 16}),
    )


def _gemma(tokenizer: Any) -> Any:
    config = transformers.Gemma2Config(
        vocab_size=len(tokenizer), hidden_size=16, head_dim=8, intermediate_size=16,
        num_attention_heads=2, num_key_value_heads=2, num_hidden_layers=1, pad_token_id=0,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    return transformers.Gemma2Model(config).eval()


def ltx2() -> Any:
    """Pictures and sound."""
    from diffusers.pipelines.ltx2.connectors import LTX2TextConnectors
    from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder

    rope = {"rope_double_precision": False, "rope_type": "split"}
    video = {f"video_connector_{name}": value for name, value in _CONNECTOR.items()}
    audio = {f"audio_connector_{name}": value for name, value in _CONNECTOR.items()}
    tokenizer = byte_tokenizer()
    return diffusers.LTX2Pipeline(
        scheduler=_flow(), tokenizer=tokenizer, text_encoder=_gemma(tokenizer),
        vae=diffusers.AutoencoderKLLTX2Video(
            latent_channels=4, block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8), layers_per_block=(1, 1, 1, 1, 1),
            decoder_layers_per_block=(1, 1, 1, 1), upsample_residual=(False,) * 3,
            upsample_factor=(1, 1, 1), spatial_compression_ratio=32,
            temporal_compression_ratio=8,
        ).eval(),
        audio_vae=diffusers.AutoencoderKLLTX2Audio(
            base_channels=4, ch_mult=(1,), num_res_blocks=1, resolution=32, latent_channels=2,
            mel_bins=8,
        ).eval(),
        connectors=LTX2TextConnectors(
            caption_channels=16, text_proj_in_factor=2, connector_rope_base_seq_len=32,
            **video, **audio, **rope,
        ).eval(),
        transformer=diffusers.LTX2VideoTransformer3DModel(
            in_channels=4, out_channels=4, num_attention_heads=2, attention_head_dim=8,
            cross_attention_dim=16, audio_in_channels=4, audio_out_channels=4,
            audio_num_attention_heads=2, audio_attention_head_dim=4, audio_cross_attention_dim=8,
            num_layers=2, caption_channels=16, **rope,
        ).eval(),
        vocoder=LTX2Vocoder(
            in_channels=16, hidden_channels=32, upsample_kernel_sizes=[20, 32],
            upsample_factors=[10, 16], resnet_kernel_sizes=[3], resnet_dilations=[[1, 3, 5]],
            output_sampling_rate=16000,
        ).eval(),
    )  # fmt: skip


_CONNECTOR = {
    "num_attention_heads": 2, "attention_head_dim": 8, "num_layers": 1,
    "num_learnable_registers": None,
}  # fmt: skip


def _kandinsky_parts(sees: bool) -> dict[str, Any]:
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e6}
    tokenizer = byte_tokenizer()
    qwen = transformers.Qwen2_5_VLTextConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, rope_parameters=rope, pad_token_id=0,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    block = "HunyuanVideo{}Block3D"
    return {
        "tokenizer": tokenizer,
        "text_encoder": transformers.Qwen2_5_VLTextModel(qwen).eval(),
        "tokenizer_2": clip_tokenizer(),
        "text_encoder_2": _clip(),
        "scheduler": _flow(shift=7.0),
        "vae": diffusers.AutoencoderKLHunyuanVideo(
            block_out_channels=(8, 8, 8), layers_per_block=1, latent_channels=4,
            norm_num_groups=2, mid_block_add_attention=False,
            down_block_types=(block.format("Down"),) * 3, up_block_types=(block.format("Up"),) * 3,
        ).eval(),
        "transformer": diffusers.Kandinsky5Transformer3DModel(
            in_visual_dim=4, out_visual_dim=4, in_text_dim=16, in_text_dim2=16, time_dim=16,
            model_dim=16, ff_dim=16, num_text_blocks=1, num_visual_blocks=2, axes_dims=(2, 2, 4),
            visual_cond=sees,
        ).eval(),
    }  # fmt: skip


def kandinsky() -> Any:
    return diffusers.Kandinsky5T2VPipeline(**_kandinsky_parts(sees=False))


def kandinsky_image() -> Any:
    return diffusers.Kandinsky5I2VPipeline(**_kandinsky_parts(sees=True))


BUILDERS: dict[str, Callable[[], Any]] = {
    "ltx": ltx, "ltx_condition": ltx_condition, "wan": wan, "wan_a14b": wan_a14b,
    "wan_5b": wan_5b, "wan_image": wan_image, "wan_frames": wan_frames, "wan_image_a14b": wan_image_a14b,
    "cogvideox": cogvideox, "cogvideox_image": cogvideox_image, "mochi": mochi, "helios": helios,
    "sana_video": sana_video, "animatediff": animatediff, "hunyuan": hunyuan,
    "hunyuan_image": hunyuan_image, "ltx2": ltx2, "kandinsky": kandinsky,
    "kandinsky_image": kandinsky_image,
}  # fmt: skip
