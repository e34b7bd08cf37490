"""The page is one file that names nothing outside itself, whatever pictures are called."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import aecodec
from aecodec.html_report.measuring import Content
from aecodec.html_report.page import page


def test_the_policy_allows_the_style_and_the_script_of_the_page_alone(report_page: Path) -> None:
    text = report_page.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    for element, kind in (("style", "style-src"), ("script", "script-src")):
        inside = re.search(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        assert inside
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert rules.pop(kind) == f"'sha256-{digest}'"
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_outside_the_page_is_named(report_page: Path) -> None:
    text = report_page.read_text("utf-8")
    assert set(re.findall(r"\w+://[^\"'\s]*", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:)""", text)


def test_names_stay_names(report_page: Path, pictures: Path) -> None:
    text = report_page.read_text("utf-8")
    assert text.count("<script") == 2
    data = re.search(r'type="application/json">(.*?)</script>', text, re.DOTALL)
    assert data
    names = {picture["name"] for picture in json.loads(data[1])["pictures"]}
    assert names == {path.name for path in pictures.iterdir()}


def test_a_name_that_is_no_unicode_is_escaped(content: Content) -> None:
    assert b'"title": "\\udcff"' in page(content, "\udcff")


def test_the_same_content_makes_the_same_page(content: Content, codec: aecodec.Codec) -> None:
    assert page(content, "a") == page(content, "a") != page(content, "b")
