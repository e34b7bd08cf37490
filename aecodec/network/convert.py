"""A TFLite model as a network plan."""

from aecodec.errors import AecodecError, ModelError
from aecodec.network.check import CheckedModel, check_model
from aecodec.network.elementwise import chain_from, tabulate
from aecodec.network.lowering import Lowering
from aecodec.network.memory import assign_slots
from aecodec.network.operators import OPERATORS


def network_plan(
    content: bytes, *, is_any_size: bool = False, checked: CheckedModel | None = None
) -> bytes:
    """Convert an int8 `.tflite` file to a network plan, for `aecodec_network_open`.

    With `is_any_size`, the plan takes pictures of any size whose sides are multiples of a number
    that follows from its strides; the network must be fully convolutional. `checked` is the model
    in the file, if :func:`check_model` has checked it already.

    Raises CodecError if the model is damaged, and ModelError if it has an operator that C lacks, or
    works on other numbers than int8.
    """
    model = (checked or check_model(content)).model
    low = Lowering(content, model, is_any_size=is_any_size)
    done: set[int] = set()
    for number in range(len(model.operators)):
        if number not in done:
            done |= set(_lower(low, number))
    plan = low.finish()
    assign_slots(plan, *low.size)
    return plan.as_bytes()


def _lower(low: Lowering, number: int) -> list[int]:
    """Lower one operator, or several that form one function, and return their numbers."""
    operator = low.model.operators[number]
    row, chain = OPERATORS[operator.code], chain_from(low, number)
    try:
        if len(chain) > 1:
            tabulate(low, chain)
        elif row.lower:
            row.lower(low, operator)
        else:
            raise ModelError("C has no kernel for it")
    except AecodecError as error:
        raise ModelError(f"operator {number}, {row.name}, does not go to C: {error}") from error
    return chain
