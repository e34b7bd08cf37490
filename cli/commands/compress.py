"""`aecodec compress`: images to .aec files."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, Optional

import typer

from aecodec.cli.batch.outcome import LeftAlone
from aecodec.cli.batch.run import Manner, run_all
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.files import check_overwriting, write_bytes
from aecodec.cli.shared.found import IMAGES, STANDARD, Source, expand, is_folder_at
from aecodec.cli.shared.jobs import Job, check_not_sources, folder_beside, is_folder, plan
from aecodec.cli.shared.options import (
    CodecOrAuto,
    Depth,
    Force,
    Jobs,
    Json,
    LevelNumber,
    ManifestFile,
    MaxPixels,
    Out,
    Quiet,
    Scheduler,
    SkipExisting,
    WhichFrames,
    check_skipping,
)
from aecodec.cli.shared.pictures import read_picture
from aecodec.codec.codec import Codec
from aecodec.codec.registry import AUTO, codec_for, load_codec, with_workers
from aecodec.errors import AecodecError, AecodecWarning, UsageError, errors_about
from aecodec.evaluation.report import report
from aecodec.format.container import Mode
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.options import Frames, ReadOptions
from aecodec.imaging.picture import Picture
from aecodec.imaging.stacks import Metadata, shared_metadata, stacked
from aecodec.metrics import check_ssimulacra2
from aecodec.parallel import Workers
from aecodec.urls import place

if TYPE_CHECKING:  # which a call without packs need not load
    from aecodec.cli.batch.packs import Pack

_CONVERTED = "the stack keeps no colour profile: pictures that have one were converted to sRGB"


def compress(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...",
            parser=place,
            help="Images, folders of images, or - for standard input.",
        ),
    ],
    out: Out = None,
    codec: CodecOrAuto = AUTO,
    level: LevelNumber = None,
    max_bytes: Annotated[
        Optional[int],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Option("--max-bytes", min=1, help="Make the best file of at most this many bytes."),
    ] = None,
    min_psnr: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            "--min-psnr", metavar="DB", help="Make the smallest file of at least this PSNR."
        ),
    ] = None,
    min_ssimulacra2: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            "--min-ssimulacra2",
            metavar="SCORE",
            help="Make the smallest file of at least this score by SSIMULACRA2: 30 is low quality, "
            "50 medium, 70 high. Needs pip install 'aecodec[perceptual]'.",
        ),
    ] = None,
    is_stack: Annotated[
        bool, typer.Option("--stack", help="Put images of one size into one file.")
    ] = False,
    pack: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--stacks-of",
            min=1,
            metavar="N",
            help="Put every N images into one file for each size among them, in the folder -o; "
            "the manifest tells which is where. For small pictures, such as digits.",
        ),
    ] = None,
    metadata: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option(
            "--metadata/--no-metadata",
            help="Keep ICC profile, EXIF (including GPS) and XMP, and the names in a stack. "
            "Default: kept, except for pictures of one tile, such as digits, and with --max-bytes.",
        ),
    ] = None,
    depth: Depth = None,
    max_pixels: MaxPixels = None,
    frames: WhichFrames = Frames.FIRST,
    skip_larger: Annotated[
        bool,
        typer.Option(
            "--skip-larger", help="Make no .aec file where it would be larger than its source."
        ),
    ] = False,
    jobs: Jobs = None,
    skip_existing: SkipExisting = False,
    manifest: ManifestFile = None,
    scheduler: Scheduler = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compress images to .aec files.

    Without -o, digit.png becomes digit.aec beside it, and the folder scans becomes scans_aec.
    Prints the bytes, how many times smaller they are than the source file and than raw pixels,
    the bits per pixel, and the PSNR of what the file decodes to. With a codec of one tile size,
    such as digits, a larger picture is cut into tiles. With --max-bytes a picture may be coded at
    fewer pixels; it is decoded to its own size.
    """
    sought = (level, max_bytes, min_psnr, min_ssimulacra2)
    if sought.count(None) < 3:
        raise UsageError("--level, --max-bytes, --min-psnr and --min-ssimulacra2: give one of them")
    if min_ssimulacra2 is not None:
        check_ssimulacra2()
    check_skipping(skip_existing, force, scheduler)
    given = None if codec == AUTO else load_codec(codec)
    if given:
        given.spec.check_level(level)
    console = Console(quiet, as_json, to_stderr=out == "-" or STANDARD in inputs)
    options = ReadOptions(depth, max_pixels, frames)
    work = _Compression(given, *sought, metadata, options, skip_larger, force)
    manner = Manner(jobs, skip_existing, manifest, scheduler)
    if is_stack:
        stack = [_Stack(inputs, _stack_target(inputs, out))]
        run_all(console, stack, work.compress_stack, manner)
    elif pack:
        from aecodec.cli.batch.packs import packs_of

        _check_packing(out, manifest, frames)
        if skip_existing or skip_larger:
            raise UsageError("--stacks-of takes all pictures: give --force, and no --skip option")
        packs = packs_of(expand(inputs, IMAGES), pack, place(out or ""))
        run_all(console, packs, work.compress_pack, manner)
    else:
        planned = plan(inputs, out, _rename, IMAGES)
        run_all(console, planned, work.compress_one, manner)


@dataclass(frozen=True)
class _Stack:
    """Files of which one is made."""

    inputs: Sequence[Path]
    target: Path

    def __str__(self) -> str:
        return str(self.target)


@dataclass(frozen=True)
class _Read:
    """A picture that was read, and the size of its file in bytes."""

    path: Path
    picture: Picture
    size: int


