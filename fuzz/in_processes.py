"""Runs each attack in a process of its own, so that crashes, hangs and used memory are noticed."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from typing import NamedTuple

from aecodec import AecodecError

CPU_SECONDS = 2
MIB = 300

_FINE, _REFUSED, _ESCAPED = 0, 3, 4


class Outcome(NamedTuple):
    """The result of an attack.

    Attributes:
        text: "done", "refused", or what went wrong.
        is_failure: whether something went wrong.
        mib: most memory that the process had.
    """

    text: str
    is_failure: bool
    mib: int


def outcome_of(attack: Callable[[], object], most_mib: int = MIB) -> Outcome:
    """Run an attack in a fork of this process, with at most two seconds of the processor's time.

    Args:
        attack: fine if it returns, or raises an AecodecError.
        most_mib: most memory that it may take.
    """
    child = os.fork()
    if child == 0:
        os._exit(_status_of(attack))
    _, status, usage = os.wait4(child, 0)
    mib = usage.ru_maxrss // 1024
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        text = "hang" if number == signal.SIGXCPU else f"death by {signal.Signals(number).name}"
        return Outcome(text, True, mib)
    if mib > most_mib:
        return Outcome("memory", True, mib)
    text = {_FINE: "done", _REFUSED: "refused"}.get(os.WEXITSTATUS(status), "another error")
    return Outcome(text, text == "another error", mib)


def _status_of(attack: Callable[[], object]) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        attack()
    except AecodecError:
        return _REFUSED
    except BaseException:
        import traceback

        traceback.print_exc()
        return _ESCAPED
    return _FINE
