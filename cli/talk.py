"""What a command says: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import typer

from aecodec.cli.files import STANDARD, Job
from aecodec.errors import AecodecError, AecodecWarning

Item = TypeVar("Item")

_WORTH_A_BAR = 20
_SOME_FAILED = 1


@contextmanager
def warnings_about(name: object, quiet: bool) -> Iterator[None]:
    """Print the warnings of a block as lines on stderr."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        if not quiet:
            typer.echo(f"warning: {name}: {warning.message}", err=True)


@contextmanager
def warnings_as_they_come(quiet: bool) -> Iterator[None]:
    """Print the package's warnings of a block at once, each text one time."""
    said = set()

    def show(message: Warning | str, *_: object, **__: object) -> None:
        if str(message) not in said and not quiet:
            typer.echo(f"warning: {message}", err=True)
        said.add(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", AecodecWarning)
        warnings.showwarning = show
        yield


def result(text: str, values: dict[str, Any], as_json: bool, quiet: bool, to_stderr: bool) -> None:
    """One result, as a line for people or as a line of JSON."""
    if as_json:
        typer.echo(json.dumps(values), err=to_stderr)
    elif not quiet:
        typer.echo(text, err=to_stderr)


def run_all(items: Sequence[Item], work: Callable[[Item], None], quiet: bool) -> None:
    """Do the work for each item, past those that fail.

    Raises:
        AecodecError: that of the item, if it was the only one.
        typer.Exit: with status 1, if some of several failed.
    """
    if len(items) == 1:
        _named(items[0], work)
        return
    shown = progress(items, len(items), "", quiet)
    failed = [error for item in shown if (error := _failure(item, work))]
    if failed:
        typer.echo(f"{len(failed)} of {len(items)} failed", err=True)
        raise typer.Exit(_SOME_FAILED)


def _failure(item: Item, work: Callable[[Item], None]) -> AecodecError | None:
    try:
        _named(item, work)
    except AecodecError as error:
        typer.echo(f"error: {error}", err=True)
        return error
    return None


def _named(item: Item, work: Callable[[Item], None]) -> None:
    with errors_about(name_of(item)):
        work(item)


@contextmanager
def errors_about(name: str) -> Iterator[None]:
    """Let the errors of a block name a file."""
    try:
        yield
    except AecodecError as error:
        raise type(error)(f"{name}: {error}") from error


def name_of(item: object) -> str:
    """How messages call an input."""
    path = item.source if isinstance(item, Job) else item
    return "standard input" if path == STANDARD else str(path)


def progress(items: Iterable[Item], count: int, title: str, quiet: bool) -> Iterable[Item]:
    """Items as they are taken, with a bar on the terminal where there are many."""
    if quiet or count < _WORTH_A_BAR or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, title, total=count, console=Console(stderr=True), transient=True)
