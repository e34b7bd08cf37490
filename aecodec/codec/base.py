"""What an encoder codec and a decoder codec share: a folder, and one of its networks."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from aecodec.arrays import Pixels
from aecodec.codec.execution import Execution
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec
from aecodec.engine.litert import ConvolutionalTransform, TileTransform
from aecodec.engine.transform import Transform
from aecodec.errors import CodecError
from aecodec.imaging import planes

if TYPE_CHECKING:
    from aecodec.engine.windows import Windows


@dataclass(frozen=True, eq=False, repr=False)
class CodecHalf:
    """One half of a codec.

    It pickles as its three attributes, without what was loaded meanwhile.

    Attributes:
        folder: the codec on disk.
        transform: the network; the folder's TFLite model in LiteRT if None.
        execution: how it computes.
    """

    folder: CodecFolder
    transform: Transform | None = None
    execution: Execution = Execution()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.spec.name!r}, id {self.spec.codec_id.hex()})"

    def __getstate__(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def spec(self) -> CodecSpec:
        """What the codec is."""
        return self.folder.spec

    @property
    def tile_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of a tile."""
        return (*self.spec.tile, self.spec.channels)

    def to_planes(self, pixels: Pixels) -> Pixels:
        """Pictures (F, H, W, C) as the networks see them: with the channels of the codec."""
        return planes.to_planes(pixels, self.spec.channels)

    def from_planes(self, pixels: Pixels, frames: int, channels: int) -> Pixels:
        """What :meth:`to_planes` made, back to pictures (F, H, W, C)."""
        return planes.from_planes(pixels, frames, channels)

    def litert(self, name: str, shape_in: tuple[int, ...], shape_out: tuple[int, ...]) -> Transform:
        """Load a TFLite model of the folder.

        Raises:
            CodecError: it is damaged, or no model of this codec.
        """
        content = self.folder.read(name)
        try:
            if self.spec.receptive_field:
                convolutional = ConvolutionalTransform(content)
                convolutional.check_channels(shape_in[-1], shape_out[-1])
                return convolutional
            loaded = TileTransform(content, self.execution.workers)
            loaded.check_shapes(shape_in, shape_out)
            return loaded
        except CodecError as error:
            raise CodecError(f"{self.folder.path / name}: {error}") from error

    def windows(self) -> Windows:
        """How large pictures are cut into windows for a fully convolutional network."""
        from aecodec.engine.windows import Windows  # tiles of fixed size do not need it

        spec, execution = self.spec, self.execution
        return Windows(spec.tile, spec.receptive_field, execution.window, execution.workers)
