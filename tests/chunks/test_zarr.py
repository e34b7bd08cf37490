"""Arrays of Zarr 3 whose chunks are .aec files."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aecodec
from aecodec import Codec, CodecError, FormatError, ImageError, UsageError
from aecodec.arrays import Pixels
from aecodec.chunks import installed
from aecodec.chunks.installed import SEARCH_PATH
from aecodec.codec_files.folder import CodecFolder
from aecodec.format import container

zarr = pytest.importorskip("zarr", reason="Zarr 3 needs Python 3.11")
from aecodec.zarr import Aecodec  # noqa: E402 - which imports zarr

SERIALIZER = {"name": "aecodec", "configuration": {"codec": "digits", "level": 1}}


def array_of(
    store: Path | dict[str, Any],
    pixels: np.ndarray,
    chunks: tuple[int, ...],
    serializer: object = SERIALIZER,
    **options: Any,
) -> Any:
    """An array in a store, with these pixels."""
    made = zarr.create_array(
        store if isinstance(store, dict) else str(store),
        shape=pixels.shape,
        chunks=chunks,
        dtype=pixels.dtype,
        serializer=serializer,
        compressors=None,
        **options,
    )
    made[...] = pixels
    return made


def metadata_of(path: Path) -> Any:
    """The metadata of an array on disk."""
    return json.loads((path / "zarr.json").read_text("utf-8"))


def change_configuration(path: Path, **values: object) -> None:
    """Change what the metadata of an array state of the codec."""
    metadata = metadata_of(path)
    metadata["codecs"][0]["configuration"] |= values
    (path / "zarr.json").write_text(json.dumps(metadata), "utf-8")


@pytest.fixture
def store(tmp_path: Path, digits: Pixels) -> Path:
    """An array of 100 digits, in chunks of 40."""
    path = tmp_path / "digits.zarr"
    array_of(path, digits[:100], (40, 28, 28))
    return path


def test_chunks_are_aec_files(store: Path, digits: Pixels) -> None:
    chunk = store / "c" / "1" / "0" / "0"
    assert chunk.read_bytes() == aecodec.compress(digits[40:80], "digits", level=1)
    assert np.array_equal(zarr.open_array(store)[40:80], aecodec.decompress_frames(chunk))


def test_the_metadata_state_name_id_and_level(store: Path, tmp_path: Path) -> None:
    """The level too where it was left to the codec."""
    [stated] = metadata_of(store)["codecs"]
    assert stated == {
        "name": "aecodec",
        "configuration": {"codec": "digits", "codec_id": "0881441f", "level": 1},
    }
    by_default = array_of(
        tmp_path / "b.zarr", np.ones((3, 28, 28), np.uint8), (3, 28, 28), Aecodec("photo")
    )
    configuration = metadata_of(tmp_path / "b.zarr")["codecs"][0]["configuration"]
    assert configuration == {"codec": "photo", "codec_id": "651442dd", "level": 4}
    assert by_default.serializer == Aecodec("photo", 4)


def corners(photograph: Pixels) -> Pixels:
    """(2, 200, 240, 3): two parts of the photograph."""
    return np.stack([photograph[:200, :240], photograph[200:400, 300:540]])


@pytest.mark.parametrize(
    ("chunks", "pixels_of"),
    [
        ((200, 320), lambda photograph: photograph[..., 1]),
        ((427, 640, 3), lambda photograph: photograph),
        ((2, 100, 120), lambda photograph: corners(photograph)[..., 1]),
        ((1, 100, 120), lambda photograph: corners(photograph)[..., 1]),
        ((2, 100, 120, 3), corners),
    ],
)
def test_all_kinds_of_chunks(
    photograph: Pixels, chunks: tuple[int, ...], pixels_of: Callable[[Pixels], Pixels]
) -> None:
    """Each chunk is what the codec makes of it alone."""
    pixels = pixels_of(photograph)
    array = array_of({}, pixels, chunks, Aecodec("photo", 3))
    assert array[...].shape == pixels.shape
    first = tuple(slice(0, side) for side in chunks)
    alone = aecodec.decompress_frames(aecodec.compress(pixels[first], "photo", level=3))
    assert np.array_equal(array[first], alone.reshape(chunks))
    assert np.mean((array[...].astype(float) - pixels) ** 2) < 300


def test_alpha_is_kept_without_loss(photograph: Pixels) -> None:
    alpha = (np.arange(60 * 80) % 256).astype(np.uint8).reshape(60, 80, 1)
    array = array_of(
        {}, np.concatenate([photograph[:60, :80], alpha], -1), (60, 80, 4), Aecodec("photo")
    )
    assert np.array_equal(array[..., 3:], alpha)
    assert not np.array_equal(array[..., :3], photograph[:60, :80])


def test_a_chunk_of_fill_values_is_not_stored(tmp_path: Path, digits: Pixels) -> None:
    pixels = np.concatenate([digits[:10], np.full((10, 28, 28), 7, np.uint8)])
    path = tmp_path / "a.zarr"
    array = array_of(path, pixels, (10, 28, 28), fill_value=7)
    assert sorted(each.name for each in (path / "c").iterdir()) == ["0"]
    assert (array[10:] == 7).all()


def test_a_chunk_at_the_edge_is_filled_up(store: Path, digits: Pixels) -> None:
    """The last chunk holds 20 digits, and 20 frames of the fill value."""
    filled = np.concatenate([digits[80:100], np.zeros((20, 28, 28), np.uint8)])
    assert (store / "c" / "2" / "0" / "0").read_bytes() == aecodec.compress(filled, level=1)
    assert zarr.open_array(store)[80:].shape == (20, 28, 28)


def test_a_part_of_a_chunk_is_written_on_top_of_what_was_decoded(
    store: Path, digits: Pixels
) -> None:
    array = zarr.open_array(store)
    before = array[:40]
    array[5] = digits[900]
    expected = before.copy()
    expected[5] = digits[900]
    again = aecodec.decompress_frames(aecodec.compress(expected, "digits", level=1))
    assert np.array_equal(array[:40], again)


def test_the_order_of_memory_does_not_matter(digits: Pixels) -> None:
    wide = np.repeat(digits[:40], 2, axis=2)
    expected = array_of({}, digits[:40], (20, 28, 28))[...]
    for pixels in (wide[..., ::2], np.asfortranarray(digits[:40])):
        assert np.array_equal(array_of({}, pixels, (20, 28, 28))[...], expected)
    read_as_fortran = array_of({}, digits[:40], (20, 28, 28), config={"order": "F"})
    assert np.array_equal(read_as_fortran[...], expected)


def test_arrays_without_elements_and_arrays_that_grow(digits: Pixels) -> None:
    array = array_of({}, digits[:0], (20, 28, 28))
    assert array[...].shape == (0, 28, 28)
    array.append(digits[:30])
    assert np.array_equal(array[...], array_of({}, digits[:30], (20, 28, 28))[...])


def test_shards_hold_chunks(tmp_path: Path, digits: Pixels) -> None:
    array = array_of(tmp_path / "a.zarr", digits[:60], (10, 28, 28), shards=(40, 28, 28))
    plain = array_of({}, digits[:60], (10, 28, 28))
    assert np.array_equal(array[...], plain[...])
    assert np.array_equal(zarr.open_array(tmp_path / "a.zarr")[33], plain[33])
    text = (tmp_path / "a.zarr" / "zarr.json").read_text("utf-8")
    assert "0881441f" in text


def test_a_transposed_array_is_what_its_chunks_are(photograph: Pixels) -> None:
    """Channels first in the array, channels last in the chunk."""
    first = np.ascontiguousarray(photograph[:80, :96].transpose(2, 0, 1))
    transpose = {"name": "transpose", "configuration": {"order": [1, 2, 0]}}
    array = array_of({}, first, (3, 80, 96), Aecodec("photo"), filters=[transpose])
    alone = aecodec.decompress(aecodec.compress(photograph[:80, :96], "photo"))
    assert np.array_equal(array[...].transpose(1, 2, 0), np.asarray(alone))


@pytest.mark.parametrize(
    ("shape", "chunks", "dtype", "words"),
    [
        ((10, 28, 28), (5, 28, 28), "uint16", "array of uint16: pixels are uint8"),
        ((10, 28, 28), (5, 28, 28), "float32", "array of float32: pixels are uint8"),
        ((10, 28, 28), (5, 28, 28), "bool", "array of bool"),
        ((100,), (10,), "uint8", r"shape \(10,\).*\(H, W\)"),
        ((2, 2, 3, 28, 28), (1, 1, 3, 28, 28), "uint8", "not a picture"),
        ((9, 28, 28, 5), (3, 28, 28, 5), "uint8", "C from 1 to 4"),
        ((28, 28, 300), (28, 28, 3), "uint8", "a last axis of 1 to 4 is channels"),
        ((9, 28, 28, 3), (9, 28, 28, 1), "uint8", "which one chunk holds whole"),
        ((1 << 21, 28), (1 << 21, 28), "uint8", "a side is 1 to 1048576"),
        ((1 << 16, 1 << 16), (1 << 16, 1 << 16), "uint8", "at most 1073741824"),
    ],
)
def test_what_is_no_picture_is_refused_at_creation(
    shape: tuple[int, ...], chunks: tuple[int, ...], dtype: str, words: str
) -> None:
    with pytest.raises(ImageError, match=words):
        zarr.create_array(
            {}, shape=shape, chunks=chunks, dtype=dtype, serializer=SERIALIZER, compressors=None
        )


def test_in_shards_the_dtype_is_refused_at_creation_and_the_shape_when_it_is_written() -> None:
    """Zarr does not show the codec the shape before."""
    options = {"serializer": SERIALIZER, "compressors": None}
    with pytest.raises(ImageError, match="array of uint16"):
        zarr.create_array(
            {}, shape=(4, 9, 9), chunks=(2, 9, 9), shards=(4, 9, 9), dtype="uint16", **options
        )
    bands = {
        "shape": (4, 9, 9, 5),
        "chunks": (2, 9, 9, 5),
        "shards": (4, 9, 9, 5),
        "dtype": "uint8",
    }
    array = zarr.create_array({}, **bands, **options)
    with pytest.raises(ImageError, match="C from 1 to 4"):
        array[:] = 7


@pytest.mark.parametrize(
    ("configuration", "error", "words"),
    [
        ({"codec": "digits", "level": 4}, UsageError, "level 4: codec digits has the levels 1"),
        ({"codec": "digits", "level": "1"}, UsageError, "a number from 1"),
        ({"codec": "digits", "quality": 1}, UsageError, "codec_id and level"),
        ({"level": 1}, UsageError, "the configuration is a name"),
        ({}, UsageError, "the configuration is a name"),
        ({"codec": "\x1b[2J", "codec_id": "0881441f", "level": 1}, UsageError, r"x1b\[2J"),
        ({"codec": "nonsense"}, CodecError, "no codec 'nonsense' ships"),
        ({"codec": "digits", "codec_id": "0881441f"}, UsageError, "stands a level"),
        ({"codec": "digits", "codec_id": "xyz", "level": 1}, UsageError, "hexadecimal digits"),
        (None, UsageError, "needs a configuration"),
    ],
)
def test_a_wrong_configuration_is_refused(
    configuration: object, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        Aecodec.from_dict({"name": "aecodec", "configuration": configuration})


def test_no_path_in_metadata_is_followed(
    tmp_path: Path, digits: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message of a codec that is missing does not open it either."""
    own = shutil.copytree(aecodec.load_codec("digits").folder.path, tmp_path / "own")
    with pytest.raises(CodecError, match="ships: state its codec_id too"):
        Aecodec.from_dict({"name": "aecodec", "configuration": {"codec": str(own)}})
    stated = {"codec": str(own), "codec_id": "12345678", "level": 1}
    codec = Aecodec.from_dict({"name": "aecodec", "configuration": stated})
    opened, open_folder = list[Path](), CodecFolder.open

    def noted(path: Path) -> CodecFolder:
        opened.append(path)
        return open_folder(path)

    monkeypatch.setattr(CodecFolder, "open", noted)
    with pytest.raises(CodecError, match="not installed here: name its folder"):
        codec.chunk_codec.encode(digits[:1])
    assert own not in opened


