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
from aecodec.web.example_pictures import Sample, sample_files


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
        "index.html": _page(thumbnails).encode(),
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


def _page(samples: Iterable[tuple[str, str]]) -> str:
    """The page with its samples in it, so that nothing moves while it loads.

    `samples` are addresses of thumbnails, and titles of the pictures.
    """
    items = "".join(
        f'<li><button type="button"><img src="{address}" alt="{escape(title)}"'
        f' title="{escape(title)}" width="64" height="64"></button></li>'
        for address, title in samples
    )
    template = files(__package__).joinpath("page", "index.html").read_text("utf-8")
    return Template(template).substitute(samples=items)
