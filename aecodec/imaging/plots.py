"""Figures as PNG files: pictures side by side, and curves, which matplotlib draws."""

import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from aecodec.base.arrays import Pixels
from aecodec.base.errors import AecodecError
from aecodec.imaging.display import difference_picture, middle
from aecodec.imaging.picture import without_channel_axis

_INCHES = 2.2
_GAP, _TEXT = 12, 28
_MIN_PANEL, _MAX_PANEL = 240, 1200
"""Longer side of a panel in pixels: small pictures are enlarged, large pictures are cropped."""


class Comparison(NamedTuple):
    """A picture (H, W, C) uint8 before and after compression, and the text below."""

    original: Pixels
    reconstructed: Pixels
    caption: str


def comparison_figure(comparisons: Sequence[Comparison]) -> bytes:
    """Draw original, reconstruction and difference as a PNG file, with one row per picture.

    Each picture pixel covers at least one whole pixel of the figure. If a picture is larger than a
    panel, only its centre is drawn, and the caption says so.
    """
    rows = [_row(_centre(comparison)) for comparison in comparisons]
    size = max(row.width for row in rows), sum(row.height for row in rows)
    figure, top, file = Image.new("RGB", size, "white"), 0, io.BytesIO()
    for row in rows:
        figure.paste(row, (0, top))
        top += row.height
    figure.save(file, "PNG")
    return file.getvalue()


Curves = Mapping[str, Sequence[tuple[float, float]]]
"""Points (x, y) of each curve, by its name."""


def figure_of_curves(panels: Mapping[str, Curves], xlabel: str = "bits per pixel") -> bytes:
    """Draw a panel with curves for each measure, as PNG.

    Raises AecodecError if matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise AecodecError("figures need matplotlib: pip install 'aecodec[plot]'") from error
    figure = Figure((3 * _INCHES * len(panels), 2 * _INCHES), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (measure, curves) in zip(axes, panels.items(), strict=True):
        for name, points in curves.items():
            axis.plot(*zip(*points, strict=True), marker="o", label=name)
        axis.set(xlabel=xlabel, ylabel=measure)
        axis.grid(alpha=0.3)
        axis.legend()
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue()


def _centre(comparison: Comparison) -> Comparison:
    """Crop a comparison to its centre if it is larger than a panel, and say so in the caption."""
    height, width = comparison.original.shape[:2]
    place = middle(comparison.original, _MAX_PANEL)
    original = comparison.original[place]
    if original.shape[:2] == (height, width):
        return comparison
    size, corner = f"{original.shape[1]}x{original.shape[0]}", (place[1].start, place[0].start)
    return Comparison(
        original,
        comparison.reconstructed[place],
        f"{comparison.caption}; shown: {size} pixels from {corner} of {width}x{height}",
    )


def _row(comparison: Comparison) -> Image.Image:
    original, reconstructed, _ = comparison
    pictures = {"original": original, "reconstructed": reconstructed}
    pictures["difference"] = difference_picture(original, reconstructed)
    panels = [(title, _panel(pixels)) for title, pixels in pictures.items()]
    width, height = panels[0][1].size
    row = Image.new("RGB", (_GAP + 3 * (width + _GAP), height + 2 * _TEXT + _GAP), "white")
    for number, (title, panel) in enumerate(panels):
        left = _GAP + number * (width + _GAP)
        row.paste(panel, (left, _TEXT))
        _write(row, left + width / 2, _TEXT / 2, title)
    _write(row, row.width / 2, height + 1.5 * _TEXT, comparison.caption)
    return row


def _panel(pixels: Pixels) -> Image.Image:
    image = Image.fromarray(without_channel_axis(pixels))
    scale = max(1, -(-_MIN_PANEL // max(image.size)))
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)


def _write(image: Image.Image, middle: float, line: float, text: str) -> None:
    font = ImageFont.load_default(12)
    ImageDraw.Draw(image).text((middle, line), text, "black", font, "mm")
