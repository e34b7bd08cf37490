"""`aecodec preview`: a small version of a picture in a few bytes, as text or as a tag."""

from __future__ import annotations

import html
import io
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from aecodec.base.parallel import Workers
from aecodec.cli.batch.run import BatchOptions, run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import IMAGES, Source, expand, is_folder_at
from aecodec.cli.shared.file_io import read_bytes
from aecodec.codec.sources import COLOURS, to_picture
from aecodec.format.texts import to_text
from aecodec.preview import average_colour, encode


def preview(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...", help="Pictures, folders of pictures, or - for standard input."
        ),
    ],
    max_bytes: Annotated[
        int, typer.Option(metavar="N", min=10, help="Maximum size of a preview in bytes.")
    ] = 40,
    as_html: Annotated[
        bool, typer.Option("--html", help="Print img tags with size, preview and average colour.")
    ] = False,
    jobs: options.Jobs = None,
) -> None:
    """Print previews of pictures: small, blurred versions in 10 to 100 bytes.

    Each line of output is a preview in base64url. If there are several pictures, the line begins
    with the file name.
    """
    sources = expand(inputs, IMAGES)
    is_single = len(sources) == 1 and not is_folder_at(inputs[0])
    plain = partial(_print, max_bytes=max_bytes, names_files=not is_single)
    work = partial(_print_tag, max_bytes=max_bytes) if as_html else plain
    run_all(Console(), sources, work, BatchOptions(jobs))


def _print(source: Source, console: Console, _: Workers, max_bytes: int, names_files: bool) -> None:
    with console.warnings_about(source.path):
        text = to_text(encode(io.BytesIO(read_bytes(source.path)), max_bytes))
    console.result(f"{name_of(source)}: {text}" if names_files else text)


def _print_tag(source: Source, console: Console, _: Workers, max_bytes: int) -> None:
    """Print a tag; the average colour appears before the page can decode the preview."""
    with console.warnings_about(source.path):
        picture = to_picture(io.BytesIO(read_bytes(source.path)), COLOURS)
        payload = encode(picture, max_bytes)
    width, height = picture.size
    console.result(
        f'<img src="{html.escape(quote(name_of(source)))}" alt="" width="{width}" height="{height}"'
        f' data-preview="{to_text(payload)}" style="background: {average_colour(payload)}">'
    )
