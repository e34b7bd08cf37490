"""Figures of originals and reconstructions; the one place that draws."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aecodec.errors import AecodecError
from aecodec.images import Pixels

_INCH = 2.2
_COLUMNS = ("original", "reconstructed", "difference")


@dataclass(frozen=True, eq=False)
class Comparison:
    """One picture before and after.

    Attributes:
        original: (H, W, C) uint8.
        reconstructed: the same shape.
        caption: what it cost.
    """

    original: Pixels
    reconstructed: Pixels
    caption: str


def comparison_figure(comparisons: Sequence[Comparison]) -> bytes:
    """Original, reconstructed and difference side by side, a row a picture, as PNG.

    Raises:
        AecodecError: matplotlib is not installed.
    """
    figure = _new_figure((3 * _INCH, len(comparisons) * _INCH * 1.12))
    axes = figure.subplots(len(comparisons), 3, squeeze=False)
    for row, comparison in zip(axes, comparisons, strict=True):
        _draw(row, comparison)
    for axis, title in zip(axes[0], _COLUMNS, strict=True):
        axis.set_title(title, fontsize=10)
    return _as_png(figure)


def pictures_figure(pictures: Mapping[str, Pixels]) -> bytes:
    """Pictures of one size side by side, at least as large as they are, as PNG.

    Args:
        pictures: (H, W) or (H, W, 3) uint8, by what stands above them.

    Raises:
        AecodecError: matplotlib is not installed.
    """
    figure = _new_figure((len(pictures) * 1.5 * _INCH, 1.5 * _INCH))
    axes = figure.subplots(1, len(pictures), squeeze=False)[0]
    for axis, (title, pixels) in zip(axes, pictures.items(), strict=True):
        axis.imshow(pixels, cmap="gray", vmin=0, vmax=255)
        axis.set_title(title, fontsize=9)
        axis.set_axis_off()
    return _as_png(figure)


def rate_distortion_figure(curves: Mapping[str, Sequence[tuple[float, float]]]) -> bytes:
    """PSNR against bits a pixel, a line a codec, as PNG.

    Args:
        curves: (bpp, dB) of each level, by name.

    Raises:
        AecodecError: matplotlib is not installed.
    """
    figure = _new_figure((3 * _INCH, 2 * _INCH))
    axis = figure.subplots()
    for name, points in curves.items():
        axis.plot(*zip(*points, strict=True), marker="o", label=name)
    axis.set_xlabel("bits a pixel")
    axis.set_ylabel("PSNR, dB")
    axis.grid(alpha=0.3)
    axis.legend()
    return _as_png(figure)


def bars_figure(values: Mapping[str, Sequence[float]], columns: Sequence[str], unit: str) -> bytes:
    """Horizontal bars on a logarithmic axis, some for each name, as PNG.

    Args:
        values: a number for each column, by name.
        columns: what the numbers are of.
        unit: what they are in.

    Raises:
        AecodecError: matplotlib is not installed.
    """
    figure = _new_figure((3 * _INCH, (1 + 0.25 * len(values)) * _INCH))
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


def _as_png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue()


def _new_figure(size: tuple[float, float]) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise AecodecError(
            "figures need matplotlib: install it with pip install 'aecodec[plot]'"
        ) from error
    return Figure(figsize=size, layout="constrained")


def _draw(row: Any, comparison: Comparison) -> None:
    difference = comparison.reconstructed.astype(np.int16) - comparison.original
    _show(row[0], comparison.original)
    _show(row[1], comparison.reconstructed)
    row[2].imshow(difference.mean(axis=-1), cmap="RdBu", vmin=-255, vmax=255)
    row[1].set_xlabel(comparison.caption, fontsize=8)
    for axis in row:
        axis.set_xticks([])
        axis.set_yticks([])


def _show(axis: Any, pixels: Pixels) -> None:
    axis.imshow(
        pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels, cmap="gray", vmin=0, vmax=255
    )
