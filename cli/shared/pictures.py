"""Reading pictures for a command: one, or a data set."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.files import check_input, read_bytes
from aecodec.errors import UsageError
from aecodec.image_files.options import ReadOptions
from aecodec.image_files.reading import origin_of, read_image
from aecodec.imaging.picture import Picture

if TYPE_CHECKING:  # which most commands need not load
    from aecodec.datasets.evaluation_set import Dataset

_DEFAULT = ReadOptions()


def read_picture(
    path: Path, console: Console, options: ReadOptions = _DEFAULT
) -> tuple[Picture, int]:
    """Read a picture, with its origin, and tell the size in bytes of its file.

    Warnings are printed.

    Raises:
        InputError: there is no such file, or it cannot be read.
        ImageError: it holds no picture, or one of a kind that the options do not accept.
    """
    content = read_bytes(path)
    picture = picture_in(content, path, console, options)
    return replace(picture, origin=origin_of(path)), len(content)


def picture_in(
    content: bytes, path: Path, console: Console, options: ReadOptions = _DEFAULT
) -> Picture:
    """The picture in the content of an image file; warnings are printed.

    Raises:
        ImageError: it holds no picture, or one of a kind that the options do not accept.
    """
    with console.warnings_about(name_of(path)):
        return read_image(io.BytesIO(content), options)


def open_pictures(data: Path, array: str | None) -> Dataset:
    """Open a folder of images, or an array of images in an `.npz` or `.npy` file.

    Args:
        data: the folder or file.
        array: name of the array in an `.npz` file, or None.

    Raises:
        InputError: there is no such file or folder, or it may not be read.
        UsageError: an array is named, and it is no `.npz` file.
        ImageError: there are no images.
    """
    from aecodec.datasets.evaluation_set import open_dataset

    check_input(data)
    if array and data.suffix != ".npz":
        raise UsageError(f"--array is for .npz files, and {data} is none")
    return open_dataset(data, array)


def report_unread(dataset: Dataset, console: Console) -> None:
    """Count the files that could not be read, which warnings have named.

    Raises:
        typer.Exit: with status 1, if there are any.
    """
    for path, error in dataset.unread.items():
        console.error_as_json(str(path), error)
    if dataset.unread:
        console.write(f"{len(dataset.unread)} of {len(dataset)} could not be read", True)
        raise typer.Exit(1)
