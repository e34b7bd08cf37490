"""`aecodec payload`: .aec files to bare payloads, as bytes or texts, and back."""

from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from aecodec.cli.batch.run import run_all
from aecodec.cli.shared import options
from aecodec.cli.shared.console import Console, name_of
from aecodec.cli.shared.discovery import AEC_FILES, STANDARD, FileKind, is_folder_at
from aecodec.cli.shared.file_io import check_overwriting, read_bytes, write_bytes
from aecodec.cli.shared.jobs import Job, folder_beside, plan
from aecodec.codec.codec import Codec
from aecodec.codec.registry import codec_of_file, load_codec
from aecodec.format.texts import from_text, to_text
from aecodec.parallel import Workers


def payload(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help=".aec files, or with --codec payloads; folders of them; - for standard input.",
        ),
    ],
    out: options.Out = None,
    text: Annotated[
        bool, typer.Option("--text", help="Payloads are lines of text, in base64url.")
    ] = False,
    checksum: Annotated[
        bool, typer.Option("--checksum", help="Payloads end with a checksum of one byte.")
    ] = False,
    codec: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Make .aec files of payloads of this codec."),
    ] = None,
    force: options.Force = False,
) -> None:
    """Turn .aec files into bare payloads; with --codec, turn payloads into .aec files.

    A payload lacks the signature, the codec id and the CRC-32 of its file, which saves 11 bytes.
    digit.aec becomes digit.bin, or digit.txt with --text. The way back needs the codec, and the
    same --text and --checksum.
    """
    console = Console(to_stderr=out == "-" or STANDARD in inputs)
    form = _Form(text, checksum)
    loaded = load_codec(codec) if codec else None
    suffix = ".aec" if loaded else form.suffix
    kind = FileKind(lambda path: path.suffix.lower() == form.suffix) if loaded else AEC_FILES
    planned = plan(inputs, out, partial(_rename, suffix=suffix), kind)
    run_all(console, planned, partial(_convert, codec=loaded, form=form, force=force))


class _Form(NamedTuple):
    """The form of payloads: whether they are texts, and have a checksum."""

    text: bool
    checksum: bool

    @property
    def suffix(self) -> str:
        return ".txt" if self.text else ".bin"

    def content(self, file: bytes) -> bytes:
        """The payload of a file: bytes, or a line of text."""
        bare = codec_of_file(file).to_bare(file, checksum=self.checksum)
        return f"{to_text(bare)}\n".encode() if self.text else bare

    def file(self, codec: Codec, content: bytes) -> bytes:
        """The file of a payload; FormatError if it is damaged."""
        if self.text:
            content = from_text(content.decode("ascii", "replace").strip())
        return codec.from_bare(content, checksum=self.checksum)


def _rename(path: Path, suffix: str) -> Path:
    if is_folder_at(path):
        return folder_beside(path, suffix.replace(".", "_"))
    return path.with_suffix(suffix)


def _convert(
    job: Job, console: Console, _: Workers, codec: Codec | None, form: _Form, force: bool
) -> None:
    check_overwriting(job.target, force)
    content = read_bytes(job.source)
    result = form.file(codec, content) if codec else form.content(content)
    write_bytes(job.target, result, force)
    console.result(f"{name_of(job)} -> {job.target}: {len(result)} of {len(content)} bytes")
