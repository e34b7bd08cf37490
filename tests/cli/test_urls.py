"""URLs as inputs and outputs: an S3 server, a web server, memory."""

from __future__ import annotations

import pickle
import re
import shutil
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest
from helpers.commands import Command

from aecodec.cli.shared.progress import visible
from aecodec.data.samples import sample_paths
from aecodec.urls import Url, path_or_url


@pytest.fixture
def memory() -> Url:
    """An empty folder in the memory of this process."""
    fsspec.filesystem("memory").store.clear()
    return Url("memory://pictures")


def test_a_bucket_is_compressed_decompressed_verified_and_evaluated(
    bucket: Url, command: Command
) -> None:
    scans, out, back = bucket / "scans", bucket / "out", bucket / "back"
    done = command("compress", scans, "-o", out, "--jobs", 2)
    assert (done.status, done.err) == (0, "")
    assert "s3://pictures/scans/digit3.png -> s3://pictures/out/digit3.aec" in done.out
    command("compress", sample_paths()[0].parent, "-o", "local")
    for path in Path("local").iterdir():
        assert (out / path.name).read_bytes() == path.read_bytes()
    again = command("compress", scans, "-o", out, "--jobs", 1)
    assert "s3://pictures/out/digit3.aec already exists; use --force to overwrite it" in again.err
    assert command("compress", scans, "-o", out, "--skip-existing").status == 0
    assert command("compress", scans, "-o", out, "--force").status == 0
    assert command("verify", out).out.count(": intact") == 10
    assert command("decompress", out, "-o", back).status == 0
    assert len(list(back.rglob("*"))) == 10
    here, there = (
        command("evaluate", "digits", data, "-q", 1, "--json").json[0]
        for data in (sample_paths()[0].parent, scans)
    )
    assert here["psnr"] == there["psnr"]
    assert sorted(path.name for path in Path().iterdir()) == ["local"]


def test_objects_in_memory_keep_to_the_rules_of_files(memory: Url, command: Command) -> None:
    content = sample_paths()[3].read_bytes()
    (memory / "a.png").write(content, replace=False)
    call = ("compress", memory / "a.png", "--manifest", "m.parquet")
    assert command(*call).status == 0
    assert (memory / "a.aec").read_bytes()[:2] == b"\xaeC"
    assert command(*call).status == 0
    refused = command("compress", memory / "a.png")
    assert (refused.status, "memory://pictures/a.aec already exists" in refused.err) == (2, True)
    missing = command("compress", memory / "b.png", "-o", "b.aec")
    assert missing.status == 6
    assert "memory://pictures/b.png: cannot be read: no such object" in missing.err
    same = command("compress", memory / "a.png", "-o", memory / "a.png", "--force")
    assert (same.status, "is an input" in same.err) == (2, True)


def test_a_picture_of_a_web_server_is_compressed(folder: Path, command: Command) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        done = command("compress", f"{url}/digit.png", "-o", "a.aec", "--quiet")
        missing = command("compress", f"{url}/none.png", "-o", "b.aec")
        written = command("compress", "digit.png", "-o", f"{url}/digit.aec")
        server.shutdown()
    assert (done.status, missing.status, written.status) == (0, 6, 1)
    assert f"{url}/digit.aec cannot be written" in written.err
    assert Path("a.aec").exists()


def test_what_is_missing_for_a_url_is_named(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("compress", "odd://a/b.png", "-o", "b.aec").status == 6
    assert command("compress", "digit.png", "--manifest", "s3://a/m.parquet").status == 2
    monkeypatch.setitem(sys.modules, "fsspec", None)
    result = command("compress", "s3://a/b.png", "-o", "b.aec")
    assert (result.status, "aecodec[cloud]" in result.err) == (6, True)
    assert command("compress", "digit.png").status == 0
    shutil.copy("digit.png", "file.png")
    assert command("compress", f"file://{folder}/file.png").status == 0
    assert Path("file.aec").exists()


def test_no_object_leads_out_of_the_folder_of_results(
    memory: Url, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = sample_paths()[3].read_bytes()
    (memory / "a.png").write(content, replace=False)
    (memory / "../../escaped.png").write(content, replace=False)
    inner = tmp_path / "deep" / "deeper"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    for place_of_results in ("out", memory.with_name("results")):
        done = command("compress", memory, "-o", place_of_results, "--jobs", 1)
        assert done.status == 1
        assert "escaped.png: skipped: its name leads out of the folder" in done.err
    assert [path.name for path in tmp_path.rglob("*.aec")] == ["a.aec"]
    assert not any("escaped.aec" in name for name in fsspec.filesystem("memory").store)


def test_secrets_in_urls_are_masked(folder: Path, command: Command) -> None:
    secret = "http://me:pass@127.0.0.1:1/a.png?X-Amz-Signature=s1g.n&v=2"
    shown = "http://me:***@127.0.0.1:1/a.png?X-Amz-Signature=***&v=2"
    for arguments in (
        (secret, "-o", "a.aec"),
        ("digit.png", "-o", secret),
        (secret, "digit.png", "-o", "out/", "--json", "--manifest", "m.parquet"),
    ):
        done = command("compress", *arguments)
        assert shown in done.out + done.err
        assert not re.search("pass|s1g", done.out + done.err)
    for arguments in (("web", "-o", secret), ("train", folder, "-o", secret)):
        done = command(*arguments)
        assert (done.status, "give a local path" in done.err) == (2, True)
    for arguments in (("info", secret, "--json"), ("train", secret, "-o", "new")):
        done = command(*arguments)
        assert done.status == 6
        assert not re.search("pass|s1g", done.out + done.err)
    manifest = Path("m.parquet").read_bytes()
    assert (shown.encode() in manifest, b"s1g" in manifest) == (True, False)
    url = pickle.loads(pickle.dumps(path_or_url(secret)))
    assert (url.address, url.name) == (secret, "a.png")


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
