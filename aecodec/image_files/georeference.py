"""The georeference in the TIFF tags of a scene (OGC 19-008r4, GeoTIFF 1.1)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aecodec.format.kept_tags import KeptTags

Axis = npt.NDArray[np.floating[Any]]
"""Coordinates of columns or rows."""

_PIXEL_SCALE, _TIEPOINT, _TRANSFORMATION, _KEYS = 33550, 33922, 34264, 34735
_RASTER_TYPE, _GEOGRAPHIC, _PROJECTED = 1025, 2048, 3072
_PIXEL_IS_POINT, _USER_DEFINED = 2, 32767


class Georeference(NamedTuple):
    """Where the pixels of a scene lie.

    Attributes:
        transform: (x0, dx by column, dx by row, y0, dy by column, dy by row), as GDAL orders them;
            (x0, y0) is the outer corner of the first pixel.
        epsg: number of the coordinate reference system; None if it is unknown or has none.
        is_geographic: whether coordinates are longitudes and latitudes in degrees.
    """

    transform: tuple[float, ...]
    epsg: int | None
    is_geographic: bool

    @classmethod
    def of(cls, tags: KeptTags) -> Georeference | None:
        """The georeference in the tags of a scene; None without one."""
        numbers, keys = _transform_of(tags), tags.numbers(_KEYS)
        short = {keys[n]: keys[n + 3] for n in range(4, len(keys) - 3, 4) if not keys[n + 1]}
        if not numbers:
            return None
        x, a, b, y, c, d = numbers
        if short.get(_RASTER_TYPE) == _PIXEL_IS_POINT:
            x, y = x - (a + b) / 2, y - (c + d) / 2
        code = short.get(_PROJECTED) or short.get(_GEOGRAPHIC)
        epsg = None if code == _USER_DEFINED else code
        is_geographic = _GEOGRAPHIC in short and _PROJECTED not in short
        return cls((x, a, b, y, c, d), epsg, is_geographic)

    @property
    def attributes(self) -> dict[str, Any]:
        """Attributes of the CF variable of the grid mapping, as GDAL and rioxarray read them."""
        values = {"GeoTransform": " ".join(f"{number:.17g}" for number in self.transform)}
        if self.is_geographic:
            values["grid_mapping_name"] = "latitude_longitude"
        return values | ({"spatial_ref": f"EPSG:{self.epsg}"} if self.epsg else {})

    def axes(self, width: int, height: int) -> tuple[Axis, Axis] | None:
        """x (W,) and y (H,) of the middle of pixels; None if the scene is rotated.

        >>> x, y = Georeference((600000, 10, 0, 9000000, 0, -10), 32633, False).axes(2, 3)
        >>> x.tolist(), y.tolist()
        ([600005.0, 600015.0], [8999995.0, 8999985.0, 8999975.0])
        """
        x, a, b, y, c, d = self.transform
        if b or c:
            return None
        return x + a * (np.arange(width) + 0.5), y + d * (np.arange(height) + 0.5)


def _transform_of(tags: KeptTags) -> tuple[float, ...] | None:
    """The transform of columns and rows; None without one."""
    matrix, scale = tags.numbers(_TRANSFORMATION), tags.numbers(_PIXEL_SCALE)
    if len(matrix) == 16:
        return matrix[3], matrix[0], matrix[1], matrix[7], matrix[4], matrix[5]
    points = tags.numbers(_TIEPOINT)
    if len(scale) < 2 or len(points) < 6:
        return None
    column, row, _, x, y, _ = points[:6]
    return x - column * scale[0], scale[0], 0.0, y + row * scale[1], 0.0, -scale[1]
