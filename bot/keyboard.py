"""Who is at the keyboard."""

from __future__ import annotations

import getpass
import os


def user() -> str:
    """Their name, or the number of a container's user, which may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
