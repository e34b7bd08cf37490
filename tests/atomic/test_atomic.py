"""Results are whole whatever happens."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from aecodec.base.atomic import make_folder, update_folder, write_file

Files = dict[str, bytes]
NEW = {"a": b"new" * 9999, "inner/b": b"new"}


def files_of(folder: Path) -> Files:
    """The files of a folder, but for those in temporary folders."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if ".aecodec-" not in name}


def write_one(folder: Path, replace: bool) -> None:
    write_file(folder / "a", NEW["a"], replace=replace)


WRITERS: dict[str, tuple[Callable[[Path], None], Files, Files]] = {
    "new file": (partial(write_one, replace=False), {}, {"a": NEW["a"]}),
    "old file": (partial(write_one, replace=True), {"a": b"old"}, {"a": NEW["a"]}),
    "new folder": (partial(make_folder, contents=NEW), {}, NEW),
    "old folder": (partial(update_folder, contents=NEW, replace=True), {"a": b"old"}, NEW),
}
"""Functions that write to a folder, its files before, and its files afterwards."""

NOT_REACHED, FAILED, DONE = 0, 1, 2


def end_at(step: int, kind: str, write: Callable[[Path], None], folder: Path) -> int:
    """Write in a process whose disk is full from a step on, or that is killed; its status."""
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    steps = count(1)

    def step_before(call: Callable[..., Any], needs_space: bool) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            is_reached = next(steps) >= step
            if is_reached and kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if is_reached and needs_space:
                raise OSError(errno.ENOSPC, "full")
            return call(*arguments, **options)

        return called

    for name in ("mkdir", "fsync", "link", "rename", "replace", "rmdir"):
        setattr(os, name, step_before(getattr(os, name), name in ("mkdir", "fsync", "link")))
    status = FAILED
    try:
        write(folder)
        status = DONE if next(steps) > step else NOT_REACHED
    finally:
        os._exit(status)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("kind", ["full", "kill"])
@pytest.mark.parametrize("name", WRITERS)
def test_a_fault_at_any_step_loses_nothing(tmp_path: Path, name: str, kind: str) -> None:
    """Each file is old, new or absent, new after success, and repeating the call makes it new."""
    write, old, new = WRITERS[name]
    for step in count(1):
        top = tmp_path / str(step)
        folder = top / "folder"
        top.mkdir()
        if old:
            folder.mkdir()
        for path, content in old.items():
            (folder / path).write_bytes(content)
        status = end_at(step, kind, write, folder)
        files = files_of(folder)
        if name == "old folder":
            assert files.items() <= old.items() | new.items()
        else:
            assert files in (old, new)
        assert status == FAILED or kind == "kill" or files == new
        assert kind == "kill" or not list(top.rglob(".aecodec-*"))
        if files != new:
            write(folder)
            assert files_of(folder) == new
        if status == NOT_REACHED:
            assert step > 5
            return


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    make_folder(path, {"a": b"old", "gone": b"x", "notes": b"mine", "inner/deep": b"deep"})
    (path / "link").symlink_to("notes")
    return path


def test_named_files_change_and_others_stay(folder: Path) -> None:
    new = {"a": b"new", "b": b"new", "inner/c": b"new", "other/d": b"new"}
    link = folder.with_name("link")
    link.symlink_to("folder")
    update_folder(link, new, replace=True, is_outdated=lambda path: path.name == "gone")
    unchanged = {"notes": b"mine", "link": b"mine", "inner/deep": b"deep"}
    assert files_of(folder) == {**new, **unchanged}
    assert (folder / "link").is_symlink()
    assert link.is_symlink()
    assert sorted(path.name for path in folder.parent.iterdir()) == ["folder", "link"]


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
