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
    """Join pictures, with metadata and with their names.

    A warning says if names are left out, and if grey pictures become RGB.

    Args:
        paths: the files of the pictures.
        pictures: the pictures, of one size and mode.
        shared: metadata of all of them, as :func:`shared_metadata` finds it.
        metadata: whether metadata is to be kept, names included, or none; if None, what can be.

    Raises:
        ImageError: they are of several sizes or modes, or names are to be kept that cannot be.
    """
    whole = replace(stack(pictures, paths), metadata=shared)
    if len({picture.mode.channels for picture in pictures}) > 1:
        _warn("grey pictures beside RGB become RGB, as a stack has one mode")
    if metadata is False:
        return whole
    names = [path.name for path in paths]
    if problem := _problem_of_names(names, whole.frames):
        if metadata:
            raise ImageError(
                f"{problem}: stack the pictures without --metadata, or compress them one by one"
            )
        _warn(problem)
        return whole
    xmp = attach_names(shared.get(MetadataKind.XMP, b""), names)
    return replace(whole, metadata=shared | {MetadataKind.XMP: xmp})


def _problem_of_names(names: list[str], frames: int) -> str | None:
    if frames != len(names):
        return "the names of the pictures are not kept: a file of several frames has one for all"
    if not can_be_kept(names):
        return "the names of the pictures are not kept: two are alike, or one is unusual"
    return None


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
