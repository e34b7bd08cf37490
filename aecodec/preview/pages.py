"""Previews in HTML pages: the tags of pictures, their files, and the attributes to add."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from itertools import accumulate
from pathlib import PurePath
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from aecodec.errors import UsageError

ATTRIBUTES = {"img": "data-preview", "aec-img": "preview"}
"""The attribute for the preview, by the name of the element."""

_SIZES = {"width", "height", "style", "srcset"}
"""Attributes that determine the size of a picture on the page."""

_TEXTS = {"iframe", "noembed", "noframes", "plaintext", "textarea", "title", "xmp"}
"""Elements whose content is text, which not all versions of Python know."""

_ATTRIBUTE = re.compile(r"""([^\s/>=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']*))?""")


class Tag(NamedTuple):
    """The start tag of an element that shows a picture.

    Attributes:
        start: number of characters before the tag.
        text: the tag itself.
        name: name of the element, `img` or `aec-img`.
        attributes: values by lower-case names, without character references.
        has_size: whether the page already determines the size of the picture.
    """

    start: int
    text: str
    name: str
    attributes: dict[str, str]
    has_size: bool

    @property
    def has_preview(self) -> bool:
        """Whether the tag already has a preview that is not empty."""
        return bool(self.attributes.get(ATTRIBUTES[self.name]))

    def filled(self, preview: str, size: tuple[int, int]) -> str:
        """The tag with a preview, and with `size`, (width, height), if it has none on the page.

        The other characters of the tag stay unchanged.

        >>> Page("<img src=a.jpg>").tags[0].filled("AbC", (6, 4))
        '<img data-preview="AbC" width="6" height="4" src=a.jpg>'
        """
        new = f'{ATTRIBUTES[self.name]}="{preview}"'
        text, end = self.text, 1 + len(self.name)
        if not self.has_size:
            text = f'{text[:end]} width="{size[0]}" height="{size[1]}"{text[end:]}'
        for match in _ATTRIBUTE.finditer(text, end):
            if match[1].lower() == ATTRIBUTES[self.name]:
                return text[: match.start()] + new + text[match.end() :]
        return f"{text[:end]} {new}{text[end:]}"


class _Parser(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self._has_sources = False
        self._lines = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self.tags: list[Tag] = []
        self.base = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag. If an attribute occurs twice, the first counts, as in browsers."""
        attributes = {name: value or "" for name, value in reversed(attrs)}
        if tag in _TEXTS:
            self.set_cdata_mode(tag)
        if tag in {"picture", "source"}:  # the sources of a <picture> may have other sizes
            self._has_sources = tag == "source"
        if tag == "base":
            self.base = self.base or attributes.get("href", "")
        if tag in ATTRIBUTES:
            line, column = self.getpos()
            start = self._lines[line - 1] + column
            has_size = self._has_sources or bool(_SIZES & attributes.keys())
            text = self.get_starttag_text() or ""
            self.tags.append(Tag(start, text, tag, attributes, has_size))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Close a tag such as `<title/>` in SVG, whose content would be text."""
        super().handle_startendtag(tag, attrs)
        self.clear_cdata_mode()

    def handle_endtag(self, tag: str) -> None:
        """Leave a `<picture>`, or another element with sources, such as `<video>`."""
        self._has_sources &= tag in {"img", "source"}


class Page:
    """An HTML page.

    Attributes:
        tags: its `<img>` and `<aec-img>` elements, except in comments, scripts and texts.

    Raises:
        UsageError: the page contains a declaration that cannot be parsed.

    >>> page = Page('<p><img src="b%20c.jpg?v=2"></p>')
    >>> page.picture(page.tags[0], "posts/a.html")
    'posts/b c.jpg'
    """

    def __init__(self, text: str) -> None:
        try:
            parser = _Parser(text)
        except AssertionError as error:  # the parser's only error, for declarations
            raise UsageError(f"the page is not valid HTML: {error}") from error
        self._text, self.tags, self._base = text, parser.tags, parser.base

    def picture(self, tag: Tag, page: str) -> str | None:
        """Path of a tag's picture in the folder of the site; None if it lies elsewhere.

        `page` is the path of the page in this folder, with slashes.
        """
        source = tag.attributes.get("src", "").strip()
        try:
            place = urljoin("/" + quote(page, errors="surrogateescape"), self._base.strip())
            url = urlsplit(urljoin(place, source))
        except ValueError:  # not a URL
            return None
        path = unquote(url.path, errors="surrogateescape").lstrip("/")
        is_outside = ".." in PurePath(path).parts or PurePath(path).anchor
        return None if not source or url.scheme or url.netloc or is_outside else path

    def edited(self, texts: Iterable[tuple[Tag, str]]) -> str:
        """The page with other texts for tags, which are in the order of the page."""
        parts, end = [], 0
        for tag, text in texts:
            parts += [self._text[end : tag.start], text]
            end = tag.start + len(tag.text)
        return "".join(parts) + self._text[end:]
