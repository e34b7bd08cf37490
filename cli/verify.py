"""`aecodec verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from aecodec.cli import files, talk

from aecodec import container
from aecodec.codec import codec_of
from aecodec.errors import CodecError, FormatError


def verify(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help=".aec files, folders of them, or - for standard input."
        ),
    ],
) -> None:
    """Tell whole .aec files from damaged ones.

    The checksum and every field are checked; where the codec ships, the codes are decoded too.
    """

    def check(path: Path) -> None:
        data = files.read_bytes(path, FormatError)
        container.unpack(data)
        typer.echo(f"{talk.name_of(path)}: whole{_codes_checked(data)}")

    talk.run_all(list(_expanded(inputs)), check, quiet=True)


def _expanded(inputs: list[Path]) -> list[Path]:
    return [
        path
        for given in inputs
        for path in (files.files_in(given, _is_aec) if given.is_dir() else [given])
    ]


def _is_aec(path: Path) -> bool:
    return path.suffix.lower() == ".aec"


def _codes_checked(data: bytes) -> str:
    try:
        codec = codec_of(data)
    except CodecError:
        return " (its codec does not ship: checksum and fields only)"
    codec.decoder.codes(data)
    return ""
