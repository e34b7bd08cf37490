"""Plots of pictures and measurements as PNG files, drawn by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aecodec.arrays import Pixels
from aecodec.errors import AecodecError

_INCHES = 2.2
"""Side of one picture in a figure."""

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

    Returns:
        The content of a PNG file.

    Raises:
        AecodecError: matplotlib is not installed.
    """
    figure = _new_figure((3 * _INCHES, len(comparisons) * _INCHES * 1.12))
    axes = figure.subplots(len(comparisons), 3, squeeze=False)
    for row, comparison in zip(axes, comparisons, strict=True):
        _draw(row, comparison)
    for axis, title in zip(axes[0], _COLUMNS, strict=True):
        axis.set_title(title, fontsize=10)
    return _as_png(figure)


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
