"""Plots of pictures and measurements as PNG files, drawn by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Pixels
from aecodec.errors import AecodecError

_INCHES = 2.2
"""Side of one picture in a figure."""

_DPI = 100
_GAP, _TEXT = 12, 28
"""Space between panels, and height of a line of text, in pixels."""

_MIN_PANEL, _MAX_PANEL = 240, 1200
"""Longer side of a panel in pixels: small pictures are enlarged to it, large ones cut to it."""

_COLUMNS = ("original", "reconstructed", "difference")


@dataclass(frozen=True, eq=False)
class Comparison:
    """One picture before and after compression.

    Attributes:
        original: (H, W, C) uint8.
        reconstructed: (H, W, C) uint8.
        caption: text below the reconstruction: its size and quality.
    """

    original: Pixels
    reconstructed: Pixels
    caption: str


def comparison_figure(comparisons: Sequence[Comparison]) -> bytes:
    """Draw original, reconstruction and difference side by side, one row per picture.

    A pixel of a picture is a square of whole pixels of the figure, at least one. Of a picture that
    is larger than a panel may be, the middle is drawn, and the caption says so.

    Returns:
        The content of a PNG file.

    Raises:
        AecodecError: matplotlib is not installed.
    """
    rows = [_middle(comparison) for comparison in comparisons]
    sizes = [_panel(row.original.shape[:2]) for row in rows]
    width = 3 * max(size[1] for size in sizes) + 4 * _GAP
    height = _TEXT + sum(size[0] + _TEXT + _GAP for size in sizes)
    figure = _new_figure((width / _DPI, height / _DPI), is_placed=True)
    top = height - _TEXT
    for number, title in enumerate(_COLUMNS):
        middle = _GAP + number * (sizes[0][1] + _GAP) + sizes[0][1] / 2
        _write(figure, middle, top + _GAP / 2, title)
    for row, size in zip(rows, sizes, strict=True):
        top -= size[0]
        _draw(figure, row, size, top)
        _write(figure, _GAP + size[1] + _GAP + size[1] / 2, top - _TEXT * 0.8, row.caption)
        top -= _TEXT + _GAP
    return _as_png(figure, _DPI)


def pictures_figure(pictures: Mapping[str, Pixels]) -> bytes:
    """Draw pictures of one size side by side.

    Args:
        pictures: (H, W) or (H, W, 3) uint8, by the title above each.

    Returns:
        The content of a PNG file.

    Raises:
        AecodecError: matplotlib is not installed.
    """
    figure = _new_figure((len(pictures) * 1.5 * _INCHES, 1.5 * _INCHES))
    axes = figure.subplots(1, len(pictures), squeeze=False)[0]
    for axis, (title, pixels) in zip(axes, pictures.items(), strict=True):
        axis.imshow(pixels, cmap="gray", vmin=0, vmax=255)
        axis.set_title(title, fontsize=9)
        axis.set_axis_off()
    return _as_png(figure)


def rate_distortion_figure(curves: Mapping[str, Sequence[tuple[float, float]]]) -> bytes:
    """Draw PSNR against bits per pixel, one line per codec.

    Args:
        curves: (bits per pixel, PSNR in dB) of each level, by the codec's name.

    Returns:
        The content of a PNG file.

    Raises:
        AecodecError: matplotlib is not installed.
    """
    figure = _new_figure((3 * _INCHES, 2 * _INCHES))
    axis = figure.subplots()
    for name, points in curves.items():
        axis.plot(*zip(*points, strict=True), marker="o", label=name)
    axis.set_xlabel("bits per pixel")
    axis.set_ylabel("PSNR, dB")
    axis.grid(alpha=0.3)
    axis.legend()
    return _as_png(figure)


def bars_figure(values: Mapping[str, Sequence[float]], columns: Sequence[str], unit: str) -> bytes:
    """Draw horizontal bars on a logarithmic axis, one group of bars per name.

    Args:
        values: one number per column, by name.
        columns: what each number measures, for the legend.
        unit: unit of the numbers.

    Returns:
        The content of a PNG file.

    Raises:
        AecodecError: matplotlib is not installed.
    """
    figure = _new_figure((3 * _INCHES, (1 + 0.25 * len(values)) * _INCHES))
    axis = figure.subplots()
    height = 0.8 / len(columns)
    for number, column in enumerate(columns):
        places = np.arange(len(values)) + number * height
        axis.barh(places, [each[number] for each in values.values()], height, label=column)
    axis.set_yticks(np.arange(len(values)) + 0.4 - height / 2, list(values))
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.set_xlabel(unit)
    axis.legend()
    return _as_png(figure)


def _as_png(figure: Any, dpi: int = 110) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()


def _new_figure(size: tuple[float, float], is_placed: bool = False) -> Any:
    """A figure; its axes are laid out by matplotlib, unless each is placed by hand."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise AecodecError(
            "figures need matplotlib: install it with pip install 'aecodec[plot]'"
        ) from error
    return Figure(figsize=size, layout=None if is_placed else "constrained")


def _middle(comparison: Comparison) -> Comparison:
    """A comparison that fits into panels: itself, or its middle with a caption that says so."""
    height, width = comparison.original.shape[:2]
    shown = min(height, _MAX_PANEL), min(width, _MAX_PANEL)
    if shown == (height, width):
        return comparison
    top, left = (height - shown[0]) // 2, (width - shown[1]) // 2
    place = slice(top, top + shown[0]), slice(left, left + shown[1])
    return Comparison(
        comparison.original[place],
        comparison.reconstructed[place],
        f"{comparison.caption}; shown: {shown[1]}x{shown[0]} pixels from ({left}, {top}) of "
        f"{width}x{height}",
    )


def _panel(shape: tuple[int, ...]) -> tuple[int, int]:
    """(height, width) at which a picture is drawn: its own, times a whole number if it is small."""
    scale = max(1, -(-_MIN_PANEL // max(shape)))
    return shape[0] * scale, shape[1] * scale


def _draw(figure: Any, comparison: Comparison, size: tuple[int, int], bottom: int) -> None:
    """Draw the panels of one row; `bottom` is the height of their lower edge in pixels."""
    difference = comparison.reconstructed.astype(np.int16) - comparison.original
    panels = (comparison.original, comparison.reconstructed, difference.mean(axis=-1))
    width, height = figure.get_size_inches() * _DPI
    for number, pixels in enumerate(panels):
        left = _GAP + number * (size[1] + _GAP)
        place = (left / width, bottom / height, size[1] / width, size[0] / height)
        axis = figure.add_axes(place)
        axis.set_axis_off()
        _show(axis, pixels)


def _show(axis: Any, pixels: npt.NDArray[Any]) -> None:
    """Draw a picture (H, W, C), or a difference (H, W) from -255 to 255, over a whole panel."""
    options = {"aspect": "auto", "interpolation": "nearest", "vmax": 255}
    if pixels.ndim == 2:
        axis.imshow(pixels, cmap="RdBu", vmin=-255, **options)
        return
    shown = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    axis.imshow(shown, cmap="gray", vmin=0, **options)


def _write(figure: Any, middle: float, bottom: float, text: str) -> None:
    """Write a text at a place in pixels, counted from the left and the lower edge of a figure."""
    width, height = figure.get_size_inches() * _DPI
    figure.text(middle / width, bottom / height, text, fontsize=8, ha="center", va="bottom")
