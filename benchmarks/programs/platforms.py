"""Do all platforms make the same files and pixels, bit by bit?

Python with the core and several numbers of threads, aecc for this processor and for 64-bit ARM
(under qemu), and WebAssembly in Node compress and decompress pictures one by one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

import aecodec
from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.codec.base import Execution
from aecodec.datasets.evaluation_set import open_dataset
from aecodec.engine.c import CEngine
from aecodec.parallel import Workers
from benchmarks.c_codec import build, bundle_of
from benchmarks.harness import ROOT, Options, Row

_AT_ONCE = 25
"""Pictures for one process of Node."""

Results = list[tuple[bytes, str]]
"""At each level, a file and the SHA-256 of the pixels in it."""

Platform = Callable[[Sequence[Pixels]], list[Results]]
"""Compresses pictures (H, W, C) and decompresses their files."""


def add_arguments(parser: Options) -> None:
    """Add the data, the codec, its levels, and the number of pictures."""
    parser.add_data()
    parser.add_codec("photo")
    parser.add_argument("--levels", type=float, nargs="*", help="default: all")
    parser.add_limit()


def measure(options: Namespace) -> Iterator[Row]:
    """One row per platform and level: equal files and equal pixels, out of how many pictures."""
    codec = aecodec.load_codec(options.codec)
    levels = options.levels or range(1, len(codec.spec.levels) + 1)
    with tempfile.TemporaryDirectory() as folder:
        platforms = _platforms(codec, levels, Path(folder))
        totals = {(name, level): Counter[str]() for name in platforms for level in levels}
        samples = islice(open_dataset(options.data), options.limit)
        pictures = (sample.picture.pixels[0] for sample in samples)
        while batch := list(islice(pictures, _AT_ONCE)):
            _compare(batch, platforms, levels, totals)
    for (name, level), total in totals.items():
        yield {"codec": codec.spec.name, "platform": name, "level": level, **total}


def _compare(
    pictures: Sequence[Pixels],
    platforms: dict[str, Platform],
    levels: Sequence[float],
    totals: dict[tuple[str, float], Counter[str]],
) -> None:
    """Count the results that equal those of the first platform."""
    expected, *_ = results = [run(pictures) for run in platforms.values()]
    for name, actual in zip(platforms, results, strict=True):
        for right, result in zip(expected, actual, strict=True):
            for level, (file, pixels), (its_file, its_pixels) in zip(
                levels, right, result, strict=True
            ):
                total = totals[name, level]
                total["pictures"] += 1
                total["same_files"] += file == its_file
                total["same_pixels"] += pixels == its_pixels


def _platforms(codec: Codec, levels: Sequence[float], folder: Path) -> dict[str, Platform]:
    """The platforms by name; the first is what the others are compared with."""
    bundle = folder / "codec.bundle"
    bundle.write_bytes(bundle_of(codec.folder))
    build(folder / "native")
    arm = ["qemu-aarch64", "-cpu", "max"]
    return {
        **{f"Python, {n} threads": _Python(codec, n, levels) for n in (1, 2, 5)},
        "aecc": _Aecc([folder / "native/aecc"], bundle, levels),
        "aecc, aarch64": _Aecc([*arm, _for_arm(folder / "neon", "generic")], bundle, levels),
        "aecc, aarch64 with dotprod": _Aecc(
            [*arm, _for_arm(folder / "dotprod", "generic+dotprod")], bundle, levels
        ),
        "WebAssembly": _WebAssembly(bundle, levels),
    }


def _for_arm(program: Path, processor: str) -> Path:
    """Compile a static aecc for 64-bit ARM."""
    folders = [ROOT / "c" / name for name in ("aecc", "library", "core")]
    sources = [path for folder in folders for path in sorted(folder.glob("*.c"))]
    target = ["-target", "aarch64-linux-musl", f"-mcpu={processor}", "-static"]
    options = ["-std=c99", "-O2", "-ffp-contract=off", "-DAECODEC_LIBRARY"]
    command = [sys.executable, "-m", "ziglang", "cc", *target, *options]
    command += [f"-I{folder}" for folder in folders]
    subprocess.run([*command, *sources, "-o", program], check=True)
    return program


class _Python:
    """The package with its core.

    Args:
        codec: a codec.
        threads: number of threads.
        levels: levels of the files.
    """

    def __init__(self, codec: Codec, threads: int, levels: Sequence[float]) -> None:
        execution = Execution(CEngine(), window=8, workers=Workers(threads))
        self._codec, self._levels = Codec(codec.folder, execution), levels

    def __call__(self, pictures: Sequence[Pixels]) -> list[Results]:
        return [self._results(picture) for picture in pictures]

    def _results(self, picture: Pixels) -> Results:
        files = [self._codec.compress(picture, level=level) for level in self._levels]
        return [(file, _digest(self._codec.decompress(file).tobytes())) for file in files]


@dataclass(frozen=True)
class _Aecc:
    """The command.

    Attributes:
        command: the program, behind an emulator if it needs one.
        bundle: the codec.
        levels: levels of the files.
    """

    command: Sequence[str | Path]
    bundle: Path
    levels: Sequence[float]

    def __call__(self, pictures: Sequence[Pixels]) -> list[Results]:
        with ThreadPoolExecutor() as threads:
            return list(threads.map(self._results, pictures))

    def _results(self, picture: Pixels) -> Results:
        height, width, channels = picture.shape
        head = f"P{5 if channels == 1 else 6}\n{width} {height}\n255\n".encode()
        return [self._result(head, picture.tobytes(), level) for level in self.levels]

    def _result(self, head: bytes, pixels: bytes, level: float) -> tuple[bytes, str]:
        file = self._run("compress", "--level", str(level), data=head + pixels)
        return file, _digest(self._run("decompress", data=file)[len(head) :])

    def _run(self, *call: str, data: bytes) -> bytes:
        options = ["-", "-o", "-", "--bundle", self.bundle]
        command = [*self.command, *call, *options]
        return subprocess.run(command, input=data, check=True, stdout=subprocess.PIPE).stdout


@dataclass(frozen=True)
class _WebAssembly:
    """The modules of the npm package, in Node.

    Attributes:
        bundle: the codec.
        levels: levels of the files.
    """

    bundle: Path
    levels: Sequence[float]

    def __call__(self, pictures: Sequence[Pixels]) -> list[Results]:
        path = self.bundle.with_name("pictures")
        path.with_suffix(".raw").write_bytes(b"".join(picture.tobytes() for picture in pictures))
        names = ("height", "width", "channels")
        shapes = [dict(zip(names, picture.shape, strict=True)) for picture in pictures]
        path.with_suffix(".json").write_text(json.dumps(shapes))
        command = ["node", Path(__file__).with_suffix(".mjs"), ROOT / "web/src"]
        command += [self.bundle, path, *map(str, self.levels)]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        return [
            [(bytes.fromhex(file), digest) for file, digest in result]
            for result in json.loads(output)
        ]


def _digest(pixels: bytes) -> str:
    return sha256(pixels).hexdigest()
