"""Trains the embedded model from nothing: ``python -m gen.embedded.train``.

Everything it learns from is drawn by this project while it trains. A run is the same for the same
seed on the same kind of device, also when it was interrupted and goes on from its checkpoint. The
weights folder that comes out is what ``DiffusionPipeline.from_pretrained`` loads.
"""

from __future__ import annotations

import argparse
import copy
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor, nn

from gen.embedded import curve
from gen.embedded.captions import vocabulary
from gen.embedded.codec import SceneCodec
from gen.embedded.denoiser import SceneDenoiser, WordEncoder
from gen.embedded.drawings import Drawings
from gen.embedded.muon import Muon
from gen.embedded.pipeline import CommonsShapesPipeline

WEIGHTS = Path(__file__).parent / "weights"
SAY_SECONDS, KEEP_SECONDS = 15.0, 120.0


@dataclass(frozen=True)
class Plan:
    """How long and how big."""

    seed: int = 0
    steps: int = 3000
    batch: int = 96
    rate: float = 2e-3
    variants: int = 600
    dim: int = 224
    depth: int = 6
    heads: int = 7


QUICK = Plan(steps=60, batch=64, variants=30, dim=64, depth=2, heads=2)
"""Proves that training works, in seconds; its model can't draw."""


class Model(nn.Module):
    """Both networks, as one thing to train and to average."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.words = WordEncoder(words=vocabulary(), dim=plan.dim, heads=plan.heads)
        self.denoiser = SceneDenoiser(dim=plan.dim, depth=plan.depth, heads=plan.heads)

    def forward(self, noisy: Tensor, sigma: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        return torch.as_tensor(self.denoiser(noisy, sigma, self.words(ids, mask), mask))


def loss_of(model: Model, clean: Tensor, captions: list[str], dice: torch.Generator) -> Tensor:
    """The flow-matching loss: squared error of the velocity that the predicted latent implies.

    ``clean`` (B, TOKENS, WIDTH) on the CPU, whose dice are the same wherever the model is.
    """
    device = model.denoiser.place.device
    ids, mask = model.words.tokens(captions)
    # Mostly high: there a clip is decided; lower down it is only made neat.
    sigma = torch.sigmoid(0.7 + 1.2 * torch.randn(len(clean), generator=dice))
    noise = torch.randn(clean.shape, generator=dice)
    level = sigma[:, None, None]
    noisy = torch.lerp(clean, noise, level)
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        guess = model(noisy.to(device), sigma.to(device), ids.to(device), mask.to(device))
    # Below this level the eye sees no difference any more.
    weight = level.clamp_min(0.2).to(device)
    return (((guess.float() - clean.to(device)) / weight) ** 2).mean()


def optimizers(model: Model, rate: float) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024) for the matrices inside the blocks, AdamW for all else."""
    inner = [
        p
        for name, p in model.named_parameters()
        if p.ndim == 2 and any(part in name for part in ("blocks.", "attends.", "mlps."))
        and not name.endswith("table")
    ]  # fmt: skip
    ids = {id(p) for p in inner}
    outer = [p for p in model.parameters() if id(p) not in ids]
    return [
        Muon(inner, lr=rate),
        torch.optim.AdamW(outer, lr=rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]


class Run:
    """One training run, from its checkpoint if there is one."""

    def __init__(self, plan: Plan, checkpoint: Path | None, device: str = "cpu") -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.checkpoint = plan, checkpoint
        self.codec = SceneCodec()
        self.drawings = Drawings(self.codec, plan.seed, plan.variants)
        self.model = Model(plan).to(device)
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        self.optimizers = optimizers(self.model, plan.rate)
        self.losses: list[float] = []
        self.spent = 0.0
        if checkpoint and checkpoint.exists():
            self._load(checkpoint)
        else:
            self.drawings.fit(plan.seed, samples=500 * max(1, plan.variants // 30))

    def _load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        if state["plan"] != asdict(self.plan):
            raise SystemExit(f"{path} belongs to another plan: remove it, or train as it says")
        self.codec.load_state_dict(state["codec"])
        self.drawings.code()
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.losses, self.spent = state["losses"], state["spent"]

    def keep(self) -> None:
        """Write the checkpoint, all of it or nothing."""
        if not self.checkpoint:
            return
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "plan": asdict(self.plan),
            "codec": self.codec.state_dict(),
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "losses": self.losses,
            "spent": self.spent,
        }
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def one_step(self) -> float:
        """Learn from one batch; returns its loss."""
        plan, step = self.plan, len(self.losses)
        clean, captions = self.drawings.batch(plan.batch, (plan.seed, 3, step))
        dice = torch.Generator().manual_seed(plan.seed * 1_000_003 + step)
        unsaid = torch.rand(plan.batch, generator=dice) < 0.1  # for classifier-free guidance
        captions = ["" if gone else text for text, gone in zip(captions, unsaid, strict=True)]
        # Constant, then linearly down over the last third of the run.
        rate = plan.rate * min(1.0, (step + 1) / 100, 3 * (1 - step / plan.steps) + 0.02)
        for optimizer in self.optimizers:
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = rate
        loss = loss_of(self.model, clean, captions, dice)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        keep = min(0.998, (step + 1) / (step + 11))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.average.parameters()), list(self.model.parameters()), 1 - keep
            )
        self.losses.append(loss.item())
        return self.losses[-1]

    def train(self) -> list[float]:
        """Run to the end; returns the loss of every step."""
        said = kept = time.monotonic()
        while len(self.losses) < self.plan.steps:
            began = time.monotonic()
            self.one_step()
            now = time.monotonic()
            self.spent += now - began
            if now - said > SAY_SECONDS:
                said = now
                self._say()
            if now - kept > KEEP_SECONDS:
                kept = now
                self.keep()
        self.keep()
        return self.losses

    def _say(self) -> None:
        step, recent = len(self.losses), self.losses[-50:]
        left = (self.plan.steps - step) * self.spent / step / 60
        sys.stdout.write(
            f"step {step} of {self.plan.steps}  loss {sum(recent) / len(recent):.4f}  "
            f"{step * self.plan.batch / self.spent:.0f} samples/s  {left:.0f} min left\n"
        )
        sys.stdout.flush()

    def pipeline(self) -> CommonsShapesPipeline:
        """The averaged model, ready to draw."""
        average = copy.deepcopy(self.average).cpu().eval()
        return CommonsShapesPipeline(
            text_encoder=average.words,
            transformer=average.denoiser,
            vae=self.codec,
            scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0),
        )

    def save(self, folder: Path) -> None:
        """Write the networks in half precision: the pipeline computes in single precision."""
        pipe = copy.deepcopy(self.pipeline())
        for part in (pipe.text_encoder, pipe.transformer):
            nn.Module.to(part, torch.bfloat16)
        pipe.save_pretrained(folder, safe_serialization=True)


def main(arguments: list[str] | None = None) -> list[float]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", type=Path, help="the folder to write; --quick makes one up")
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/embedded.pt"))
    parser.add_argument("--curve", type=Path, help="an SVG of the loss to write")
    parser.add_argument("--quick", action="store_true", help="a tiny model, in seconds")
    parser.add_argument("--export", action="store_true", help="only write the checkpoint's weights")
    asked = parser.parse_args(arguments)
    if asked.export and not asked.checkpoint.exists():
        parser.error(f"there is no checkpoint at {asked.checkpoint}")
    torch.set_num_threads(min(torch.get_num_threads(), 8))
    if asked.quick:
        run = Run(replace(QUICK, seed=asked.seed), None, asked.device)
    else:
        plan = Plan(seed=asked.seed, steps=asked.steps)
        run = Run(plan, asked.checkpoint, asked.device)
    losses = run.losses if asked.export else run.train()
    made_up = Path(tempfile.mkdtemp()) if asked.quick and not asked.out else WEIGHTS
    run.save(asked.out or made_up)
    if asked.curve:
        curve.draw(losses, asked.curve)
    return losses


if __name__ == "__main__":
    main()
