"""Objects at URLs, such as `s3://bucket/a.png`, which fsspec reads.

URLs are passed as paths, although `pathlib` shortens their text to `s3:/bucket/a.png`.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any

from aecodec.base.errors import UsageError

_PREFIX = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+:)/+")
_PASSWORD = r"(:/{1,2}[^/?#\s:@]*):[^/?#\s]*@"
_SECRET = (
    r"(?i)([?&;][^=&\s]*(?:sig|signature|token|key|keyid|accessid|credential|password|secret)=)"
    r"[^&#;\s'\"]*"
)


def is_url(path: Path) -> bool:
    """Whether a path is a URL, and not in a folder such as `run:`.

    >>> is_url(Path("s3://bucket/a.png")), is_url(Path("scans/a.png")), is_url(Path("c:/a.png"))
    (True, False, False)
    """
    return bool(_PREFIX.match(path.as_posix())) and not os.path.isdir(path.parts[0])


def check_is_local(path: Path) -> None:
    if is_url(path):
        raise UsageError(
            f"{masked(str(path))}: use a local path, not a URL (-o sets the output path)"
        )


def object_size(url: Path) -> int:
    """Size of an object in bytes; OSError if it does not exist or the server does not report it."""
    size = _ask(url, "size")
    if size is None:
        raise OSError(errno.EIO, "the server reports no file size", masked(str(url)))
    return int(size)


def read_object(url: Path, start: int | None = None, stop: int | None = None) -> bytes:
    """The bytes from `start` to `stop`; all bytes if the server ignores ranges. Or OSError."""
    return bytes(_ask(url, "cat_file", start=start, end=stop))


def _ask(url: Path, method: str, **options: Any) -> Any:
    """Call a method of fsspec's file system with the path in it; OSError if it fails."""
    name = masked(str(url))
    if name.startswith("file:"):
        raise OSError(errno.EINVAL, "use a path without file://", name)
    try:
        import fsspec

        address = _PREFIX.sub(r"\1//", url.as_posix(), count=1)
        system, path = fsspec.core.url_to_fs(address, use_listings_cache=False)
        return getattr(system, method)(path, **options)
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, "no such object or bucket", name) from error
    except ImportError as error:
        reason = f"{error}: for s3:// and https://, run pip install 'aecodec[cloud]'"
        raise OSError(errno.ENOSYS, masked(reason), name) from error
    except Exception as error:  # libraries have their own types of errors
        raise OSError(errno.EIO, masked(str(error)) or type(error).__name__, name) from error


def masked(text: str) -> str:
    """Mask the passwords and signatures of URLs in text.

    >>> masked("ftp://me:secret@host/a.png and https://host/b.png?v=2&X-Amz-Signature=0f")
    'ftp://me:***@host/a.png and https://host/b.png?v=2&X-Amz-Signature=***'
    """
    return re.sub(_SECRET, r"\1***", re.sub(_PASSWORD, r"\1:***@", text))
