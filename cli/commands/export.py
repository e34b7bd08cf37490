"""`aecodec export`: convert networks to other formats, or make a codec from two models."""

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
from aecodec.cli.shared.export_options import ExportOptions, Output
from aecodec.cli.shared.file_io import check_input
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.cli.shared.options import Force, Quiet, complete_codec
from aecodec.codec.registry import load_codec
from aecodec.errors import UsageError
from aecodec.export.device.options import Format, Halves, Precision
from aecodec.export.model_hints import ModelHints, parse_image_shape, parse_pixel_ranges

_TILE, _LEVELS, _PRIORS = 64, 3, 64


def export(
    codec: Annotated[
        Optional[str],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Argument(
            metavar="CODEC",
            help="A built-in codec or a codec folder.",
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
            help="Output folder; with --format bundle, output file.",
        ),
    ],
    to: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.TFLITE,
    precision: Annotated[
        Precision,
        typer.Option(
            "--quantize", help="Precision of TFLite models. int8 copies the codec's own models."
        ),
    ] = Precision.INT8,
    halves: Annotated[Halves, typer.Option("--half", help="Networks to export.")] = Halves.BOTH,
    calibrate: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--calibrate",
            metavar="DATA",
            readable=False,
            help="Pictures for measurements and calibration: a folder of images, or an .npz or "
            ".npy file. Default for codecs with a fixed tile size: the sample digits.",
        ),
    ] = None,
    encoder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--encoder",
            metavar="FILE",
            readable=False,
            help="Keras or ONNX encoder to make a codec from. Needs --decoder and --calibrate.",
        ),
    ] = None,
    decoder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--decoder",
            metavar="FILE",
            readable=False,
            help="Keras or ONNX decoder to make a codec from. Needs --encoder and --calibrate.",
        ),
    ] = None,
    image_shape: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--image-shape",
            metavar="WxH[x3]",
            help="With --encoder: size of the pictures, for models that take flat vectors, for "
            "example 28x28.",
        ),
    ] = None,
    pixel_range: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--pixel-range",
            metavar="BLACK..WHITE",
            help="With --encoder: values of black and white in the models, for example -1..1. If "
            "encoder and decoder differ, give two ranges separated by a comma. Default: the range "
            "that works best.",
        ),
    ] = None,
    custom_objects: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--custom-objects",
            metavar="MODULE:CLASS",
            help="A custom class or function that the models use. MODULE may be a file such as "
            "layers.py; it is executed. Repeat the option for several classes.",
        ),
    ] = None,
    tile: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=8,
            help="With --encoder, for models that accept any size: side of the crops for "
            f"calibration. Default: {_TILE}.",
        ),
    ] = None,
    levels: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, max=15, help=f"With --encoder: number of levels. Default: {_LEVELS}."),
    ] = None,
    priors: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=1,
            max=1024,
            help=f"With --encoder: number of competing priors. Default: {_PRIORS}. With --format "
            "c: number of priors whose tables are exported. Default: all.",
        ),
    ] = None,
    level: Annotated[
        Optional[list[float]],  # noqa: UP045
        typer.Option(
            "-q",
            "--level",
            help="With --format c: level to export. Default: the codec's default level. With "
            "--format bundle: level to include; repeat for several. Default: all levels.",
        ),
    ] = None,
    size: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--size",
            metavar="WxH",
            help="For codecs that accept any size: size of the pictures for measurements and for "
            f"C. Default: {DEFAULT_SIZE}.",
        ),
    ] = None,
    report: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--report", metavar="FILE", readable=False, help="Write the measurements as JSON."
        ),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Export a codec's networks to another format, and compare them with the float networks.

    int8 TFLite encoders take pixel - 128 and return latents; decoders take latents and return
    pixel - 128. TFLite models with another precision take and return floats. C is a folder that
    compiles as it is: the int8 networks as arrays, the tables of one level, and code that runs the
    networks and makes `.aec` files. C-array is the TFLite file in a C array, for other runtimes. A
    bundle is one file for the C library and for browsers. All formats except bundle need
    TensorFlow.

    With `--encoder`, `--decoder` and `--calibrate` instead of CODEC, the command makes a codec
    folder from two models that were trained elsewhere.
    """
    output = Output(out, Console(quiet), force)
    options = ExportOptions(to, precision, halves, tuple(level or ()), priors)
    if encoder or decoder:
        if codec or not (encoder and decoder and calibrate):
            raise UsageError(
                "making a codec needs --encoder, --decoder and --calibrate together, and no CODEC"
            )
        if not options.is_plain or level or size or report:
            raise UsageError(
                "--format, --quantize, --half, --level, --size and --report need a CODEC: make a "
                "codec from the models first, then export it"
            )
        counts = {"tile": tile or _TILE, "levels": levels or _LEVELS, "priors": priors or _PRIORS}
        models = ModelFiles(encoder, decoder, calibrate, custom_objects or [])
        make_codec(models, output, counts, _hints(image_shape, pixel_range))
        return
    if not codec:
        raise UsageError("nothing to export: give a CODEC, or --encoder and --decoder to make one")
    if tile or levels or image_shape or pixel_range:
        raise UsageError(
            "--tile, --levels, --image-shape and --pixel-range need --encoder and --decoder"
        )
    options.check()
    _export(codec, options, Calibration(calibrate, size), output, report, custom_objects or [])


def _hints(image_shape: str | None, pixel_range: str | None) -> ModelHints:
    return ModelHints(
        parse_image_shape(image_shape) if image_shape else None,
        parse_pixel_ranges(pixel_range) if pixel_range else None,
    )


def _export(
    name: str,
    options: ExportOptions,
    calibration: Calibration,
    output: Output,
    report: Path | None,
    custom_objects: list[str],
) -> None:
    """Export the networks of a codec."""
    if calibration.data:
        check_input(calibration.data)
    if report:
        output.check(report)
    folder = load_codec(name).folder
    options.check_levels_of(folder.spec)
    if options.to is Format.BUNDLE:
        if calibration.data or calibration.size or report:
            raise UsageError("--calibrate, --size and --report cannot be used with --format bundle")
        write_bundle(folder, options, output)
        return
    with tensorflow_for("exporting"):
        from aecodec.keras_models.custom_objects import register_custom_objects
    register_custom_objects(custom_objects)
    export_networks(folder, options, calibration, output, report)
