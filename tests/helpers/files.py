"""Making files that an attacker would make."""

from __future__ import annotations

import zlib


def with_checksum(body: bytes) -> bytes:
    """Append the checksum that an `.aec` file of this content has."""
    return body + zlib.crc32(body).to_bytes(4, "little")
