"""Codecs with any tables, which have no networks, and codecs with another specification."""

from __future__ import annotations

import json
from pathlib import Path

from aecodec.codec_files.file_names import CODEC_JSON
from aecodec.codec_files.folder import CodecFolder, write_folder
from aecodec.codec_files.priors_file import save_priors
from aecodec.codec_files.spec import CodecSpec
from aecodec.coding.levels import Level
from aecodec.entropy.prior import Prior

TILE = (4, 5)
SPARE = 3  # channels of other levels


def folder_of(
    prior: Prior, level: Level, channels: int, receptive_field: int, path: Path
) -> CodecFolder:
    """A codec with these tables, and without networks."""
    spec = CodecSpec("any", TILE, channels, (level.stop + SPARE,), (level,), 1, receptive_field)
    contents = {"priors.npz": save_priors([prior]), "decoder.tflite": b""}
    return write_folder(path, spec, contents, {})


def change_spec(folder: Path, **changes: object) -> None:
    """Change values of the specification of a codec, and so its id."""
    values = json.loads((folder / CODEC_JSON).read_text("utf-8"))
    values["spec"] |= changes
    (folder / CODEC_JSON).write_text(json.dumps(values), "utf-8")
