"""`aecodec export`: networks in other formats, a folder for a device, or a codec of two models."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.files import (
    add_to_folder,
    check_input,
    check_overwriting,
    write_bytes,
)
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.cli.shared.options import Force, Quiet, complete_codec
from aecodec.cli.shared.texts import codec_text, loss_text
from aecodec.codec.registry import load_codec
from aecodec.codec_files.file_names import CODEC_FILES
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec
from aecodec.errors import ImageError, UsageError
from aecodec.export.adoption.wishes import Wishes, parse_image_shape, parse_pixel_ranges
from aecodec.export.formats.options import Format, Halves, Network, Precision
from aecodec.imaging.planes import to_planes
from aecodec.imaging.tiling import split
from aecodec.samples import sample_paths

if TYPE_CHECKING:  # which the other commands need not load
    from aecodec.arrays import Pixels
    from aecodec.codec.codec import Codec

_MAX_PICTURES, _MAX_PIXELS = 1000, 1 << 22
_SIZE = "128x128"
_TILE, _LEVELS, _PRIORS = 64, 3, 64


def export(
    codec: Annotated[
        Optional[str],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Argument(
            metavar="CODEC",
            help="A codec that ships, or a codec folder.",
            autocompletion=complete_codec,
        ),
    ] = None,
    *,
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            readable=False,
            help="Folder for the files; with --format bundle, the file.",
        ),
    ],
    to: Annotated[Format, typer.Option("--format", help="What to make.")] = Format.TFLITE,
    precision: Annotated[
        Precision,
        typer.Option("--quantize", help="Precision of TFLite; int8 is the codec's own."),
    ] = Precision.INT8,
    halves: Annotated[Halves, typer.Option("--half", help="Which networks.")] = Halves.BOTH,
    network: Annotated[
        Network,
        typer.Option(
            "--network",
            help="With --format c: what runs the networks, C or TensorFlow Lite Micro.",
        ),
    ] = Network.C,
    calibrate: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--calibrate",
            metavar="DATA",
            readable=False,
            help="A folder of images, or an .npz or .npy array, to measure on and to calibrate "
            "with. Default for codecs of tiles: the sample digits.",
        ),
    ] = None,
    encoder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--encoder", metavar="FILE", readable=False, help="Make a codec of this Keras encoder"
        ),
    ] = None,
    decoder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--decoder", metavar="FILE", readable=False, help="and this Keras decoder."),
    ] = None,
    image_shape: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--image-shape",
            metavar="WxH[x3]",
            help="Making a codec of models of flat vectors: the pictures that they stand for, as "
            "in 28x28.",
        ),
    ] = None,
    pixel_range: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--pixel-range",
            metavar="BLACK..WHITE",
            help="Making a codec: black and white as the models take and give them, as in -1..1; "
            "two with a comma where the halves differ. Default: what works best.",
        ),
    ] = None,
    custom_objects: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--custom-objects",
            metavar="MODULE:CLASS",
            help="A class or function of your own that the models use; its module is run. May be "
            "given several times; a file.py in the place of the module, too.",
        ),
    ] = None,
    tile: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=8,
            help="Making a codec of models that take any size: side of the crops to calibrate on. "
            f"Default: {_TILE}.",
        ),
    ] = None,
    levels: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, max=15, help=f"Making a codec: number of levels. Default: {_LEVELS}."),
    ] = None,
    priors: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=1,
            max=1024,
            help=f"Making a codec: number of competing priors, default {_PRIORS}. With --format c: "
            "keep the tables of this many; default: all.",
        ),
    ] = None,
    level: Annotated[
        Optional[list[float]],  # noqa: UP045
        typer.Option(
            "-q",
            "--level",
            help="With --format c: the level; default: the codec's own. With --format bundle: a "
            "level, and may be given several times; default: all.",
        ),
    ] = None,
    size: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--size",
            metavar="WxH",
            help="Codecs of any size: pixels of the pictures to measure on, and for which C is "
            f"made. Default: {_SIZE}.",
        ),
    ] = None,
    report: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--report", metavar="FILE", readable=False, help="Write the parity report as JSON."
        ),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write a codec's networks in another format, and say how far they are from the float ones.

    TFLite at int8 takes pixel - 128 and gives the latents themselves, or back; at other precisions
    it takes and gives floats. C is a folder that builds as it is: the int8 networks as arrays, the
    tables of one level, and the code that runs them and makes `.aec` files. Needs TensorFlow. A
    bundle is one file, for the C library and for browsers, and needs no TensorFlow.

    With `--encoder`, `--decoder` and `--calibrate` instead of a codec, two models that were trained
    elsewhere become a codec folder.
    """
    output = _Output(out, Console(quiet), force)
    if encoder or decoder:
        is_plain = (to, precision, halves) == (Format.TFLITE, Precision.INT8, Halves.BOTH)
        if codec or not (encoder and decoder and calibrate):
            raise UsageError("a codec is made of --encoder, --decoder and --calibrate together")
        if not is_plain or level or size or report:
            raise UsageError(
                "--format, --quantize, --half, --level, --size and --report are for a CODEC: make "
                "one of the models first"
            )
        counts = {"tile": tile or _TILE, "levels": levels or _LEVELS, "priors": priors or _PRIORS}
        wishes = Wishes(
            parse_image_shape(image_shape) if image_shape else None,
            parse_pixel_ranges(pixel_range) if pixel_range else None,
        )
        _make_codec((encoder, decoder), calibrate, output, counts, wishes, custom_objects or [])
        return
    if not codec:
        raise UsageError("give a CODEC, or --encoder and --decoder to make one of")
    if tile or levels or image_shape or pixel_range:
        raise UsageError(
            "--tile, --levels, --image-shape and --pixel-range are for a codec made of --encoder "
            "and --decoder"
        )
    wanted = _Wanted(to, precision, halves, network, tuple(level or ()), priors)
    wanted.check()
    if calibrate:
        check_input(calibrate)
    if report:
        check_overwriting(report, force)
    folder = load_codec(codec).folder
    for each in wanted.levels:
        folder.spec.check_level(each)
    if to is Format.BUNDLE:
        if calibrate or size or report:
            raise UsageError("--calibrate, --size and --report are for formats that are measured")
        _write_bundle(folder, wanted, output)
        return
    with tensorflow_for("exporting"):
        from aecodec.keras_models.custom_objects import register_custom_objects
    register_custom_objects(custom_objects or [])
    _export(folder, wanted, calibrate, _shape(folder.spec, size), output, report)


