"""Rate and distortion of codecs and image formats on a data set."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aecodec import metrics
from aecodec.codec.codec import Codec
from aecodec.codec.distortion import Measure
from aecodec.datasets.evaluation_set import Sample
from aecodec.errors import ImageError
from aecodec.evaluation.formats import PillowFormat, decode
from aecodec.evaluation.scores import Score, mean_score, measures
from aecodec.format.limits import UNLIMITED
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.picture import Picture, without_channel_axis

Files = Sequence[bytes]
Values = dict[str, Any]
"""Measurements by name, as JSON has them; None if not measured or not finite."""


@dataclass(frozen=True)
class Coder:
    """A codec at a level, or an image format at a quality.

    `encode` makes the files of a picture; `decode` makes a picture from its files and its original.
    """

    name: str
    level: float
    encode: Callable[[Picture], Files]
    decode: Callable[[Files, Picture], Picture]


def codec_coder(codec: Codec, level: float) -> Coder:
    """A codec with both halves at a level, 1 or more."""
    return Coder(
        codec.spec.name,
        level,
        lambda picture: [codec.compress(picture, level=level)],
        lambda files, _: codec.decoder.decompress_picture(files[0], UNLIMITED),
    )


def format_coder(image_format: PillowFormat, quality: int) -> Coder:
    """An image format at a quality: a file per frame, without alpha and metadata."""
    at_quality = image_format.at_quality(quality)

    def encoded(picture: Picture) -> Files:
        pixels = in_kept_colours(picture, {}).pixels
        return [at_quality.encode(frame) for frame in without_channel_axis(pixels)]

    def decoded(files: Files, picture: Picture) -> Picture:
        originals = without_channel_axis(picture.pixels)
        frames = [decode(*pair) for pair in zip(files, originals, strict=True)]
        return Picture(np.stack(frames).reshape(picture.pixels.shape))

    return Coder(image_format.title, quality, encoded, decoded)


def measure_samples(
    coder: Coder, samples: Iterable[Sample], *, ssimulacra2: bool = False
) -> Iterator[Values]:
    """Compress and decompress each picture separately, and measure it.

    Yields for each picture `codec`, `level`, `name`, `bytes`, `pixels`, `raw_bytes` and
    `source_bytes` (sizes of the raw pixels and in the data set), `mse`, `psnr`, the other measures
    of a :class:`Score`, `compress_ms` and `decompress_ms`. SSIMULACRA2 is optional and takes one
    second per 400,000 pixels. Raises AecodecError if it is requested, but its package is not
    installed.
    """

    def errors_of(sample: Sample, restored: Picture, size: int) -> Values:
        score = _score_of(sample.picture, restored, size, ssimulacra2)
        sizes = {"raw_bytes": sample.picture.raw_size, "source_bytes": sample.source_size}
        return {**sizes, **score._asdict(), "psnr": score.psnr}

    return measured(coder, samples, errors_of, _rounded)


def measured(
    coder: Coder,
    samples: Iterable[Sample],
    errors_of: Callable[[Sample, Picture, int], Values],
    rounded: Callable[[Any], Any],
) -> Iterator[Values]:
    """Compress and decompress each picture; yield its rounded measurements, with the times.

    `errors_of` measures a picture, its restored picture and the size of its files in bytes.
    """
    for sample in samples:
        start = time.perf_counter()
        files = coder.encode(sample.picture)
        middle = time.perf_counter()
        restored = coder.decode(files, sample.picture)
        times = {"compress_ms": middle - start, "decompress_ms": time.perf_counter() - middle}
        values = errors_of(sample, restored, sum(map(len, files)))
        values |= {name: 1000 * seconds for name, seconds in times.items()}
        first = {"codec": coder.name, "level": coder.level, "name": sample.name}
        yield first | {name: rounded(value) for name, value in values.items()}


def mean_values(rows: Sequence[Values]) -> Values:
    """Average the measurements of pictures, as :func:`measure_samples` yields them.

    Returns `codec`, `level`, `pictures`, `bytes` (mean size of a file), `bpp` (over all pictures),
    `ratio` and `source_ratio` (raw size and size in the data set, divided by file size), `mse`,
    `psnr` (of `mse`), `mean_psnr` and the other measures (means over the pictures),
    `compress_ms` and `decompress_ms` (per picture). Raises ImageError if there are no pictures.
    """
    first = first_values(rows)
    means = mean_score([_score(row) for row in rows])
    columns = {name: np.array([row[name] for row in rows]) for name in _AVERAGED}
    size = columns["bytes"].sum()
    values = {
        "bytes": means["bytes"],
        "bpp": means["bpp"],
        "ratio": columns["raw_bytes"].sum() / size,
        "source_ratio": columns["source_bytes"].sum() / size,
        "mse": columns["mse"].mean(),
        **{name: means.get(name) for name in ("psnr", "mean_psnr", *_MEASURED)},
        "compress_ms": columns["compress_ms"].mean(),
        "decompress_ms": columns["decompress_ms"].mean(),
    }
    return first | {name: _rounded(value) for name, value in values.items()}


def first_values(rows: Sequence[Values]) -> Values:
    """Coder and number of some measured pictures. Raises ImageError if there are none."""
    if not rows:
        raise ImageError("none of the pictures in this data set can be read")
    return {"codec": rows[0]["codec"], "level": rows[0]["level"], "pictures": len(rows)}


_MEASURED = Score._fields[Score._fields.index("mse") + 1 :]
_AVERAGED = ("bytes", "raw_bytes", "source_bytes", "mse", "compress_ms", "decompress_ms")


def _score(row: Values) -> Score:
    return Score._make(math.nan if row[name] is None else row[name] for name in Score._fields)


def _rounded(value: float | None) -> float | None:
    """A number with four decimals; None if it is absent or not finite."""
    if isinstance(value, int) or value is None:
        return value
    return round(float(value), 4) if math.isfinite(value) else None


def _score_of(picture: Picture, restored: Picture, size: int, ssimulacra2: bool) -> Score:
    width, height = picture.size
    picture = in_kept_colours(picture, restored.metadata)
    return Score(
        size,
        width * height * picture.frames,
        metrics.mse(picture.pixels, restored.pixels),
        *(_mean(measure, picture, restored) for measure in measures(ssimulacra2=ssimulacra2)),
    )


def _mean(measure: Measure, original: Picture, restored: Picture) -> float:
    frames = zip(original.pixels, restored.pixels, strict=True)
    return float(np.mean([measure(*pair) for pair in frames]))
