"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from aecodec.image_files.options import Frames

Out = Annotated[
    Optional[str],  # noqa: UP045 - Typer on Python 3.10 reads this form
    typer.Option(
        "-o", "--output", metavar="OUT", help="Where the result goes; - is standard output."
    ),
]
CodecName = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--codec", metavar="NAME|DIR", help="A codec that ships, or a codec folder."),
]
CodecOrAuto = Annotated[
    str,
    typer.Option(
        "--codec",
        metavar="NAME|DIR",
        help="A codec that ships, or a codec folder; auto is digits for grey pictures of 28x28 "
        "pixels, and photo for all others.",
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
        help="Accept files of up to so many pixels, all frames together. Default: 178956970.",
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
