"""Calling the command line from tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from aecodec.cli.main import app_for


class Result(NamedTuple):
    """Exit status and output of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Command = Callable[..., Result]


def call(*arguments: str) -> None:
    app_for(arguments)(list(arguments), standalone_mode=False)
