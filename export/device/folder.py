"""Device folders: C sources, the tables of a level, and an example program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy.typing as npt

from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.data.c_sources import c_sources
from aecodec.export.device.c_models import CNetwork, network_names
from aecodec.export.device.codec_source import PictureSizes, c_codec, identifier_of
from aecodec.export.device.reference import c_file, encoded_with, network_of, picture_file
from aecodec.export.device.tables import CTables
from aecodec.format.container import LEVEL_UNITS
from aecodec.format.samples import SampleType
from aecodec.imaging.picture import Picture, from_array
from aecodec.imaging.tiling import grid_of
from aecodec.prior_fitting.choices import bits

_CODER_CODE = ("aecodec.h", "aecodec.c", "aecodec_range_coder.h", "aecodec_reader.h")
_NETWORK_CODE = (
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
    tables: CTables, pictures: Pixels, networks: Sequence[CNetwork]
) -> dict[str, bytes]:
    """All files of a device folder by name, except for the networks.

    `pictures` (N, H, W, C) are uint8 with the codec's channels, or integers of any type for bands;
    the first is the sample. At least one network is needed.
    """
    sizes, files = _common_files(tables, pictures, (*_CODER_CODE, *_NETWORK_CODE))
    values = _template_values(tables, sizes, pictures, networks)
    return {
        **files,
        "main.c": (c_sources("firmware") / "main.c").read_bytes(),
        **{name: _filled(name, values) for name in ("CMakeLists.txt", "README.md")},
        "networks.h": network_names(list(networks)).encode(),
    }


def latent_files(tables: CTables, pictures: Pixels) -> dict[str, bytes]:
    """The files, by name, that convert latents of TFLite models to `.aec` files and back.

    The pictures are those of :func:`device_files`. Raises ModelError if they are too large for
    `aecodec.c`.
    """
    sizes, files = _common_files(tables, pictures, _CODER_CODE)
    return {
        **files,
        "latents.c": (c_sources("firmware") / "latents.c").read_bytes(),
        "README.md": _filled("latents.md", _codec_values(tables, sizes)),
    }


def _common_files(
    tables: CTables, pictures: npt.NDArray[Any], code: Sequence[str]
) -> tuple[PictureSizes, dict[str, bytes]]:
    """The sizes of the pictures, and the library with this code, the tables and a sample."""
    codec, core, has_bands = Codec(tables.folder), c_sources("core"), _has_bands(tables)
    sample = Picture(pictures[:1]) if has_bands else from_array(pictures[0])
    sizes = PictureSizes.of(tables, sample.size)
    encoded = encoded_with(codec, network_of(codec, Half.ENCODER), sample.pixels)
    return sizes, {
        **{name: (core / name).read_bytes() for name in (*code, *_BANDS_CODE * has_bands)},
        **c_codec(tables, sizes, SampleType.of(sample.pixels.dtype.name)),
        _sample_name(tables): picture_file(sample.pixels[0], has_bands=has_bands),
        "sample.bin": encoded.latents.tobytes(),
        "sample.aec": c_file(tables, encoded),
    }


def _has_bands(tables: CTables) -> bool:
    return tables.folder.spec.bands is not None


def _filled(template: str, values: dict[str, object]) -> bytes:
    text = (c_sources("firmware") / template).read_text("utf-8")
    return Template(text).substitute(values).encode()


def _template_values(
    tables: CTables, sizes: PictureSizes, pictures: Pixels, networks: Sequence[CNetwork]
) -> dict[str, object]:
    return {
        **_codec_values(tables, sizes),
        "tables": identifier_of(tables),
        "macro_": f"{identifier_of(tables).upper()}_",
        "rows": "\n".join(_rows(tables, sizes, networks)),
        "pruned": _pruned(tables, pictures),
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


def _codec_values(tables: CTables, sizes: PictureSizes) -> dict[str, object]:
    return {
        "name": tables.folder.spec.name,
        "level": f"{tables.level_index / LEVEL_UNITS:g}",
        "width": sizes.width,
        "height": sizes.height,
        "picture": _sample_name(tables),
        "input": "channels of `aecodec_bands_input`"
        if _has_bands(tables)
        else "pixel - 128, row by row, the colours of a pixel together",
        "output": "channels for `aecodec_bands_output`" if _has_bands(tables) else "pixel - 128",
    }


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


def _pruned(tables: CTables, pictures: Pixels) -> str:
    """A paragraph for the README about the cost of omitting priors."""
    prior, candidates = tables.prior, tables.candidates
    if len(candidates) == prior.priors:
        return ""
    spec, size = tables.folder.spec, (pictures.shape[2], pictures.shape[1])
    rows, columns = grid_of(size, spec.tile)
    grid = (len(pictures), rows, columns) if spec.receptive_field else None
    codes = Codec(tables.folder).encoder.codes(pictures, tables.number)
    pruned, full = (bits(prior, codes, grid, kept).mean() / 8 for kept in (candidates, None))
    return (
        f"\n\nThe folder has {len(candidates)} of the codec's {prior.priors} priors. A "
        f"code vector takes {pruned:.2f} bytes instead of {full:.2f} (mean of {len(pictures)} "
        "pictures)."
    )
