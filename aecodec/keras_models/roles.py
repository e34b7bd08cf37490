"""Roles of layers and weights: what they are for, where training must know.

A role is an attribute, set where a network is built. It is not stored in model files: a network
that is trained further is built again, and takes its weights from the file.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

_ATTRIBUTE = "aecodec_role"


class Role(Enum):
    """Purpose of a layer or of a weight.

    Attributes:
        BRANCH_END: last convolution of a residual branch. Outputs beyond -6..6 cannot matter,
            because their sum with 0..6 goes through ReLU6.
        LATENTS: layer that gives the latents.
        LINEAR_PIXELS: layer that maps latents to pixels linearly.
        LEARNED_PIXELS: layer that gives what a network adds to the linear pixels.
        CODE_STATISTICS: weights that describe the distribution of codes.
    """

    BRANCH_END = auto()
    LATENTS = auto()
    LINEAR_PIXELS = auto()
    LEARNED_PIXELS = auto()
    CODE_STATISTICS = auto()


def set_role(target: Any, role: Role | None) -> None:
    """Give a role to a weight, or to a built layer and all its weights.

    >>> import keras
    >>> layer = keras.layers.Dense(3)
    >>> layer.build((None, 2))
    >>> set_role(layer, Role.LATENTS)
    >>> role_of(layer).name, role_of(layer.kernel).name, role_of(keras.layers.Dense(3))
    ('LATENTS', 'LATENTS', None)
    """
    for each in (target, *getattr(target, "weights", ())):
        setattr(each, _ATTRIBUTE, role)


def role_of(target: Any) -> Role | None:
    """The role of a layer or of a weight, if it has one."""
    return getattr(target, _ATTRIBUTE, None)


def layer_with(model: Any, role: Role) -> Any:
    """The first layer of a model with a role.

    Raises:
        LookupError: the model has no such layer.
    """
    for layer in model.layers:
        if role_of(layer) is role:
            return layer
    raise LookupError(f"{model.name} has no layer with the role {role.name}")


def copy_roles(source: Any, target: Any) -> None:
    """Give the layers of a built model the roles of another model's layers, one by one."""
    for from_layer, to_layer in zip(source.layers, target.layers, strict=True):
        set_role(to_layer, role_of(from_layer))
