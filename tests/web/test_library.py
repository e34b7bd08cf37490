"""The library of the browser: the files and the pixels of Python, and its errors."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.browser import Browser, opened_browser
from helpers.codecs import golden
from helpers.codecs.golden import GOLDEN
from helpers.static_host import static_host
from helpers.writer import pack
from PIL import Image

from aecodec import compress
from aecodec.codec.codec import Codec
from aecodec.format.container import Header, Mode
from aecodec.image_files.writing import to_pil
from aecodec.imaging.picture import Picture, to_array

pytestmark = pytest.mark.slow

PHOTO, DIGITS = "2a2fd16f", "f206e96f"

FRAMES_OF_A_FILE = """
const frames = await aecodec.decodeFrames(file);
return Promise.all(frames.map((frame) => digest(frame.data)));
"""
SAMPLES_OF_A_FILE = "return digest((await decodeSamples(file)).samples);"


def frames_of(picture: Picture) -> list[str]:
    return [golden.sha256(np.asarray(image.convert("RGBA"))) for image in to_pil(picture)]


@pytest.mark.parametrize("name", golden.listed())
def test_golden_files_have_the_content_of_python(page: Browser, name: str) -> None:
    data = (GOLDEN / f"{name}.aec").read_bytes()
    picture = golden.codec_of(data).decoder.decompress_picture(data)
    if picture.is_scientific:
        samples = to_array(picture)
        native = samples.astype(samples.dtype.newbyteorder("="))  # as arrays of JavaScript
        script, expected = SAMPLES_OF_A_FILE, golden.sha256(native)
    else:
        script, expected = FRAMES_OF_A_FILE, frames_of(picture)
    assert page.run(f"const file = await golden('{name}');{script}") == expected


@pytest.mark.parametrize("file", golden.refused())
def test_damaged_golden_files_are_refused(page: Browser, file: str) -> None:
    name, message, is_ours = page.run(
        f"return kind(async () => aecodec.decode(await bytes('/golden/refused/{file}.aec')));"
    )
    is_of_another = file in golden.INTACT
    assert (name, is_ours) == ("CodecError" if is_of_another else "FormatError", True)
    assert is_of_another or message.startswith(("damaged", "not an .aec file", "the file has"))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *(("photograph", {"level": level}) for level in (1, 2.5, 8)),
        ("grey", {"level": 2.5}),
        ("photograph", {"max_bytes": 237}),
        ("grey", {"max_error": 0}),
        ("grey", {"max_error": [30, 6]}),
        ("grey", {"max_error": 9, "level": 2}),
    ],
)
def test_files_of_photographs_are_those_of_python(
    page: Browser, site: Path, photo: Codec, name: str, options: dict[str, Any]
) -> None:
    of_page = json.dumps(options).replace("max_error", "maxError").replace("max_bytes", "maxBytes")
    content, pixels = page.run(
        f"const options = {{ codec: '/codecs/{PHOTO}', ...{of_page} }};"
        f"const file = await aecodec.encode(await picture('/{name}.png'), options);"
        "return [text(file), await digest((await aecodec.decode(file)).data)];"
    )
    image = np.asarray(Image.open(site / f"{name}.png").convert("L" if name == "grey" else "RGB"))
    file = base64.b64decode(content)
    assert file == photo.compress(image, **options)
    assert [pixels] == frames_of(photo.decoder.decompress_picture(file))


def test_alpha_is_kept_and_headers_are_read(page: Browser, photo: Codec) -> None:
    header, is_alpha, file = page.run(
        "const image = await picture('/grey.png');"
        "for (let at = 3; at < image.data.length / 2; at += 4) image.data[at] = at % 256;"
        f"const file = await aecodec.encode(image, {{ codec: '/codecs/{PHOTO}' }});"
        "const decoded = await aecodec.decode(file);"
        "const isAlpha = image.data.every((value, at) => at % 4 < 3 || decoded.data[at] === value);"
        "return [await aecodec.readHeader(file), isAlpha, text(file)];"
    )
    picture = photo.decompress(base64.b64decode(file))
    size = {"width": picture.width, "height": picture.height}
    expected = {"id": PHOTO, **size, "mode": picture.mode, "frames": 1, "reduction": 1}
    expected |= {"level": None, "hasSamples": False, "hasBase": True, "isRefined": False}
    assert header == {**expected, "bound": None}
    assert (picture.mode, is_alpha) == ("LA", True)


def test_missing_samples_are_restored_and_transparent(page: Browser) -> None:
    samples = np.where(np.arange(48) % 7, np.arange(48), -9999).astype(np.int16)
    data = compress(samples.reshape(4, 4, 3), max_error=0, nodata=-9999)
    file = base64.b64encode(data).decode()
    nodata, missing, alpha, shown = page.run(
        f"const decoded = await decodeSamples(fromText('{file}'));"
        "const image = samplesToImageData(decoded, { bands: [2] });"
        "return [decoded.samples.filter((sample) => sample === decoded.nodata).length,"
        " [...decoded.missing], image.data.filter((_, at) => at % 4 === 3).indexOf(0),"
        " [{ missing: Uint8Array.of(0, 0, 0, 1) }, { nodata: 9 }]"
        ".map((mark) => [...samplesToImageData({ width: 2, height: 2, ...mark,"
        " samples: Float32Array.of(NaN, 0, 1, 9) }).data])];"
    )
    assert shown == 2 * [[0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0]]
    assert nodata == 7
    assert missing == [int(at % 7 == 0) for at in range(48)]
    assert alpha == 4  # sample 14, the third one of its pixel


@pytest.mark.parametrize("checksum", [False, True])
def test_bare_payloads_are_those_of_python(page: Browser, checksum: bool) -> None:
    data = (GOLDEN / "digit3.aec").read_bytes()
    payload, is_back = page.run(
        f"const file = await golden('digit3'), checksum = {json.dumps(checksum)};"
        "const payload = await toBare(file, { checksum });"
        f"const back = await fromBare(payload, {{ codec: {{ id: '{DIGITS}' }}, checksum }});"
        "return [text(payload), text(back) === text(file)];"
    )
    assert base64.b64decode(payload) == golden.codec_of(data).to_bare(data, checksum=checksum)
    assert is_back


def test_only_what_is_needed_is_fetched_and_only_once(site: Path) -> None:
    with static_host(site) as host, opened_browser() as browser:
        browser.open(f"{host.url}/blank.html", width=1280)
        decode = "await aecodec.decode(await bytes('/golden/photo.aec'));"
        browser.run(decode + decode)
        folder = f"/codecs/{PHOTO}/"
        assert len([name for name in host.sent if name.startswith(folder)]) == 3
        browser.open(f"{host.url}/blank.html", width=1280)
        before = dict(host.sent)
        browser.run(decode)
        assert host.sent == before
        browser.run(
            f"const codec = await aecodec.loadCodec('{folder}');"
            "await aecodec.encode(await picture('/photograph.png'), { codec, level: 1 });"
        )
        assert len([name for name in host.sent if name.startswith(folder)]) == 5


def test_a_section_that_is_damaged_on_the_way_is_refused(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(site, folder)
    for section in (folder / "codecs" / DIGITS).glob("?" * 64):
        content = bytearray(gzip.decompress(section.read_bytes()))
        content[len(content) // 2] ^= 1
        section.write_bytes(content)
    with static_host(folder) as host, opened_browser() as browser:
        browser.open(f"{host.url}/blank.html", width=1280)
        decode = "return kind(async () => aecodec.decode(await golden('digit3')));"
        for _ in range(2):
            name, message, _ = browser.run(decode)
            assert (name, "SHA-256" in message) == ("CodecError", True)


BOMB = pack(Header(codec_id=bytes.fromhex(PHOTO), mode=Mode.RGB, size=(8192, 8192)), bytes(99))
ERRORS = (
    f"const BOMB = fromText('{base64.b64encode(BOMB).decode()}');"
    """
