"""The xarray backend `aecodec`: `.aec` files as lazy data sets.

xarray finds it by the entry point `aecodec` in the group `xarray.backends`.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import xarray
>>> import aecodec
>>> path = Path(tempfile.mkdtemp(), "scene.aec")
>>> _ = path.write_bytes(aecodec.compress(np.zeros((3, 40, 50), np.int16), max_error=2))
>>> with xarray.open_dataset(path, engine="aecodec") as scene:
...     print(dict(scene.samples.sizes))
{'band': 3, 'y': 40, 'x': 50}
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from aecodec.codec.sources import DataSource
from aecodec.format.container import MetadataKind
from aecodec.format.kept_tags import KeptTags, gdal_items
from aecodec.image_files.georeference import Georeference
from aecodec.sequences.arrays import ArrayFile

__all__ = ["AecodecBackend"]

_DEGREES = (("longitude", "degrees_east"), ("latitude", "degrees_north"))
_PROJECTED = (("projection_x_coordinate", "m"), ("projection_y_coordinate", "m"))
"""Standard names and units of `x` and `y`."""

_ROLES = {"scale_factor": "scale", "add_offset": "offset", "units": "unittype"}
"""Attributes of the CF conventions, by their roles in GDAL's metadata."""

_DIMENSIONS = {"F": "frame", "B": "band", "H": "y", "W": "x"}


class _LazyArray(BackendArray):
    """An array that xarray indexes when it needs its elements."""

    def __init__(self, array: ArrayFile) -> None:
        self.array, self.shape = array, array.shape
        self.dtype = np.result_type(array.dtype, np.float32) if array.is_masked else array.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        support = indexing.IndexingSupport.BASIC
        return indexing.explicit_indexing_adapter(key, self.shape, support, self._part)

    def _part(self, key: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        part = self.array[key]
        return np.ma.filled(part.astype(self.dtype), np.nan) if self.array.is_masked else part


class AecodecBackend(BackendEntrypoint):
    """Opens an `.aec` file, by its path or URL, as a data set with the variable `samples`.

    Its dimensions are `frame`, `band`, `y` and `x`, as far as the source had them. Band names, the
    coordinates `x` and `y` of the middle of pixels, and `spatial_ref` with the EPSG code and the
    transform come from the TIFF tags of the source, and so do `units`, and `scale_factor` and
    `add_offset`, which `mask_and_scale` applies. The value of missing samples is `_FillValue`;
    samples that a mask marks as missing are NaN. With `chunks={}`, dask decodes each segment in a
    task.
    """

    description = "Open .aec files with aecodec"
    open_dataset_parameters = ("filename_or_obj", "mask_and_scale", "drop_variables")

    def open_dataset(  # type: ignore[override]  # xarray passes the parameters that are named
        self,
        filename_or_obj: DataSource,
        *,
        mask_and_scale: bool = True,
        drop_variables: str | Iterable[str] | None = None,
    ) -> xarray.Dataset:
        """Read the head of a file; errors are as for :func:`aecodec.open`."""
        array = ArrayFile(filename_or_obj)
        dimensions = [_DIMENSIONS[axis] for axis in array.axes]
        tags = array.metadata.get(MetadataKind.TIFF)
        kept = KeptTags.unpack(tags) if tags else KeptTags([])
        place, attributes = Georeference.of(kept), _attributes(kept)
        if array.nodata is not None:
            attributes["_FillValue"] = array.nodata
        coordinates: dict[str, Any] = {}
        if array.band_names and "band" in dimensions:
            coordinates["band"] = ("band", list(array.band_names))
        if place:
            attributes["grid_mapping"] = "spatial_ref"
            coordinates["spatial_ref"] = ((), 0, place.attributes)
            sides = dict(zip(array.axes, array.shape, strict=True))
            coordinates |= _axes(place, sides["W"], sides["H"])
        lazy = indexing.LazilyIndexedArray(_LazyArray(array))
        chunks = dict(zip(dimensions, array.chunks, strict=True))
        samples = xarray.Variable(dimensions, lazy, attributes, {"preferred_chunks": chunks})
        data = xarray.Dataset({"samples": samples}, coordinates)
        data = xarray.decode_cf(data, mask_and_scale=mask_and_scale, drop_variables=drop_variables)
        data.set_close(array.close)
        return data

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Whether a path ends with `.aec`."""
        is_path = isinstance(filename_or_obj, str | os.PathLike)
        return is_path and os.fspath(filename_or_obj).lower().endswith(".aec")


def _attributes(kept: KeptTags) -> dict[str, Any]:
    """Scale, offset and unit in GDAL's metadata, if all bands have the same."""
    stated = {name: set(gdal_items(kept, role).values()) for name, role in _ROLES.items()}
    values = {name: next(iter(texts)) for name, texts in stated.items() if len(texts) == 1}
    return {name: text if name == "units" else float(text) for name, text in values.items()}


def _axes(place: Georeference, width: int, height: int) -> dict[str, Any]:
    """The coordinates `x` and `y` with their CF attributes; none if the scene is rotated."""
    names, sides = _DEGREES if place.is_geographic else _PROJECTED, place.axes(width, height)
    return {
        axis: (axis, values, {"axis": axis.upper(), "standard_name": name, "units": unit})
        for axis, values, (name, unit) in zip("xy", sides or (), names, strict=False)
    }
