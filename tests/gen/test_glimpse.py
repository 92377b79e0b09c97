"""What is shown of a clip while it is denoised looks like what it will be decoded to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gen.engines.glimpse import Glimpses, glimpses

SPATIAL, TEMPORAL, CHANNELS = 8, 4, 6
HEIGHT, WIDTH, FRAMES = 48, 64, 13
PACKED = "tc"


class _Vae(nn.Module):
    """Decodes each latent to one colour, after undoing a scale and a shift of its own."""

    def __init__(self) -> None:
        super().__init__()
        dice = torch.Generator().manual_seed(3)
        self.decoder = nn.Conv3d(CHANNELS, 3, 1)
        with torch.no_grad():
            self.decoder.weight.copy_(torch.randn(3, CHANNELS, 1, 1, 1, generator=dice) * 0.05)
        self.latents_mean: Tensor
        self.register_buffer("latents_mean", torch.linspace(-1, 1, CHANNELS))
        self.config = SimpleNamespace(
            latent_channels=CHANNELS, scaling_factor=0.5, latents_std=[2.0] * CHANNELS
        )

    def decode(self, z: Tensor) -> Any:
        film = self.decoder(z).repeat_interleave(SPATIAL, -1).repeat_interleave(SPATIAL, -2)
        return SimpleNamespace(sample=film.repeat_interleave(TEMPORAL, 2)[:, :, TEMPORAL - 1 :])

    def decoded(self, latents: Tensor) -> Tensor:
        """Normalized latents (C, F, h, w) -> (frames, 3, H, W) in 0..1."""
        z = latents * 2.0 / 0.5 + self.latents_mean.view(-1, 1, 1, 1)
        film: Tensor = self.decode(z[None]).sample[0].movedim(1, 0) / 2 + 0.5
        return film.clamp(0, 1).detach()


def _pipe() -> Any:
    return SimpleNamespace(
        vae=_Vae(),
        vae_scale_factor_spatial=SPATIAL,
        vae_scale_factor_temporal=TEMPORAL,
        _execution_device=torch.device("cpu"),
        maybe_free_model_hooks=lambda: None,
    )


def _latents(seed: int) -> Tensor:
    dice = torch.Generator().manual_seed(seed)
    shape = CHANNELS, (FRAMES - 1) // TEMPORAL + 1, HEIGHT // SPATIAL, WIDTH // SPATIAL
    return torch.randn(shape, generator=dice)


def _laid(latents: Tensor, layout: str) -> Tensor:
    """A batch of one, as a pipeline with this layout shows it."""
    if layout == PACKED:
        return latents.flatten(1).T[None]
    return latents.permute(*("cfhw".index(axis) for axis in layout))[None]


def _noisy(clean: Tensor, levels: Tensor, step: int) -> Tensor:
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(9))
    return torch.lerp(clean, noise, float(levels[step]))


@pytest.mark.parametrize("layout", ["cfhw", "fchw", "fhwc", PACKED])
def test_a_glimpse_shows_the_middle_of_what_will_be_decoded(layout: str) -> None:
    pipe, clean = _pipe(), _latents(1)
    glimpses, levels = Glimpses.of(pipe, layout), torch.linspace(1, 0, 6)
    glimpses.begin()
    for step in (2, 3):  # far from done: the noise is still in it
        glimpses.follow(_laid(_noisy(clean, levels, step), layout), HEIGHT, WIDTH)
    shown = glimpses.picture(SimpleNamespace(sigmas=levels, step_index=3))
    assert shown is not None
    assert shown.shape == (192, 256, 3)
    will_be = pipe.vae.decoded(clean)[
        FRAMES // 2, :, SPATIAL // 2 :: SPATIAL, SPATIAL // 2 :: SPATIAL
    ]
    seen = torch.from_numpy(shown[16::32, 16::32]).movedim(-1, 0) / 255
    assert float((seen - will_be).abs().mean()) < 0.03
    assert float(will_be.std()) > 0.1, "there is something to see"


def test_there_is_no_glimpse_before_the_noise_is_seen_to_go() -> None:
    glimpses = Glimpses.of(_pipe(), "cfhw")
    glimpses.begin()
    glimpses.follow(_laid(_latents(1), "cfhw"), HEIGHT, WIDTH)
    assert glimpses.picture(SimpleNamespace()) is None


@pytest.mark.parametrize(
    "odd",
    [
        torch.zeros(1, 7, CHANNELS),
        torch.zeros(1, CHANNELS, 4, 5, 5),
        torch.zeros(1, CHANNELS - 1, 4, HEIGHT // SPATIAL, WIDTH // SPATIAL),
    ],
)
def test_latents_that_lie_otherwise_are_not_guessed_at(odd: Tensor) -> None:
    layout = PACKED if odd.ndim == 3 else "cfhw"
    glimpses = Glimpses.of(_pipe(), layout)
    glimpses.begin()
    glimpses.follow(odd, HEIGHT, WIDTH)
    glimpses.follow(odd, HEIGHT, WIDTH)
    assert glimpses.picture(SimpleNamespace()) is None


def test_the_first_clip_that_is_decoded_teaches_the_next_glimpse() -> None:
    pipe, clean = _pipe(), _latents(1)
    glimpses = Glimpses.of(pipe, "cfhw")
    film = (
        (1 - pipe.vae.decoded(clean)).movedim(1, -1).mul(255).byte().numpy()
    )  # unlike the noise's
    glimpses.learn(_laid(clean, "cfhw"), film)
    glimpses.begin()
    for _ in range(2):
        glimpses.follow(_laid(clean, "cfhw"), HEIGHT, WIDTH)
    shown = glimpses.picture(SimpleNamespace())
    assert shown is not None
    seen, will_be = shown[16::32, 16::32].astype(int), film[FRAMES // 2, 4::8, 4::8].astype(int)
    assert np.abs(seen - will_be).mean() < 8


def test_the_first_look_is_decoded_where_the_model_computes() -> None:
    pipe, devices = _pipe(), []
    decode = pipe.vae.decode

    def noted(z: Tensor) -> Any:
        devices.append(z.device.type)
        return decode(torch.zeros(z.shape))

    pipe.vae.decode, pipe._execution_device = noted, torch.device("meta")
    Glimpses.of(pipe, "cfhw")
    assert devices == ["meta"]


def test_a_model_that_cannot_be_glimpsed_at_goes_without() -> None:
    pipe = _pipe()
    del pipe.vae.config.latent_channels
    assert glimpses(pipe, "cfhw") is None
