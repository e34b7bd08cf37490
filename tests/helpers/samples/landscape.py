"""Make `web/lake.jpg`: a lake below mountains that exist nowhere.

So nobody owns the picture. A height field of fractal noise is seen by marching along a ray for each
pixel, lit by a low sun with shadows, and mirrored in the water; haze and clouds are functions of
direction and distance. Rendered at twice the size, it takes about a minute.

Usage: python tests/helpers/samples/landscape.py [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

WIDTH, HEIGHT, SCALE = 768, 512, 2
SIDE = 1024
"""Side of the square of land, in units of length; it repeats."""

SEED = 11
EYE = np.array([0.5 * SIDE, 0.06 * SIDE, 9.0], np.float32)
SUN = np.array([-0.72, 0.42, 0.42]) / np.linalg.norm([-0.72, 0.42, 0.42])
FAR = 900.0
"""Distance at which rays end."""

HAZE = 1150.0
"""Distance of full haze."""

Array = npt.NDArray[np.float32]


def noise(roughness: float, seed: int) -> Array:
    """(SIDE, SIDE) noise whose spectrum falls with the frequency to a power; its deviation is 1."""
    white = np.random.default_rng(seed).standard_normal((SIDE, SIDE))
    squares = np.fft.fftfreq(SIDE)[:, None] ** 2 + np.fft.fftfreq(SIDE)[None, :] ** 2
    squares[0, 0] = 1
    spectrum = np.fft.fft2(white) * squares ** (-roughness / 4)
    spectrum[0, 0] = 0
    values = np.fft.ifft2(spectrum).real
    return (values / values.std()).astype(np.float32)


DETAIL, FINE, CLOUDS = noise(2.6, SEED + 1), noise(1.6, SEED + 2), noise(3.4, SEED + 3)


def land() -> Array:
    """(SIDE, SIDE) heights: water around the eye, mountains in the distance."""
    form = 0.7 * noise(4.4, SEED) + 0.9 * (1 - np.abs(noise(4.2, SEED + 4)))
    rough = 55 * form + 3.2 * DETAIL * np.clip(form + 0.6, 0.2, 2) + 0.5 * FINE
    rows, columns = np.mgrid[:SIDE, :SIDE]
    away = np.hypot(columns - EYE[0], rows - EYE[1]) / SIDE
    bowl = np.clip(2.6 * (away - 0.10), 0.05, 1.25)
    return (rough * bowl + 150 * np.clip(away - 0.20, 0, 1) - 16).astype(np.float32)


HEIGHTS = land()
SLOPES = np.gradient(HEIGHTS)


def at(field: Array, x: Array, y: Array) -> Array:
    """A field at some points, between its values by their distance."""
    x, y = x % SIDE, y % SIDE
    left, top = x.astype(np.int32) % SIDE, y.astype(np.int32) % SIDE
    right, bottom = (left + 1) % SIDE, (top + 1) % SIDE
    along, down = x - np.floor(x), y - np.floor(y)
    upper = field[top, left] * (1 - along) + field[top, right] * along
    lower = field[bottom, left] * (1 - along) + field[bottom, right] * along
    return np.asarray(upper * (1 - down) + lower * down, np.float32)


def distance(start: Array, direction: Array, *, steps: int, far: float, first: float) -> Array:
    """How far each ray goes until it meets the land; infinite if it meets none."""
    reached = np.full(len(direction), first, np.float32)
    before, found = reached.copy(), np.full(len(direction), np.inf, np.float32)
    alive = np.arange(len(direction))
    for _ in range(steps):
        points = start[alive] + direction[alive] * reached[alive, None]
        gap = points[:, 2] - at(HEIGHTS, points[:, 0], points[:, 1])
        under = alive[gap < 0]
        found[under] = between(start[under], direction[under], before[under], reached[under])
        stays = (gap >= 0) & (reached[alive] < far)
        alive, gap = alive[stays], gap[stays]
        before[alive] = reached[alive]
        reached[alive] += np.clip(0.35 * gap, 0.25 + 0.002 * reached[alive], 12)
    return found


def between(start: Array, direction: Array, low: Array, high: Array) -> Array:
    """Where rays meet the land, by halving the part of each that holds the place."""
    for _ in range(7):
        middle = (low + high) / 2
        points = start + direction * middle[:, None]
        is_under = points[:, 2] < at(HEIGHTS, points[:, 0], points[:, 1])
        low, high = np.where(is_under, low, middle), np.where(is_under, middle, high)
    return high


def mixed(one: Array, other: Array, share: Array) -> Array:
    """Colours (N, 3) with a share (N,) of other ones."""
    return np.asarray(one + (other - one) * np.clip(share, 0, 1)[:, None], np.float32)


def colour(red: float, green: float, blue: float, *lights: Array) -> Array:
    """(N, 3) of one colour, brighter where the sum of some fields (N,) is positive."""
    return np.array([red, green, blue], np.float32) * (1 + sum(lights))[:, None]


def sky(direction: Array) -> Array:
    """(N, 3) colours of the sky, with clouds."""
    up, flat = np.clip(direction[:, 2], 0, 1), np.zeros(len(direction), np.float32)
    blue = mixed(colour(0.80, 0.86, 0.93, flat), colour(0.16, 0.36, 0.70, flat), up**0.45)
    near_sun = np.clip(direction @ SUN, 0, 1)
    blue += colour(1.0, 0.72, 0.42, flat) * (0.55 * near_sun**40 + 0.25 * near_sun**6)[:, None]
    reach = 130 / np.clip(direction[:, 2], 0.03, 1)
    x, y = EYE[0] + direction[:, 0] * reach, EYE[1] + direction[:, 1] * reach
    here = 0.75 * at(CLOUDS, x, y) + 0.16 * at(DETAIL, 2.3 * x, 2.3 * y)
    ahead = 0.75 * at(CLOUDS, x + 14 * SUN[0], y + 14 * SUN[1]) + 0.16 * at(DETAIL, 2.3 * x + 8, y)
    white = colour(1.0, 0.97, 0.93, np.clip(0.34 * (here - ahead) - 0.28, -0.58, 0.12))
    cover = np.clip(0.95 * (here + 0.05), 0, 1) * np.clip(9 * (direction[:, 2] - 0.02), 0, 1)
    return mixed(blue, white, cover)


def hazy(seen: Array, direction: Array, away: Array) -> Array:
    """Colours behind haze, which has the colour of the horizon."""
    level = np.column_stack([direction[:, :2], np.full(len(direction), 0.03)])
    return mixed(seen, sky(level.astype(np.float32)), 1 - np.exp(-((away / HAZE) ** 1.35)))


def soil(points: Array, upright: Array) -> Array:
    """(N, 3) colours of the ground: grass, rock where it is steep or high, snow, sand."""
    x, y, height = points.T
    coarse, middle, grain = (
        at(DETAIL, 5 * x, 5 * y),
        at(FINE, 9 * x, 9 * y),
        at(FINE, 31 * x, 31 * y),
    )
    grass = colour(0.20, 0.27, 0.085, 0.18 * middle, 0.13 * grain)
    rock = colour(0.40, 0.365, 0.33, 0.14 * middle, 0.10 * grain)
    found = mixed(grass, colour(0.46, 0.38, 0.20, 0.13 * grain), 0.45 + 0.5 * coarse)
    found = mixed(found, rock, 7 * (0.80 - upright + 0.04 * coarse))
    found = mixed(found, rock, (height - 62 + 7 * coarse) / 22)
    snow = np.clip((height - 84 + 9 * coarse) / 9, 0, 1) * np.clip(5 * (upright - 0.52), 0, 1)
    found = mixed(found, colour(0.92, 0.94, 0.97, 0.03 * grain), snow)
    sand = colour(0.55, 0.49, 0.37, 0.09 * grain)
    return np.clip(mixed(found, sand, (1.6 - height + 0.5 * coarse) / 1.2), 0.01, 1)


def ground(points: Array, direction: Array, away: Array) -> Array:
    """(N, 3) colours of the land at some points."""
    x, y, _ = points.T
    across = -at(SLOPES[1], x, y) - 0.18 * at(FINE, 6 * x, 6 * y)
    along = -at(SLOPES[0], x, y) + 0.18 * at(FINE, 6 * x + 300, 6 * y)
    normal = unit(np.column_stack([across, along, np.ones_like(x)]))
    start = (points + 0.6 * normal).astype(np.float32)
    to_sun = np.broadcast_to(SUN.astype(np.float32), start.shape)
    in_shadow = np.isfinite(distance(start, to_sun, steps=140, far=260, first=1.0))
    direct = 1.55 * np.clip(normal @ SUN, 0, 1) * np.where(in_shadow, 0.06, 1)
    light = np.outer(direct, [1.0, 0.88, 0.70])
    light += np.outer(0.21 + 0.21 * normal[:, 2], [0.62, 0.78, 1.0])
    return hazy(soil(points, normal[:, 2]) * light, direction, away)


def water(points: Array, direction: Array, away: Array) -> Array:
    """(N, 3) colours of the lake, which mirrors land and sky in its ripples."""
    x, y, _ = points.T
    ripple = 0.016 / (1 + 0.012 * away)
    across = ripple * (at(FINE, 5 * x, 2.2 * y) + 0.5 * at(DETAIL, 8 * x, 5 * y))
    normal = unit(
        np.column_stack([across, ripple * at(FINE, 5 * x + 99, 2.2 * y), np.ones_like(x)])
    )
    facing = -(direction * normal).sum(axis=1)
    mirrored = direction + 2 * facing[:, None] * normal
    mirrored[:, 2] = np.abs(mirrored[:, 2]) + 1e-3
    start = np.column_stack([x, y, np.full_like(x, 0.05)])
    image = seen(start.astype(np.float32), unit(mirrored), with_water=False)
    deep = colour(0.035, 0.085, 0.10, np.zeros_like(x))
    return hazy(mixed(deep, image, 0.03 + 0.97 * (1 - facing) ** 5), direction, away)


def seen(start: Array, direction: Array, *, with_water: bool) -> Array:
    """(N, 3) colours that are seen along rays."""
    to_land = distance(start, direction, steps=420, far=FAR, first=2.0)
    down = np.minimum(direction[:, 2], -1e-6)
    to_water = np.where(direction[:, 2] < 0, -start[:, 2] / down, np.inf).astype(np.float32)
    is_water = (to_water < np.minimum(to_land, FAR)) & with_water
    found = sky(direction)
    for chosen, away, paint in (
        (np.isfinite(to_land) & ~is_water, to_land, ground),
        (is_water, to_water, water),
    ):
        if chosen.any():
            points = start[chosen] + direction[chosen] * away[chosen, None]
            found[chosen] = paint(points, direction[chosen], away[chosen])
    return found


def unit(vectors: npt.NDArray[np.floating]) -> Array:
    """Vectors (N, 3) of length 1."""
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def developed(light: Array) -> npt.NDArray[np.uint8]:
    """Light as pixels: bright parts are held back, colours and contrast are raised a little."""
    held = light * 1.02
    held = held * (1 + 0.25 * held) / (1 + 0.55 * held)
    grey = held.mean(axis=-1, keepdims=True)
    rich = np.clip(grey + 1.22 * (held - grey), 0, 1)
    contrast = 0.45 * rich**2 * (3 - 2 * rich) + 0.55 * rich
    return np.rint(255 * contrast ** (1 / 2.2)).astype(np.uint8)


def main() -> None:
    file = Path(sys.argv[1] if len(sys.argv) > 1 else "web/lake.jpg")
    width, height = SCALE * WIDTH, SCALE * HEIGHT
    x, y = np.meshgrid(
        2 * (np.arange(width) + 0.5) / width - 1, 1 - 2 * (np.arange(height) + 0.5) / height
    )
    rays = np.stack([0.62 * x, np.ones_like(x), 0.62 * y * height / width + 0.075], axis=-1)
    direction = unit(rays.reshape(-1, 3))
    light = seen(np.tile(EYE, (len(direction), 1)), direction, with_water=True)
    whole = Image.fromarray(developed(light.reshape(height, width, 3)))
    picture = whole.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    picture.save(file, "JPEG", quality=92, subsampling=0)


if __name__ == "__main__":
    main()
