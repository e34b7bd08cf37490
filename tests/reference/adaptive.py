"""docs/FORMAT.md, section 8, "The adaptive coder": the values of a segment."""

from collections import defaultdict
from functools import partial
from types import SimpleNamespace as Fields
from typing import Any

import numpy as np
from reference.adaptive_prediction import EARLIER, OWN, Predictor, clip, log8, shift
from reference.adaptive_symbols import (
    MOST,
    Distribution,
    Probability,
    Shape,
    decode_bit,
    decode_far,
    decode_mixed,
)
from reference.entropy import RangeDecoder

FAR = (0, -2), (-2, 0), (-2, 1), (-2, -1), (-1, -2), (-1, 2), (0, -3), (-3, 0)
AROUND = (0, -1), (-1, 0), (-1, 1), (-1, -1), (0, -2), (-2, 0)
CLUES = [15938355, 4194304, 2013266, 1677722, 838861, 838861, 0, -1677722]


class Plane:
    """Subsection "Order of coding": values and errors of a band in a frame of a segment."""

    def __init__(self, height: int, width: int, middle: int) -> None:
        self.height, self.width, self.middle = height, width, middle
        self.values = [[0] * width for _ in range(height)]
        self.errors = [[0] * width for _ in range(height)]

    def own(self, y: int, x: int, dy: int, dx: int) -> int:
        """The value of a place before the sample (y, x) of the same band."""
        row, column = y + dy, x + dx
        if row < 0:
            end = x if y == 0 else self.width - 1
            inside = column >= 0 and end > 0
            return self.values[0][min(column, end - 1)] if inside else self.middle
        if column < 0:
            return self.values[row - 1][0] if row else self.middle
        return self.values[row][min(column, self.width - 1)]

    def value(self, y: int, x: int) -> int:
        """The value of a place around a sample of a later band."""
        return self.values[clip(y, 0, self.height - 1)][clip(x, 0, self.width - 1)]

    def error(self, y: int, x: int) -> int:
        if not 0 <= y < self.height or x >= self.width or (x < 0 and y == 0):
            return 0
        return self.errors[y][x] if x >= 0 else self.errors[y - 1][0]


