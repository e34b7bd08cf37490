"""The file `priors.npz`: the entropy-coding tables of every level, as integer arrays.

It also contains the transfer of a codec with bands. Arrays are named by level and field. The stored
names never change; this module maps them to the names in the code.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from aecodec.entropy.context_network import ContextNetwork, Dtypes, SpatialWeights
from aecodec.entropy.prior import Prior
from aecodec.errors import CodecError
from aecodec.imaging.transfer import Transfer

_MAX_SIZE = 1 << 26

_STORED = {"degree": "reach", "gradient_weights": "slope", "gradient_shift": "slope_shift"}
"""Stored names of fields that have different names in the code."""


_LIMITS, _TABLES = "limits", "transfer"


def save_priors(priors: Iterable[Prior], transfer: Transfer | None = None) -> bytes:
    """Convert one prior per level to the content of `priors.npz`.

    The content includes the transfer of a codec with bands.
    """
    arrays: dict[str, Any] = {}
    for number, prior in enumerate(priors, start=1):
        arrays[f"level{number}_first"] = np.asarray(prior.first)
        arrays |= _named(f"level{number}_", prior)
        if prior.context:
            arrays |= _named(f"level{number}_context_", prior.context)
        if prior.context and prior.context.spatial:
            arrays |= _named(f"level{number}_around_", prior.context.spatial)
    if transfer:
        arrays |= {_LIMITS: transfer.limits, _TABLES: transfer.tables}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _named(prefix: str, owner: Prior | ContextNetwork | SpatialWeights) -> dict[str, Any]:
    return {prefix + _STORED.get(name, name): getattr(owner, name) for name in owner.DTYPES}


def load_prior(content: bytes, number: int) -> Prior:
    """Read the prior of a level, from 1, from the content of `priors.npz`.

    Raises CodecError if it does not contain the whole prior.
    """
    with _arrays_in(content) as arrays:
        return _prior_in(arrays, f"level{number}_")


def load_transfer(content: bytes) -> Transfer:
    """Read the transfer of a codec with bands from the content of `priors.npz`.

    Raises CodecError if it has none, or not a valid one.
    """
    with _arrays_in(content) as arrays:
        return Transfer(arrays[_LIMITS], arrays[_TABLES])


@contextmanager
def _arrays_in(content: bytes) -> Iterator[Mapping[str, Any]]:
    """The arrays of `priors.npz`; errors while they are read become a CodecError."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            if sum(member.file_size for member in arrays.zip.infolist()) > _MAX_SIZE:
                raise ValueError(f"the tables have more than {_MAX_SIZE} bytes, as no codec's have")
            yield arrays
    except Exception as error:  # damaged archives raise many types of errors
        raise CodecError(f"not the tables of a codec ({error})") from error


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
        raise ValueError("a symbol is not an integer")
    return int(array)


def _fields(arrays: Mapping[str, Any], prefix: str, dtypes: Dtypes) -> dict[str, Any]:
    fields = {name: arrays[prefix + _STORED.get(name, name)] for name in dtypes}
    for name, array in fields.items():
        if array.dtype != dtypes[name]:
            raise ValueError(f"{prefix}{name} has the dtype {array.dtype}")
    return fields
