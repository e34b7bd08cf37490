"""Network plans: the codecs that ship, any size, memory, and what is refused."""

import shutil

import numpy as np
import pytest
from helpers.c.library import BUFFER_TOO_SMALL
from helpers.c.network import BAD_NETWORK, OTHER_SIZE, CNetwork, all_kernels

from aecodec import Codec
from aecodec.base.arrays import Pixels
from aecodec.codec_files.file_names import Half
from aecodec.compiler.network_plan import network_plan
from aecodec.compiler.reference import reference_transform

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here")


@pytest.fixture(scope="module")
def photo_plans(photo: Codec) -> dict[Half, bytes]:
    return {half: network_plan(photo.folder.read(half.tflite), is_any_size=True) for half in Half}


@pytest.mark.parametrize("kernels", all_kernels())
@pytest.mark.parametrize("half", Half)
def test_a_batch_gives_the_outputs_of_its_pictures(
    photo: Codec, photo_plans: dict[Half, bytes], half: Half, kernels: str
) -> None:
    network = CNetwork(photo_plans[half], kernels)
    rows, columns, channels = (3, 2, 256) if half is Half.DECODER else (48, 32, 3)
    rng = np.random.default_rng(5)
    inputs = rng.integers(-20, 20, (7, rows, columns, channels)).astype(np.int8)
    status, outputs = network.run_batch(inputs)
    assert status == 0
    for picture, output in zip(inputs, outputs, strict=True):
        assert (output == network.run(picture)[1]).all()


@pytest.mark.parametrize("kernels", all_kernels())
@pytest.mark.parametrize("size", [(16, 16), (48, 80)])
def test_photographs_of_any_size_are_those_of_the_reference_kernels(
    photo: Codec,
    photo_plans: dict[Half, bytes],
    photograph: Pixels,
    size: tuple[int, int],
    kernels: str,
) -> None:
    pixels = (photograph[100 : 100 + size[0], 200 : 200 + size[1]] ^ np.uint8(128)).view(np.int8)
    inputs = pixels
    for half in Half:
        expected = reference_transform(photo.folder.read(half.tflite))(inputs[None])[0]
        network = CNetwork(photo_plans[half], kernels)
        status, output = network.run(inputs)
        assert status == 0
        assert network.output_shape(*inputs.shape[:2]) == (0, expected.shape)
        assert (output == expected).all()
        inputs = output


def test_a_size_that_the_network_does_not_take_is_refused(
    photo_plans: dict[Half, bytes], codec: Codec
) -> None:
    encoder = CNetwork(photo_plans[Half.ENCODER])
    for size in [(0, 16), (16, 0), (17, 16), (16, 40), (1 << 21, 16), (1 << 19, 1 << 19)]:
        assert encoder.work_size(*size) == 0
    assert encoder.output_shape(17, 16)[0] == OTHER_SIZE
    digits = CNetwork(network_plan(codec.folder.read("encoder.tflite")))
    # three tensors of 7 x 7 x 64 are needed at once, and five are made
    assert 0 < digits.work_size(28, 28) < 3 * 7 * 7 * 64 + 2048
    assert digits.work_size(28, 32) == 0


def test_cut_plans_and_less_memory_than_is_needed_are_refused(codec: Codec) -> None:
    plan = network_plan(codec.folder.read("encoder.tflite"))
    for size in [0, 3, 63, 64, 700, len(plan) - 64, len(plan) - 1]:
        assert CNetwork(plan[:size]).status == BAD_NETWORK
    network, inputs = CNetwork(plan), np.zeros((28, 28, 1), np.int8)
    assert network.run(inputs, lacking=1)[0] == BUFFER_TOO_SMALL
    assert network.run(inputs)[0] == 0
