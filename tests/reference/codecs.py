"""The codec files that tests of the reference decoder need."""

from functools import cache
from pathlib import Path

from helpers.codecs.golden import id_in
from reference.codec_file import Codec

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
FOLDERS = ROOT / "aecodec" / "data" / "codecs", GOLDEN / "codecs"


@cache
def codecs() -> dict[bytes, Codec]:
    """Built-in and golden codecs by their ids."""
    files = [path for folder in FOLDERS for path in folder.rglob("*.aecodec")]
    opened = [Codec(path.read_bytes()) for path in files]
    return {codec.identity[:4]: codec for codec in opened}


def codec_of(data: bytes) -> Codec:
    """The codec of a file, or of its base; any codec if there is none with its id."""
    return codecs().get(id_in(data)) or next(iter(codecs().values()))
