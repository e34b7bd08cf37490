"""A report measures what a file decodes to, and warns of pictures unlike the training set."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from aecodec.arrays import Pixels
from aecodec.codec.codec import Codec
from aecodec.errors import AecodecWarning
from aecodec.evaluation.report import Report, report
from aecodec.imaging.picture import Picture, from_array
from aecodec.metrics import mse, psnr


def report_of(codec: Codec, picture: Picture) -> Report:
    return report(codec, picture, codec.compress_picture(picture), source_size=1000)


def test_a_familiar_picture_gives_no_warning(codec: Codec, samples: Pixels) -> None:
    picture = from_array(samples[3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measured = report_of(codec, picture)
    file = codec.compress(samples[3])
    assert measured.is_familiar
    assert measured.size == len(file)
    assert measured.bpp == 8 * len(file) / samples[3].size
    restored = np.asarray(codec.decompress(file))
    assert measured.psnr == pytest.approx(psnr(mse(samples[3], restored)))


def test_an_unfamiliar_picture_gives_a_warning(codec: Codec, photograph: Pixels) -> None:
    picture = from_array(photograph[:56, :56])
    with pytest.warns(AecodecWarning, match="unlike those that codec digits was trained on"):
        assert not report_of(codec, picture).is_familiar
