"""Objects by their URLs, such as `s3://bucket/a.png`: paths whose files fsspec reads and writes.

What a program does with a path, such as joining names and reading bytes, it does with these too.
"""

from __future__ import annotations

import errno
import io
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from aecodec.parallel import COMPUTE_LOCK

if TYPE_CHECKING:
    from typing_extensions import Self

    _Base = Path
else:
    _Base = type(Path())  # what a path of this system is: Path itself makes another one

_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]+://")
_COLLAPSED = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]+:/")
_LOCAL = "file://"
_PAGES = ("http:", "https:")
"""Beginnings of the URLs of web pages, which are never folders."""


class Url(_Base):
    """The URL of an object or of a folder of objects, with the interface of a path.

    Operations that fail raise an `OSError` that says why, as for files. Operations of paths that
    are not defined here raise a TypeError, as the system has no such path.

    >>> Url("s3://bucket/scans") / "a.png"
    Url('s3://bucket/scans/a.png')
    >>> Url("s3://bucket/scans/a.png").with_suffix(".aec").relative_to(Url("s3://bucket"))
    Url('scans/a.aec')
    """

    _is_listed = False
    """Whether a listing said what exists at this URL, so that the store is not asked again."""

    _listed_size: int | None = None
    """Size of the object in bytes, by the listing; None if there is none."""

    def listed(self, size: int | None) -> Self:
        """The same URL, with what a listing said of it.

        Args:
            size: size of the object in bytes; None if there is none.

        >>> Url("s3://bucket/a.png").listed(None).exists()
        False
        """
        url = type(self)(str(self))
        url._is_listed, url._listed_size = True, size
        return url

    def __reduce__(self) -> tuple[Callable[..., Url], tuple[str, bool, int | None]]:
        return _unpickled, (str(self), self._is_listed, self._listed_size)

    def __str__(self) -> str:
        return _COLLAPSED.sub(lambda found: f"{found[0]}/", super().__str__(), count=1)

    def __repr__(self) -> str:
        return f"Url({str(self)!r})"

    def __fspath__(self) -> NoReturn:
        raise TypeError(f"{self} is no path of this system")

    def exists(self, **_: Any) -> bool:
        """Whether there is an object or a folder."""
        if self._is_listed:
            return self._listed_size is not None
        with self._file_system() as (system, path):
            return bool(system.exists(path))

    def is_file(self, **_: Any) -> bool:
        """Whether it is an object."""
        if self._is_listed:
            return self._listed_size is not None
        with self._file_system() as (system, path):
            return bool(system.isfile(path))

    def is_dir(self, **_: Any) -> bool:
        """Whether it is a folder; a web page never is."""
        if self._is_listed or str(self).startswith(_PAGES):
            return False
        with self._file_system() as (system, path):
            return bool(system.isdir(path))

    def rglob(self, *_: Any, **__: Any) -> Generator[Self, None, None]:
        """The objects of a folder, at any depth, sorted.

        Raises:
            OSError: the folder cannot be listed, or the listing has a name that no file can have.
        """
        with self._file_system() as (system, path):
            found = system.find(path, detail=True)
            if any("\0" in name for name in found):
                raise ValueError("a name in it has a zero byte, which no file's name has")
        for name, about in sorted(found.items()):
            yield (self / name.removeprefix(path).lstrip("/")).listed(about["size"])

    def size(self) -> int:
        """Size of the object in bytes."""
        if self._listed_size is not None:
            return self._listed_size
        with self._file_system() as (system, path):
            return int(system.size(path))

    def modified(self) -> float:
        """Seconds from 1970-01-01 00:00 UTC to when the object was written."""
        with self._file_system() as (system, path):
            when: datetime = system.modified(path)
            return when.timestamp()

    def open(self, *_: Any, **__: Any) -> IO[Any]:  # type: ignore[override]  # reads bytes alone
        """The content of the object, to be read."""
        return io.BytesIO(self.read_bytes())

    def read_bytes(self) -> bytes:
        """The content of the object."""
        with self._file_system() as (system, path):
            return bytes(system.cat_file(path))

    def write(self, content: bytes, *, replace: bool) -> None:
        """Make an object, which appears whole or not at all.

        Args:
            content: bytes of the object.
            replace: replace one that exists.

        Raises:
            FileExistsError: it exists, and is not to be replaced.
            OSError: it cannot be written.
        """
        with self._file_system() as (system, path):
            if replace:
                system.pipe_file(path, content)
            elif self.exists():
                raise FileExistsError(path)
            else:
                _create(system, path, content)

    @contextmanager
    def _file_system(self) -> Iterator[tuple[Any, str]]:
        """The file system and the path in it; whatever fails in the block becomes an `OSError`."""
        try:
            import fsspec

            with COMPUTE_LOCK.released():  # an object store takes its time to answer
                yield fsspec.core.url_to_fs(str(self), use_listings_cache=False)
        except FileNotFoundError as error:
            raise FileNotFoundError(errno.ENOENT, "no such object or bucket", str(self)) from error
        except FileExistsError as error:
            raise FileExistsError(errno.EEXIST, "exists already", str(self)) from error
        except ImportError as error:
            reason = f"{error}: pip install 'aecodec[cloud]', or what is named there"
            raise OSError(errno.ENOSYS, reason, str(self)) from error
        except Exception as error:  # each library has its own types of errors
            reason = str(error) or type(error).__name__
            raise OSError(errno.EIO, reason, str(self)) from error


def _create(system: Any, path: str, content: bytes) -> None:
    """Make an object; stores that can refuse to replace one do so themselves."""
    try:
        system.pipe_file(path, content, mode="create")
    except OSError as error:  # not all servers of S3 say why they refuse
        if system.exists(path):
            raise FileExistsError(path) from error
        raise


def _unpickled(text: str, is_listed: bool, size: int | None) -> Url:
    """The URL that was pickled as these values."""
    return Url(text).listed(size) if is_listed else Url(text)


def path_or_url(text: str) -> Path:
    """Read a path or a URL, as users type it.

    >>> path_or_url("scans/a.png") == Path("scans/a.png"), path_or_url("memory://a.png")
    (True, Url('memory://a.png'))
    >>> path_or_url("file:///tmp/a.png") == Path("/tmp/a.png")
    True
    """
    if text.startswith(_LOCAL):
        return Path(text.removeprefix(_LOCAL))
    return Url(text) if _PREFIX.match(text) else Path(text)
