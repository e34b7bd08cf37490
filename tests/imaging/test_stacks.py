"""Stacks keep the names of their pictures, and the metadata that all of them share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec.errors import AecodecWarning, ImageError
from aecodec.format.container import MetadataKind
from aecodec.format.stack_names import can_be_kept, pack_names, unpack_names
from aecodec.imaging.picture import Picture
from aecodec.imaging.stacks import file_names, shared_metadata, stacked, without_names

ICC, EXIF, XMP = MetadataKind.ICC, MetadataKind.EXIF, MetadataKind.XMP
PLAIN = Picture(np.zeros((1, 4, 4, 1), np.uint8))
PATHS = [Path("in/a.jpg"), Path("b.png")]


def in_one(paths: list[Path], pictures: list[Picture], metadata: bool | None) -> Picture:
    return stacked(paths, pictures, shared_metadata(pictures, metadata), metadata)


def test_pictures_that_cannot_be_stacked_are_named() -> None:
    paths = [*PATHS, Path("c.png")]
    pixels = PLAIN.pixels
    for unlike in (Picture(pixels[:, :3]), Picture(pixels, pixels[..., 0])):
        with pytest.raises(
            ImageError, match=r"a\.jpg is 4x4 L, c\.png is 4x(3 L|4 LA): pictures can"
        ):
            stacked(paths, [PLAIN, PLAIN, unlike], {}, None)


def test_differing_metadata_is_named_or_refused() -> None:
    pictures = [replace(PLAIN, metadata={ICC: b"same", EXIF: exif}) for exif in (b"1", b"2")]
    with pytest.warns(AecodecWarning, match="EXIF differ"):
        whole = in_one(PATHS, pictures, metadata=None)
    assert without_names(whole)[0].metadata == {ICC: b"same"}
    assert without_names(whole)[1] == ["a.jpg", "b.png"]
    with pytest.raises(ImageError, match="EXIF differ"):
        in_one(PATHS, pictures, metadata=True)
    assert in_one(PATHS, pictures, metadata=False).metadata == {}


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_names_survive_or_are_refused(names: list[str]) -> None:
    if can_be_kept(names):
        assert unpack_names(pack_names(names)) == names
        files = file_names(names, len(names), ".png")
        assert len({name.casefold() for name in files}) == len(files)
        assert not any("/" in name for name in files)


@pytest.mark.parametrize(
    ("paths", "frames", "problem"),
    [([Path("a.gif"), Path("b.png")], 3, "has only one"), ([Path("a/x"), Path("b/x")], 1, "alike")],
)
def test_names_that_cannot_be_kept_are_told_or_refused(
    paths: list[Path], frames: int, problem: str
) -> None:
    pictures = [Picture(np.zeros((frames, 4, 4, 1), np.uint8)), PLAIN]
    with pytest.warns(AecodecWarning, match=problem):
        in_one(paths, pictures, metadata=None)
    with pytest.raises(ImageError, match=f"{problem}.*without --metadata"):
        in_one(paths, pictures, metadata=True)
