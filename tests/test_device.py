"""C on a device writes Python's files and reads Python's codes, whatever the codec is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from c_library import (
    BUFFER_TOO_SMALL,
    DAMAGED,
    OK,
    OTHER_CODEC,
    OTHER_LEVEL,
    SOURCES,
    TOO_LARGE,
    WARNINGS,
    CLibrary,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_container import headers
from test_prior import any_context, priors
from test_segments import some_context

from aecodec import Codec, container, images
from aecodec.container import Header, Mode
from aecodec.context import Context
from aecodec.encoding import Encoding
from aecodec.errors import AecodecError, ModelError
from aecodec.export import c_tables
from aecodec.export.c_codec import PictureSizes
from aecodec.export.c_file import c_file, c_integers
from aecodec.export.c_tables import CTables
from aecodec.fitting import fit_prior
from aecodec.images import Pixels
from aecodec.levels import Level
from aecodec.neighbours import LED
from aecodec.prior import Prior
from aecodec.shapes import shape_of
from aecodec.spec import CodecFolder, CodecSpec, save_priors, write_folder
from aecodec.transforms import Int8

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "microcontroller"
TILE = (4, 5)
SPARE = 3  # channels of other levels

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")


def needs(*programs: str) -> None:
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"no {program} here")


@pytest.fixture(scope="module")
def library(codec: Codec, tmp_path_factory: pytest.TempPathFactory) -> CLibrary:
    return CLibrary(CTables(codec.folder), tmp_path_factory.mktemp("digits"))


def assert_round_trip(library: CLibrary, integers: Int8, header: Header) -> bytes:
    """C's file is Python's, and each reads the codes of the other."""
    folder, level = library.tables.folder, library.tables.units / container.LEVEL_UNITS
    size = header.size or folder.spec.tile[::-1]
    vectors, work, bound = library.sizes(size, header.mode)
    flat = integers.reshape(-1, integers.shape[-1])
    assert vectors == len(flat)
    codes = library.codes(flat)
    assert (codes == folder.spec.level(level).codes_in(flat)).all()
    status, made = library.encode(codes, size, header.mode)
    assert status == OK
    encoding = Encoding(folder, header, integers)
    assert made == c_file(library.tables, encoding)
    assert len(made) <= bound
    found = library.decode(made, vectors, work)
    assert found.status == OK
    assert (found.codes == codes).all()
    back = c_integers(library.tables, encoding)
    assert (library.integers(codes) == back.reshape(flat.shape)).all()
    return made


def folder_of(prior: Prior, level: Level, channels: int, reach: int, path: Path) -> CodecFolder:
    """A codec with these tables, and no networks."""
    spec = CodecSpec("any", TILE, channels, (level.stop + SPARE,), (level,), 1, reach)
    contents = {"priors.npz": save_priors([prior]), "decoder.tflite": b""}
    return write_folder(path, spec, contents, {})


@st.composite
def levels(draw: st.DrawFn, dimension: int) -> Level:
    gains = draw(st.lists(st.integers(-2048, 0), min_size=dimension, max_size=dimension))
    if draw(st.booleans()):
        return Level(1, 1 + dimension, draw(st.sampled_from([1, 3, 17])))
    return Level(1, 1 + dimension, gains=tuple(gains))


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_codec_and_any_picture(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path, prior = tmp_path_factory.mktemp("codec"), data.draw(priors())
    channels, reach = data.draw(st.sampled_from([1, 3])), data.draw(st.integers(0, 1))
    folder = folder_of(prior, data.draw(levels(prior.code_dimension)), channels, reach, path)
    kept = data.draw(st.integers(1, prior.priors))
    if np.abs(prior.offset).max() > 127:
        with pytest.raises(ModelError, match="moves of tables"):
            CTables(folder)
        return
    library = CLibrary(CTables(folder, priors=kept), path)
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    for size in [TILE[::-1], (1, 1), (70, 3), (22, 49), tuple(rng.integers(1, 90, 2).tolist())]:
        mode = Mode(int(rng.integers(0, 2)))
        header = Header(folder.spec.codec_id, mode, None if size == TILE[::-1] else size)
        scale = rng.choice([3, 40])
        integers = rng.normal(0, scale, (*shape_of(folder.spec, header), folder.spec.code_shape[0]))
        assert_round_trip(library, integers.clip(-128, 127).astype(np.int8), header)
        assert_sizes_are_those_of_the_header(library, size, mode)


def wide_context() -> Context:
    """Of more channels than trends move."""
    any_contexts = (any_context(np.random.default_rng(seed), 4, LED + 2) for seed in count())
    return next(each for each in any_contexts if each.around)


@pytest.mark.parametrize("context", [some_context(), wide_context()])
def test_codes_among_neighbours(tmp_path: Path, context: Context) -> None:
    channels = len(context.order)
    codes = np.random.default_rng(0).normal(0, 2, (2500, channels)).round().astype(np.int16)
    prior = replace(fit_prior(codes, priors=4, tables=64), context=context)
    folder = folder_of(prior, Level(1, channels + 1), 3, 1, tmp_path)
    library = CLibrary(CTables(folder), tmp_path)
    for size in [(1, 1), (70, 3), (150, 110)]:
        header = Header(library.tables.folder.spec.codec_id, Mode.RGB, size)
        shape = (*shape_of(library.tables.folder.spec, header), channels + 1 + SPARE)
        integers = np.random.default_rng(0).normal(0, 3, shape).round().astype(np.int8)
        assert_round_trip(library, integers, header)
        assert_sizes_are_those_of_the_header(library, size, Mode.RGB)


def assert_sizes_are_those_of_the_header(
    library: CLibrary, size: tuple[int, int], mode: Mode
) -> None:
    if mode.channels == library.tables.folder.spec.channels:
        sizes = PictureSizes.of(library.tables, size)
        assert library.sizes(size, mode) == (sizes.vectors, sizes.work, sizes.file)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_digits(codec: Codec, digits: Pixels, tmp_path: Path, level: int) -> None:
    library = CLibrary(CTables(codec.folder, level), tmp_path)
    colours = np.stack([digits[0], digits[1], digits[2]], axis=-1)
    wide = np.concatenate(list(digits[10:16]), axis=1)[:, :-9]
    for pixels in [*digits[:40], colours, wide]:
        picture = images.from_array(pixels)
        encoding = codec.encoder.encode(picture, codec.encoder.header(picture))
        made = assert_round_trip(library, encoding.integers, encoding.header)
        assert made == codec.compress(pixels, level)


def test_fewer_priors_cost_bytes_and_are_read_by_all(
    codec: Codec, digits: Pixels, tmp_path: Path
) -> None:
    library = CLibrary(CTables(codec.folder, priors=8), tmp_path)
    planes = digits[:100, ..., None]
    codes = library.codes(codec.encoder._integers(planes))
    sizes = []
    for each in codes:
        status, made = library.encode(each, (28, 28), Mode.L)
        assert status == OK
        assert (codec.decoder.codes(made) == each).all()
        sizes.append(len(made))
    whole = np.mean([len(codec.compress(digit)) for digit in digits[:100]])
    assert whole < np.mean(sizes) < 1.2 * whole
    assert library.tables.bytes < 0.7 * CTables(codec.folder).bytes


def test_a_prior_that_was_cut_away_is_missed(codec: Codec, digits: Pixels, tmp_path: Path) -> None:
    library = CLibrary(CTables(codec.folder, priors=1), tmp_path)
    _, work, _ = library.sizes((28, 28), Mode.L)
    statuses = {library.decode(codec.compress(each), 1, work).status for each in digits[:30]}
    assert statuses == {OK, OTHER_CODEC}


@pytest.fixture(scope="module")
def file(codec: Codec, samples: Pixels) -> bytes:
    return codec.compress(samples[3])


def test_files_of_others_are_told_apart(
    library: CLibrary, codec: Codec, samples: Pixels, file: bytes
) -> None:
    _, work, _ = library.sizes((28, 28), Mode.L)
    header, payload = container.unpack(file)
    foreign = container.pack(Header(b"none", header.mode), payload)
    assert library.decode(file, 1, work).status == OK
    assert library.decode(foreign, 1, work).status == OTHER_CODEC
    assert library.decode(codec.compress(samples[3], 1), 1, work).status == OTHER_LEVEL
    assert library.decode(file, 0, work).status == BUFFER_TOO_SMALL
    assert library.decode(file, 1, work - 1).status == BUFFER_TOO_SMALL
    large = codec.compress(np.zeros((28 * 200, 28 * 100), np.uint8))
    assert library.decode(large, 1, work).status == TOO_LARGE


def test_a_file_is_written_within_its_room(library: CLibrary, file: bytes) -> None:
    _, work, _ = library.sizes((28, 28), Mode.L)
    codes = library.decode(file, 1, work).codes
    for capacity in range(len(file)):
        assert library.encode(codes, (28, 28), Mode.L, capacity)[0] == BUFFER_TOO_SMALL
    assert library.encode(codes, (28, 28), Mode.L, len(file)) == (OK, file)
    for size in [(0, 1), (1, 0), (1 << 31, 1), (28 * 129, 28 * 128)]:
        assert library.encode(codes, size, Mode.L, len(file))[0] == TOO_LARGE
        assert library.sizes(size, Mode.L)[:2] == (0, 0)


@pytest.mark.parametrize("seed", range(4))
def test_mutated_files_are_read_as_python_reads_them(
    library: CLibrary, codec: Codec, file: bytes, seed: int
) -> None:
    """With a checksum that is right, so that the payload itself is attacked."""
    rng = np.random.default_rng(seed)
    _, work, _ = library.sizes((28, 28), Mode.L)
    for body in mutated(file[:-4], rng):
        data = body + zlib.crc32(body).to_bytes(4, "little")
        found = library.decode(data, 1, work)
        try:
            codes = codec.decoder.codes(data)
            codec.decoder.decompress(data)
        except AecodecError:
            assert found.status != OK
            continue
        assert found.status == OK or len(codes) > 1
        assert found.status != OK or (found.codes == codes).all()


def mutated(body: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    for _ in range(500):
        changed = bytearray(body)
        for _ in range(rng.integers(1, 4)):
            changed[rng.integers(7, len(body))] = rng.integers(0, 256)
        yield bytes(changed[: rng.integers(9, len(body) + 1)] + rng.bytes(rng.integers(0, 3)))


def test_a_header_of_more_pixels_than_numbers_have(library: CLibrary) -> None:
    """2^64 of them."""
    body = bytes.fromhex("ae4301 00000000 14 808040 808040 80808008 00")
    assert_headers_agree(library, body + zlib.crc32(body).to_bytes(4, "little"))


def test_python_has_the_constants_of_c() -> None:
    header = (SOURCES / "aec.h").read_text("utf-8")
    for name, value in {"AEC_LANES": c_tables.LANES, "AEC_MOST_VECTORS": 16384}.items():
        assert re.search(rf"\b{name} = {value}\b", header)


def test_what_c_has_no_room_for_is_refused(codec: Codec) -> None:
    tables = CTables(codec.folder)
    with pytest.raises(ModelError, match="too many"):
        PictureSizes.of(tables, (28 * 129, 28 * 128))


def assert_headers_agree(library: CLibrary, data: bytes) -> None:
    status, found, payload = library.header(data)
    try:
        header, expected = container.unpack(data)
    except AecodecError:
        assert status == DAMAGED
        return
    assert status == OK
    assert payload == expected
    assert bytes(found.id) == header.codec_id
    assert (found.width, found.height) == (header.size or (0, 0))
    assert (found.mode, found.level) == (header.mode, header.level or 0)
    assert (found.frames, found.reduction) == (header.frames, header.reduction)


@settings(max_examples=200)
@given(headers, st.binary(max_size=30), st.data())
def test_headers_are_read_as_python_reads_them(
    library: CLibrary, header: Header, payload: bytes, data: st.DataObject
) -> None:
    whole = container.pack(header, payload)
    assert_headers_agree(library, whole)
    assert_headers_agree(library, whole[: data.draw(st.integers(0, len(whole) - 1))])
    changed = bytearray(whole[:-4])
    changed[data.draw(st.integers(0, min(len(changed), 40) - 1))] = data.draw(st.integers(0, 255))
    assert_headers_agree(library, bytes(changed) + zlib.crc32(changed).to_bytes(4, "little"))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("options", [[], ["-DAEC_ENCODER_ONLY"]])
def test_compilers_have_nothing_to_say(compiler: str, options: list[str], tmp_path: Path) -> None:
    needs(compiler)
    for source in ("aec.c", "aec.h"):
        command = [compiler, *WARNINGS, *options, "-O2", "-c", "-o", tmp_path / "out"]
        subprocess.run([*command, SOURCES / source], check=True)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `aecodec export` makes for a device."""
    folder = tmp_path_factory.mktemp("exported")
    command = [sys.executable, "-m", "aecodec", "export", "digits", "-o", folder, "--quiet"]
    to_c = ["--format", "c", "--half", "encoder", "--level", "1"]
    subprocess.run([*command, *to_c], check=True)
    return folder


