"""Docstrings of the code as Markdown of the site; `mkdocs.yml` names this file.

Two things in docstrings are not Markdown: doctests, and references such as `:func:` with a name in
backticks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from griffe import Extension, Module, Object

_DOCTEST = re.compile(r"^(?P<indent> *)>>> .*(?:\n(?P=indent)\S.*)*", re.MULTILINE)
_REFERENCE = re.compile(r":[a-z]+:`(?P<short>~?)(?P<name>[\w.]+)`")


class Docstrings(Extension):
    """Rewrites the docstrings of a package once it is loaded."""

    def on_package(self, *, pkg: Module, **_: Any) -> None:
        """Rewrite the docstrings of all objects of a package."""
        for member in _objects_in(pkg):
            if member.docstring:
                member.docstring.value = _with_links(_with_fences(member.docstring.value), member)


def _objects_in(owner: Object) -> Iterator[Object]:
    yield owner
    for member in owner.members.values():
        if not member.is_alias:
            yield from _objects_in(member)


def _with_fences(text: str) -> str:
    """Turn doctests into fenced code."""
    return _DOCTEST.sub(
        lambda match: f"{match['indent']}```pycon\n{match[0]}\n{match['indent']}```", text
    )


def _with_links(text: str, owner: Object) -> str:
    """Turn references into links where the site describes their target, else into code."""

    def link(match: re.Match[str]) -> str:
        shown = match["name"].rpartition(".")[2] if match["short"] else match["name"]
        target = f'<autoref optional identifier="{_path_of(match["name"], owner)}">'
        return f"{target}<code>{shown}</code></autoref>"

    return _REFERENCE.sub(link, text)


def _path_of(name: str, owner: Object) -> str:
    """Full path of a name that a docstring uses."""
    try:
        return owner.resolve(name)
    except Exception:  # a full path already, or a name of another package
        return name
