"""Output of a command: results on standard output, everything else on standard error."""

import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from aecodec.base.errors import AecodecError, AecodecWarning
from aecodec.cli.shared.discovery import STANDARD, Source
from aecodec.cli.shared.jobs import Job
from aecodec.cli.shared.progress import Bar, echo

Item = TypeVar("Item")

Write = Callable[[str, bool], None]
"""Prints a line; the second argument says whether to standard error."""

Values = Mapping[str, Any]
"""The values of one result, by their names in JSON."""


class Console(NamedTuple):
    """Prints results as text or JSON, on standard error if standard output receives a file."""

    quiet: bool = False
    as_json: bool = False
    to_stderr: bool = False
    write: Write = echo

    def result(self, text: str | Sequence[str], values: Values | None = None) -> None:
        """Print a result, as one or several lines of text or as a line of JSON."""
        if self.as_json:
            self.write(json.dumps(values or {}), self.to_stderr)
        elif not self.quiet:
            for line in [text] if isinstance(text, str) else text:
                self.write(line, self.to_stderr)

    def note(self, text: str) -> None:
        if not self.quiet:
            self.write(text, True)

    def existing(self, name: str, reason: str) -> None:
        """Print a line of JSON for a file that was skipped because its result exists."""
        if self.as_json:
            self.write(json.dumps({"source": name, "skipped": reason}), self.to_stderr)

    def error(self, name: str, error: AecodecError) -> None:
        self.error_as_json(name, error)
        self.write(f"error: {name}: {error}", True)

    def error_as_json(self, name: str, error: AecodecError) -> None:
        """Print a line of JSON for a failed file, if the output is JSON."""
        if self.as_json:
            values = {"source": name, "error": str(error), "status": error.exit_status}
            self.write(json.dumps(values), self.to_stderr)

    @contextmanager
    def errors_as_json(self, name: object) -> Iterator[None]:
        """Print an error of the block as JSON before it ends the command."""
        try:
            yield
        except AecodecError as error:
            self.error_as_json(str(name), error)
            raise

    @contextmanager
    def warnings_about(self, name: object) -> Iterator[None]:
        """Print each warning of the block to standard error, even if the block fails."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                yield
            finally:
                for text in dict.fromkeys(str(warning.message) for warning in caught):
                    self.note(f"warning: {name}: {text}")

    @contextmanager
    def messages_as_they_come(self) -> Iterator[None]:
        """Print each new warning at once and, on a terminal, the steps of the work.

        A bar shows the progress of fitting priors.
        """
        printed: set[str] = set()

        def show(message: Warning | str, *_: object, **__: object) -> None:
            if str(message) not in printed:
                console.note(f"warning: {message}")
            printed.add(str(message))

        with warnings.catch_warnings(), self.bar("priors") as bar:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", AecodecWarning)
            warnings.showwarning, console = show, self._replace(write=bar.write)
            with console._steps(bar):
                yield

    @contextmanager
    def _steps(self, bar: Bar) -> Iterator[None]:
        logger, handler = logging.getLogger("aecodec"), logging.Handler()

        def emit(record: logging.LogRecord) -> None:
            if hasattr(record, "finished"):
                bar.update(*record.finished)
            else:
                self.note(f"{record.getMessage()} ...")

        handler.emit = emit  # type: ignore[method-assign]
        level, logger.propagate = logger.level, False  # TensorFlow's handler would print it too
        if sys.stderr.isatty():
            logger.addHandler(handler)
            logger.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = True

    def bar(self, title: str) -> Bar:
        """A progress bar, for use in a `with` statement."""
        return Bar(title, is_enabled=not self.quiet)

    def progress(self, items: Iterable[Item], count: int, title: str) -> Iterator[Item]:
        """Yield the items. If they take long, show a progress bar on a terminal."""
        with self.bar(title) as bar:
            for done, item in enumerate(items):
                bar.update(done, count)
                yield item


def name_of(item: object) -> str:
    path = item.source if isinstance(item, Job) else item
    path = path.path if isinstance(path, Source) else path
    return "standard input" if path == STANDARD else str(path)
