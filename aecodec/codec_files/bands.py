"""Bands of a codec, in its specification."""

from dataclasses import dataclass
from typing import Any

from aecodec.format.samples import MAX_BANDS
from aecodec.imaging.transfer import PHASES

_MAX_NAME = 100


def is_name(text: str) -> bool:
    """Whether a band can have this name."""
    return text.isprintable() and 1 <= len(text) <= _MAX_NAME


@dataclass(frozen=True)
class Bands:
    """The bands of a codec.

    Attributes:
        phases: P, the number of 8-bit channels per band of the networks: 1, 2, 4 or 8. A band has
            the values 0 to 255 P.
        names: names of the bands.
        file_limits: whether a file may have its own limits instead of the codec's.

    Raises:
        ValueError: an attribute is out of range.

    >>> Bands(4, ("red", "near infrared")).count
    2
    """

    phases: int
    names: tuple[str, ...]
    file_limits: bool = False

    def __post_init__(self) -> None:
        if self.phases not in PHASES or not 1 <= len(self.names) <= MAX_BANDS:
            raise ValueError(f"{self.phases} phases or {len(self.names)} bands are out of range")
        if not all(map(is_name, self.names)):
            raise ValueError(f"the name of a band does not have 1 to {_MAX_NAME} printable letters")

    @property
    def count(self) -> int:
        """Number of bands."""
        return len(self.names)

    @property
    def network_channels(self) -> int:
        """Number of channels of the networks on the side of the picture."""
        return self.count * self.phases

    def as_json(self) -> dict[str, Any]:
        """The bands as stored in `codec.json`."""
        return {"phases": self.phases, "names": self.names, "file_limits": self.file_limits}
