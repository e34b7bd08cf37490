"""How large are screenshots and drawings without loss, beside PNG, WebP and JPEG XL?

Eleven pictures of this project: pages of its documentation and of `aecodec web` in Chromium, its
drawings, and its plots. -o FOLDER keeps them as PNG. JPEG XL has effort 7 and WebP method 6. PNG
has a palette if the picture has at most 256 colours and the palette makes the file smaller.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

import aecodec
from aecodec.arrays import Pixels
from aecodec.cli.shared.file_io import write_folder
from aecodec.codec.registry import load_codec
from aecodec.web.samples import sample_pictures
from aecodec.web.site import site_files
from benchmarks.formats import LOSSLESS, PNG
from benchmarks.harness import ROOT, Options, Row
from benchmarks.web.browser import opened_browser
from benchmarks.web.static_host import static_host

_PAGES = (
    ("maximum_error.html", 1280, "light"),
    ("FORMAT.html", 1280, "light"),
    ("benchmarks.html", 400, "light"),
    ("web/index.html", 1280, "light"),
    ("web/index.html", 400, "dark"),
    ("how_it_works.svg", 1280, "light"),
    ("web/icon.svg", 600, "light"),
)
"""Pages and drawings, the widths of their windows, and colour schemes."""
_PLOTS = ("code_dimension.png", "comparison.png", "kodak.png", "steel.png")


def add_arguments(parser: Options) -> None:
    """Add the folder of the pictures."""
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="keep the pictures")


def measure(options: Namespace) -> Iterator[Row]:
    """One row per picture, then one with the sums."""
    sums: Row = {"picture": "all", "pictures": 0}
    with tempfile.TemporaryDirectory() as folder:
        for path in _pictures(options.output or Path(folder)):
            with Image.open(path) as image:
                sizes = _sizes(image)
            yield {"picture": path.name, "width": image.width, "height": image.height} | sizes
            sums["pictures"] += 1
            sums |= {name: sums.get(name, 0) + size for name, size in sizes.items()}
    yield sums


def _pictures(folder: Path) -> list[Path]:
    """Write the pictures to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    screenshots = dict(_screenshots())
    plots = {name: (ROOT / "docs" / name).read_bytes() for name in _PLOTS}
    for name, file in {**screenshots, **plots}.items():
        (folder / name).write_bytes(file)
    return sorted(map(folder.joinpath, (*screenshots, *plots)))


def _screenshots() -> Iterator[tuple[str, bytes]]:
    with tempfile.TemporaryDirectory() as name, opened_browser() as browser:
        site = Path(name)
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", name]
        subprocess.run(command, cwd=ROOT, check=True)
        codecs = [load_codec("photo"), load_codec("digits")]
        write_folder(site / "web", site_files(codecs, sample_pictures(None)), force=True)
        with static_host(site) as host:
            for page, width, scheme in _PAGES:
                browser.open(f"{host.url}/{page}", width=width, scheme=scheme)
                title = f"{page.replace('/', '_').partition('.')[0]}_{width}_{scheme}.png"
                browser.settle()
                yield title, browser.screenshot()


def _sizes(image: Image.Image) -> Row:
    """Bytes of an image in each format."""
    pixels = np.asarray(image.convert("RGB"))
    file = aecodec.compress(pixels, max_error=0, metadata=False)
    assert np.array_equal(aecodec.decompress_array(file), pixels)
    sizes = {anchor.title: len(anchor.encode(pixels)) for anchor in LOSSLESS}
    sizes[PNG.title] = min(sizes[PNG.title], _size_with_palette(pixels))
    return {"aecodec": len(file), **sizes}


def _size_with_palette(pixels: Pixels) -> int:
    """Bytes of a PNG with a palette of the colours of a picture; infinite without one."""
    colours, indices = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    if len(colours) > 256:
        return sys.maxsize
    image = Image.fromarray(indices.reshape(pixels.shape[:2]).astype(np.uint8), "P")
    image.putpalette(colours.tobytes())
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.tell()
