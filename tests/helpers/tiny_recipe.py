"""A recipe that trains in seconds."""

from __future__ import annotations

_TEXT = """
name = "tiny"
networks = "{networks}"
[data]
tile = {tile}
held_out = 0.15
flips = false
[levels]
channels = {channels}
rate_weights = [0.1, 0.02]
loss_weights = [1, 2]
context_units = {context_units}
[training]
epochs = {epochs}
batch_size = 8
optimizer = "adam"
learning_rate = 3e-3
cost_power = 1
rate_priors = 2
dtype = "float32"
seed = 0
[priors]
count = 3
context_epochs = 5
"""
_DIGITS = {"networks": "tile", "tile": 28, "channels": [4, 8], "context_units": [0, 0]}


def tiny_recipe(epochs: int, **changes: object) -> str:
    return _TEXT.format(**_DIGITS | changes | {"epochs": epochs})
