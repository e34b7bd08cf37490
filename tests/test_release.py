"""Files agree on the version and on the URL of the repository, and packages have their files."""

from __future__ import annotations

import re

import pytest
from helpers.documents import ROOT

from aecodec.version import version

VERSIONS = {
    "CHANGELOG.md": r"\n## (.+)",
    "CITATION.cff": r"\nversion: (.+)",
    "c/CMakeLists.txt": r"project\(aecodec VERSION (\S+)",
    "conda/recipe.yaml": r'version: "(.+)"',
    "pyproject.toml": r'\nversion = "(.+)"',
}
URL = re.compile(r'^ *(# )?"?[\w-]+"?(?::| =) "(@REPOSITORY@|https://.+)"$', re.MULTILINE)


@pytest.mark.parametrize("name", VERSIONS)
def test_a_file_has_the_version_of_the_package(name: str) -> None:
    match = re.search(VERSIONS[name], (ROOT / name).read_text("utf-8"))
    assert match is not None
    assert match[1] == version()


def test_files_have_the_same_url_of_the_repository() -> None:
    names = ("pyproject.toml", "CITATION.cff", "mkdocs.yml", "conda/recipe.yaml")
    places = [URL.findall((ROOT / name).read_text("utf-8")) for name in names]
    assert all(len(place) == 1 for place in places)
    assert len({place[0] for place in places}) == 1


def test_the_recipe_of_conda_has_the_requirements_of_the_package() -> None:
    setup = (ROOT / "setup.py").read_text("utf-8")
    stated = re.search(r"DEPENDENCIES = \[(.*?)\]", setup, re.DOTALL)
    assert stated is not None
    recipe = (ROOT / "conda" / "recipe.yaml").read_text("utf-8")
    for name, limits in re.findall(r'"(\w+)(\S+)"', stated[1]):
        assert f"    - {name} {limits}\n" in recipe
