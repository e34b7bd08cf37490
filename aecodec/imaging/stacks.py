"""Stacks: pictures of one size in one file, with their names and the metadata that they share."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aecodec.errors import AecodecWarning, ImageError
from aecodec.format.container import MetadataKind
from aecodec.format.stack_names import attach_names, can_be_kept, detach_names
from aecodec.imaging.picture import Picture, stack

Metadata = dict[MetadataKind, bytes]


def stacked(
    paths: Sequence[Path], pictures: Sequence[Picture], shared: Metadata, metadata: bool | None
) -> Picture:
    """Join pictures, with metadata and with their names; a warning says if names are left out.

    Args:
        paths: the files of the pictures.
        pictures: the pictures, of one size and mode.
        shared: metadata of all of them, as :func:`shared_metadata` finds it.
        metadata: whether metadata is kept, names included; if None, it is.

    Raises:
        ImageError: they are of several sizes or modes.
    """
    whole = replace(stack(pictures), metadata=shared)
    if metadata is False or whole.frames != len(paths):  # a file of several frames has one name
        return whole
    return replace(whole, metadata=_with_names(shared, [path.name for path in paths]))


def shared_metadata(pictures: Sequence[Picture], metadata: bool | None) -> Metadata:
    """The metadata that is the same in all pictures; a warning names the rest.

    Args:
        pictures: the pictures.
        metadata: whether all metadata is to be kept, or none; if None, what they share.

    Raises:
        ImageError: all metadata is to be kept, and it differs.
    """
    if metadata is False:
        return {}
    kinds = {kind for picture in pictures for kind in picture.metadata}
    differing = {kind for kind in kinds if len({p.metadata.get(kind) for p in pictures}) > 1}
    if differing:
        text = " and ".join(sorted(kind.name for kind in differing))
        if metadata:
            raise ImageError(
                f"{text} differ between the pictures, and a stack has one of each for all: stack "
                "them without --metadata, or compress them one by one"
            )
        _warn(f"{text} differ between the pictures, and are left out of the stack")
    return {kind: pictures[0].metadata[kind] for kind in sorted(kinds - differing)}


def _with_names(metadata: Metadata, names: list[str]) -> Metadata:
    if not can_be_kept(names):
        _warn("the names of the pictures are not kept: two are alike, or one is unusual")
        return metadata
    xmp = attach_names(metadata.get(MetadataKind.XMP, b""), names)
    return metadata | {MetadataKind.XMP: xmp}


def without_names(picture: Picture) -> tuple[Picture, list[str]]:
    """A decoded stack with the metadata that its pictures had, and their names, if it has them."""
    xmp, names = detach_names(picture.metadata.get(MetadataKind.XMP, b""))
    metadata = picture.metadata | {MetadataKind.XMP: xmp}
    metadata = {kind: value for kind, value in metadata.items() if value}
    return replace(picture, metadata=metadata), names if len(names) == picture.frames else []


def file_names(names: Sequence[str], count: int, suffix: str) -> list[str]:
    """Names of the files of a stack: their former ones with a suffix, or numbers.

    >>> file_names(["a.jpg", "b.jpg"], 2, ".png")
    ['a.png', 'b.png']
    >>> file_names(["a.jpg", "a.png"], 2, ".png"), file_names([], 2, ".png")
    (['a.jpg.png', 'a.png.png'], ['1.png', '2.png'])
    """
    if not names:
        return [f"{number:0{len(str(count))}}{suffix}" for number in range(1, count + 1)]
    short = [Path(name).stem + suffix for name in names]
    return short if can_be_kept(short) else [name + suffix for name in names]


def _warn(text: str) -> None:
    warnings.warn(text, AecodecWarning, stacklevel=3)
