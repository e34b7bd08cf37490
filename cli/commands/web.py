"""`aecodec web`: make a page that compresses pictures in the browser, for any static host."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.file_io import check_overwriting, write_folder
from aecodec.cli.shared.options import Force, Quiet
from aecodec.codec.registry import built_in_names, load_codec
from aecodec.codec_files.fileless_codec import SAMPLES


def web(
    codecs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CODEC]...",
            help="Built-in codecs or codec files. Default: all built-in codecs.",
        ),
    ] = None,
    *,
    out: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="DIR", readable=False, help="Folder for the page."),
    ],
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Make a web page, for any static host, on which visitors can compress pictures.

    Visitors drop, paste or take a picture and compare it with its reconstruction at every
    level, and with WebP and JPEG files of the same size. The codecs run in the browser, so
    pictures never leave the device. To view the page, run: python -m http.server -d DIR.
    """
    check_overwriting(out, force)
    chosen = codecs or [name for name in built_in_names() if name != SAMPLES]
    loaded_codecs = [load_codec(name) for name in chosen]
    from aecodec.web.site import site_files  # loaded only when needed

    contents = site_files(loaded_codecs)
    write_folder(out, contents, force)
    size = sum(map(len, contents.values()))
    Console(quiet).result(
        f"{out}: a page with {len(contents)} files, {size} bytes; to view it, run: "
        f"python -m http.server -d {out}"
    )
