"""The `aecodec` program: runs the requested command and turns errors into exit statuses."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from typing import Annotated

import typer

from aecodec.base.errors import AecodecError, UsageError, memory_errors_wrapped
from aecodec.base.version import version
from aecodec.cli.shared.progress import echo
from aecodec.cli.shared.stdout import complete_stdout, write_line

_EPILOG = (
    "Exit status: 0 success; 1 some of several inputs failed, or another error; 2 usage "
    "error; 3 unreadable or unsupported image; 4 damaged .aec file; 5 unknown or wrong codec; "
    "6 input does not exist or cannot be opened; 7 .aec file exceeds --max-pixels or "
    "--max-frames; 130 interrupted."
)

_COMMANDS = (
    "compress",
    "decompress",
    "stack",
    "trim",
    "payload",
    "preview",
    "info",
    "verify",
    "compare",
    "evaluate",
    "web",
    "codecs",
    "demo",
    "train",
    "import",
    "export",
)
"""The commands in the order of the help. `info` is the function `commands.info.info`; `import`, a
keyword of Python, is `commands.import_.import_`."""


def _print_version(is_requested: bool) -> None:
    if is_requested:
        write_line(f"aecodec {version()}")
        raise typer.Exit


def _options(
    show_version: Annotated[
        bool | None,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = None,
) -> None:
    """Compress images to tiny .aec files with trained autoencoders, and decompress them."""


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """The application. Of the modules of commands, only that of a named command is loaded."""
    app = typer.Typer(
        name="aecodec",
        epilog=_EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",  # joins the lines of a docstring's paragraphs
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    command = arguments[0] if arguments else ""
    for name in (command,) if command in _COMMANDS else _COMMANDS:
        function = f"{name}_" if iskeyword(name) else name
        module = import_module(f"aecodec.cli.commands.{function}")
        app.command(name)(getattr(module, function))
    return app


def main() -> None:
    gc.freeze()  # or collections would examine the objects of all modules again and again
    run()


def run() -> None:
    """Run the command; exit with the status of its error, if any, and a line on standard error."""
    try:
        with complete_stdout(), memory_errors_wrapped():
            if "" in sys.argv[1:]:  # which would name the current folder
                raise UsageError("an argument is empty: check that your shell variables are set")
            app_for(sys.argv[1:])(prog_name="aecodec")
    except (AecodecError, OSError) as error:  # OSError: of a file system, if no command handles it
        echo(f"error: {error}", to_stderr=True)
        sys.exit(getattr(error, "exit_status", AecodecError.exit_status))
