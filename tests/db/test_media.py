"""What is discarded is gone in every form."""

from __future__ import annotations

from pathlib import Path

from db.media import Media


async def test_a_discarded_clip_takes_its_smaller_forms_with_it(tmp_path: Path) -> None:
    media = Media(tmp_path / "media")
    (tmp_path / "a.mp4").write_bytes(b"one")
    (tmp_path / "b.mp4").write_bytes(b"other")
    one, other = [await media.put(tmp_path / name) for name in ("a.mp4", "b.mp4")]
    media.fitted.mkdir()
    for key in (one, other):
        for limit in (8_000_000, 1_000_000):
            media.form(key, limit).touch()
    await media.discard(one)
    await media.discard(one)
    left = {path.name for path in media.folder.rglob("*.mp4")}
    assert left == {
        other,
        f"{other.removesuffix('.mp4')}-8000000.mp4",
        f"{other.removesuffix('.mp4')}-1000000.mp4",
    }
