"""Device folders: C sources, the tables of a level, and an example program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy.typing as npt

from aecodec.codec_files.file_names import Half
from aecodec.data.c_sources import c_sources
from aecodec.export.device.codec_source import PictureSizes, c_codec, identifier_of
from aecodec.export.device.device_codec import DeviceCodec, picture_file
from aecodec.export.device.network_source import CNetwork, network_names
from aecodec.export.device.tables import CTables
from aecodec.format.container import LEVEL_UNITS
from aecodec.format.samples import SampleType

_CODE = (
    "aecodec.h",
    "aecodec.c",
    "aecodec_range_coder.h",
    "aecodec_reader.h",
    "aecodec_network.h",
    "aecodec_network.c",
    "aecodec_operators.h",
    "aecodec_operators.c",
    "aecodec_kernels.h",
    "aecodec_kernels.c",
    "aecodec_kernels_neon.c",
    "aecodec_kernels_vector.h",
    "aecodec_kernels_wasm.c",
    "aecodec_kernels_x86.c",
    "aecodec_winograd.c",
)
_BANDS_CODE = ("aecodec_bands.h", "aecodec_bands.c")

_FUNCTIONS = {
    Half.ENCODER: """\
/* Write a picture to `file`. Returns the size of the file, or 0 if a call failed. */
size_t write_file(const $sample *frame)
{
    static int8_t pixels[CODEC_ENCODER_INPUT_SIZE];
    const aecodec_picture picture = {CODEC_WIDTH, CODEC_HEIGHT, $mode};
    aecodec_network network;
    size_t size = 0;
    $input
    if (aecodec_network_open(&network, CODEC_ENCODER, CODEC_ENCODER_SIZE) != AECODEC_OK ||
        aecodec_network_run(&network, CODEC_ENCODER_ROWS, CODEC_ENCODER_COLUMNS,
                            pixels, latents, work, sizeof work) != AECODEC_OK) {
        return 0;
    }
    aecodec_quantize(&CODEC, latents, CODEC_VECTORS, codes);
    if (aecodec_encode(&CODEC, &picture, codes, work, sizeof work,
                       file, sizeof file, &size) != AECODEC_OK) {
        return 0;
    }
    return size;
}""",
    Half.DECODER: """\
