"""Only the named files of a folder change, and signals leave no temporary files behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
    return path


def test_named_files_change_and_others_stay(folder: Path) -> None:
    new = {"a": b"new", "b": b"new", "inner/c": b"new", "other/d": b"new"}
    update_folder(folder, new, replace=True, is_outdated=lambda path: path.name == "gone")
    kept = {"notes": b"mine", "link": b"mine", "inner/deep": b"deep"}
    assert files_of(folder) == {**new, **kept}
    assert (folder / "link").is_symlink()
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]


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

folder = Path(sys.argv[1])
signal.signal(signal.SIGHUP, signal.SIG_IGN if sys.argv[2] == "ignored" else signal.SIG_DFL)
with tidy_termination(), temporary_file(folder, b"x"), temporary_folder(folder) as made:
    (made / "file").write_bytes(b"x")
    try:
        signal.raise_signal(signal.SIGHUP)
    except BaseException:
        pass  # as a library may do
print("went on")
"""


def ended(folder: Path, how: str) -> tuple[int, bytes]:
    command = [sys.executable, "-c", PROGRAM, str(folder), how]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode, done.stdout


def test_a_signal_ends_the_process_and_leaves_nothing(tmp_path: Path) -> None:
    assert ended(tmp_path, "usual") == (-signal.SIGHUP, b"")
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    assert ended(tmp_path, "ignored") == (0, b"went on\n")
