"""The engine drives real pipeline classes: tiny, with random weights, saved and loaded offline."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
import transformers

from gen.engines.base import Brief, CannotMake, Picture, Stopped
from gen.engines.diffusers import DiffusersEngine
from tests.support.engines import made

pytestmark = pytest.mark.xdist_group("tiny_pipelines")


def _text(dim: int, kind: str = "T5") -> dict[str, Any]:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0)]
    words = ("a", "red", "ball", "drifting", "left", "the", "sea", *"bcdefghilorstuv")
    tokenizer = transformers.T5Tokenizer(
        vocab=[*pieces, *((f"▁{w}" if len(w) > 1 else w, -2.0) for w in words)],
        extra_ids=0,
    )
    options = {
        "vocab_size": len(tokenizer), "d_model": dim, "d_kv": 8, "d_ff": 16, "num_layers": 1,
        "num_heads": 2,
    }  # fmt: skip
    config = getattr(transformers, f"{kind}Config")(**options)
    encoder = getattr(transformers, f"{kind}EncoderModel")(config).eval()
    return {"tokenizer": tokenizer, "text_encoder": encoder}


def _ltx() -> Any:
    return diffusers.LTXPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=diffusers.AutoencoderKLLTXVideo(
            latent_channels=8, block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8), layers_per_block=(1, 1, 1, 1, 1),
            decoder_layers_per_block=(1, 1, 1, 1, 1),
        ).eval(),
        transformer=diffusers.LTXVideoTransformer3DModel(
            in_channels=8, out_channels=8, num_attention_heads=2, attention_head_dim=8,
            cross_attention_dim=16, num_layers=1, caption_channels=16,
        ).eval(),
        **_text(16),
    )  # fmt: skip


def _wan() -> Any:
    return diffusers.WanPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=diffusers.AutoencoderKLWan(
            base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1
        ).eval(),
        transformer=diffusers.WanTransformer3DModel(
            num_attention_heads=2, attention_head_dim=12, text_dim=16, freq_dim=16, ffn_dim=16,
            num_layers=1,
        ).eval(),
        **_text(16, "UMT5"),
    )  # fmt: skip


def _cogvideox() -> Any:
    return diffusers.CogVideoXPipeline(
        scheduler=diffusers.CogVideoXDDIMScheduler(),
        vae=diffusers.AutoencoderKLCogVideoX(
            block_out_channels=(8, 8, 8, 8), latent_channels=4, layers_per_block=1,
            norm_num_groups=2,
        ).eval(),
        transformer=diffusers.CogVideoXTransformer3DModel(
            num_attention_heads=2, attention_head_dim=8, in_channels=4, out_channels=4,
            time_embed_dim=4, text_embed_dim=16, num_layers=1, sample_width=8, sample_height=8,
            sample_frames=5,
        ).eval(),
        **_text(16),
    )  # fmt: skip


FAMILIES: dict[str, tuple[Callable[[], Any], int]] = {
    "ltx": (_ltx, 9), "wan": (_wan, 5), "cogvideox": (_cogvideox, 9),
}  # fmt: skip


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of weights per family."""
    torch.manual_seed(0)
    folders = {}
    for name, (build, _) in FAMILIES.items():
        folders[name] = tmp_path_factory.mktemp(name)
        build().save_pretrained(folders[name], safe_serialization=True)
    return folders


@pytest.fixture(scope="module")
def engines(weights: dict[str, Path]) -> dict[str, DiffusersEngine]:
    """One warm engine per family."""
    return {
        name: DiffusersEngine(folder, device="cpu", dtype="float32")
        for name, folder in weights.items()
    }


def _brief(name: str, **changes: Any) -> Brief:
    plain = {
        "prompt": "a red ball drifting left", "seeds": (1,), "width": 64, "height": 64,
        "frames": FAMILIES[name][1], "fps": 8, "steps": 2, "guidance": 3.0,
    }  # fmt: skip
    return Brief(**{**plain, **changes})


@pytest.mark.parametrize("name", FAMILIES)
def test_each_variation_equals_the_single_render_with_its_seed(
    engines: dict[str, DiffusersEngine], name: str
) -> None:
    together = made(engines[name], _brief(name, seeds=(3, 4, 5))).takes
    assert [take.seed for take in together] == [3, 4, 5]
    for take in together:
        alone = made(engines[name], _brief(name, seeds=(take.seed,))).takes[0]
        assert take.film.shape == (FAMILIES[name][1], 64, 64, 3)
        assert take.film.dtype == np.uint8
        assert np.abs(take.film.astype(int) - alone.film).max() <= 1  # rounding
    assert not np.array_equal(together[0].film, together[1].film)


