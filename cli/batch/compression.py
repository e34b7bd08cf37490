"""Compression of a picture or a stack to `.aec` files, for `aecodec compress`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aecodec.cli.shared.bare import BareForm
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import IMAGES, Source, expand
from aecodec.cli.shared.file_io import check_overwriting, write_bytes
from aecodec.cli.shared.jobs import Job, check_not_sources
from aecodec.cli.shared.pictures import read_picture
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_for, with_workers
from aecodec.codec.target import Target
from aecodec.errors import errors_about, warn
from aecodec.evaluation.report import report
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.picture import Picture
from aecodec.parallel import Workers

if TYPE_CHECKING:  # loaded only for stacks
    from aecodec.imaging.stacks import Metadata

_CONVERTED = "the stack keeps no colour profile: pictures that have one were converted to sRGB"


class Stack(NamedTuple):
    """Pictures to put into one file."""

    inputs: Sequence[Path]
    target: Path

    def __str__(self) -> str:
        return str(self.target)


class _Member(NamedTuple):
    """A picture of a stack, and the size of its file in bytes."""

    path: Path
    picture: Picture
    size: int


class Compression(NamedTuple):
    """The options of a command that compresses pictures."""

    codec: Codec | None
    target: Target
    metadata: bool | None
    options: ReadOptions
    force: bool
    bare: BareForm | None = None

    def compress_file(self, job: Job, console: Console, workers: Workers) -> None:
        """Compress one file."""
        check_overwriting(job.target, self.force)
        picture, size = read_picture(job.source, console, self.options)
        self._write(name_of(job), picture, size, job.target, console, workers)

    def compress_stack(self, job: Stack, console: Console, workers: Workers) -> None:
        """Compress several files to one."""
        sources = expand(job.inputs, IMAGES)
        check_not_sources([job.target], [source.path for source in sources])
        check_overwriting(job.target, self.force)
        members = []
        for source in sources:
            with errors_about(name_of(source)):
                members.append(self._read(source, console))
        self._write_stack(members, job.target, console, workers)

    def _read(self, source: Source, console: Console) -> _Member:
        if source.problem:
            raise source.problem
        return _Member(source.path, *read_picture(source.path, console, self.options))

    def _write_stack(
        self, members: Sequence[_Member], target: Path, console: Console, workers: Workers
    ) -> None:
        from aecodec.imaging.stacks import shared_metadata, stacked

        name = "1 picture" if len(members) == 1 else f"{len(members)} pictures"
        pictures = [member.picture for member in members]
        with console.warnings_about(name):
            shared = shared_metadata(pictures, self.metadata)
            coded = _in_shared_colours(pictures, shared)
            stack = stacked([member.path for member in members], coded, shared, self.metadata)
        size = sum(member.size for member in members)
        self._write(name, stack, size, target, console, workers)

    def _write(
        self,
        name: str,
        picture: Picture,
        source_size: int,
        target: Path,
        console: Console,
        workers: Workers,
    ) -> None:
        """Compress a picture or a stack, and print the result."""
        codec = with_workers(self.codec or codec_for(picture), workers)
        with console.warnings_about(name):
            compressed = codec.compress_picture(picture, self.target, metadata=self.metadata)
            stored = compressed.data
            if self.bare:
                stored = codec.to_bare(stored, checksum=self.bare.checksum)
            size = len(stored)
            measured = report(codec, picture, compressed, source_size, size)
        write_bytes(target, self.bare.content(stored) if self.bare else stored, self.force)
        console.result(
            f"{name} -> {target}: {measured.as_text()}",
            {
                "source": name,
                "file": str(target),
                "width": picture.size[0],
                "height": picture.size[1],
                **measured.as_json(),
            },
        )


def _in_shared_colours(pictures: Sequence[Picture], shared: Metadata) -> list[Picture]:
    """Pictures converted to the colours of a stack; warns if the conversion changes any of them."""
    coded = [in_kept_colours(picture, shared) for picture in pictures]
    if any(new.pixels is not old.pixels for new, old in zip(coded, pictures, strict=True)):
        warn(_CONVERTED)
    return coded
