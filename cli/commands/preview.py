"""`aecodec preview`: a small version of a picture in a few bytes, as a text."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import IMAGES, Source, expand, is_folder_at
from aecodec.cli.shared.file_io import check_overwriting, read_bytes, write_bytes
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.cli.shared.single_images import check_target, read_colours, write_image
from aecodec.errors import FormatError, UsageError, errors_about, warn
from aecodec.format.texts import TextForm
from aecodec.image_files.formats import format_of
from aecodec.parallel import Workers
from aecodec.preview import decode, encode

_MOST_BYTES = 1024
"""No payload is as large: noise with alpha takes 354 bytes."""


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
        int,
        typer.Option(metavar="N", min=10, help="Maximum size of the payload, with its checksum."),
    ] = 40,
    text: Annotated[
        TextForm | None,
        typer.Option(
            help="base64url (the default) for pages or base91 for radio messages. With -o, write "
            "this text instead of bytes."
        ),
    ] = None,
    checksum: Annotated[
        bool, typer.Option("--checksum", help="The payload ends with a checksum of one byte.")
    ] = False,
    payload: Annotated[
        str | None,
        typer.Option(
            "--decode",
            metavar="TEXT|FILE",
            help="Decode a preview to the picture -o. If a file has this name, aecodec reads its "
            "bytes, or with --text its text.",
        ),
    ] = None,
    jobs: options.Jobs = None,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Print previews of pictures: small, smooth versions in 10 to 100 bytes.

    Each line is the payload of a picture as a text, after the file name if there are several
    pictures. -o writes the bytes of a single payload to a file. The payload does not state its
    form, so --decode needs the options --text and --checksum with which it was made.
    """
    console = Console(quiet, as_json, to_stderr=out == "-")
    form = _Form(max_bytes, text, checksum)
    if payload is not None:
        if inputs or not out:
            raise UsageError("--decode needs -o PICTURE, and no other input")
        form.decode_to(Path(out), payload, force, console)
    elif not inputs:
        raise UsageError("name a picture, or use --decode")
    else:
        sources = expand(inputs, IMAGES)
        is_single = len(sources) == 1 and not is_folder_at(inputs[0])
        if out and not is_single:
            raise UsageError("-o takes the preview of a single picture")
        target = Path(out) if out else None
        printing = partial(
            _print_preview, form=form, target=target, force=force, names_files=not is_single
        )
        run_all(console, sources, printing, BatchOptions(jobs))


class _Form(NamedTuple):
    """The form of payloads."""

    max_bytes: int
    text: TextForm | None
    checksum: bool

    @property
    def text_form(self) -> TextForm:
        return self.text or TextForm.BASE64URL

    def decode_to(self, target: Path, payload: str, force: bool, console: Console) -> None:
        """Write the picture of a payload, which is a text or the name of a file."""
        check_target(target, force)
        with errors_about(payload), console.warnings_about(payload):
            image = decode(self._bytes_of(payload), checksum=self.checksum)
        write_image(target, image, force, console)

    def _bytes_of(self, payload: str) -> bytes:
        if payload == "-" or os.path.exists(payload):
            content = read_bytes(Path(payload))
            if not self.text:
                return _checked(content)
            payload = content.decode("ascii", "replace").strip()
        try:
            return self.text_form.decode(payload)
        except FormatError as error:
            raise FormatError(f"not a file, or {error}") from error


def _checked(payload: bytes) -> bytes:
    """The bytes of a payload; FormatError for larger files, most of which would also decode."""
    if len(payload) > _MOST_BYTES:
        raise FormatError(f"{len(payload)} bytes, but previews have at most {_MOST_BYTES}")
    if payload.isascii() and payload.endswith(b"\n"):
        warn("the file looks like a text: if the picture is wrong, use --text base64url or base91")
    return payload


def _print_preview(
    source: Source,
    console: Console,
    _: Workers,
    form: _Form,
    target: Path | None,
    force: bool,
    names_files: bool,
) -> None:
    """Print the preview of a picture, or write it to the target."""
    if target:
        check_overwriting(target, force)
        check_not_sources([target], [source.path])
        if not form.text and format_of(target.suffix):
            raise UsageError(f"-o {target} is the name of a picture: use another one for bytes")
    with console.warnings_about(source.path):
        payload = encode(read_colours(source.path), form.max_bytes, checksum=form.checksum)
    text = form.text_form.encode(payload)
    values = {"source": str(source.path), "preview": text, "bytes": len(payload)}
    if not target:
        console.result(f"{name_of(source)}: {text}" if names_files else text, values)
        return
    write_bytes(target, f"{text}\n".encode() if form.text else payload, force)
    line = f"{name_of(source)} -> {target}: {len(payload)} bytes"
    console.result(line, {**values, "file": str(target)})
