"""The text form of bytes, for pages and databases: base64url of RFC 4648 without padding."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from aecodec.base.errors import FormatError


def to_text(data: bytes) -> str:
    """Convert bytes to text: 4 characters for 3 bytes."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def from_text(text: str) -> bytes:
    """Convert text to bytes; raise FormatError for text that no encoder writes."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:  # an unknown character or a wrong length
        data = b""
    if to_text(data) != text:
        raise FormatError("damaged: not base64url text; the text may have been cut or changed")
    return data