def test_a_chunk_of_another_codec_is_refused(store: Path, digits: Pixels) -> None:
    chunk = store / "c" / "0" / "0" / "0"
    chunk.write_bytes(aecodec.compress(digits[:40], "photo"))
    with pytest.raises(CodecError, match=r"made with codec 651442dd.*state digits \(0881441f\)"):
        zarr.open_array(store)[0]


def test_metadata_of_another_codec_refuse_the_chunks(store: Path) -> None:
    change_configuration(store, codec="photo", codec_id="651442dd")
    with pytest.raises(CodecError, match=r"made with codec 0881441f.*state photo \(651442dd\)"):
        zarr.open_array(store)[0]


def test_a_codec_that_is_not_installed_is_named(store: Path) -> None:
    """The array opens all the same."""
    change_configuration(store, codec_id="12345678")
    chunk = store / "c" / "0" / "0" / "0"
    header, payload = container.unpack(chunk.read_bytes())
    chunk.write_bytes(container.pack(replace(header, codec_id=bytes.fromhex("12345678")), payload))
    array = zarr.open_array(store)
    assert array.shape == (100, 28, 28)
    words = r"digits \(12345678\), which is not installed here \(the codec digits here is 0881441f"
    with pytest.raises(CodecError, match=words):
        array[0]


