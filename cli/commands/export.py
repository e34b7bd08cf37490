"""`aecodec export`: export the networks of a codec."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aecodec.base.errors import ImageError, UsageError
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.file_io import add_to_folder, check_input, check_overwriting, write_bytes
from aecodec.cli.shared.pictures import open_pictures, reading_for
from aecodec.codec.acceptance import fit
from aecodec.codec.codec import Codec
from aecodec.codec.registry import load_codec
from aecodec.codec_files.codec_file import NETWORKS, SectionKind, pack_codec, without
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec, nearest_level
from aecodec.data.samples import sample_paths
from aecodec.export.device.options import Format, Halves
from aecodec.export.device.tables import CTables
from aecodec.imaging.tiling import split, to_planes

if TYPE_CHECKING:  # loads slowly
    import numpy.typing as npt

_DEFAULT_SIZE = "128x128"


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """The options of `aecodec export`; by default, C has one level, and codec files all."""

    codec: options.CodecArgument
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            readable=False,
            help="Output folder or, with --format codec, output file.",
        ),
    ]
    to: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.TFLITE
    halves: Annotated[Halves, typer.Option("--half", help="Networks to export.")] = Halves.BOTH
    levels: Annotated[
        list[float] | None,
        typer.Option(
            "-q",
            "--level",
            help="With --format c: level of the exported tables. Default: the codec's default "
            "level. With --format codec: level to keep; repeat for more. Default: all levels.",
        ),
    ] = None
    data: Annotated[
        Path | None,
        typer.Option(
            "--calibrate",
            metavar="DATA",
            readable=False,
            help="With --format c: a folder of images, or an .npz or .npy file; its first picture "
            "becomes the exported sample. Default for codecs with a fixed size: a sample digit.",
        ),
    ] = None
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WxH",
            help="With --format c, for codecs that accept any size: size of the pictures. "
            f"Default: {_DEFAULT_SIZE}.",
        ),
    ] = None
    force: options.Force = False
    quiet: options.Quiet = False

    def check(self) -> None:
        """Raise UsageError if options contradict each other, InputError if the data is missing."""
        if self.to is not Format.C and (self.data or self.size):
            raise UsageError("use --calibrate and --size only with --format c")
        if self.levels and self.to not in (Format.C, Format.CODEC):
            raise UsageError("use --level only with --format c or --format codec")
        if self.to is Format.C and len(self.levels or []) > 1:
            raise UsageError("--format c exports a single level: repeat the command for each level")
        if self.data:
            check_input(self.data)

    def shape_for(self, spec: CodecSpec) -> tuple[int, int]:
        """(height, width) of the pictures; UsageError for a wrong size or no pictures."""
        if not spec.receptive_field:
            if self.size:
                raise UsageError(
                    f"codec {spec.name} accepts only pictures of its tile size: leave out --size"
                )
            return spec.tile
        size = self.size or _DEFAULT_SIZE
        match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", size)
        if not match or int(match[2]) % spec.tile[0] or int(match[1]) % spec.tile[1]:
            raise UsageError(
                f"--size {size}: use WIDTHxHEIGHT such as 256x128; the width must be a "
                f"multiple of {spec.tile[1]}, and the height a multiple of {spec.tile[0]}"
            )
        if not self.data:
            raise UsageError("this codec accepts any size: pass sample pictures with --calibrate")
        return int(match[2]), int(match[1])

    def sample(self, codec: Codec) -> npt.NDArray[Any]:
        """A uint8 picture (1, h, w, C); UsageError or ImageError if there is none."""
        spec, reading = codec.spec, reading_for(codec)
        shape = self.shape_for(spec)
        dataset = open_pictures(self.data or sample_paths()[0].parent, None, reading)
        for picture in dataset:
            pixels = fit(spec, picture).pixels
            return split(to_planes(pixels, spec.channels), shape)[:1]
        raise ImageError(f"{self.data}: none of the pictures can be read")


@options.takes(ExportOptions)
def export(chosen: ExportOptions) -> None:
    """Export the networks of a codec to TFLite, Keras or C, or make a smaller codec file.

    tflite: int8 models for TensorFlow Lite. hdf5: float networks for Keras. c: a folder of C code,
    ready to compile, that writes and reads .aec files. codec: the codec file with only the levels
    and networks that you choose. For details, see the page "On a device" in the documentation.
    """
    chosen.check()
    codec, console = load_codec(chosen.codec), Console(chosen.quiet)
    for level in chosen.levels or []:
        codec.spec.check_level(level)
    if chosen.to is Format.CODEC:
        _write_codec(codec.folder, chosen, console)
    elif chosen.to is Format.C:
        _write_c(codec, chosen, console)
    else:
        files = [f"{half.value}.{chosen.to.value}" for half in chosen.halves.members]
        contents = {file: codec.folder.read(file) for file in files}
        add_to_folder(chosen.out, contents, chosen.force)
        console.result([f"{file}: {len(content)} bytes" for file, content in contents.items()])


def _write_c(codec: Codec, chosen: ExportOptions, console: Console) -> None:
    from aecodec.export.device.folder import device_files

    with console.warnings_about(chosen.data):
        sample = chosen.sample(codec)
    tables = CTables(codec.folder, chosen.levels[0] if chosen.levels else None)
    networks, contents = device_files(tables, sample, chosen.halves.members)
    add_to_folder(chosen.out, contents, chosen.force)
    console.result([network.as_text() for network in networks])


def _write_codec(folder: CodecFolder, chosen: ExportOptions, console: Console) -> None:
    check_overwriting(chosen.out, chosen.force)
    levels = chosen.levels or range(1, len(folder.spec.levels) + 1)
    numbers = {nearest_level(folder.spec.level_index(level)) for level in levels}
    left_out = [NETWORKS[half] for half in Half if half not in chosen.halves.members]
    sections = folder.sections
    kept = [
        item
        for item in sections
        if item.kind not in left_out and (item.kind != SectionKind.LEVEL or item.level in numbers)
    ]
    content = pack_codec(folder.spec, folder.rdoq, without(sections, keeps=kept))
    write_bytes(chosen.out, content, chosen.force)
    console.result(f"{chosen.out}: {len(content)} bytes")
