"""How a model of the catalogue is put into words: for `sora models`, and for docs/catalogue.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gen.catalogue import Entry
from gen.stock import Standing


def as_json(standing: Standing) -> dict[str, Any]:
    """Everything, as plain data; styles that can't be used are under ``faults``."""
    return standing.entry.model_dump(mode="json") | {
        "state": str(standing.state),
        "why": standing.why,
        "begun": standing.begun,
        "faults": standing.faults,
    }


def memory(entry: Entry) -> str:
    """GiB on the device, and with the rest of the model beside it where that is possible."""
    if entry.memory is None:
        return "–"
    full, offload = entry.memory.full, entry.memory.offload
    return f"{full:g}" if offload is None else f"{full:g} ({offload:g})"


def lines(standing: Standing) -> Iterator[tuple[str, str]]:
    """A title and a line each, for a person."""
    e = standing.entry
    yield "name", e.name
    yield "title", e.title
    yield "about", e.about
    yield "state", f"{standing.state}{f'. {standing.why}' if standing.why else ''}"
    yield "licence", f"{e.licence} {e.licence_url}".rstrip()
    yield "restrictions", e.restrictions or "none that matters here"
    if e.excluded_places:
        yield "not in", ", ".join(e.excluded_places)
    yield "trained on", e.training or "not said"
    yield "tasks", ", ".join(e.tasks)
    for aspect, (width, height) in e.sizes.items():
        yield "size", f"{aspect} is {width} × {height}"
    a, b = e.frames_rule
    frames = f"{a}·n + {b} frames" if b else f"{a}·n frames" if a > 1 else "any number of frames"
    yield "length", f"{_range(e.seconds)} s at {e.fps} frames a second, {frames}"
    yield "steps", _range(e.steps)
    yield "guidance", _range(e.guidance)
    if e.draft:
        yield "draft", f"{e.draft.steps} steps at {e.draft.scale:.0%} of the size"
    if e.memory:
        yield "memory", f"{memory(e)} GiB"
    yield "approximate", ", ".join(e.approximations) or "nothing"
    yield "engine", e.engine
    for key, value in e.options.items():
        yield key, str(value)
    for name, part in e.parts.items():
        yield name, part.source
    for style in e.styles:
        yield "style", f"{style.name}: {style.title} by {style.owner}, {style.licence}"
    for name, why in standing.faults.items():
        yield "style", f"{name}: {why}"


def markdown(entries: Iterable[Entry]) -> str:
    """The table of docs/catalogue.md."""
    rows = [
        "| name | model | licence | makes clips from | memory, GiB | what its makers say they trained on |"
    ]
    rows.append("|---|---|---|---|---|---|")
    for e in entries:
        licence = f"[{e.licence}]({e.licence_url})" if e.licence_url else e.licence
        if e.must_accept:
            licence += f": **to be accepted.** {e.restrictions}"
        elif e.restrictions:
            licence += f". {e.restrictions}"
        cells = (f"`{e.name}`", f"**{e.title}**. {e.about}", licence, ", ".join(e.tasks))
        rows.append("| " + " | ".join((*cells, memory(e), e.training or "not said")) + " |")
    return "\n".join(rows)


def _range(bounds: Any) -> str:
    return f"{bounds.default:g} ({bounds.low:g} to {bounds.high:g})"
