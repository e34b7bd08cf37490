"""`aecodec export`: convert networks to other formats, or make a codec from two models."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
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
from aecodec.export.device.options import Format, Halves, Precision
from aecodec.export.device.tables import CTables
from aecodec.export.model_hints import ModelHints, parse_image_shape, parse_pixel_ranges
from aecodec.imaging.picture import Picture
from aecodec.imaging.tiling import split, to_planes
from aecodec.imaging.transfer import to_phases

if TYPE_CHECKING:  # needs TensorFlow or loads slowly
    import numpy.typing as npt

    from aecodec.arrays import Pixels
    from aecodec.export.device.convert import Exported

_TILE, _LEVELS, _PRIORS = 64, 3, 64
_DEFAULT_SIZE = "128x128"
_MAX_PICTURES, _MAX_PIXELS = 1000, 1 << 22


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
            "level. With --format codec: level to include; repeat for several. Default: all "
            "levels.",
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WxH",
            help="For codecs that accept any size: size of the pictures for measurements and for "
            f"C. Default: {_DEFAULT_SIZE}.",
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
    runtimes. --format codec writes the codec file without the levels and networks that you do not
    choose, for small devices, and is the only format that does not need TensorFlow.

    With `--encoder`, `--decoder` and `--calibrate` instead of CODEC, the command makes a codec
    from two models that were trained elsewhere.
    """
    console = Console(quiet)
    if not (encoder or decoder):
        if not codec:
            raise UsageError(
                "nothing to export: give a CODEC, or --encoder and --decoder to make one"
            )
        if tile or levels or image_shape or pixel_range:
            raise UsageError(
                "--tile, --levels, --image-shape and --pixel-range need --encoder and --decoder"
            )
        options = _Options(
            out, to, precision, halves, level or [], priors, calibrate, size, bands_first, report
        )
        _export_codec(codec, options, force, custom_objects or [], console)
        return
    if codec or not (encoder and decoder and calibrate):
        raise UsageError(
            "making a codec needs --encoder, --decoder and --calibrate together, and no CODEC"
        )
    is_default = (to, precision, halves) == (Format.TFLITE, Precision.INT8, Halves.BOTH)
    if not is_default or level or size or report:
        raise UsageError(
            "--format, --quantize, --half, --level, --size and --report need a CODEC: make a "
            "codec from the models first, then export it"
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

    If `levels` is empty, C and TFLite get the tables of the default level, and a codec file those
    of all levels.
    """

    out: Path
    to: Format
    precision: Precision
    halves: Halves
    levels: Sequence[float]
    priors: int | None
    data: Path | None
    size: str | None
    bands_first: bool
    report: Path | None

    @property
    def has_tables(self) -> bool:
        """Whether the folder has the tables of a level, for C or next to int8 TFLite models."""
        return self.to is Format.C or (self.to, self.precision) == (Format.TFLITE, Precision.INT8)

    def check(self) -> None:
        """Raise UsageError if the options contradict each other."""
        if self.to is not Format.TFLITE and self.precision is not Precision.INT8:
            raise UsageError(f"--quantize {self.precision.value} needs --format tflite")
        if self.levels and not (self.has_tables or self.to is Format.CODEC):
            raise UsageError("--level needs --format c, codec, or tflite with int8")
        if self.to is not Format.C and self.priors:
            raise UsageError("--priors needs --format c")
        if self.has_tables and len(self.levels) > 1:
            raise UsageError(
                f"--format {self.to.value} exports a single level: repeat the command for each "
                "level"
            )
        if self.to is Format.CODEC and (self.data or self.size or self.report):
            raise UsageError("--calibrate, --size and --report cannot be used with --format codec")

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

    def pictures(self, codec: Codec, shape: tuple[int, int]) -> npt.NDArray[Any]:
        """(N, h, w, C) pictures, cut to one shape (h, w): uint8, or samples for codecs with bands.

        Raises ImageError if none can be read, or the codec does not take them.
        """
        import numpy as np

        spec, reading = codec.spec, reading_for(codec, bands_first=self.bands_first)
        most = max(1, min(_MAX_PICTURES, _MAX_PIXELS // (shape[0] * shape[1])))
        pictures: list[npt.NDArray[Any]] = []
        dataset = open_pictures(self.data or sample_paths()[0].parent, None, reading)
        for sample in islice(dataset, most):
            pixels = fit(spec, sample.picture).pixels
            planes = pixels if spec.bands else to_planes(pixels, spec.channels)
            pictures.extend(split(planes, shape))
        if not pictures:
            raise ImageError(f"{self.data}: none of the pictures can be read")
        return np.stack(pictures[:most])


def _export_codec(
    name: str, options: _Options, force: bool, custom_objects: Sequence[str], console: Console
) -> None:
    """Export the networks of a codec, and print their difference from the float networks.

    Custom classes and functions of the models are named MODULE:CLASS. Raises UsageError if the
    options contradict each other, or do not suit the codec.
    """
    options.check()
    if options.data:
        check_input(options.data)
    if options.report:
        check_overwriting(options.report, force)
    codec = load_codec(name)
    for level in options.levels:
        codec.spec.check_level(level)
    if options.to is Format.CODEC:
        _write_codec(codec.folder, options, force, console)
        return
    with tensorflow_for("exporting"):
        from aecodec.keras_models.model_files import register_custom_objects
    register_custom_objects(custom_objects)
    exports, contents = _exported(codec, options, console)
    add_to_folder(options.out, contents, force)
    if options.report:
        rows = [asdict(export.parity) for export in exports]
        write_bytes(options.report, json.dumps(rows, indent=1).encode() + b"\n", force)
    for export in exports:
        console.result(export.network.as_text() if export.network else export.parity.as_text())


def _write_codec(folder: CodecFolder, options: _Options, force: bool, console: Console) -> None:
    """Write a codec file with the chosen levels and networks. This does not need TensorFlow."""
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


def _exported(
    codec: Codec, options: _Options, console: Console
) -> tuple[Sequence[Exported], dict[str, bytes]]:
    """The exported halves, and the contents of all files by name."""
    folder, shape = codec.folder, options.shape_for(codec.spec)
    with tensorflow_for("exporting"):
        from aecodec.export.device.parity import FloatPair
    from aecodec.export.device.convert import export_half
    from aecodec.export.device.folder import device_files, latent_files

    level = options.levels[0] if options.levels else None
    tables = CTables(folder, level, options.priors) if options.has_tables else None
    with console.warnings_about(options.data):
        pictures = options.pictures(codec, shape)
        pair = FloatPair(folder, _channels(folder, pictures))
    exports = [
        export_half(pair, half, options.to, options.precision) for half in options.halves.members
    ]
    contents = {name: content for export in exports for name, content in export.files.items()}
    networks = [export.network for export in exports if export.network]
    if tables and options.to is Format.C:
        contents |= device_files(tables, pictures, networks)
    elif tables:
        contents |= latent_files(tables, pictures)
    return exports, contents


def _channels(folder: CodecFolder, pictures: npt.NDArray[Any]) -> Pixels:
    """Pictures as the networks take them; those of devices have the codec's limits."""
    if not folder.spec.bands:
        return pictures
    values, _ = folder.transfer.to_values(fit(folder.spec, Picture(pictures)).pixels)
    return to_phases(values, folder.spec.bands.phases)


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
