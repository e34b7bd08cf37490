"""All files of the page: the page itself, the library in WebAssembly, codecs and samples."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from urllib.parse import quote

from aecodec.codec.codec import Codec
from aecodec.codec_files.codec_file import pack_head
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.web.samples import Sample, sample_files

_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
_HEAD = """<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="style.css">
<script type="module" src="page.js"></script>"""
_FIELDS = {"title": "aecodec", "policy": _POLICY, "head": _HEAD}
_FIELDS |= dict.fromkeys(("kind", "subject", "note", "end"), "")
_FORMATS = ("aecodec", "WebP", "JPEG", "AVIF")
"""Formats that the page compares, as `page/coded.js` lists them."""


def site_files(codecs: Sequence[Codec], samples: Sequence[Sample]) -> dict[str, bytes]:
    """All files of the page, by their paths relative to its folder.

    Links between the files are relative, so that the folder can be anywhere on a host.

    The page lists the codecs in their order.

    Raises:
        CodecError, ModelError: a codec cannot run in browsers.
        ImageError: a sample cannot be read.
    """
    hosted = {codec.spec.codec_id.hex(): hosted_files(codec.folder) for codec in codecs}
    entries, sample_contents = sample_files(samples, codecs)
    thumbnails = ((f"samples/{_address(entry['thumbnail'])}", entry["title"]) for entry in entries)
    return {
        **_folder("page"),
        **_under("aecodec", _folder("src")),
        "codecs/index.json": _json(list(hosted)),
        "index.html": render(_FIELDS, thumbnails, _FORMATS).encode(),
        "samples/index.json": _json(entries),
        **_under("samples", sample_contents),
        **{
            f"codecs/{name}/{file}": content
            for name, contents in hosted.items()
            for file, content in contents.items()
        },
    }


def hosted_files(folder: CodecFolder) -> dict[str, bytes]:
    """The files of a codec, for a folder named by its id.

    The file `head` is the head of the codec file (section 3 of `docs/FORMAT.md`). Each section is a
    gzipped file named by its SHA-256. Gzip keeps downloads small on hosts that do not compress
    files.

    Without an encoder, the codec can only decompress.

    Raises:
        CodecError: the codec file is damaged, or lacks the decoder.

    >>> from aecodec import load_codec
    >>> files = hosted_files(load_codec("digits").folder)
    >>> len(files)  # a head, two networks, three levels, measurements
    7
    """
    folder.check_has(Half.DECODER)
    sections = folder.sections
    packed = {
        section.sha256.hex(): gzip.compress(section.content, mtime=0)
        for section in sections
        if section.content is not None
    }
    return {"head": pack_head(folder.spec, folder.rdoq, sections), **packed}


def _folder(name: str) -> dict[str, bytes]:
    folder: Traversable = files(__package__).joinpath(name)
    contents = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    return dict(sorted(contents.items()))


def _under(folder: str, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in contents.items()}


def _json(value: object) -> bytes:
    return json.dumps(value, allow_nan=False).encode()


def _address(name: str) -> str:
    """The path of a file in a URL, with parts escaped as by `encodeURIComponent`."""
    return quote(name, safe="/!*'()")


def render(
    values: Mapping[str, str], samples: Iterable[tuple[str, str]], formats: Iterable[str]
) -> str:
    """The HTML of a page, with its samples in it, so that nothing moves while it loads.

    Args:
        values: the other fields of the template `page/index.html`, as HTML.
        samples: addresses of thumbnails, and titles of the pictures.
        formats: titles of the rows in the table of formats.
    """
    items = "".join(
        f'<li><button type="button"><img src="{address}" alt="{escape(title)}"'
        f' title="{escape(title)}" width="64" height="64"></button></li>'
        for address, title in samples
    )
    rows = "\n".join(
        f'      <tr><th scope="row"><label><input type="radio" name="right" value="{title}"'
        f"{'' if number else ' checked'}>{title}</label></th>{'<td>&ndash;</td>' * 3}</tr>"
        for number, title in enumerate(formats)
    )
    template = Template(page_text("index.html"))
    return template.substitute(values, samples=items, formats=rows)


def page_text(name: str) -> str:
    """The text of a file of the page."""
    return files(__package__).joinpath("page", name).read_text("utf-8")
