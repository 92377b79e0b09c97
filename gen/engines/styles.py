"""LoRA styles: laid over a loaded model, changed and taken off without loading it again."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from gen.engines.base import CannotMake, Style

_KEPT = 8


class Styles:
    """The styles that the parts of one model have taken in; at most one of them is worn."""

    def __init__(self, local_files_only: bool) -> None:
        self._local_files_only = local_files_only
        self._names: dict[tuple[str, str | None, str | None], str] = {}
        self._count = 0
        self._worn: Style | None = None

    def wear(self, pipe: Any, style: Style | None) -> bool:
        """Put this style on, or all off; whether that changed anything. Raises ``CannotMake``."""
        if style is not None and style.strength == 0:
            style = None
        if style == self._worn:
            return False
        if style is None:
            pipe.disable_lora()
        else:
            name = self._name(pipe, style)
            pipe.enable_lora()
            pipe.set_adapters([name], [style.strength])
        self._worn = style
        return True

    def _name(self, pipe: Any, style: Style) -> str:
        """What the model knows it by; it is loaded if it doesn't."""
        key = (style.source, style.weight_name, style.revision)
        if key in self._names:
            self._names[key] = self._names.pop(key)  # the newest is last
            return self._names[key]
        if not hasattr(pipe, "load_lora_weights"):
            raise CannotMake("This model takes no styles.")
        if len(self._names) >= _KEPT:
            # Never the one that is worn: it was asked for last.
            oldest = next(iter(self._names))
            pipe.delete_adapters(self._names.pop(oldest))
        self._count += 1
        name = f"style_{self._count}"
        self._load(pipe, style, name)
        self._names[key] = name
        return name

    def _load(self, pipe: Any, style: Style, name: str) -> None:
        folder = self._folder(style)
        try:
            pipe.load_lora_weights(
                folder,
                adapter_name=name,
                weight_name=style.weight_name,
                local_files_only=True,
                use_safetensors=True,
            )
        # Damaged or foreign weights surface as whatever the library that met them raises.
        except Exception as error:
            raise CannotMake(
                "This style's weights are damaged or made for another model."
            ) from error
        # Weights whose names fit nothing are left out without a word.
        if not any(name in taken for taken in pipe.get_list_adapters().values()):
            raise CannotMake("This style was made for another model.")

    def _folder(self, style: Style) -> str:
        """Where its files are. Without the net, diffusers guesses no file's name at a hub."""
        if Path(style.source).exists():
            return style.source
        hub = importlib.import_module("huggingface_hub")
        try:
            return str(
                hub.snapshot_download(
                    style.source,
                    revision=style.revision,
                    local_files_only=self._local_files_only,
                    allow_patterns=style.weight_name or "*.safetensors",
                )
            )
        except (OSError, ValueError) as error:
            raise CannotMake(
                "This style's weights are not on its worker; a host has to fetch them first."
            ) from error
