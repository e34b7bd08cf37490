"""`aecodec decompress`: .aec files to images."""

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared import bare, options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import AEC_FILES, STANDARD
from aecodec.cli.shared.file_io import (
    check_overwriting,
    read_bytes,
    restore_time,
    write_bytes,
    write_folder,
)
from aecodec.cli.shared.jobs import Job, named_folder, plan
from aecodec.cli.shared.output_formats import ImageFormat, OutputFormats
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file, load_codec, with_workers
from aecodec.errors import UsageError
from aecodec.format import container
from aecodec.format.limits import Limits
from aecodec.image_files.formats import NEEDS_QUALITY, format_of
from aecodec.image_files.writing import encode_frames
from aecodec.imaging.picture import Picture
from aecodec.imaging.stacks import file_names, without_names
from aecodec.parallel import Workers
from aecodec.urls import path_or_url


def decompress(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...",
            parser=path_or_url,
            help=".aec files, folders of .aec files, or - for standard input.",
        ),
    ],
    out: options.Out = None,
    image_format: Annotated[
        ImageFormat | None, typer.Option("--format", help="Image format of the results.")
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="Quality for lossy formats. Without it, WebP is written losslessly, and JPEG and "
            "AVIF are not written.",
        ),
    ] = None,
    codec: options.CodecName = None,
    base_only: Annotated[
        bool,
        typer.Option(
            "--base-only",
            help="Decode only the picture before the refinements of --max-error, which is faster.",
        ),
    ] = False,
    is_bare: bare.Bare = False,
    checksum: bare.Checksum = False,
    text: bare.Text = None,
    max_pixels: options.MaxPixels = None,
    max_frames: options.MaxFrames = None,
    jobs: options.Jobs = None,
    skip_existing: options.SkipExisting = False,
    manifest: options.ManifestFile = None,
    scheduler: options.Scheduler = None,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Decompress .aec files to images.

    Without -o, digit.aec becomes digit_decompressed.png in the same folder, and the folder
    scans_aec becomes scans_aec_decompressed. Files in a folder regain the name and extension of
    their original. Originals in a lossy format become PNG unless you give --quality. The original
    timestamp is restored if the .aec file stores it.

    With -o, the extension of the name selects the image format. A file with several pictures
    becomes a folder, and the pictures regain their original names if the file stores them.
    -o NAME writes the pictures to the folder NAME; -o NAME/ creates a folder for them inside NAME.

    Built-in codecs are selected by the id in the file. For other codecs, give the codec folder
    with --codec. Bare payloads need --bare and --codec, and the options --checksum and --text with
    which they were compressed. In a folder, --bare reads files named .bin, or .txt with --text.
    """
    options.check_skipping(skip_existing, force, scheduler)
    form = bare.form_of(is_bare, checksum, text)
    if form and not codec:
        raise UsageError("bare payloads do not state their codec: name it with --codec")
    formats = OutputFormats(inputs, out, image_format, quality)
    formats.check()
    limits = Limits(max_pixels, max_frames)
    named_codec, folder = load_codec(codec) if codec else None, named_folder(inputs, out)
    decompression = _Decompression(named_codec, limits, formats, force, folder, base_only, form)
    console = Console(quiet, as_json, to_stderr=out == "-" or STANDARD in inputs)
    planned = plan(inputs, out, formats.rename, form.kind if form else AEC_FILES)
    run_all(
        console,
        planned,
        decompression.decompress_file,
        BatchOptions(jobs, skip_existing, manifest, scheduler),
    )


class _Decompression(NamedTuple):
    """The options of `aecc decompress`.

    `folder` is the folder for the pictures of a single input, if `-o` names an existing folder.
    """

    codec: Codec | None
    limits: Limits
    formats: OutputFormats
    force: bool
    folder: Path | None
    base_only: bool
    bare: bare.BareForm | None

    def decompress_file(self, job: Job, console: Console, workers: Workers) -> None:
        """Decompress one file."""
        data = read_bytes(job.source)
        if self.bare and self.codec:
            data = self.bare.file(self.codec, data)
        header = container.unpack(data)[0]
        target = self._target(job, 1 if header.samples else header.frames)
        check_overwriting(target, self.force)
        codec = with_workers(self.codec or codec_of_file(data), workers)
        picture = codec.decoder.decompress_picture(data, self.limits, self.base_only)
        with console.warnings_about(name_of(job)):
            picture, files = self._encoded(picture, self.formats.suffix_for(job.target, header))
        self._write(files, target, picture)
        _report(console, job, target, picture, sum(map(len, files.values())))

    def _encoded(self, picture: Picture, suffix: str) -> tuple[Picture, dict[str, bytes]]:
        """The picture without the names of its frames, and the contents of its files by name."""
        if picture.layout is not None:
            from aecodec.image_files.samples import write_samples  # only for codecs with bands

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
                "standard output takes one picture, but the file holds several: name a folder "
                "with -o"
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


def _report(console: Console, job: Job, written: Path, picture: Picture, size: int) -> None:
    width, height = picture.size
    frames = f"{picture.frames} pictures of " if picture.frames > 1 else ""
    bands, dtype = picture.pixels.shape[-1], picture.pixels.dtype.name
    mode = picture.mode.name if picture.layout is None else None
    console.result(
        f"{name_of(job)} -> {written}: {frames}{width}x{height} {mode or f'{bands} x {dtype}'}"
        f"{_original_extension(picture, written)}",
        {
            "source": str(job.source),
            "file": str(written),
            "bytes": size,
            "width": width,
            "height": height,
            "mode": mode,
            **({} if mode else {"bands": bands, "type": dtype}),
            "frames": picture.frames,
            "source_suffix": picture.origin.suffix if picture.origin else None,
        },
    )


def _original_extension(picture: Picture, written: Path) -> str:
    """A hint how to restore the original extension, if a lossy original became PNG."""
    original = picture.origin.suffix if picture.origin else written.suffix
    is_lossy = format_of(original) in NEEDS_QUALITY and written.suffix == ".png"
    return f", was {original} (--quality N restores that)" if is_lossy else ""
