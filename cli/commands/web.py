"""`aecodec web`: make a page that compresses pictures in the browser, for any static host."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.file_io import check_input, check_overwriting, write_folder
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
    samples: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            readable=False,
            help="Folder with your own PNG, JPEG or WebP sample pictures. Default: the built-in "
            "samples.",
        ),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Make a page on which anybody can compress pictures, for any static host.

    Visitors drop, paste or photograph a picture and compare it with its reconstruction at every
    level, and with WebP, JPEG and AVIF files of the same size. The codecs run in the browser, so
    pictures never leave it. To view the page, run: python -m http.server -d DIR.
    """
    check_overwriting(out, force)
    if samples:
        check_input(samples)
    console = Console(quiet)
    chosen = codecs or [name for name in built_in_names() if name != SAMPLES]
    loaded_codecs = [load_codec(name) for name in chosen]
    from aecodec.web.example_pictures import sample_pictures
    from aecodec.web.site import site_files  # loaded only when needed

    pictures = sample_pictures(samples)
    contents = site_files(loaded_codecs, pictures)
    write_folder(out, contents, force)
    names = [picture.path.name for picture in pictures] if samples else []
    for name in names:
        if f"samples/{name}" not in contents:
            console.note(f"{name}: left out of the samples, because it fits none of the codecs")
    size = sum(map(len, contents.values()))
    console.result(
        f"{out}: a page with {len(contents)} files, {size} bytes; to view it, run: "
        f"python -m http.server -d {out}"
    )
