"""What a job of four variations costs, beside four calls of the plain pipeline in the same process.

``python -m bench.generate`` renders the same prompt, size, steps and seeds both ways, in turn: the
model that ships on any machine; on one with CUDA also models of the shape of Wan 2.1 1.3B and of
LTX-Video with random weights, whose time is that of the real ones. Models are warm in both.
"""

from __future__ import annotations

import gc
import importlib
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from bench.figures import published
from bench.report import Figure, main, say
from gen import catalogue
from gen.catalogue import Entry
from gen.engines.base import Brief, Film, Picture, Take
from gen.engines.diffusers import DiffusersEngine
from gen.engines.tensors import replaced

SEEDS = (1, 2, 3, 4)
PROMPT = "a red circle drifting left over a blue background"
LIMIT_SECONDS = 900.0


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began


def _compared(engine: DiffusersEngine, brief: Brief, rounds: int) -> tuple[float, float]:
    """Median seconds of four plain calls, and of our one job."""
    pipe = engine._pipe

    def plain() -> None:
        for seed in SEEDS:
            pipe(
                brief.prompt,
                width=brief.width,
                height=brief.height,
                num_frames=brief.frames,
                num_inference_steps=brief.steps,
                guidance_scale=brief.guidance,
                generator=torch.Generator("cpu").manual_seed(seed),
            )

    def ours() -> None:
        _takes(engine, brief)

    for warm in (plain, ours):
        warm()
    taken = [(_seconds(plain), _seconds(ours)) for _ in range(rounds)]
    return statistics.median(t for t, _ in taken), statistics.median(t for _, t in taken)


def _embedded(quick: bool) -> list[Figure]:
    entry = catalogue.read()["commons-shapes"]
    engine = DiffusersEngine(**entry.options, device="cpu")
    engine.load()
    width, height = next(iter(entry.sizes.values()))
    frames, steps = entry.offer.frames(4), int(entry.steps.default)
    brief = Brief(PROMPT, SEEDS, width, height, frames, entry.fps, steps, entry.guidance.default)
    plain, ours = _compared(engine, brief, 2 if quick else 5)
    previews = _previews(engine, brief)
    found = [
        published("generate: one job of four", ours),
        published("generate: beside four plain calls", 100 * ours / plain, f"{plain:.2f} s"),
        published("generate: previews' share of a render", previews),
        _drafts(engine, brief, entry),
    ]
    engine.close()
    return found


def _previews(engine: DiffusersEngine, brief: Brief) -> float:
    """How much of a render goes into what is shown meanwhile, in percent."""
    plain, spent = engine._preview, 0.0

    def timed(*given: Any) -> Any:
        nonlocal spent
        began = time.perf_counter()
        shown = plain(*given)
        spent += time.perf_counter() - began
        return shown

    with replaced(engine, "_preview", timed):
        whole = _seconds(lambda: _takes(engine, brief))
    return 100 * spent / whole


def _drafts(engine: DiffusersEngine, brief: Brief, entry: Entry) -> Figure:
    """How far a draft of the fewest steps and half the size is from its final, beside other seeds."""
    size = brief.width, brief.height
    draft = replace(
        brief,
        steps=int(entry.steps.low),
        width=size[0] // 2,
        height=size[1] // 2,
        final_size=size,
    )
    drafts, finals = ([_small(take.film) for take in _takes(engine, b)] for b in (draft, brief))
    away = statistics.mean(map(_distance, drafts, finals))
    others = statistics.mean(_distance(one, other) for one, other in pairwise(finals))
    return Figure(
        f"{entry.title}: from a draft to its final, of 255",
        away,
        "levels",
        f"another seed's final: {others:.1f}",
    )


def _takes(engine: DiffusersEngine, brief: Brief) -> list[Take]:
    takes: list[Take] = []
    engine.make(brief, _unheard, takes.append)
    return takes


def _small(film: Film) -> torch.Tensor:
    frames = torch.from_numpy(film[::8]).movedim(-1, 1).float()
    return F.interpolate(frames, (64, 64), mode="area")


def _distance(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().mean())


def _unheard(done: int, total: int, preview: Picture | None = None) -> None:
    return None


def _text_encoder(dim: int, kind: str) -> dict[str, Any]:
    transformers = importlib.import_module("transformers")
    pieces = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        *((c, -2.0) for c in "▁abcdefgilorstuv"),
    ]
    tokenizer = transformers.T5Tokenizer(vocab=pieces, extra_ids=0)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(tokenizer), d_model=dim, d_kv=64, d_ff=2 * dim, num_layers=2, num_heads=8
    )
    encoder = getattr(transformers, f"{kind}EncoderModel")(config).eval()
    return {"tokenizer": tokenizer, "text_encoder": encoder}


def _wan() -> Any:
    diffusers = importlib.import_module("diffusers")
    return diffusers.WanPipeline(
        scheduler=diffusers.UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
        vae=diffusers.AutoencoderKLWan(),
        transformer=diffusers.WanTransformer3DModel(
            num_attention_heads=12, attention_head_dim=128, ffn_dim=8960, num_layers=30
        ),
        **_text_encoder(4096, "UMT5"),
    )


def _ltx() -> Any:
    diffusers = importlib.import_module("diffusers")
    return diffusers.LTXPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=diffusers.AutoencoderKLLTXVideo(),
        transformer=diffusers.LTXVideoTransformer3DModel(),
        **_text_encoder(4096, "T5"),
    )


def _large(name: str, build: Callable[[], Any], width: int, quick: bool) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        pipe = build().to(torch.bfloat16)
        pipe.save_pretrained(folder, safe_serialization=True)
        kind = type(pipe).__name__
        del pipe
        gc.collect()
        engine = DiffusersEngine(Path(folder), pipeline=kind, device="cuda")
        engine.load()
        brief = Brief(PROMPT, SEEDS, width, 480, 81, 16, 4 if quick else 10, 5.0)
        plain, ours = _compared(engine, brief, 1 if quick else 2)
        previews = _previews(engine, brief)
        engine.close()
    return [
        Figure(f"{name}: one job of four", ours, "s"),
        Figure(f"{name}: beside four plain calls", 100 * ours / plain, "%", f"{plain:.2f} s", 67),
        Figure(f"{name}: previews' share of a render", previews, "%", at_most=2),
    ]


async def measure(quick: bool) -> list[Figure]:
    found = _embedded(quick)
    if torch.cuda.is_available():
        found += _large("Wan 1.3B's shape, 81 frames of 480p", _wan, 832, quick)
        found += _large("LTX's shape, 81 frames of 480p", _ltx, 704, quick)
    else:
        say("no CUDA here: the large models are left out")
    return found


if __name__ == "__main__":
    main("generate", __doc__, measure, LIMIT_SECONDS)
