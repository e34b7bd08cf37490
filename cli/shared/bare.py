"""Bare payloads, as bytes or as a text: the options `--bare`, `--checksum` and `--text`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, NamedTuple

import typer

from aecodec.cli.shared.discovery import FileKind
from aecodec.codec.codec import Codec
from aecodec.codec.target import Target
from aecodec.errors import UsageError
from aecodec.format.texts import TextForm

Bare = Annotated[
    bool,
    typer.Option(
        "--bare",
        help="The .aec files lack their signature, codec id and CRC-32, which saves 11 bytes. "
        "decompress then needs --bare and --codec.",
    ),
]
Checksum = Annotated[
    bool,
    typer.Option("--checksum", help="With --bare: the payload ends with a checksum of one byte."),
]
Text = Annotated[
    TextForm | None,
    typer.Option(
        help="With --bare: the payload is a text, base64url for pages or base91 for radio messages."
    ),
]


class BareForm(NamedTuple):
    """The form of bare payloads: whether they have a checksum, and their text form, if any."""

    checksum: bool
    text: TextForm | None

    @property
    def suffix(self) -> str:
        """The suffix of files without a name."""
        return ".txt" if self.text else ".bin"

    @property
    def kind(self) -> FileKind:
        """The files to read in a folder."""
        return FileKind(lambda path: path.suffix.lower() == self.suffix)

    def content(self, payload: bytes) -> bytes:
        """The payload in its form: bytes, or a line of text."""
        return f"{self.text.encode(payload)}\n".encode() if self.text else payload

    def file(self, codec: Codec, content: bytes) -> bytes:
        """The `.aec` file of a payload in its form; raises FormatError if it is damaged."""
        if self.text:
            content = self.text.decode(content.decode("ascii", "replace").strip())
        return codec.from_bare(content, checksum=self.checksum)

    def target(self, target: Target) -> Target:
        """The target of the file for the target of the payload."""
        if target.max_bytes is None:
            return target
        most = target.max_bytes - self.checksum
        return replace(target, max_bytes=None, max_bare_bytes=most)


def form_of(bare: bool, checksum: bool, text: TextForm | None) -> BareForm | None:
    """The form of bare payloads, or None for whole files.

    Raises UsageError if options need `bare`.
    """
    if not bare and (checksum or text):
        raise UsageError("--checksum and --text are for bare payloads: use them with --bare")
    return BareForm(checksum, text) if bare else None
