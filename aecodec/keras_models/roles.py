"""Roles of layers and weights, for training.

A role is an attribute that is set when a network is built. Model files do not store roles: to train
a network further, aecodec builds it again and copies the weights from the file.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

_ATTRIBUTE = "aecodec_role"


class Role(Enum):
    """Purpose of a layer or weight.

    BRANCH_END is the last convolution of a residual branch. Outputs beyond -6..6 have no effect,
    because their sum with values in 0..6 passes a ReLU6. LATENTS computes the latents,
    LINEAR_PIXELS maps latents to pixels linearly, and the output of LEARNED_PIXELS is added to the
    linear pixels. CODE_STATISTICS are weights that describe the distribution of codes.
    """

    BRANCH_END = auto()
    LATENTS = auto()
    LINEAR_PIXELS = auto()
    LEARNED_PIXELS = auto()
    CODE_STATISTICS = auto()


def set_role(target: Any, role: Role | None) -> None:
    """Set the role of a weight, or of a built layer and all its weights."""
    for part in (target, *getattr(target, "weights", ())):
        setattr(part, _ATTRIBUTE, role)


def role_of(target: Any) -> Role | None:
    return getattr(target, _ATTRIBUTE, None)


def layer_with(model: Any, role: Role) -> Any:
    for layer in model.layers:
        if role_of(layer) is role:
            return layer
    raise LookupError(f"{model.name} has no layer with the role {role.name}")
