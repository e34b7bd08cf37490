"""What an encoder codec and a decoder codec share: a folder, and one of its networks."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from aecodec.codec.execution import Execution
from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder
from aecodec.codec_files.spec import CodecSpec
from aecodec.engine.interface import Engine
from aecodec.engine.transform import Transform

if TYPE_CHECKING:
    from aecodec.engine.windows import Windows


@dataclass(frozen=True, eq=False, repr=False)
class CodecHalf:
    """One half of a codec.

    It pickles as its three attributes, without what was loaded meanwhile.

    Attributes:
        folder: the codec on disk.
        transform: the network; the folder's TFLite model, run by the engine, if None.
        execution: how it computes.
    """

    folder: CodecFolder
    transform: Transform | None = None
    execution: Execution = Execution()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.spec.name!r}, id {self.spec.codec_id.hex()})"

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def spec(self) -> CodecSpec:
        """What the codec is."""
        return self.folder.spec

    @property
    def tile_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of a tile."""
        return (*self.spec.tile, self.spec.channels)

    @property
    def engine(self) -> Engine:
        """The engine that runs the codec.

        Raises:
            UsageError: AECODEC_ENGINE names no engine that is installed.
        """
        return self.execution.selected_engine

    def network(self, half: Half) -> Transform:
        """The network of one half: the transform that was given, or the engine's.

        Raises:
            CodecError: the model is damaged, or belongs to another codec.
        """
        return self.transform or self.engine.network(self.folder, half, self.execution.workers)

    def windows(self) -> Windows:
        """How large pictures are cut into windows for a fully convolutional network."""
        from aecodec.engine.windows import Windows  # tiles of fixed size do not need it

        spec, execution = self.spec, self.execution
        return Windows(spec.tile, spec.receptive_field, execution.window, execution.workers)
