"""Device folders: C sources, the tables of a level, and an example program."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from string import Template

from aecodec.arrays import Pixels
from aecodec.bundle.c_tables import CTables
from aecodec.codec.codec import Codec
from aecodec.codec_files.file_names import Half
from aecodec.entropy import coding
from aecodec.export.device.codec_source import PictureSizes, c_codec, identifier_of
from aecodec.export.device.export_half import Exported
from aecodec.export.device.networks import Networks, in_c, in_micro
from aecodec.export.device.pnm import as_pnm
from aecodec.export.device.reference import c_file, encoded_with, network_of
from aecodec.format.container import LEVEL_UNITS
from aecodec.imaging.picture import Picture, from_array
from aecodec.imaging.tiling import grid_of

_TEMPLATES = ("CMakeLists.txt", "README.md")


def device_files(
    tables: CTables, pictures: Pixels, exported: Sequence[Exported]
) -> dict[str, bytes]:
    """All files of a device folder except for the networks.

    Args:
        tables: tables of the level.
        pictures: (N, H, W, C) uint8 with the codec's channels. The first picture is the sample.
        exported: the networks of the folder.

    Returns:
        The files by name.
    """
    sample = from_array(pictures[0])
    sizes = PictureSizes.of(tables, sample.size)
    networks = _networks(tables, exported)
    core, firmware = files("aecodec.c") / "core", files("aecodec.c") / "firmware"
    values = _template_values(tables, sizes, pictures, networks)
    program = firmware / networks.templates / "main.c"
    return {
        **{name: (core / name).read_bytes() for name in networks.copied},
        "main.c": program.read_bytes(),
        **{
            name: Template((firmware / networks.templates / name).read_text("utf-8"))
            .substitute(values)
            .encode()
            for name in _TEMPLATES
        },
        **c_codec(tables, sizes),
        **networks.files,
        **_sample_files(tables, sample),
    }


def _networks(tables: CTables, exported: Sequence[Exported]) -> Networks:
    networks = [half.network for half in exported if half.network]
    if networks:
        return in_c(networks)
    return in_micro(tables.folder.spec.name, [half.parity for half in exported])


def _sample_files(tables: CTables, sample: Picture) -> dict[str, bytes]:
    codec = Codec(tables.folder)
    encoded = encoded_with(codec, network_of(codec, Half.ENCODER), sample.pixels)
    return {
        "sample.pnm": as_pnm(sample.pixels[0]),
        "sample.bin": encoded.latents.tobytes(),
        "sample.aec": c_file(tables, encoded),
    }


def _template_values(
    tables: CTables, sizes: PictureSizes, pictures: Pixels, networks: Networks
) -> dict[str, object]:
    return {
        "name": tables.folder.spec.name,
        "tables": identifier_of(tables),
        "macro_": f"{identifier_of(tables).upper()}_",
        "level": f"{tables.level_index / LEVEL_UNITS:g}",
        "width": sizes.width,
        "height": sizes.height,
        "rows": "\n".join(_rows(tables, sizes, networks)),
        "pruned": _pruned(tables, pictures),
        **networks.values,
    }


def _rows(tables: CTables, sizes: PictureSizes, networks: Networks) -> list[str]:
    channels = tables.folder.spec.latent_channels + tables.prior.code_dimension
    return [
        *networks.flash,
        f"| flash | tables | {tables.bytes:,} |",
        *networks.ram,
        f"| RAM | latents and codes | {sizes.vectors * channels:,} |",
        f"| RAM | working memory of `aecodec.c` | {sizes.work:,} |",
        f"| RAM | the file, at most | {sizes.file:,} |",
    ]


def _pruned(tables: CTables, pictures: Pixels) -> str:
    """The paragraph of the README about the cost of leaving out priors."""
    full_prior = tables.folder.prior(tables.number)
    if len(tables.candidates) == full_prior.priors:
        return ""
    spec, size = tables.folder.spec, (pictures.shape[2], pictures.shape[1])
    rows, columns = grid_of(size, spec.tile)
    grid = (len(pictures), rows, columns) if spec.receptive_field else None
    codes = Codec(tables.folder).encoder.codes(pictures, tables.number)
    pruned, full = (
        coding.bits(prior, codes, grid).mean() / 8 for prior in (tables.prior, full_prior)
    )
    return (
        f"\n\nThe folder has {len(tables.candidates)} of the codec's {full_prior.priors} priors. A "
        f"code vector takes {pruned:.2f} bytes instead of {full:.2f} (mean of {len(pictures)} "
        "pictures)."
    )
