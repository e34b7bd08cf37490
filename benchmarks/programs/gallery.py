"""What do pictures look like in equal bytes?

Draws the pictures of docs/gallery.md. The data are a folder of photographs. Files in other formats
are the smallest that are at least as large as aecodec's, or the best that fit into a packet by
MS-SSIM. `--bands` adds a scene, compressed with a codec for its bands.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from aecodec import Codec, Picture, Target, load_codec, metrics, preview
from aecodec.arrays import Pixels
from aecodec.data.samples import sample_paths
from aecodec.evaluation.formats import decode
from aecodec.image_files.reading import read_image
from aecodec.image_files.samples import read_samples
from aecodec.imaging.display import display, error_map, error_picture
from aecodec.imaging.picture import without_channel_axis
from aecodec.web.samples import PHOTOGRAPH
from benchmarks.formats import LOSSY, decoded_within
from benchmarks.harness import Options, Row
from benchmarks.pictures import first_planes

_PACKET = 237
"""Bytes of a LoRa packet."""

_PREVIEWS = (21, 34, 55)
_GAP, _TEXT = 8, 22
_WIDTH = 240
"""Width of a panel in pixels."""

Panel = tuple[Pixels, str]
"""A picture, and the text below it."""


def add_arguments(parser: Options) -> None:
    """Add the data, the output folder, and the scene with its codec."""
    parser.add_data()
    parser.add_argument("-o", "--output", type=Path, default=Path("gallery"), metavar="DIR")
    parser.add_argument("--bands", nargs=2, type=Path, metavar=("SCENE", "CODEC"))


def measure(options: Namespace) -> Iterator[Row]:
    """Draw each picture; one row per panel, with its text."""
    photographs = first_planes(options.data, 1000)
    selected = photographs[2::9] or photographs
    equal = _equal_panels(photographs[-2])
    sheets = {
        "tiny": [_packet_panels(selected[0]), _digit_panels()],
        "equal_bytes": [equal[:3], equal[3:]],
        "previews": [_preview_panels(photograph) for photograph in selected],
        "max_error": [_error_panels(load_codec("photo"), _picture(PHOTOGRAPH), 8)],
    }
    if options.bands:
        scene, codec = options.bands
        sheets["bands"] = [_error_panels(load_codec(codec), _picture(scene), 4)]
    options.output.mkdir(exist_ok=True)
    for name, rows in sheets.items():
        _sheet(rows).save(options.output / f"{name}.jpg", quality=85, subsampling=0, optimize=True)
        yield from ({"picture": name, "panel": text} for row in rows for _, text in row)


def _packet_panels(original: Pixels) -> list[Panel]:
    """A photograph in one packet, in all formats that fit."""
    file, restored = _round_trip("photo", original, Target(max_bytes=_PACKET))
    size = f"{original.shape[1]}x{original.shape[0]}"
    panels = [(original, f"original, {size} pixels"), (restored, file)]
    for anchor in LOSSY:
        fitting = decoded_within(anchor, original, _PACKET)
        best = max(fitting, key=lambda pair: metrics.ms_ssim(original, pair[1]), default=None)
        if best:
            panels.append((best[1], f"{anchor.title}, {best[0]} bytes"))
    return panels


def _digit_panels() -> list[Panel]:
    """A digit, next to the smallest files of WebP and JPEG XL."""
    path = sample_paths()[3]
    original = np.asarray(Image.open(path))
    file, restored = _round_trip("digits", original)
    panels = [(original, f"original, PNG, {path.stat().st_size} bytes"), (restored, file)]
    for anchor in LOSSY[1:3]:
        size, decoded = anchor.at_quality(0).round_trip(original)
        panels.append((decoded, f"{anchor.title} at quality 0, {size} bytes"))
    return panels


def _equal_panels(original: Pixels) -> list[Panel]:
    """The centre of a photograph in files with equal sizes."""
    codec = load_codec("photo")
    data = codec.compress(original, level=2)
    files = {"aecodec": (len(data), np.asarray(codec.decompress(data)))}
    for anchor in LOSSY:
        content = anchor.no_smaller(original, len(data))
        files[anchor.title] = len(content), decode(content, original)
    top, left = (max(0, (side - _WIDTH) // 2) for side in original.shape[:2])
    place = slice(top, top + _WIDTH), slice(left, left + _WIDTH)
    panels = [(pixels[place], f"{name}, {size:,} bytes") for name, (size, pixels) in files.items()]
    return [(original[place], "original"), *panels]


def _preview_panels(photograph: Pixels) -> list[Panel]:
    image = Image.fromarray(photograph)
    payloads = [preview.encode(image, size) for size in _PREVIEWS]
    decoded = [preview.decode(payload, image.size).convert("RGB") for payload in payloads]
    texts = [f"preview, {len(payload)} bytes" for payload in payloads]
    return [(photograph, "original"), *zip(map(np.asarray, decoded), texts, strict=True)]


def _error_panels(codec: Codec, original: Picture, max_error: int) -> list[Panel]:
    """A level and a guaranteed maximum error, with maps of their errors in the same colours."""
    panels = []
    targets = {"level 3": Target(level=3), "guaranteed": Target(max_error=max_error)}
    for title, target in targets.items():
        data = codec.compress(original, target)
        restored = codec.decoder.decompress_picture(data)
        errors = error_map(original, restored)[0]
        shown = display(restored, original, (3, 2, 1) if codec.spec.bands else (0, 1, 2))[0]
        panels.append((shown, f"{title}, {len(data):,} bytes"))
        map_text = f"largest error {errors.max():.0f}, white: {3 * max_error}"
        panels.append((error_picture(errors, 3 * max_error), map_text))
    return panels


def _picture(path: Path) -> Picture:
    with path.open("rb") as file:
        return read_image(file) if path.suffix == ".jpg" else read_samples(file)


def _round_trip(codec: str, original: Pixels, target: Target | None = None) -> tuple[str, Pixels]:
    """The text about a picture's file, and the decoded picture."""
    data = load_codec(codec).compress(original, target)
    return f"aecodec, {len(data)} bytes", np.asarray(load_codec(codec).decompress(data))


def _sheet(rows: Sequence[Sequence[Panel]]) -> Image.Image:
    """Draw panels in rows, with their texts."""
    images = [[_resized(pixels) for pixels, _ in row] for row in rows]
    width = max(map(len, rows)) * (_WIDTH + _GAP) + _GAP
    height = sum(row[0].height + _TEXT + _GAP for row in images) + _GAP
    sheet = Image.new("RGB", (width, height), "white")
    draw, font, top = ImageDraw.Draw(sheet), ImageFont.load_default(13), _GAP
    for row, row_images in zip(rows, images, strict=True):
        for number, ((_, text), image) in enumerate(zip(row, row_images, strict=True)):
            left = _GAP + number * (_WIDTH + _GAP)
            sheet.paste(image, (left, top))
            place = left + _WIDTH // 2, top + image.height + _TEXT // 2
            draw.text(place, text, "black", font, anchor="mm")
        top += row_images[0].height + _TEXT + _GAP
    return sheet


def _resized(pixels: Pixels) -> Image.Image:
    image = Image.fromarray(without_channel_axis(pixels)).convert("RGB")
    small = image.width < _WIDTH // 2
    method = Image.Resampling.NEAREST if small else Image.Resampling.LANCZOS
    return image.resize((_WIDTH, _WIDTH * image.height // image.width), method)
