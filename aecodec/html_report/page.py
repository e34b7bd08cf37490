"""The page of a report: a template with its style sheet, its script and its data in it."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from importlib.resources import files
from string import Template
from typing import Any

from aecodec.data.codecs import title_of
from aecodec.html_report.curves import Point
from aecodec.html_report.embedding import Embedded
from aecodec.html_report.measuring import Content
from aecodec.html_report.shown import ShownFile, ShownPicture
from aecodec.version import version


def page(content: Content, title: str) -> bytes:
    """Make the page, which a browser shows as it is, without fetching anything.

    Its Content-Security-Policy allows pictures that are part of the page, and its own style sheet
    and script by their hashes, and nothing else.

    Args:
        content: what it says.
        title: what the pictures are called.

    Returns:
        The content of an HTML file.
    """
    style, script = _assets("common.css", "style.css"), _assets("common.js", "script.js")
    text = Template(asset("page.html")).substitute(
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        data=_json(_values(content, title)),
    )
    return text.encode()


def _assets(*names: str) -> str:
    return "\n".join(asset(name) for name in names)


def asset(name: str) -> str:
    """A style sheet, a script or a template of this package, as text."""
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    """The hash of a text, in the notation of a Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _json(values: dict[str, Any]) -> str:
    r"""JSON that can stand in a script element, whatever pictures are called.

    >>> _json({"name": "</script>"})
    '{"name": "\\u003c/script>"}'
    """
    return json.dumps(values, allow_nan=False).replace("<", "\\u003c")


def _values(content: Content, title: str) -> dict[str, Any]:
    spec = content.codec.spec
    return {
        "title": title,
        "codec": title_of(spec.codec_id, spec.name),
        "version": version(),
        "level": content.level,
        "measured": content.measured,
        "ranked_by": content.ranked_by,
        "missing": content.missing,
        "curves": [_point(each) for each in content.curves],
        "pictures": [_picture(each) for each in content.pictures],
    }


def _point(point: Point) -> dict[str, Any]:
    scores = {name: _finite(value) for name, value in point.scores.items()}
    return {"format": point.format, "setting": point.setting, **scores}


def _picture(picture: ShownPicture) -> dict[str, Any]:
    return {
        "name": picture.name,
        "source_bytes": picture.source_size,
        "size": picture.size,
        "part": picture.part,
        "original": _embedded(picture.original),
        "files": [_file(each) for each in picture.files],
    }


def _file(file: ShownFile) -> dict[str, Any]:
    score = file.score
    return {
        "format": file.title,
        "bytes": score.bytes,
        "bpp": 8 * score.bytes / score.pixels,
        "psnr": _finite(score.psnr),
        "ms_ssim": _finite(score.ms_ssim),
        "ssimulacra2": _finite(score.ssimulacra2),
        "shown": _embedded(file.embedded),
    }


def _embedded(embedded: Embedded) -> dict[str, Any]:
    return {"src": embedded.uri, "psnr": _finite(embedded.psnr)}


def _finite(value: float) -> float | None:
    """A number for JSON; None for NaN (not measured) and infinity (the PSNR of no error)."""
    return value if math.isfinite(value) else None
