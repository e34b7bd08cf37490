"""Which files the commands read and write, and that nothing is overwritten."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

from helpers.commands import Command, piped
from helpers.images import opened


def test_nothing_is_overwritten_without_force(folder: Path, command: Command) -> None:
    (folder / "digit.aec").write_bytes(b"mine")
    result = command("compress", "digit.png")
    assert result.status == 2
    assert result.err == "error: digit.png: digit.aec already exists; use --force to overwrite it\n"
    assert (folder / "digit.aec").read_bytes() == b"mine"
    assert command("compress", "digit.png", "--force").status == 0
    assert sorted(path.name for path in folder.iterdir()) == ["digit.aec", "digit.png"]


def test_the_other_inputs_are_done_after_one_fails(folder: Path, command: Command) -> None:
    Path("bad.png").write_bytes(b"no image")
    result = command("compress", "bad.png", "digit.png", "-o", "out")
    assert result.status == 1
    assert "bad.png" in result.err
    assert "1 of 2 failed" in result.err
    assert [path.name for path in Path("out").iterdir()] == ["digit.aec"]


def test_a_folder_gets_the_name_of_an_aec_file_only_with_a_slash(
    folder: Path, command: Command
) -> None:
    Path("scans").mkdir()
    for name in ("scans/a.png", "scans/b.png"):
        shutil.copy("digit.png", name)
    for inputs in (["scans"], ["scans/a.png", "scans/b.png"]):
        result = command("compress", *inputs, "-o", "all.aec")
        assert result.status == 2
        assert "use --stack to put all" in result.err
        assert not Path("all.aec").exists()
    assert command("compress", "scans", "-o", "all.aec/").status == 0
    assert command("compress", "scans", "-o", "all.aec", "--skip-existing").status == 0


def test_folders_are_mirrored(folder: Path, command: Command) -> None:
    Path("scans/inner").mkdir(parents=True)
    for name in ("scans/a.png", "scans/inner/b.PNG"):
        shutil.copy("digit.png", name)
    Path("scans/notes.txt").write_text("no image")
    assert command("compress", "scans").status == 0
    assert sorted(map(str, Path("scans_aec").rglob("*.aec"))) == [
        "scans_aec/a.aec",
        "scans_aec/inner/b.aec",
    ]
    assert command("verify", "scans_aec").status == 0
    assert command("decompress", "scans_aec", "-o", "back").status == 0
    assert sorted(map(str, Path("back").rglob("*.png"))) == [
        "back/a_decompressed.png",
        "back/inner/b_decompressed.png",
    ]
    Path("empty").mkdir()
    assert command("compress", "empty").status == 1


def test_compress_and_decompress_work_in_pipes(folder: Path) -> None:
    original = (folder / "digit.png").read_bytes()
    compressed = piped("compress", "-", data=original)
    assert compressed.returncode == 0
    assert b"bytes" in compressed.stderr
    restored = piped("decompress", "-", data=compressed.stdout)
    assert opened(io.BytesIO(restored.stdout)).size == (28, 28)
    assert piped("info", "-", data=compressed.stdout).returncode == 0
    assert piped("decompress", "-", data=b"garbage").returncode == 4


def test_an_original_is_never_overwritten(folder: Path, command: Command) -> None:
    original = (folder / "digit.png").read_bytes()
    for arguments in (
        ["digit.png", "-o", "digit.png"],
        ["--stack", "digit.png", "-o", "digit.png"],
    ):
        result = command("compress", *arguments, "--force")
        assert result.status == 2
        assert "is an input" in result.err
    assert (folder / "digit.png").read_bytes() == original


def test_links_pipes_and_permissions_survive(folder: Path, command: Command) -> None:
    (folder / "real.aec").write_bytes(b"old")
    (folder / "real.aec").chmod(0o600)
    (folder / "link.aec").symlink_to("real.aec")
    assert command("compress", "digit.png", "-o", "link.aec", "--force").status == 0
    assert (folder / "link.aec").is_symlink()
    assert (folder / "real.aec").read_bytes()[:2] == b"\xaeC"
    assert (folder / "real.aec").stat().st_mode & 0o777 == 0o600
    assert command("compress", "digit.png", "-o", "/dev/null", "--force").status == 0
    assert Path("/dev/null").is_char_device()
