"""The files of a codec on a web host: browsers fetch the head and only the sections they need."""

from __future__ import annotations

import gzip

from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.engine.bundle import head, plans_of, sections_of
from aecodec.errors import CodecError


def hosted_files(folder: CodecFolder) -> dict[str, bytes]:
    """The files of a codec, for a folder named by its id.

    The file `head` is the head of its bundle (`docs/BUNDLE.md`). Each section is a gzipped file
    named by its SHA-256. Gzip keeps downloads small on hosts that do not compress files.

    Without an encoder, the codec can only decompress.

    Raises:
        CodecError: its decoder is missing.
        ModelError: the C library has no kernel for an operator of a network, or the tables of a
            level are too large for it.

    >>> from aecodec import load_codec
    >>> files = hosted_files(load_codec("digits").folder)
    >>> len(files)  # a head, two networks, three levels
    6
    """
    if not folder.has(Half.DECODER.tflite):
        raise CodecError(f"{folder.path}: {Half.DECODER.tflite} is missing, but the page needs it")
    sections = sections_of(folder, plans_of(folder))
    packed = {section.sha256.hex(): gzip.compress(section.content, mtime=0) for section in sections}
    return {"head": head(folder, sections), **packed}
