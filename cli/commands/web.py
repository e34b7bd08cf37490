"""`aecodec web`: a page that shows what codecs make of pictures, for any static host."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.files import check_input, check_overwriting, write_tree
from aecodec.cli.shared.options import Force, Json, Quiet, complete_codec
from aecodec.codec.registry import built_in_names, load_codec


def web(
    codecs: Annotated[
        Optional[list[str]],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Argument(
            metavar="[CODEC]...",
            help="Codecs that ship, or codec folders. Default: all that ship.",
            autocompletion=complete_codec,
        ),
    ] = None,
    *,
    out: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="DIR", readable=False, help="Folder for the page."),
    ],
    samples: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--samples",
            metavar="DIR",
            readable=False,
            help="PNG, JPEG or WebP pictures of yours to begin with. Default: those that ship.",
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a page on which anybody can compress a picture, for any static host.

    A visitor drops, pastes or photographs a picture, and sees it beside what is left of it, at
    every level, and beside WebP, JPEG and AVIF of the same bytes. The codecs run in the browser:
    nothing leaves it, and the page works without a network after the first visit. To look at it:
    python -m http.server -d DIR.
    """
    check_overwriting(out, force)
    if samples:
        check_input(samples)
    console = Console(quiet, as_json)
    chosen = [load_codec(each) for each in codecs or built_in_names()]
    from aecodec.web.samples import found_samples, left_out
    from aecodec.web.site import site_files  # which the other commands need not load

    found = found_samples(samples)
    contents = site_files(chosen, found)
    write_tree(out, contents, force)
    for name in left_out(found, chosen) if samples else ():
        console.note(f"{name}: left out of the samples, as it suits none of the codecs")
    size = sum(map(len, contents.values()))
    console.result(
        f"{out}: a page of {len(contents)} files, {size} bytes; to look at it: "
        f"python -m http.server -d {out}",
        {"folder": str(out), "files": len(contents), "bytes": size},
    )
