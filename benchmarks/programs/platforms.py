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
from functools import partial
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

Levels = Sequence[float]

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
    levels: Levels,
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


def _platforms(codec: Codec, levels: Levels, folder: Path) -> dict[str, Platform]:
    """The platforms by name; the first is what the others are compared with."""
    bundle = folder / "codec.bundle"
    bundle.write_bytes(bundle_of(codec.folder))
    build(folder / "native")
    arm = ["qemu-aarch64", "-cpu", "max"]
    threads = {n: Execution(CEngine(), window=8, workers=Workers(n)) for n in (1, 2, 5)}
    aecc = {
        "aecc": [folder / "native/aecc"],
        "aecc, aarch64": [*arm, _for_arm(folder / "neon", "generic")],
        "aecc, aarch64 with dotprod": [*arm, _for_arm(folder / "dotprod", "generic+dotprod")],
    }
    return {
        **{
            f"Python, {n} threads": partial(_in_python, Codec(codec.folder, execution), levels)
            for n, execution in threads.items()
        },
        **{name: partial(_in_aecc, command, bundle, levels) for name, command in aecc.items()},
        "WebAssembly": partial(_in_node, bundle, levels),
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


def _in_python(codec: Codec, levels: Levels, pictures: Sequence[Pixels]) -> list[Results]:
    """The package with its core."""

    def results(picture: Pixels) -> Results:
        files = [codec.compress(picture, level=level) for level in levels]
        return [(file, _digest(codec.decompress(file).tobytes())) for file in files]

    return list(map(results, pictures))


def _in_aecc(
    program: Sequence[str | Path], bundle: Path, levels: Levels, pictures: Sequence[Pixels]
) -> list[Results]:
    """The command, behind an emulator if it needs one."""

    def run(*call: str, data: bytes) -> bytes:
        command = [*program, *call, "-", "-o", "-", "--bundle", bundle]
        return subprocess.run(command, input=data, check=True, stdout=subprocess.PIPE).stdout

    def results(picture: Pixels) -> Results:
        height, width, channels = picture.shape
        head = f"P{5 if channels == 1 else 6}\n{width} {height}\n255\n".encode()
        data = head + picture.tobytes()
        files = [run("compress", "--level", str(level), data=data) for level in levels]
        return [(file, _digest(run("decompress", data=file)[len(head) :])) for file in files]

    with ThreadPoolExecutor() as threads:
        return list(threads.map(results, pictures))


def _in_node(bundle: Path, levels: Levels, pictures: Sequence[Pixels]) -> list[Results]:
    """The modules of the npm package."""
    path = bundle.with_name("pictures")
    path.with_suffix(".raw").write_bytes(b"".join(picture.tobytes() for picture in pictures))
    names = ("height", "width", "channels")
    shapes = [dict(zip(names, picture.shape, strict=True)) for picture in pictures]
    path.with_suffix(".json").write_text(json.dumps(shapes))
    command = ["node", Path(__file__).with_suffix(".mjs"), ROOT / "web/src"]
    command += [bundle, path, *map(str, levels)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return [
        [(bytes.fromhex(file), digest) for file, digest in result] for result in json.loads(output)
    ]


def _digest(pixels: bytes) -> str:
    return sha256(pixels).hexdigest()
