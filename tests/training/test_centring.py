"""Networks that shift the brightness of pictures are centred; a codec that does is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aecodec.arrays import Pixels
from aecodec.datasets.tiles import as_uint8
from aecodec.errors import ModelError
from aecodec.export.held_out import check_shift
from aecodec.keras_models.roles import Role, layer_with
from aecodec.training import Autoencoder, PriorOptions
from aecodec.training.exports import centre
from aecodec.training.picture_networks import picture_pair, start_from_klt


def test_each_channel_gets_the_mean_of_the_originals(photograph: Pixels, tmp_path: Path) -> None:
    pictures = [photograph[None, top : top + 130, :200] / np.float32(255) for top in (0, 130, 260)]
    pair = Autoencoder(*picture_pair((128, 192, 3), 64))
    whole = np.concatenate([picture[:, :128, :192] for picture in pictures])
    start_from_klt(*pair.models, whole, [0.01])
    pair.gains = np.array([[0.5], [2]], np.float32)
    linear = layer_with(pair.decoder, Role.LINEAR_PIXELS)
    kernel, bias = linear.get_weights()
    shift = np.array([0.02, -0.01, 0.005], np.float32)
    linear.set_weights([kernel, bias + np.tile(shift, len(bias) // 3)])
    centre(pair, whole, 2, pictures)
    codec = pair.to_codec(tmp_path, whole, "centred", pictures, 2, PriorOptions(1, 0))
    decoded = [codec.decompress(codec.compress(as_uint8(p)[0], level=1)) for p in pictures]
    errors = [np.asarray(d) - p[0] * 255 for d, p in zip(decoded, pictures, strict=True)]
    assert np.mean(errors, axis=(0, 1, 2)) == pytest.approx(np.zeros(3), abs=0.4)
    assert all(abs(level["mean_error"]) < 0.2 for level in codec.folder.measured["levels"])


def test_a_shift_beyond_chance_is_refused() -> None:
    check_shift(3, np.array([0.3, -0.1]), 0.1)
    check_shift(3, np.array([5.0]), 5.0)  # a single picture may do it by chance
    check_shift(3, np.array([0.9, -0.4, 0.1, 1.2]), 0.45)
    with pytest.raises(ModelError, match=r"level 3 changes .* by \+0\.45 grey levels"):
        check_shift(3, np.array([0.43, 0.46, 0.44, 0.47]), 0.45)