@dataclass(frozen=True)
class _Output:
    """Where files go, and how the command reports."""

    folder: Path
    console: Console
    force: bool

    def write(self, contents: dict[str, bytes]) -> None:
        """Write all files, or none if one exists and may not be overwritten."""
        add_to_folder(self.folder, contents, self.force)


@dataclass(frozen=True)
class _Wanted:
    """What to make of a codec."""

    to: Format
    precision: Precision
    halves: Halves
    network: Network
    levels: tuple[float, ...]
    priors: int | None

    @property
    def level(self) -> float | None:
        """The one level of C; None for the codec's own."""
        return self.levels[0] if self.levels else None

    def check(self) -> None:
        """Check that the options go together."""
        if self.to is not Format.TFLITE and self.precision is not Precision.INT8:
            raise UsageError(f"--quantize {self.precision.value} is for --format tflite")
        if self.to not in (Format.C, Format.BUNDLE) and self.levels:
            raise UsageError("--level is for --format c and bundle, which have levels' tables")
        if self.to is not Format.C and self.priors:
            raise UsageError("--priors is for --format c, which may leave tables out")
        if self.to is Format.C and len(self.levels) > 1:
            raise UsageError("--level: --format c has one level's tables; export the others apart")
        if self.to is not Format.C and self.network is not Network.C:
            raise UsageError("--network is for --format c")


