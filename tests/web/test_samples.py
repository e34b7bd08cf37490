"""Samples of bands in a browser: the files and the samples of Python, and pictures of bands."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from aecodec import Codec, compress, decompress_array
from aecodec.format.samples import BAND_TYPES, SampleType
from aecodec.imaging.picture import samples_picture
from benchmarks.web.browser import Browser

pytestmark = pytest.mark.slow


def run(page: Browser, bands: Codec, script: str) -> Any:
    return page.run(f"const codec = '/codecs/{bands.spec.codec_id.hex()}';{script}")


ARRAYS = {SampleType.FLOAT16: "globalThis.Float16Array ?? Uint16Array"}


@pytest.mark.parametrize("kind", BAND_TYPES)
def test_files_and_samples_are_those_of_python(
    page: Browser, bands: Codec, kind: SampleType
) -> None:
    numbers = np.random.default_rng(kind).normal(50, 60, (2, 9, 13, 3)).round(2)
    samples = numbers.clip(0, 100).astype(kind.dtype)
    array = ARRAYS.get(kind, f"{kind.name.title()}Array")
    text = base64.b64encode(samples.tobytes()).decode()
    file, clipped, restored, described = run(
        page,
        bands,
        f"const samples = new ({array})(fromText('{text}').buffer);"
        f"const source = {{ width: 13, height: 9, frames: 2, bands: 3, samples }};"
        f"source.type = '{kind.dtype}';"
        "const { file, clipped } = await encodeSamples(source, { codec });"
        "const decoded = await decodeSamples(file);"
        "const { hasSamples } = await readHeader(file);"
        "return [text(file), clipped, text(decoded.samples),"
        " [decoded.type, decoded.layout, hasSamples, decoded.missing === undefined]];",
    )
    picture = samples_picture(samples)
    encoder = bands.encoder
    expected = encoder.compress(picture, metadata=False)
    assert base64.b64decode(file) == expected
    assert len(clipped) == 3
    assert base64.b64decode(restored) == bands.decompress_array(expected).tobytes()
    assert described == [kind.dtype, "FHWB", True, True]


@pytest.mark.parametrize("kind", ["uint16", "int64", "float64"])
def test_samples_within_an_error_need_no_codec(page: Browser, bands: Codec, kind: str) -> None:
    samples = np.random.default_rng(1).integers(0, 900, (9, 13, 3)).cumsum(axis=1).astype(kind)
    text = base64.b64encode(samples.tobytes()).decode()
    array = {"uint16": "Uint16", "int64": "BigInt64", "float64": "Float64"}[kind]
    file, restored = run(
        page,
        bands,
        f"const samples = new {array}Array(fromText('{text}').buffer);"
        "const source = { width: 13, height: 9, bands: 3, samples };"
        "const { file } = await encodeSamples(source, { maxError: 2 });"
        "return [text(file), text((await decodeSamples(file)).samples)];",
    )
    expected = compress(samples, max_error=2)
    assert base64.b64decode(file) == expected
    assert base64.b64decode(restored) == decompress_array(expected).tobytes()


def test_missing_samples_are_restored_and_transparent(page: Browser, bands: Codec) -> None:
    nodata, missing, alpha, names, shown = run(
        page,
        bands,
        "const samples = Int16Array.from({ length: 48 }, (_, at) => at % 7 ? at : -9999);"
        "const source = { width: 4, height: 4, bands: 3, samples, nodata: -9999 };"
        "const { file } = await encodeSamples(source, { codec });"
        "const decoded = await decodeSamples(file);"
        "const image = samplesToImageData(decoded, { bands: [2] });"
        "const loaded = await loadCodec(codec);"
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
        ("encodeSamples(pixelOf(2), { codec })", "Image", "give"),
        ("encodeSamples(pixelOf(1), { codec })", "Image", "bands"),
        ("aecodec.encode(new ImageData(1, 1), { codec })", "Usage", "need a codec without bands"),
        ("samplesToImageData({ bands: 2 }, { bands: [2] })", "Image", "from 0 to 1"),
        ("samplesToImageData({ frames: 2 }, { frame: 2 })", "Image", "frame is 2: give a number"),
    ],
)
def test_samples_that_do_not_suit_are_rejected(
    page: Browser, bands: Codec, script: str, kind: str, words: str
) -> None:
    pixel = "const pixelOf = (n) => ({ width: 1, height: 1, samples: new Int8Array(n) });"
    name, message, _ = run(page, bands, f"{pixel} return kind(async () => {script});")
    assert name == f"{kind}Error"
    assert words in message
