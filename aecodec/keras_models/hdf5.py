"""Keras models as HDF5 files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
from absl import logging as absl_logging


def hdf5_bytes(model: Any) -> bytes:
    """The content of an HDF5 file of a Keras model, with compressed weights.

    Keras opens it like its own files, because the HDF5 library decompresses data when reading.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder, "plain.hdf5"), Path(folder, "packed.hdf5")
        with _without_warnings():
            model.save(plain, include_optimizer=False)
        with h5py.File(plain) as source, h5py.File(packed, "w", libver="latest") as target:
            _copy_attributes(source, target)
            source.visititems(lambda name, item: _copy(name, item, target))
        return packed.read_bytes()


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Silence Keras's warning that HDF5 is a legacy format."""
    verbosity = absl_logging.get_verbosity()
    absl_logging.set_verbosity(absl_logging.ERROR)
    try:
        yield
    finally:
        absl_logging.set_verbosity(verbosity)


def _copy(name: str, item: Any, target: Any) -> None:
    if isinstance(item, h5py.Group):
        copied = target.require_group(name)
    elif item.shape and item.size:
        copied = target.create_dataset(
            name,
            data=item[()],
            chunks=item.shape,  # a single chunk is a tenth smaller than HDF5's default chunks
            compression="gzip",
            compression_opts=9,
            shuffle=True,
        )
    else:
        copied = target.create_dataset(name, data=item[()])
    _copy_attributes(item, copied)


def _copy_attributes(source: Any, target: Any) -> None:
    for key, value in source.attrs.items():
        target.attrs[key] = value
