"""`aecodec verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli import files, talk
from aecodec.errors import CodecError, FormatError
from aecodec.registry import codec_of


def verify(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help=".aec files, folders of them, or - for standard input."
        ),
    ],
) -> None:
    """Tell whole .aec files from damaged ones.

    The checksum and the fields are checked; where the codec ships, the codes and the alpha plane
    are decoded too.
    """

    def check(path: Path) -> None:
        data = files.read_bytes(path, FormatError)
        typer.echo(f"{talk.name_of(path)}: whole{_codes_checked(data)}")

    talk.run_all(files.expanded(inputs, files.is_aec), check, quiet=True)


def _codes_checked(data: bytes) -> str:
    try:
        codec = codec_of(data)
    except CodecError:
        return " (its codec does not ship: checksum and fields only)"
    codec.decoder.check(data)
    return ""
