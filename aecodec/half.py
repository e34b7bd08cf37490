"""What an encoder codec and a decoder codec share: a folder, and a network out of it."""

from __future__ import annotations

from dataclasses import dataclass

from aecodec.spec import CodecFolder, CodecSpec
from aecodec.transforms import ConvolutionalTransform, LiteRtTransform, Transform


@dataclass(frozen=True, eq=False)
class HalfCodec:
    """What the two halves share.

    Attributes:
        folder: the codec.
        transform: the network; LiteRT with the folder's TFLite model if None.
    """

    folder: CodecFolder
    transform: Transform | None = None

    @property
    def spec(self) -> CodecSpec:
        """What the codec is."""
        return self.folder.spec

    @property
    def tile_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of what the networks see at once."""
        return (*self.spec.tile, self.spec.channels)

    def litert(self, name: str, shape_in: tuple[int, ...], shape_out: tuple[int, ...]) -> Transform:
        """A TFLite model of the folder.

        Raises:
            CodecError: it is damaged, or of other shapes.
        """
        if self.spec.reach:
            any_size = ConvolutionalTransform(self.folder.read(name))
            any_size.check_channels(shape_in[-1], shape_out[-1])
            return any_size
        loaded = LiteRtTransform(self.folder.read(name))
        loaded.check_shapes(shape_in, shape_out)
        return loaded
