"""Compression of a picture, a stack or a pack to `.aec` files, for `aecodec compress`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from aecodec.cli.batch.outcome import Skipped
from aecodec.cli.shared.bare import BareForm
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import IMAGES, Source, expand
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
    from aecodec.cli.batch.packs import Pack
    from aecodec.imaging.stacks import Metadata

_CONVERTED = "the stack keeps no colour profile: pictures that have one were converted to sRGB"


class Stack(NamedTuple):
    """Pictures to put into one file."""

    inputs: Sequence[Path]
    target: Path

    def __str__(self) -> str:
        return str(self.target)


class _SourcePicture(NamedTuple):
    """A picture that was read, and the size of its file in bytes."""

    path: Path
    picture: Picture
    size: int


class _Content(NamedTuple):
    """The content of one `.aec` file.

    Attributes:
        name: its name in messages.
        picture: the picture, or several pictures with one size.
        size: total size of the source files in bytes.
        sources: names of the pictures of a pack, in the order of the frames.
    """

    name: str
    picture: Picture
    size: int
    sources: Sequence[str] = ()


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
        self._write(_Content(name_of(job), picture, size), job.target, console, workers)

    def compress_stack(self, job: Stack, console: Console, workers: Workers) -> None:
        """Compress several files to one."""
        sources = expand(job.inputs, IMAGES)
        check_not_sources([job.target], [source.path for source in sources])
        check_overwriting(job.target, self.force)
        pictures = []
        for source in sources:
            with errors_about(name_of(source)):
                pictures.append(self._read(source, console))
        self._write(self._stacked(pictures, console), job.target, console, workers)

    def compress_pack(self, pack: Pack, console: Console, workers: Workers) -> None:
        """Compress the pictures of a pack to one file per mode and size.

        Pictures that cannot be read are reported and skipped; an AecodecError at the end counts
        them.
        """
        check_overwriting(pack.target, self.force)
        groups: dict[tuple[Mode, tuple[int, int]], list[_SourcePicture]] = {}
        failed = 0
        for source in pack.sources:
            try:
                member = self._read(source, console)
            except AecodecError as error:
                console.error(name_of(source), error)
                failed += 1
            else:
                groups.setdefault((member.picture.mode, member.picture.size), []).append(member)
        for number, group in enumerate(groups.values()):
            sources = [name_of(member.path) for member in group]
            content = self._stacked(group, console)._replace(sources=sources)
            self._write(content, pack.target_of(number), console, workers)
        if failed:
            raise AecodecError(f"{failed} of {len(pack.sources)} pictures failed and are missing")

    def _read(self, source: Source, console: Console) -> _SourcePicture:
        source.check()
        return _SourcePicture(source.path, *read_picture(source.path, console, self.options))

    def _stacked(self, group: Sequence[_SourcePicture], console: Console) -> _Content:
        from aecodec.imaging.stacks import shared_metadata, stacked

        name, pictures = f"{len(group)} pictures", [member.picture for member in group]
        with console.warnings_about(name):
            shared = shared_metadata(pictures, self.metadata)
            coded = _in_shared_colours(pictures, shared)
            stack = stacked([member.path for member in group], coded, shared, self.metadata)
        return _Content(name, stack, sum(member.size for member in group))

    def _write(self, content: _Content, target: Path, console: Console, workers: Workers) -> None:
        name, picture = content.name, content.picture
        codec = with_workers(self.codec or codec_for(picture), workers)
        with console.warnings_about(name):
            compressed = codec.compress_picture(picture, self.target, metadata=self.metadata)
            if self.bare:
                compressed.data = self.bare.payload(codec, compressed.data)
            if self.skip_larger and len(compressed.data) > content.size:
                _skip(name, len(compressed.data), content.size, console)
            measured = report(codec, picture, compressed, content.size)
        data = self.bare.content(compressed.data) if self.bare else compressed.data
        write_bytes(target, data, self.force)
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
    """Pictures converted to the colours of a stack; warns if the conversion changes any of them."""
    coded = [in_kept_colours(picture, shared) for picture in pictures]
    if any(new.pixels is not old.pixels for new, old in zip(coded, pictures, strict=True)):
        warn(_CONVERTED)
    return coded


def _skip(name: str, size: int, source_size: int, console: Console) -> NoReturn:
    console.result(
        f"{name}: skipped: {size} bytes would be larger than the source with {source_size}",
        {"source": name, "file": None, "bytes": size, "source_bytes": source_size},
    )
    raise Skipped
