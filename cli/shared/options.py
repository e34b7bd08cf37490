"""Options that several commands share.

An option without names is named by the parameter of the command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aecodec.errors import UsageError
from aecodec.image_files.options import Frames

Out = Annotated[
    str | None,
    typer.Option(
        "-o", "--output", metavar="OUT", help="Output file or folder; - is standard output."
    ),
]
OutFile = Annotated[
    str | None,
    typer.Option("-o", "--output", metavar="OUT", help="Output file; - is standard output."),
]
AecFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help=".aec files, folders of .aec files, or - for standard input.",
    ),
]
_CODEC_HELP = "A built-in codec or a codec file."
CodecArgument = Annotated[str, typer.Argument(metavar="CODEC", help=_CODEC_HELP)]
OptionalCodec = Annotated[str | None, typer.Argument(metavar="[CODEC]", help=_CODEC_HELP)]
ArrayName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Name of the array in the .npz file. Default: x_test."),
]
Limit = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Measure only the first N pictures.")
]
CodecName = Annotated[str | None, typer.Option(metavar="NAME|FILE", help=_CODEC_HELP)]
CodecOrAuto = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE",
        help="A built-in codec or a codec file. auto selects samples with a maximum error and no "
        "level; else digits for grey pictures of 28x28 pixels, and photo for all other pictures.",
    ),
]
LevelNumber = Annotated[
    float | None,
    typer.Option(
        "-q",
        "--level",
        help="Quality level; 1 gives the smallest file. Some codecs accept levels such as 2.5, "
        "between 2 and 3. Default: the codec's default level.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Process up to N files at once, each in its own process. Default: one per core.",
    ),
]
SkipExisting = Annotated[
    bool,
    typer.Option(
        "--skip-existing",
        help="Skip inputs whose result already exists. To resume an interrupted run, repeat the "
        "command with this option.",
    ),
]
Depth = Annotated[
    int | None,
    typer.Option(
        metavar="8",
        help="Accept pictures with 16-bit channels, and scale them to 8 bits by the range of "
        "their type.",
    ),
]
MaxPixels = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Reject files with more than N pixels in all their frames together. Default: "
        "178956970. For very small .aec files, which may be decompression bombs, the default is "
        "lower.",
    ),
]
MaxFrames = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Reject .aec files with more than N pictures. Default: one picture per 8 bytes of "
        "file size, but at least 1000.",
    ),
]
Nodata = Annotated[
    float | None,
    typer.Option(
        metavar="VALUE",
        help="For samples and codecs with bands: the value of missing samples. Default: the value "
        "that the file states. NaN samples are always missing.",
    ),
]
BandsFirst = Annotated[
    bool,
    typer.Option(
        "--bands-first",
        help="For codecs with bands: the bands are the first axis of .npy and .npz arrays (after "
        "the frames, if there are 4 axes), and the pages of TIFF files.",
    ),
]
SamplesArray = Annotated[
    str | None,
    typer.Option(
        "--array",
        metavar="NAME",
        help="For codecs with bands: name of the array in the .npz file. Default: its only array.",
    ),
]
Rgb = Annotated[
    str | None,
    typer.Option(
        "--rgb",
        metavar="BANDS",
        help="For codecs with bands: the bands to show as red, green and blue, such as 4,3,2, or a "
        "single band in colours from blue to yellow. The first band is 1. Default: 1,2,3, or 1 if "
        "there are fewer. Black and white are the percentiles 2 and 98 of the original's bands.",
    ),
]
WhichFrames = Annotated[
    Frames,
    typer.Option(
        help="Which frames of an animation or pages of a document to compress. With all, the .aec "
        "file holds several pictures; their durations are not stored."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing files.")]
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON per result.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print only errors.")]


def check_skipping(skip_existing: bool, force: bool) -> None:
    """Raise UsageError if `skip_existing` and `force` are both set."""
    if skip_existing and force:
        raise UsageError("--skip-existing and --force contradict each other: use only one of them")
