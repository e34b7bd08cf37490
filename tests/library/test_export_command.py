"""`aecodec export --format bundle`."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.commands import Command

from aecodec import Codec
from aecodec.bundle.bundle import bundle, plans_of
from aecodec.codec_files.file_names import Half


def test_it_writes_the_bundle(command: Command, codec: Codec) -> None:
    done = command("export", "digits", "--format", "bundle", "-o", "x.bundle", "--quiet")
    assert done.status == 0, done.err
    plans = plans_of(codec.folder)
    assert Path("x.bundle").read_bytes() == bundle(codec.folder, plans)
    assert command("export", "digits", "--format", "bundle", "-o", "x.bundle").status == 2
    some = ("--level", "1", "--level", "3", "--half", "decoder", "--force")
    assert command("export", "digits", "--format", "bundle", "-o", "x.bundle", *some).status == 0
    decoder = {Half.DECODER: plans[Half.DECODER]}
    assert Path("x.bundle").read_bytes() == bundle(codec.folder, decoder, [1, 3])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--level", "4"), "level 4"),
        (("--priors", "3"), "--priors is for --format c"),
        (("--size", "16x16"), "formats that are measured"),
        (("--quantize", "none"), "--quantize none"),
    ],
)
def test_options_that_do_not_go_with_it_are_refused(
    command: Command, options: tuple[str, str], says: str
) -> None:
    done = command("export", "digits", "--format", "bundle", "-o", "x.bundle", *options)
    assert (done.status, Path("x.bundle").exists()) == (2, False)
    assert says in done.err
