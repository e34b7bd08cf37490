"""Files agree on the version and on the URL of the repository, and packages have their files."""

from __future__ import annotations

import re

import pytest
from helpers.documents import ROOT

from aecodec.base.version import version

VERSIONS = {
    "CHANGELOG.md": r"\n## (.+)",
    "CITATION.cff": r"\nversion: (.+)",
    "c/CMakeLists.txt": r"project\(aecodec VERSION (\S+)",
    "pyproject.toml": r'\nversion = "(.+)"',
}
URL = re.compile(r'^ *(# )?"?[\w-]+"?(?::| =) "(@REPOSITORY@|https://.+)"$', re.MULTILINE)


@pytest.mark.parametrize("name", VERSIONS)
def test_a_file_has_the_version_of_the_package(name: str) -> None:
    match = re.search(VERSIONS[name], (ROOT / name).read_text("utf-8"))
    assert match is not None
    assert match[1] == version()


def test_files_have_the_same_url_of_the_repository() -> None:
    names = ("pyproject.toml", "CITATION.cff", "mkdocs.yml")
    places = [URL.findall((ROOT / name).read_text("utf-8")) for name in names]
    assert all(len(place) == 1 for place in places)
    assert len({place[0] for place in places}) == 1
