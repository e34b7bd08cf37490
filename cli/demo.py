"""`aecodec demo`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import typer

from aecodec import images
from aecodec.cli import files
from aecodec.cli.options import Force
from aecodec.errors import UsageError
from aecodec.figures import comparison_figure
from aecodec.registry import load_codec
from aecodec.report import compare
from aecodec.samples import sample_paths

_SHOWN = 3


def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where the tour's files go.")
    ] = Path("aecodec-demo"),
    force: Force = False,
) -> None:
    """Take the tour: compress sample digits, restore them, and draw what was lost.

    Needs matplotlib.
    """
    codec = load_codec("digits")
    comparisons = []
    for sample in sample_paths():
        content = sample.read_bytes()
        picture = images.read(io.BytesIO(content))
        data = codec.compress(picture)
        restored = images.to_pil(codec.decoder.decompress(data))[0]
        _write(folder / sample.name, content, force)
        _write(folder / f"{sample.stem}.aec", data, force)
        _write(folder / f"{sample.stem}_decompressed.png", images.encode(restored, ".png"), force)
        typer.echo(f"{sample.name}: PNG {len(content)} bytes, .aec {len(data)} bytes")
        comparisons.append(compare(codec, picture, None))
    figure = folder / "comparison.png"
    _write(figure, comparison_figure(comparisons[:_SHOWN]), force)
    typer.echo(f"All files are in {folder}; see {figure} for original, reconstructed, difference.")
    typer.echo(f"Next: aecodec compress {folder / sample_paths()[0].name} -o digit.aec")


def _write(path: Path, content: bytes, force: bool) -> None:
    if path.exists() and not force and path.read_bytes() != content:
        raise UsageError(f"{path} exists already; give another folder, or --force")
    files.write_bytes(path, content)
