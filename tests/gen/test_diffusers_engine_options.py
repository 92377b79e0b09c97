"""What an engine does beside the plain clip: nearness, drafts, styles, memory, approximations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import peft
import pytest
import torch

from gen.engines import memory
from gen.engines.base import Brief, CannotMake, Film, Style, Take, Task
from gen.engines.diffusers import DiffusersEngine
from gen.engines.noise import Anywhere, sown
from tests.support import tiny
from tests.support.engines import Made, made, unheard

pytestmark = [
    pytest.mark.xdist_group("tiny_options"),
    # What diffusers' schedulers say of themselves with today's NumPy.
    pytest.mark.filterwarnings("ignore:__array:DeprecationWarning"),
    # Several styles in one model are wanted.
    pytest.mark.filterwarnings("ignore:Already found a `peft_config`:UserWarning"),
]

BRIEF = Brief("a red ball", (1,), 64, 64, 9, fps=8, steps=3, guidance=3.0)
KINDS = ("ltx", "wan", "cogvideox", "kandinsky", "hunyuan")
SIZES = {"hunyuan": {"width": 32, "height": 32, "frames": 5}}
"""Where 64 × 64 is slow: this one has more latents to a picture."""


def _film(engine: DiffusersEngine, **changes: Any) -> Film:
    return made(engine, replace(BRIEF, **changes)).takes[0].film


def _distance(one: Film, other: Film) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    torch.manual_seed(0)
    made = {}
    for kind in (*KINDS, "helios"):
        made[kind] = tmp_path_factory.mktemp(kind)
        tiny.BUILDERS[kind]().save_pretrained(made[kind], safe_serialization=True)
    return made


@pytest.fixture(scope="module")
def engines(folders: dict[str, Path]) -> dict[str, DiffusersEngine]:
    return {
        kind: DiffusersEngine(folder, device="cpu", dtype="float32")
        for kind, folder in folders.items()
    }


# ── nearness and drafts ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
def test_a_variation_stays_as_near_as_it_is_told_to(
    engines: dict[str, DiffusersEngine], kind: str
) -> None:
    def film(seed: int, **changes: Any) -> Film:
        return _film(engines[kind], seeds=(seed,), **SIZES.get(kind, {}), **changes)

    origin, own = film(5), film(7)
    near, far = (film(7, near=((5, 1.0),), vary=s) for s in (0.1, 0.7))
    assert np.array_equal(film(7, near=((5, 1.0),), vary=0.0), origin)
    assert np.array_equal(film(7, near=((5, 1.0),), vary=1.0), own)
    assert 0 < _distance(near, origin) < _distance(far, origin)
    nearer = film(8, near=((5, 1.0), (7, 0.7)), vary=0.05)
    assert _distance(nearer, far) < _distance(nearer, origin), "near what was itself near another"
    assert np.array_equal(film(8, near=((5, 1.0), (7, 0.7)), vary=0.0), far)
    assert np.array_equal(film(5), origin), "the next clip knows nothing of it"


def test_the_sound_stays_near_too(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tiny.ltx2().save_pretrained(tmp_path)
    engine = DiffusersEngine(tmp_path, device="cpu", dtype="float32")

    def heard(**changes: Any) -> Any:
        sound = made(engine, replace(BRIEF, steps=2, **changes)).takes[0].sound
        assert sound is not None
        return sound.samples

    origin = heard(seeds=(5,))
    near, far = (heard(seeds=(7,), near=((5, 1.0),), vary=s) for s in (0.1, 0.9))
    assert 0 < np.abs(near - origin).mean() < np.abs(far - origin).mean()


def test_what_is_compiled_wears_styles_and_takes_approximations(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, brief = torch.nn.Module.compile, {"steps": 1, "guidance": 1.0}
    monkeypatch.setattr(
        torch.nn.Module,
        "compile",
        lambda self, **options: compiled(self, backend="eager", **options),
    )

    def engine(*approximations: str) -> DiffusersEngine:
        return DiffusersEngine(
            folders["ltx"], device="cpu", dtype="float32", compile=True,
            approximations=approximations,
        )  # fmt: skip

    exact = engine()
    plain = _film(exact, **brief)
    style = str(_lora(exact, tmp_path, seed=1))
    for strength in np.linspace(0.5, 1.4, 9):
        assert not np.array_equal(_film(exact, style=Style(style, strength), **brief), plain)
    assert _film(engine("first-block-cache"), **brief).std() > 1


def test_noise_for_elsewhere_is_drawn_with_the_cpus_dice() -> None:
    dice = torch.Generator("cpu").manual_seed(3)
    with Anywhere():
        there = torch.rand(4, device="meta", generator=dice)
        here = torch.rand(4, generator=torch.Generator().manual_seed(3))
    assert there.device.type == "meta"
    assert torch.equal(here, torch.rand(4, generator=torch.Generator().manual_seed(3)))
    assert not torch.equal(torch.rand(4, generator=dice), here), "its dice were thrown"


class _Prepares:
    """Keeps nothing but the noise it draws."""

    def prepare_latents(self, shape: tuple[int, ...], generator: Any) -> torch.Tensor:
        from diffusers.utils.torch_utils import randn_tensor

        device = torch.device("cpu")
        drawn: torch.Tensor = randn_tensor(shape, generator=generator, device=device)
        return drawn


def _noise(brief: Brief, shape: tuple[int, ...], axes: tuple[int, int] = (-2, -1)) -> torch.Tensor:
    pipe = _Prepares()
    with sown(pipe, brief, brief.seeds, 8, axes) as generators:
        return pipe.prepare_latents(shape, generators)


@pytest.mark.parametrize("final", [(256, 128), (192, 96), (176, 120)])
def test_a_drafts_noise_is_its_finals_seen_smaller(final: tuple[int, int]) -> None:
    width, height = final
    draft = replace(BRIEF, seeds=(1, 2), width=128, height=64, final_size=final)
    made = _noise(draft, (2, 16, 5, 8, 16))
    full = _noise(
        replace(BRIEF, seeds=(1, 2), width=width, height=height),
        (2, 16, 5, height // 8, width // 8),
    )
    assert made.shape == (2, 16, 5, 8, 16)
    assert made.mean().abs() < 0.05
    assert made.std() == pytest.approx(1, abs=0.03)
    pooled = torch.nn.functional.interpolate(full.flatten(0, 1), (8, 16), mode="area")
    seen = torch.corrcoef(torch.stack([made.flatten(), pooled.flatten()]))[0, 1]
    assert seen > 0.8
    last = draft.width // 8, draft.height // 8
    turned = _noise(draft, (2, 5, last[1], last[0], 16), axes=(-3, -2))
    assert turned.std() == pytest.approx(1, abs=0.03)


def test_mixed_noise_is_still_noise() -> None:
    for vary in (0.1, 0.5, 0.9):
        made = _noise(
            replace(BRIEF, seeds=(3,), near=((9, 1.0), (4, 0.5)), vary=vary), (1, 16, 9, 16, 16)
        )
        assert made.std() == pytest.approx(1, abs=0.02)


# Random weights needn't keep a layout: tiny LTX and Wan were seen not to, so they say nothing here.
@pytest.mark.parametrize("kind", ["cogvideox", "kandinsky"])
def test_a_draft_is_nearer_to_its_final_than_another_is(
    engines: dict[str, DiffusersEngine], kind: str
) -> None:
    def small(film: Film) -> Film:
        frames, height, width, _ = film.shape
        areas = film.reshape(frames, height // 8, 8, width // 8, 8, 3)
        averaged: Film = areas.mean((2, 4)).astype(np.uint8)
        return averaged

    engine = engines[kind]
    final = small(_film(engine, width=128, height=128, seeds=(3,)))[:, ::2, ::2]
    drafts = [small(_film(engine, seeds=(n,), final_size=(128, 128))) for n in (3, 4, 5)]
    plain = small(_film(engine, seeds=(3,)))
    assert not np.array_equal(drafts[0], plain), "the final's noise is another"
    assert _distance(drafts[0], final) <= min(_distance(d, final) for d in drafts[1:])


# ── styles ───────────────────────────────────────────────────────────────────────────────


def _lora(engine: DiffusersEngine, folder: Path, seed: int) -> Path:
    """A real LoRA of this model, with random weights."""
    part = type(engine._pipe.transformer).from_config(engine._pipe.transformer.config)
    torch.manual_seed(seed)
    config = peft.LoraConfig(r=4, target_modules=["to_q", "to_k", "to_v"], init_lora_weights=False)
    part.add_adapter(config)
    layers = peft.get_peft_model_state_dict(part)
    type(engine._pipe).save_lora_weights(folder, transformer_lora_layers=layers)
    return folder


@pytest.mark.parametrize("kind", ["ltx", "wan"])
def test_a_style_is_put_on_changed_and_taken_off_without_loading_the_model_again(
    engines: dict[str, DiffusersEngine], tmp_path: Path, kind: str
) -> None:
    engine = engines[kind]
    engine.load()
    one = Style(str(_lora(engine, tmp_path / "one", seed=1)), 1.0)
    two = Style(str(_lora(engine, tmp_path / "two", seed=2)), 1.0)
    plain, part = _film(engine), engine._pipe.transformer
    worn = _film(engine, style=one)
    half = _film(engine, style=replace(one, strength=0.3))
    other = _film(engine, style=two)
    assert _distance(worn, plain) > _distance(half, plain) > 0
    assert _distance(other, plain) > 0
    assert not np.array_equal(other, worn)
    assert np.array_equal(_film(engine), plain)
    assert np.array_equal(_film(engine, style=replace(one, strength=0.0)), plain)
    assert np.array_equal(_film(engine, style=one), worn)
    assert engine._pipe.transformer is part
    film = np.stack([np.full((64, 64, 3), 90, np.uint8)] * 9)
    sister = {"task": Task.IMAGE, "first": film[0]} if kind == "ltx" else {}
    assert _distance(_film(engine, style=one, **sister), _film(engine, **sister)) > 0


def test_a_style_that_cannot_be_worn_is_one_sentence(
    engines: dict[str, DiffusersEngine], tmp_path: Path
) -> None:
    engine = engines["ltx"]
    plain = _film(engine)
    engines["wan"].load()
    foreign = _lora(engines["wan"], tmp_path / "foreign", seed=1)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "pytorch_lora_weights.safetensors").write_bytes(b"no weights")
    for source, said in (
        (foreign, "made for another model"),
        (broken, "damaged or made for another model"),
        (Path("nobody/no-such-style"), "not on its worker"),
    ):
        with pytest.raises(CannotMake, match=said):
            _film(engine, style=Style(str(source), 1.0))
        assert np.array_equal(_film(engine), plain)
    engines["hunyuan"].load()
    with pytest.raises(CannotMake, match=r"^This model takes no styles\.$"):
        _film(engines["hunyuan"], width=32, height=32, style=Style("x", 1.0))


# ── memory ───────────────────────────────────────────────────────────────────────────────


def test_variations_share_a_call_as_far_as_memory_goes(
    engines: dict[str, DiffusersEngine],
) -> None:
    engine = engines["wan"]
    engine._fits.clear()
    alone = [_film(engine, seeds=(seed,)) for seed in range(5)]
    batches: list[int] = []

    def crowded(module: Any, args: Any, kwargs: Any) -> None:
        batches.append(len(kwargs["hidden_states"]))
        if batches[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    told: list[tuple[int, int]] = []
    hook = engine._pipe.transformer.register_forward_pre_hook(crowded, with_kwargs=True)
    try:
        brief = replace(BRIEF, seeds=tuple(range(5)), guidance=1.0)
        made(engine, brief, lambda done, total, preview=None: told.append((done, total)))
        assert batches == [5, *[2] * 6, *[1] * 3]
        assert told[-1] == (9, 9)
        batches.clear()
        news: list[int] = []
        again = Made([], ())

        def ready(take: Take) -> None:
            news.append(len(batches))
            again.takes.append(take)

        engine.make(brief, unheard, ready)
        assert batches == [*[2] * 6, *[1] * 3], "what fits is remembered"
        assert news == [3, 3, 6, 6, 9], "what is made is told before the next is begun"
    finally:
        hook.remove()
        engine._fits.clear()
    alone = [_film(engine, seeds=(seed,), guidance=1.0) for seed in range(5)]
    for take, film in zip(again.takes, alone, strict=True):
        assert np.abs(take.film.astype(int) - film).max() <= 1


@pytest.mark.parametrize(("fails", "noted"), [(1, False), (2, True)])
def test_what_does_not_fit_at_once_is_decoded_in_pieces(
    engines: dict[str, DiffusersEngine], monkeypatch: pytest.MonkeyPatch, fails: int, noted: bool
) -> None:
    engine = engines["wan"]
    engine.load()
    whole = _film(engine)
    vae, plain, calls = engine._pipe.vae, engine._pipe.vae.decode, []

    def decode(*args: Any, **kwargs: Any) -> Any:
        calls.append((vae.use_slicing, vae.use_tiling))
        if len(calls) <= fails:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return plain(*args, **kwargs)

    monkeypatch.setattr(vae, "decode", decode)
    result = made(engine, BRIEF)
    assert calls[0] == (False, False)
    assert calls[1] == (True, False)
    assert any("tiles" in note for note in result.notes) is noted
    assert not vae.use_slicing
    assert not vae.use_tiling
    if not noted:
        assert np.array_equal(result.takes[0].film, whole)


GB = 2**30


@pytest.mark.parametrize(
    ("wanted", "parts", "free", "how"),
    [
        ("auto", [10 * GB, 2 * GB], 24, "none"),
        ("auto", [14 * GB, 10 * GB], 24, "model"),
        ("auto", [28 * GB, 10 * GB], 24, "group"),
        ("model", [GB], 24, "model"),
        ("none", [28 * GB], 24, "none"),
    ],
)
def test_weights_live_where_there_is_room(
    wanted: str, parts: list[int], free: int, how: str
) -> None:
    assert memory.offload(wanted, parts, free * GB) == how


# ── approximations ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["first-block-cache", "attention-broadcast", "fp8-weights"])
@pytest.mark.parametrize("kind", ["ltx", "wan", "cogvideox"])
def test_an_approximation_acts_and_is_named(
    engines: dict[str, DiffusersEngine], folders: dict[str, Path], kind: str, name: str
) -> None:
    exact = _film(engines[kind], steps=30)
    near = DiffusersEngine(folders[kind], device="cpu", dtype="float32", approximations=[name])
    result = made(near, replace(BRIEF, steps=30))
    away = _distance(result.takes[0].film, exact)
    print(f"{kind} {name}: {away:.3f} of 255 from the exact clip")
    assert 0 < away < 64
    assert result.notes == (f"Made faster by an approximation: {name}.",)


@pytest.mark.parametrize("kind", ["hunyuan", "helios"])
def test_an_approximation_that_cannot_act_is_refused_when_the_model_is_loaded(
    folders: dict[str, Path], kind: str
) -> None:
    engine = DiffusersEngine(
        folders[kind], device="cpu", dtype="float32", approximations=["first-block-cache"]
    )
    with pytest.raises(CannotMake, match=r"^The approximation first-block-cache can't act on"):
        engine.load()


def test_an_unknown_approximation_is_refused_with_those_there_are(
    folders: dict[str, Path],
) -> None:
    engine = DiffusersEngine(folders["ltx"], device="cpu", approximations=["magic"])
    with pytest.raises(CannotMake, match=r"called magic; there are first-block-cache, "):
        engine.load()


def test_a_part_may_come_from_elsewhere(folders: dict[str, Path]) -> None:
    source = str(folders["wan"])
    shift = {
        "class": "FlowMatchEulerDiscreteScheduler", "source": source, "subfolder": "scheduler",
        "shift": 5.0,
    }  # fmt: skip
    engine = DiffusersEngine(
        source,
        device="cpu",
        dtype="float32",
        pipeline="WanPipeline",
        components={"scheduler": shift},
    )
    engine.load()
    assert engine._pipe.scheduler.config.shift == 5.0
