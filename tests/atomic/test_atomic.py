"""Folders change in one step or file by file, and signals leave no temporary files behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aecodec import atomic
from aecodec.atomic import make_folder, update_folder


def files_of(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file to replace, one that is outdated, and others that stay."""
    path = tmp_path / "folder"
    make_folder(path, {"a": b"old", "gone": b"x", "notes": b"mine"})
    (path / "inner").mkdir()
    (path / "inner" / "deep").write_bytes(b"deep")
    (path / "link").symlink_to("notes")
    path.chmod(0o750)
    return path


def no_exchange(*_: object) -> None:
    raise OSError(errno.EINVAL, "no exchange here")


@pytest.mark.parametrize("is_exchanged", [True, False])
def test_named_files_change_and_others_stay(
    folder: Path, monkeypatch: pytest.MonkeyPatch, is_exchanged: bool
) -> None:
    if not is_exchanged:
        monkeypatch.setattr(atomic, "_exchange", no_exchange)
    before = folder.stat()
    new = {"a": b"new", "b": b"new"}
    update_folder(folder, new, replace=True, is_outdated=lambda path: path.name == "gone")
    kept = {"notes": b"mine", "link": b"mine", "inner/deep": b"deep"}
    assert files_of(folder) == {**new, **kept}
    assert (folder / "link").is_symlink()
    assert folder.stat().st_mode == before.st_mode
    assert (folder.stat().st_ino == before.st_ino) is not is_exchanged
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]


def test_whoever_looks_sees_all_old_files_or_all_new_ones(folder: Path) -> None:
    """Through the folder as it was opened: paths may lead to the old one first, then to the new."""

    def seen() -> set[bytes]:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            names = [name for name in os.listdir(descriptor) if name in ("1", "2")]
            opened = [os.open(name, os.O_RDONLY, dir_fd=descriptor) for name in names]
        except FileNotFoundError:
            return set()  # it was the old one, which was being removed
        finally:
            os.close(descriptor)
        contents = {os.read(file, 10) for file in opened}
        for file in opened:
            os.close(file)
        return contents

    update_folder(folder, {"1": b"0", "2": b"0"}, replace=True)
    with ThreadPoolExecutor(1) as pool:
        for number in range(1, 60):
            content = str(number).encode()
            change = pool.submit(update_folder, folder, dict.fromkeys("12", content), replace=True)
            while not change.done():
                assert len(seen()) <= 1
            change.result()


def test_nothing_is_replaced_unasked(folder: Path) -> None:
    before = files_of(folder)
    with pytest.raises(FileExistsError):
        update_folder(folder, {"b": b"new", "a": b"new"}, replace=False)
    with pytest.raises(FileExistsError):
        make_folder(folder, {"b": b"new"})
    with pytest.raises(IsADirectoryError):
        update_folder(folder, {"b": b"new", "inner": b"new"}, replace=True)
    assert files_of(folder) == before
    update_folder(folder, {"b": b"new"}, replace=False)
    assert files_of(folder) == {**before, "b": b"new"}


def test_a_link_to_a_folder_stays_a_link(folder: Path) -> None:
    link = folder.with_name("link")
    link.symlink_to("folder")
    update_folder(link, {"a": b"new"}, replace=True)
    assert link.is_symlink()
    assert (folder / "a").read_bytes() == b"new"


PROGRAM = """
import signal, sys
from pathlib import Path
from aecodec.atomic import temporary_file, temporary_folder, tidy_termination

folder, number = Path(sys.argv[1]), getattr(signal, sys.argv[3])
signal.signal(number, signal.SIG_IGN if sys.argv[2] == "ignored" else signal.SIG_DFL)
with tidy_termination(), temporary_file(folder, b"x"), temporary_folder(folder) as made:
    (made / "file").write_bytes(b"x")
    try:
        signal.raise_signal(number)
    except BaseException:
        pass  # as a library may do
print("went on")
"""


def ended_by(name: str, folder: Path, how: str = "usual") -> tuple[int, bytes]:
    command = [sys.executable, "-c", PROGRAM, str(folder), how, name]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_process_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    assert ended_by(name, tmp_path) == (-getattr(signal, name), b"")
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    assert ended_by("SIGHUP", tmp_path, "ignored") == (0, b"went on\n")
