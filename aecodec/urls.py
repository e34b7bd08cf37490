"""URLs of objects, such as `s3://bucket/a.png`, as paths whose files fsspec reads and writes."""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from aecodec.errors import UsageError

if TYPE_CHECKING:
    from typing_extensions import Self

    _Base = Path
else:
    _Base = type(Path())  # the path class of this system; before Python 3.12, Path cannot be a base

_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]+://")
_COLLAPSED = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]+:/")
_PASSWORD = r"(:/{1,2}[^/?#\s:@]*):[^/?#\s]*@"
_SECRET = (
    r"(?i)([?&;][^=&\s]*(?:sig|signature|token|key|keyid|accessid|credential|password|secret)=)"
    r"[^&#;\s'\"]*"
)
_LOCAL = "file://"
_PAGES = ("http:", "https:")
"""Prefixes of URLs of web pages, which are never folders."""


class Url(_Base):
    """The URL of an object or a folder of objects, with the interface of a path.

    Operations that fail raise an `OSError` that says why, as for files. Operations of paths that
    this class does not define raise a TypeError. `str` masks passwords and signatures.

    >>> Url("s3://bucket/scans") / "a.png"
    Url('s3://bucket/scans/a.png')
    >>> Url("s3://bucket/scans/a.png").with_suffix(".aec").relative_to(Url("s3://bucket"))
    Url('scans/a.aec')
    """

    _is_listed = False
    """Whether a listing described this URL, so that the store need not be asked again."""

    _listed_size: int | None = None
    """Size of the listed object in bytes; None if there is no object."""

    _listed_time: datetime | None = None
    """Time of the last change of the listed object; None if the listing does not state it."""

    def listed(self, size: int | None, modified: datetime | None = None) -> Self:
        """Return the same URL with what a listing states: size in bytes, and time of last change.

        Without a size, there is no object.

        >>> Url("s3://bucket/a.png").listed(None).exists()
        False
        """
        url = type(self)(self)
        url._is_listed, url._listed_size, url._listed_time = True, size, modified
        return url

    def __reduce__(self) -> tuple[type[Url], tuple[str], dict[str, Any]]:
        return type(self), (self.address,), vars(self)

    @property
    def address(self) -> str:
        """The URL with its passwords and signatures, which messages must not show."""
        return _COLLAPSED.sub(lambda match: f"{match[0]}/", super().__str__(), count=1)

    @property
    def name(self) -> str:
        """The last part without the query of a web page."""
        name = super().name
        return name.partition("?")[0] if self.address.startswith(_PAGES) else name

    def __str__(self) -> str:
        return masked(self.address)

    def __repr__(self) -> str:
        return f"Url({str(self)!r})"

    def __fspath__(self) -> NoReturn:
        raise TypeError(f"{self} is a URL, not a path of this system")

    def exists(self, **_: Any) -> bool:
        """Whether an object or a folder exists at this URL."""
        return self._listed_size is not None if self._is_listed else bool(self._ask("exists"))

    def is_file(self, **_: Any) -> bool:
        return self._listed_size is not None if self._is_listed else bool(self._ask("isfile"))

    def is_dir(self, **_: Any) -> bool:
        """Whether a folder exists at this URL; web pages are never folders."""
        is_known = self._is_listed or str(self).startswith(_PAGES)
        return not is_known and bool(self._ask("isdir"))

    def rglob(self, *_: Any, **__: Any) -> Generator[Self, None, None]:
        """Yield the objects of a folder, at any depth, sorted by name.

        Raises OSError if the folder cannot be listed, or a name in it has a zero byte.
        """
        with self._file_system() as (system, path):
            entries = system.find(path, detail=True)
            if any("\0" in name for name in entries):
                raise ValueError("a name in it has a zero byte, which files cannot have")
        for name, facts in sorted(entries.items()):
            url = self / name.removeprefix(path).lstrip("/")
            yield url.listed(facts["size"], facts.get("LastModified"))  # as S3's listings name it

    def size(self) -> int:
        """Size of the object in bytes."""
        return int(self._ask("size")) if self._listed_size is None else self._listed_size

    def modified(self) -> float:
        """Time of the last change, in seconds since 1970-01-01 00:00 UTC."""
        modified: datetime = self._listed_time or self._ask("modified")
        return modified.timestamp()

    def open(self, *_: Any, **__: Any) -> IO[Any]:  # type: ignore[override]  # only reads bytes
        return io.BytesIO(self.read_bytes())

    def read_bytes(self) -> bytes:
        return bytes(self._ask("cat_file"))

    def read_range(self, start: int, stop: int) -> bytes:
        """Read the bytes from an offset up to another; all of them if the server ignores ranges."""
        return bytes(self._ask("cat_file", start=start, end=stop))

    def _ask(self, method: str, **options: int) -> Any:
        """Call a method of the file system with the path in it."""
        with self._file_system() as (system, path):
            return getattr(system, method)(path, **options)

    def write(self, content: bytes, *, replace: bool) -> None:
        """Write an object atomically.

        Raises FileExistsError if it exists and `replace` is False, and OSError if it cannot be
        written.
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
        """Yield the file system and the path in it; convert errors of the block to `OSError`."""
        try:
            import fsspec

            yield fsspec.core.url_to_fs(self.address, use_listings_cache=False)
        except FileNotFoundError as error:
            raise FileNotFoundError(errno.ENOENT, "no such object or bucket", str(self)) from error
        except FileExistsError as error:
            raise FileExistsError(errno.EEXIST, "already exists", str(self)) from error
        except ImportError as error:
            reason = (
                f"{masked(str(error))}: pip install 'aecodec[cloud]', or the package named here"
            )
            raise OSError(errno.ENOSYS, reason, str(self)) from error
        except Exception as error:  # libraries have their own types of errors
            reason = masked(str(error)) or type(error).__name__
            raise OSError(errno.EIO, reason, str(self)) from error


def _create(system: Any, path: str, content: bytes) -> None:
    """Create an object; stores that support it check atomically that it does not exist."""
    try:
        system.pipe_file(path, content, mode="create")
    except OSError as error:  # not all S3 servers say why they fail
        if system.exists(path):
            raise FileExistsError(path) from error
        raise


def masked(text: str) -> str:
    """Mask the passwords and signatures of URLs in a text.

    >>> masked("ftp://me:secret@host/a.png and https://host/b.png?v=2&X-Amz-Signature=0f")
    'ftp://me:***@host/a.png and https://host/b.png?v=2&X-Amz-Signature=***'
    """
    return re.sub(_SECRET, r"\1***", re.sub(_PASSWORD, r"\1:***@", text))


def check_is_local(path: Path) -> None:
    """Raise UsageError if a path was made of a URL.

    >>> check_is_local(Path("a:/b.png"))
    """
    looks_like_url = not isinstance(path, Url) and _COLLAPSED.match(str(path))
    if looks_like_url and not os.path.isdir(path.parts[0]):
        raise UsageError(f"{masked(str(path))}: URLs are not accepted here; give a local path")


def path_or_url(text: str) -> Path:
    """Convert a path or URL that a user typed.

    >>> path_or_url("scans/a.png") == Path("scans/a.png"), path_or_url("memory://a.png")
    (True, Url('memory://a.png'))
    >>> path_or_url("file:///tmp/a.png") == Path("/tmp/a.png")
    True
    """
    if text.startswith(_LOCAL):
        return Path(text.removeprefix(_LOCAL))
    return Url(text) if _PREFIX.match(text) else Path(text)
