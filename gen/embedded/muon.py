"""The Muon optimizer for a CPU: torch's own orthogonalizes in bfloat16, which few CPUs compute in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

_A, _B, _C = 3.4445, -4.775, 2.0315


def orthogonal(matrices: Tensor, steps: int = 5) -> Tensor:
    """(n, rows, columns) -> the nearest semi-orthogonal matrices, roughly.

    The quintic Newton-Schulz iteration of Jordan et al. 2024, "Muon", in single precision.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp_min(1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = _A * x + (_B * gram + _C * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum whose matrices are made orthogonal, those of one shape together.

    The step is scaled to the size that AdamW's would have (Liu et al. 2025, "Muon is scalable").
    """

    def __init__(
        self, params: Iterable[nn.Parameter], lr: float, decay: float = 0.01, momentum: float = 0.95
    ) -> None:
        super().__init__(params, {"lr": lr, "decay": decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            alike: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    alike[p.shape].append(p)
            for shape, params in alike.items():
                updates = []
                for p in params:
                    assert p.grad is not None  # noqa: S101 - those without were left out above
                    mean = self.state[p].setdefault("mean", torch.zeros_like(p))
                    mean.lerp_(p.grad, 1 - group["momentum"])
                    updates.append(p.grad.lerp(mean, group["momentum"]))
                steps = orthogonal(torch.stack(updates)) * (0.2 * max(shape) ** 0.5)
                for p, step in zip(params, steps, strict=True):
                    p.mul_(1 - group["lr"] * group["decay"]).sub_(step, alpha=group["lr"])
