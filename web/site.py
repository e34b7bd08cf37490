"""All files of the page: the page itself, the library in WebAssembly, codecs and a sample."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from aecodec.codec.codec import Codec
from aecodec.codec_files.codec_file import pack_head
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.data.samples import sample_paths
from aecodec.image_files.reading import read_image
from aecodec.imaging.picture import Picture

PHOTOGRAPH = Path(__file__).parent / "coffee.jpg"
"""The sample photograph, 600x400 pixels: `coffee.png` of scikit-image as JPEG, by Rachel Michetti
(Pikolo Espresso Bar), who gave it to the public domain (CC0)."""


def site_files(codecs: Sequence[Codec]) -> dict[str, bytes]:
    """All files of the page by their paths in its folder, which can be anywhere on a host.

    The page lists the codecs in their order.

    Raises:
        CodecError, ModelError: a codec cannot run in browsers.
    """
    hosted = {codec.spec.codec_id.hex(): hosted_files(codec.folder) for codec in codecs}
    library = _folder("src")
    library["aecodec.wasm"] = _gzipped(library["aecodec.wasm"])  # which the library unpacks
    folders = {
        "aecodec": library,
        "samples": sample_files(codecs),
        **{f"codecs/{name}": contents for name, contents in hosted.items()},
    }
    return {
        **_folder("page"),
        "codecs/index.json": json.dumps(list(hosted)).encode(),
        **{
            f"{folder}/{name}": content
            for folder, contents in folders.items()
            for name, content in contents.items()
        },
    }


def hosted_files(folder: CodecFolder) -> dict[str, bytes]:
    """The files of a codec, for a folder named by its id.

    The file `head` is the head of the codec file (section 3 of `docs/FORMAT.md`). Each section is a
    gzipped file named by its SHA-256. Gzip keeps downloads small on hosts that do not compress
    files. Without an encoder, the codec can only decompress.

    Raises:
        CodecError: the codec file is damaged, or lacks the decoder.

    >>> from aecodec import load_codec
    >>> files = hosted_files(load_codec("digits").folder)
    >>> len(files)  # a head, two networks, three levels, a primer, measurements
    8
    """
    folder.check_has(Half.DECODER)
    sections = folder.sections
    packed = {
        section.sha256.hex(): _gzipped(section.content)
        for section in sections
        if section.content is not None
    }
    return {"head": pack_head(folder.spec, folder.rdoq, sections), **packed}


def sample_files(codecs: Sequence[Codec]) -> dict[str, bytes]:
    """The files of the sample picture, by name: the photograph if a codec takes it, else a digit.

    The picture has a compressed file at the default level and the decoded picture, so that a first
    visit does not download the codec. `index.json` describes the picture, or is null if no codec of
    the page takes it.
    """
    for path in (PHOTOGRAPH, sample_paths()[3]):
        picture = read_image(path)
        if codec := next((codec for codec in codecs if _takes(codec, picture)), None):
            name, data, decoded = codec.spec.codec_id.hex(), codec.compress(picture), io.BytesIO()
            codec.decompress(data).save(decoded, "WEBP", lossless=True)
            return {
                path.name: path.read_bytes(),
                f"{path.name}.aec": data,
                f"{path.name}.webp": decoded.getvalue(),
                "index.json": json.dumps({"picture": path.name, "codec": name}).encode(),
            }
    return {"index.json": b"null"}


def _takes(codec: Codec, picture: Picture) -> bool:
    spec = codec.spec
    is_tile = spec.tile == picture.size[::-1]
    return codec.folder.compresses and not spec.bands and (spec.receptive_field > 0 or is_tile)


def _gzipped(content: bytes) -> bytes:
    """Gzip by the best strategy: weights are smallest if repetitions are not searched for."""
    strategies = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY)
    packers = [zlib.compressobj(9, wbits=31, strategy=strategy) for strategy in strategies]
    return min((packer.compress(content) + packer.flush() for packer in packers), key=len)


def _folder(name: str) -> dict[str, bytes]:
    folder = files(__package__).joinpath(name)
    contents = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    return dict(sorted(contents.items()))
