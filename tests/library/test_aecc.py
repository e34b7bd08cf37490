"""The command aecc: its files are Python's, and what it refuses it names."""

from __future__ import annotations

import subprocess
from pathlib import Path
from subprocess import PIPE
from typing import IO

import numpy as np
import pytest
from helpers.c.beside_python import Both
from helpers.codecs.golden import REFINED
from PIL import Image

from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.codec.target import Target
from aecodec.format import container
from aecodec.format.refinement import Bound
from benchmarks.c_codec import built, bundle_of


@pytest.fixture
def folder(tmp_path: Path, codec: Codec, photo: Codec) -> Path:
    """A folder with the bundles of both codecs, by their ids."""
    for half in (codec, photo):
        (tmp_path / f"{half.spec.codec_id.hex()}.bundle").write_bytes(bundle_of(half.folder))
    return tmp_path


def run(
    folder: Path, *arguments: str, data: bytes | None = None, output: int | IO[bytes] = PIPE
) -> subprocess.CompletedProcess[bytes]:
    """Run aecc in a folder of bundles."""
    return subprocess.run(
        [str(built() / "aecc"), *arguments],
        cwd=folder,
        env={"AECODEC_PATH": str(folder)},
        input=data,
        stdout=output,
        stderr=PIPE,
        check=False,
    )


def test_there_and_back(
    folder: Path, photo_in_both: Both, photograph: Pixels, photo: Codec
) -> None:
    crop = photograph[100:150, 200:270]
    Image.fromarray(crop).save(folder / "x.ppm")
    bundle = f"{photo.spec.codec_id.hex()}.bundle"
    for options, level in ((("--level", "2.5"), 2.5), ((), None)):
        done = run(folder, "compress", "x.ppm", "-o", "x.aec", "-f", "--bundle", bundle, *options)
        assert (done.returncode, done.stderr) == (0, b"")
        assert (folder / "x.aec").read_bytes() == photo_in_both.file(crop[None], level)
    assert run(folder, "decompress", "x.aec", "-o", "y.ppm").returncode == 0
    expected = photo_in_both.pixels((folder / "x.aec").read_bytes())
    assert np.array_equal(np.asarray(Image.open(folder / "y.ppm")), expected[0])
    assert not list(folder.glob("*.part"))


def test_pipes_frames_and_alpha(folder: Path, digits_in_both: Both, digits: Pixels) -> None:
    frames = b"".join(b"P5 # a digit\n28 28\n255\n" + digit.tobytes() for digit in digits[:3])
    file = run(folder, "compress", "-", "-o", "-", "--bundle", "0881441f.bundle", data=frames)
    assert file.stdout == digits_in_both.file(digits[:3, ..., None])
    back = run(folder, "decompress", "-", "-o", "-", data=file.stdout).stdout
    assert back.count(b"P5\n28 28\n255\n") == 3
    alpha = np.stack([digits[0], 255 - digits[0]], axis=-1)
    pam = b"P7\nWIDTH 28\nHEIGHT 28\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n"
    content = pam + alpha.tobytes()
    file = run(folder, "compress", "-", "-o", "-", "--bundle", "0881441f.bundle", data=content)
    back = run(folder, "decompress", "-", "-o", "-", data=file.stdout).stdout
    assert back.startswith(pam)
    assert np.array_equal(np.frombuffer(back[len(pam) + 1 :: 2], np.uint8), alpha[..., 1].ravel())


def test_max_bytes_and_info(folder: Path, photograph: Pixels) -> None:
    Image.fromarray(photograph[:100, :100]).save(folder / "x.ppm")
    done = run(
        folder, "compress", "x.ppm", "-o", "x.aec", "--bundle", "23014bde.bundle",
        "--max-bytes", "237",
    )  # fmt: skip
    assert done.returncode == 0
    assert (folder / "x.aec").stat().st_size <= 237
    assert run(folder, "info", "x.aec").stdout.startswith(b"codec 23014bde\nsize 100x100\n")


@pytest.mark.parametrize("checksum", [False, True])
@pytest.mark.parametrize("most", [None, 20])
def test_bare_payloads(
    folder: Path, codec: Codec, digits: Pixels, checksum: bool, most: int
) -> None:
    bare = ("-", "-o", "-", "--bundle", "0881441f.bundle", "--bare", *["--checksum"] * checksum)
    size = ("--max-bytes", f"{most}") if most else ()
    digit = b"P5\n28 28\n255\n" + digits[0].tobytes()
    payload = run(folder, "compress", *bare, *size, data=digit).stdout
    file = codec.compress(digits[0], max_bare_bytes=most - checksum if most else None)
    assert payload == codec.to_bare(file, checksum=checksum)
    expected = run(folder, "decompress", "-", "-o", "-", data=file).stdout
    assert run(folder, "decompress", *bare, data=payload).stdout == expected
    done = run(folder, "decompress", *bare, data=b"")
    assert (done.returncode, done.stderr[:31]) == (1, b"aecc: -: not a bare payload of ")


