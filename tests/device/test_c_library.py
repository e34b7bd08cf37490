"""The sources of a device code as the library does, for any codec and any file."""

from __future__ import annotations

import shutil
from ctypes import byref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.c.library import (
    BUFFER_TOO_SMALL,
    DAMAGED_METADATA,
    NOT_AEC,
    OK,
    OTHER_CODEC,
    OTHER_LEVEL,
    TOO_LARGE,
    CLibrary,
)
from helpers.codecs.band_codecs import band_codec
from helpers.codecs.made_up_codecs import TILE, folder_of
from helpers.strategies import headers, priors
from helpers.writer import pack, unpack, with_checksum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aecodec import Codec
from aecodec.arrays import Latents, Pixels
from aecodec.codec_files.levels import Level
from aecodec.errors import ModelError
from aecodec.export.device.codec_source import PictureSizes
from aecodec.export.device.tables import CTables
from aecodec.format.container import Header, Mode, pack_metadata
from aecodec.imaging.tiling import grid_of
from aecodec.native.library import LIBRARY
from aecodec.native.structures import DAMAGED_SAMPLES, FileInfo
from aecodec.prior_fitting.level_tables import bits

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")


@pytest.fixture(scope="module")
def library(codec: Codec, tmp_path_factory: pytest.TempPathFactory) -> CLibrary:
    """The default level of `digits`."""
    return CLibrary(CTables(codec.folder), tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def file(codec: Codec, samples: Pixels) -> bytes:
    """A sample digit at the default level."""
    return codec.compress(samples[3])


def assert_round_trip(library: CLibrary, latents: Latents, header: Header) -> bytes:
    """Check that C writes the library's file and reads its codes, and the sizes."""
    tables, folder = library.tables, library.tables.folder
    size = header.size or folder.spec.tile[::-1]
    vectors, work, bound = library.sizes(size, header.mode)
    if Mode(header.mode).channels == folder.spec.channels:  # as in exported headers
        sizes = PictureSizes.of(tables, size)
        assert (vectors, work, bound) == (sizes.vectors, sizes.work, sizes.file)
    flat = latents.reshape(-1, latents.shape[-1])
    assert vectors == len(flat)
    codes = library.quantize(flat)
    assert (codes == tables.level.quantize(tables.level.channels_of(flat))).all()
    status, made = library.encode(codes, size, header.mode)
    assert status == OK
    is_rgb = header.mode == Mode.RGB
    assert made == tables.native.file(size, is_rgb, codes)
    grid = latents.shape[:3] if folder.spec.receptive_field else None
    expected = bits(tables.prior, codes, grid).sum() / 8
    assert len(made) <= min(bound, 1.02 * expected + 26 + len(codes) / 4)
    decoded = library.decode(made, vectors, work)
    assert decoded.status == OK
    assert (decoded.codes == codes).all()
    assert (library.dequantize(codes) == tables.level.requantize(flat)).all()
    return made


@st.composite
def levels(draw: st.DrawFn, dimension: int) -> Level:
    gains = draw(st.lists(st.integers(-2048, 0), min_size=dimension, max_size=dimension))
    if draw(st.booleans()):
        return Level(1, 1 + dimension, draw(st.sampled_from([1, 3, 17])))
    return Level(1, 1 + dimension, gains=tuple(gains))


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_c_writes_the_files_of_the_library_for_any_codec(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path, prior = tmp_path_factory.mktemp("codec"), data.draw(priors())
    prior = replace(prior, offset=prior.offset.clip(-128, 127))
    channels = data.draw(st.sampled_from([1, 3]))
    distance = data.draw(st.integers(int(prior.has_spatial_context), 1))
    folder = folder_of(prior, data.draw(levels(prior.code_dimension)), channels, distance, path)
    library = CLibrary(CTables(folder), path)
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    for size in [TILE[::-1], (1, 1), (70, 3), (22, 49), tuple(rng.integers(1, 90, 2).tolist())]:
        mode = Mode(int(rng.integers(0, 2)))
        header = Header(folder.spec.codec_id, mode, None if size == TILE[::-1] else size)
        planes = mode.channels if channels == 1 else 1
        shape = (planes, *grid_of(size, TILE), folder.spec.latent_channels)
        latents = rng.normal(0, rng.choice([3, 40]), shape)
        assert_round_trip(library, latents.clip(-128, 127).astype(np.int8), header)


def test_each_reason_to_refuse_a_file_has_a_status(
    library: CLibrary, codec: Codec, samples: Pixels, file: bytes
) -> None:
    _, work, _ = library.sizes((28, 28), Mode.L)
    header, payload = unpack(file)
    foreign = pack(Header(b"none", header.mode), payload)
    assert library.decode(file, 1, work).status == OK
    assert library.decode(foreign, 1, work).status == OTHER_CODEC
    assert library.decode(codec.compress(samples[3], level=1), 1, work).status == OTHER_LEVEL
    assert library.decode(file, 0, work).status == BUFFER_TOO_SMALL
    assert library.decode(file, 1, work - 1).status == BUFFER_TOO_SMALL
    vectors = Header(header.codec_id, size=(28 * 200, 28 * 100))
    large = pack(vectors, bytes(28 * 28))
    assert library.decode(large, 1, work).status == TOO_LARGE


def test_a_file_is_written_only_within_its_capacity(library: CLibrary, file: bytes) -> None:
    _, work, _ = library.sizes((28, 28), Mode.L)
    codes = library.decode(file, 1, work).codes
    for capacity in range(len(file)):
        assert library.encode(codes, (28, 28), Mode.L, capacity)[0] == BUFFER_TOO_SMALL
    assert library.encode(codes, (28, 28), Mode.L, len(file)) == (OK, file)
    for size in [(0, 1), (1, 0), (1 << 31, 1), (28 * 129, 28 * 128)]:
        assert library.encode(codes, size, Mode.L, len(file))[0] == TOO_LARGE
        assert library.sizes(size, Mode.L)[:2] == (0, 0)


def assert_headers_agree(library: CLibrary, data: bytes) -> None:
    """Check that a device reads a header as the library does, or refuses it for the same reason.

    Devices leave samples to their caller, and do not read files with refinements.
    """
    status, fields, samples, payload = library.read_header(data)
    assert status == OK or NOT_AEC <= status <= DAMAGED_METADATA
    info = FileInfo()
    refused = LIBRARY.aecodec_file_info_of(data, len(data), byref(info))
    if refused != OK:
        is_of_samples = status == OK and len(samples) > 0
        assert refused == (DAMAGED_SAMPLES if is_of_samples else status) or data[2:3] in (
            b"\2",
            b"\3",
        )
        return
    header, expected = unpack(data)
    assert status == OK
    assert payload == expected
    assert bytes(fields.id) == header.codec_id
    assert (fields.width, fields.height) == (header.size or (0, 0))
    assert (fields.mode, fields.level) == (header.mode, header.level or 0)
    assert (fields.frames, fields.reduction) == (header.frames, header.reduction)
    entries = pack_metadata(header.metadata, header.origin, as_rgb=header.as_rgb)
    assert fields.metadata_size == len(entries)
    assert fields.is_grey_as_rgb == header.as_rgb


@settings(max_examples=100)
@given(headers, st.binary(max_size=30), st.data())
def test_devices_read_headers_as_the_library_does(
    library: CLibrary, header: Header, payload: bytes, data: st.DataObject
) -> None:
    whole = pack(header, payload)
    assert_headers_agree(library, whole)
    assert_headers_agree(library, whole[: data.draw(st.integers(0, len(whole) - 1))])
    changed = bytearray(whole[:-4])
    changed[data.draw(st.integers(0, min(len(changed), 40) - 1))] = data.draw(st.integers(0, 255))
    assert_headers_agree(library, with_checksum(bytes(changed)))


def test_a_picture_that_is_too_large_for_c_is_not_exported(codec: Codec) -> None:
    with pytest.raises(ModelError, match="too many"):
        PictureSizes.of(CTables(codec.folder), (28 * 129, 28 * 128))


def test_codecs_with_bands_are_not_exported(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="use libaecodec"):
        CTables(band_codec(tmp_path, [(0, 1)], 1))
