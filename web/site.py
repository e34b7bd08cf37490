"""All files of the page: the page itself, the library in WebAssembly, codecs and a sample."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from aecodec.codec.codec import Codec
from aecodec.codec_files.codec_file import pack_head
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.web.example_pictures import sample_files


def site_files(codecs: Sequence[Codec]) -> dict[str, bytes]:
    """All files of the page, by their paths relative to its folder.

    Links between the files are relative, so that the folder can be anywhere on a host.

    The page lists the codecs in their order.

    Raises:
        CodecError, ModelError: a codec cannot run in browsers.
    """
    hosted = {codec.spec.codec_id.hex(): hosted_files(codec.folder) for codec in codecs}
    library = _folder("src")
    library["aecodec.wasm"] = _gzipped(library["aecodec.wasm"])  # which the library unpacks
    return {
        **_folder("page"),
        **_under("aecodec", library),
        "codecs/index.json": json.dumps(list(hosted)).encode(),
        **_under("samples", sample_files(codecs)),
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
        section.sha256.hex(): _gzipped(section.content)
        for section in sections
        if section.content is not None
    }
    return {"head": pack_head(folder.spec, folder.rdoq, sections), **packed}


def _gzipped(content: bytes) -> bytes:
    """Gzip by the best strategy: weights are smallest if repetitions are not searched for."""
    strategies = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY)
    packers = [zlib.compressobj(9, wbits=31, strategy=strategy) for strategy in strategies]
    return min((packer.compress(content) + packer.flush() for packer in packers), key=len)


def _folder(name: str) -> dict[str, bytes]:
    folder: Traversable = files(__package__).joinpath(name)
    contents = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    return dict(sorted(contents.items()))


def _under(folder: str, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in contents.items()}
