"""Pixels are the same, whatever the windows in which networks run."""

import pytest

from aecodec import Codec
from aecodec.arrays import Pixels
from aecodec.codec.base import Execution
from aecodec.parallel import Workers

c = pytest.importorskip("aecodec.engine.c", reason="the core is not installed")


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("window", [7, 96])
def test_pixels_depend_on_neither_threads_nor_windows(
    photo: Codec, photograph: Pixels, threads: int, window: int
) -> None:
    whole = Codec(photo.folder, Execution(c.CEngine()))
    data = whole.compress(photograph[:300, :400])
    codec = Codec(photo.folder, Execution(c.CEngine(), window, Workers(threads)))
    assert (codec.decompress_frames(data) == whole.decompress_frames(data)).all()
    assert codec.compress(photograph[:300, :400]) == data
