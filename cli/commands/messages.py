"""`aecodec messages`: a picture as radio messages, each a line of text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from PIL import Image

from aecodec import messages as radio
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console
from aecodec.cli.shared.file_io import check_overwriting, read_bytes, write_bytes
from aecodec.cli.shared.jobs import check_not_sources
from aecodec.cli.shared.single_images import check_target, read_colours, write_image
from aecodec.codec.codec import Codec
from aecodec.codec.registry import load_codec
from aecodec.errors import FormatError, UsageError, errors_about, warn
from aecodec.format.texts import TextForm
from aecodec.urls import path_or_url


def messages(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            parser=path_or_url,
            help="A picture or an .aec file; with --decode, a text file with the received "
            "messages, in any order. - is standard input.",
        ),
    ],
    out: options.OutFile = None,
    max_bytes: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="Maximum number of bytes of a message, before it becomes text."
        ),
    ] = 200,
    count: Annotated[
        int, typer.Option(metavar="N", min=1, max=radio.MAX_COUNT, help="Number of messages.")
    ] = 1,
    text: Annotated[
        TextForm, typer.Option(help="The form of a line: base64url, or the shorter base91.")
    ] = TextForm.BASE64URL,
    checksum: Annotated[
        bool, typer.Option("--checksum", help="Messages end with a checksum of one byte.")
    ] = False,
    codec: options.CodecName = "photo",
    is_decoding: Annotated[
        bool, typer.Option("--decode", help="Decode messages to the picture -o.")
    ] = False,
    force: options.Force = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Print a picture as radio messages, one line of text each.

    The first message is a complete picture: a preview if that looks better in so few bytes,
    otherwise a bare payload of the codec. Each further message adds detail, and needs all messages
    before it. There are fewer than --count messages if more would not improve the picture.

    --decode needs the options --text, --checksum and --codec with which the messages were made.
    """
    console = Console(quiet, as_json, to_stderr=out == "-")
    form = _Form(max_bytes, text, checksum, load_codec(codec or "photo"))
    target = path_or_url(out) if out else None
    if is_decoding and not target:
        raise UsageError("--decode needs -o PICTURE")
    if target:
        check_not_sources([target], [source])
        check = check_target if is_decoding else check_overwriting
        check(target, force)
    with console.errors_as_json(source), console.warnings_about(source):
        if is_decoding and target:
            write_image(target, form.received(source), force, console)
        else:
            form.send(source, count, target, force, console)


class _Form(NamedTuple):
    """The form of messages."""

    max_bytes: int
    text: TextForm
    checksum: bool
    codec: Codec

    def received(self, source: Path) -> Image.Image:
        """The picture of the messages in a text file; raises FormatError if no line is whole."""
        with errors_about(source):
            content = read_bytes(source)
            if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise FormatError("the messages are in UTF-16: convert them to UTF-8")
            lines = content.decode("utf-8-sig", "replace").split("\n")
            payloads = list(self._payloads([line.strip() for line in lines]))
            if not payloads:
                raise FormatError(
                    f"it contains no messages in {self.text.value}: give the options --text, "
                    "--checksum and --codec with which they were made"
                )
            return radio.decode(payloads, self.codec, self.checksum)

    def _payloads(self, lines: list[str]) -> Iterator[bytes]:
        """The messages of lines; warns about damaged lines, as about damaged messages."""
        damaged = list[str]()
        for number, line in enumerate(lines, 1):
            try:
                if line:
                    yield self.text.decode(line)
            except FormatError as error:
                damaged.append(f"line {number} is not used: {error}")
        if damaged:
            rest = f" (and {len(damaged) - 1} more)" if damaged[1:] else ""
            warn(damaged[0] + rest)

    def send(
        self, source: Path, count: int, target: Path | None, force: bool, console: Console
    ) -> None:
        """Print the messages of a picture, or write them to a file."""
        with errors_about(source):
            picture = read_colours(source)
            payloads = radio.encode(picture, self.max_bytes, count, self.codec, self.checksum)
        if len(payloads) < count:
            console.note(
                f"{source}: {len(payloads)} of {count} messages: previews and the finest "
                "level have no further layers"
            )
        lines, sizes = [self.text.encode(payload) for payload in payloads], list(map(len, payloads))
        values = {"source": str(source), "messages": lines, "bytes": sizes}
        if not target:
            console.result(lines, values)
            return
        write_bytes(target, "".join(f"{line}\n" for line in lines).encode(), force)
        text = f"{source} -> {target}: {sum(sizes)} bytes in messages: {len(lines)}"
        console.result(text, {**values, "file": str(target)})