/* Read a picture from `file`. Returns 0 if a call failed. */
int read_file(size_t size, $sample *frame)
{
    static int8_t pixels[CODEC_DECODER_OUTPUT_SIZE];
    aecodec_network network;
    size_t vectors = 0;
    if (aecodec_decode(&CODEC, file, size, work, sizeof work,
                       codes, sizeof codes, &vectors) != AECODEC_OK || vectors != CODEC_VECTORS) {
        return 0;
    }
    aecodec_dequantize(&CODEC, codes, vectors, latents);
    if (aecodec_network_open(&network, CODEC_DECODER, CODEC_DECODER_SIZE) != AECODEC_OK ||
        aecodec_network_run(&network, CODEC_DECODER_ROWS, CODEC_DECODER_COLUMNS,
                            latents, pixels, work, sizeof work) != AECODEC_OK) {
        return 0;
    }
    $output
    return 1;
}""",
}
_WITH_PIXELS = {
    "sample": "uint8_t",
    "input": """for (size_t n = 0; n < sizeof pixels; n++) {
        pixels[n] = (int8_t)(frame[n] - 128);
    }""",
    "output": """for (size_t n = 0; n < sizeof pixels; n++) {
        frame[n] = (uint8_t)(pixels[n] + 128);
    }""",
}
_BANDS_ARGUMENTS = "&CODEC_BANDS, CODEC_SAMPLE_TYPE, {}, CODEC_WIDTH * CODEC_HEIGHT, {}"
_WITH_BANDS = {
    "sample": "void",
    "input": f"aecodec_bands_input({_BANDS_ARGUMENTS.format('frame', 'pixels')});",
    "output": f"aecodec_bands_output({_BANDS_ARGUMENTS.format('pixels', 'frame')});",
}

_TRIALS = {
    Half.ENCODER: "./main encode sample.pnm out.aec && cmp out.aec sample.aec",
    Half.DECODER: "./main decode sample.aec out.pnm",
}


def device_files(
    tables: CTables, sample: npt.NDArray[Any], halves: Sequence[Half]
) -> tuple[list[CNetwork], dict[str, bytes]]:
    """The networks of some halves, and all files of a device folder by name.

    The `sample` (1, H, W, C) is uint8 with the codec's channels, or integers of any type for bands.
    Raises CodecError if the codec lacks a half, and ModelError if the sample is too large for
    `aecodec.c`.
    """
    folder, core, has_bands = tables.folder, c_sources("core"), _has_bands(tables)
    size, kind = (sample.shape[2], sample.shape[1]), SampleType.of(sample.dtype.name)
    sizes = PictureSizes.of(tables, size)
    networks = [CNetwork.of(folder, half, size) for half in halves]
    values = _template_values(tables, sizes, networks)
    return networks, {
        **{name: (core / name).read_bytes() for name in (*_CODE, *_BANDS_CODE * has_bands)},
        **c_codec(tables, sizes, kind),
        **{name: content for network in networks for name, content in network.files().items()},
        _sample_name(tables): picture_file(sample[0], has_bands=has_bands),
        "sample.aec": DeviceCodec(tables).file(sample),
        "main.c": (c_sources("firmware") / "main.c").read_bytes(),
        **{name: _filled(name, values) for name in ("CMakeLists.txt", "README.md")},
        "networks.h": network_names(networks).encode(),
    }


def _has_bands(tables: CTables) -> bool:
    return tables.folder.spec.bands is not None


def _filled(template: str, values: dict[str, object]) -> bytes:
    text = (c_sources("firmware") / template).read_text("utf-8")
    return Template(text).substitute(values).encode()


def _template_values(
    tables: CTables, sizes: PictureSizes, networks: Sequence[CNetwork]
) -> dict[str, object]:
    return {
        "name": tables.folder.spec.name,
        "level": f"{tables.level_index / LEVEL_UNITS:g}",
        "width": sizes.width,
        "height": sizes.height,
        "picture": _sample_name(tables),
        "tables": identifier_of(tables),
        "macro_": f"{identifier_of(tables).upper()}_",
        "rows": "\n".join(_rows(tables, sizes, networks)),
        "trial": _TRIALS[networks[0].half].replace(".pnm", Path(_sample_name(tables)).suffix),
        "functions": "\n\n".join(_function(tables, network.half) for network in networks),
    }


def _function(tables: CTables, half: Half) -> str:
    """C that uses a half, for the README."""
    spec = tables.folder.spec
    is_colour = spec.channels == 3 and not spec.bands
    values = {
        **(_WITH_BANDS if spec.bands else _WITH_PIXELS),
        "mode": "AECODEC_RGB" if is_colour else "AECODEC_GREY",
    }
    return Template(_FUNCTIONS[half]).substitute(values)


def _sample_name(tables: CTables) -> str:
    return "sample.raw" if _has_bands(tables) else "sample.pnm"


def _rows(tables: CTables, sizes: PictureSizes, networks: Sequence[CNetwork]) -> list[str]:
    channels = tables.folder.spec.latent_channels + tables.prior.code_dimension
    return [
        *(f"| flash | {net.half.value} network | {len(net.plan):,} |" for net in networks),
        f"| flash | tables | {tables.bytes:,} |",
        *(
            f"| RAM | working memory of the {net.half.value} network | {net.work:,} |"
            for net in networks
        ),
        f"| RAM | latents and codes | {sizes.vectors * channels:,} |",
        f"| RAM | working memory of `aecodec.c` | {sizes.work:,} |",
        f"| RAM | the file, at most | {sizes.file:,} |",
    ]
