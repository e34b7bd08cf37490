"""Stacks keep the names of their pictures, and the metadata that all of them share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec.base.errors import AecodecWarning, ImageError
from aecodec.format.container import MetadataKind
from aecodec.format.stack_names import can_be_kept, pack_names, unpack_names
from aecodec.imaging.picture import Picture
from aecodec.imaging.stacks import file_names, shared_metadata, stacked, without_names

ICC, EXIF = MetadataKind.ICC, MetadataKind.EXIF
PLAIN = Picture(np.zeros((1, 4, 4, 1), np.uint8))
PATHS = [Path("in/a.jpg"), Path("b.png")]


def test_pictures_that_cannot_be_stacked_are_named() -> None:
    paths, pixels = [*PATHS, Path("c.png")], PLAIN.pixels
    for unlike in (Picture(pixels[:, :3]), Picture(pixels, pixels[..., 0])):
        with pytest.raises(ImageError, match=r"a\.jpg is 4x4 L, c\.png is 4x(3 L|4 LA): you can"):
            stacked(paths, [PLAIN, PLAIN, unlike], {}, None)


def test_differing_metadata_is_named() -> None:
    pictures = [replace(PLAIN, metadata={ICC: b"same", EXIF: exif}) for exif in (b"1", b"2")]
    with pytest.warns(AecodecWarning, match="different EXIF metadata"):
        shared = shared_metadata(pictures, None)
    picture, names = without_names(stacked(PATHS, pictures, shared, None))
    assert (picture.metadata, names) == ({ICC: b"same"}, ["a.jpg", "b.png"])
    assert stacked(PATHS, pictures, shared_metadata(pictures, False), False).metadata == {}


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_names_survive_or_are_refused(names: list[str]) -> None:
    if can_be_kept(names):
        assert unpack_names(pack_names(names)) == names
        files = file_names(names, len(names), ".png")
        assert len({name.casefold() for name in files}) == len(files)
        assert not any("/" in name for name in files)


def test_names_that_cannot_be_kept_are_told() -> None:
    frames = Picture(np.zeros((3, 4, 4, 1), np.uint8))
    for paths, first, problem in (
        (PATHS, frames, "an input has several frames"),
        ([Path("a/x"), Path("b/x")], PLAIN, "two names are equal"),
    ):
        with pytest.warns(AecodecWarning, match=problem):
            stacked(paths, [first, PLAIN], {}, None)
