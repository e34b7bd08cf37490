"""Samples of bands in a browser: their masks and limits, and pictures of bands."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from aecodec import Codec
from benchmarks.web.browser import Browser

pytestmark = pytest.mark.slow


def test_missing_samples_are_restored_and_transparent(page: Browser, bands: Codec) -> None:
    samples = np.where(np.arange(48) % 7, np.arange(48), -9999).astype(np.int16)
    file = base64.b64encode(bands.compress(samples.reshape(4, 4, 3), nodata=-9999)).decode()
    nodata, missing, alpha, names, shown = page.run(
        f"const decoded = await decodeSamples(fromText('{file}'));"
        "const image = samplesToImageData(decoded, { bands: [2] });"
        f"const loaded = await loadCodec('/codecs/{bands.spec.codec_id.hex()}');"
        "return [decoded.samples.filter((sample) => sample === decoded.nodata).length,"
        " [...decoded.missing], image.data.filter((_, at) => at % 4 === 3).indexOf(0),"
        " await loaded.bands(), [{ missing: Uint8Array.of(0, 0, 0, 1) }, { nodata: 9 }]"
        ".map((mark) => [...samplesToImageData({ width: 2, height: 2, ...mark,"
        " samples: Float32Array.of(NaN, 0, 1, 9) }).data])];",
    )
    assert shown == 2 * [[0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0]]
    assert nodata == 7
    assert missing == [int(at % 7 == 0) for at in range(48)]
    assert alpha == 4  # sample 14, the third one of its pixel
    assert names[1] == {"name": "band 2", "low": -20.5, "high": 100}


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("aecodec.encode(new ImageData(1, 1), { codec })", "Usage", "need a codec without bands"),
        ("samplesToImageData({ bands: 2 }, { bands: [2] })", "Image", "from 0 to 1"),
        ("samplesToImageData({ frames: 2 }, { frame: 2 })", "Image", "frame is 2: give a number"),
    ],
)
def test_samples_that_do_not_suit_are_rejected(
    page: Browser, bands: Codec, script: str, kind: str, words: str
) -> None:
    codec = f"const codec = '/codecs/{bands.spec.codec_id.hex()}';"
    name, message, _ = page.run(f"{codec} return kind(async () => {script});")
    assert name == f"{kind}Error"
    assert words in message
