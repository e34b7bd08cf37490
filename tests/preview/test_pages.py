"""Edits of HTML pages: only the attributes of pictures change."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aecodec.errors import UsageError
from aecodec.preview.pages import Page

FILLED = re.compile(r' (data-)?preview="AbC"| width="6" height="4"')
PIECES = [
    *re.findall(
        r"\S+",
        "<img/src=a.jpg> <img/alt='>'/src='b'/> <aec-img/src=c.aec> <img <img/src=d> </p> <!-- --> "
        "<script> </script> <textarea> </textarea> <![CDATA[ <![if <!doctype <?php ?> &lt; &# > < "
        "<img/width=3/src=a> <img/style='width:1px'> <title> <base/href=x> />",
    ),
    *(" ", "\r\n", "\n", "ä", "\udce9", '"', "<img\n alt='é\n' src=a>"),
]


def filled(text: str) -> str:
    page = Page(text)
    tags = [tag for tag in page.tags if not tag.has_preview]
    return page.edited([(tag, tag.filled("AbC", (6, 4))) for tag in tags])


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join))
def test_only_attributes_are_added_and_only_once(text: str) -> None:
    try:
        page = Page(text)
    except UsageError:
        return
    edited = filled(text)
    assert FILLED.sub("", edited) == text
    assert len(FILLED.findall(edited)) >= len(page.tags)
    assert filled(edited) == edited


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("<img src=a>", '<img data-preview="N" width="6" height="4" src=a>'),
        ("<aec-img width=2 src=a>", '<aec-img preview="N" width=2 src=a>'),
        ("<picture><source srcset=b></source><img>", '<img data-preview="N">'),
        ("<picture><source></picture><img>", '<img data-preview="N" width="6" height="4">'),
        ("<textarea><img src=b></textarea><img width=2>", '<img data-preview="N" width=2>'),
        ("<img srcset='a 2x' data-preview=old/>", "<img srcset='a 2x' data-preview=\"N\">"),
        (
            '<img height=2 alt=\'data-preview="x"\' DATA-Preview = "" src=a>',
            '<img height=2 alt=\'data-preview="x"\' data-preview="N" src=a>',
        ),
    ],
)
def test_a_tag_gets_a_preview_and_a_size(tag: str, expected: str) -> None:
    assert Page(tag).tags[0].filled("N", (6, 4)) == expected


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("b.jpg", "posts/b.jpg"),
        (" ../b%20c.jpg?v=2#top ", "b c.jpg"),
        ("/caf%C3%A9&amp;.png", "café&.png"),
        ("../../../b.jpg", "b.jpg"),
        ("..%2f..%2fb.jpg", None),
        ("https://example.org/a.jpg", None),
        ("//example.org/a.jpg", None),
        ("data:image/png;base64,AA", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_the_file_of_a_picture(source: str, path: str | None) -> None:
    page = Page(f'<img src="{source}">')
    assert page.picture(page.tags[0], "posts/a.html") == path
    based = Page(f'<base href="/posts/"><img src="{source}">')
    assert based.picture(based.tags[0], "a.html") == path
