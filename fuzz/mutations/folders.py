"""Changes codec folders as an attacker would, with the hashes of the changed files made right."""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from fuzz.mutations.models import mutated_model

_MODELS = ("decoder.tflite", "encoder.tflite")
_PRIORS, _JSON = "priors.npz", "codec.json"

_NUMBERS = (True, -1, 0, 1, 2, 15, 28, 4096, 2**31, 10**30, 0.5)
_VALUES: tuple[Any, ...] = (None, *_NUMBERS, "", "\x1b[2J", [], [1, 2], {})
_DTYPES = (np.uint16, np.int8, np.int64, np.float64, np.bool_)


def make_hostile(source: Path, target: Path, rng: random.Random) -> None:
    """Copy a codec folder, and change one of its files.

    Args:
        source: the codec folder.
        target: the folder that is made.
        rng: draws the changes.
    """
    target.mkdir()
    for name in (*_MODELS, _PRIORS, _JSON):
        shutil.copy(source / name, target / name)
    name = rng.choice([*_MODELS, *_MODELS, _PRIORS, _JSON])
    changed = (target / name).read_bytes()
    if name in _MODELS:
        changed = mutated_model(changed, rng)
    elif name == _PRIORS:
        changed = _mutated_tables(changed, rng)
    else:
        changed = _mutated_json(changed, rng)
    (target / name).write_bytes(changed)
    if name != _JSON:
        _state_hash(target, name)


def _state_hash(folder: Path, name: str) -> None:
    values = json.loads((folder / _JSON).read_text("utf-8"))
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    owner = values["spec"]["files"] if name in values["spec"]["files"] else values["files"]
    owner[name] = digest
    (folder / _JSON).write_text(json.dumps(values), "utf-8")


def _mutated_tables(content: bytes, rng: random.Random) -> bytes:
    with np.load(io.BytesIO(content)) as archive:
        arrays = dict(archive)
    for _ in range(rng.randint(1, 3)):
        name = rng.choice(sorted(arrays))
        arrays[name] = _mutated_array(arrays[name], rng)
    if rng.random() < 0.1:
        del arrays[rng.choice(sorted(arrays))]
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _mutated_array(array: Any, rng: random.Random) -> Any:
    kind = rng.random()
    if array.dtype.kind not in "iu" or not array.size:  # changed already
        return array
    if kind < 0.15:
        return array.astype(rng.choice(_DTYPES))
    if kind < 0.3:
        return array[..., : rng.randrange(1 + array.shape[-1])] if array.ndim else array[None]
    if kind < 0.4:
        return np.concatenate([array.ravel()] * 3)
    changed, limits = array.copy(), np.iinfo(array.dtype)
    ends = [limits.min, limits.max, 0, 1, rng.randint(int(limits.min), int(limits.max))]
    for _ in range(rng.choice([1, 1, 5, max(1, array.size)])):
        changed.reshape(-1)[rng.randrange(array.size)] = rng.choice(ends)
    return changed


def _mutated_json(content: bytes, rng: random.Random) -> bytes:
    if rng.random() < 0.2:
        place = rng.randrange(len(content))
        return content[:place] + bytes([rng.randrange(256)]) + content[place + 1 :]
    values = json.loads(content)
    owner = values if rng.random() < 0.2 else values["spec"]
    while True:
        key = rng.choice(sorted(owner) if isinstance(owner, dict) else range(len(owner)))
        if not (isinstance(owner[key], dict | list) and owner[key] and rng.random() < 0.6):
            break
        owner = owner[key]
    owner[key] = rng.choice([*_VALUES, owner[key]])
    if isinstance(owner, dict) and rng.random() < 0.1:
        del owner[key]
    return json.dumps(values).encode()
