"""The report: the web page with measured pictures inside, in one file."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np
from PIL import Image

from aecodec import metrics
from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.data.codecs import title_of
from aecodec.datasets.evaluation_set import Sample
from aecodec.errors import ImageError
from aecodec.evaluation.bands import measure_bands
from aecodec.evaluation.evaluate import Coder, Values, codec_coder, measure_samples
from aecodec.evaluation.formats import (
    AVIF,
    COMPARED_FORMATS,
    TUNED_FORMATS,
    WEBP,
    PillowFormat,
    decode,
)
from aecodec.format.container import LEVEL_UNITS
from aecodec.image_files.colour import in_kept_colours
from aecodec.imaging.display import (
    bands_to_show,
    display,
    error_map,
    error_picture,
    middle,
    scale_of_errors,
)
from aecodec.imaging.picture import Picture, grey_if_possible, without_channel_axis
from aecodec.version import version
from aecodec.web.samples import thumbnail
from aecodec.web.site import page_text, render

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

_CODEC, _ERRORS = "aecodec", "Errors"
"""Titles of files of codecs, and of the maps of errors of pictures with bands."""

_NOTE = (
    "Other formats have the lowest quality that takes no fewer bytes. All files hold the picture "
    "only: the first frame, in sRGB, without alpha and metadata. All figures are of exact pixels."
)
_NOTE_OF_BANDS = (
    "PSNR is relative to the range of each picture: the difference of its 0.1 and 99.9 "
    "percentiles. Missing samples do not count."
)
_NEARLY_EXACT = (
    " Large pictures are embedded as AVIF in full colour, at a PSNR of {psnr:.1f} dB or more; the "
    "option --lossless embeds them exactly. WebP and AVIF are shown as the very files."
)


@dataclass(frozen=True)
class ReportOptions:
    """Options of a report.

    Attributes:
        level: level of the pictures, 1 or more; the codec's default if None.
        shown: number of the worst pictures to show.
        lossless: whether to embed the decoded pixels of large pictures losslessly.
        rgb: bands to show if the codec has bands, as for
            :func:`~aecodec.imaging.display.bands_to_show`.
    """

    level: float | None = None
    shown: int = 24
    lossless: bool = False
    rgb: str | None = None


@dataclass(frozen=True)
class Report:
    """The content of a report.

    Attributes:
        codec: title of the codec.
        level: level of the pictures.
        measured: number of measured pictures.
        pictures: the shown pictures as JSON values, starting with the worst.
        missing: sentences about missing formats, and how to install them.
        note: how the figures were measured.
    """

    codec: str
    level: float
    measured: int
    pictures: list[dict[str, Any]]
    missing: list[str]
    note: str

    def page(self, title: str) -> bytes:
        """An HTML file that loads nothing from the network.

        Its Content-Security-Policy allows only embedded pictures, and its own style sheet and
        script by their hashes.
        """
        style = page_text("style.css")
        script = re.sub("(?m)^export ", "", page_text("view.js"))
        script += files(__package__).joinpath("report.js").read_text("utf-8")
        formats = [file["format"] for file in self.pictures[0]["files"]]
        data = _json({"title": title, "formats": formats, "pictures": self.pictures})
        fields = {
            "kind": "results",
            "title": f"aecodec report: {escape(title)}",
            "policy": f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
            f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'",
            "head": f'<link rel="icon" href="data:,">\n<style>{style}</style>',
            "subject": escape(
                f"{title}: {len(self.pictures)} of {self.measured} pictures. "
                f"Codec {self.codec}, level {self.level:g}. aecodec {version()}."
            ),
            "note": escape(" ".join([self.note, *self.missing])),
            "end": f'<script id="results" type="application/json">{data}</script>\n'
            f'<script type="module">{script}</script>',
        }
        thumbnails = ((picture["thumbnail"], picture["name"]) for picture in self.pictures)
        return render(fields, thumbnails, formats).encode("utf-8", "replace")


def make_report(codec: Codec, samples: Samples, options: ReportOptions) -> Report:
    """Measure the pictures, and show the worst ones beside other formats.

    Args:
        codec: a codec with both halves.
        samples: the pictures, which are read twice.
        options: options of the report.

    Raises:
        ImageError: there are no pictures.
        UsageError: the codec has no such level.
    """
    coder = codec_coder(codec, codec.spec.level_index(options.level) / LEVEL_UNITS)
    has_bands = bool(codec.spec.bands)
    rows = _rows(coder, samples, has_bands)
    formats = [] if has_bands else [format_ for format_ in _FORMATS if format_.is_installed]
    worst = worst_first(rows)[: options.shown]
    shown: dict[int, dict[str, Any]] = {}
    for number, sample in enumerate(samples("the worst pictures")):
        if number in worst and has_bands:
            shown[number] = _show_bands(coder, sample, rows[number], options)
        elif number in worst:
            shown[number] = _show(coder, formats, _plain(sample), options.lossless)
    pictures = [shown[number] for number in worst if number in shown]
    absent = [] if has_bands else [format_ for format_ in _FORMATS if format_ not in formats]
    missing = [f"{f.title} is left out: to add it, run pip install '{f.package}'" for f in absent]
    title = title_of(codec.spec.codec_id, codec.spec.name)
    note = (_NOTE_OF_BANDS if has_bands else _NOTE) + _exactness(pictures)
    return Report(title, coder.level, len(rows), pictures, missing, note)


def _rows(coder: Coder, samples: Samples, has_bands: bool) -> list[Values]:
    """The measurements of all pictures."""
    pictures = samples(f"{_CODEC}, level {coder.level:g}")
    if has_bands:
        rows = list(measure_bands(coder, pictures))
    else:
        rows = list(measure_samples(coder, map(_plain, pictures)))
    if not rows:
        raise ImageError("none of the pictures in this data set can be read")
    return rows


def _plain(sample: Sample) -> Sample:
    """The first frame of a picture as sRGB or grey, without alpha, as in all formats."""
    picture = grey_if_possible(in_kept_colours(sample.picture, {}))
    return replace(sample, picture=Picture(picture.pixels[:1]))


def _exactness(pictures: Iterable[dict[str, Any]]) -> str:
    """A sentence about pictures that are not embedded exactly; empty if all are."""
    shown = [
        image
        for picture in pictures
        for image in (picture["original"], *(file["shown"] for file in picture["files"]))
    ]
    inexact = [image["psnr"] for image in shown if image["psnr"] is not None]
    return _NEARLY_EXACT.format(psnr=min(inexact)) if inexact else ""


def worst_first(rows: Sequence[Values]) -> list[int]:
    """Numbers of pictures, the worst first: by MS-SSIM, or by PSNR if some have no MS-SSIM.

    >>> worst_first([{"psnr": 40.0, "ms_ssim": 0.99}, {"psnr": None, "ms_ssim": 0.95}])
    [1, 0]
    """
    measure = "psnr" if any(row.get("ms_ssim") is None for row in rows) else "ms_ssim"
    values = [math.inf if row[measure] is None else row[measure] for row in rows]
    return sorted(range(len(rows)), key=values.__getitem__)


def _show(
    coder: Coder, formats: Iterable[PillowFormat], sample: Sample, lossless: bool
) -> dict[str, Any]:
    """A picture and its files, the codec's first; the others have no fewer bytes."""
    pixels = without_channel_axis(sample.picture.pixels[0])
    (content,) = coder.encode(sample.picture)
    decoded = coder.decode([content], sample.picture).pixels[0]
    shown = [_file(_CODEC, pixels, content, without_channel_axis(decoded), lossless)]
    for format_ in formats:
        other = format_.no_smaller(pixels, len(content))
        shown.append(_file(format_.title, pixels, other, decode(other, pixels), lossless))
    return _picture(sample, pixels, shown, 1 if pixels.ndim == 2 else 3, lossless=lossless)


