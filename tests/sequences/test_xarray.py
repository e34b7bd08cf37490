"""Files as data sets of xarray: lazy, with the coordinates and the missing samples of the scene."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import numpy.typing as npt
import pytest
import tifffile

import aecodec
from aecodec.arrays import Pixels
from aecodec.format.kept_tags import KeptTags, Tag
from aecodec.image_files.georeference import Georeference

xarray = pytest.importorskip("xarray")

_NAMES = "".join(
    f'<Item name="DESCRIPTION" sample="{number}" role="description">{name}</Item>'
    for number, name in enumerate(("red", "green", "blue"))
)
_NAMES += '<Item name="SCALE" sample="0" role="scale">0.5</Item>'
_NAMES += '<Item name="UNITTYPE" sample="0" role="unittype">K</Item>'
_GEOTIFF: list[tuple[int, str, int, Any]] = [
    (33550, "d", 3, (10.0, 20.0, 0.0)),
    (33922, "d", 6, (0.0, 0.0, 0.0, 600000.0, 5000000.0, 0.0)),
    (34735, "H", 16, (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633)),
    (42112, "s", 0, f"<GDALMetadata>{_NAMES}</GDALMetadata>"),
    (42113, "s", 0, "-9999"),
]


@pytest.fixture
def bands(photograph: Pixels) -> npt.NDArray[np.int16]:
    """(3, 300, 400): a scene with missing samples."""
    bands = np.moveaxis(photograph[:300, :400], -1, 0).astype(np.int16) * 9 - 400
    bands[:, :20, :30] = -9999
    return bands


@pytest.fixture
def scene(tmp_path: Path, bands: npt.NDArray[np.int16]) -> Path:
    """Its GeoTIFF as an `.aec` file."""
    path = tmp_path / "scene.tif"
    grey: dict[str, Any] = {"photometric": "minisblack", "planarconfig": "separate"}
    tifffile.imwrite(path, bands, extratags=_GEOTIFF, **grey)
    (tmp_path / "scene.aec").write_bytes(aecodec.compress(path, max_error=0))
    return tmp_path / "scene.aec"


def test_a_scene_has_its_coordinates_and_attributes(
    scene: Path, bands: npt.NDArray[np.int16]
) -> None:
    with xarray.open_dataset(scene, engine="aecodec") as data:
        samples = data.samples
        assert dict(samples.sizes) == {"band": 3, "y": 300, "x": 400}
        assert samples.band.values.tolist() == ["red", "green", "blue"]
        assert samples.x.values[:2].tolist() == [600005.0, 600015.0]
        assert samples.y.values[:2].tolist() == [4999990.0, 4999970.0]
        assert samples.x.attrs["standard_name"] == "projection_x_coordinate"
        assert data.spatial_ref.attrs == {
            "spatial_ref": "EPSG:32633",
            "GeoTransform": "600000 10 0 5000000 0 -20",
        }
        assert samples.attrs["grid_mapping"] == "spatial_ref"
        assert samples.attrs["units"] == "K"
        expected = np.where(bands == -9999, np.nan, bands / 2)
        assert np.array_equal(samples.values, expected, equal_nan=True)


def test_a_selection_decodes_only_its_segments(
    scene: Path, bands: npt.NDArray[np.int16], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []
    decode = aecodec.sequences.arrays.ArrayFile._decoded
    monkeypatch.setattr(
        "aecodec.sequences.arrays.ArrayFile._decoded",
        lambda array, parts: decoded.extend(parts) or decode(array, parts),
    )
    with xarray.open_dataset(scene, mask_and_scale=False) as data:  # found by its suffix
        green = data.samples.sel(band="green", y=slice(4998000, 4997800))
        assert decoded == []
        part = green.isel(x=[5, 300, 7]).values
        assert np.array_equal(part, bands[1, 100:110][:, [5, 300, 7]])
        assert len(decoded) == 2
        assert data.samples.attrs["_FillValue"] == -9999
    with xarray.open_dataset(scene, mask_and_scale=False, chunks={}) as data:
        assert data.samples.chunks == ((3,), (256, 44), (256, 144))
        with pickle.loads(pickle.dumps(data)) as copy:
            assert int(copy.samples.sum()) == bands.sum(dtype=np.int64)


def test_urls_are_opened(scene: Path, bands: npt.NDArray[np.int16]) -> None:
    fsspec.filesystem("memory").pipe("/scene.aec", scene.read_bytes())
    with xarray.open_dataset("memory://scene.aec", engine="aecodec") as data:
        assert np.array_equal(data.samples[2, 40:50, 7], bands[2, 40:50, 7] / 2)


def test_masked_samples_are_nan(tmp_path: Path, photograph: Pixels) -> None:
    array = np.ma.masked_less(photograph[:50, :60].astype(np.int32), 90)
    (tmp_path / "a.aec").write_bytes(aecodec.compress(array, max_error=0))
    with xarray.open_dataset(tmp_path / "a.aec", engine="aecodec") as data:
        assert data.samples.dims == ("y", "x", "band")
        assert np.array_equal(data.samples[3:9], array[3:9].astype(float).filled(np.nan), True)


@pytest.mark.parametrize("frames", [1, 4])
def test_pictures_are_data_sets_too(tmp_path: Path, photograph: Pixels, frames: int) -> None:
    pixels = np.stack([photograph[9 * n :][:50, :60] for n in range(frames)])
    (tmp_path / "a.aec").write_bytes(aecodec.compress(pixels, max_error=3))
    with xarray.open_dataset(tmp_path / "a.aec", engine="aecodec") as data:
        assert data.samples.dims == ("frame", "y", "x", "band")[frames == 1 :]
        assert list(data.coords) == []
        assert np.abs(data.samples.values.astype(int) - pixels).max() == 3


def _kept(*tags: tuple[int, int, Any]) -> KeptTags:
    codes = {3: "<u2", 12: "<f8"}
    return KeptTags([Tag(code, kind, np.array(v, codes[kind]).tobytes()) for code, kind, v in tags])


def test_transforms_of_other_kinds() -> None:
    """A matrix, points in the middle of pixels, degrees, and systems without a number."""
    matrix = [2.0, 0, 0, 100, 0, -3, 0, 50, 0, 0, 0, 0, 0, 0, 0, 1]
    place = Georeference.of(_kept((34264, 12, matrix)))
    assert place == ((100, 2, 0, 50, 0, -3), None, False)
    keys = [1, 1, 0, 2, 1025, 0, 1, 2, 2048, 0, 1, 4326]
    place = Georeference.of(_kept((34264, 12, matrix), (34735, 3, keys)))
    assert place == ((99, 2, 0, 51.5, 0, -3), 4326, True)
    axes = place.axes(2, 1)
    assert axes is not None
    assert [axis.tolist() for axis in axes] == [[100, 102], [50]]
    assert place.attributes["grid_mapping_name"] == "latitude_longitude"
    keys[-2:] = 1, 32767
    place = Georeference.of(_kept((34264, 12, [*matrix[:1], 0.5, *matrix[2:]]), (34735, 3, keys)))
    assert place is not None
    assert (place.epsg, place.axes(2, 1), "spatial_ref" in place.attributes) == (None, None, False)
    assert Georeference.of(_kept((34735, 3, keys))) is None
