"""Compression of a picture, a stack or a pack to `.aec` files, for `aecodec compress`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aecodec.cli.shared.bare import BareForm
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import IMAGES, Source, expand, in_unicode
from aecodec.cli.shared.file_io import check_overwriting, write_bytes
from aecodec.cli.shared.jobs import Job, check_not_sources
from aecodec.cli.shared.pictures import read_picture
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_for, with_workers
from aecodec.codec.target import Target
from aecodec.errors import AecodecError, errors_about, warn
from aecodec.evaluation.report import report
from aecodec.format.container import Mode
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.picture import Picture
from aecodec.parallel import Workers

if TYPE_CHECKING:  # loaded only for packs and stacks
    from aecodec.imaging.stacks import Metadata

_CONVERTED = "the stack keeps no colour profile: pictures that have one were converted to sRGB"


class Stack(NamedTuple):
    """Pictures to put into one file."""

    inputs: Sequence[Path]
    target: Path

    def __str__(self) -> str:
        return str(self.target)


@dataclass(frozen=True)
class Pack:
    """Pictures that are compressed together, with one file per mode and size.

    `target` is the file for the first mode and size.
    """

    sources: Sequence[Source]
    target: Path

    def __str__(self) -> str:
        return str(self.target)

    def target_of(self, number: int) -> Path:
        """The file for the mode and size with this number, from 0.

        >>> pack = Pack([], Path("out/00007.aec"))
        >>> pack.target_of(0).name, pack.target_of(1).name
        ('00007.aec', '00007_1.aec')
        """
        if not number:
            return self.target
        return self.target.with_name(f"{self.target.stem}_{number}{self.target.suffix}")

    def result_named(self, target: str | None) -> Path | None:
        """The result with this name; None if the pack cannot make a file with this name."""
        results = map(self.target_of, range(len(self.sources)))
        return next((result for result in results if in_unicode(str(result)) == target), None)


def packs_of(sources: Sequence[Source], count: int, folder: Path) -> list[Pack]:
    """Divide pictures into packs in order; the last may have fewer than `count` pictures.

    Raises UsageError if a result would overwrite one of the pictures.

    >>> packs = packs_of([Source(Path(f"{number}.png")) for number in range(5)], 2, Path("out"))
    >>> [(str(pack), len(pack.sources)) for pack in packs]
    [('out/00000.aec', 2), ('out/00001.aec', 2), ('out/00002.aec', 1)]
    """
    starts = range(0, len(sources), count)
    packs = [
        Pack(sources[start : start + count], folder / f"{number:05}.aec")
        for number, start in enumerate(starts)
    ]
    check_not_sources([pack.target for pack in packs], [source.path for source in sources])
    return packs


class _Member(NamedTuple):
    """A picture of a stack or pack, and the size of its file in bytes."""

    path: Path
    picture: Picture
    size: int


class Compression(NamedTuple):
    """The options of a command that compresses pictures."""

    codec: Codec | None
    target: Target
    metadata: bool | None
    options: ReadOptions
    skip_larger: bool
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

    def compress_pack(self, pack: Pack, console: Console, workers: Workers) -> None:
        """Compress the pictures of a pack to one file per mode and size.

        Pictures that cannot be read are reported and skipped; an AecodecError at the end counts
        them.
        """
        check_overwriting(pack.target, self.force)
        groups: dict[tuple[Mode, tuple[int, int]], list[_Member]] = {}
        failed = 0
        for source in pack.sources:
            try:
                member = self._read(source, console)
            except AecodecError as error:
                console.error(name_of(source), error)
                failed += 1
            else:
                groups.setdefault((member.picture.mode, member.picture.size), []).append(member)
        for number, members in enumerate(groups.values()):
            sources = [name_of(member.path) for member in members]
            self._write_stack(members, pack.target_of(number), console, workers, sources=sources)
        if failed:
            raise AecodecError(f"{failed} of {len(pack.sources)} pictures failed and are missing")

    def _read(self, source: Source, console: Console) -> _Member:
        if source.problem:
            raise source.problem
        return _Member(source.path, *read_picture(source.path, console, self.options))

    def _write_stack(
        self,
        members: Sequence[_Member],
        target: Path,
        console: Console,
        workers: Workers,
        **values: Sequence[str],
    ) -> None:
        from aecodec.imaging.stacks import shared_metadata, stacked

        name = "1 picture" if len(members) == 1 else f"{len(members)} pictures"
        pictures = [member.picture for member in members]
        with console.warnings_about(name):
            shared = shared_metadata(pictures, self.metadata)
            coded = _in_shared_colours(pictures, shared)
            stack = stacked([member.path for member in members], coded, shared, self.metadata)
        size = sum(member.size for member in members)
        self._write(name, stack, size, target, console, workers, **values)

    def _write(
        self,
        name: str,
        picture: Picture,
        source_size: int,
        target: Path,
        console: Console,
        workers: Workers,
        **values: Sequence[str],
    ) -> None:
        """Compress a picture or a stack, and print the result with more values for JSON."""
        codec = with_workers(self.codec or codec_for(picture), workers)
        with console.warnings_about(name):
            compressed = codec.compress_picture(picture, self.target, metadata=self.metadata)
            stored = compressed.data
            if self.bare:
                stored = codec.to_bare(stored, checksum=self.bare.checksum)
            size = len(stored)
            if self.skip_larger and size > source_size:
                console.result(
                    f"{name}: skipped: {size} bytes would be larger than the source with "
                    f"{source_size}",
                    {"source": name, "file": None, "bytes": size, "source_bytes": source_size},
                )
                return
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
                **values,
            },
        )


def _in_shared_colours(pictures: Sequence[Picture], shared: Metadata) -> list[Picture]:
    """Pictures converted to the colours of a stack; warns if the conversion changes any of them."""
    coded = [in_kept_colours(picture, shared) for picture in pictures]
    if any(new.pixels is not old.pixels for new, old in zip(coded, pictures, strict=True)):
        warn(_CONVERTED)
    return coded
