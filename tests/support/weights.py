"""Folders of weights as a hub would hold them, small enough to be written in a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file


def tensors(path: Path, kilobytes: int = 4) -> Path:
    """A safetensors file of about this size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"weight": np.arange(kilobytes * 256, dtype=np.float32)}, path)
    return path


def pipeline(folder: Path, shards: int = 1) -> Path:
    """What `save_pretrained` leaves: an index, a network in one file or in shards, a tokenizer."""
    index: dict[str, Any] = {
        "_class_name": "ToyPipeline",
        "boundary": [1, 2],
        "nothing": [None, None],
        "tokenizer": ["transformers", "ToyTokenizer"],
        "transformer": ["diffusers", "ToyModel"],
    }
    write(folder / "model_index.json", index)
    write(folder / "tokenizer" / "tokenizer_config.json", {})
    (folder / "tokenizer" / "spiece.model").write_bytes(b"words")
    network = folder / "transformer"
    write(network / "config.json", {"layers": 1})
    name = "diffusion_pytorch_model"
    if shards == 1:
        tensors(network / f"{name}.safetensors")
        return folder
    names = [f"{name}-{n:05}-of-{shards:05}.safetensors" for n in range(1, shards + 1)]
    for file in names:
        tensors(network / file)
    weight_map = {f"weight{n}": file for n, file in enumerate(names)}
    write(network / f"{name}.safetensors.index.json", {"weight_map": weight_map})
    return folder


def write(path: Path, tree: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tree))
