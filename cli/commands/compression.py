"""How `aecodec compress` makes files: of one picture, of a stack of them, or of a pack."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from aecodec.cli.batch.outcome import LeftAlone
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.files import check_overwriting, write_bytes
from aecodec.cli.shared.found import IMAGES, Source, expand
from aecodec.cli.shared.jobs import Job, check_not_sources
from aecodec.cli.shared.pictures import read_picture
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_for, with_workers
from aecodec.errors import AecodecError, AecodecWarning, errors_about
from aecodec.evaluation.report import report
from aecodec.format.container import Mode
from aecodec.image_files.colour import in_kept_colours
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.picture import Picture
from aecodec.imaging.stacks import Metadata, shared_metadata, stacked
from aecodec.parallel import Workers

if TYPE_CHECKING:  # which a call without packs need not load
    from aecodec.cli.batch.packs import Pack

_CONVERTED = "the stack keeps no colour profile: pictures that have one were converted to sRGB"


@dataclass(frozen=True)
class Stack:
    """Pictures that become one file."""

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
class Compression:
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

    def compress_stack(self, job: Stack, console: Console, workers: Workers) -> None:
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
            AecodecError: some of the pictures failed; each was named before.
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
