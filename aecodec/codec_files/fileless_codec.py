"""The codec `samples`, which is part of the library: it has neither a file nor networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from aecodec.base.errors import CodecError
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.levels import UNMASKED
from aecodec.codec_files.spec import CodecSpec
from aecodec.native.codec import NativeSamplesCodec

SAMPLES, SAMPLES_ID = "samples", b"SAMP"
"""Name of the codec, and its id in files."""


_SMALL = (28, 28)
"""(height, width) of pictures that get no metadata, as in codecs with tiles of this size."""


class SamplesFolder(CodecFolder):
    """The codec `samples`, used like a codec on disk; CodecError if a section is requested."""

    def __init__(self) -> None:
        self.file = self.path = Path(SAMPLES)
        self.native, self.rdoq = NativeSamplesCodec(), UNMASKED
        self.entries, self._transfer = (), None
        self.spec = CodecSpec(
            SAMPLES,
            tile=_SMALL,
            channels=3,
            latent_channels=0,
            levels=(),
            default_level=0,
            sha256=bytes(self.native.facts.sha256).hex(),
        )

    def __reduce__(self) -> tuple[Callable[..., CodecFolder], tuple[Any, ...]]:
        return SamplesFolder, ()

    def has(self, half: Half) -> bool:
        """Always true: the codec can code and decode without networks."""
        return True

    @property
    def measured(self) -> dict[str, Any]:
        return {"levels": []}

    @property
    def content(self) -> NoReturn:
        _no_file()

    @property
    def sections(self) -> NoReturn:
        _no_file()


def _no_file() -> NoReturn:
    raise CodecError(f"codec {SAMPLES} is part of aecodec and has no file: use another codec")
