"""The latent a clip is denoised in: a scene in layers, TOKENS tokens of WIDTH numbers.

Token 0 holds the background's colours, how its tile lies and what the camera does; then come the
tile, and per subject: coat, outline, path, form. Tiles, outlines and curves are linear codes
(principal components of what the scenes are drawn from), so they can be painted at any size and any
number of frames, without blocks or seams.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn

from gen.embedded import backdrops, motions, shapes, surfaces
from gen.embedded.scenes import SUBJECTS

WIDTH = 32
FIELD_TOKENS = 2
SUBJECT_TOKENS = 4
FIRST = 1 + FIELD_TOKENS
"""The first token of the first subject."""
TOKENS = FIRST + SUBJECTS * SUBJECT_TOKENS
TOP = 25
"""How many numbers of token 0 are used: see ``Layers`` for their order."""
PRESENT = 7
"""Where in a subject's coat it says whether there is such a subject."""

CODES: dict[str, tuple[int, int]] = {
    # name: (numbers drawn, numbers kept)
    "field": (backdrops.GRID**2, FIELD_TOKENS * WIDTH),
    "texture": (surfaces.GRID**2, 24),
    "outline": (shapes.GRID**2, WIDTH),
    "path": (motions.TIMES, 16),
    "size": (motions.TIMES, 10),
    "turn": (motions.TIMES, 6),
    "opacity": (motions.TIMES, 8),
}
FORM = {"size": slice(0, 10), "turn": slice(10, 16), "opacity": slice(16, 24)}
"""Where the codes lie in a subject's form; its heading follows as cosine and sine."""

# Below these, what seems to move is noise of the denoiser, not a motion that was drawn.
_STILL_CAMERA, _STILL_TILE = 0.12, 0.01
_STILL = {"path": 0.075, "size": 0.2, "turn": 0.25}


@dataclass
class Layers:
    """One clip, decoded but not yet painted. All tensors are float32.

    colours (4, 3), gradient (2,), soft (), drift (2,), shift (2,), scale (), angle (), camera (3,):
    x, y and log zoom over the clip; field (64, 64); per subject s: coat (S, 2, 3), sheen (S,),
    present (S,), texture (S, 24, 24), outline (S, 48, 48), and path (S, 2, T), size, turn, opacity
    (S, T) over ``motions.TIMES`` moments.
    """

    colours: Tensor
    gradient: Tensor
    soft: Tensor
    drift: Tensor
    shift: Tensor
    scale: Tensor
    angle: Tensor
    camera: Tensor
    field: Tensor
    coat: Tensor
    sheen: Tensor
    present: Tensor
    texture: Tensor
    outline: Tensor
    path: Tensor
    size: Tensor
    turn: Tensor
    opacity: Tensor

    def to(self, device: str) -> Layers:
        """The same layers on another device."""
        return Layers(**{name: value.to(device) for name, value in vars(self).items()})


