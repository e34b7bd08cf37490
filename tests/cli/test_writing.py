"""Results appear whole or not at all, and one process does not overwrite what another made."""

from __future__ import annotations

import errno
import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aecodec.atomic.temporary import sweep
from aecodec.cli.shared import file_io
from aecodec.cli.shared.file_io import ExistsError, write_bytes, write_folder


def _no_links(*_: object) -> None:
    raise OSError(errno.EPERM, "no links here")


@pytest.mark.parametrize("has_links", [True, False])
def test_of_many_who_write_one_new_file_one_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    if not has_links:
        monkeypatch.setattr(file_io.os, "link", _no_links)
    target = tmp_path / "result"

    def write(content: bytes) -> bytes | None:
        try:
            write_bytes(target, content, force=False)
        except ExistsError:
            return None
        return content

    contents = [bytes([number]) * 100_000 for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        winners = [content for content in pool.map(write, contents) if content]
    assert [target.read_bytes()] == winners
    assert list(tmp_path.iterdir()) == [target]


def test_only_what_nobody_holds_is_swept_away(tmp_path: Path) -> None:
    held, left, folder = (tmp_path / f".aecodec-{digit * 12}" for digit in "0af")
    held.write_bytes(b"half")
    left.write_bytes(b"half")
    folder.mkdir()
    (folder / "1.png").write_bytes(b"half")
    foreign = [tmp_path / name for name in (".aecodec-notes.txt", ".aecodec-config", ".other")]
    for path in foreign:
        path.write_bytes(b"not ours")
    with held.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        sweep([tmp_path, tmp_path / "nothing"])
        assert sorted(tmp_path.iterdir()) == [held, *sorted(foreign)]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_bytes(tmp_path / "file", b"x", force=False)
        write_folder(tmp_path / "folder", {"1": b"x"}, force=False)
    finally:
        os.umask(mask)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o750
