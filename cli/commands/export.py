"""`aecodec export`: networks in other formats, a folder for a device, or a codec of two models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.export_models import ModelFiles, make_codec
from aecodec.cli.shared.export_networks import (
    DEFAULT_SIZE,
    Calibration,
    export_networks,
    write_bundle,
)
from aecodec.cli.shared.export_options import Wanted
from aecodec.cli.shared.export_output import Output
from aecodec.cli.shared.files import check_input
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.cli.shared.options import Force, Quiet, complete_codec
from aecodec.codec.registry import load_codec
from aecodec.errors import UsageError
from aecodec.export.device.options import Format, Halves, Precision
from aecodec.export.from_keras.hints import Wishes, parse_image_shape, parse_pixel_ranges

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
            f"made. Default: {DEFAULT_SIZE}.",
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
    tables of one level, and the code that runs them and makes `.aec` files. C-array is the TFLite
    file in a C array, for other runtimes. All of these need TensorFlow. A
    bundle is one file, for the C library and for browsers, and needs no TensorFlow.

    With `--encoder`, `--decoder` and `--calibrate` instead of a codec, two models that were trained
    elsewhere become a codec folder.
    """
    output = Output(out, Console(quiet), force)
    wanted = Wanted(to, precision, halves, tuple(level or ()), priors)
    if encoder or decoder:
        if codec or not (encoder and decoder and calibrate):
            raise UsageError("a codec is made of --encoder, --decoder and --calibrate together")
        if not wanted.is_plain or level or size or report:
            raise UsageError(
                "--format, --quantize, --half, --level, --size and --report are for a CODEC: make "
                "one of the models first"
            )
        counts = {"tile": tile or _TILE, "levels": levels or _LEVELS, "priors": priors or _PRIORS}
        models = ModelFiles(encoder, decoder, calibrate, custom_objects or [])
        make_codec(models, output, counts, _wishes(image_shape, pixel_range))
        return
    if not codec:
        raise UsageError("give a CODEC, or --encoder and --decoder to make one of")
    if tile or levels or image_shape or pixel_range:
        raise UsageError(
            "--tile, --levels, --image-shape and --pixel-range are for a codec made of --encoder "
            "and --decoder"
        )
    wanted.check()
    _export(codec, wanted, Calibration(calibrate, size), output, report, custom_objects or [])


def _wishes(image_shape: str | None, pixel_range: str | None) -> Wishes:
    return Wishes(
        parse_image_shape(image_shape) if image_shape else None,
        parse_pixel_ranges(pixel_range) if pixel_range else None,
    )


def _export(
    name: str,
    wanted: Wanted,
    calibration: Calibration,
    output: Output,
    report: Path | None,
    custom_objects: list[str],
) -> None:
    """Export a codec that exists."""
    if calibration.data:
        check_input(calibration.data)
    if report:
        output.check(report)
    folder = load_codec(name).folder
    wanted.check_levels_of(folder.spec)
    if wanted.to is Format.BUNDLE:
        if calibration.data or calibration.size or report:
            raise UsageError("--calibrate, --size and --report are for formats that are measured")
        write_bundle(folder, wanted, output)
        return
    with tensorflow_for("exporting"):
        from aecodec.keras_models.custom_objects import register_custom_objects
    register_custom_objects(custom_objects)
    export_networks(folder, wanted, calibration, output, report)
