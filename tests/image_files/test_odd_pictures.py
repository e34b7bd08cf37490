"""Odd pictures: what is kept of each, what is said, and that its colours are shown alike."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
from image_files.odd_pictures import ODD_PICTURES, OddPicture, as_rgb, shown_as
from PIL import Image

from aecodec.base.arrays import Pixels
from aecodec.base.errors import AecodecWarning
from aecodec.format.container import MetadataKind
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.reading import read_image
from aecodec.image_files.writing import encode_frames
from aecodec.imaging.picture import Picture

every_odd_picture = pytest.mark.parametrize("odd", ODD_PICTURES, ids=lambda odd: odd.name)


def read(odd: OddPicture) -> tuple[Picture, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        picture = read_image(io.BytesIO(odd.content), odd.options)
    assert all(issubclass(warning.category, AecodecWarning) for warning in caught)
    return picture, [str(warning.message) for warning in caught]


def shown(picture: Picture) -> Pixels:
    """How a picture is shown, (F, H, W, 3)."""
    profile = picture.metadata.get(MetadataKind.ICC)
    planes = picture.pixels[..., 0] if picture.pixels.shape[-1] == 1 else picture.pixels
    if profile:
        return np.stack([shown_as(Image.fromarray(plane), profile) for plane in planes])
    return as_rgb(planes) if planes.ndim == 3 else planes


@every_odd_picture
def test_its_mode_colours_and_metadata_are_kept_and_the_rest_is_said(odd: OddPicture) -> None:
    picture, warnings_ = read(odd)
    assert picture.mode.name == odd.mode
    assert picture.metadata.keys() == odd.kinds
    assert len(warnings_) == bool(odd.warning)
    assert odd.warning in "".join(warnings_)
    bare = in_kept_colours(picture, {})
    assert MetadataKind.ICC not in bare.metadata
    assert np.array_equal(bare.alpha, picture.alpha)
    if picture.alpha is not None:
        expected = Image.open(io.BytesIO(odd.content)).convert("RGBA").getchannel("A")
        assert np.array_equal(picture.alpha[0], expected)
    for variant in (picture, bare):
        assert np.abs(shown(variant).astype(np.int16) - odd.colours).max() <= 2


@every_odd_picture
@pytest.mark.parametrize("suffix", [".tif", ".bmp"])
def test_a_written_image_is_shown_alike(odd: OddPicture, suffix: str) -> None:
    picture = read(odd)[0]
    if suffix == ".bmp" and picture.mode.has_alpha:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of metadata that BMP does not hold
        written = encode_frames(picture, suffix)
    for content, frame in zip(written, shown(picture), strict=True):
        back = shown(read_image(io.BytesIO(content)))
        assert np.abs(back[0].astype(np.int16) - frame).max() <= 2
