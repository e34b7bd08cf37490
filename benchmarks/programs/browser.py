"""How fast is the codec in a browser, what does a first visit fetch, and what do previews cost?

The page of `aecodec web` in Chromium, headless, from a host on this machine that gzips texts.
Speeds are those of the library as a page calls it, with all its workers: the best of several
rounds, of the first pictures of a folder and of the sample digits.
"""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from aecodec import preview
from aecodec.cli.shared.file_io import write_tree
from aecodec.codec.registry import load_codec
from aecodec.format.texts import TextForm
from aecodec.web.samples import sample_pictures
from aecodec.web.site import site_files
from benchmarks.harness import Options, Row
from benchmarks.web.browser import opened_browser
from benchmarks.web.static_host import static_host

_PRELUDE = """
const aecodec = await import('/aecodec/index.js');
const picture = async (name) => {
  const bitmap = await createImageBitmap(await (await fetch(name)).blob());
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
};
const least = async (rounds, work) => {
  let seconds = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    await work();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  return seconds;
};
const codec = await aecodec.loadCodec(CODEC);
"""

_PHOTOGRAPHS = """
const sums = { pixels: 0, encode: 0, decode: 0 };
for (const name of NAMES) {
  const image = await picture(name);
  let file;
  sums.pixels += image.width * image.height;
  sums.encode += await least(5, async () => { file = await aecodec.encode(image, { codec }); });
  sums.decode += await least(5, () => aecodec.decode(file, { codec }));
}
return [sums.pixels / sums.encode / 1e6, sums.pixels / sums.decode / 1e6];
"""

_DIGITS = """
const images = [];
for (let digit = 0; digit < 10; digit += 1)
  images.push(await picture(`/samples/digit${digit}.png`));
const files = [];
const encode = await least(20, async () => {
  for (const [digit, image] of images.entries())
    files[digit] = await aecodec.encode(image, { codec });
});
const decode = await least(20, async () => {
  for (const file of files) await aecodec.decode(file, { codec });
});
return [10 / encode, 10 / decode];
"""

_PREVIEWS = """
const { decodePreview, loadTables, paintPreview } = await import('/aecodec/preview.js');
const tables = await loadTables(), canvas = document.createElement('canvas');
const sums = { decode: 0, paint: 0 };
for (const text of TEXTS) {
  let preview;
  sums.decode += await least(50, () => { preview = decodePreview(text, tables); });
  sums.paint += await least(50, () => {
    paintPreview(preview, canvas).getContext('2d').getImageData(0, 0, 1, 1); // waits for pixels
  });
}
return [sums.decode, sums.paint].map((seconds) => 1000 * seconds / TEXTS.length);
"""

_CODE = ("preview.js", "fetching.js", "errors.js")
_TABLES = "tables.bin.gz"


def add_arguments(parser: Options) -> None:
    """Add the photographs."""
    parser.add_data(help="folder of photographs")
    parser.add_limit(4)


def measure(options: Namespace) -> Iterator[Row]:
    """One row per codec and kind of figure."""
    photographs = sorted(path for path in options.data.iterdir() if path.suffix == ".png")
    with tempfile.TemporaryDirectory() as folder:
        names = _make_host(Path(folder), photographs[: options.limit])
        yield from _speeds(Path(folder), names)
        yield from _previews(Path(folder), photographs[: options.limit])
    for codec in ("photo", "digits"):
        yield _row(codec, "first visit, gzipped: MB", round(_first_visit(codec) / 1e6, 2))


def _row(codec: str, what: str, value: float) -> Row:
    return {"codec": codec, "what": what, "value": value}


def _make_host(folder: Path, photographs: Sequence[Path]) -> list[str]:
    """A page with both codecs, and the photographs; their names on the host."""
    codecs = [load_codec("photo"), load_codec("digits")]
    write_tree(folder, site_files(codecs, sample_pictures(None)), force=True)
    (folder / "blank.html").write_text('<!DOCTYPE html><link rel="icon" href="data:,">')
    for path in photographs:
        shutil.copy(path, folder)
    return [f"/{path.name}" for path in photographs]


def _speeds(folder: Path, names: Sequence[str]) -> Iterator[Row]:
    with static_host(folder) as host, opened_browser() as browser:
        browser.open(f"{host.url}/blank.html", width=1280)
        works = (
            ("photo", "megapixels per second", 2, _PHOTOGRAPHS.replace("NAMES", json.dumps(names))),
            ("digits", "digits per second", None, _DIGITS),
        )
        for codec, unit, digits, script in works:
            values = browser.run(_prelude(codec) + script)
            for work, value in zip(("encode", "decode"), values, strict=True):
                yield _row(codec, f"{work}: {unit}", round(value, digits))


def _previews(folder: Path, photographs: Sequence[Path]) -> Iterator[Row]:
    """The time that previews of about 40 bytes take, and the files that they need."""
    pixels = [np.asarray(Image.open(path)) for path in photographs]
    texts = [TextForm.BASE64URL.encode(preview.encode(image)) for image in pixels]
    with static_host(folder) as host, opened_browser() as browser:
        browser.open(f"{host.url}/blank.html", width=1280)
        times = browser.run(_prelude("digits") + _PREVIEWS.replace("TEXTS", json.dumps(texts)))
    for work, value in zip(("decode", "paint"), times, strict=True):
        yield _row("preview", f"{work}: ms", round(value, 2))
    code = [gzip.compress((folder / "aecodec" / name).read_bytes(), 9) for name in _CODE]
    yield _row("preview", "code, gzipped: bytes", sum(map(len, code)))
    tables = (folder / "aecodec" / _TABLES).stat().st_size
    yield _row("preview", "tables, gzipped: bytes", tables)


def _prelude(codec: str) -> str:
    identity = load_codec(codec).spec.codec_id.hex()
    return _PRELUDE.replace("CODEC", repr(f"/codecs/{identity}"))


def _first_visit(codec: str) -> int:
    """Bytes that a host sends to somebody who looks at the first sample."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tree(folder, site_files([load_codec(codec)], sample_pictures(None)), force=True)
        with static_host(folder) as host, opened_browser() as browser:
            browser.open(f"{host.url}/", width=1280)
            browser.settle()
            return sum(host.sent.values())
