"""The sources of a device code as the library does, for any codec and any file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.c.library import BUFFER_TOO_SMALL, OK, OTHER_CODEC, OTHER_LEVEL, TOO_LARGE, CLibrary
from helpers.codecs.band_codecs import band_codec
from helpers.strategies import priors
from helpers.writer import pack, unpack, with_checksum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aecodec import Codec
from aecodec.base.arrays import Latents, Pixels
from aecodec.base.errors import ModelError
from aecodec.codec_files.folder import write_folder
from aecodec.codec_files.levels import Level
from aecodec.codec_files.spec import CodecSpec
from aecodec.export.device.codec_source import PictureSizes
from aecodec.export.device.tables import CTables
from aecodec.format.container import Header, Mode
from aecodec.imaging.tiling import grid_of
from aecodec.prior_fitting.level_tables import sections_of

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")
TILE = (4, 5)


@pytest.fixture(scope="module")
def library(codec: Codec, tmp_path_factory: pytest.TempPathFactory) -> CLibrary:
    """The default level of `digits`."""
    return CLibrary(CTables(codec.folder), tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def file(codec: Codec, samples: Pixels) -> bytes:
    """A sample digit at the default level."""
    return codec.compress(samples[3])


def check_round_trip(library: CLibrary, latents: Latents, header: Header) -> None:
    """Check that C writes the library's file and reads its codes, and the sizes."""
    tables, folder = library.tables, library.tables.folder
    size = header.size or folder.spec.tile[::-1]
    vectors, work, bound = library.sizes(size, header.mode)
    if Mode(header.mode).channels == folder.spec.channels:  # as in exported headers
        sizes = PictureSizes.of(tables, size)
        assert (vectors, work, bound) == (sizes.vectors, sizes.work, sizes.file)
    flat = latents.reshape(-1, latents.shape[-1])
    codes = library.quantize(flat)
    assert (codes == tables.level.quantize(tables.level.channels_of(flat))).all()
    file = tables.native.file(size, header.mode == Mode.RGB, codes)
    assert library.encode(codes, size, header.mode) == (OK, file)
    assert len(file) <= bound
    status, decoded = library.decode(file, vectors, work)
    assert status == OK
    assert (decoded == codes).all()
    assert (library.dequantize(codes) == tables.level.requantize(flat)).all()


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
    channels = data.draw(st.sampled_from([1, 3]))
    distance = data.draw(st.integers(int(prior.has_spatial_context), 1))
    level = data.draw(levels(prior.code_dimension))
    spec = CodecSpec("any", TILE, channels, level.stop + 3, (level,), 1, distance)
    folder = write_folder(path, spec, sections_of(spec, {}, [prior]))
    library = CLibrary(CTables(folder), path)
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    for size in [TILE[::-1], (1, 1), (70, 3), (22, 49), tuple(rng.integers(1, 90, 2).tolist())]:
        mode = Mode(int(rng.integers(0, 2)))
        header = Header(folder.spec.codec_id, mode, None if size == TILE[::-1] else size)
        planes = mode.channels if channels == 1 else 1
        shape = (planes, *grid_of(size, TILE), folder.spec.latent_channels)
        latents = rng.normal(0, rng.choice([3, 40]), shape)
        check_round_trip(library, latents.clip(-128, 127).astype(np.int8), header)


def test_each_reason_to_refuse_a_file_has_a_status(
    library: CLibrary, codec: Codec, samples: Pixels, file: bytes
) -> None:
    _, work, _ = library.sizes((28, 28), Mode.L)
    header, payload = unpack(file)
    large = Header(header.codec_id, size=(28 * 200, 28 * 100))
    for content, vectors, room, expected in [
        (file, 1, work, OK),
        (pack(Header(b"none", header.mode), payload), 1, work, OTHER_CODEC),
        (codec.compress(samples[3], level=1), 1, work, OTHER_LEVEL),
        (file, 0, work, BUFFER_TOO_SMALL),
        (file, 1, work - 1, BUFFER_TOO_SMALL),
        (pack(large, bytes(28 * 28)), 1, work, TOO_LARGE),
    ]:
        assert library.decode(content, vectors, room)[0] == expected


@settings(max_examples=50)
@given(st.data())
def test_changed_files_are_read_within_the_buffers(
    library: CLibrary, file: bytes, data: st.DataObject
) -> None:
    changed = bytearray(file[:-4])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        changed[place] = data.draw(st.integers(0, 255))
    library.decode(with_checksum(bytes(changed)), 1, library.sizes((28, 28), Mode.L)[1])


def test_a_file_is_written_only_within_its_capacity(library: CLibrary, file: bytes) -> None:
    _, work, _ = library.sizes((28, 28), Mode.L)
    _, codes = library.decode(file, 1, work)
    for capacity in range(len(file)):
        assert library.encode(codes, (28, 28), Mode.L, capacity)[0] == BUFFER_TOO_SMALL
    assert library.encode(codes, (28, 28), Mode.L, len(file)) == (OK, file)
    for size in [(0, 1), (1, 0), (1 << 31, 1), (28 * 129, 28 * 128)]:
        assert library.encode(codes, size, Mode.L, len(file))[0] == TOO_LARGE
        assert library.sizes(size, Mode.L)[:2] == (0, 0)


def test_large_pictures_and_codecs_with_bands_are_not_exported(
    codec: Codec, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="the limit in C"):
        PictureSizes.of(CTables(codec.folder), (28 * 129, 28 * 128))
    with pytest.raises(ModelError, match="use libaecodec"):
        CTables(band_codec(tmp_path, [(0, 1)], 1))
