"""Runs commands in forks of one process, which has loaded `aecodec`: a JSON object per line."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

from aecodec.cli.main import run


def main() -> None:
    """Answer each request with the exit status of its command; negative for death by a signal."""
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(_status(request))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _status(request: dict[str, Any]) -> int:
    for number in (1, 2):
        os.dup2(os.open(request["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.chdir(request["folder"])
    os.environ.update(request["variables"])
    sys.argv = ["aecodec", *request["arguments"]]
    try:
        run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
