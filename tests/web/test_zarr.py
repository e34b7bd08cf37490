"""Arrays that Python wrote, read with zarrita.js in a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.codecs.golden import ZARR
from helpers.programs import needs, shared_folder

from benchmarks.web.browser import Browser
from benchmarks.web.static_host import static_host

pytestmark = pytest.mark.slow

ZARRITA = "zarrita@0.7.5"
IMPORTS = {
    "zarrita": "/node_modules/zarrita/dist/src/index.js",
    "@zarrita/storage/fetch": "/node_modules/@zarrita/storage/dist/src/fetch.js",
    "aecodec": "/aecodec/index.js",
    "aecodec/zarr": "/aecodec/zarr.js",
}
PAGE = f'<!DOCTYPE html><script type="importmap">{json.dumps({"imports": IMPORTS})}</script>'
PRELUDE = """
const [zarr, { setCodecs }, { AecodecCodec }] =
  await Promise.all(['zarrita', 'aecodec', 'aecodec/zarr'].map((name) => import(name)));
setCodecs('/codecs');
for (const name of ['aecodec', 'numcodecs.aecodec'])
  zarr.registry.set(name, async () => AecodecCodec);
const bytes = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
const inOrder = ({ data, shape, stride }) => data.map((_, number) => {
  let from = 0;
  for (let axis = shape.length - 1; axis >= 0; number = Math.floor(number / shape[axis--]))
    from += (number % shape[axis]) * stride[axis];
  return data[from];
});
"""


def install(folder: Path) -> None:
    """Install zarrita in a folder."""
    command = ["npm", "install", "--silent", "--prefer-offline", "--prefix", str(folder), ZARRITA]
    subprocess.run(command, capture_output=True, check=True, timeout=300)


@pytest.fixture(scope="module")
def modules() -> Path:
    """The folder `node_modules` with zarrita from npm."""
    needs("npm")
    try:
        return shared_folder("zarrita", install) / "node_modules"
    except subprocess.SubprocessError:
        pytest.skip("npm cannot install zarrita here")


@pytest.fixture(scope="module")
def host(site: Path, modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a host with the golden store and zarrita."""
    folder = tmp_path_factory.mktemp("zarr") / "site"
    shutil.copytree(site, folder)
    shutil.copytree(modules, folder / "node_modules", symlinks=True)
    (folder / "zarr.html").write_text(PAGE)
    with static_host(folder) as host:
        yield host.url


@pytest.fixture
def page(browser: Browser, host: str) -> Browser:
    """A page with an import map, in which scripts run."""
    browser.open(f"{host}/zarr.html", width=1280)
    return browser


@pytest.mark.parametrize("line", (ZARR / "arrays.sha256").read_text().splitlines())
def test_golden_arrays_have_the_elements_of_python(page: Browser, line: str) -> None:
    expected, name = line.split()
    digest = page.run(
        f"{PRELUDE}const store = new zarr.FetchStore(`${{location.origin}}/golden/zarr/{name}`);"
        "const elements = inOrder(await zarr.get(await zarr.open(store, { kind: 'array' })));"
        "return [...new Uint8Array(await crypto.subtle.digest('SHA-256', elements))];"
    )
    assert bytes(digest).hex() == expected


DIGITS = "{ codec: 'digits', codec_id: 'f206e96f', level: 2 }"
BANDS = "{ codec: 'bands', codec_id: 'a11d77c8', bands: 3, max_error: '1%' }"


@pytest.mark.parametrize(
    ("configuration", "dtype", "shape", "kind", "words"),
    [
        ("{ codec: 'digits', codec_id: '../x' }", "uint8", [4, 28, 28], "UsageError", "eight"),
        ("{ ...DIGITS, levels: 1 }", "uint8", [4, 28, 28], "UsageError", "a configuration has"),
        ("{ ...DIGITS, bands: 257 }", "uint8", [4, 28, 28], "UsageError", "a number up to 256"),
        ("DIGITS", "uint16", [4, 28, 28], "ImageError", "the codec takes uint8 with 1 to 4"),
        ("DIGITS", "uint8", [4, 28, 28, 5], "ImageError", "(4, 28, 28, 5) and the type uint8"),
        ("BANDS", "float64", [3, 6, 8], "ImageError", "float32 with 3 bands"),
        ("BANDS", "int16", [6, 8], "ImageError", "with 3 bands B: (H, W, B), (B, H, W)"),
        ("DIGITS", "uint8", [5, 28, 28], "FormatError", "the shape (5, 28, 28) and the type"),
        ("DIGITS", "uint8", [4, 28, 28, 3], "FormatError", "belongs to another array"),
        ("{ ...DIGITS, bands: 1 }", "uint8", [4, 28, 28], "FormatError", "another array"),
        ("{ ...DIGITS, max_error: 9 }", "uint8", [4, 28, 28], "FormatError", "not guarantee the"),
        ("{ ...DIGITS, codec_id: 'faacc222' }", "uint8", [4, 28, 28], "CodecError", "f206e96f"),
    ],
)
def test_other_chunks_are_rejected(
    page: Browser, configuration: str, dtype: str, shape: list[int], kind: str, words: str
) -> None:
    name, message = page.run(
        f"{PRELUDE}const [DIGITS, BANDS] = [{DIGITS}, {BANDS}];"
        f"try {{ const meta = {{ dataType: '{dtype}', shape: {shape} }};"
        f"  const codec = AecodecCodec.fromConfig({configuration}, meta);"
        "  await codec.decode(await bytes('/golden/zarr/digits/c/0/0/0'));"
        "} catch ({ name, message }) { return [name, message]; }"
    )
    assert name == kind
    assert words in message
