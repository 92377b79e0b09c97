"""The two networks of the embedded model: one reads the prompt, one takes noise out of a latent."""

from __future__ import annotations

import math

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn

from gen.embedded.captions import split
from gen.embedded.codec import TOKENS, WIDTH

MAX_WORDS = 40


class Attention(nn.Module):
    """Multi-head attention from ``x`` to ``context``."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(dim, dim, bias=False)
        self.kv = nn.Linear(dim, 2 * dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """``x`` (B, N, D), ``context`` (B, M, D), ``mask`` (B, M) True where there is a word."""
        q = self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        kv = self.kv(context).unflatten(-1, (2, self.heads, -1))
        k, v = kv[:, :, 0].transpose(1, 2), kv[:, :, 1].transpose(1, 2)
        # Written out: with so few tokens, torch's fused attention is slower to train on a CPU.
        score = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        if mask is not None:
            score = score.masked_fill(~mask[:, None, None, :], -1e4)
        mixed = score.softmax(-1).to(v.dtype) @ v
        return torch.as_tensor(self.out(mixed.transpose(1, 2).flatten(2)))


def _mlp(dim: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(dim, 3 * dim), nn.GELU(approximate="tanh"), nn.Linear(3 * dim, dim)
    )


class WordEncoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Reads a prompt as known words; words it has never seen are left out."""

    config_name = "config.json"

    @register_to_config
    def __init__(
        self, words: tuple[str, ...] = (), dim: int = 224, depth: int = 2, heads: int = 7
    ) -> None:
        super().__init__()
        self.ids = {word: i + 1 for i, word in enumerate(words)}
        self.stems = {_stem(word): word for word in reversed(words)}
        # Row 0 stands at the start of every prompt, so that an empty one still says something.
        self.embed = nn.Embedding(len(words) + 1, dim)
        self.place = nn.Parameter(torch.randn(MAX_WORDS, dim) * 0.02)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2 * depth))
        self.attends = nn.ModuleList(Attention(dim, heads) for _ in range(depth))
        self.mlps = nn.ModuleList(_mlp(dim) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)

    def known(self, word: str) -> str | None:
        """The word of the vocabulary that ``word`` is, or is an inflection of."""
        return word if word in self.ids else self.stems.get(_stem(word))

    def tokens(self, prompts: list[str]) -> tuple[Tensor, Tensor]:
        """Ids (B, L) padded with 0 and a mask (B, L), True where there is a word."""
        rows = []
        for prompt in prompts:
            words = [form for word in split(prompt[:10_000]) if (form := self.known(word))]
            rows.append([0, *(self.ids[word] for word in words)][:MAX_WORDS])
        length = max(map(len, rows))
        ids = torch.tensor([row + [0] * (length - len(row)) for row in rows])
        lengths = torch.tensor([len(row) for row in rows])
        return ids, torch.arange(length)[None, :] < lengths[:, None]

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(B, L) -> (B, L, D)."""
        x = self.embed(ids) + self.place[: ids.shape[1]]
        for i, (attend, mlp) in enumerate(zip(self.attends, self.mlps, strict=True)):
            y = self.norms[2 * i](x)
            x = x + attend(y, y, mask)
            x = x + mlp(self.norms[2 * i + 1](x))
        return torch.as_tensor(self.norm(x))


def _stem(word: str) -> str:
    """A word without its ending, crudely: enough to see that "drifted" is "drifts"."""
    if word.endswith("ies"):
        word = f"{word[:-3]}y"
    for ending in ("ing", "ed", "ish", "ly", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


class Block(nn.Module):
    """Self-attention, attention to the prompt, MLP; modulated by the noise level.

    The modulation is shared by all blocks up to a table of offsets, as in Chen et al. 2023,
    "PixArt-alpha" (adaLN-single).
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(6, dim))
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)
        self.norm_words = nn.LayerNorm(dim)
        self.mix = Attention(dim, heads)
        self.read = Attention(dim, heads)
        self.mlp = _mlp(dim)

    def forward(self, x: Tensor, level: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        """``x`` (B, N, D), ``level`` (B, 6, D), ``words`` (B, L, D), ``mask`` (B, L)."""
        shift, scale, gate, shift2, scale2, gate2 = (level + self.table)[:, :, None].unbind(1)
        y = self.norm(x) * (1 + scale) + shift
        x = x + gate * self.mix(y, y)
        x = x + self.read(self.norm_words(x), words, mask)
        y = self.norm(x) * (1 + scale2) + shift2
        return x + gate2 * self.mlp(y)


class SceneDenoiser(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Predicts the clean latent from a noisy one, the noise level and the words of the prompt.

    Flow matching (Lipman et al. 2022) with the clean latent as the network's output (Li and He
    2025, "Back to Basics: Let Denoising Generative Models Denoise").
    """

    config_name = "config.json"

    @register_to_config
    def __init__(
        self,
        tokens: int = TOKENS,
        width: int = WIDTH,
        dim: int = 224,
        depth: int = 6,
        heads: int = 7,
    ) -> None:
        super().__init__()
        self.enter = nn.Linear(width, dim)
        self.place = nn.Parameter(torch.randn(tokens, dim) * 0.02)
        self.level = nn.Sequential(nn.Linear(dim, dim), nn.SiLU(), nn.Linear(dim, 6 * dim))
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)
        # Every token has its own last layer: their numbers mean different things.
        self.leave = nn.Parameter(torch.zeros(tokens, dim, width))
        self.leave_bias = nn.Parameter(torch.zeros(tokens, width))

    def forward(self, latents: Tensor, sigma: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        """``latents`` (B, TOKENS, WIDTH) at noise levels ``sigma`` (B,) in 0..1 -> clean latents."""
        x = self.enter(latents) + self.place
        # The noise level needs more digits than half precision has.
        waves = _waves(sigma.float(), x.shape[-1]).to(latents.dtype)
        level = self.level(waves).unflatten(-1, (6, -1))
        for block in self.blocks:
            x = block(x, level, words, mask)
        return torch.einsum("bnd,ndw->bnw", self.norm(x), self.leave) + self.leave_bias


def _waves(sigma: Tensor, dim: int) -> Tensor:
    """Sines and cosines of the noise level, (B,) -> (B, dim)."""
    speed = torch.exp(torch.linspace(0, math.log(1000.0), dim // 2, device=sigma.device))
    angle = sigma[:, None] * speed * math.pi
    return torch.cat([angle.sin(), angle.cos()], -1)
