"""The base class of encoder codecs and decoder codecs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aecodec.base.errors import CodecError, UsageError
from aecodec.base.parallel import Workers
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec


class CodecHalf:
    def __init__(self, folder: CodecFolder, workers: Workers = Workers()) -> None:
        if not isinstance(folder, CodecFolder):  # but a path
            raise UsageError(
                f"{folder!r} is not a CodecFolder: open codecs with aecodec.load_codec"
            )
        self.folder, self.workers = folder, workers

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.spec.name!r}, id {self.spec.codec_id.hex()})"

    @property
    def spec(self) -> CodecSpec:
        return self.folder.spec

    @contextmanager
    def absence_explained(self, half: Half) -> Iterator[None]:
        """Name the codec file if the library fails because the file lacks a network."""
        try:
            yield
        except CodecError:
            self.folder.check_has(half)
            raise
