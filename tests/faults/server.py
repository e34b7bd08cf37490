"""Runs `aecodec` again and again, each time in a fork that need not load everything anew.

Reads one request per line of standard input, as JSON, and answers each with a line. Started with
`fault.c` preloaded, and with the names of modules to load first.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import traceback
from typing import Any

from aecodec.cli.main import run


def main() -> None:
    """Answer requests until there are no more."""
    for name in sys.argv[1:]:
        importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            _run(request)
        _, ended = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(ended), flush=True)


def _run(request: dict[str, Any]) -> None:
    """Run one command, as a new process would, and end this one."""
    for number, name in ((1, request["out"]), (2, request["err"])):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.chdir(request["folder"])
    os.environ.update(request["variables"])
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    raw: Any = io.FileIO(1, "w", closefd=False)
    stream = raw if unbuffered else io.BufferedWriter(raw)
    sys.stdout = io.TextIOWrapper(stream, write_through=unbuffered)
    sys.argv = ["aecodec", *request["arguments"]]
    os._exit(_status())


def _status() -> int:
    try:
        run()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
        status = 1
    else:
        status = 0
    try:
        sys.stdout.flush()
    except OSError:
        return 120  # as Python's
    return status


if __name__ == "__main__":
    main()
