"""URLs as inputs: a web server, memory."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from helpers.commands import Command
from helpers.static_host import static_host

from aecodec.cli.shared.progress import visible


def test_a_picture_of_a_web_server_is_compressed(folder: Path, command: Command) -> None:
    with static_host(folder) as host:
        done = command("compress", f"{host.url}/digit.png", "-o", "a.aec")
        missing = command("compress", f"{host.url}/none.png", "-o", "b.aec")
        written = command("compress", f"{host.url}/digit.png")
    assert (done.status, missing.status, written.status) == (0, 6, 2)
    assert "cannot be read: no such object" in missing.err
    assert "digit.aec: use a local path, not a URL (-o sets the output path)" in written.err
    assert Path("a.aec").exists()


def test_what_is_missing_for_a_url_is_named(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("compress", "odd://a/b.png", "-o", "b.aec").status == 6
    local = command("compress", f"file://{folder}/digit.png", "-o", "b.aec")
    assert (local.status, "use a path without file://" in local.err) == (6, True)
    for arguments in (("train", folder, "-o", "s3://a/new"), ("evaluate", "digits", "s3://a")):
        done = command(*arguments)
        assert (done.status, "use a local path" in done.err) == (2, True)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    result = command("compress", "s3://a/b.png", "-o", "b.aec")
    assert (result.status, "aecodec[cloud]" in result.err) == (6, True)
    assert command("compress", "digit.png").status == 0


def test_secrets_in_urls_are_masked(folder: Path, command: Command) -> None:
    secret = "http://me:pass@127.0.0.1:1/a.png?X-Amz-Signature=s1g.n&v=2"
    shown = "http:/me:***@127.0.0.1:1/a.png?X-Amz-Signature=***&v=2"
    for arguments in (
        ("compress", secret, "-o", "a.aec"),
        ("compress", "digit.png", "-o", secret),
        ("compress", secret, "digit.png", "-o", "out/", "--json"),
        ("train", folder, "-o", secret),
        ("info", secret, "--json"),
    ):
        done = command(*arguments)
        assert shown in done.out + done.err
        assert not re.search("pass|s1g", done.out + done.err)


def test_names_with_line_ends_forge_no_lines(folder: Path, command: Command) -> None:
    assert visible("a\u2028b") == "a\\u2028b"
    name = "a.png\nb.png -> b.aec: 24 bytes"
    shutil.copy("digit.png", f"{name}.png")
    Path("broken\nerror: x.png").write_bytes(b"")
    results = [command("compress", folder, "-o", "out"), command("info", "out")]
    results.append(command("compress", "no\nsuch.png", "-o", "a\nb.aec"))
    for result in results:
        assert not any(
            line.startswith(("b.png", "error: x", "such"))
            for line in (result.out + result.err).split("\n")
        )
    assert r"a.png\nb.png -> b.aec: 24 bytes.png -> out" in results[0].out
