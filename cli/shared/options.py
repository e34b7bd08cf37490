"""Options that several commands share, and what the shell completes after them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Optional

import typer

from aecodec.codec.registry import AUTO, built_in_names
from aecodec.data.recipes import recipe_names
from aecodec.errors import UsageError
from aecodec.image_files.options import Frames
from aecodec.urls import Url, path_or_url


def complete_codec(typed: str) -> list[str]:
    """Codecs that ship, and folders.

    >>> complete_codec("dig")
    ['digits']
    """
    return _named([AUTO, *built_in_names()], typed) + _paths(typed, Path.is_dir)


def complete_recipe(typed: str) -> list[str]:
    """Recipes that ship, TOML files, and folders in which there may be some.

    >>> complete_recipe("pic")
    ['picture']
    """
    return _named(recipe_names(), typed) + _paths(typed, _may_hold_recipe)


def _named(names: list[str], typed: str) -> list[str]:
    return [name for name in names if name.startswith(typed)]


def _may_hold_recipe(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".toml"


def _paths(typed: str, is_meant: Callable[[Path], bool]) -> list[str]:
    """Paths that begin as typed."""
    folder, name = os.path.split(typed)
    try:
        found = sorted(path for path in Path(folder).iterdir() if path.name.startswith(name))
    except OSError:
        return []
    return [os.path.join(folder, path.name) for path in found if is_meant(path)]


def _file_here(text: str) -> Path:
    """A file of this machine.

    Raises:
        UsageError: it is a URL.
    """
    path = path_or_url(text)
    if isinstance(path, Url):
        raise UsageError(f"{path}: a manifest grows row by row, so it is a file of this machine")
    return path


Out = Annotated[
    Optional[str],  # noqa: UP045 - Typer on Python 3.10 reads this form
    typer.Option(
        "-o", "--output", metavar="OUT", help="Where the result goes; - is standard output."
    ),
]
CodecArgument = Annotated[
    str,
    typer.Argument(
        metavar="CODEC",
        help="A codec that ships, or a codec folder.",
        autocompletion=complete_codec,
    ),
]
DataArgument = Annotated[
    Path,
    typer.Argument(
        metavar="DATA", parser=path_or_url, help="A folder of images, or an .npz or .npy array."
    ),
]
ArrayName = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--array", metavar="NAME", help="Array of an .npz file. Default: x_test."),
]
Limit = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option("--limit", min=1, help="Measure this many pictures at most, the first ones."),
]
CodecName = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--codec",
        metavar="NAME|DIR",
        help="A codec that ships, or a codec folder.",
        autocompletion=complete_codec,
    ),
]
CodecOrAuto = Annotated[
    str,
    typer.Option(
        "--codec",
        metavar="NAME|DIR",
        help="A codec that ships, or a codec folder; auto is digits for grey pictures of 28x28 "
        "pixels, and photo for all others.",
        autocompletion=complete_codec,
    ),
]
LevelNumber = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(
        "-q",
        "--level",
        help="Quality: 1 is the smallest file; 2.5 lies between 2 and 3, for codecs with such "
        "levels. Default: the codec's own.",
    ),
]
Jobs = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--jobs",
        min=1,
        metavar="N",
        help="Number of files that are worked on side by side, each in a process of its own. "
        "Default: one per core.",
    ),
]
SkipExisting = Annotated[
    bool,
    typer.Option(
        "--skip-existing",
        help="Leave alone what exists already: the same call again goes on after an interruption.",
    ),
]
ManifestFile = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--manifest",
        metavar="FILE.parquet",
        parser=_file_here,
        help="Note what came of each file in this Parquet file. What it has as done is not done "
        "again: the same call goes on after an interruption. Needs the extra 'manifest'.",
    ),
]
Scheduler = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Let the workers of a Dask cluster work on the files; local starts one of --jobs "
        "workers here. Needs the extra 'distributed'.",
    ),
]
Depth = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--depth",
        metavar="8",
        help="Accept channels of 16 or 32 bits and floats, and scale them to 8 bits: 16 bits by "
        "their type, the others by the range of the picture.",
    ),
]
MaxPixels = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--max-pixels",
        metavar="N",
        min=1,
        help="Accept files of at most N pixels, all frames together. Default: 178956970; fewer of "
        ".aec files of few bytes, which may be decompression bombs.",
    ),
]
MaxFrames = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--max-frames",
        metavar="N",
        min=1,
        help="Accept .aec files of at most N pictures. Default: one for each 8 bytes, and 1000 in "
        "any case.",
    ),
]
WhichFrames = Annotated[
    Frames,
    typer.Option(
        "--frames",
        help="Frames of an animation, or pages of a document, to compress. All of them make a file "
        "of several pictures, without durations.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON per result.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors alone.")]


def check_skipping(skip_existing: bool, force: bool, scheduler: str | None) -> None:
    """Check that existing results are either left alone or overwritten.

    Raises:
        UsageError: both are asked for; or neither is, for a cluster.
    """
    if scheduler and not (skip_existing or force):
        raise UsageError(
            "--scheduler needs --skip-existing or --force: what a worker that died has made is "
            "there when another one tries its files again"
        )
    if skip_existing and force:
        raise UsageError("--skip-existing and --force contradict each other: give one of them")
