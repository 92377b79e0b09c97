"""Brings weights from the hub: the only place that downloads anything, and only when a host asks.

A repository is pinned before its first byte, so that a fetch that was cut off goes on with the same
revision. Only safetensors, configurations and vocabularies are taken; never code, never pickles.
"""

from __future__ import annotations

import glob
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from huggingface_hub import HfApi, constants, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from gen import weights
from gen.catalogue import Entry, StyleEntry
from gen.trouble import is_full
from gen.weights import INDEX, Pin, Pinned

KINDS = (".safetensors", ".json", ".txt", ".model")
MARGIN_BYTES = 10**9
"""What is left free beside the weights: the studio's own files need room too."""
DOWNLOADS_AT_ONCE = 4


class CannotFetch(Exception):
    """The weights can't be brought; the message is one sentence with the way out."""


def plan(entry: Entry | StyleEntry, folder: Path) -> Pin:
    """Decide what belongs in this folder, and pin it there. Raises ``CannotFetch``.

    What was pinned before stays pinned, unless the catalogue names another revision by now.
    """
    before = weights.pin_of(folder)
    if before is None and folder.is_dir() and any(folder.iterdir()):
        raise CannotFetch(f"{folder} holds files that were not fetched: move them away first.")
    pinned = before.repositories if before else {}
    found = {
        into: _repository(source, revision, pinned.get(into), None if into else entry)
        for into, (source, revision) in entry.repositories.items()
    }
    pin = Pin(repositories=found)
    _insist_on_room(pin, folder)
    with _telling(str(entry.source)):
        pin.write(folder)
    return pin


def fetch(entry: Entry | StyleEntry, folder: Path, pin: Pin) -> None:
    """Bring what is pinned and isn't there unharmed. Raises ``CannotFetch``; what came is kept."""
    for file in [*weights.missing(folder, pin), *weights.altered(folder, pin)]:
        (folder / file).unlink(missing_ok=True)  # what is there might pass for what was fetched
    for into, repository in pin.repositories.items():
        with _telling(repository.source):
            snapshot_download(
                repository.source,
                revision=repository.revision,
                local_dir=folder / into,
                allow_patterns=[glob.escape(file) for file in repository.files],
                max_workers=DOWNLOADS_AT_ONCE,
            )
    _drop_others(folder, pin)
    if isinstance(entry, StyleEntry):
        lora = weights.lora_file(folder, entry.weight_name)
        why = weights.unreadable(lora) if lora else "has not exactly one safetensors file"
        why = why and f"{lora or folder} {why}"
    else:
        _compose(entry, folder)
        why = (fault := weights.fault(folder, entry.parts)) and f"The weights {fault}"
    if why:
        raise CannotFetch(f"{why}: fetch again, and if that doesn't help, remove {folder} first.")


def _repository(
    source: str,
    wanted: str | None,
    before: Pinned | None,
    whole: Entry | StyleEntry | None,
) -> Pinned:
    """Which files of a repository are needed; ``whole`` is None for a single component."""
    if before is not None and before.source == source and wanted in (None, before.revision):
        return before
    with _telling(source, wanted):
        info = HfApi().model_info(source, revision=wanted, files_metadata=True)
        sha = str(info.sha)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        digests = {f.rfilename: f.lfs.sha256 for f in info.siblings or () if f.lfs}
        if isinstance(whole, Entry):
            files = _of_pipeline(source, sha, sizes)
        elif isinstance(whole, StyleEntry):
            files = _of_style(whole, sizes)
        else:
            files = [file for file in sizes if "/" not in file and _is_wanted(file)]
    return Pinned(
        source=source,
        revision=sha,
        files={file: sizes[file] for file in files},
        sha256={file: digests[file] for file in files if file in digests},
    )


