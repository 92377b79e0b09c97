"""Troubles of the machine that look different in every library but mean the same to an artist."""

from __future__ import annotations

import errno
import traceback

DISK_FULL = "The studio's disk is full; nothing was kept. Retry when a host has made room."
OUT_OF_MEMORY = "This needs more memory than the studio has; try a smaller or shorter clip."
CRASHED = "The render process ended in the middle of this. Retry, perhaps with a smaller clip."
HANGS = "The model stopped answering while making this, so it was started anew. Please retry."

_NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


class RenderFailed(Exception):
    """The render came to nothing; the message is one sentence for the artist."""


def is_full(error: BaseException) -> bool:
    """Whether there is no room for a file: the disk, a quota or a limit on its size."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(error, OSError) and error.errno in full


def is_out_of_memory(error: BaseException) -> bool:
    """Torch has an error of its own for it, which this module must not import, and others' words."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)


def told(error: BaseException) -> tuple[str, dict[str, str]]:
    """What a process answers of it, and where it broke; not the error's own words, which may quote the
    prompt."""
    if is_out_of_memory(error):
        return "out_of_memory", {}
    if is_full(error):
        return "disk_full", {}
    where = "".join(traceback.format_tb(error.__traceback__))
    return "broke", {"error": type(error).__name__, "where": where}
