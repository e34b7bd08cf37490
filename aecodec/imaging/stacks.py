"""Stacks: pictures with the same size in one file, with their names and common metadata."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aecodec.base.errors import warn
from aecodec.format.container import MetadataKind
from aecodec.format.stack_names import can_be_kept, pack_names, unpack_names
from aecodec.imaging.picture import Picture, stack

Metadata = dict[MetadataKind, bytes]


def stacked(
    paths: Sequence[Path], pictures: Sequence[Picture], shared: Metadata, metadata: bool | None
) -> Picture:
    """Join pictures with their names and common metadata (see :func:`shared_metadata`).

    Names are dropped if `metadata` is False, or with a warning if they cannot be kept. Raises
    ImageError if the pictures cannot be stacked.
    """
    joined = replace(stack(pictures, paths), metadata=shared)
    if len({picture.mode.channels for picture in pictures}) > 1:
        warn("grey pictures were converted to RGB: all pictures of a stack must have the same mode")
    return joined if metadata is False else _with_names(joined, [path.name for path in paths])


def _with_names(joined: Picture, names: Sequence[str]) -> Picture:
    if joined.frames != len(names):
        warn("aecodec drops the names of the pictures, because an input has several frames")
    elif not can_be_kept(names):
        warn("aecodec drops the names of the pictures: two names are equal, or one is unsafe")
    else:
        metadata = {**joined.metadata, MetadataKind.NAMES: pack_names(names)}
        return replace(joined, metadata=metadata)
    return joined


def shared_metadata(pictures: Sequence[Picture], metadata: bool | None) -> Metadata:
    """Metadata that all pictures share, if wanted; warns about metadata that differs."""
    if metadata is False:
        return {}
    kinds = {kind for picture in pictures for kind in picture.metadata}
    differing = {kind for kind in kinds if len({p.metadata.get(kind) for p in pictures}) > 1}
    if differing:
        text = " and ".join(sorted(kind.name for kind in differing))
        warn(f"the pictures have different {text} metadata, which aecodec drops")
    return {kind: pictures[0].metadata[kind] for kind in sorted(kinds - differing)}


def without_names(picture: Picture) -> tuple[Picture, list[str]]:
    metadata = dict(picture.metadata)
    names = unpack_names(metadata.pop(MetadataKind.NAMES, b""))
    return replace(picture, metadata=metadata), names


def file_names(names: Sequence[str], count: int, suffix: str) -> list[str]:
    """Names for the files of a stack: their original names with a suffix, or numbers.

    >>> file_names(["a.jpg", "b.jpg"], 2, ".png")
    ['a.png', 'b.png']
    >>> file_names(["a.jpg", "a.png"], 2, ".png"), file_names([], 2, ".png")
    (['a.jpg.png', 'a.png.png'], ['1.png', '2.png'])
    """
    if not names:
        return [f"{number:0{len(str(count))}}{suffix}" for number in range(1, count + 1)]
    short = [Path(name).stem + suffix for name in names]
    return short if can_be_kept(short) else [name + suffix for name in names]
