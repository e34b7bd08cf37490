"""`aecodec export`: convert networks to other formats, or make a codec from two models."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aecodec.cli.commands.codecs import codec_lines
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.file_io import add_to_folder, check_input, check_overwriting, write_bytes
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.cli.shared.options import BandsFirst, Force, OptionalCodec, Quiet
from aecodec.cli.shared.pictures import open_pictures, reading_for
from aecodec.codec.codec import Codec
from aecodec.codec.registry import load_codec
from aecodec.codec.samples import fit
from aecodec.codec_files.codec_file import NETWORKS, SectionKind, pack_codec, without
from aecodec.codec_files.file_names import Half, codec_files
from aecodec.codec_files.folder import CodecFolder, check_target
from aecodec.codec_files.spec import CodecSpec, nearest_level
from aecodec.data.samples import sample_paths
from aecodec.errors import ImageError, UsageError
from aecodec.export.device.options import Format, Halves
from aecodec.export.device.tables import CTables
from aecodec.export.model_hints import ModelHints, parse_image_shape, parse_pixel_ranges
from aecodec.imaging.tiling import split, to_planes

if TYPE_CHECKING:  # loads slowly
    import numpy.typing as npt


_TILE, _LEVELS, _PRIORS = 64, 3, 64
_DEFAULT_SIZE = "128x128"


def export(
    codec: OptionalCodec = None,
    *,
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            readable=False,
            help="Output folder; with --format codec, output file.",
        ),
    ],
    to: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.TFLITE,
    halves: Annotated[Halves, typer.Option("--half", help="Networks to export.")] = Halves.BOTH,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            metavar="DATA",
            readable=False,
            help="With --encoder: pictures for calibration, a folder of images or an .npz or .npy "
            "file. With --format c: the first of them becomes the sample of the folder. Default "
            "for codecs with a fixed tile size: the sample digits.",
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
            help=f"With --encoder: number of competing priors. Default: {_PRIORS}.",
        ),
    ] = None,
    level: Annotated[
        list[float] | None,
        typer.Option(
            "-q",
            "--level",
            help="With --format c: level of the tables. Default: the codec's default level. With "
            "--format codec: level to include; repeat for several. Default: all levels.",
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WxH",
            help="With --format c, for codecs that accept any size: size of the pictures. "
            f"Default: {_DEFAULT_SIZE}.",
        ),
    ] = None,
    bands_first: BandsFirst = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Export a codec's networks to another format.

    --format tflite writes int8 TensorFlow Lite models: encoders take pixel - 128 and return
    latents; decoders take latents and return pixel - 128. --format hdf5 writes the float networks
    for Keras. --format c writes a folder ready to compile: the int8 networks as arrays, the tables
    of one level, and code that runs the networks and makes `.aec` files. --format codec writes the
    codec file without the levels and networks that you do not choose, for small devices. None of
    them needs TensorFlow.

    With `--encoder`, `--decoder` and `--calibrate` instead of CODEC, the command makes a codec
    from two models that were trained elsewhere.
    """
    console = Console(quiet)
    if not (encoder or decoder):
        if not codec:
            raise UsageError(
                "nothing to export: give a CODEC, or --encoder and --decoder to make one"
            )
        if tile or levels or priors or image_shape or pixel_range or custom_objects:
            raise UsageError(
                "--tile, --levels, --priors, --image-shape, --pixel-range and --custom-objects "
                "need --encoder and --decoder"
            )
        options = _Options(out, to, halves, level or [], calibrate, size, bands_first)
        _export_codec(codec, options, force, console)
        return
    if codec or not (encoder and decoder and calibrate):
        raise UsageError(
            "making a codec needs --encoder, --decoder and --calibrate together, and no CODEC"
        )
    if (to, halves) != (Format.TFLITE, Halves.BOTH) or level or size:
        raise UsageError(
            "--format, --half, --level and --size need a CODEC: make a codec from the models "
            "first, then export it"
        )
    hints = ModelHints(
        parse_image_shape(image_shape) if image_shape else None,
        parse_pixel_ranges(pixel_range) if pixel_range else None,
    )
    counts = {"tile": tile or _TILE, "levels": levels or _LEVELS, "priors": priors or _PRIORS}
    _make_codec(
        (encoder, decoder), calibrate, out, force, custom_objects or [], console, hints, counts
    )


