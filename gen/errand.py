"""What processes share that do one thing and end: told what in one JSON line on standard input, they answer
in JSON lines on standard output, and end when it is done, or with their parent."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from gen.engines.base import CannotMake
from gen.expected import Unfit
from gen.trouble import told


def run(errand: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Do it, and say what came of it: the other end has a sentence for each."""
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        say("done", **errand(asked))
    except Unfit as fault:
        say("unfit", sentence=str(fault))
    except CannotMake as refusal:
        say("refused", sentence=str(refusal))
    except Exception as error:  # whatever a library raises
        what, more = told(error)
        say(what, **more)


def say(what: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"is": what, **more}) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)
