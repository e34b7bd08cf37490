"""`aecodec export`: convert networks to other formats, or make a codec from two models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.exports import (
    DEFAULT_SIZE,
    ExportOptions,
    Output,
    export_codec,
    export_pair,
)
from aecodec.cli.shared.options import BandsFirst, Force, Quiet, complete_codec
from aecodec.errors import UsageError
from aecodec.export.device.options import Format, Halves, Precision
from aecodec.export.model_hints import ModelHints, parse_image_shape, parse_pixel_ranges

_TILE, _LEVELS, _PRIORS = 64, 3, 64


def export(
    codec: Annotated[
        str | None,
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
        Path | None,
        typer.Option(
            metavar="DATA",
            readable=False,
            help="Pictures for measurements and calibration: a folder of images, or an .npz or "
            ".npy file. Default for codecs with a fixed tile size: the sample digits.",
        ),
    ] = None,
    encoder: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Keras or ONNX encoder to make a codec from. Needs --decoder and --calibrate.",
        ),
    ] = None,
    decoder: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Keras or ONNX decoder to make a codec from. Needs --encoder and --calibrate.",
        ),
    ] = None,
    image_shape: Annotated[
        str | None,
        typer.Option(
            metavar="WxH[x3]",
            help="With --encoder: size of the pictures, for models that take flat vectors, for "
            "example 28x28.",
        ),
    ] = None,
    pixel_range: Annotated[
        str | None,
        typer.Option(
            metavar="BLACK..WHITE",
            help="With --encoder: values of black and white in the models, for example -1..1. If "
            "encoder and decoder differ, give two ranges separated by a comma. Default: the range "
            "that works best.",
        ),
    ] = None,
    custom_objects: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODULE:CLASS",
            help="A custom class or function that the models use. MODULE may be a file such as "
            "layers.py; it is executed. Repeat the option for several classes.",
        ),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(
            min=8,
            help="With --encoder, for models that accept any size: side of the crops for "
            f"calibration. Default: {_TILE}.",
        ),
    ] = None,
    levels: Annotated[
        int | None,
        typer.Option(min=1, max=15, help=f"With --encoder: number of levels. Default: {_LEVELS}."),
    ] = None,
    priors: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            help=f"With --encoder: number of competing priors. Default: {_PRIORS}. With --format "
            "c: number of priors whose tables are exported. Default: all.",
        ),
    ] = None,
    level: Annotated[
        list[float] | None,
        typer.Option(
            "-q",
            "--level",
            help="With --format c or tflite: level of the tables. Default: the codec's default "
            "level. With --format bundle: level to include; repeat for several. Default: all "
            "levels.",
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WxH",
            help="For codecs that accept any size: size of the pictures for measurements and for "
            f"C. Default: {DEFAULT_SIZE}.",
        ),
    ] = None,
    bands_first: BandsFirst = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Write the measurements as JSON."),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Export a codec's networks to another format, and compare them with the float networks.

    int8 TFLite encoders take pixel - 128 and return latents; decoders take latents and return
    pixel - 128. The folder also contains C code that turns latents into `.aec` files and back.
    TFLite models with other precisions take and return floats. --format c writes a folder ready to
    compile: the int8 networks as arrays, the tables of one level, and code that runs the networks
    and makes `.aec` files. --format c-array writes the TFLite file as a C array, for other
    runtimes. --format bundle writes one file for the C library and for browsers, and is the only
    format that does not need TensorFlow.

    With `--encoder`, `--decoder` and `--calibrate` instead of CODEC, the command makes a codec
    folder from two models that were trained elsewhere.
    """
    output = Output(out, Console(quiet), force)
    options = ExportOptions(
        to, precision, halves, tuple(level or ()), priors, calibrate, size, bands_first, report
    )
    if not (encoder or decoder):
        if not codec:
            raise UsageError(
                "nothing to export: give a CODEC, or --encoder and --decoder to make one"
            )
        if tile or levels or image_shape or pixel_range:
            raise UsageError(
                "--tile, --levels, --image-shape and --pixel-range need --encoder and --decoder"
            )
        export_codec(codec, options, output, custom_objects or [])
        return
    if codec or not (encoder and decoder and calibrate):
        raise UsageError(
            "making a codec needs --encoder, --decoder and --calibrate together, and no CODEC"
        )
    if options.is_for_codecs:
        raise UsageError(
            "--format, --quantize, --half, --level, --size and --report need a CODEC: make a "
            "codec from the models first, then export it"
        )
    hints = ModelHints(
        parse_image_shape(image_shape) if image_shape else None,
        parse_pixel_ranges(pixel_range) if pixel_range else None,
    )
    export_pair(
        encoder,
        decoder,
        calibrate,
        output,
        custom_objects or [],
        hints,
        tile=tile or _TILE,
        levels=levels or _LEVELS,
        priors=priors or _PRIORS,
    )
