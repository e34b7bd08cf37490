"""`aecodec demo`: compress and decompress sample pictures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import typer

from aecodec.cli.shared.file_io import write_bytes
from aecodec.cli.shared.options import Force
from aecodec.cli.shared.stdout import write_line
from aecodec.codec.codec import Codec
from aecodec.codec.registry import load_codec
from aecodec.data.samples import sample_paths
from aecodec.image_files.reading import from_pil, read_image
from aecodec.image_files.writing import encode_frames
from aecodec.imaging.picture import Picture, stack
from aecodec.web.site import PHOTOGRAPH

_SHOWN = 3


def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", readable=False, help="Output folder.")
    ] = Path("aecodec-demo"),
    force: Force = False,
) -> None:
    """Compress sample pictures, decompress them, and draw the differences."""
    digits = load_codec("digits")
    pictures = [_compress(sample, digits, folder, force) for sample in sample_paths()]
    _compress(PHOTOGRAPH, load_codec("photo"), folder, force)
    figure, drawn = folder / "comparison.png", io.BytesIO()
    digits.plot(stack(pictures[:_SHOWN])).save(drawn, "PNG")
    write_bytes(figure, drawn.getvalue(), force)
    write_line(
        f"All files are in {folder}. {figure} shows originals, reconstructions and differences."
    )
    write_line(f"Next, try: aecodec compress {folder / sample_paths()[0].name} -o digit.aec")


def _compress(sample: Path, codec: Codec, folder: Path, force: bool) -> Picture:
    """Write a sample, its compressed file and the decompressed picture; return the picture."""
    content = sample.read_bytes()
    picture = read_image(io.BytesIO(content))
    data = codec.compress(picture)
    [restored] = encode_frames(from_pil(codec.decompress(data)), ".png")
    write_bytes(folder / sample.name, content, force)
    write_bytes(folder / f"{sample.stem}.aec", data, force)
    write_bytes(folder / f"{sample.stem}_decompressed.png", restored, force)
    format_name = sample.suffix[1:].upper().replace("JPG", "JPEG")
    write_line(f"{sample.name}: {format_name} {len(content)} bytes, .aec {len(data)} bytes")
    return picture
