"""The file `priors.npz`: the entropy-coding tables of every level, as integer arrays.

Arrays are named by level and field. Their stored names stay as they were when the first codec
shipped; they are mapped to today's here.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from aecodec.entropy.context_network import ContextNetwork, Dtypes, SpatialWeights
from aecodec.entropy.prior import Prior
from aecodec.errors import CodecError

_MAX_SIZE = 1 << 26

_STORED = {"degree": "reach", "gradient_weights": "slope", "gradient_shift": "slope_shift"}
"""Stored names of fields that have another name today."""


def save_priors(priors: Iterable[Prior]) -> bytes:
    """Write one prior per level as the content of `priors.npz`."""
    arrays: dict[str, Any] = {}
    for number, prior in enumerate(priors, start=1):
        arrays[f"level{number}_first"] = np.asarray(prior.first)
        arrays |= _named(f"level{number}_", prior)
        if prior.context:
            arrays |= _named(f"level{number}_context_", prior.context)
        if prior.context and prior.context.spatial:
            arrays |= _named(f"level{number}_around_", prior.context.spatial)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _named(prefix: str, owner: Prior | ContextNetwork | SpatialWeights) -> dict[str, Any]:
    return {prefix + _STORED.get(name, name): getattr(owner, name) for name in owner.DTYPES}


def load_prior(content: bytes, number: int) -> Prior:
    """Read the prior of one level from the content of `priors.npz`.

    Args:
        content: the file.
        number: the level, from 1.

    Raises:
        CodecError: the file does not hold the whole prior.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            _check_sizes(arrays.zip)
            return _prior_in(arrays, f"level{number}_")
    except Exception as error:  # whatever a damaged archive leads zipfile and NumPy to
        raise CodecError(f"no tables of a codec ({error})") from error


def _check_sizes(archive: zipfile.ZipFile) -> None:
    if sum(member.file_size for member in archive.infolist()) > _MAX_SIZE:
        raise ValueError("the tables are larger than any codec's")


def _prior_in(arrays: Mapping[str, Any], prefix: str) -> Prior:
    tables = _fields(arrays, prefix, Prior.DTYPES)
    spatial, network = None, None
    if f"{prefix}around_slope" in arrays:
        spatial = SpatialWeights(**_fields(arrays, f"{prefix}around_", SpatialWeights.DTYPES))
    if f"{prefix}context_order" in arrays:
        fields = _fields(arrays, f"{prefix}context_", ContextNetwork.DTYPES)
        network = ContextNetwork(**fields, spatial=spatial)
    return Prior(first=_first(arrays[f"{prefix}first"]), context=network, **tables)


def _first(array: Any) -> int:
    if array.shape or array.dtype.kind not in "iu":
        raise ValueError("a symbol is no integer")
    return int(array)


def _fields(arrays: Mapping[str, Any], prefix: str, dtypes: Dtypes) -> dict[str, Any]:
    found = {name: arrays[prefix + _STORED.get(name, name)] for name in dtypes}
    if any(array.dtype != dtypes[name] for name, array in found.items()):
        raise ValueError("an array is of another type")
    return found