@pytest.mark.parametrize("name", FAMILIES)
def test_progress_is_told_after_every_step(engines: dict[str, DiffusersEngine], name: str) -> None:
    told: list[tuple[int, int]] = []
    made(
        engines[name],
        _brief(name, seeds=(1, 2), steps=3),
        lambda done, total, preview=None: told.append((done, total)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_stop_ends_within_the_step_and_harms_nothing(
    engines: dict[str, DiffusersEngine], name: str
) -> None:
    before = made(engines[name], _brief(name, steps=4)).takes[0].film
    told: list[int] = []

    def stop(done: int, total: int, preview: Picture | None = None) -> None:
        told.append(done)
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        made(engines[name], _brief(name, steps=4), stop)
    assert told == [1, 2]
    after = made(engines[name], _brief(name, steps=4)).takes[0].film
    assert np.array_equal(before, after)


def _count_calls(part: torch.nn.Module) -> tuple[list[int], Any]:
    calls: list[int] = []
    return calls, part.register_forward_pre_hook(lambda *_: calls.append(1))


def test_a_prompt_is_encoded_once(engines: dict[str, DiffusersEngine]) -> None:
    engine = engines["ltx"]
    engine.load()
    calls, hook = _count_calls(engine._pipe.text_encoder)
    for seed in (1, 2):
        made(engine, _brief("ltx", prompt="the sea", seeds=(seed,)))
    hook.remove()
    assert len(calls) == 2  # the prompt and its empty negative, for the first render only


def test_without_guidance_there_is_one_pass_only(engines: dict[str, DiffusersEngine]) -> None:
    engine = engines["wan"]
    engine.load()
    calls, hook = _count_calls(engine._pipe.transformer)
    made(engine, _brief("wan", guidance=1.0, steps=3))
    hook.remove()
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        (
            "ltx",
            {"width": 72},
            "This model's width and height go in steps of 32 pixels; 72 × 64 does not fit.",
        ),
        (
            "wan",
            {"height": 72},
            "This model's width and height go in steps of 16 pixels; 64 × 72 does not fit.",
        ),
        ("wan", {"frames": 6}, "This model makes 5 or 9 frames, not 6."),
        ("ltx", {"frames": 8}, "This model makes 1 or 9 frames, not 8."),
    ],
)
def test_a_size_the_model_cannot_do_is_refused_in_one_sentence(
    engines: dict[str, DiffusersEngine], name: str, changes: dict[str, int], said: str
) -> None:
    with pytest.raises(CannotMake, match=f"^{said}$"):
        made(engines[name], _brief(name, **changes))


def test_too_little_memory_is_said_and_the_engine_stays_usable(
    engines: dict[str, DiffusersEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engines["wan"]
    engine.load()

    def full(*args: object, **kwargs: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with monkeypatch.context() as patch:
        patch.setattr(engine._pipe.vae, "decode", full)
        with pytest.raises(CannotMake, match=r"^5 frames of 64 × 64 need more memory"):
            made(engine, _brief("wan"))
    assert made(engine, _brief("wan")).takes


def _damage(folder: Path, kind: str) -> None:
    file = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    if kind == "missing":
        file.unlink()
    elif kind == "truncated":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif kind == "garbage":
        file.write_bytes(b"not weights at all")
    elif kind == "partial":
        from safetensors.torch import load_file, save_file

        tensors = load_file(file)
        tensors.pop(next(iter(tensors)))
        save_file(tensors, file, {"format": "pt"})
    elif kind == "index":
        (folder / "model_index.json").write_text("{")
    elif kind == "class":
        index = json.loads((folder / "model_index.json").read_text())
        index["_class_name"] = "NoSuchPipeline"
        (folder / "model_index.json").write_text(json.dumps(index))


@pytest.mark.parametrize("kind", ["missing", "truncated", "garbage", "partial", "index", "class"])
def test_damaged_weights_are_one_sentence(tmp_path: Path, kind: str) -> None:
    _wan().save_pretrained(tmp_path, safe_serialization=True)
    _damage(tmp_path, kind)
    said = "^This model's weights are incomplete or damaged; a host has to fetch them again.$"
    with pytest.raises(CannotMake, match=said):
        DiffusersEngine(tmp_path, device="cpu", dtype="float32").load()


@pytest.mark.parametrize("source", ["/no/such/folder", "nobody/no-such-model"])
def test_absent_weights_are_one_sentence(source: str) -> None:
    with pytest.raises(CannotMake, match=r"^This model's weights are not on its worker"):
        DiffusersEngine(source, device="cpu").load()


class _Plain:
    """A pipeline that takes one prompt at a time and tells nobody of its steps."""

    def __init__(self) -> None:
        self.scheduler = diffusers.FlowMatchEulerDiscreteScheduler()

    def __call__(
        self, prompt: str, generator: torch.Generator, height: int, width: int, num_frames: int,
        num_inference_steps: int, output_type: str,
    ) -> Any:  # fmt: skip
        self.scheduler.set_timesteps(num_inference_steps)
        x = torch.randn(1, num_frames, 3, height, width, generator=generator)
        for t in self.scheduler.timesteps:
            x = self.scheduler.step(x * 0, t, x).prev_sample
        return type("Output", (), {"frames": x.sigmoid()})

    def maybe_free_model_hooks(self) -> None:
        return None


def test_a_pipeline_without_embeddings_or_callback_is_called_once_per_seed() -> None:
    engine = DiffusersEngine("nowhere", device="cpu")
    engine._pipe = _Plain()
    told: list[tuple[int, int]] = []
    takes = made(
        engine,
        Brief("a ball", (1, 2), 16, 8, 3, 8, steps=2, guidance=1.0),
        lambda done, total, preview=None: told.append((done, total)),
    ).takes
    assert [take.film.shape for take in takes] == [(3, 8, 16, 3)] * 2
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert not np.array_equal(takes[0].film, takes[1].film)
