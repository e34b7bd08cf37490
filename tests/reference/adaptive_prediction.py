"""docs/FORMAT.md, section 8, "The adaptive coder": from inputs to the mean, and how it learns."""

from types import SimpleNamespace as Fields
from typing import Any

import numpy as np

W, N, NW, NE = range(4)
OWN = (0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-2, 1), (-2, -1), (-1, -2), (-1, 2)
EARLIER = (0, 0), (0, -1), (-1, 0), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)
PLACES = EARLIER, EARLIER[:5], EARLIER[:1], EARLIER[:1]
POWERS = 1024, 724, 512, 362, 256, 181, 128, 91, 64, 45, 32, 23, 16, 11, 8, 6, 4, 3, 2, 1
MOST = 2**28 - 1


def clip(x: int, least: int, most: int) -> int:
    return min(max(x, least), most)


def shift(x: int, places: int) -> int:
    return x << places if places >= 0 else x >> -places


def log8(n: int) -> int:
    e = n.bit_length() - 1
    return 8 * (e - 1) + ((8 * n) >> e)


def power_of(n: int) -> int:
    """The exponent of the power of 2 near n."""
    return (n + (n >> 2) + (n >> 3) + (n >> 5)).bit_length() - 1


def differ(a: int, b: int) -> int:
    return clip((a - b + 2**31) % 2**32 - 2**31, 1 - 2**27, 2**27 - 1)


class Fit:
    """Subsection "Fits"."""

    def __init__(self, size: int) -> None:
        self.products, self.targets = np.zeros((size, size), int), np.zeros(size, int)
        self.fine, self.weights, self.count = np.zeros(size, int), np.zeros(size, int), 0

    def learn(self, p: Any, truth: int, log_scale: int) -> None:
        k = clip(-max((log_scale >> 4) - 10, p.bits - 10), -31, 12)
        x = p.inputs << k if k >= 0 else p.inputs >> -k
        self.products += np.outer(x, x)
        self.targets += clip(shift(truth - 32 * p.reference, k - 5), -2047, 2047) * x
        self.count += 1
        if self.count == 64:
            self.count = 0
            self.solve()

    def solve(self) -> None:
        ridge = (int(np.trace(self.products)) >> 11) + 1
        for i in 2 * [*range(len(self.fine))]:
            rest = (int(self.targets[i]) << 16) - int(self.products[i] @ self.fine)
            change = abs(rest) // (int(self.products[i, i]) + ridge)
            new = int(self.fine[i]) + (change if rest >= 0 else -change)
            self.fine[i] = clip(new, -(2**18), 2**18 - 1)
        self.weights = (self.fine + 8) >> 4
        self.products -= self.products >> 2
        self.targets -= self.targets >> 2


