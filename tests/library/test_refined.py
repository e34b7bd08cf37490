"""Files with a maximum error in C: their parts, damaged files, and that they are Python's files."""

from __future__ import annotations

from ctypes import byref, c_char_p, c_size_t, c_void_p, string_at
from typing import Any

import numpy as np
import pytest
from helpers.c.beside_python import rejection
from helpers.codecs.golden import REFINED, codec_of

from aecodec import Codec, Header, Target
from aecodec.arrays import Pixels
from aecodec.format import container
from aecodec.imaging.picture import from_array, to_array
from benchmarks.c_codec import (
    INCOMPLETE,
    NO_BASE,
    OK,
    TOO_MUCH_MEMORY,
    TOO_MUCH_WORK,
    CCodec,
    Errors,
    Limits,
    bundle_of,
    library,
)


def golden(name: str) -> bytes:
    return (REFINED / f"{name}.aec").read_bytes()


@pytest.mark.parametrize(
    ("name", "status"), [("photo_level", OK), ("digits_nested", OK), ("digit_lossless", NO_BASE)]
)
def test_the_base_is_found_in_the_first_bytes(name: str, status: int) -> None:
    data, base, size, needed = golden(name), c_void_p(), c_size_t(), c_size_t()
    for length in range(len(data) + 1):
        part = c_char_p(data[:length])
        found = library().aecodec_file_base(
            part, c_size_t(length), byref(base), byref(size), byref(needed)
        )
        assert found == (INCOMPLETE if length < needed.value else status)
    assert string_at(base, size.value) == container.base_of(data)
    assert needed.value < len(data)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("name", "errors", "options"),
    [
        ("codec", [[16], [0]], {}),
        ("codec", [[9]], {"level": 2}),
        ("photo", [[40]], {}),
        ("photo", [[0]], {"level": 1.5}),
        ("photo", [[1.5], [0.3]], {"is_root": True}),
    ],
)
def test_pictures_become_the_files_of_python(
    photograph: Pixels,
    name: str,
    errors: Errors,
    options: dict[str, Any],
    channels: int,
    request: pytest.FixtureRequest,
) -> None:
    codec: Codec = request.getfixturevalue(name)
    crops = np.stack([photograph[100:137, 200:241], photograph[140:177, 200:241] // 9])
    pixels = np.concatenate([crops, crops[..., 1:2]], axis=-1)[..., :channels]
    c = CCodec(bundle_of(codec.folder))
    texts = [f"{e}sqrt" if options.get("is_root") else e for (e,) in errors]
    file = c.compress_within_error(pixels, errors, **options)
    target = Target(options.get("level"), max_error=texts)
    expected = codec.compress_picture(from_array(pixels), target, metadata=False).data
    assert unpacked(file) == unpacked(expected)
    restored = to_array(codec.decoder.decompress_picture(file)).reshape(pixels.shape)
    assert np.array_equal(c.decompress(file), restored)


def unpacked(file: bytes) -> tuple[Header, bytes]:
    """The parts of a file without its alpha planes, which C deflates in another way."""
    header, payload = container.unpack(file)
    return header._replace(alpha=b""), payload


def test_large_pictures_and_equal_channels(codec: Codec, photo: Codec, photograph: Pixels) -> None:
    wide = np.tile(photograph[None, :30], (1, 1, 2, 1))
    for chosen, pixels in ((photo, wide), (codec, np.repeat(wide[..., :1], 3, axis=-1))):
        file = CCodec(bundle_of(chosen.folder)).compress_within_error(pixels, [[24]])
        picture, target = from_array(pixels), Target(max_error=24)
        assert file == chosen.compress_picture(picture, target, metadata=False).data


def test_refinements_count_as_work() -> None:
    header, payload = container.unpack(golden("grey_lossless"))
    allowed = max(1 << 21, 4096 * len(golden("grey_lossless")))
    bomb = header._replace(size=(1024, allowed // 1000))
    c = CCodec(bundle_of(codec_of(golden("grey_lossless")).folder))
    with rejection(TOO_MUCH_WORK):
        c.decompress(container.pack(bomb, payload))
    with rejection(TOO_MUCH_MEMORY):
        c.decompress(container.pack(bomb, payload), Limits(1 << 30, max_memory=1 << 20))
