"""`aecodec decompress`: .aec files to images."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from aecodec.base.errors import AecodecError, UsageError
from aecodec.base.parallel import Workers
from aecodec.base.urls import is_url
from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import AEC_FILES, STANDARD, is_folder_at, real_path
from aecodec.cli.shared.file_io import (
    check_overwriting,
    read_bytes,
    restore_time,
    write_bytes,
    write_folder,
)
from aecodec.cli.shared.jobs import Job, folder_beside, is_folder, named_folder, plan
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file, load_codec, with_workers
from aecodec.format.container import Header
from aecodec.format.limits import Limits
from aecodec.image_files.formats import (
    LOSSY,
    NEEDS_QUALITY,
    SAMPLES_SUFFIXES,
    format_of,
    is_kept_by,
)
from aecodec.image_files.writing import encode_frames, format_to_write
from aecodec.imaging.picture import Picture
from aecodec.imaging.stacks import file_names, without_names
from aecodec.native.headers import read_header

_DEFAULT_SUFFIX = ".png"
_ENDING = "_decompressed"


class ImageFormat(str, Enum):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    AVIF = "avif"
    TIFF = "tiff"

    @property
    def suffix(self) -> str:
        return ".jpg" if self is ImageFormat.JPEG else f".{self.value}"


def decompress(
    inputs: options.AecFiles,
    out: options.Out = None,
    image_format: Annotated[
        ImageFormat | None, typer.Option("--format", help="Format of the decompressed images.")
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Quality of the JPEG, AVIF or lossy WebP files."),
    ] = None,
    codec: options.CodecName = None,
    max_pixels: options.MaxPixels = None,
    max_frames: options.MaxFrames = None,
    jobs: options.Jobs = None,
    skip_existing: options.SkipExisting = False,
    force: options.Force = False,
) -> None:
    """Decompress .aec files to images.

    Without -o, digit.aec becomes digit_decompressed.png, and the folder scans_aec becomes
    scans_aec_decompressed. Files in a folder regain the name and extension of their original.
    Originals in a lossy format, such as JPEG, become PNG files unless you use --quality.

    With -o, the extension of the output name selects the image format. A file with several
    pictures becomes a folder: -o NAME names this folder, and -o NAME/ creates it inside NAME.
    """
    options.check_skipping(skip_existing, force)
    formats = _OutputFormats(inputs, out, image_format, quality)
    formats.check()
    limits = Limits(max_pixels, max_frames)
    named_codec, folder = load_codec(codec) if codec else None, named_folder(inputs, out)
    decompression = _Decompression(named_codec, limits, formats, force, folder)
    console = Console(to_stderr=out == "-" or STANDARD in inputs)
    planned = plan(inputs, out, formats.rename, AEC_FILES)
    batch = BatchOptions(jobs, skip_existing)
    run_all(console, planned, decompression.decompress_file, batch)


@dataclass(frozen=True)
class _OutputFormats:
    """The image formats of the results; files in folders regain the suffix of their original."""

    inputs: Sequence[Path]
    out: str | None = None
    image_format: ImageFormat | None = None
    quality: int | None = None

    def check(self) -> None:
        """Raise UsageError if options contradict each other or a lossy format lacks a quality."""
        is_single_file = len(self.inputs) == 1 and not self._folders
        out = self.out if is_single_file and self.out and not is_folder(self.out) else ""
        named = Path(out).suffix
        if self.image_format and named and format_of(named) != format_of(self.image_format.suffix):
            raise UsageError(
                f"--format {self.image_format.value} contradicts the extension of -o {self.out}: "
                "use only one of them"
            )
        regains_suffix = self._folders and not self.image_format
        suffix = named or ("" if regains_suffix else self._suffix(None))
        if suffix.lower() in SAMPLES_SUFFIXES and not self.quality:
            return
        if suffix and format_to_write(suffix, self.quality) not in LOSSY and self.quality:
            raise UsageError(f"{suffix} is lossless: leave out --quality, or write .jpg files")

    def rename(self, path: Path) -> Path:
        """Path of the result for a file or folder, next to the source.

        `digit.aec` becomes `digit.png` in another folder, or `digit_decompressed.png` in its own,
        to keep the original. The folder `scans` becomes `scans_decompressed`. A file in a folder
        regains the suffix of its original; lossy formats require a quality.
        """
        if is_folder_at(path):
            return folder_beside(path, _ENDING)
        folder = next(iter(self._folders & set(path.parents)), None)
        header = _header_of(path)
        if not folder and header and not header.samples:
            header = None
        suffix = self._suffix(header)
        stem = path.stem
        if not (header and header.origin and header.origin.suffix != suffix):
            stem, suffix = _parted(stem, suffix)
        ending = _ENDING if self._stays_in(folder or path.parent, folder) else ""
        return path.with_name(stem + ending + suffix)

    def _stays_in(self, source: Path, folder: Path | None) -> bool:
        """Whether results go to the folder of their sources, an input if `folder` is given."""
        if self.out is None:
            return folder is None
        return real_path(Path(self.out)) == real_path(source)

    def suffix_for(self, target: Path, header: Header) -> str:
        is_named = target != STANDARD and target.suffix
        return target.suffix if is_named else self._suffix(header if header.samples else None)

    @cached_property
    def _folders(self) -> set[Path]:
        return {path for path in self.inputs if is_folder_at(path)}

    def _suffix(self, header: Header | None) -> str:
        """The suffix of the original, if its format may be written, or the default suffix."""
        default = self.image_format.suffix if self.image_format else _DEFAULT_SUFFIX
        if header and header.samples and not self.image_format:
            from aecodec.image_files.scientific import suffix_to_write  # only for codecs with bands

            return suffix_to_write(header.origin.suffix if header.origin else "")
        if header is None or header.origin is None:
            return default
        original = header.origin.suffix
        if self.image_format and format_of(original) != format_of(default):
            return default
        return original if is_kept_by(original, header.picture_mode, self.quality) else default


def _header_of(path: Path) -> Header | None:
    """Header of a file; None if it cannot be read now or again, because decoding reports errors."""
    try:
        can_be_read_twice = is_url(path) or path.is_file()
        return read_header(read_bytes(path)) if can_be_read_twice else None
    except (OSError, AecodecError):
        return None


def _parted(name: str, suffix: str) -> tuple[str, str]:
    """A name without its suffix, and the suffix with its case: `A.PNG.aec` becomes `A.PNG`."""
    stem, own = os.path.splitext(name)
    return (stem, own) if own.lower() == suffix.lower() else (name, suffix)


class _Decompression(NamedTuple):
    """The options of the command; `folder`, if it exists, is the result of a single input."""

    codec: Codec | None
    limits: Limits
    formats: _OutputFormats
    force: bool
    folder: Path | None

    def decompress_file(self, job: Job, console: Console, workers: Workers) -> None:
        data = read_bytes(job.source)
        header = read_header(data)
        target = self._target(job, 1 if header.samples else header.frames)
        check_overwriting(target, self.force)
        codec = with_workers(self.codec or codec_of_file(data), workers)
        picture = codec.decoder.decompress_picture(data, self.limits)
        with console.warnings_about(name_of(job)):
            picture, files = self._encoded(picture, self.formats.suffix_for(job.target, header))
        self._write(files, target, picture)
        console.result(f"{name_of(job)} -> {target}: {_description(picture, target)}")

    def _encoded(self, picture: Picture, suffix: str) -> tuple[Picture, dict[str, bytes]]:
        """The picture without the names of its frames, and the contents of its files by name."""
        if picture.layout is not None:
            from aecodec.image_files.scientific import write_samples  # only for codecs with bands

            return picture, {"": write_samples(picture, suffix)}
        picture, names = without_names(picture)
        encoded = encode_frames(picture, suffix, self.formats.quality)
        names = file_names(names, len(encoded), suffix.lower())
        return picture, dict(zip(names, encoded, strict=True))

    def _target(self, job: Job, frames: int) -> Path:
        """Path of the result: an image file, or a folder for several pictures."""
        if frames == 1:
            return job.target
        if job.target == STANDARD:
            raise UsageError(
                "standard output can hold only one picture, not several: name a folder with -o"
            )
        return self.folder or (job.target.with_suffix("") if job.target.suffix else job.target)

    def _write(self, files: dict[str, bytes], target: Path, picture: Picture) -> None:
        """Write an image file or a folder of images, with the timestamp of the original."""
        if len(files) == 1:
            [content] = files.values()
            write_bytes(target, content, self.force)
            restore_time(target, picture.origin)
            return
        write_folder(target, files, self.force)
        for name in files:
            restore_time(target / name, picture.origin)


def _description(picture: Picture, written: Path) -> str:
    width, height = picture.size
    frames = f"{picture.frames} pictures of " if picture.frames > 1 else ""
    bands, dtype = picture.pixels.shape[-1], picture.pixels.dtype.name
    mode = picture.mode.name if picture.layout is None else f"{bands} x {dtype}"
    original = picture.origin.suffix if picture.origin else ""
    is_lossy = format_of(original) in NEEDS_QUALITY and written.suffix == ".png"
    hint = f"; the original was {original} (--quality N writes {original})" if is_lossy else ""
    return f"{frames}{width}x{height} {mode}{hint}"
