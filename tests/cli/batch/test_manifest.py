"""Manifests: the outcome of each file, and how a repeated command continues."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import Command
from helpers.images import opened
from pyarrow import parquet

import aecodec
from aecodec.cli.batch.manifest import Manifest
from aecodec.cli.shared.jobs import Job
from aecodec.data.samples import sample_paths
from aecodec.errors import AecodecError

COLUMNS = ["source", "target", "bytes", "width", "height", "level", "psnr"]
COLUMNS += ["seconds", "status", "error", "options"]
COLUMNS += ["source_bytes", "source_time", "source_change", "source_sha256"]


@pytest.fixture
def scans(folder: Path) -> Path:
    """A folder with the sample digits, and a file that is none."""
    shutil.copytree(sample_paths()[0].parent, "scans", ignore=shutil.ignore_patterns("*.py"))
    Path("scans/broken.png").write_bytes(b"no picture")
    return Path("scans")


class FullDisk(io.BytesIO):
    """A journal on a full disk."""

    def write(self, content: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_named_with_the_manifest(folder: Path) -> None:
    manifest = Manifest(Path("done.parquet"), FullDisk())
    with pytest.raises(AecodecError, match=r"^done\.parquet cannot be written: No space left"):
        manifest.add_existing(Job(Path("digit.png"), Path("digit.aec")))


def rows_of(path: str = "m.parquet") -> dict[str, dict[str, Any]]:
    """The rows of a manifest by the names of the sources, without suffixes."""
    return {Path(row["source"]).stem: row for row in parquet.read_table(path).to_pylist()}


def made_times(folder: str) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in Path(folder).iterdir()}


def test_a_manifest_has_a_row_for_each_file(scans: Path, command: Command) -> None:
    result = command("compress", scans, "-o", "out", "--manifest", "m.parquet")
    assert (result.status, result.err.splitlines()[-1]) == (1, "1 of 11 failed")
    assert parquet.read_schema("m.parquet").names == COLUMNS
    rows = rows_of()
    broken = rows.pop("broken")
    assert (broken["status"], broken["bytes"], broken["target"]) == (3, None, "out/broken.aec")
    assert "image" in broken["error"]
    assert len(rows) == 10
    for row in rows.values():
        assert row["bytes"] == Path(row["target"]).stat().st_size
        assert (row["width"], row["height"], row["status"], row["error"]) == (28, 28, 0, None)
        assert row["psnr"] > 10
        assert row["seconds"] > 0
        assert row["level"] >= 1
        source = Path(row["source"]).read_bytes()
        assert (row["source_bytes"], row["options"]) == (len(source), broken["options"])
        assert row["source_sha256"] == hashlib.sha256(source).hexdigest()
    assert sorted(os.listdir(".")) == ["digit.png", "m.parquet", "out", "scans"]


def test_what_a_manifest_has_is_not_done_again(scans: Path, command: Command) -> None:
    call = ("compress", scans, "-o", "out", "--force", "--manifest", "m.parquet")
    command(*call)
    before = made_times("out")
    lost, cut, broken = "out/digit1.aec", "out/digit2.aec", "scans/broken.png"
    Path(lost).unlink()
    Path(cut).write_bytes(b"cut")
    shutil.copy("digit.png", broken)
    again = command(*call, "--json")
    assert (again.status, again.err) == (0, "8 of 11 were already done\n")
    assert sum("skipped" in line for line in again.json) == 8
    after = made_times("out")
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"digit1.aec", "digit2.aec", "broken.aec"}
    rows = rows_of()
    assert {row["status"] for row in rows.values()} == {0}
    assert command(*call).err == "11 of 11 were already done\n"


@pytest.mark.parametrize(
    "options",
    [["-q", 1], ["--max-bytes", 60], ["--lossless"], ["--max-error", 4], ["--no-metadata"]],
)
def test_files_are_compressed_again_with_other_options(
    folder: Path, command: Command, options: list[object]
) -> None:
    call = ("compress", "digit.png", "-o", "digit.aec", "--manifest", "m.parquet")
    assert command(*call).status == 0
    kept = command(*call, *options)
    assert (kept.status, "use --force" in kept.err) == (2, True)
    skipped = command(*call, *options, "--skip-existing")
    assert "warning: digit.png: the manifest lists it with the options" in skipped.err
    assert command(*call, *options, "--force").status == 0
    assert Path("digit.aec").read_bytes() == compressed(command, "digit.png", *options)
    assert '"skipped"' in command(*call, *options, "--force", "--json").out


def compressed(command: Command, *arguments: object) -> bytes:
    """The result of a call without a manifest."""
    assert command("compress", *arguments, "-o", "expected.aec", "--force").status == 0
    return Path("expected.aec").read_bytes()


def test_replaced_sources_are_compressed_again(folder: Path, command: Command) -> None:
    source, call = Path("scan.bmp"), ("compress", "scan.bmp", "--manifest", "m.parquet")
    for label in (0, 0, 1):  # pictures of one size and time
        opened(sample_paths()[label]).save("new.bmp")
        os.utime("new.bmp", (1e9, 1e9))
        Path("new.bmp").rename(source)
        result = command(*call, "--force", "--json")
        assert result.status == 0
        assert Path("scan.aec").read_bytes() == compressed(command, source)
    shutil.copy(source, "copy.bmp")
    Path("copy.bmp").rename(source)  # the same content with other times
    assert '"skipped"' in command(*call, "--force", "--json").out
    table = parquet.read_table("m.parquet")
    parquet.write_table(table.select(COLUMNS[:10]), "m.parquet")  # of an earlier version
    assert "does not say with which options" in command(*call, "--force").err
    assert '"skipped"' in command(*call, "--force", "--json").out


def test_decompress_and_verify_have_manifests_too(scans: Path, command: Command) -> None:
    command("compress", scans, "-o", "out")
    for name in ("decompress", "verify"):
        out = ("-o", "back") if name == "decompress" else ()
        call = (name, "out", *out, "--manifest", f"{name}.parquet")
        assert command(*call).status == 0
        rows = rows_of(f"{name}.parquet")
        assert len(rows) == 10
        for row in rows.values():
            assert row["bytes"] == Path(row["target"] or row["source"]).stat().st_size
        assert command(*call).err == "10 of 10 were already done\n"
    Path("out/digit3.aec").write_bytes(b"damaged")
    assert command("verify", "out", "--manifest", "verify.parquet").status == 1
    assert rows_of("verify.parquet")["digit3"]["status"] == 4


def test_a_killed_call_goes_on_by_its_journal(folder: Path, command: Command) -> None:
    Path("many").mkdir()
    for number in range(300):
        shutil.copy("digit.png", f"many/{number:03}.png")
    call = ["compress", "many", "-o", "out", "--force", "--jobs", "1", "--manifest", "m.parquet"]
    killed = subprocess.Popen([sys.executable, "-m", "aecodec", *call], stdout=subprocess.DEVNULL)
    journal = Path("m.parquet.rows")
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= 20):
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    noted = journal.read_bytes().count(b"\n")
    with journal.open("ab") as file:
        file.write(b'["many/299.png", "out/29')
    assert not Path("m.parquet").exists()
    assert 20 <= noted < 300
    before = made_times("out")
    result = command(*call)
    assert (result.status, result.err) == (0, f"{noted} of 300 were already done\n")
    assert sum(time != before.get(name) for name, time in made_times("out").items()) == 300 - noted
    assert len(rows_of()) == 300
    assert not journal.exists()


def test_another_file_is_not_taken_for_a_manifest(scans: Path, command: Command) -> None:
    Path("digit.png").rename("x.parquet")
    Path("folder.parquet").mkdir()
    before = Path("x.parquet").read_bytes()
    for name in ("x.parquet", "folder.parquet", "m.csv"):
        result = command("compress", scans, "-o", "out", "--manifest", name)
        assert result.status == 2
        assert "is not a manifest" in result.err or "ends with .parquet" in result.err
    assert Path("x.parquet").read_bytes() == before
    assert sorted(os.listdir(".")) == ["folder.parquet", "scans", "x.parquet"]


def test_a_manifest_needs_pyarrow(
    scans: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = command("compress", scans, "-o", "out", "--manifest", "m.parquet")
    assert (result.status, "aecodec[manifest]" in result.err) == (1, True)
    assert not Path("out").exists()


def test_a_stack_that_a_manifest_has_is_not_done_again(scans: Path, command: Command) -> None:
    Path("scans/broken.png").unlink()
    call = ("compress", scans, "--stack", "-o", "out/all.aec", "--manifest", "m.parquet")
    assert command(*call).status == 0
    before = made_times("out")
    assert command(*call).status == 0
    assert made_times("out") == before
    Path("out/all.aec").unlink()
    assert command(*call).status == 0
    assert len(aecodec.frames("out/all.aec")) == 10
