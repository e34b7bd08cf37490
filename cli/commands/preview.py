"""`aecodec preview`: a small version of a picture in a few bytes, as a text."""

from __future__ import annotations

import io
import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import AEC_FILES, IMAGES, STANDARD, Source, expand, is_folder_at
from aecodec.cli.shared.file_io import check_overwriting, read_bytes, write_bytes
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.codec.registry import codec_of_file
from aecodec.errors import FormatError, ImageError, UsageError, errors_about, warn
from aecodec.format.texts import from_text, to_text
from aecodec.image_files.formats import format_of
from aecodec.image_files.reading import from_pil
from aecodec.image_files.writing import encode_frames, format_to_write
from aecodec.parallel import Workers
from aecodec.preview import decode, encode

_MOST_BYTES = 1024
"""No payload is as large: noise with alpha takes 354 bytes."""

_QUALITY = 90


def preview(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="INPUT...",
            help="Pictures, .aec files, folders of pictures, or - for standard input.",
        ),
    ] = None,
    out: options.OutFile = None,
    max_bytes: Annotated[
        int, typer.Option(metavar="N", min=10, help="Maximum size of the payload.")
    ] = 40,
    payload: Annotated[
        str | None,
        typer.Option(
            "--decode",
            metavar="TEXT|FILE",
            help="Decode a preview, a text or a file with its bytes, to the picture -o.",
        ),
    ] = None,
    jobs: options.Jobs = None,
    force: options.Force = False,
) -> None:
    """Print previews of pictures: small, smooth versions in 10 to 100 bytes.

    Each line is the payload of a picture in base64url, after the file name if there are several
    pictures. -o writes the bytes of a single payload to a file.
    """
    console = Console(to_stderr=out == "-")
    if payload is not None:
        if inputs or not out:
            raise UsageError("--decode needs -o PICTURE, and no other input")
        with errors_about(payload), console.warnings_about(payload):
            _decode(payload, Path(out), force)
        return
    if not inputs:
        raise UsageError("name a picture, or use --decode")
    sources = expand(inputs, IMAGES)
    is_single = len(sources) == 1 and not is_folder_at(inputs[0])
    if out and not is_single:
        raise UsageError("-o takes the preview of a single picture")
    if out:
        work = partial(_write, target=Path(out), max_bytes=max_bytes, force=force)
    else:
        work = partial(_print, max_bytes=max_bytes, names_files=not is_single)
    run_all(console, sources, work, BatchOptions(jobs))


def _decode(payload: str, target: Path, force: bool) -> None:
    """Write the picture of a payload to a file, or as PNG to standard output."""
    suffix = ".png" if target == STANDARD else target.suffix
    format_to_write(suffix, _QUALITY)
    check_overwriting(target, force)
    [content] = encode_frames(from_pil(decode(_bytes_of(payload))), suffix, _QUALITY)
    write_bytes(target, content, force)


def _bytes_of(payload: str) -> bytes:
    """The bytes of a payload, a text or the name of a file; most larger files would decode, too."""
    if payload != "-" and not os.path.exists(payload):
        try:
            return from_text(payload)
        except FormatError as error:
            raise FormatError("neither a file nor a text in base64url") from error
    content = read_bytes(Path(payload))
    if len(content) > _MOST_BYTES:
        raise FormatError(f"{len(content)} bytes, but previews have at most {_MOST_BYTES}")
    if content.isascii() and content.endswith(b"\n"):
        warn("the file looks like a text: if the picture is wrong, give its text to --decode")
    return content


def _print(source: Source, console: Console, _: Workers, max_bytes: int, names_files: bool) -> None:
    text = to_text(_payload_of(source.path, max_bytes, console))
    console.result(f"{name_of(source)}: {text}" if names_files else text)


def _write(
    source: Source, console: Console, _: Workers, target: Path, max_bytes: int, force: bool
) -> None:
    check_overwriting(target, force)
    check_not_sources([target], [source.path])
    if format_of(target.suffix):
        raise UsageError(f"-o {target} is the name of a picture: use another one for bytes")
    payload = _payload_of(source.path, max_bytes, console)
    write_bytes(target, payload, force)
    console.result(f"{name_of(source)} -> {target}: {len(payload)} bytes")


def _payload_of(path: Path, max_bytes: int, console: Console) -> bytes:
    """The preview of an image or an `.aec` file."""
    with console.warnings_about(path):
        content = read_bytes(path)
        if not AEC_FILES.accepts(path):
            return encode(io.BytesIO(content), max_bytes)
        picture = codec_of_file(content).decoder.decompress_picture(content)
        if picture.is_scientific:
            raise ImageError("it has bands, which payloads cannot have: convert it to PNG")
        return encode(picture, max_bytes)
