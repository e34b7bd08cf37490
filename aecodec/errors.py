"""The tree of errors: whoever catches :class:`AecodecError` catches all that aecodec raises.

Each class carries the exit status that the command line gives for it.
"""


class AecodecError(Exception):
    """Base class of every error that aecodec raises on purpose."""

    exit_status = 1


class UsageError(AecodecError):
    """A call that contradicts itself, or that would overwrite a file without permission."""

    exit_status = 2


class ImageError(AecodecError):
    """An image that cannot be read, or of a kind that is not supported."""

    exit_status = 3


class FormatError(AecodecError):
    """Bytes that are not a whole, undamaged `.aec` file that this version can read."""

    exit_status = 4


class CodecError(AecodecError):
    """A codec that is unknown, damaged, or not the one that made the file."""

    exit_status = 5


class InputError(AecodecError):
    """A file or folder that does not exist, or that the system does not let us read."""

    exit_status = 6


class ModelError(AecodecError):
    """A Keras model that cannot be trained, converted or quantized as a codec."""


class AecodecWarning(UserWarning):
    """Something was lost or changed that the caller may not expect."""