def _picture(
    sample: Sample, pixels: Pixels, files: list[dict[str, Any]], channels: int, *, lossless: bool
) -> dict[str, Any]:
    """A picture, with pixels (H, W) or (H, W, 3) uint8, and its files."""
    part = middle(pixels, MAX_SIDE)
    height, width = pixels.shape[:2]
    shown_height, shown_width = pixels[part].shape[:2]
    is_whole = (shown_height, shown_width) == (height, width)
    shown = "" if is_whole else f"; shown: {shown_width}x{shown_height} in the middle"
    small = base64.b64encode(thumbnail(Image.fromarray(pixels))).decode("ascii")
    return {
        "name": sample.name,
        "about": f"{width}x{height} pixels, {sample.source_size:,} bytes{shown}",
        "size": (width, height),
        "channels": channels,
        "thumbnail": f"data:image/jpeg;base64,{small}",
        "original": embedded(pixels[part], lossless=lossless),
        "files": files,
    }


def _file(
    title: str, pixels: Pixels, content: bytes, decoded: Pixels, lossless: bool
) -> dict[str, Any]:
    pair, part = (np.atleast_3d(pixels), np.atleast_3d(decoded)), decoded[middle(decoded, MAX_SIDE)]
    quality = {"psnr": metrics.psnr(metrics.mse(*pair)), "ms_ssim": metrics.ms_ssim(*pair)}
    if title in _BY_BROWSERS and part.shape == decoded.shape:
        shown = {"src": _uri(_BY_BROWSERS[title], content), "psnr": None}
    else:
        shown = embedded(part, lossless=lossless)
    finite = {name: _finite(value) for name, value in quality.items()}
    return {"format": title, "bytes": len(content), **finite, "shown": shown}


def _show_bands(
    coder: Coder, sample: Sample, row: Values, options: ReportOptions
) -> dict[str, Any]:
    """A picture with bands before and after compression, with a map of its errors."""
    original = sample.picture
    restored = coder.decode(coder.encode(original), original)
    bands = bands_to_show(options.rgb, original.pixels.shape[-1])
    before, after = (display(picture, original, bands)[0] for picture in (original, restored))
    errors, part = error_map(original, restored)[0], middle(before, MAX_SIDE)
    most, lossless = scale_of_errors(errors), options.lossless
    errors_shown = embedded(error_picture(errors[part], most), lossless=True)
    files = [
        {
            "format": _CODEC,
            "bytes": row["bytes"],
            "psnr": row["psnr"],
            "shown": embedded(after[part], lossless=lossless),
        },
        {"format": _ERRORS, "shown": errors_shown},
    ]
    picture = _picture(sample, before, files, 0, lossless=lossless)
    picture["about"] += (
        f"; largest errors of the bands: black is 0, pale yellow is {most:.4g} or more, and the "
        f"maximum is {row['max_error']:.4g}"
    )
    return picture


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


def _finite(value: float) -> float | None:
    """A number for JSON; None for NaN (not measured) and infinity (the PSNR of equal pictures)."""
    return value if math.isfinite(value) else None


def _hash(text: str) -> str:
    """The hash of a text, as in a Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _json(values: dict[str, Any]) -> str:
    r"""JSON that is safe in a script element, with any names of pictures.

    >>> _json({"name": "</script>"})
    '{"name": "\\u003c/script>"}'
    """
    return json.dumps(values, allow_nan=False).replace("<", "\\u003c")