class SceneCodec(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Linear codes between drawn scenes and latents."""

    config_name = "config.json"

    @register_to_config
    def __init__(self, tokens: int = TOKENS, width: int = WIDTH) -> None:
        super().__init__()
        for name, (drawn, kept) in CODES.items():
            self.register_buffer(f"{name}_basis", torch.zeros(kept, drawn))
            self.register_buffer(f"{name}_mean", torch.zeros(drawn))
        self.register_buffer("mean", torch.zeros(tokens, width))
        self.register_buffer("scale", torch.ones(tokens, width))
        # ModelMixin needs a parameter to know its own dtype by.
        self.unit = nn.Parameter(torch.ones(1), requires_grad=False)

    def fit(self, name: str, drawn: Tensor) -> None:
        """Learn one linear code from ``drawn`` of shape (samples, numbers)."""
        kept = CODES[name][1]
        mean = drawn.mean(0)
        centred = drawn - mean
        if len(drawn) < drawn.shape[1]:
            axes = torch.linalg.svd(centred, full_matrices=False).Vh
        else:
            axes = torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(1).T
        getattr(self, f"{name}_mean").copy_(mean)
        basis = getattr(self, f"{name}_basis")
        basis.zero_()[: min(kept, len(axes))] = axes[:kept]

    def encode(self, name: str, drawn: Tensor) -> Tensor:
        """(..., numbers drawn) -> (..., numbers kept)."""
        basis, mean = getattr(self, f"{name}_basis"), getattr(self, f"{name}_mean")
        return (drawn - mean) @ basis.T

    def decode(self, name: str, code: Tensor) -> Tensor:
        """(..., numbers kept) -> (..., numbers drawn)."""
        basis, mean = getattr(self, f"{name}_basis"), getattr(self, f"{name}_mean")
        return code @ basis.float() + mean.float()

    def unpack(self, latent: Tensor) -> Layers:
        """One latent (TOKENS, WIDTH) as layers."""
        z = latent.float() * self.scale.float() + self.mean.float()
        top, field = z[0], z[1:FIRST].reshape(-1)
        coat, outline, path, form = z[FIRST:].reshape(SUBJECTS, SUBJECT_TOKENS, -1).unbind(1)
        turn = self._curve("turn", form[:, FORM["turn"]])
        heading = torch.atan2(form[:, 25], form[:, 24])
        return Layers(
            colours=top[:12].reshape(4, 3).clamp(0, 1),
            gradient=top[12:14],
            soft=top[14].clamp(0, 1),
            drift=_settled(top[15:17], _STILL_TILE),
            shift=top[17:19],
            scale=top[19],
            # Tiles were drawn upright or turned by eighths only.
            angle=torch.round(torch.atan2(top[21], top[20]) / 2 / (torch.pi / 4)) * torch.pi / 4,
            camera=_settled(top[22:TOP], _STILL_CAMERA),
            field=self.decode("field", field).reshape(backdrops.GRID, backdrops.GRID),
            coat=coat[:, :6].reshape(-1, 2, 3).clamp(0, 1),
            sheen=coat[:, 6].clamp(0, 1),
            present=coat[:, PRESENT],
            texture=self.decode("texture", coat[:, 8:]).reshape(-1, surfaces.GRID, surfaces.GRID),
            outline=self.decode("outline", outline).reshape(-1, shapes.GRID, shapes.GRID),
            path=self._curve("path", path.reshape(-1, 2, CODES["path"][1])),
            size=self._curve("size", form[:, FORM["size"]]),
            turn=turn + heading[:, None],
            opacity=self.decode("opacity", form[:, FORM["opacity"]]).clamp(0, 1),
        )

    def _curve(self, name: str, code: Tensor) -> Tensor:
        """A decoded curve (..., T); one that hardly moves stands still."""
        curve = self.decode(name, code)
        span = curve.amax(-1, keepdim=True) - curve.amin(-1, keepdim=True)
        return torch.where(span < _STILL[name], curve.mean(-1, keepdim=True), curve)


def _settled(values: Tensor, least: float) -> Tensor:
    return torch.where(values.abs() < least, torch.zeros_like(values), values)


def pack(parts: dict[str, Tensor]) -> Tensor:
    """Codes and plain numbers of a batch -> raw latents (batch, TOKENS, WIDTH), not yet scaled.

    ``parts``: "top" (B, TOP), "field" (B, 64), and per subject "coat" (B, S, 8), "texture"
    (B, S, 24), "outline" (B, S, 32), "path" (B, S, 2, 16), "size", "turn", "opacity" codes and
    "heading" (B, S, 2).
    """
    batch = parts["top"].shape[0]
    z = torch.zeros(batch, TOKENS, WIDTH)
    z[:, 0, :TOP] = parts["top"]
    z[:, 1:FIRST] = parts["field"].reshape(batch, FIELD_TOKENS, WIDTH)
    subject = z[:, FIRST:].view(batch, SUBJECTS, SUBJECT_TOKENS, WIDTH)
    subject[:, :, 0, :8] = parts["coat"]
    subject[:, :, 0, 8:] = parts["texture"]
    subject[:, :, 1] = parts["outline"]
    subject[:, :, 2] = parts["path"].reshape(batch, SUBJECTS, WIDTH)
    for name, where in FORM.items():
        subject[:, :, 3, where] = parts[name]
    subject[:, :, 3, 24:26] = parts["heading"]
    return z