class Predictor:
    """Subsections "Inputs", "Experts and blend", "Nudges" and "Biases" of a band."""

    def __init__(self, unit: int, step: int, planes: int) -> None:
        self.unit, self.step = unit, step
        size = len(OWN) + sum(map(len, PLACES[:planes]))
        self.fine, self.weights = np.zeros(size, int), np.zeros(size, int)
        self.fits = [Fit(size) for _ in range(8)]
        self.nudges = [0] * 7
        self.biases = [[[0, 0] for _ in range(1024)] for _ in range(2)]

    def predict(self, own: list[int], planes: list[list[int]], row: int) -> Any:
        """Inputs and experts; `own` and `planes` are values at the places OWN and EARLIER."""
        p = Fields(fit=self.fits[row >> 5], near=[differ(v, own[W]) for v in own])
        p.reference = 3 * p.near[N] + p.near[NW] + p.near[NE]
        inputs = [8 * n - p.reference for n in p.near]
        for values, places in zip(planes, PLACES, strict=False):
            d = [differ(v, values[1]) for v in values]
            r = 3 * d[2] + d[5] + d[6]
            inputs += [8 * n - r for n in d[: len(places)]]
        p.inputs = np.array(inputs)
        p.bits = max(max(n, -1 - n) for n in inputs).bit_length()
        p.exponent = max(0, p.bits - 12)
        p.scaled, n, nw = p.inputs >> p.exponent, p.near[N], p.near[NW]
        p.experts = [256 * clip(n - nw, min(n, 0), max(n, 0))]
        for weights in (self.weights, p.fit.weights):
            total = int(p.scaled @ weights)
            p.experts.append(32 * p.reference + ((total << p.exponent) >> 7))
        if planes:
            o, on = differ(planes[0][0], planes[0][1]), differ(planes[0][2], planes[0][1])
            p.experts += [256 * (n + o - on), 256 * o]
            p.level = 32 * inputs[len(OWN)]
        return p

    def blend(self, p: Any, around: Any, errors: list[int]) -> None:
        """`around` (6, experts): the experts' errors at W, N, NE, NW, WW, NN; errors of W, N."""
        w, n, ne, nw, ww, nn = around
        noise = self.step * 6 // 5 + 1
        logs = [
            log8(3 * (w[i] + n[i]) + 2 * (ne[i] + nw[i]) + ww[i] + nn[i] + noise)
            for i in range(len(p.experts))
        ]
        ranks = [log - min(logs) for log in logs]
        powers = [POWERS[rank] if rank < 20 else 0 for rank in ranks]
        total = sum((e - p.experts[0]) * q for e, q in zip(p.experts, powers, strict=True))
        p.blend = p.experts[0] + total // sum(powers)
        p.nudges = [clip((e - p.blend) >> self.unit, -MOST, MOST) for e in p.experts]
        p.nudges += [0] * (5 - len(p.experts)) + errors
        total = sum((w >> 8) * x for w, x in zip(self.nudges, p.nudges, strict=True))
        p.nudged = p.blend + ((total << self.unit) >> 16)

    def bias(self, p: Any, clue: int, far: int, errors: list[int]) -> int:
        """Subsection "Biases"; the errors of three places."""
        typical, number = (4 * self.step + far) >> 3, 0
        near = 0, *p.near[1:6]
        above = [256 * n > p.nudged for n in near]
        above.append(hasattr(p, "level") and p.level > p.nudged - 32 * p.reference)
        for error in errors:
            m = sum(8 * abs(error) >= k * typical for k in (2, 6, 10, 14))
            number = 9 * number + 4 + (m if error >= 0 else -m)
        first = sum(bit << n for n, bit in enumerate(above)) + 128 * clip((clue + 24) >> 4, 0, 7)
        p.biases = self.biases[0][first], self.biases[1][number]
        total = sum(mean[0] * (2**20 // (mean[1] + 12)) for mean in p.biases)
        return total >> (21 - self.unit)

    def learn(self, p: Any, truth: int, scale: int, log_scale: int) -> None:
        """Learn from a value minus W, in 1/256."""
        if hasattr(p, "biases"):
            most = scale + self.step // 5
            for mean in p.biases:
                mean[0] += clip((truth - p.nudged) >> self.unit, -most, most)
                mean[1] += 1
                if mean[1] > 255:
                    mean[:] = mean[0] >> 1, mean[1] >> 1
        self.learn_nudges(p, truth, scale)
        self.learn_weights(p, truth, scale)
        p.fit.learn(p, truth, log_scale)

    def learn_nudges(self, p: Any, truth: int, scale: int) -> None:
        error = clip((truth - p.nudged) >> self.unit, -3 * scale, 3 * scale)
        energy = sum(n * n for n in p.nudges)
        k = power_of(energy + scale * scale * 9 // 5 + self.step * self.step // 10 + 1)
        h = max(0, (k - 39) >> 1) if k > 40 else 0
        for n, x in enumerate(p.nudges):
            change = ((error >> h) * (x >> h) * 83886) >> (k - 2 * h)
            self.nudges[n] = clip(self.nudges[n] + change, -(2**26), 2**26 - 1)

    def learn_weights(self, p: Any, truth: int, scale: int) -> None:
        noise = scale * scale // 16 * 5 * len(p.inputs) + self.step * self.step // 10
        places = 2 * (self.unit - 5 - p.exponent)
        noise = min(noise << places, 2**50) if places >= 0 else noise >> -places
        k = power_of(int(p.scaled @ p.scaled) + 1 + noise)
        h = clip((k - 6) >> 1, 1, 12)
        places, most = clip(7 - p.exponent - k + h, -62, 12), 3 * scale << self.unit
        error = 1311 * clip(truth - p.experts[1], -most, most)
        error += 1 << (-places - 1) if places < 0 else 0
        gain = clip(shift(error, places), 1 - 2**19, 2**19 - 1)
        self.fine = np.clip(self.fine + ((gain * p.scaled) >> h), -(2**30), 2**30 - 1)
        self.weights = (self.fine + 2**15) >> 16
