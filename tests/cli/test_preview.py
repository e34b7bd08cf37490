"""`aecodec preview`: texts, files, and the pages of a site."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers.commands import Command
from helpers.images import opened
from PIL import Image

from aecodec import preview
from aecodec.format.binary import crc_8
from aecodec.format.texts import TextForm

PAGE = (
    b'<!doctype html>\r\n<p>\xe9 <!-- <img src="x"> -->\n<img alt="" src="../teal.png">\r\n'
    b"<aec-img src=/digit.aec></aec-img><img src=https://example.org/a.png><img src=logo.svg>"
)


@pytest.fixture(autouse=True)
def plain_picture(folder: Path) -> None:
    """A picture that is coded fast."""
    Image.new("RGB", (60, 30), "teal").save("teal.png")


def test_pictures_become_lines(command: Command) -> None:
    text = command("preview", "teal.png", "--max-bytes", 30).out.strip()
    payload = preview.encode("teal.png", 30)
    assert TextForm.BASE64URL.decode(text) == payload
    options = ("--text", "base91", "--checksum", "--max-bytes", 31)
    lines = command("preview", "teal.png", "teal.png", *options, "--jobs", 1).out.splitlines()
    assert lines == [f"teal.png: {TextForm.BASE91.encode(payload + bytes([crc_8(payload)]))}"] * 2


@pytest.mark.parametrize("options", [(), ("--checksum",), ("--text", "base91", "--checksum")])
def test_a_preview_is_decoded(options: tuple[str, ...], command: Command) -> None:
    text = command("preview", "teal.png", *options).out.strip()
    assert command("preview", "teal.png", *options, "-o", "teal.bin").status == 0
    for name, payload in (("a.png", text), ("b.png", "teal.bin")):
        assert command("preview", "--decode", payload, *options, "-o", name).status == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    assert opened("a.png").size == (32, 16)


def test_messages_name_the_option_for_texts(command: Command) -> None:
    assert command("preview", "teal.png", "--text", "base91", "-o", "a.txt").status == 0
    result = command("preview", "--decode", Path("a.txt").read_text().strip(), "-o", "a.png")
    assert (result.status, "or need --text base91" in result.err) == (4, True)
    assert "use --text base64url or" in command("preview", "--decode", "a.txt", "-o", "b.png").err


def test_a_site_gets_previews_once(command: Command) -> None:
    command("compress", "digit.png")
    page = Path("site/posts/a.html")
    page.parent.mkdir(parents=True)
    page.write_bytes(PAGE)
    shutil.copy("teal.png", "site")
    shutil.copy("digit.aec", "site")
    result = command("preview", "--html", "site")
    assert result.out == f"{page}: previews added: 2, pictures skipped: 2\n"
    assert result.err.count("skipped: ") == 2
    first = page.read_bytes()
    text = TextForm.BASE64URL.encode(preview.encode("teal.png")).encode()
    size = b' width="60" height="30"'
    assert b'<img data-preview="' + text + b'"' + size + b' alt="" src' in first
    assert first.count(b' preview="') == 1
    assert len(first) > len(PAGE) + 2 * len(size) + len(text)
    assert "previews added: 0," in command("preview", "--html", "site").out
    assert page.read_bytes() == first
    assert command("preview", "--html", "site", "--force", "--max-bytes", 20).status == 0
    assert len(page.read_bytes()) < len(first)


def test_missing_pictures_are_an_error_and_the_others_are_filled(command: Command) -> None:
    Path("a.html").write_text("<img src=absent.png><img src=teal.png>")
    result = command("preview", "--html", ".", "--json")
    assert result.status == 1
    assert "absent.png: cannot be read" in result.err
    Path("b.html").write_text("<img src=teal.png>", "utf-16-le")
    result = command("preview", "--html", ".")
    assert (result.status, "b.html: the page is in UTF-16" in result.err) == (1, True)
    assert command("preview", "--html", "absent").status == 6
    assert Path("a.html").read_text().startswith("<img src=absent.png><img data-preview=")
