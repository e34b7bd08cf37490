"""Files of codecs with bands at the command line: restored as they were, and described."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from helpers.codecs.band_codecs import band_codec
from helpers.commands import Command
from PIL import Image

import aecodec
from aecodec.pillow import AecImageFile

tifffile = pytest.importorskip("tifffile")

NAMES = b"".join(
    b'<Item name="DESCRIPTION" sample="%d" role="description">%s</Item>' % band
    for band in enumerate((b"blue", b"green", b"red"))
)


@pytest.fixture
def scenes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a folder of scenes and an exact codec for their three bands."""
    monkeypatch.chdir(tmp_path)
    band_codec(tmp_path / "bands", [(-100, 410)] * 3)
    array = np.random.default_rng(0).integers(-100, 411, (16, 20, 3)).astype(">i2")
    array[3:5] = -9999
    (tmp_path / "scenes").mkdir()
    tags = [(42112, "s", 0, NAMES), (42113, "s", 0, "-9999")]
    options = {"photometric": "minisblack", "planarconfig": "contig", "extratags": tags}
    tifffile.imwrite("scenes/a.tif", array, byteorder=">", metadata=None, **options)
    np.save("scenes/b.npy", np.moveaxis(array, -1, 0)[:, 5:])
    np.savez("scenes/c.npz", x=np.clip(array[5:], 0, 255).astype(np.uint8))
    return tmp_path / "scenes"


def samples_of(path: Path) -> np.ndarray:
    if path.suffix == ".tif":
        with tifffile.TiffFile(path) as file:
            return np.asarray(file.pages[0].asarray(), file.byteorder + "i2")
    array = np.load(path)
    return array["x"] if path.suffix == ".npz" else array


@pytest.mark.parametrize("name", ["a.tif", "b.npy", "c.npz"])
def test_files_are_restored(scenes: Path, command: Command, name: str) -> None:
    first = ["--bands-first"] if name == "b.npy" else []
    codec = ("--codec", "bands")
    result = command("compress", f"scenes/{name}", *codec, "-o", "x.aec", *first)
    assert (result.status, "aecodec drops" in result.err) == (0, False)
    for options in ([], ["-o", "restored/"]):
        assert command("decompress", "x.aec", *codec, *options).status == 0
    original = samples_of(scenes / name)
    suffix = Path(name).suffix
    for restored in (Path(f"x_decompressed{suffix}"), Path(f"restored/x{suffix}")):
        array = samples_of(restored)
        assert (array.dtype.str, array.shape) == (original.dtype.str, original.shape)
        assert np.array_equal(array, original)
    assert command("verify", "x.aec", *codec).status == 0


def test_folders_of_scenes(scenes: Path, command: Command) -> None:
    (scenes / "b.npy").unlink()
    assert command("compress", "scenes", "--codec", "bands").status == 0
    assert command("decompress", "scenes_aec", "--codec", "bands", "-o", "restored").status == 0
    assert sorted(path.name for path in Path("restored").iterdir()) == ["a.tif", "c.npz"]
    assert command("compress", "scenes", "-o", "by_photo").status == 3  # it does not see c.npz


def test_bands_have_errors_by_their_names(scenes: Path, command: Command) -> None:
    call = ("compress", "scenes/a.tif", "-o", "a.aec", "--max-error")
    assert command(*call, "blue=30,green=0,red=2").status == 0
    restored = aecodec.decompress_array("a.aec").astype(int)
    assert np.abs(restored - samples_of(scenes / "a.tif")).max(axis=(0, 1)).tolist() == [30, 0, 2]
    assert "no band B2" in command(*call, "B2=3", "--force").err


def test_info_describes_samples(scenes: Path, command: Command) -> None:
    line = command("compress", "scenes/a.tif", "--codec", "bands", "-o", "a.aec", "--json").json[0]
    assert line["bits_per_sample"] == pytest.approx(line["bpp"] / 3, abs=1e-4)
    values = command("info", "a.aec", "--json").json[0]
    expected = {
        "mode": None,
        "type": "int16",
        "byte_order": "big",
        "axes": "HWB",
        "bands": 3,
        "band_names": ["blue", "green", "red"],
        "nodata": -9999,
        "source_suffix": ".tif",
    }
    assert {name: values[name] for name in expected} == expected
    with pytest.raises(OSError, match="decompress_array"):
        AecImageFile("a.aec")
    assert "3 x int16" in command("decompress", "a.aec", "--codec", "bands").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scenes/a.tif"], "compress it with --max-error E or --lossless"),
        (["deep.png"], "compress it with --max-error E or --lossless"),
        (["scenes/a.tif", "--nodata", "0"], "--nodata.* codec with bands"),
        (["scenes/a.tif", "--codec", "bands", "--depth", "8"], "leave out --depth"),
        (["scenes/b.npy", "--codec", "bands"], "20 bands.* needs 3 bands"),
        (["two.npz", "--codec", "bands"], "--array"),
    ],
)
def test_rejected_files_and_options(
    scenes: Path, command: Command, arguments: list[str], message: str
) -> None:
    Image.fromarray(np.full((9, 9), 300, np.uint16)).save("deep.png")
    np.savez("two.npz", a=np.zeros((4, 4, 3)), b=np.zeros((4, 4, 3)))
    result = command("compress", *arguments)
    assert result.status != 0
    assert re.search(message, result.err), result.err
