"""The files that `aecodec web` writes, and what it says."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command
from helpers.documents import ROOT
from PIL import Image

from aecodec.codec.codec import Codec
from aecodec.web.samples import sample_files, sample_pictures, unsuited_samples

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
    shutil.copy(ROOT / "aecodec/data/samples/digit3.png", tmp_path / "mine" / "a.png")
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


def test_samples_of_one_stem_are_kept_apart(tmp_path: Path, codec: Codec) -> None:
    for name in ("a.png", "a.jpg", "a_small.jpg", "b #1.png"):
        Image.new("L", (28, 28), 100).save(tmp_path / name)
    entries, files = sample_files(sample_pictures(tmp_path), [codec])
    names = [each[kind] for each in entries for kind in ("picture", "file", "thumbnail")]
    assert len(set(names)) == 12
    assert set(names) == set(files)
    assert all(files[path.name] == path.read_bytes() for path in tmp_path.iterdir())


def test_addresses_are_quoted(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    Image.new("L", (28, 28), 100).save(tmp_path / "mine" / "b (#1).png")
    assert command("web", "digits", "-o", "site", "--samples", "mine").status == 0
    assert (tmp_path / "site" / "samples" / "thumbnails" / "b (#1).png.jpg").is_file()
    page = (tmp_path / "site" / "index.html").read_text()
    assert 'src="samples/thumbnails/b%20(%231).png.jpg"' in page
    worker = (tmp_path / "site" / "service_worker.js").read_text()
    assert '"samples/b%20(%231).png.aec"' in worker


def test_thumbnails_are_upright(tmp_path: Path, codec: Codec) -> None:
    stored = np.zeros((28, 28), np.uint8)
    stored[:14] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(stored).save(tmp_path / "a.jpg", exif=exif)
    _, files = sample_files(sample_pictures(tmp_path), [codec])
    thumbnail = np.asarray(Image.open(io.BytesIO(files["thumbnails/a.jpg.jpg"])).convert("L"))
    assert thumbnail[:, 60:].mean() > 240
    assert thumbnail[:, :52].mean() < 15


def test_samples_that_suit_no_codec_are_named(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for name, size in (("fits.png", 28), ("large.png", 30)):
        Image.new("L", (size, size), 100).save(tmp_path / "mine" / name)
    made = command("web", "digits", "-o", "site", "--samples", "mine")
    assert made.status == 0
    assert "large.png: left out" in made.err
    assert "fits.png" not in made.err
    assert command("web", "digits", "-o", "other").err == ""


def test_small_pictures_suit_a_codec_for_any_size(
    tmp_path: Path, photo: Codec, codec: Codec
) -> None:
    Image.new("L", (100, 60), 100).save(tmp_path / "small.png")
    assert unsuited_samples(sample_pictures(tmp_path), [codec]) == ["small.png"]
    assert unsuited_samples(sample_pictures(tmp_path), [codec, photo]) == []


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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_samples_are_files_whose_names_have_addresses(command: Command, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "folder.png").mkdir(parents=True)
    os.mkfifo(mine / "pipe.png")  # to read it would take for ever
    (mine / "a.png").write_bytes((ROOT / "aecodec/data/samples/digit3.png").read_bytes())
    assert [each.path.name for each in sample_pictures(mine)] == ["a.png"]
    (mine / "a.png").rename(os.fsdecode(bytes(mine) + b"/l\xe9.png"))
    refused = command("web", "digits", "-o", "site", "--samples", "mine")
    assert (refused.status, "in UTF-8 alone; rename it" in refused.err) == (2, True)


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
