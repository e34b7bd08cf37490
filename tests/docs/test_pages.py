"""The documents are short where they should be, complete, and have no dead links."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers.documents import PAGES, README, ROOT

import aecodec

DOCUMENTS = [README, *PAGES, *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "SECURITY"))]


def test_the_readme_has_at_most_150_lines() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 150


def test_the_readme_begins_with_two_sentences() -> None:
    title, first, *_ = README.read_text("utf-8").split("\n\n")
    assert title == "# aecodec"
    assert len(re.findall(r"\.(?=\s|$)", first)) == 2


def test_every_public_name_is_described() -> None:
    listed = re.findall(r"^ +- (\w+)$", (ROOT / "docs/api.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(set(dir(aecodec)) - {"__version__"})


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_links_of_a_document_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
    local = [link for link in links if not re.match(r"https?://", link)]
    assert not [link for link in local if not (document.parent / link).exists()]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("mkdocs") is None, reason="needs pip install -e '.[docs]'")
def test_the_pages_build_to_a_site_without_a_warning(tmp_path: Path) -> None:
    """Links and anchors included; .ci/run builds it too."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
