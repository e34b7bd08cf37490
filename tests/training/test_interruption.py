"""Ctrl-C ends a training between two steps."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from aecodec.training.callbacks import between_steps


@pytest.fixture(autouse=True)
def _own_handler() -> Iterator[None]:
    """Shells start what runs in the background with Ctrl-C ignored, these tests too."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


def test_ctrl_c_waits_for_the_end_of_a_step() -> None:
    with between_steps() as interruption:
        interruption.on_train_batch_end(0)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interruption.on_train_batch_end(1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_pressed_again_does_not_wait() -> None:
    with between_steps():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_that_is_ignored_stays_ignored() -> None:
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with between_steps() as interruption:
            signal.raise_signal(signal.SIGINT)
            interruption.on_train_batch_end(0)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, usual)
