"""A folder for a device: `aec.c`, one level's tables, an example that builds, and what it takes."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from string import Template

from aecodec import images
from aecodec.codec import Codec
from aecodec.container import LEVEL_UNITS
from aecodec.export.c_codec import PictureSizes, c_codec
from aecodec.export.c_tables import CTables
from aecodec.export.parity import Parity
from aecodec.images import Pixels

_AS_THEY_ARE = ("aec.h", "aec.c", "main.c", "CMakeLists.txt")


def device_files(tables: CTables, pictures: Pixels, models: list[Parity]) -> dict[str, bytes]:
    """All that a device needs but the networks.

    Args:
        tables: of the level.
        pictures: (N, H, W, C) uint8, of the codec's kind; the first one is the sample.
        models: what is known of the networks that go along.

    Returns:
        The files by name.
    """
    source = files("aecodec.export") / "c"
    sample = images.from_array(pictures[0])
    sizes = PictureSizes.of(tables, sample.size)
    encoder = Codec(tables.folder).encoder
    encoding = encoder.encode(sample, encoder.header(sample))
    readme = Template((source / "README.md").read_text("utf-8"))
    return {
        **{name: (source / name).read_bytes() for name in _AS_THEY_ARE},
        **c_codec(tables, sizes),
        "sample.bin": encoding.integers.tobytes(),
        "sample.aec": encoding.file(tables.units / LEVEL_UNITS, tables.prior),
        "README.md": readme.substitute(_figures(tables, sizes, pictures, models)).encode(),
    }


def _figures(
    tables: CTables, sizes: PictureSizes, pictures: Pixels, models: list[Parity]
) -> dict[str, object]:
    return {
        "name": tables.folder.spec.name,
        "level": f"{tables.units / LEVEL_UNITS:g}",
        "width": sizes.width,
        "height": sizes.height,
        "rows": "\n".join(_rows(tables, sizes, models)),
        "cut": _cut(tables, pictures),
    }


def _rows(tables: CTables, sizes: PictureSizes, models: list[Parity]) -> Iterator[str]:
    for model in models:
        yield f"| flash | {model.half} network | {model.bytes:,} |"
    yield f"| flash | tables of `codec.c` | {tables.bytes:,} |"
    for model in models:
        arena = f"{model.arena_bytes:,}" if model.arena_bytes else model.micro
        yield f"| RAM | {model.half}'s arena in TensorFlow Lite Micro | {arena} |"
    yield f"| RAM | working memory | {sizes.work:,} |"
    yield f"| RAM | the file, at most | {sizes.file:,} |"


def _cut(tables: CTables, pictures: Pixels) -> str:
    whole = tables.folder.prior(tables.number)
    if len(tables.kept) == whole.priors:
        return ""
    codes = Codec(tables.folder).encoder.codes(pictures, tables.number)
    kept, all_ = (prior.bits(codes).mean() / 8 for prior in (tables.prior, whole))
    return (
        f"\n\nOf the codec's {whole.priors} priors {len(tables.kept)} are here, so a code vector "
        f"takes {kept:.2f} bytes instead of {all_:.2f} (the mean of {len(pictures)} pictures)."
    )
