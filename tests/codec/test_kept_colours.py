"""Colours and modes survive where profiles do not, and where the codec is grey."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_files import profiles
from image_files.odd_pictures import shown_as
from PIL import Image

import aecodec
from aecodec.base.arrays import Pixels
from aecodec.base.errors import AecodecWarning
from aecodec.codec.codec import Codec
from aecodec.format.container import MetadataKind, Mode
from aecodec.format.origin import Origin
from aecodec.imaging.array_pictures import from_array
from aecodec.imaging.picture import Picture


def with_profile(pixels: Pixels, profile: bytes) -> Picture:
    return Picture(from_array(pixels).pixels, None, {MetadataKind.ICC: profile})


@pytest.mark.parametrize("options", [{"metadata": False}, {"max_bytes": 500}, {"min_psnr": 25}])
def test_colours_are_converted_where_their_profile_is_not_kept(
    photo: Codec, photograph: Pixels, options: dict[str, Any]
) -> None:
    pixels = photograph[150:230, 200:300]
    options = {"metadata": False, **options}
    with pytest.warns(AecodecWarning, match=r"drops its profile \(made for a test\) and converts"):
        data = photo.compress(with_profile(pixels, profiles.P3), **options)
    assert data == photo.compress(shown_as(Image.fromarray(pixels), profiles.P3), **options)
    assert data != photo.compress(pixels, **options)


@pytest.mark.parametrize("profile", [profiles.SRGB, b"no profile"])
def test_nothing_is_converted_or_said_of_srgb(
    photo: Codec, photograph: Pixels, profile: bytes
) -> None:
    pixels = photograph[150:230, 200:300]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = photo.compress(with_profile(pixels, profile), metadata=False)
    assert data == photo.compress(pixels)


@pytest.mark.parametrize("has_alpha", [False, True])
def test_a_grey_codec_gives_equal_channels_back_for_a_few_bytes(
    codec: Codec, photograph: Pixels, has_alpha: bool
) -> None:
    grey = photograph[150:210, 200:260, 1]
    channels = [grey] * 3 + [grey] * has_alpha
    data = codec.compress(np.dstack(channels))
    header = aecodec.read_header(data)
    assert (header.mode, header.picture_mode) == (
        (Mode.LA, Mode.RGBA) if has_alpha else (Mode.L, Mode.RGB)
    )
    single = codec.compress(np.dstack([grey, grey]) if has_alpha else grey)
    assert len(data) <= len(single) + 14
    back = np.asarray(codec.decompress(data))
    plain = np.asarray(codec.decompress(single))
    assert (back[..., :3] == (plain[..., :1] if has_alpha else plain[..., None])).all()
    assert back.shape == (60, 60, len(channels))


def test_ending_and_time_of_the_file_are_kept_with_the_metadata(
    photo: Codec, photograph: Pixels, tmp_path: Path
) -> None:
    path = tmp_path / "a.PNG"
    Image.fromarray(photograph[:40, :50]).save(path)
    origin = Origin(".PNG", int(path.stat().st_mtime // 1))
    with Image.open(path) as image:
        for source in (path, str(path), image):
            assert aecodec.read_header(photo.compress(source)).origin == origin
            assert aecodec.read_header(photo.compress(source, metadata=False)).origin is None
    assert aecodec.read_header(photo.compress(photograph[:40, :50])).origin is None
