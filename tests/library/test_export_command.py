"""`aecodec export --format codec`."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import Command


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--level", "4"), "level 4"),
        (("--priors", "3"), "--priors needs --format c"),
        (("--size", "16x16"), "cannot be used with --format codec"),
        (("--quantize", "none"), "--quantize none"),
    ],
)
def test_options_that_do_not_go_with_it_are_refused(
    command: Command, options: tuple[str, str], says: str
) -> None:
    done = command("export", "digits", "--format", "codec", "-o", "x.aecodec", *options)
    assert (done.status, Path("x.aecodec").exists()) == (2, False)
    assert says in done.err
