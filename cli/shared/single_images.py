"""Single pictures of commands that make and show payloads: 8-bit colours in, an image file out."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from aecodec.cli.shared.console import Console
from aecodec.cli.shared.discovery import AEC_FILES, STANDARD
from aecodec.cli.shared.file_io import check_overwriting, read_bytes, write_bytes
from aecodec.codec.registry import codec_of_file
from aecodec.codec.sources import COLOURS, to_picture
from aecodec.errors import ImageError
from aecodec.image_files.reading import from_pil
from aecodec.image_files.writing import encode_frames, format_to_write
from aecodec.imaging.picture import Picture

_QUALITY = 90


def read_colours(path: Path) -> Picture:
    """Read the first frame of an image, or an `.aec` file, in 8-bit colours."""
    content = read_bytes(path)
    if AEC_FILES.accepts(path):
        picture = codec_of_file(content).decoder.decompress_picture(content)
        if picture.is_scientific:
            raise ImageError("it has bands, which payloads cannot have: convert it to PNG")
        return picture
    return to_picture(io.BytesIO(content), COLOURS)


def check_target(target: Path, force: bool) -> None:
    """Raise UsageError unless an image can be written to a file, or to standard output."""
    format_to_write(_suffix(target), _QUALITY)
    check_overwriting(target, force)


def write_image(target: Path, image: Image.Image, force: bool, console: Console) -> None:
    """Write an image to a file, or as PNG to standard output, and print its size."""
    [content] = encode_frames(from_pil(image), _suffix(target), _QUALITY)
    write_bytes(target, content, force)
    values = {"file": str(target), "bytes": len(content)}
    values |= {"width": image.width, "height": image.height}
    console.result(f"{target}: {image.width}x{image.height}", values)


def _suffix(target: Path) -> str:
    return ".png" if target == STANDARD else target.suffix
