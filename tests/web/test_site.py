"""The files that `aecodec web` writes, and what it says."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from helpers.commands import Command
from helpers.documents import ROOT

from aecodec.codec.codec import Codec

DIGITS, PHOTO = "0881441f", "651442dd"


def test_a_page_is_written_with_what_it_refers_to(command: Command, tmp_path: Path) -> None:
    assert command("web", "digits", "-o", "site").status == 0
    site = tmp_path / "site"
    page = (site / "index.html").read_text()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) > 10
    for address in addresses:
        assert (site / address).is_file()
    for script in site.rglob("*.js"):
        for address in re.findall(r'(?:from|URL\()\s*"(\./[^"]+)"', script.read_text()):
            assert (script.parent / address).is_file(), f"{script}: {address}"


@pytest.mark.slow
def test_the_service_worker_keeps_all_but_the_parts_of_codecs(site: Path) -> None:
    text = (site / "service_worker.js").read_text()
    shell = json.loads(text.partition("SHELL = ")[2].partition(";")[0])
    listed = {name for name in shell["files"] if name != "./"}
    assert all((site / name).is_file() for name in listed)
    assert {"index.html", "page.js", "aecodec/aecodec.wasm", "samples/lake.jpg"} <= listed
    assert f"codecs/{PHOTO}/head" in listed
    assert not any(re.search(r"/[0-9a-f]{64}$", name) for name in listed)


def test_the_version_of_the_service_worker_changes_with_the_files(
    command: Command, tmp_path: Path
) -> None:
    command("web", "digits", "-o", "one")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.png").write_bytes((ROOT / "aecodec/samples/digit3.png").read_bytes())
    command("web", "digits", "-o", "two", "--samples", "mine")
    one, two = (tmp_path / name / "service_worker.js" for name in ("one", "two"))
    assert one.read_bytes() != two.read_bytes()


@pytest.mark.slow
def test_sections_are_named_by_their_hash(site: Path) -> None:
    sections = [each for each in (site / "codecs" / DIGITS).iterdir() if each.name != "head"]
    assert len(sections) == 5
    for section in sections:
        content = gzip.decompress(section.read_bytes())
        assert hashlib.sha256(content).hexdigest() == section.name


def test_samples_are_those_that_suit_a_codec(
    command: Command, tmp_path: Path, codec: Codec
) -> None:
    command("web", "digits", "-o", "site")
    samples = json.loads((tmp_path / "site" / "samples" / "index.json").read_text())
    assert [each["title"] for each in samples] == [f"Digit {number}" for number in range(10)]
    file = (tmp_path / "site" / "samples" / samples[3]["file"]).read_bytes()
    assert samples[3]["levels"][1]["bytes"] == len(file)
    assert codec.decompress(file).size == (28, 28)


def test_a_page_that_exists_is_kept(command: Command, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "mine.txt").write_text("mine")
    refused = command("web", "digits", "-o", "site")
    assert refused.status == 2
    assert "--force" in refused.err
    assert command("web", "digits", "-o", "site", "--force").status == 0
    assert (tmp_path / "site" / "mine.txt").read_text() == "mine"
    assert (tmp_path / "site" / "index.html").is_file()


def test_a_folder_without_pictures_is_no_folder_of_samples(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    refused = command("web", "digits", "-o", "site", "--samples", "empty")
    assert refused.status == 2
    assert "no picture" in refused.err
    assert command("web", "digits", "-o", "site", "--samples", "absent").status == 6


def test_a_codec_that_only_decompresses_makes_a_page_without_samples(
    command: Command, tmp_path: Path
) -> None:
    codec = ROOT / "tests" / "golden" / "codecs" / "grid"
    assert command("web", str(codec), "-o", "site").status == 0
    assert json.loads((tmp_path / "site" / "samples" / "index.json").read_text()) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["codecs", "samples"])
def test_what_a_page_has_is_listed(site: Path, name: str) -> None:
    listed = json.loads((site / name / "index.json").read_text())
    assert (listed == [PHOTO, DIGITS]) if name == "codecs" else (len(listed) == 11)
