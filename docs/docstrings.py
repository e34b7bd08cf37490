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
_REFERENCE = re.compile(r":[a-z]+:`(?:~[\w.]*\.)?([\w.]+)`")


class Docstrings(Extension):
    """Rewrites the docstrings of a package once it is loaded."""

    def on_package(self, *, pkg: Module, **_: Any) -> None:
        """Rewrite the docstrings of all objects of a package."""
        for member in _objects_in(pkg):
            if member.docstring:
                text = _REFERENCE.sub(r"`\1`", member.docstring.value)
                member.docstring.value = _with_fences(text)


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
