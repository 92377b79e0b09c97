"""The engine says in one sentence what it can't do, and does nothing twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from gen.engines.base import Brief, CannotMake
from gen.engines.diffusers import DiffusersEngine
from tests.support import tiny
from tests.support.engines import made

pytestmark = pytest.mark.xdist_group("tiny_pipelines")


FRAMES = {"ltx": 9, "wan": 5}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of weights per family."""
    torch.manual_seed(0)
    folders = {}
    for name in FRAMES:
        folders[name] = tmp_path_factory.mktemp(name)
        tiny.BUILDERS[name]().save_pretrained(folders[name], safe_serialization=True)
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
        "frames": FRAMES[name], "fps": 8, "steps": 2, "guidance": 3.0,
    }  # fmt: skip
    return Brief(**{**plain, **changes})


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


def test_a_negative_prompt_that_cannot_act_is_said(engines: dict[str, DiffusersEngine]) -> None:
    said = "The negative prompt did nothing: this model takes none, or not at this guidance."
    assert made(engines["wan"], _brief("wan", negative="rain", guidance=1.0)).notes == (said,)
    assert made(engines["wan"], _brief("wan", negative="rain")).notes == ()


def test_prompts_that_are_too_large_to_keep_are_let_go(
    engines: dict[str, DiffusersEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engines["ltx"]
    engine.load()
    one = _bytes_of(engine, "a sea")
    monkeypatch.setattr("gen.engines.prompts._KEPT_BYTES", 2 * one)
    calls, hook = _count_calls(engine._pipe.text_encoder)
    for prompt in ("a sea", "a ball", "the left", "the left", "a sea"):
        _bytes_of(engine, prompt)
    hook.remove()
    assert len(calls) == 3, "the last was kept, the first had gone"


def _bytes_of(engine: DiffusersEngine, prompt: str) -> int:
    answer = engine._pipe.encode_prompt(prompt, do_classifier_free_guidance=False)
    return sum(t.numel() * t.element_size() for t in answer if t is not None)


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
    tiny.wan().save_pretrained(tmp_path, safe_serialization=True)
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
