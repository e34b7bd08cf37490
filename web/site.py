"""All files of a page: its own, the library in WebAssembly, codecs and samples."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any
from urllib.parse import quote

from aecodec.codec.codec import Codec
from aecodec.web.hosting import hosted_files
from aecodec.web.samples import Sample, sample_files

_WORKER = "service_worker.js"


def site_files(codecs: Sequence[Codec], samples: Sequence[Sample]) -> dict[str, bytes]:
    """All files of a page, by their paths from its folder.

    They refer to each other by relative addresses, so that the folder can lie anywhere on a host.

    Args:
        codecs: the codecs that it has, in the order of their list.
        samples: pictures to begin with.

    Raises:
        CodecError, ModelError: a codec has no form for browsers.
        ImageError: a sample cannot be read.
    """
    hosted = {each.spec.codec_id.hex(): hosted_files(each.folder) for each in codecs}
    entries, sample_contents = sample_files(samples, codecs)
    page = _folder("page")
    shell = {
        **page,
        **_under("aecodec", _folder("src")),
        "codecs/index.json": _json(list(hosted)),
        **{f"codecs/{name}/head": content["head"] for name, content in hosted.items()},
        "index.html": _page(page["index.html"], entries),
        "samples/index.json": _json(entries),
        **_under("samples", sample_contents),
    }
    sections = {
        f"codecs/{name}/{file}": content
        for name, contents in hosted.items()
        for file, content in contents.items()
    }
    shell[_WORKER] = _service_worker(shell)
    return {**sections, **shell}


def _folder(name: str) -> dict[str, bytes]:
    folder: Traversable = files(__package__).joinpath(name)
    found = {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}
    return dict(sorted(found.items()))


def _under(folder: str, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in contents.items()}


def _json(value: object) -> bytes:
    return json.dumps(value, allow_nan=False).encode()


def _address(name: str) -> str:
    """The path of a file in an address, written as `encodeURIComponent` writes its parts."""
    return quote(name, safe="/!*'()")


def _page(template: bytes, samples: Sequence[Mapping[str, Any]]) -> bytes:
    """The page, with its samples in it, so that nothing moves when it is ready."""
    items = "".join(
        f'<li><button type="button"><img src="samples/{_address(each["thumbnail"])}"'
        f' alt="{escape(each["title"])}" width="64" height="64"></button></li>'
        for each in samples
    )
    return Template(template.decode("utf-8")).substitute(samples=items).encode()


def _service_worker(shell: Mapping[str, bytes]) -> bytes:
    """The worker, with a list of what it keeps and a version that changes when a file does."""
    template = shell[_WORKER].decode("utf-8")
    listed = [_address(name) for name in shell if name != _WORKER]
    version = hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in shell.values()))
    values = {"version": version.hexdigest()[:16], "files": ["./", *listed]}
    return Template(template).substitute(shell=json.dumps(values)).encode()