@dataclass(frozen=True)
class _Content:
    """What one file is made of.

    Attributes:
        name: its name in messages.
        picture: the picture, or several of one size.
        size: bytes of the files that were read.
        sources: names of the pictures of a pack, in the order of the frames.
    """

    name: str
    picture: Picture
    size: int
    sources: Sequence[str] = ()


@dataclass(frozen=True)
class _Compression:
    """How files are compressed; an attribute is an option of the command."""

    codec: Codec | None
    level: float | None
    max_bytes: int | None
    min_psnr: float | None
    min_ssimulacra2: float | None
    metadata: bool | None
    options: ReadOptions
    skip_larger: bool
    force: bool

    def compress_one(self, job: Job, console: Console, workers: Workers) -> None:
        """Compress one file."""
        check_overwriting(job.target, self.force)
        picture, size = read_picture(job.source, console, self.options)
        self._write(_Content(name_of(job), picture, size), job.target, console, workers)

    def compress_stack(self, job: _Stack, console: Console, workers: Workers) -> None:
        """Compress several files to one."""
        sources = expand(job.inputs, IMAGES)
        check_not_sources([job.target], [source.path for source in sources])
        check_overwriting(job.target, self.force)
        read = []
        for source in sources:
            with errors_about(name_of(source)):
                read.append(self._read(source, console))
        self._write(self._stacked(read, console), job.target, console, workers)

    def compress_pack(self, pack: Pack, console: Console, workers: Workers) -> None:
        """Compress the pictures of a pack, each kind to one file; one that cannot be read fails.

        Raises:
            AecodecError: some of the pictures failed, which were named.
        """
        check_overwriting(pack.target, self.force)
        kinds: dict[tuple[Mode, tuple[int, int]], list[_Read]] = {}
        failed = 0
        for source in pack.sources:
            try:
                read = self._read(source, console)
            except AecodecError as error:
                console.error(name_of(source), error)
                failed += 1
            else:
                kinds.setdefault((read.picture.mode, read.picture.size), []).append(read)
        for number, alike in enumerate(kinds.values()):
            sources = [name_of(read.path) for read in alike]
            content = replace(self._stacked(alike, console), sources=sources)
            self._write(content, pack.target_of(number), console, workers)
        if failed:
            raise AecodecError(f"{failed} of {len(pack.sources)} pictures are not in it")

    def _read(self, source: Source, console: Console) -> _Read:
        source.check()
        return _Read(source.path, *read_picture(source.path, console, self.options))

    def _stacked(self, read: Sequence[_Read], console: Console) -> _Content:
        name, pictures = f"{len(read)} pictures", [each.picture for each in read]
        with console.warnings_about(name):
            shared = shared_metadata(pictures, self.metadata)
            coded = _in_shared_colours(pictures, shared)
            whole = stacked([each.path for each in read], coded, shared, self.metadata)
        return _Content(name, whole, sum(each.size for each in read))

    def _write(self, content: _Content, target: Path, console: Console, workers: Workers) -> None:
        name, picture = content.name, content.picture
        codec = with_workers(self.codec or codec_for(picture), workers)
        with console.warnings_about(name):
            compressed = codec.compress_picture(
                picture,
                level=self.level,
                max_bytes=self.max_bytes,
                min_psnr=self.min_psnr,
                min_ssimulacra2=self.min_ssimulacra2,
                metadata=self.metadata,
            )
            if self.skip_larger and len(compressed.data) > content.size:
                _leave_alone(name, len(compressed.data), content.size, console)
            measured = report(codec, picture, compressed, content.size)
        write_bytes(target, compressed.data, self.force)
        console.result(
            f"{name} -> {target}: {measured.as_text()}",
            {
                "source": name,
                "file": str(target),
                "width": picture.size[0],
                "height": picture.size[1],
                **measured.as_json(),
                **({"sources": content.sources} if content.sources else {}),
            },
        )


def _in_shared_colours(pictures: Sequence[Picture], shared: Metadata) -> list[Picture]:
    """Pictures as they are coded with the metadata of a stack; a warning says if they change."""
    coded = [in_kept_colours(picture, shared) for picture in pictures]
    if any(new.pixels is not old.pixels for new, old in zip(coded, pictures, strict=True)):
        warnings.warn(_CONVERTED, AecodecWarning, stacklevel=2)
    return coded


def _leave_alone(name: str, size: int, source_size: int, console: Console) -> NoReturn:
    console.result(
        f"{name}: left alone, as {size} bytes would be larger than its {source_size}",
        {"source": name, "file": None, "bytes": size, "source_bytes": source_size},
    )
    raise LeftAlone


def _rename(path: Path) -> Path:
    """Name of the result: digit.png to digit.aec, the folder scans to scans_aec."""
    return folder_beside(path, "_aec") if is_folder_at(path) else path.with_suffix(".aec")


def _check_packing(out: str | None, manifest: Path | None, frames: Frames) -> None:
    """Check that pictures can be found again in the files of packs.

    Raises:
        UsageError: they could not.
    """
    if out is None or out == "-":
        raise UsageError("--stacks-of needs -o, the folder of the files that it makes")
    if manifest is None:
        raise UsageError("--stacks-of needs --manifest, which tells where each picture is")
    if frames is not Frames.FIRST:
        raise UsageError("--stacks-of takes one picture of each file: leave out --frames")


def _stack_target(inputs: list[Path], out: str | None) -> Path:
    if out is None:
        if len(inputs) == 1 and is_folder_at(inputs[0]):
            return folder_beside(inputs[0], ".aec")
        raise UsageError("--stack needs -o, the name of the one file that it makes")
    if is_folder(out):
        raise UsageError(f"--stack makes one file, and {out} is a folder: name a file with -o")
    return place(out)
