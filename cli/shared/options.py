"""Options that several commands share.

An option without names is named after the parameter of the command, or the field of its options.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, TypeVar, get_type_hints

import typer

from aecodec.base.errors import UsageError
from aecodec.image_files.options import Frames

quality = partial(typer.Option, rich_help_panel="Quality")
batch = partial(typer.Option, rich_help_panel="Batches")
science = partial(typer.Option, rich_help_panel="Scientific data")
"""Options in a panel of the help."""

Options = TypeVar("Options")


def takes(
    options: Callable[..., Options],
) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Turn a function of a dataclass into a command with the annotated fields as its options."""

    def decorated(function: Callable[[Options], None]) -> Callable[..., None]:
        @wraps(function)
        def command(**values: object) -> None:
            function(options(**values))

        signature, hints = inspect.signature(options), get_type_hints(options, include_extras=True)
        fields = [p.replace(annotation=hints[p.name]) for p in signature.parameters.values()]
        command.__signature__ = signature.replace(parameters=fields)  # type: ignore[attr-defined]
        return command

    return decorated


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
CodecFolder = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        metavar="DIR",
        readable=False,
        help="Folder for the codec file and its networks.",
    ),
]
AecFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...", help=".aec files, folders of .aec files, or - for standard input."
    ),
]
_CODEC_HELP = "A built-in codec or a codec file."
CodecArgument = Annotated[str, typer.Argument(metavar="CODEC", help=_CODEC_HELP)]
OptionalCodec = Annotated[str | None, typer.Argument(metavar="[CODEC]", help=_CODEC_HELP)]
Limit = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Measure only the first N pictures.")
]
CodecName = Annotated[str | None, typer.Option(metavar="NAME|FILE", help=_CODEC_HELP)]
CodecOrAuto = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE",
        help="A built-in codec, a codec file, or auto (depends on the picture and options).",
    ),
]
LevelNumber = Annotated[
    float | None,
    typer.Option("-q", "--level", help="Level of the codec; 1 gives the smallest file."),
]
Jobs = Annotated[
    int | None, batch(min=1, metavar="N", help="Process N files at once. Default: one per core.")
]
SkipExisting = Annotated[
    bool, batch("--skip-existing", help="Resume a run: skip inputs whose results exist.")
]
Depth = Annotated[int | None, typer.Option(metavar="8", help="Scale 16-bit channels to 8 bits.")]
MaxPixels = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Reject files with more than N pixels. Default: 178956970; less for tiny .aec files.",
    ),
]
MaxFrames = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Reject files with more than N pictures. Default: 1 per 8 bytes, but at least 1000.",
    ),
]
Nodata = Annotated[
    float | None,
    science(metavar="VALUE", help="Value of missing samples, besides NaN. Default: the file's."),
]
BandsFirst = Annotated[
    bool,
    science(
        "--bands-first",
        help="Read arrays as (bands, height, width) or (frames, bands, height, width), and the "
        "pages of a TIFF file as bands.",
    ),
]
SamplesArray = Annotated[
    str | None,
    science(
        "--array",
        metavar="NAME",
        help="Array to read from an .npz file. Default: its only array; for evaluate, x_test.",
    ),
]
WhichFrames = Annotated[
    Frames, typer.Option(help="Which frames of an animation, or pages of a document, to compress.")
]
CustomObjects = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MODULE:CLASS",
        help="A custom class or function in the models. aecodec runs the code in MODULE, which can "
        "be a file such as layers.py. Repeat the option for each class or function.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing files.")]
Json = Annotated[bool, typer.Option("--json", help="Print each result as a line of JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print only errors.")]


def check_skipping(skip_existing: bool, force: bool) -> None:
    if skip_existing and force:
        raise UsageError("--skip-existing and --force contradict each other: use only one of them")
