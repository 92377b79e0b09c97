"""Prompts are encoded once: a text encoder is large, and people ask for the same thing again."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from functools import wraps
from typing import Any

import torch

_KEPT_BYTES = 2**29
"""Some text encoders answer with hundreds of megabytes a prompt."""


class Prompts:
    """What ``encode_prompt`` of the pipelines it is given has answered, by all that was asked."""

    def __init__(self) -> None:
        self._answers: OrderedDict[object, Any] = OrderedDict()
        self._bytes = 0

    def remember(self, pipe: Any) -> None:
        """Let this pipeline's own call find what was encoded before."""
        encode = getattr(pipe, "encode_prompt", None)
        if encode is None:
            return
        signature = inspect.signature(encode)

        @wraps(encode)
        def remembered(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs).arguments
            try:
                key = (type(pipe), _frozen(bound))
                hash(key)
            except TypeError:  # a tensor or a picture is part of the question
                return encode(*args, **kwargs)
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
            answer = encode(*args, **kwargs)
            self._keep(key, answer)
            return answer

        pipe.encode_prompt = remembered

    def forget(self) -> None:
        """Everything: the text encoder has changed, or goes."""
        self._answers.clear()
        self._bytes = 0

    def _keep(self, key: object, answer: Any) -> None:
        size = _bytes(answer)
        if size > _KEPT_BYTES:
            return
        self._answers[key] = answer
        self._bytes += size
        while self._bytes > _KEPT_BYTES:
            _, oldest = self._answers.popitem(last=False)
            self._bytes -= _bytes(oldest)


def _bytes(answer: Any) -> int:
    if isinstance(answer, torch.Tensor):
        return answer.numel() * answer.element_size()
    return sum(map(_bytes, answer)) if isinstance(answer, (list, tuple)) else 0


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((name, _frozen(part)) for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(_frozen, value))
    if isinstance(value, torch.Tensor):
        raise TypeError
    return value
