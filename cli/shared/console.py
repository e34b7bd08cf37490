"""What a command says: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import typer

from aecodec.cli.shared.jobs import STANDARD, Job
from aecodec.errors import AecodecError, AecodecWarning

Item = TypeVar("Item")

_MIN_FOR_BAR = 20
_SOME_FAILED = 1


@dataclass(frozen=True)
class Console:
    """Where and how a command reports.

    Attributes:
        quiet: report errors alone.
        as_json: one line of JSON per result.
        to_stderr: standard output carries a file, so results go to standard error.
    """

    quiet: bool = False
    as_json: bool = False
    to_stderr: bool = False

    def result(self, text: str, values: Mapping[str, Any] | None = None) -> None:
        """Report one result, as a line for people or as a line of JSON."""
        if self.as_json:
            typer.echo(json.dumps(dict(values or {})), err=self.to_stderr)
        elif not self.quiet:
            typer.echo(text, err=self.to_stderr)

    def note(self, text: str) -> None:
        """Say something about the whole call on standard error."""
        if not self.quiet:
            typer.echo(text, err=True)

    @contextmanager
    def warnings_about(self, name: object) -> Iterator[None]:
        """Print the warnings of a block as lines on standard error."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        for warning in caught:
            self._warn(f"{name}: {warning.message}")

    @contextmanager
    def warnings_as_they_come(self) -> Iterator[None]:
        """Print the package's warnings of a block at once, each text only once."""
        printed: set[str] = set()

        def show(message: Warning | str, *_: object, **__: object) -> None:
            if str(message) not in printed:
                self._warn(str(message))
            printed.add(str(message))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", AecodecWarning)
            warnings.showwarning = show
            yield

    def _warn(self, text: str) -> None:
        if not self.quiet:
            typer.echo(f"warning: {text}", err=True)

    def run_all(self, items: Sequence[Item], work: Callable[[Item], None]) -> None:
        """Do the work for each item, and go on past those that fail.

        Raises:
            AecodecError: the error of the item, if it is the only one.
            typer.Exit: with status 1, if some of several failed.
        """
        if len(items) == 1:
            _do(items[0], work)
            return
        shown = self.progress(items, len(items), "")
        failed = sum(not _succeeds(item, work) for item in shown)
        if failed:
            typer.echo(f"{failed} of {len(items)} failed", err=True)
            raise typer.Exit(_SOME_FAILED)

    def progress(self, items: Iterable[Item], count: int, title: str) -> Iterable[Item]:
        """The items as they are taken, with a progress bar on a terminal if they are many."""
        if self.quiet or count < _MIN_FOR_BAR or not sys.stderr.isatty():
            return items
        from rich.console import Console as RichConsole
        from rich.progress import track

        stderr = RichConsole(stderr=True)
        return track(items, title, total=count, console=stderr, transient=True)


def _succeeds(item: Item, work: Callable[[Item], None]) -> bool:
    try:
        _do(item, work)
    except AecodecError as error:
        typer.echo(f"error: {error}", err=True)
        return False
    return True


def _do(item: Item, work: Callable[[Item], None]) -> None:
    with errors_about(name_of(item)):
        work(item)


@contextmanager
def errors_about(name: str) -> Iterator[None]:
    """Prefix the errors of a block with the name of the file that they are about."""
    try:
        yield
    except AecodecError as error:
        raise type(error)(f"{name}: {error}") from error


def name_of(item: object) -> str:
    """Name of an input in messages."""
    path = item.source if isinstance(item, Job) else item
    return "standard input" if path == STANDARD else str(path)