@dataclass(frozen=True)
class _Options:
    """The options of an export.

    If `levels` is empty, C gets the tables of the default level, and a codec file those of all
    levels.
    """

    out: Path
    to: Format
    halves: Halves
    levels: Sequence[float]
    data: Path | None
    size: str | None
    bands_first: bool

    def check(self) -> None:
        """Raise UsageError if the options contradict each other."""
        if self.to is not Format.C and (self.data or self.size):
            raise UsageError("--calibrate and --size need --format c")
        if self.levels and self.to not in (Format.C, Format.CODEC):
            raise UsageError("--level needs --format c or codec")
        if self.to is Format.C and len(self.levels) > 1:
            raise UsageError("--format c exports a single level: repeat the command for each level")

    def shape_for(self, spec: CodecSpec) -> tuple[int, int]:
        """(height, width) of the pictures.

        Raises UsageError if the codec does not accept pictures of this size, or needs pictures.
        """
        if not spec.receptive_field:
            if self.size:
                raise UsageError(
                    f"--size is for codecs that accept any size, but {spec.name} has a fixed size"
                )
            return spec.tile
        size = self.size or _DEFAULT_SIZE
        match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", size)
        if not match or int(match[2]) % spec.tile[0] or int(match[1]) % spec.tile[1]:
            raise UsageError(
                f"--size {size}: give WIDTHxHEIGHT such as 256x128, with a width that is a "
                f"multiple of {spec.tile[1]} and a height that is a multiple of {spec.tile[0]}"
            )
        if not self.data:
            raise UsageError("--calibrate is missing: give pictures of the kind this codec is for")
        return int(match[2]), int(match[1])

    def sample(self, codec: Codec) -> npt.NDArray[Any]:
        """A picture (1, h, w, C): uint8, or samples for codecs with bands.

        Raises UsageError if the codec does not accept the size, or needs pictures, and ImageError
        if none can be read, or the codec does not take it.
        """
        spec, reading = codec.spec, reading_for(codec, bands_first=self.bands_first)
        shape = self.shape_for(spec)
        dataset = open_pictures(self.data or sample_paths()[0].parent, None, reading)
        for item in dataset:
            pixels = fit(spec, item.picture).pixels
            planes = pixels if spec.bands else to_planes(pixels, spec.channels)
            return split(planes, shape)[:1]
        raise ImageError(f"{self.data}: none of the pictures can be read")


def _export_codec(name: str, options: _Options, force: bool, console: Console) -> None:
    """Export the networks of a codec.

    Raises UsageError if the options contradict each other, or do not suit the codec.
    """
    options.check()
    if options.data:
        check_input(options.data)
    codec = load_codec(name)
    for level in options.levels:
        codec.spec.check_level(level)
    if options.to is Format.CODEC:
        _write_codec(codec.folder, options, force, console)
    elif options.to is Format.C:
        _write_c(codec, options, force, console)
    else:
        suffix = options.to.value
        files = [f"{half.value}.{suffix}" for half in options.halves.members]
        contents = {file: codec.folder.read(file) for file in files}
        add_to_folder(options.out, contents, force)
        console.result([f"{file}: {len(content)} bytes" for file, content in contents.items()])


def _write_c(codec: Codec, options: _Options, force: bool, console: Console) -> None:
    """Write a folder of C for a level and some networks."""
    from aecodec.export.device.folder import device_files

    with console.warnings_about(options.data):
        sample = options.sample(codec)
    tables = CTables(codec.folder, options.levels[0] if options.levels else None)
    networks, contents = device_files(tables, sample, options.halves.members)
    add_to_folder(options.out, contents, force)
    console.result([network.as_text() for network in networks])


def _write_codec(folder: CodecFolder, options: _Options, force: bool, console: Console) -> None:
    """Write a codec file with the chosen levels and networks."""
    check_overwriting(options.out, force)
    levels = options.levels or range(1, len(folder.spec.levels) + 1)
    numbers = {nearest_level(folder.spec.level_index(level)) for level in levels}
    left_out = [NETWORKS[half] for half in Half if half not in options.halves.members]
    sections = folder.sections
    kept = [
        item
        for item in sections
        if item.kind not in left_out and (item.kind != SectionKind.LEVEL or item.level in numbers)
    ]
    content = pack_codec(folder.spec, folder.rdoq, without(sections, keeps=kept))
    write_bytes(options.out, content, force)
    console.result(f"{options.out}: {len(content)} bytes")


def _make_codec(
    models: tuple[Path, Path],
    data: Path,
    out: Path,
    force: bool,
    custom_objects: Sequence[str],
    console: Console,
    hints: ModelHints,
    counts: dict[str, int],
) -> None:
    """Make a codec from an encoder and a decoder, and print a description of it.

    Raises InputError if a file does not exist or cannot be read, UsageError if the folder contains
    a codec and `force` is not set, and AecodecError if it cannot be written.
    """
    for path in (*models, data):
        check_input(path)
    name = out.resolve().name
    check_not_sources([out / file for file in codec_files(name)], models)
    check_target(out, name, replace=force)
    with tensorflow_for("exporting"):
        from aecodec.export.from_keras import codec_from_keras
        from aecodec.keras_models.model_files import load_model, register_custom_objects
    register_custom_objects(custom_objects)
    with console.messages_as_they_come():
        encoder, decoder = map(load_model, models)
        codec = codec_from_keras(
            encoder, decoder, data, out, name=name, hints=hints, replace=force, **counts
        )
    console.result([*codec_lines(codec), *_loss_lines(codec)])


def _loss_lines(codec: Codec) -> list[str]:
    """PSNR of the finest level of a codec and of its float models, in several lines."""
    loss = codec.folder.measured["finest_level"]
    in_floats = [name for names in loss["layers_in_floats"].values() for name in names]
    lines = [
        f"  {loss['float_pair']:6.2f} dB  float encoder, float decoder",
        f"  {loss['int8_encoder']:6.2f} dB  int8 encoder, float decoder",
        f"  {loss['int8_decoder']:6.2f} dB  float encoder, int8 decoder",
        f"  {loss['codec']:6.2f} dB  the codec at level {len(codec.spec.levels)}",
    ]
    if in_floats:
        lines.append(f"  layers that compute in floats: {', '.join(in_floats)}")
    return lines
