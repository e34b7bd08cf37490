"""`aecodec report` writes one page, whole, and keeps to what the other commands promise."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import Command

from aecodec.data.samples import sample_paths


@pytest.fixture
def scans(folder: Path) -> Path:
    """A folder of two digits."""
    (folder / "scans").mkdir()
    for path in sample_paths()[:2]:
        shutil.copy(path, folder / "scans")
    return Path("scans")


def data_of(page: Path) -> dict[str, Any]:
    """What a page shows."""
    text = page.read_text("utf-8")
    match = re.search(r'type="application/json">(.*?)</script>', text, re.DOTALL)
    assert match
    values: dict[str, Any] = json.loads(match[1])
    return values


def test_a_page_is_written_beside_the_pictures(scans: Path, command: Command) -> None:
    done = command("report", "digits", "scans")
    assert (done.status, done.err) == (0, "")
    size = Path("scans_report.html").stat().st_size
    assert done.out == f"scans -> scans_report.html: 2 of 2 pictures shown, {size} bytes\n"
    data = data_of(Path("scans_report.html"))
    assert data["title"] == "scans"
    assert {picture["name"] for picture in data["pictures"]} == {
        path.name for path in scans.iterdir()
    }


def test_level_limit_and_number_of_pictures_are_kept_to(scans: Path, command: Command) -> None:
    done = command("report", "digits", "scans", "-q", 1, "--shown", 1, "-o", "a.html", "--json")
    values = done.json[0]
    assert (values["pictures"], values["shown"]) == (2, 1)
    assert values["bytes"] == Path("a.html").stat().st_size
    assert len(data_of(Path("a.html"))["pictures"]) == 1
    assert "1 of 2 pictures. Codec digits (f206e96f), level 1." in Path("a.html").read_text("utf-8")
    assert command("report", "digits", "scans", "--limit", 1, "-o", "b.html").status == 0
    assert len(data_of(Path("b.html"))["pictures"]) == 1
    assert command("report", "digits", "scans", "-q", 9, "-o", "c.html").status == 2