@pytest.mark.parametrize("level", [1, 3])
def test_chunks_of_other_levels_are_read(store: Path, digits: Pixels, level: int) -> None:
    (store / "c" / "0" / "0" / "0").write_bytes(aecodec.compress(digits[:40], level=level))
    assert zarr.open_array(store)[:40].shape == (40, 28, 28)


def test_a_chunk_of_another_shape_is_refused(store: Path, digits: Pixels) -> None:
    """Before anything is decoded."""
    chunk = store / "c" / "0" / "0" / "0"
    for pixels in (digits[:39], np.pad(digits[:40], ((0, 0), (0, 1), (0, 0)))):
        chunk.write_bytes(aecodec.compress(pixels, "digits"))
        with pytest.raises(FormatError, match="it belongs to another array"):
            zarr.open_array(store)[0]


def test_a_damaged_chunk_is_refused(store: Path) -> None:
    chunk = store / "c" / "0" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-3])
    with pytest.raises(FormatError, match="checksum"):
        zarr.open_array(store)[0]


def test_black_chunks_are_no_bombs() -> None:
    """They have more pixels for each byte than any other file."""
    array = array_of({}, np.full((1100, 2048), 1, np.uint8), (1100, 2048), Aecodec("photo", 1))
    assert array[550, 1024] < 8


