"""`aecodec compare`: draw a picture next to its reconstruction."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aecodec.base.errors import UsageError, errors_about
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import STANDARD
from aecodec.cli.shared.file_io import check_overwriting, write_bytes
from aecodec.cli.shared.jobs import beside, check_not_sources
from aecodec.cli.shared.pictures import read_picture, reading_for
from aecodec.codec.figure import compare_frames
from aecodec.codec.registry import AUTO, codec_for, load_codec
from aecodec.image_files.options import ReadOptions
from aecodec.imaging.plots import comparison_figure


def compare(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A picture; - is standard input.")],
    out: options.OutFile = None,
    codec: options.CodecOrAuto = AUTO,
    level: options.LevelNumber = None,
    max_pixels: options.MaxPixels = None,
    nodata: options.Nodata = None,
    bands_first: options.BandsFirst = False,
    array: options.SamplesArray = None,
    force: options.Force = False,
) -> None:
    """Draw a picture, its reconstruction and their difference side by side, with size and PSNR.

    Without -o, the command writes the figure for digit.png to digit_compared.png in the same
    folder. The figure enlarges small pictures and shows only the centre of very large ones.

    For a codec with bands, the figure shows the first three bands as RGB or, if there are fewer,
    only the first as grey levels. PSNR is then relative to the range of the samples.
    """
    target = Path(out) if out else beside(image, f"{image.stem}_compared.png")
    if target.suffix.lower() not in ("", ".png"):
        raise UsageError(f"{target}: use a name that ends with .png")
    check_not_sources([target], [image])
    console = Console(to_stderr=target == STANDARD)
    named_codec = None if codec == AUTO else load_codec(codec)
    basis = ReadOptions(max_pixels=max_pixels)
    reading = reading_for(named_codec, basis, nodata=nodata, bands_first=bands_first, array=array)
    with errors_about(name_of(image)):
        check_overwriting(target, force)
        picture, _ = read_picture(image, console, reading)
        drawn_codec = named_codec or codec_for(picture)
        file = drawn_codec.compress(picture, level=level)
        comparison = compare_frames(drawn_codec, picture, file)
    write_bytes(target, comparison_figure([comparison]), force)
    console.result(f"{name_of(image)} -> {target}: {comparison.caption}")
