"""The render child: `python -m gen.child`. It alone holds an engine, and may be killed at any time.

It is asked in JSON lines on standard input and answers in JSON lines on what was its standard
output; whatever libraries print goes to standard error. It ends with its parent, even in the middle
of a step. `gen/host.py` is the other end.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn, TextIO

from gen import credentials, encode, finish, frames, pictures
from gen.classify import Classifier
from gen.credentials import Signing
from gen.energy import Meter
from gen.engines.base import Brief, CannotMake, Engine, Film, Picture, Stopped, Style, Take, Task
from gen.seal import Seal
from gen.trouble import told

PREVIEW_SECONDS = 0.5
"""Previews that come faster than this are not worth encoding."""
ENCODERS = 2
"""Clips of one render encoded at the same time."""
SIGN_SECONDS = 0.5
"""While clips are encoded, this often it gives a sign of life and looks for a stop."""
ENCODE_SECONDS = 1800.0
"""An encoder that takes longer hangs."""


class Child:
    """Answers one request after the other; a request to stop overtakes them."""

    def __init__(self, requests: TextIO, answers: TextIO) -> None:
        self._requests = requests
        self._answers = answers
        self._waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._unwanted: set[int] = set()
        self._number = 0
        self._engine: Engine | None = None
        self._built_from: tuple[str, dict[str, Any]] | None = None
        self._classifier: Classifier | None = None

    def run(self) -> NoReturn:
        """Serve for ever: the process ends when its parent does."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            request = self._waiting.get()
            self._number = request["number"]
            try:
                self._load(request["engine"], request["options"])
                if request["what"] == "load":
                    self._say("loaded")
                    continue
                brief = _brief(request["brief"], request["inputs"])
                if request["classifying"] and self._classifier is None:
                    self._classifier = Classifier(request["classifying"])
                signing = request["signing"] and credentials.signing_of(request["signing"])
                self._render(brief, Path(request["folder"]), request["watts"], signing)
            except Stopped:
                self._say("stopped")
            except CannotMake as refusal:
                self._say("refused", sentence=str(refusal))
            except Exception as error:  # whatever an engine raises ends this request, not the child
                what, more = told(error)
                self._say(what, **more)
            finally:
                self._unwanted.discard(self._number)

    def _listen(self) -> None:
        for line in self._requests:
            request = json.loads(line)
            if request["what"] == "stop":
                self._unwanted.add(request["number"])
            else:
                self._waiting.put(request)
        os._exit(0)  # the parent is gone, and a step may take minutes

    def _load(self, name: str, options: dict[str, Any]) -> None:
        if self._built_from == (name, options):
            self._say("ready")
            return
        self._say("loading")
        if self._engine is not None:
            self._engine.close()
            self._engine = self._built_from = None
        module, _, family = name.partition(":")
        engine: Engine = getattr(importlib.import_module(module), family)(**options)
        engine.load()
        self._engine, self._built_from = engine, (name, options)
        self._say("ready")

    def _render(
        self, brief: Brief, folder: Path, watts: float | None, signing: Signing | None
    ) -> None:
        assert self._engine is not None  # noqa: S101 - _load has just made it
        shown_at = 0.0

        def progress(done: int, total: int, preview: Picture | None = None) -> None:
            nonlocal shown_at
            self._stop_if_unwanted()
            path = None
            if preview is not None and time.monotonic() - shown_at >= PREVIEW_SECONDS:
                shown_at = time.monotonic()
                path = folder / f"preview-{done}.jpg"
                path.write_bytes(encode.jpeg(preview))
            self._say("step", done=done, total=total, preview=path and str(path))

        self._stop_if_unwanted()
        meter = Meter(watts)
        over = threading.Event()
        encoding: list[tuple[int, Seal, Future[dict[str, Any]]]] = []
        pool = ThreadPoolExecutor(ENCODERS)  # several at once: one alone leaves a core idle in part

        def ready(take: Take) -> None:
            stem, seal = f"clip-{len(encoding) + 1}", Seal(signing, len(encoding))
            encoded = pool.submit(_clip, brief, take, folder, stem, over, seal, self._classifier)
            encoding.append((take.seed, seal, encoded))

        try:
            notes = self._engine.make(brief, progress, ready)
            self._say("made")
            cost = meter.read()
            clips, latest = [], time.monotonic() + ENCODE_SECONDS
            for seed, seal, encoded in encoding:
                self._stop_if_unwanted()
                while wait([encoded], SIGN_SECONDS).not_done:
                    if time.monotonic() > latest:
                        raise TimeoutError
                    self._say("encoding")
                    self._stop_if_unwanted()
                clips.append({"seed": seed, **encoded.result(), "signed": seal.done})
        finally:
            # After a stop nobody waits for what is still being encoded. Its files go nowhere, its error
            # is never asked for.
            over.set()
            pool.shutdown(wait=False, cancel_futures=True)
        self._say("done", clips=clips, notes=list(notes), **asdict(cost))

    def _stop_if_unwanted(self) -> None:
        if self._number in self._unwanted:
            raise Stopped

    def _say(self, what: str, **more: Any) -> None:
        json.dump({"is": what, "number": self._number, **more}, self._answers)
        self._answers.write("\n")
        self._answers.flush()


def _clip(
    brief: Brief,
    take: Take,
    folder: Path,
    stem: str,
    over: threading.Event,
    seal: Seal,
    classifier: Classifier | None = None,
) -> dict[str, Any]:
    """Encode a take: the paths of its files by what they are, and what some of its frames show.

    Ends early when the render is over.
    """
    film, fps = take.film, brief.fps
    if brief.smooth:
        film, fps = finish.smoothed(film, brief.task is Task.LOOP), 2 * fps
    if over.is_set():
        raise Stopped
    files = encode.clip(film, fps, folder, stem, take.sound, brief.upscale, seal)
    looked_at = frames.sampled(take.film)
    marks = classifier.marks(looked_at) if classifier else {}
    paths = {name: str(path) for name, path in asdict(files).items()}
    return {**paths, "hashes": frames.hashes(looked_at), "marks": marks}


def _brief(fields: dict[str, Any], inputs: dict[str, str]) -> Brief:
    """A brief as it was before it was JSON, with its pictures. Raises ``CannotMake``."""
    files = {name: Path(path) for name, path in inputs.items()}
    brief = Brief(**fields)
    task, style, size = Task(brief.task), fields["style"], fields["final_size"]
    return replace(
        brief,
        seeds=tuple(brief.seeds),
        near=tuple((seed, far) for seed, far in brief.near),
        task=task,
        style=style and Style(**style),
        final_size=size and tuple(size),
        first=pictures.still(files["first"]) if "first" in files else None,
        last=pictures.still(files["last"]) if "last" in files else None,
        film=_film(files["film"], task, brief.fps) if "film" in files else None,
    )


def _film(path: Path, task: Task, fps: int) -> Film:
    return pictures.end(path, fps) if task is Task.EXTEND else pictures.film(path)


def main() -> NoReturn:
    """Take the two pipes away from everything that reads or prints, then serve."""
    requests, answers = os.dup(0), os.dup(1)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    for polite in (signal.SIGINT, signal.SIGTERM):
        signal.signal(polite, signal.SIG_IGN)  # they reach the whole group; the parent decides
    with os.fdopen(requests, encoding="utf-8") as asked, os.fdopen(answers, "w") as answered:
        Child(asked, answered).run()


if __name__ == "__main__":
    main()