@pytest.mark.parametrize(
    ("options", "target"),
    [
        (("--max-error", "16", "--lossless"), Target(max_error=[16, 0])),
        (("--max-error", "0.5sqrt", "--level", "1"), Target(level=1, max_error="0.5sqrt")),
    ],
)
def test_maximum_errors(
    folder: Path, codec: Codec, digits: Pixels, options: tuple[str, ...], target: Target
) -> None:
    digit = b"P5 28 28 255\n" + digits[0].tobytes()
    call = ("compress", "-", "-o", "-", "--bundle", "0881441f.bundle", *options)
    assert run(folder, *call, data=digit).stdout == codec.compress(digits[0], target)


def test_refined_files(folder: Path) -> None:
    data = (REFINED / "digits_nested.aec").read_bytes()
    assert run(folder, "info", "-", data=data).stdout.endswith(
        b"error 32\nmaximum error 8\nmaximum error 0\n"
    )
    for options, expected in (
        (("--max-error", "10"), container.trimmed(data, Bound(10))),
        (("--max-error", "1sqrt"), data),
        ((), container.base_of(data)),
    ):
        assert run(folder, "trim", "-", "-o", "-", *options, data=data).stdout == expected
    base = run(folder, "decompress", "-", "-o", "-", data=container.base_of(data)).stdout
    assert run(folder, "decompress", "-", "-o", "-", "--base-only", data=data).stdout == base
    assert run(folder, "decompress", "-", "-o", "-", data=data).stdout != base


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("digits_nested", ("trim", "--max-error", "3"), None),
        ("photo_level", ("trim", "--max-error", "3"), b"its smallest maximum error is 4"),
        ("photo_roots", ("trim", "--max-error", "3"), b"its smallest maximum error is 0.5sqrt"),
        ("digit_lossless", ("trim",), b"the file has no picture before its first refinement: name"),
        ("digit_lossless", ("decompress", "--base-only"), b"the file has no picture"),
    ],
)
def test_errors_that_a_file_does_not_guarantee(
    folder: Path, name: str, arguments: tuple[str, ...], says: bytes | None
) -> None:
    data = (REFINED / f"{name}.aec").read_bytes()
    done = run(folder, *arguments, "-", "-o", "-", data=data)
    expected = b"" if says is None else b"aecc: -: " + says
    assert (done.returncode, done.stderr[: len(expected) or 1]) == (says is not None, expected)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ((), 2, b"no command: give one"),
        (("paint",), 2, b"paint: no command"),
        (("compress", "x.ppm"), 2, b"no -o"),
        (("compress", "x.ppm", "-o", "x.aec"), 2, b"no --bundle"),
        (("compress", "x.ppm", "-o", "x.aec", "--level", "0"), 2, b"--level: no such option"),
        (
            ("compress", "x.ppm", "-o", "x.aec", "--bundle", "x", "--lossless", "--max-bytes", "9"),
            2,
            b"--max-error and --max-bytes: they exclude each other",
        ),
        (
            ("compress", "x.ppm", "-o", "y", "--max-error", "4", "--max-error", "1sqrt"),
            2,
            b"--max-error: no such option",
        ),
        (("compress", "x.pgm", "-o", "y", "--checksum", "--bundle", "x"), 2, b"--checksum: it is"),
        (("decompress", "x.bin", "-o", "y", "--bare"), 2, b"--bare: bare payloads do not state"),
        (("info", "x.bin", "--bare"), 2, b"--bare: only compress and decompress"),
        (
            ("compress", "x.pgm", "-o", "y", "--bundle", "x", "--lossless", "--bare"),
            2,
            b"--bare: only",
        ),
        (("decompress", "none.aec", "-o", "x.ppm"), 1, b"none.aec: No such file"),
        (("decompress", "x.aec", "-o", "x.ppm"), 1, b"x.aec: not a whole .aec file"),
        (("compress", "x.aec", "-o", "y", "--bundle", "none"), 1, b"x.aec: not a PGM"),
        (
            ("compress", "x.pgm", "-o", "y", "--bundle", "none"),
            1,
            b"none: No such file or directory",
        ),
        (("compress", "x.pgm", "-o", "y", "--bundle", "x.aec"), 1, b"x.aec: not a bundle"),
        (("trim", "x.aec", "-o", "y", "--max-error", "1%"), 2, b"--max-error: no such option"),
        (("trim", "x.aec", "-o", "y"), 1, b"x.aec: not a whole .aec file"),
        (("info", "."), 1, b".: Is a directory"),
        (
            ("compress", "x.pgm", "-o", "none/y", "--bundle", "0881441f.bundle"),
            1,
            b"none/y: No such file or directory",
        ),
        (
            ("compress", "x.pgm", "-o", "x.aec", "--bundle", "0881441f.bundle"),
            1,
            b"x.aec: exists already; --force",
        ),
        (
            ("compress", "x.pgm", "-o", "y", "--bundle", "0881441f.bundle", "-q", "4"),
            1,
            b"x.pgm: no such level",
        ),
    ],
)
def test_what_is_wrong_is_named(
    folder: Path, arguments: tuple[str, ...], status: int, says: bytes
) -> None:
    (folder / "x.aec").write_bytes(b"nothing")
    (folder / "x.pgm").write_bytes(b"P5 1 1 255\n\0")
    done = run(folder, *arguments)
    assert (done.returncode, done.stdout) == (status, b"")
    assert done.stderr.startswith(b"aecc: " + says)


