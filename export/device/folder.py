"""Device folders: C sources, the tables of a level, and an example program."""

from __future__ import annotations

from collections.abc import Sequence
from string import Template
from typing import Any

import numpy.typing as npt

from aecodec.codec_files.file_names import Half
from aecodec.data.c_sources import c_sources
from aecodec.export.device.codec_source import CODEC, PictureSizes, codec_header, codec_source
from aecodec.export.device.device_codec import DeviceCodec
from aecodec.export.device.network_source import CNetwork
from aecodec.export.device.tables import CTables
from aecodec.format.container import LEVEL_UNITS

_LIBRARY_ONLY = (
    *("aecodec_bands.c", "aecodec_bands.h"),
    *("aecodec_context.c", "aecodec_context.h", "aecodec_messages.c"),
)

_TRIALS = {
    Half.ENCODER: "./main encode sample.raw out.aec && cmp out.aec sample.aec",
    Half.DECODER: "./main decode sample.aec out.raw",
}


def device_files(
    tables: CTables, sample: npt.NDArray[Any], halves: Sequence[Half]
) -> tuple[list[CNetwork], dict[str, bytes]]:
    """The networks of some halves, and all files of a device folder by name.

    The `sample` is (1, H, W, C) uint8. Raises CodecError if the codec lacks a half, and ModelError
    if the sample is too large for `aecodec.c`.
    """
    size = (sample.shape[2], sample.shape[1])
    sizes = PictureSizes.of(tables, size)
    networks = [CNetwork.of(tables.folder, half, size) for half in halves]
    return networks, {
        **{
            path.name: path.read_bytes()
            for path in sorted(c_sources("core").glob("aecodec*.[ch]"))
            if path.name not in _LIBRARY_ONLY
        },
        "codec.h": codec_header(tables, sizes, networks).encode(),
        f"{CODEC}.c": codec_source(tables).encode(),
        **{f"{network.array}.c": network.source().encode() for network in networks},
        "sample.raw": sample.tobytes(),
        "sample.aec": DeviceCodec(tables).file(sample),
        "main.c": (c_sources("firmware") / "main.c").read_bytes(),
        "README.md": _readme(tables, sizes, halves[0]),
    }


def _readme(tables: CTables, sizes: PictureSizes, half: Half) -> bytes:
    text = (c_sources("firmware") / "README.md").read_text("utf-8")
    codec = {"name": tables.folder.spec.name, "level": f"{tables.level_index / LEVEL_UNITS:g}"}
    size = {"width": sizes.width, "height": sizes.height}
    return Template(text).substitute(codec, **size, trial=_TRIALS[half]).encode()
