"""Export of networks of a codec, and codecs from two models, for `aecodec export`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.file_io import add_to_folder, check_input, check_overwriting, write_bytes
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.cli.shared.lazy_tensorflow import tensorflow_for
from aecodec.cli.shared.pictures import open_pictures, reading_for
from aecodec.cli.shared.texts import codec_lines, loss_lines
from aecodec.codec.codec import Codec
from aecodec.codec.registry import load_codec
from aecodec.codec.samples import describe, fit, to_channels
from aecodec.codec_files.file_names import CODEC_FILES
from aecodec.codec_files.folder import CodecFolder, check_target
from aecodec.codec_files.spec import CodecSpec
from aecodec.data.samples import sample_paths
from aecodec.errors import ImageError, UsageError
from aecodec.export.device.options import Format, Halves, Precision
from aecodec.export.model_hints import ModelHints
from aecodec.imaging.picture import Picture
from aecodec.imaging.planes import to_planes
from aecodec.imaging.tiling import split

if TYPE_CHECKING:  # needs TensorFlow or loads slowly
    import numpy.typing as npt

    from aecodec.arrays import Pixels
    from aecodec.export.device.convert import Exported

DEFAULT_SIZE = "128x128"

_MAX_PICTURES, _MAX_PIXELS = 1000, 1 << 22


@dataclass(frozen=True)
class Output:
    """Output path of an export, a folder or the file of a bundle, and its console."""

    path: Path
    console: Console
    force: bool


@dataclass(frozen=True)
class ExportOptions:
    """Format and contents of an export, and the pictures for measurements and calibration.

    Attributes:
        precision: precision of TFLite models.
        levels: levels whose tables are exported. If empty, C and TFLite get the default level and
            a bundle all levels.
        priors: number of priors to keep in C; None for all.
        data: a folder of images, or a file with an array; None for the sample digits.
        size: size of the pictures as WIDTHxHEIGHT, for codecs that accept any size; None for the
            default.
        bands_first: whether the bands of arrays come before their rows.
        report: file for the measurements as JSON; None to write none.
    """

    to: Format
    precision: Precision
    halves: Halves
    levels: tuple[float, ...]
    priors: int | None
    data: Path | None
    size: str | None
    bands_first: bool
    report: Path | None

    @property
    def is_for_codecs(self) -> bool:
        """Whether an option is set that only exporting a codec supports."""
        defaults = (Format.TFLITE, Precision.INT8, Halves.BOTH, (), None, None)
        stated = (self.to, self.precision, self.halves, self.levels, self.size, self.report)
        return stated != defaults

    @property
    def has_tables(self) -> bool:
        """Whether the folder has the tables of a level, for C or next to int8 TFLite models."""
        return self.to is Format.C or (self.to, self.precision) == (Format.TFLITE, Precision.INT8)

    def check(self) -> None:
        """Raise UsageError if the options contradict each other."""
        if self.to is not Format.TFLITE and self.precision is not Precision.INT8:
            raise UsageError(f"--quantize {self.precision.value} needs --format tflite")
        if self.levels and not (self.has_tables or self.to is Format.BUNDLE):
            raise UsageError("--level needs --format c, bundle, or tflite with int8")
        if self.to is not Format.C and self.priors:
            raise UsageError("--priors needs --format c")
        if self.has_tables and len(self.levels) > 1:
            raise UsageError(
                f"--format {self.to.value} exports a single level: repeat the command for each "
                "level"
            )
        if self.to is Format.BUNDLE and (self.data or self.size or self.report):
            raise UsageError("--calibrate, --size and --report cannot be used with --format bundle")

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
        size = self.size or DEFAULT_SIZE
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


def export_codec(
    name: str, options: ExportOptions, output: Output, custom_objects: Sequence[str]
) -> None:
    """Export the networks of a codec, and print their difference from the float networks.

    Custom classes and functions of the models are named MODULE:CLASS. Raises UsageError if the
    options contradict each other, or do not suit the codec.
    """
    options.check()
    if options.data:
        check_input(options.data)
    if options.report:
        check_overwriting(options.report, output.force)
    codec = load_codec(name)
    for level in options.levels:
        codec.spec.check_level(level)
    if options.to is Format.BUNDLE:
        _write_bundle(codec.folder, options, output)
        return
    with tensorflow_for("exporting"):
        from aecodec.keras_models.model_files import register_custom_objects
    register_custom_objects(custom_objects)
    exports, contents = _exported(codec, options, output.console)
    add_to_folder(output.path, contents, output.force)
    if options.report:
        rows = [asdict(export.parity) for export in exports]
        write_bytes(options.report, json.dumps(rows, indent=1).encode() + b"\n", output.force)
    for export in exports:
        output.console.result(
            export.network.as_text() if export.network else export.parity.as_text()
        )


def _write_bundle(folder: CodecFolder, options: ExportOptions, output: Output) -> None:
    """Write a codec as a bundle. This does not need TensorFlow."""
    from aecodec.engine.bundle import bundle, plans_of

    check_overwriting(output.path, output.force)
    content = bundle(folder, plans_of(folder, options.halves.members), options.levels)
    write_bytes(output.path, content, output.force)
    output.console.result(f"{output.path}: {len(content)} bytes")


def _exported(
    codec: Codec, options: ExportOptions, console: Console
) -> tuple[Sequence[Exported], dict[str, bytes]]:
    """The exported halves, and the contents of all files by name."""
    folder, shape = codec.folder, options.shape_for(codec.spec)
    with tensorflow_for("exporting"):
        from aecodec.export.device.parity import FloatPair
    from aecodec.engine.c_tables import CTables
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
    """Pictures as the networks take them."""
    if not folder.spec.bands:
        return pictures
    picture = fit(folder.spec, Picture(pictures))
    samples = describe(folder, picture)._replace(limits=None)  # devices have the codec's limits
    return to_channels(folder, picture, samples)


def export_pair(
    encoder: Path,
    decoder: Path,
    data: Path,
    output: Output,
    custom_objects: Sequence[str],
    hints: ModelHints,
    **counts: Any,
) -> None:
    """Make a codec folder from two models, and print a description of the codec.

    The counts are `tile`, `levels` and `priors` of
    :func:`aecodec.export.from_keras.codec_from_keras`. Raises InputError if a file does not exist
    or cannot be read, UsageError if the folder contains a codec and the output is without `force`,
    and AecodecError if it cannot be written.
    """
    for path in (encoder, decoder, data):
        check_input(path)
    check_not_sources([output.path / name for name in CODEC_FILES], (encoder, decoder))
    name = output.path.resolve().name
    check_target(output.path, name, replace=output.force)
    with tensorflow_for("exporting"):
        from aecodec.export.from_keras import codec_from_keras
        from aecodec.keras_models.model_files import load_model, register_custom_objects
    register_custom_objects(custom_objects)
    with output.console.messages_as_they_come():
        codec = codec_from_keras(
            load_model(encoder),
            load_model(decoder),
            data,
            output.path,
            name=name,
            hints=hints,
            replace=output.force,
            **counts,
        )
    output.console.result([*codec_lines(codec), *loss_lines(codec)])
