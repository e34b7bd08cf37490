"""Plots of pictures and measurements as PNG files, drawn with matplotlib."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.arrays import Float64, Pixels
from aecodec.errors import AecodecError
from aecodec.imaging.display import scale_of_errors

_INCHES = 2.2
"""Unit of the size of figures with axes."""

_DPI = 100
_GAP, _TEXT = 12, 28
"""Space between panels, and height of a line of text, in pixels."""

_SCALE = 80
"""Width of the scale of errors in pixels."""

_MIN_PANEL, _MAX_PANEL = 240, 1200
"""Longer side of a panel in pixels: small pictures are enlarged, large pictures are cropped."""

_COLUMNS = ("original", "reconstructed", "difference")
_ERROR_TITLE = "largest error of the bands"


class Comparison(NamedTuple):
    """One picture before and after compression.

    Attributes:
        original: (H, W, C) uint8.
        reconstructed: (H, W, C) uint8.
        caption: text below the reconstruction, such as its size and quality.
        errors: (H, W) errors, which are drawn with a scale instead of the difference, or None.
    """

    original: Pixels
    reconstructed: Pixels
    caption: str
    errors: Float64 | None = None


def comparison_figure(comparisons: Sequence[Comparison]) -> bytes:
    """Draw original, reconstruction and difference side by side, a row per picture, as a PNG file.

    Each picture pixel takes at least one whole pixel of the figure. If a picture is larger than a
    panel, only its centre is drawn, and the caption says so. Raises AecodecError if matplotlib is
    not installed.
    """
    rows = [_centre(comparison) for comparison in comparisons]
    sizes = [_panel_size(row.original.shape[:2]) for row in rows]
    scale = _SCALE if any(row.errors is not None for row in rows) else 0
    width = len(_COLUMNS) * (max(size[1] for size in sizes) + _GAP) + _GAP + scale
    height = _TEXT + sum(size[0] + _TEXT + _GAP for size in sizes)
    figure = _new_figure((width / _DPI, height / _DPI), is_placed=True)
    top = height - _TEXT
    titles = (*_COLUMNS[:2], _ERROR_TITLE if scale else _COLUMNS[2])
    for number, title in enumerate(titles):
        _write(figure, _left_edge(number, sizes[0]) + sizes[0][1] / 2, top + _GAP / 2, title)
    for row, size in zip(rows, sizes, strict=True):
        _draw(figure, row, size, top - size[0])
        top -= size[0] + _TEXT + _GAP
    return _as_png(figure, _DPI)


def rate_distortion_figure(
    curves: Mapping[str, Sequence[tuple[float, float]]], unit: str = "bits per pixel"
) -> bytes:
    """Draw PSNR in dB against bits per pixel or per sample, one line per codec, as a PNG file.

    The curves are (bits, PSNR) of each level, by the codec's name. Raises AecodecError if
    matplotlib is not installed.
    """
    figure = _new_figure((3 * _INCHES, 2 * _INCHES))
    axis = figure.subplots()
    for name, points in curves.items():
        axis.plot(*zip(*points, strict=True), marker="o", label=name)
    axis.set_xlabel(unit)
    axis.set_ylabel("PSNR, dB")
    axis.grid(alpha=0.3)
    axis.legend()
    return _as_png(figure)


def _as_png(figure: Any, dpi: int = 110) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()


def _new_figure(size: tuple[float, float], is_placed: bool = False) -> Any:
    """Make a figure; matplotlib lays out its axes unless they are placed by hand."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise AecodecError(
            "figures need matplotlib: install it with pip install 'aecodec[plot]'"
        ) from error
    return Figure(figsize=size, layout=None if is_placed else "constrained")


def _centre(comparison: Comparison) -> Comparison:
    """Crop a comparison to its centre if it is larger than a panel, and say so in the caption."""
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
        None if comparison.errors is None else comparison.errors[place],
    )


def _panels(comparison: Comparison) -> list[npt.NDArray[Any]]:
    difference = comparison.reconstructed.astype(np.int16) - comparison.original
    return [comparison.original, comparison.reconstructed, difference.mean(axis=-1)]


def _panel_size(shape: tuple[int, ...]) -> tuple[int, int]:
    """(height, width) of a panel: the picture's size, times an integer if the picture is small."""
    scale = max(1, -(-_MIN_PANEL // max(shape)))
    return shape[0] * scale, shape[1] * scale


def _left_edge(number: int, size: tuple[int, int]) -> int:
    return _GAP + number * (size[1] + _GAP)


def _draw(figure: Any, comparison: Comparison, size: tuple[int, int], bottom: int) -> None:
    """Draw a row of panels, and its caption below the reconstruction."""
    panels = _panels(comparison) if comparison.errors is None else _panels(comparison)[:2]
    for number, pixels in enumerate(panels):
        _show(_panel(figure, size, (_left_edge(number, size), bottom)), pixels)
    if comparison.errors is not None:
        _draw_errors(figure, comparison.errors, size, bottom)
    middle = _left_edge(1, size) + size[1] / 2
    _write(figure, middle, bottom - _TEXT * 0.8, comparison.caption)


def _draw_errors(figure: Any, errors: Float64, size: tuple[int, int], bottom: int) -> None:
    """Draw an error map and its scale in the last column."""
    left = _left_edge(len(_COLUMNS) - 1, size)
    options = {"aspect": "auto", "interpolation": "nearest", "vmin": 0, "cmap": "inferno"}
    panel = _panel(figure, size, (left, bottom))
    image = panel.imshow(errors, vmax=scale_of_errors(errors), **options)
    bar = _panel(figure, (size[0], _GAP), (left + size[1] + _GAP, bottom))
    bar.set_axis_on()
    figure.colorbar(image, cax=bar, extend="max").ax.tick_params(labelsize=8)


def _panel(figure: Any, size: tuple[int, int], corner: tuple[int, int]) -> Any:
    """The axes of a panel, with a size and a lower left corner in pixels."""
    width, height = figure.get_size_inches() * _DPI
    left, bottom = corner
    axes = figure.add_axes((left / width, bottom / height, size[1] / width, size[0] / height))
    axes.set_axis_off()
    return axes


def _show(axis: Any, pixels: npt.NDArray[Any]) -> None:
    """Draw a picture (H, W, C), or a difference (H, W) from -255 to 255, over a whole panel."""
    options = {"aspect": "auto", "interpolation": "nearest", "vmax": 255}
    if pixels.ndim == 2:
        axis.imshow(pixels, cmap="RdBu", vmin=-255, **options)
        return
    shown = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    axis.imshow(shown, cmap="gray", vmin=0, **options)


def _write(figure: Any, middle: float, bottom: float, text: str) -> None:
    """Write a text at a position in pixels from the left and the lower edge of a figure."""
    width, height = figure.get_size_inches() * _DPI
    figure.text(middle / width, bottom / height, text, fontsize=8, ha="center", va="bottom")