def test_the_exported_folder_builds_as_its_readme_says(exported: Path, tmp_path: Path) -> None:
    """With nothing around it but a compiler."""
    alone = shutil.copytree(exported, tmp_path / "alone")
    block = re.search(r"```sh\n(.*?)```", (alone / "README.md").read_text("utf-8"), re.DOTALL)
    assert block
    commands = block[1].splitlines()
    assert len(commands) == 2
    for command in commands:
        subprocess.run(command, shell=True, cwd=alone, check=True)


def test_a_device_folder_is_verified(exported: Path, tmp_path: Path) -> None:
    def verified(folder: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "aecodec", "verify", "--device", folder]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert "10 pictures" in verified(exported).stdout
    damaged = shutil.copytree(exported, tmp_path / "damaged")
    source = (damaged / "codec.c").read_text("utf-8")
    (damaged / "codec.c").write_text(source.replace(".first = -", ".first = 1 - "), "utf-8")
    done = verified(damaged)
    assert (done.returncode, done.stdout) == (1, "")
    assert "another file than Python" in done.stderr
    (damaged / "aec.c").write_text("no C", "utf-8")
    assert "refuses" in verified(damaged).stderr
    (damaged / "encoder_model.c").unlink()
    assert "has no encoder" in verified(damaged).stderr
    done = verified(tmp_path)
    assert done.returncode == 1
    assert "give a folder that aecodec export" in done.stderr


def test_the_firmware_writes_the_file_here(exported: Path, tmp_path: Path) -> None:
    needs("make")
    made = ["make", "-s", "-C", EXAMPLE, f"CODEC={exported}", f"BUILD={tmp_path}", "host"]
    subprocess.run(made, check=True)
    written = subprocess.run([tmp_path / "host"], check=True, capture_output=True).stdout
    assert written == (exported / "sample.aec").read_bytes()


def test_the_firmware_writes_the_file_on_a_cortex_m(exported: Path, tmp_path: Path) -> None:
    needs("make", "arm-none-eabi-gcc", "qemu-system-arm")
    made = ["make", "-s", "-C", EXAMPLE, f"CODEC={exported}", f"BUILD={tmp_path}", "arm", "run"]
    subprocess.run(made, check=True, timeout=60)  # compares the files
    assert int((tmp_path / "stack.txt").read_text()) < 1024