class Band:
    """What is learned from a band, and what its samples have in common."""

    def __init__(self, value: Any, planes: int) -> None:
        self.low, self.high, self.step = value.low, value.high, value.step
        self.is_fixed = value.is_fixed
        extent = self.high - self.low + 1
        bits = (extent - 1).bit_length()
        self.unit = bits - 20 if bits > 24 else 4
        self.noise = max(1, min(self.step, extent) << 8 >> self.unit)  # S of the text
        self.log_step = log8(self.noise)
        self.predictor = Predictor(self.unit, self.noise, planes)
        self.clue_weights, self.shapes = CLUES.copy(), [Shape() for _ in range(40)]
        self.copies: Any = [defaultdict(partial(Probability, 83886, 2)) for _ in range(2)]
        self.tables: Any = [defaultdict(Probability) for _ in range(4)]
        self.mixers: Any = defaultdict(lambda: [45875, 6000, 6000, 6000, 6000])

    def decode(self, decoder: RangeDecoder | None, at: Any, is_missing: bool, known: int) -> int:
        """Subsection "Order of coding": the value of a sample, or a known value of a primer."""
        p = self.mean_of(at)
        half = self.step // 2
        centre = (p.mean + 128) >> 8
        if self.is_fixed:
            centre = (centre + half) // self.step * self.step
        if is_missing:
            return clip(centre, self.low, self.high)
        most_steps = (self.high - self.low) // self.step
        j = clip((p.steps >> 4) - 5, 0, most_steps.bit_length())
        shape = self.shapes[clip((p.steps + 96) >> 3, 0, 39)]
        start, width = 256 * centre - 128 * self.step - p.mean, 256 * self.step << j
        d = Distribution(shape.weights(), p.log_scale, start, width)
        d.lowest = max(-((centre - self.low + half) // self.step) >> j, -MOST)
        d.highest = min((self.high - centre + half) // self.step >> j, MOST)
        s = Fields(decoder=decoder, at=at, p=p, d=d, j=j, centre=centre, copy=None)
        s.q = (known - centre + half) // self.step
        q = self.decode_steps(s)
        value = clip(centre + self.step * q, self.low, self.high)
        self.learn(s, shape, value, q)
        return value

    def mean_of(self, at: Any) -> Any:
        """The prediction of a sample with its mean and its scale."""
        own, places = at.plane.own, [(at.y + dy, at.x + dx) for dy, dx in EARLIER]
        at.own = [own(at.y, at.x, *place) for place in OWN]
        at.planes = [[plane.value(*place) for place in places] for plane in at.earlier]
        at.errors = [at.plane.error(at.y + dy, at.x + dx) for dy, dx in OWN]
        at.other = [[plane.error(*place) for place in places] for plane in at.earlier[:2]]
        around = [at.expert_errors.get((at.y + dy, at.x + dx), [0] * 5) for dy, dx in AROUND]
        p = self.predictor.predict(at.own, at.planes, at.y)
        self.predictor.blend(p, around, at.errors[:2])
        self.estimate_scale(at, p)
        mean = 256 * at.own[0] + p.nudged
        if self.step > 1:
            third = at.other[0][0] if at.other else at.errors[3]
            errors = [*at.errors[:2], third]
            mean += self.predictor.bias(p, p.clues[0], p.far, errors)
        p.mean = clip(mean, 256 * self.low, 256 * self.high)
        return p

    def estimate_scale(self, at: Any, p: Any) -> None:
        """Subsection "Scale"."""
        e = [abs(error) for error in at.errors]
        floor, (_, n, nw, ne, ww, nn) = self.noise * 3 // 20 + 1, p.near[:6]
        p.around = 3 * (e[0] + e[1]) + 2 * (e[2] + e[3])
        p.far = sum(abs(at.plane.error(at.y + dy, at.x + dx)) for dy, dx in FAR)
        texture = abs(nw) + abs(n - nw) + abs(n - ne) + abs(ww) + abs(n - nn)
        spread = min(sum(abs(x - p.blend) for x in p.experts) >> self.unit, 2**28 - 1)
        log = log8(p.around + 10 * floor) - 27
        p.clues = [log - self.log_step, log8(p.far + 8 * floor) - 24 - log]
        p.clues.append(log8((texture << 8 >> self.unit) + 5 * floor) - 19 - log)
        if at.other:
            o, w, n, e_, s, _, _, sw, se = (abs(error) for error in at.other[0])
            around = 2 * (w + e_ + s + n) + sw + se
            p.clues += [log8(around + 10 * floor) - 27 - log, log8(o + floor) - log]
        p.clues += [0] * (5 - len(p.clues))
        p.clues.append(log8(spread + 3 * floor) - 13 - log)
        extent = self.high - self.low + 1
        level = clip(((256 * at.own[0] + p.nudged) >> 8) - self.low, 0, extent)
        p.clues += [(log8(1024 * level + extent) - log8(extent) - 40) >> 1, 8]
        total = sum((w >> 12) * c for w, c in zip(self.clue_weights, p.clues, strict=True))
        p.steps = clip((total >> 11) + 5, -104, 528)
        p.log_scale = p.steps + 2 * self.log_step + 16 * self.unit

    def decode_steps(self, s: Any) -> int:
        """Subsections "Copies", "Decisions" and "Symbols": the steps from the centre."""
        left_out: list[tuple[int, int]] = []
        zero, one = s.d.frequencies(0)
        is_decided = s.j == 0 and one - zero > 6554 << 8
        if self.step == 1 or self.is_fixed:
            s.copy = self.copy_context(s.at)
            for n, value in enumerate(s.at.own[:2]):
                p = self.copies[n][s.copy].p >> 6
                q = (value - s.centre + self.step // 2) // self.step
                symbol = q >> s.j
                is_possible = s.d.lowest <= symbol <= s.d.highest and abs(symbol) != MOST
                is_repeated = n and value == s.at.own[0]
                if is_repeated or not is_possible or p <= (62259 if is_decided else 19661):
                    continue
                start, stop = s.d.frequencies(symbol)
                if p << 6 <= (stop - start) >> s.j:
                    continue
                if decode_bit(s.decoder, min(p, 65500), s.q == q):
                    return int(q)
                left_out += [(start, stop)] if s.j == 0 else []
        if s.decoder is None:
            return self.decide(s, zero, one) and s.q if is_decided and not left_out else int(s.q)
        if left_out or not is_decided:
            return decode_far(s.decoder, s.d, s.j, left_out)
        q = self.decide(s, zero, one)
        if abs(q) < 4 or abs(q) == (s.d.highest if q > 0 else -s.d.lowest):
            return q
        rest = (0, s.d.below(q)) if q > 0 else (s.d.below(q + 1), 2**24)
        return decode_far(s.decoder, s.d, 0, [rest])

    def copy_context(self, at: Any) -> int:
        """Subsection "Copies"."""
        w, n, nw, ne, ww, nn, _, nnw, nww, nee = at.own
        ends = self.low, self.high
        bits = [n == nw, ne == n, w == nw, ww == nww, w == ww, nw == nnw, n == nn]
        bits += [o == near for o, *two in (p[:3] for p in at.planes[:2]) for near in two]
        if not at.planes:
            bits += [ww != at.plane.own(at.y, at.x, 0, -3), ne != nee]
        if len(at.planes) < 2:
            bits += [w in ends, n in ends]
        return sum(bit << n for n, bit in enumerate(bits))

    def decide(self, s: Any, zero: int, one: int) -> int:
        """Subsection "Decisions": the steps up to 4."""
        part = clip(4 * (s.d.start + s.d.width) // s.d.width, 0, 3)
        activity = log8(8 * s.p.around + 7 * s.p.far + self.noise) - 3 - self.log_step
        activity = clip(activity >> 2, 0, 15)
        contexts = self.contexts(s, part, activity)

        def decode(decision: int, p: int, mixer: int, known: bool) -> int:
            entries = [t[c, decision] for t, c in zip(self.tables, contexts, strict=True)]
            return decode_mixed(s.decoder, p, entries, self.mixers[mixer], known)

        if decode(0, (one - zero) >> 8, 4 * activity + part, s.q == 0):
            return 0
        above, under = 2**24 - one, zero
        p = (above << 16) // (above + under + 1)
        is_up = decode(1, p, 64 + 4 * part + activity // 4, s.q > 0)
        most, rest, edge = (s.d.highest, above, one) if is_up else (-s.d.lowest, under, zero)
        sign, n = 1 if is_up else -1, 1
        while n < min(most, 4):
            following = s.d.below(n + 1 if is_up else -n)
            mass, edge = abs(following - edge), following
            mixer = (128 if n == 1 else 192) + is_up
            if decode(1 + n + 3 * is_up, (mass << 16) // (rest + 1), mixer, abs(s.q) == n):
                break
            rest, n = rest - mass, n + 1
        return sign * n

    def contexts(self, s: Any, part: int, activity: int) -> list[int]:
        """Subsection "Decisions": the contexts of the four tables."""
        w, n, nw, ne, ww, nn, _, _, _, nee = (v - s.centre for v in s.at.own)
        e = s.at.errors

        def join(most: str, numbers: Any, unit: int) -> int:
            number = 0
            for m, x in zip(map(int, most), numbers, strict=True):
                digit = sum(2 * abs(x) > k * unit for k in (1, 3)[:m])
                number = number * (2 * m + 1) + m + (digit if x > 0 else -digit)
            return number

        first = 4 * join("2222", [w, n, nw, ne], self.step) + part
        if s.at.planes:
            o, ow, on = s.at.planes[0][:3]
            second = join("2211", [o - ow + w, o - on + n, w, n], self.step)
            second = 5 * second + join("2", [s.at.other[0][0]], self.noise)
        else:
            second = join("2212", [ww, nn, nee, w], self.step)
        third = 4 * join("111111", e[:6], self.noise) + part
        if len(s.at.planes) > 1:
            d, f = s.at.other
            fourth = 16 * join("1211", [f[0], d[0], d[3], d[4]], self.noise) + activity
        else:
            fourth = ((s.centre - self.low) // self.step) % 512 * 4 + part
        return [first, second, third, fourth]

    def learn(self, s: Any, shape: Shape, value: int, q: int) -> None:
        """Subsection "Learning": learn from a value."""
        p, at = s.p, s.at
        truth = 256 * (value - at.own[0])
        most = 2**28 - 1
        error = clip((256 * value - p.mean) >> self.unit, -most, most)
        at.plane.errors[at.y][at.x] = error
        errors = [min(abs(truth - x) >> self.unit, most) for x in p.experts]
        at.expert_errors[at.y, at.x] = errors
        if s.copy is not None:
            w, n = at.own[:2]
            self.copies[0][s.copy].learn(value == w, 255)
            if w not in (value, n):
                self.copies[1][s.copy].learn(value == n, 255)
        shape.learn(s.d, clip(q >> s.j, -MOST, MOST))
        log = p.steps + 2 * self.log_step
        scale = clip(shift(16 + log % 16, (log >> 4) - 4), 1, 2**27)
        self.learn_scale(p, abs(error), log)
        self.predictor.learn(p, truth, scale, p.log_scale)

    def learn_scale(self, p: Any, error: int, log: int) -> None:
        ratio = clip(log8(error + self.noise * 3 // 25 + 1) - ((log - 5) >> 1), -40, 24)
        excess = clip(shift(16 + 2 * (ratio % 8), ratio >> 3), 0, 64) - 16
        for n, clue in enumerate(p.clues):
            weight = self.clue_weights[n] + (excess * 629 * clue >> 3)
            self.clue_weights[n] = clip(weight, -(2**26), 2**26 - 1)


def decode_segment(
    message: bytes, values: list[Any], base: Any, missing: Any, primer: Any = None
) -> list[Any]:
    """The values [band][frame][y][x] of a segment.

    `values` of each band are `low`, `high`, `step` and `is_fixed`; `base` [band][frame][y][x] or
    None; `missing` (bands, frames, height, width); `primer`, values of the same axes, or None.
    """
    bands = [Band(value, min(4, n + (base is not None))) for n, value in enumerate(values)]
    if primer is not None:
        code_bands(None, bands, None, np.zeros(primer.shape, bool), primer)
    return code_bands(RangeDecoder(message), bands, base, missing, missing)


def code_bands(
    decoder: RangeDecoder | None, bands: list[Band], base: Any, missing: Any, known: Any
) -> list[Any]:
    """Decode values [band][frame][y][x], or learn from known ones without a decoder."""
    _, frames, height, width = missing.shape
    coded: list[list[Plane]] = []
    for number, band in enumerate(bands):
        coded.append([])
        for frame in range(frames):
            plane = Plane(height, width, (band.low + band.high) >> 1)
            earlier = [coded[n][frame] for n in range(number - 1, -1, -1)]
            if base is not None:
                below = Plane(height, width, 0)
                below.values = base[number][frame]
                earlier.insert(0, below)
            at = Fields(plane=plane, earlier=earlier[:4], expert_errors={})
            for wave in range(width + 3 * (height - 1)):
                for at.y in range(max(0, (wave - width + 3) // 3), min(height, wave // 3 + 1)):
                    at.x = wave - 3 * at.y
                    place = number, frame, at.y, at.x
                    value = band.decode(decoder, at, bool(missing[place]), int(known[place]))
                    plane.values[at.y][at.x] = value
            coded[number].append(plane)
    return [[plane.values for plane in band] for band in coded]
