"""`aecodec payload`: convert an .aec file to a bare payload, as bytes or text, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aecodec.base.errors import errors_about
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import STANDARD
from aecodec.cli.shared.file_io import check_overwriting, read_bytes, write_bytes
from aecodec.cli.shared.jobs import beside, check_not_sources
from aecodec.codec.registry import codec_of_file, load_codec
from aecodec.format.texts import from_text, to_text


def payload(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="An .aec file or, with --codec, a payload; - for standard input."
        ),
    ],
    out: options.OutFile = None,
    text: Annotated[
        bool, typer.Option("--text", help="Write or read the payload as base64url text.")
    ] = False,
    checksum: Annotated[
        bool, typer.Option("--checksum", help="Write or read a one-byte checksum at the end.")
    ] = False,
    codec: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Make an .aec file from a payload of this codec."),
    ] = None,
    force: options.Force = False,
) -> None:
    """Convert an .aec file to a bare payload or, with --codec, a payload to an .aec file.

    A payload saves 11 bytes, because it lacks the signature, the codec id and the CRC-32. Without
    -o, digit.aec becomes digit.bin, or digit.txt with --text. To convert a payload to an .aec file,
    use --codec, and repeat --text and --checksum if you used them.
    """
    suffix = ".aec" if codec else ".txt" if text else ".bin"
    target = Path(out) if out else beside(file, file.stem + suffix)
    check_not_sources([target], [file])
    check_overwriting(target, force)
    with errors_about(name_of(file)):
        content = read_bytes(file)
        if codec:
            bare = from_text(content.decode("ascii", "replace").strip()) if text else content
            result = load_codec(codec).from_bare(bare, checksum=checksum)
        else:
            bare = codec_of_file(content).to_bare(content, checksum=checksum)
            result = f"{to_text(bare)}\n".encode() if text else bare
    write_bytes(target, result, force)
    console = Console(to_stderr=target == STANDARD)
    console.result(f"{name_of(file)} -> {target}: {len(result)} bytes from {len(content)}")
