"""Documents are short, complete and without dead links, and the example runs as a notebook."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers.browser import opened_browser
from helpers.documents import PAGES, README, ROOT, TUTORIALS, blocks_of

import aecodec

API = (ROOT / "docs" / "api.md").read_text("utf-8")
DOCUMENTS = [
    README,
    *PAGES,
    *TUTORIALS,
    *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "RELEASING", "SECURITY")),
]


def test_the_readme_has_at_most_110_lines() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 110


def test_every_public_name_is_described() -> None:
    listed = re.findall(r"^(?: +- |::: aecodec\.(?=[A-Z]))(\w+)$", API, re.MULTILINE)
    assert sorted(listed) == sorted(set(dir(aecodec)) - {"__version__"})


@pytest.mark.parametrize("document", [README, *PAGES], ids=lambda document: document.name)
def test_guides_import_only_described_modules(document: Path) -> None:
    code = "".join(block.text for block in blocks_of(document) if block.language == "python")
    modules = re.findall(r"^(?:from|import) (aecodec\.[\w.]+)", code, re.MULTILINE)
    assert not [module for module in modules if module not in API]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_links_of_a_document_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
    local = [link for link in links if not re.match(r"https?://", link)]
    assert not [link for link in local if not (document.parent / link).exists()]


OWN_CODEC = ROOT / "examples" / "own_codec.ipynb"

PIXELS_OF_ELEMENT = """
await customElements.whenDefined('aec-img');
const element = document.querySelector('aec-img');
while (!element.complete) await new Promise((resolve) => setTimeout(resolve, 50));
const context = element.shadowRoot.querySelector('canvas').getContext('2d');
return [...context.getImageData(0, 0, 64, 64).data].filter((_, index) => index % 4 === 0);
"""


def code_of(notebook: Path) -> str:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@pytest.mark.slow
def test_the_codec_of_a_notebook_beats_jpeg_and_avif_and_decodes_in_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few steps of training are enough, because the models start as principal components."""
    frames: list[str] = []
    display = SimpleNamespace(IFrame=lambda address, **_: frames.append(address))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setenv("MINUTES", "0.05")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(code_of(OWN_CODEC), OWN_CODEC.name, "exec"), names)
    size, psnr = names["curves"]["ground"][1]
    assert size < min(names["bytes_at"](name, psnr) for name in ("JPEG", "AVIF"))
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs Chromium: apt-get install chromium chromium-driver")
    decoded = names["codec"].decompress((tmp_path / "site" / "grass.aec").read_bytes())
    with opened_browser() as browser:
        browser.open(frames[0], width=800)
        assert browser.run(PIXELS_OF_ELEMENT) == np.ravel(decoded).tolist()
