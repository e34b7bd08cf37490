"""Documents are short, complete and without dead links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
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