def _make_codec(
    models: tuple[Path, Path],
    data: Path,
    output: _Output,
    counts: dict[str, Any],
    wishes: Wishes,
    custom_objects: list[str],
) -> None:
    """Make a codec of two Keras models."""
    for given in (*models, data):
        check_input(given)
    targets = [output.folder / name for name in CODEC_FILES]
    check_not_sources(targets, models)
    for target in targets:
        check_overwriting(target, output.force)
    with tensorflow_for("exporting"):
        from aecodec.export.from_keras import codec_from_keras
        from aecodec.keras_models.custom_objects import register_custom_objects
        from aecodec.keras_models.model_files import load_model
    register_custom_objects(custom_objects)
    with output.console.warnings_as_they_come():
        encoder, decoder = map(load_model, models)
        made: Codec = codec_from_keras(
            encoder,
            decoder,
            data,
            output.folder,
            name=output.folder.resolve().name,
            wishes=wishes,
            replace=output.force,
            **counts,
        )
    output.console.result(f"{codec_text(made)}\n{loss_text(made)}")


def _write_bundle(folder: CodecFolder, wanted: _Wanted, output: _Output) -> None:
    """Write a codec as a bundle."""
    from aecodec.export.bundle.bundle import bundle, plans_of

    check_overwriting(output.folder, output.force)
    content = bundle(folder, plans_of(folder, wanted.halves.each), wanted.levels)
    write_bytes(output.folder, content, output.force)
    output.console.result(f"{output.folder}: {len(content)} bytes")


def _export(
    folder: CodecFolder,
    wanted: _Wanted,
    data: Path | None,
    shape: tuple[int, int],
    output: _Output,
    report: Path | None,
) -> None:
    """Export the networks of a codec."""
    if folder.spec.receptive_field and not data:
        raise UsageError("--calibrate: give pictures of the kind that this codec is for")
    with tensorflow_for("exporting"):
        from aecodec.export.formats.parity import FloatPair
    from aecodec.export.device.folder import device_files
    from aecodec.export.device.tables import CTables
    from aecodec.export.formats.export_half import export_half

    tables = CTables(folder, wanted.level, wanted.priors) if wanted.to is Format.C else None
    with output.console.warnings_about(data):
        pair = FloatPair(folder, _pictures(folder.spec.channels, shape, data))
    exported = [
        export_half(pair, half, wanted.to, wanted.precision, wanted.network)
        for half in wanted.halves.each
    ]
    contents = {name: content for each in exported for name, content in each.files.items()}
    if tables:
        contents |= device_files(tables, pair.pixels, exported)
    output.write(contents)
    if report:
        rows: list[dict[str, Any]] = [each.parity.as_json() for each in exported]
        write_bytes(report, json.dumps(rows, indent=1).encode() + b"\n", output.force)
    for each in exported:
        output.console.result(each.network.as_text() if each.network else each.parity.as_text())


def _shape(spec: CodecSpec, size: str | None) -> tuple[int, int]:
    """(height, width) of the pictures to measure on."""
    if not spec.receptive_field:
        if size:
            raise UsageError(f"--size is for codecs of any size, and {spec.name} has tiles")
        return spec.tile
    found = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", size or _SIZE)
    if not found or int(found[2]) % spec.tile[0] or int(found[1]) % spec.tile[1]:
        raise UsageError(
            f"--size {size or _SIZE}: two sides as in 256x128, here multiples of "
            f"{spec.tile[1]} and {spec.tile[0]}"
        )
    return int(found[2]), int(found[1])


def _pictures(channels: int, shape: tuple[int, int], data: Path | None) -> Pixels:
    """(N, h, w, C) of the calibration set, cut to one shape."""
    import numpy as np

    from aecodec.datasets.evaluation_set import open_dataset

    most = max(1, min(_MAX_PICTURES, _MAX_PIXELS // (shape[0] * shape[1])))
    pictures: list[Pixels] = []
    for sample in islice(open_dataset(data or sample_paths()[0].parent), most):
        pictures.extend(split(to_planes(sample.picture.pixels, channels), shape))
    if not pictures:
        raise ImageError(f"{data}: not one picture can be read")
    return np.stack(pictures[:most])
