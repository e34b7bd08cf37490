"""How codecs compute, and the base class of encoder codecs and decoder codecs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from aecodec.codec_files.file_names import Half
from aecodec.codec_files.folder import CodecFolder, check_folder
from aecodec.codec_files.spec import CodecSpec
from aecodec.engine.choice import Engine, default_engine
from aecodec.engine.transform import Transform
from aecodec.parallel import Workers

if TYPE_CHECKING:
    from aecodec.engine.windows import Windows


class Execution(NamedTuple):
    """How a codec computes: its engine (by default the installation's) and the threads of loops.

    `window` is the longest side, in tiles, of the windows in which networks see a large picture.
    """

    engine: Engine | None = None
    window: int = 96
    workers: Workers = Workers()

    @property
    def selected_engine(self) -> Engine:
        """The engine, by default the installation's; UsageError if AECODEC_ENGINE is unknown."""
        return self.engine or default_engine()


class CodecHalf:
    """One half of a codec.

    It pickles as its attributes, without loaded networks. `transform` is the network; if it is
    None, the engine runs the folder's TFLite model.
    """

    def __init__(
        self,
        folder: CodecFolder,
        transform: Transform | None = None,
        execution: Execution = Execution(),
    ) -> None:
        check_folder(folder)
        self.folder, self.transform, self.execution = folder, transform, execution

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.spec.name!r}, id {self.spec.codec_id.hex()})"

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("folder", "transform", "execution")}

    @property
    def spec(self) -> CodecSpec:
        return self.folder.spec

    @property
    def engine(self) -> Engine:
        """The engine that runs the codec.

        Raises UsageError if AECODEC_ENGINE names an unknown engine.
        """
        return self.execution.selected_engine

    def network(self, half: Half) -> Transform:
        """Return `transform` or, if it is None, the engine's network of a half.

        Raises CodecError if the model is damaged or belongs to another codec.
        """
        return self.transform or self.engine.network(self.folder, half, self.execution.workers)

    def windows(self) -> Windows:
        """Describe the windows in which a fully convolutional network sees large pictures."""
        from aecodec.engine.windows import Windows  # tiles of fixed size do not need it

        spec, execution = self.spec, self.execution
        return Windows(spec.tile, spec.receptive_field, execution.window, execution.workers)
