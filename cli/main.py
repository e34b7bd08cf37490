"""The `aecodec` command: gathers the commands, and turns errors into exit statuses."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn, Optional

import typer

from aecodec.atomic.termination import tidy_termination
from aecodec.cli.commands.codecs import codecs
from aecodec.cli.commands.compare import compare
from aecodec.cli.commands.compress import compress
from aecodec.cli.commands.decompress import decompress
from aecodec.cli.commands.demo import demo
from aecodec.cli.commands.evaluate import evaluate
from aecodec.cli.commands.export import export
from aecodec.cli.commands.info import info
from aecodec.cli.commands.train import train
from aecodec.cli.commands.verify import verify
from aecodec.cli.pages.report import report
from aecodec.cli.pages.web import web
from aecodec.cli.shared.progress import echo
from aecodec.cli.shared.stdout import complete_stdout, write_line
from aecodec.errors import AecodecError, memory_errors_wrapped
from aecodec.version import version

_EPILOG = (
    "Exit status: 0 done; 1 failed, or some of several inputs did; 2 usage; 3 unreadable or "
    "unsupported image; 4 damaged .aec file; 5 unknown or wrong codec; 6 an input that does not "
    "exist or cannot be opened; 7 .aec file larger than --max-pixels or --max-frames; 130 "
    "interrupted."
)

app = typer.Typer(
    name="aecodec",
    help="Compress images to tiny .aec files with trained autoencoders, and back.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # joins the lines of a docstring's paragraphs
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    compress,
    decompress,
    info,
    verify,
    compare,
    evaluate,
    report,
    web,
    codecs,
    demo,
    train,
    export,
):
    app.command(epilog=_EPILOG)(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        write_line(f"aecodec {version()}")
        raise typer.Exit


@app.callback()
def _options(
    show_version: Annotated[
        Optional[bool],  # noqa: UP045 - Typer on Python 3.10 reads this form
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = None,
) -> None:
    """Compress images to tiny .aec files with trained autoencoders, and back."""


def run() -> None:
    """Run the command; bad input never ends in a traceback."""
    try:
        with tidy_termination(), complete_stdout(), memory_errors_wrapped():
            app(prog_name="aecodec")
    except AecodecError as error:
        _fail(str(error), error.exit_status)
    except OSError as error:  # of the file system, where no command expects it
        _fail(str(error), AecodecError.exit_status)


def _fail(reason: str, status: int) -> NoReturn:
    echo(f"error: {reason}", to_stderr=True)
    sys.exit(status)
