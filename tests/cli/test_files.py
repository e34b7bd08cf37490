"""What `compress` and `decompress` read and write, and that they overwrite nothing."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from helpers.commands import Command
from helpers.images import opened


def names_in(folder: str) -> list[str]:
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    return sorted(str(path.relative_to(folder)) for path in files)


def copies_of_the_digit(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        opened("digit.png").save(name)


def test_sizes_and_quality_are_reported_as_text_and_as_json(folder: Path, command: Command) -> None:
    result = command("compress", "digit.png")
    size = (folder / "digit.aec").stat().st_size
    for words in (f"{size} bytes", "smaller than the source", "raw pixels", "bpp", "dB"):
        assert words in result.out
    assert result.err == ""
    values = command("compress", "digit.png", "--force", "--json").json[0]
    assert (values["bytes"], values["raw_bytes"], values["familiar"]) == (size, 784, True)


def test_a_folder_gets_the_name_of_an_aec_file_only_with_a_slash(
    folder: Path, command: Command
) -> None:
    copies_of_the_digit("scans/a.png", "scans/b.png")
    for inputs in (["scans"], ["scans/a.png", "scans/b.png"]):
        result = command("compress", *inputs, "-o", "all.aec")
        assert (result.status, "use aecodec stack" in result.err) == (2, True)
        assert not Path("all.aec").exists()
    assert command("compress", "scans", "-o", "all.aec/").status == 0
    assert command("compress", "scans", "scans", "-o", "all.aec", "--skip-existing").status == 0


def test_folders_are_mirrored(folder: Path, command: Command) -> None:
    copies_of_the_digit("scans/a.png", "scans/inner/b.PNG", "scans/.aecodec-012345678901/c.png")
    Path("scans/notes.txt").write_text("no image")
    assert command("compress", "scans").status == 0
    assert names_in("scans_aec") == ["a.aec", "inner/b.aec"]
    assert command("verify", "scans_aec").status == 0
    assert command("decompress", "scans_aec", "-o", "back").status == 0
    assert names_in("back") == ["a.png", "inner/b.png"]
    assert command("decompress", "scans_aec", "-o", "scans_aec").status == 0
    assert Path("scans_aec/inner/b_decompressed.png").is_file()
    Path("empty").mkdir()
    assert command("compress", "empty").status == 1


@pytest.mark.parametrize("options", [[], ["--metadata"]])
def test_files_that_would_become_one_keep_their_whole_names(
    folder: Path, command: Command, options: list[str]
) -> None:
    copies_of_the_digit("scans/A.png", "scans/a.PNG", "scans/a.bmp", "scans/b.png")
    assert command("compress", "scans", *options).status == 0
    assert names_in("scans_aec") == ["A.png.aec", "a.PNG.aec", "a.bmp.aec", "b.aec"]
    assert command("decompress", "scans_aec", "-o", "back").status == 0
    bitmap = "a.bmp" if options else "a.bmp.png"
    assert names_in("back") == ["A.png.aec.png", "a.PNG.aec.PNG", bitmap, "b.png"]
    copies_of_the_digit("more/b.png")
    result = command("compress", "scans/b.png", "more/b.png", "-o", "out")
    assert (result.status, "would both become out/b.png.aec" in result.err) == (2, True)


def test_commands_work_in_pipes(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = [sys.executable, "-m", "aecodec"]
    piped = partial(subprocess.run, capture_output=True, check=True)
    compressed = piped([*program, "compress", "-"], input=Path("digit.png").read_bytes())
    assert b"bytes" in compressed.stderr
    restored = piped([*program, "decompress", "-"], input=compressed.stdout)
    assert opened(io.BytesIO(restored.stdout)).size == (28, 28)
    for data, status in ((compressed.stdout, 0), (b"garbage", 4)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert command("info", "-").status == status
    os.mkfifo("pipe.png")
    writer = threading.Thread(
        target=Path("pipe.png").write_bytes, args=[Path("digit.png").read_bytes()]
    )
    writer.start()
    assert command("compress", "pipe.png", "-o", "digit.aec").status == 0
    writer.join()


def test_links_devices_and_permissions_survive(folder: Path, command: Command) -> None:
    Path("real.aec").write_bytes(b"old")
    Path("real.aec").chmod(0o600)
    Path("link.aec").symlink_to("real.aec")
    assert command("compress", "digit.png", "-o", "link.aec", "--force").status == 0
    assert Path("link.aec").is_symlink()
    assert Path("real.aec").read_bytes()[:2] == b"\xaeC"
    assert Path("real.aec").stat().st_mode & 0o777 == 0o600
    assert command("compress", "digit.png", "-o", "/dev/null", "--force").status == 0
    assert Path("/dev/null").is_char_device()
