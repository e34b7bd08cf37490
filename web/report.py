"""The report: a page with measured pictures inside, which shares parts with the web page."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from string import Template
from typing import Any

from aecodec import metrics
from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.data.codecs import title_of
from aecodec.datasets.evaluation_set import Sample
from aecodec.errors import AecodecError, ImageError
from aecodec.evaluation.bands import band_format_coder, mean_of_bands, measure_bands
from aecodec.evaluation.evaluate import Coder, codec_coder
from aecodec.evaluation.formats import (
    AVIF,
    BAND_FORMATS,
    COMPARED_FORMATS,
    TUNED_FORMATS,
    WEBP,
    PillowFormat,
    decode,
)
from aecodec.evaluation.scores import (
    CODEC_TITLE,
    File,
    RoundTrip,
    Score,
    codec_round_trip,
    files_at,
    mean_score,
    score_of,
)
from aecodec.format.container import LEVEL_UNITS
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.display import (
    bands_to_show,
    display,
    error_map,
    error_picture,
    scale_of_errors,
)
from aecodec.imaging.picture import grey_if_possible, without_channel_axis
from aecodec.version import version

Samples = Callable[[str], Iterable[Sample]]
"""Takes a title for the progress bar; iterates over all pictures."""

MAX_SIDE = 1200
"""Longest side in pixels of the part of a picture that a report shows."""

_ALWAYS_EXACT = 256 * 256
"""Maximum number of pixels of a picture that is always embedded exactly."""

_FORMATS = (*COMPARED_FORMATS, *TUNED_FORMATS)
_BY_BROWSERS = {format_.title: format_ for format_ in (WEBP, AVIF, *TUNED_FORMATS)}
"""Formats whose files browsers show."""

_EXACT = PillowFormat("PNG", "PNG", {"optimize": True})
_NEARLY = PillowFormat("AVIF", "AVIF", {"quality": 94, "subsampling": "4:4:4", "speed": 8})
"""About 44 dB PSNR on photographs and 46 dB on decoded pictures, in a third of the bytes."""

_MEASURES = ("ssimulacra2", "ms_ssim", "psnr")
"""Measures for ranking pictures, starting with the one closest to human judgement."""

_NO_SSIMULACRA2 = "SSIMULACRA2 is left out: to add it, run pip install 'aecodec[report]'"


@dataclass(frozen=True)
class ReportOptions:
    """Options of a report.

    Attributes:
        level: level of the pictures, 1 or more; the codec's default if None.
        shown: number of the worst pictures to show.
        ssimulacra2_curves: whether to measure SSIMULACRA2 for the curves.
        lossless: whether to embed the decoded pixels of large pictures losslessly.
        rgb: bands to show if the codec has bands, as for
            :func:`~aecodec.imaging.display.bands_to_show`.
    """

    level: float | None = None
    shown: int = 24
    ssimulacra2_curves: bool = False
    lossless: bool = False
    rgb: str | None = None


@dataclass(frozen=True)
class Report:
    """The content of a report.

    Attributes:
        measured: number of measured pictures.
        pictures: the shown pictures as JSON values, starting with the worst.
        missing: sentences about missing formats and measures, and how to install them.
        values: all values of the page.
    """

    measured: int
    pictures: list[dict[str, Any]]
    missing: list[str]
    values: dict[str, Any]

    def page(self, title: str) -> bytes:
        """An HTML file that loads nothing from the network.

        Its Content-Security-Policy allows only embedded pictures, and its own style sheet and
        script by their hashes.
        """
        style = _text("page/common.css") + _text("report/report.css")
        script = _text("page/common.js") + _text("report/report.js")
        text = Template(_text("report/report.html")).substitute(
            style=style,
            style_hash=_hash(style),
            script=script,
            script_hash=_hash(script),
            data=_json({"title": title, **self.values}),
        )
        return text.encode()


def make_report(codec: Codec, samples: Samples, options: ReportOptions) -> Report:
    """Measure a codec and other formats, and show the worst pictures.

    Args:
        codec: a codec with both halves.
        samples: the pictures, which are read once for each point of the curves.
        options: options of the report.

    Raises:
        ImageError: there are no pictures.
        UsageError: the codec has no such level.
    """
    level = codec.spec.level_index(options.level) / LEVEL_UNITS
    if codec.spec.bands:
        return _report_of_bands(codec, samples, replace(options, level=level))
    formats = [format_ for format_ in _FORMATS if format_.is_installed]
    with_score = _has_ssimulacra2()
    round_trip = codec_round_trip(codec, level)
    scores = _scores(samples, f"{CODEC_TITLE}, level {level:g}", round_trip, with_score)
    measure, order = worst_first(scores)
    curves = _curves(codec, samples, formats, with_score and options.ssimulacra2_curves)
    showing = _Showing(codec, level, formats, with_score, options.lossless)
    worst = order[: options.shown]
    numbered = enumerate(_originals(samples("the worst pictures")))
    shown = {number: showing.show(*original) for number, original in numbered if number in worst}
    pictures = [shown[number] for number in worst if number in shown]
    measured = {"level": level, "measured": len(scores), "ranked_by": measure}
    return _page_of(codec, {**measured, "curves": curves, "unit": "bpp"}, pictures, _missing())


def _page_of(
    codec: Codec, values: dict[str, Any], pictures: list[dict[str, Any]], missing: list[str]
) -> Report:
    named = {"codec": title_of(codec.spec.codec_id, codec.spec.name), "version": version()}
    shown = {"missing": missing, "pictures": pictures}
    return Report(values["measured"], pictures, missing, named | values | shown)


def _report_of_bands(codec: Codec, samples: Samples, options: ReportOptions) -> Report:
    """Measure a codec with bands, at a level, and show the pictures with the lowest PSNR.

    The curves also have the formats that imagecodecs writes. PSNR is relative to the range of each
    picture, and bits are per sample.
    """
    assert options.level is not None
    installed = [format_ for format_ in BAND_FORMATS.values() if format_.is_installed]
    coders = [
        *(
            replace(codec_coder(codec, n + 1), name=CODEC_TITLE)
            for n in range(len(codec.spec.levels))
        ),
        *(band_format_coder(format_, q) for format_ in installed for q in format_.qualities[::2]),
    ]
    chosen = codec_coder(codec, options.level)
    rows = list(measure_bands(chosen, samples(f"{CODEC_TITLE}, level {options.level:g}")))
    if not rows:
        raise ImageError("none of the pictures in this data set can be read")
    worst = sorted(range(len(rows)), key=lambda n: rows[n]["psnr"] or math.inf)[: options.shown]
    curves = [_point_of(coder, samples) for coder in coders]
    numbered = enumerate(samples("the worst pictures"))
    shown = {
        number: _show_bands(chosen, sample, rows[number], options)
        for number, sample in numbered
        if number in worst
    }
    absent = [format_ for format_ in BAND_FORMATS.values() if not format_.is_installed]
    missing = [_left_out(format_.title, format_.package) for format_ in absent]
    values = {"level": options.level, "measured": len(rows), "ranked_by": "psnr"}
    values |= {"curves": curves, "unit": "bits per sample"}
    return _page_of(codec, values, [shown[number] for number in worst if number in shown], missing)


def _point_of(coder: Coder, samples: Samples) -> dict[str, Any]:
    """A point of the curves for pictures with bands."""
    kind = "level" if coder.name == CODEC_TITLE else "quality"
    setting = f"{kind} {coder.level:g}"
    means = mean_of_bands(list(measure_bands(coder, samples(f"{coder.name}, {setting}"))))
    point = {"format": coder.name, "setting": setting, "bytes": means["bytes"]}
    return point | {"bpp": means["bits_per_sample"], "psnr": means["psnr"]}


def _show_bands(
    coder: Coder, sample: Sample, row: dict[str, Any], options: ReportOptions
) -> dict[str, Any]:
    """A picture with bands before and after compression, with a map of its errors."""
    original = sample.picture
    restored = coder.decode(coder.encode(original), original)
    bands = bands_to_show(options.rgb, original.pixels.shape[-1])
    before, after = (display(picture, original, bands)[0] for picture in (original, restored))
    errors = error_map(original, restored)[0]
    part, most = middle(before), scale_of_errors(errors)
    shown = [embedded(p[part], lossless=options.lossless) for p in (before, after)]
    rows, columns = part
    height, width = before[part].shape[:2]
    file = {"format": CODEC_TITLE, "bytes": row["bytes"], "bpp": row["bits_per_sample"]}
    return {
        "name": sample.name,
        "source_bytes": sample.source_size,
        "size": (before.shape[1], before.shape[0]),
        "part": (columns.start, rows.start, width, height),
        "original": shown[0],
        "files": [file | {"psnr": row["psnr"], "shown": shown[1]}],
        "errors": {
            "src": embedded(error_picture(errors[part], most), lossless=True)["src"],
            "text": f"Largest error of the bands: black is 0, pale yellow is {most:.4g} or more; "
            f"the maximum is {row['max_error']:.4g}.",
        },
    }


def worst_first(scores: Sequence[Score]) -> tuple[str, list[int]]:
    """The first measure that all pictures have, and their numbers, starting with the worst.

    >>> good, poor = Score(9, 784, 4.0, 0.99, math.nan), Score(9, 784, 9.0, 0.95, math.nan)
    >>> worst_first([good, poor])
    ('ms_ssim', [1, 0])
    """
    measure = next(
        name for name in _MEASURES if not any(math.isnan(getattr(score, name)) for score in scores)
    )
    return measure, sorted(range(len(scores)), key=lambda n: float(getattr(scores[n], measure)))


def _originals(samples: Iterable[Sample]) -> Iterator[tuple[Sample, Pixels]]:
    """The first frames of the pictures as sRGB or grey, without alpha, as in all formats."""
    for sample in samples:
        picture = grey_if_possible(in_kept_colours(sample.picture, {}))
        yield sample, without_channel_axis(picture.pixels[0])


def _scores(samples: Samples, title: str, round_trip: RoundTrip, scored: bool) -> list[Score]:
    scores = [
        score_of(pixels, *round_trip(pixels), ssimulacra2=scored)
        for _, pixels in _originals(samples(title))
    ]
    if not scores:
        raise ImageError("none of the pictures in this data set can be read")
    return scores


def _curves(
    codec: Codec, samples: Samples, formats: Sequence[PillowFormat], scored: bool
) -> list[dict[str, Any]]:
    """A point for each level of the codec, and for every second quality of the formats."""
    levels = range(1, len(codec.spec.levels) + 1)
    settings = [
        *((CODEC_TITLE, f"level {level}", codec_round_trip(codec, level)) for level in levels),
        *(
            (format_.title, f"quality {quality}", format_.at_quality(quality).round_trip)
            for format_ in formats
            for quality in format_.qualities[::2]
        ),
    ]
    points = []
    for title, setting, round_trip in settings:
        means = mean_score(_scores(samples, f"{title}, {setting}", round_trip, scored))
        finite = {name: _finite(value) for name, value in means.items()}
        points.append({"format": title, "setting": setting, **finite})
    return points


@dataclass(frozen=True)
class _Showing:
    """Options for compressing and embedding pictures."""

    codec: Codec
    level: float
    formats: Sequence[PillowFormat]
    ssimulacra2: bool
    lossless: bool

    def show(self, sample: Sample, pixels: Pixels) -> dict[str, Any]:
        """A picture before and after compression in all formats."""
        rows, columns = middle(pixels)
        height, width = pixels[rows, columns].shape[:2]
        files = files_at(self.codec, pixels, self.level, self.formats)
        return {
            "name": sample.name,
            "source_bytes": sample.source_size,
            "size": (pixels.shape[1], pixels.shape[0]),
            "part": (columns.start, rows.start, width, height),
            "original": embedded(pixels[rows, columns], lossless=self.lossless),
            "files": [self._file(pixels, file) for file in files],
        }

    def _file(self, pixels: Pixels, file: File) -> dict[str, Any]:
        score = score_of(pixels, file.size, file.decoded, ssimulacra2=self.ssimulacra2)
        return {
            "format": file.title,
            "bytes": score.bytes,
            "bpp": 8 * score.bytes / score.pixels,
            **{name: _finite(getattr(score, name)) for name in _MEASURES},
            "shown": self._embedded(file),
        }

    def _embedded(self, file: File) -> dict[str, Any]:
        part = file.decoded[middle(file.decoded)]
        format_ = _BY_BROWSERS.get(file.title)
        if format_ and part.shape == file.decoded.shape:
            return {"src": _uri(format_, file.content), "psnr": None}
        return embedded(part, lossless=self.lossless)


def middle(pixels: Pixels) -> tuple[slice, slice]:
    """Rows and columns of the shown part: the whole picture, or the middle of a large picture.

    >>> import numpy as np
    >>> middle(np.zeros((600, 1600), np.uint8))
    (slice(0, 600, None), slice(200, 1400, None))
    """
    starts = [max(0, side - MAX_SIDE) // 2 for side in pixels.shape[:2]]
    rows, columns = (
        slice(start, start + min(side, MAX_SIDE))
        for start, side in zip(starts, pixels.shape[:2], strict=True)
    )
    return rows, columns


def embedded(pixels: Pixels, *, lossless: bool) -> dict[str, Any]:
    """Pixels as a `data:` URI, and the PSNR of the embedded pixels in dB; None if they are exact.

    Args:
        pixels: (H, W) or (H, W, 3) uint8.
        lossless: always use PNG; otherwise large pictures become AVIF.
    """
    is_small = pixels.shape[0] * pixels.shape[1] <= _ALWAYS_EXACT
    format_ = _EXACT if lossless or is_small or not AVIF.is_installed else _NEARLY
    content = format_.encode(pixels)
    psnr = metrics.psnr(metrics.mse(pixels, decode(content, pixels)))
    return {"src": _uri(format_, content), "psnr": _finite(psnr)}


def _uri(format_: PillowFormat, content: bytes) -> str:
    return f"data:{format_.media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _missing() -> list[str]:
    """Sentences about missing formats and measures, and how to install them."""
    absent = [format_ for format_ in _FORMATS if not format_.is_installed]
    texts = [_left_out(format_.title, format_.package) for format_ in absent]
    return texts if _has_ssimulacra2() else [*texts, _NO_SSIMULACRA2]


def _left_out(title: str, package: str) -> str:
    return f"{title} is left out: to add it, run pip install '{package}'"


def _has_ssimulacra2() -> bool:
    try:
        metrics.check_ssimulacra2()
    except AecodecError:
        return False
    return True


def _finite(value: float) -> float | None:
    """A number for JSON; None for NaN (not measured) and infinity (the PSNR of equal pictures)."""
    return value if math.isfinite(value) else None


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    """The hash of a text, as in a Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _json(values: dict[str, Any]) -> str:
    r"""JSON that is safe in a script element, with any names of pictures.

    >>> _json({"name": "</script>"})
    '{"name": "\\u003c/script>"}'
    """
    return json.dumps(values, allow_nan=False).replace("<", "\\u003c")
