"""Calling the command line from tests."""

from __future__ import annotations

import json
import subprocess
import sys
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


def piped(*arguments: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    """Call `aecodec` in a process of its own, with data on its standard input."""
    command = [sys.executable, "-m", "aecodec", *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=False)