def read_elsewhere(program: str, path: Path, **variables: str) -> str:
    """What a program prints that is given a path, in another process."""
    done = subprocess.run(
        [sys.executable, "-c", program, path],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr.strip().rpartition("\n")[2]


READ = "import sys, zarr; print(int(zarr.open_array(sys.argv[1], mode='r')[7].sum()), end='')"


def test_a_process_that_never_imported_us_reads_it(store: Path) -> None:
    assert read_elsewhere(READ, store) == str(zarr.open_array(store)[7].sum())


def test_a_codec_of_ones_own_is_found_by_a_variable(
    tmp_path: Path, digits: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = shutil.copytree(aecodec.load_codec("digits").folder.path, tmp_path / "own")
    values = json.loads((own / "codec.json").read_text("utf-8"))
    values["spec"] |= {"default_level": 1, "name": "mine"}
    (own / "codec.json").write_text(json.dumps(values), "utf-8")
    monkeypatch.setattr(installed, "_given", {})
    path = tmp_path / "a.zarr"
    array = array_of(path, digits[:10], (10, 28, 28), Aecodec(own))
    assert array[7].any()  # in the process that wrote it
    assert "codec mine (" in (missing := read_elsewhere(READ, path))
    assert missing.endswith(f"environment variable {SEARCH_PATH}")
    folders = os.pathsep.join([str(aecodec.load_codec("photo").folder.path), str(own)])
    assert read_elsewhere(READ, path, **{SEARCH_PATH: folders}) == str(array[7].sum())


def test_it_pickles(store: Path) -> None:
    array = zarr.open_array(store)
    again = pickle.loads(pickle.dumps(array))
    assert again.serializer == array.serializer
    assert np.array_equal(again[...], array[...])


def test_dask_reads_and_writes_it(store: Path, tmp_path: Path, digits: Pixels) -> None:
    da = pytest.importorskip("dask.array")
    lazy = da.from_zarr(str(store))
    assert lazy.chunksize == (40, 28, 28)
    expected = zarr.open_array(store)[...]
    with_processes = lazy[35:55].compute(scheduler="processes", num_workers=1)
    assert np.array_equal(with_processes, expected[35:55])
    assert lazy.mean().compute() == expected.mean()
    target = zarr.create_array(
        str(tmp_path / "b.zarr"),
        shape=(100, 28, 28),
        chunks=(40, 28, 28),
        dtype="uint8",
        serializer=SERIALIZER,
        compressors=None,
    )
    da.store(da.from_array(digits[:100], chunks=(40, 28, 28)), target)
    assert np.array_equal(target[...], expected)


def test_xarray_writes_and_reads_it(tmp_path: Path, digits: Pixels) -> None:
    xarray = pytest.importorskip("xarray")
    path = tmp_path / "x.zarr"
    coordinates = {"digit": np.arange(50.0)}
    data = xarray.Dataset({"pixels": (("digit", "y", "x"), digits[:50])}, coordinates)
    encoding = {"serializer": SERIALIZER, "compressors": None, "chunks": (20, 28, 28)}
    data.to_zarr(path, encoding={"pixels": encoding}, zarr_format=3, consolidated=False)
    read = xarray.open_zarr(path, consolidated=False, chunks=None)
    assert read.pixels.dtype == np.uint8
    assert np.array_equal(read.pixels, array_of({}, digits[:50], (20, 28, 28))[...])
    assert np.array_equal(read.digit, coordinates["digit"])
    selected = read.pixels.sel(digit=[3.0, 41.0])
    assert selected.shape == (2, 28, 28)


def test_a_codec_may_be_given_itself(codec: Codec) -> None:
    assert Aecodec(codec, 3).to_dict() == Aecodec("digits", 3).to_dict()
    assert Aecodec(codec) == Aecodec("digits", 2) != Aecodec("digits", 1)
    assert Aecodec("photo", 2.5).to_dict()["configuration"]["level"] == 2.5
    with pytest.raises(UsageError, match="only whole levels"):
        Aecodec(codec, 1.5)
