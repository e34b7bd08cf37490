"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

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
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON per result.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors alone.")]