Object.defineProperty(UsageError, 'name', { value: 't' }); // as a minifier does
const PHOTO = '/codecs/2a2fd16f', DIGITS = '/codecs/f206e96f', PICTURE = new ImageData(9, 9);
const names = ['photo', 'photo_stack', 'refined/photo_lossless'];
const [file, stack, refined] = await Promise.all(names.map(golden));
const ELSEWHERE = `${location.origin.replace('localhost', '127.0.0.1')}/aecodec/index.js`;
const encodeWith = (options) => encode(PICTURE, { codec: DIGITS, ...options });
"""
)


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("decode(new File([], 'a.aec'))", "FormatError", "a.aec: not an .aec file, but empty"),
        ("decode(new File([file.slice(0, 99)], 'a.aec'))", "FormatError", "a.aec: damaged: "),
        ("decode(new Blob(['<!DOCTYPE html>']))", "FormatError", "an HTML page"),
        ("loadCodec('/codecs/page')", "InputError", "page/head is an HTML page"),
        ("(await import(ELSEWHERE)).decode(file)", "AecodecError", "serve aecodec from http:"),
        ("loadCodec('/codecs/00000000')", "InputError", "404"),
        ("decode(file, { codec: DIGITS })", "CodecError", "digits"),
        ("(setCodecs('/golden'), decode(file))", "CodecError", "needs codec 2a2fd16f"),
        ("decode(BOMB)", "LimitError", "decompression bomb"),
        ("decode(file, { maxPixels: 100 })", "LimitError", "more pixels"),
        ("decodeFrames(stack, { maxFrames: 1 })", "LimitError", "more pictures"),
        ("decode(refined, { baseOnly: true })", "UsageError", ": decompress"),
        ("decode('photo.aec')", "UsageError", "String is not the content of a file"),
        ("encode(PICTURE)", "UsageError", "codec"),
        ("encode()", "ImageError", "undefined is not 8-bit ImageData"),
        ("fromBare(new Uint8Array(5), { codec: DIGITS })", "UsageError", "pass the codec"),
        ("fromBare(new Uint8Array(0), { codec: { id: 'f206e96f' } })", "FormatError", ""),
        ("toBare(refined)", "UsageError", ""),
        ("encodeWith({ level: 4 })", "UsageError", "levels 1 to 3"),
        ("samplesToImageData({ bands: 2 }, { bands: [2] })", "ImageError", "from 0 to 1"),
        ("samplesToImageData({ frames: 2 }, { frame: 2 })", "ImageError", "use a number from 0"),
        ("encodeWith({ maxBytes: -1 })", "UsageError", "maxBytes is -1"),
        ("encodeWith({ maxBytes: 12 })", "UsageError", "needs at least"),
        ("encodeWith({ codec: '/codecs/31696c43' })", "CodecError", "no encoder"),
        ("decode(file, { maxPixels: 0 })", "UsageError", "at least 1"),
        ("encodeWith({ maxError: -1 })", "UsageError", "maxError is -1"),
        ("encodeWith({ maxError: 1, maxBytes: 9 })", "UsageError", "not both"),
    ],
)
def test_errors_are_of_the_kinds_of_python(
    page: Browser, script: str, kind: str, words: str
) -> None:
    name, message, _ = page.run(f"{ERRORS} return kind(async () => {script});")
    assert name == kind
    assert words in message


def test_work_can_be_given_up(page: Browser) -> None:
    name, _, _ = page.run(
        "const control = new AbortController(); const image = await picture('/samples/coffee.jpg');"
        f"const options = {{ codec: '/codecs/{PHOTO}', signal: control.signal,"
        " onProgress: () => control.abort() };"
        "return kind(() => aecodec.encode(image, options));"
    )
    assert name == "AbortError"


def test_several_pictures_share_the_workers(page: Browser) -> None:
    windows, expected = page.run(
        "const file = await golden('photo'), counts = []; await decode(file);"
        "const onProgress = ({ of }) => counts.push(of);"
        "await Promise.all([1, 2, 3].map(() => decode(file, { onProgress })));"
        "return [Math.min(...counts), Math.ceil(Math.min(navigator.hardwareConcurrency, 4) / 2)];"
    )
    assert windows == expected


def test_the_element_draws_a_file_and_says_what_is_wrong(page: Browser, photo: Codec) -> None:
    wide = photo.compress(np.zeros((1, 66_000, 3), np.uint8), level=1)
    result = page.run(
        "const element = make({ alt: 'A three', width: 28, height: 28 });"
        "const empty = [element.complete, element.naturalWidth, element.naturalHeight];"
        "const room = element.getBoundingClientRect().height;"
        "element.setAttribute('src', '/golden/digit3.aec'); await event(element, 'load');"
        "const digit = await drawn(element);"
        "const label = element.shadowRoot.querySelector('canvas').getAttribute('aria-label');"
        "const size = [element.naturalWidth, element.naturalHeight];"
        f"const failures = [], wide = 'data:;base64,{base64.b64encode(wide).decode()}';"
        "const damaged = '/golden/refused/checksum.aec', { fetch } = globalThis;"
        "const body = () => new ReadableStream({ pull: (control) => control.error() });"
        "globalThis.fetch = async (url, ...more) => url === 'cut' ? new Response(body())"
        " : fetch(url, ...more);"
        "for (const src of [damaged, '/x.aec', 'http://localhost:1/', wide, 'cut']) {"
        " element.setAttribute('src', src); const { error } = await event(element, 'error');"
        " failures.push([error.name, element.naturalWidth]); }"
        "return [empty, room, digit, label, size, failures];"
    )
    data = (GOLDEN / "digit3.aec").read_bytes()
    digit = golden.codec_of(data).decoder.decompress_picture(data)
    kinds = ["FormatError", "InputError", "InputError", "ImageError", "InputError"]
    assert result[:-1] == [[False, 0, 0], 28, *frames_of(digit), "A three", [28, 28]]
    assert result[-1] == [[kind, 0] for kind in kinds]


def test_the_element_is_laid_out_like_an_image(page: Browser, site: Path) -> None:
    reflected, boxes, fit, is_lazy, texts = page.run(
        "const element = make({ width: 30, height: 40, style: 'object-fit: cover' });"
        "const boxes = [box(element)];"
        "Object.assign(element, { src: '/golden/digit3.aec', alt: 3 });"
        "await event(element, 'load'); boxes.push(box(element)); element.style.height = '50px';"
        "boxes.push(box(element)); element.width = null; boxes.push(box(element));"
        "const { src, alt, width, height, loading } = element;"
        "const fit = getComputedStyle(element.shadowRoot.querySelector('canvas')).objectFit;"
        "const lazy = document.implementation.createHTMLDocument().createElement('aec-img');"
        "Object.assign(lazy, { src, loading: 'lazy' });"  # before the element is known
        "lazy.style.marginTop = '5000px'; document.body.append(lazy);"
        "await new Promise((resolve) => setTimeout(resolve, 200));"
        "const before = lazy.complete; lazy.scrollIntoView(); await event(lazy, 'load');"
        "const texts = [];"
        "for (const content of ['', '<img src=/grey.png alt=Grey>']) {"
        " const broken = make({ src: '/blank.html', alt: 'A three' }); broken.innerHTML = content;"
        " broken.addEventListener('error', (event) => event.preventDefault());"
        " const { error } = await event(broken, 'error'), [image] = broken.children;"
        " await image?.decode(); boxes.push(image && [...box(image), ...box(broken)]);"
        " texts.push(error.message, broken.shadowRoot.querySelector('#alt').checkVisibility()); }"
        "return [[src, alt, width, height, loading], boxes, fit, [before, lazy.loading], texts];"
    )
    assert reflected[0].startswith("http://localhost")
    assert reflected[1:] == ["3", 0, 40, "eager"]
    height, width = np.asarray(Image.open(site / "grey.png")).shape[:2]
    inside_and_around = 2 * [width, height]
    assert boxes == [[30, 40], [30, 40], [30, 50], [40, 50], None, inside_and_around]
    assert (fit, is_lazy) == ("cover", [False, "lazy"])
    assert "/blank.html is an HTML page" in texts[0]
    assert texts[1::2] == [True, False]  # whether the text is seen


def test_the_element_shows_the_first_bands(page: Browser) -> None:
    shown, expected = page.run(
        "const samples = await decodeSamples(await golden('bands'));"
        "const element = make({ src: '/golden/bands.aec' }); await event(element, 'load');"
        "const canvas = new OffscreenCanvas(samples.width, samples.height);"
        "const image = samplesToImageData(samples, { bands: [0, 1, 2] });"
        "canvas.getContext('2d').putImageData(image, 0, 0);"
        "return [await drawn(element), await drawing(canvas)];"
    )
    assert shown == expected