@pytest.mark.parametrize(
    "content",
    [
        b"P5 2 2 255\n\0\0\0",
        b"P5 0 2 255\n",
        b"P6 1 1 65535\n\0\0\0\0\0\0",
        b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\n\0\0\0\0\0",
        b"P5 1 1 255\n\0P5 2 1 255\n\0\0",
        b"P5 99999999999999999999 1 255\n\0",
        b"P7\nWIDTH 1",
        b"P3 1 1 255\n0 0 0\n",
        b"",
    ],
)
def test_odd_pictures_are_refused(folder: Path, content: bytes) -> None:
    done = run(folder, "compress", "-", "-o", "-", "--bundle", "0881441f.bundle", data=content)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"aecc: -: ")


def test_a_full_disk_is_a_failure(folder: Path, digits_in_both: Both, digits: Pixels) -> None:
    (folder / "x.aec").write_bytes(digits_in_both.file(digits[:1, ..., None]))
    if not Path("/dev/full").exists():
        pytest.skip("no device that is always full")
    calls = ("--help",), ("--version",), ("info", "x.aec"), ("decompress", "x.aec", "-o", "-")
    for arguments in calls:
        with open("/dev/full", "wb") as full:
            done = run(folder, *arguments, output=full)
        assert (done.returncode, b"standard output: No space left" in done.stderr) == (1, True)


def test_endless_and_huge_files_are_not_read(folder: Path) -> None:
    with (folder / "huge.aec").open("wb") as file:
        file.truncate((1 << 31) + 1)
    assert run(folder, "info", "huge.aec").stderr == b"aecc: huge.aec: larger than 2 GiB\n"


@pytest.mark.slow
def test_an_endless_device_is_read_up_to_a_limit(folder: Path) -> None:
    assert run(folder, "info", "/dev/zero").stderr == b"aecc: /dev/zero: larger than 2 GiB\n"


def test_names_do_not_control_the_terminal(folder: Path) -> None:
    for name, shown in (
        ("a\x1b[2J\n\x7fb", b"a\\x1b[2J\\x0a\\x7fb"),
        ("\x9bé", b"\xc2\\x9b\xc3\xa9"),
    ):
        assert run(folder, "info", name).stderr.startswith(b"aecc: " + shown + b": No such")
        assert run(folder, name).stderr.startswith(b"aecc: " + shown + b": ")


def test_nothing_but_the_result_is_written(
    folder: Path, digits_in_both: Both, digits: Pixels
) -> None:
    (folder / "x.aec").write_bytes(digits_in_both.file(digits[:1, ..., None]))
    (folder / "y.pgm.part").symlink_to("mine.txt")
    (folder / "mine.txt").write_text("mine")
    (folder / "nowhere.pgm").symlink_to("absent/y.pgm")
    assert run(folder, "decompress", "x.aec", "-o", "y.pgm").returncode == 0
    assert (folder / "mine.txt").read_text() == "mine"
    assert (folder / "y.pgm").read_bytes().startswith(b"P5")
    assert b"exists" in run(folder, "decompress", "x.aec", "-o", "nowhere.pgm").stderr
    assert [path.name for path in folder.glob("*.part")] == ["y.pgm.part"]
