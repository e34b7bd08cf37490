"""What do Keras pairs of 24 families lose as they become codecs?

Each pair is built as people write it, trained on MNIST for seconds, saved, and exported by the
command line with nothing but the options that it needs. The PSNR of the codec's finest level is set
beside that of the float pair, on digits of the test set.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from aecodec import Codec, load_codec, metrics
from aecodec.arrays import Pixels
from benchmarks.harness import ROOT, Options, Row
from benchmarks.keras_pairs.families import FAMILIES
from benchmarks.keras_pairs.pair import KerasFamily
from benchmarks.pictures import mnist

_TRAINED_ON, _MEASURED_ON = 12_000, 1000


def add_arguments(parser: Options) -> None:
    """Add the data, the epochs of the training, and which families to try."""
    parser.add_data(help="mnist.npz")
    parser.add_argument("--epochs", type=int, default=4, help="epochs of 12,000 digits")
    parser.add_argument("--only", nargs="*", default=list(FAMILIES), metavar="FAMILY")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per family."""
    train, test = mnist(options.data)
    for name in options.only:
        yield _adopted(name, FAMILIES[name], options, train, test[:_MEASURED_ON])


def _adopted(
    name: str, family: KerasFamily, options: Namespace, train: Pixels, test: Pixels
) -> Row:
    images = train[:_TRAINED_ON, ..., np.newaxis] / np.float32(255)
    models = family.trained(images, options.epochs)
    pixels = test[..., np.newaxis]
    found = family.reconstructed(models, pixels / np.float32(255))
    float_psnr = metrics.psnr(metrics.mse(pixels, np.rint(255 * found)))
    with tempfile.TemporaryDirectory() as temporary:
        files = [Path(temporary, f"{half}.keras") for half in ("encoder", "decoder")]
        for file, model in zip(files, models, strict=True):
            model.save(file)
        seconds = _export(files, options.data, Path(temporary, "codec"), family)
        codec = load_codec(Path(temporary, "codec"))
        codec_psnr = _finest_psnr(codec, pixels)
        in_floats = codec.folder.measured["finest_level"]["layers_in_floats"]
    return {
        "family": name,
        "title": family.title,
        "float_psnr": round(float_psnr, 3),
        "codec_psnr": round(codec_psnr, 3),
        "lost": round(float_psnr - codec_psnr, 3),
        "layers_in_floats": sum(map(len, in_floats.values())),
        "export_seconds": round(seconds, 1),
    }


def _export(files: list[Path], data: Path, target: Path, family: KerasFamily) -> float:
    """Make the codec by the command line, and return how long that took in seconds."""
    encoder, decoder = files
    command = [
        sys.executable,
        "-m",
        "aecodec",
        "export",
        "--encoder",
        encoder,
        "--decoder",
        decoder,
    ]
    command += ["--calibrate", data.resolve(), "--tile", "28", "-o", target, *family.options]
    start = time.perf_counter()
    subprocess.run(list(map(str, command)), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _finest_psnr(codec: Codec, pixels: Pixels) -> float:
    finest = len(codec.spec.levels)
    decoded = codec.decoder.reconstruct(codec.encoder.codes(pixels, finest), finest, (28, 28))
    return metrics.psnr(metrics.mse(pixels, decoded))
