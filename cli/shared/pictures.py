"""Pictures and data sets for commands."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from aecodec.base.errors import UsageError
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.file_io import check_input, opened_input
from aecodec.codec.codec import Codec
from aecodec.image_files.options import ONLY_PIXELS, ReadOptions
from aecodec.image_files.reading import origin_of, read_image, warn_of_sidecars
from aecodec.imaging.picture import Picture

if TYPE_CHECKING:  # loaded only when needed
    from aecodec.datasets.evaluation_set import Dataset

_DEFAULT = ReadOptions()


def read_picture(
    path: Path, console: Console, options: ReadOptions = _DEFAULT
) -> tuple[Picture, int]:
    """A picture with its origin, and its size in bytes; InputError or ImageError."""
    read = read_image
    if options.bands is not None:
        from aecodec.image_files.scientific import read_samples as read
    with opened_input(path) as file, console.warnings_about(name_of(path)):
        picture = read(file, options)
        if options.names_dropped:
            warn_of_sidecars(path)
        return replace(picture, origin=origin_of(path)), file.seek(0, io.SEEK_END)


def open_pictures(data: Path, array: str | None, options: ReadOptions = ONLY_PIXELS) -> Dataset:
    """Open a folder of images, or an array in an `.npz` or `.npy` file.

    Raises InputError if the path does not exist or cannot be read, UsageError if an array is chosen
    in a file that is not `.npz`, and ImageError if there are no images.
    """
    from aecodec.datasets.evaluation_set import open_dataset

    check_input(data)
    if array and data.suffix != ".npz":
        raise UsageError(f"{data} is not an .npz file: leave out --array")
    return open_dataset(data, array, options)


def reading_for(
    codec: Codec | None,
    basis: ReadOptions = ONLY_PIXELS,
    *,
    nodata: float | None = None,
    bands_first: bool = False,
    array: str | None = None,
) -> ReadOptions:
    """Add options of the command line for a codec; UsageError if one needs bands, or is wrong."""
    values = {"--nodata": nodata, "--bands-first": bands_first or None, "--array": array}
    stated = [name for name, v in values.items() if v is not None]
    bands = codec.spec.band_count if codec else None
    if bands is None:
        if stated:
            raise UsageError(f"{stated[0]} needs --max-error, --lossless or a codec with bands")
        return basis
    axis = -3 if bands_first else None
    return replace(basis, nodata=nodata, band_axis=axis, array=array, bands=bands)


def report_unread(dataset: Dataset, console: Console) -> None:
    """Print the number of files that could not be read, and end with status 1 if there are any."""
    for path, error in dataset.unread.items():
        console.error_as_json(str(path), error)
    if dataset.unread:
        console.write(f"{len(dataset.unread)} of {len(dataset)} files could not be read", True)
        raise typer.Exit(1)
