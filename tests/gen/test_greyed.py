"""The still that moderators see first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gen.greyed import LONGEST_SIDE, still


def test_a_poster_is_kept_small_and_without_colours(tmp_path: Path) -> None:
    poster, kept = tmp_path / "poster.jpg", tmp_path / "fitted" / "grey.jpg"
    Image.new("RGB", (832, 480), (200, 30, 60)).save(poster)
    still(poster, kept)
    with Image.open(kept) as grey:
        assert grey.mode == "L"
        assert max(grey.size) == LONGEST_SIDE
        assert np.asarray(grey).std() < 1
    assert kept.stat().st_size < 10_000
    assert [path.name for path in kept.parent.iterdir()] == ["grey.jpg"]


def test_what_is_no_picture_leaves_nothing_behind(tmp_path: Path) -> None:
    poster, kept = tmp_path / "poster.jpg", tmp_path / "fitted" / "grey.jpg"
    poster.write_bytes(b"no picture")
    with pytest.raises(OSError, match="cannot identify"):
        still(poster, kept)
    assert not kept.exists()
