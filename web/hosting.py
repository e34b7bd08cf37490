"""A codec as files on a host: browsers fetch its head, and only the sections that they need."""

from __future__ import annotations

import gzip

from aecodec.bundle.bundle import plans_of, sections_of
from aecodec.bundle.head import head
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.errors import CodecError


def hosted_files(folder: CodecFolder) -> dict[str, bytes]:
    """The files of a codec, for a folder named by its id.

    The file `head` is the head of its bundle (`docs/BUNDLE.md`), as it is. Every section is a file
    named by its SHA-256, gzipped, so that hosts that do not compress send few bytes too.

    A folder without an encoder makes a codec that only decompresses.

    Raises:
        CodecError: its decoder is absent.
        ModelError: the C library has no kernel for an operator of a network, or no room for the
            tables of a level.

    >>> from aecodec import load_codec
    >>> files = hosted_files(load_codec("digits").folder)
    >>> len(files)  # a head, two networks, three levels
    6
    """
    if not folder.has(Half.DECODER.tflite):
        raise CodecError(f"{folder.path}: a page needs {Half.DECODER.tflite}, which is absent")
    sections = sections_of(folder, plans_of(folder))
    packed = {each.sha256.hex(): gzip.compress(each.content, mtime=0) for each in sections}
    return {"head": head(folder, sections), **packed}