def _of_pipeline(source: str, sha: str, sizes: dict[str, int]) -> list[str]:
    if INDEX not in sizes:
        raise CannotFetch(f"{source} has no {INDEX}: it isn't a pipeline of diffusers.")
    with tempfile.TemporaryDirectory() as aside:
        index = hf_hub_download(source, INDEX, revision=sha, local_dir=aside)
        try:
            components = weights.components(Path(index))
        except ValueError as error:
            raise CannotFetch(f"{source} has a {INDEX} that can't be read.") from error
    wanted = [
        file
        for file in sizes
        if file == INDEX or (file.split("/")[0] in components and _is_wanted(file))
    ]
    for name in components:
        inside = [file for file in sizes if file.startswith(f"{name}/")]
        pickled = any(file.endswith((".bin", ".pt", ".pth", ".ckpt")) for file in inside)
        if pickled and not any(file.endswith(".safetensors") for file in inside):
            raise CannotFetch(
                f"{source} has {name} only as pickles, which could run code: nothing was fetched."
            )
    return wanted


def _of_style(style: StyleEntry, sizes: dict[str, int]) -> list[str]:
    found = [file for file in sizes if file.endswith(".safetensors") and "/" not in file]
    if style.weight_name is not None:
        found = [file for file in found if file == style.weight_name]
    if len(found) == 1:
        return found
    there = ", ".join(sorted(file for file in sizes if file.endswith(".safetensors"))) or "none"
    raise CannotFetch(
        f"{style.source} needs weight_name to be one of its safetensors files ({there})."
    )


def _is_wanted(file: str) -> bool:
    """A second form of the same weights (name.fp16.safetensors) isn't."""
    path = PurePosixPath(file)
    is_variant = path.suffix == ".safetensors" and "." in path.stem
    is_inside = len(path.parts) <= 2 and ".." not in path.parts
    return is_inside and path.suffix in KINDS and not is_variant


def _insist_on_room(pin: Pin, folder: Path) -> None:
    needed = sum(weights.missing(folder, pin).values())
    place = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(place).free
    if needed + MARGIN_BYTES > free:
        raise CannotFetch(
            f"{needed / 10**9:.1f} GB are still to be fetched and {free / 10**9:.1f} GB are free in"
            f" {place}: make room, or name another folder with SORA_MODELS_DIR."
        )


def _drop_others(folder: Path, pin: Pin) -> None:
    """Remove what is left of killed fetches, and weights of a revision before: they might be loaded."""
    for kind in ("*.safetensors", weights.SHARDS, "*.incomplete"):
        for file in list(folder.rglob(kind)):
            if file.relative_to(folder).as_posix() not in pin.files:
                file.unlink()


def _compose(entry: Entry, folder: Path) -> None:
    """Name the parts in the pipeline's own index, so that it loads as one."""
    if not entry.parts:
        return
    path = folder / INDEX
    index = json.loads(path.read_text(encoding="utf-8"))
    index |= {name: [part.library, part.loads] for name, part in entry.parts.items()}
    path.write_text(json.dumps(index, indent=2), encoding="utf-8")


@contextmanager
def _telling(source: str, revision: str | None = None) -> Iterator[None]:
    """Puts what goes wrong with the hub or the disk into one sentence."""
    hub = constants.ENDPOINT
    try:
        yield
    except GatedRepoError as error:
        raise CannotFetch(
            f"{source} is gated: agree to its terms on {hub}/{source}, log in with `hf auth login`,"
            " then fetch again."
        ) from error
    except RepositoryNotFoundError as error:
        raise CannotFetch(
            f"There is no {source} on {hub}, or it is private: check the id, or log in with"
            " `hf auth login`."
        ) from error
    except RevisionNotFoundError as error:
        raise CannotFetch(
            f"{source} has no revision {revision}: correct it in the catalogue."
        ) from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            why = "log in with `hf auth login` as somebody who may, then fetch again"
        else:
            why = "try again later; files that came whole are kept"
        raise CannotFetch(f"{hub} refused {source} with status {status}: {why}.") from error
    except Exception as error:  # network libraries have many names for the same trouble
        if is_full(error):
            raise CannotFetch(
                "The disk is full: make room, then fetch again; files that came whole are kept."
            ) from error
        if _is_network(error):
            raise CannotFetch(
                f"{hub} can't be reached: check the network, then fetch again; files that came whole are kept."
            ) from error
        if isinstance(error, OSError) and error.filename:
            raise CannotFetch(f"{error.filename} can't be written: {error.strerror}.") from error
        raise


def _is_network(error: BaseException) -> bool:
    if isinstance(error, (OfflineModeIsEnabled, LocalEntryNotFoundError, ConnectionError)):
        return True
    return type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore")
