"""Packed residual networks, which the library runs."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from aecodec.errors import CodecError


@dataclass(frozen=True, eq=False)
class ResidualNetworks:
    """Packed networks (docs/FORMAT.md, section 13). Raises CodecError if their head is damaged."""

    content: bytes

    def __post_init__(self) -> None:
        if len(self.content) < 4 or self.content[0] > 1 or not self.content[1]:
            raise CodecError("the residual networks are damaged: their head is unknown")

    @property
    def has_base(self) -> bool:
        """Whether samples have a base."""
        return bool(self.content[0])

    @property
    def count(self) -> int:
        """Number of networks; bands without a network of their own use the last one."""
        return self.content[1]

    @cached_property
    def identity(self) -> bytes:
        """The first 4 bytes of the SHA-256 of the packed networks."""
        return hashlib.sha256(self.content).digest()[:4]
