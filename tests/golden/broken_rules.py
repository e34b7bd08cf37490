"""A change of the source for each rule of the format, which a golden file must notice."""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    """A change of the source.

    Attributes:
        rule: the rule of the format that it breaks.
        module: the module, without `aecodec.`.
        old: text that occurs once in it.
        new: what stands there instead.
    """

    rule: str
    module: str
    old: str
    new: str


_CONTAINER, _BINARY = "format.container", "format.binary"
_GEOMETRY, _PAYLOAD, _CODING = "bitstream.geometry", "bitstream.payload", "entropy.coding"
_NETWORK, _SPATIAL, CODER = (
    "entropy.context_network",
    "entropy.spatial_context",
    "entropy.range_coder",
)
_LEVELS, _TABLES, _PRIOR = "quantization.levels", "entropy.slices", "entropy.prior"

MUTATIONS = [
    Mutation("1: the checksum is checked", _CONTAINER, "if stored != computed:", "if False:"),
    Mutation("1: reserved flags", _CONTAINER, "0b1000_0000", "0"),
    Mutation("1: one frame is not announced", _CONTAINER, "if frames == 1:", "if False:"),
    Mutation("1: no kind of metadata twice", _CONTAINER, "or kind in metadata:", "or False:"),
    Mutation("1: shortest form of numbers", _BINARY, "if index and not byte:", "if False:"),
    Mutation(
        "1: level in sixteenths",
        "codec.decoder_codec",
        "header.level / LEVEL_UNITS",
        "max(1, header.level // LEVEL_UNITS)",
    ),
    Mutation(
        "1: alpha ends with its block", "imaging.alpha", "if inflater.unused_data", "if False"
    ),
    Mutation(
        "2: reduced sides are rounded up", "imaging.resampling", "math.ceil(side", "math.floor(side"
    ),
    Mutation("2: the kernel of the enlargement", "imaging.resampling", "BICUBIC", "BILINEAR"),
    Mutation(
        "2: each side's enlargement is rounded",
        "imaging.resampling",
        "plane = Image.fromarray(np.ascontiguousarray(pixels[frame, ..., channel]))",
        "plane = Image.fromarray(pixels[frame, ..., channel].astype(np.float32))",
    ),
    Mutation(
        "2: grey mean before the enlargement",
        "codec.decoder_codec",
        "pixels = self.from_planes(planes, header.frames, header.mode.channels)\n        pixels = resize(pixels, picture_size(self.spec, header))",
        "pixels = resize(planes, picture_size(self.spec, header))\n        pixels = self.from_planes(pixels, header.frames, header.mode.channels)",
    ),
    Mutation(
        "2: weights of the enlargement are rounded",
        "imaging.resampling",
        "np.asarray(plane.resize(size, Image.Resampling.BICUBIC))",
        '__import__("enlargement").enlarged(np.asarray(plane), size, int)',
    ),
    Mutation("2: the grey mean is rounded", "imaging.planes", "(sums + 1) // 3", "sums // 3"),
    Mutation(
        "2: planes of a frame follow each other",
        "imaging.planes",
        "by_frame = planes.reshape(frames, -1, height, width)",
        "by_frame = planes.reshape(-1, frames, height, width).swapaxes(0, 1)",
    ),
    Mutation(
        "2: tiles row by row",
        "imaging.tiling",
        "parts.transpose(0, 1, 3, 2, 4, 5)\n    whole = ",
        "parts.reshape(frames, columns, rows, height, width, channels).transpose(0, 2, 3, 1, 4, 5)\n    whole = ",
    ),
    Mutation("4: segments of 128 vectors", _PAYLOAD, "SEGMENT_SIDE = 128", "SEGMENT_SIDE = 127"),
    Mutation("4: groups of planes", _PAYLOAD, "max(1, SEGMENT_SIDE**2 // own)", "1"),
    Mutation(
        "4: groups of 16384 vectors",
        _PAYLOAD,
        "max(1, SEGMENT_SIDE**2 // own)",
        "max(1, SEGMENT_SIDE**2 // 2 // own)",
    ),
    Mutation(
        "4: the nearer level's arrays, the higher's at a tie",
        "codec_files.spec",
        "LEVEL_UNITS // 2)",
        "LEVEL_UNITS // 2 - 1)",
    ),
    Mutation("4: parts of 16384 vectors", _CODING, "1 << 14", "1 << 15"),
    Mutation(
        "4: the pyramid begins with every eighth",
        _SPATIAL,
        "_FIRST_DISTANCE = 8",
        "_FIRST_DISTANCE = 16",
    ),
    Mutation(
        "4: the diagonal pass before the straight one",
        _SPATIAL,
        "        yield _pass(grid, DIAGONAL, distance, [(distance, distance)], step)\n        yield _pass(grid, STRAIGHT, distance, [(0, distance), (distance, 0)], step)",
        "        yield _pass(grid, STRAIGHT, distance, [(0, distance), (distance, 0)], step)\n        yield _pass(grid, DIAGONAL, distance, [(distance, distance)], step)",
    ),
    Mutation(
        "4: the order of the halves of the third pass",
        _SPATIAL,
        "[(0, distance), (distance, 0)]",
        "[(distance, 0), (0, distance)]",
    ),
    Mutation(
        "4: the halves of all planes",
        _SPATIAL,
        "members, row, column = (np.concatenate(each) for each in zip(*found, strict=True))",
        "members, row, column = (np.concatenate(each) for each in zip(*found, strict=True))\n    by_plane = np.argsort(members // (grid[1] * grid[2]), kind='stable')\n    members, row, column = members[by_plane], row[by_plane], column[by_plane]",
    ),
    Mutation(
        "4: the diagonal pairs",
        _SPATIAL,
        "((-1, -1), (1, 1), (-1, 1), (1, -1))",
        "((-1, 1), (1, -1), (-1, -1), (1, 1))",
    ),
    Mutation(
        "4: the straight pairs are opposite ones",
        _SPATIAL,
        "((-1, 0), (1, 0), (0, -1), (0, 1))",
        "((-1, 0), (0, -1), (1, 0), (0, 1))",
    ),
    Mutation(
        "4: a missing neighbour is the opposite one",
        _SPATIAL,
        "np.where(pairs < 0, pairs[:, :, ::-1], pairs)",
        "np.where(pairs < 0, pairs[:, ::-1], pairs)",
    ),
    Mutation(
        "4: a missing pair is the other one",
        _SPATIAL,
        "return np.where(pairs < 0, pairs[:, ::-1], pairs)",
        "return np.where(pairs < 0, pairs[:, ::-1, ::-1], pairs)",
    ),
    Mutation(
        "4: a missing pair is not zeros",
        _SPATIAL,
        "            four = centred(codes.take(self.pairs[block], axis=0), centre)",
        "            four = centred(codes.take(self.pairs[block], axis=0), centre)\n            four[(self.neighbours.reshape(-1, 2, 2)[block] < 0).all(axis=2)] = 0",
    ),
    Mutation(
        "4: sums before differences",
        _SPATIAL,
        "return first + second, first - second",
        "return first - second, first + second",
    ),
    Mutation(
        "4: first minus second",
        _SPATIAL,
        "return first + second, first - second",
        "return first + second, second - first",
    ),
    Mutation(
        "4: replaced neighbours count in the activity",
        _SPATIAL,
        "np.abs(four).sum(axis=(1, 2), dtype=np.int16)",
        "(np.abs(four) * (self.neighbours.reshape(-1, 2, 2, 1)[block] >= 0)).sum(axis=(1, 2), dtype=np.int16)",
    ),
    Mutation(
        "4: codes are clipped to 8 bits before the centre",
        _SPATIAL,
        "np.clip(codes, -128, 127)",
        "np.clip(codes, -4, 4)",
    ),
    Mutation(
        "4: the centre is subtracted", _SPATIAL, "copy=False) - centre", "copy=False) - 0 * centre"
    ),
    Mutation(
        "4: prior indices come first",
        _CODING,
        "decoder.decode(count, prior.index_table) if prior.index_table else",
        "decoder.decode(count, prior.index_table)[::-1].copy() if prior.index_table else",
    ),
    Mutation(
        "4: slices begin where degrees say",
        _NETWORK,
        "starts = {0, *self.degree[self.degree < len(self.order)].tolist()}",
        "starts = set(range(len(self.order)))",
    ),
    Mutation(
        "4: rows ascending in a slice",
        _CODING,
        "order, columns = sorted(range(len(flat)), key=flat.__getitem__), ",
        "order, columns = list(range(len(flat))), ",
    ),
    Mutation(
        "4: rows ascending in a slice of many",
        _TABLES,
        'return np.argsort(flat, kind="stable"), list(runs)',
        'return np.argsort(flat[::-1], kind="stable"), list(runs)',
    ),
    Mutation(
        "4: the high byte of an escaped value first",
        _CODING,
        "pairs[:, 0] << 8 | pairs[:, 1]",
        "pairs[:, 1] << 8 | pairs[:, 0]",
    ),
    Mutation(
        "4: 32768 is added to an escaped value", _CODING, "_RAW_ZERO = 1 << 15", "_RAW_ZERO = 0"
    ),
    Mutation(
        "4: the order of the channels",
        _PRIOR,
        "return np.argsort(self.order)",
        "return self.order.copy()",
    ),
    Mutation(
        "4: inputs are shifted left",
        _NETWORK,
        "shifted = (codes - offset) << shift",
        "shifted = codes - offset",
    ),
    Mutation(
        "4: inputs are measured from the offset",
        _NETWORK,
        "shifted = (codes - offset)",
        "shifted = codes",
    ),
    Mutation(
        "4: inputs are at most 127",
        _NETWORK,
        "np.minimum(distance << shift, MAX_ACTIVATION)",
        "np.minimum(distance << shift, 255)",
    ),
    Mutation(
        "4: signed inputs are at least -127",
        _NETWORK,
        "for each in (-127, 127)",
        "for each in (-255, 127)",
    ),
    Mutation("4: units are at most 127", _NETWORK, "for each in (0, 127)", "for each in (0, 1000)"),
    Mutation(
        "4: units are at least 0", _NETWORK, "for each in (0, 127)", "for each in (-128, 127)"
    ),
    Mutation(
        "4: a unit's sum is rounded down",
        _NETWORK,
        "(units + np.floor(sums))",
        "(units + np.rint(sums))",
    ),
    Mutation(
        "4: outputs are rounded to the nearest",
        _NETWORK,
        "self._doubled_tables = 2 * tables + 1",
        "self._doubled_tables = 2 * tables",
    ),
    Mutation(
        "4: gradients are rounded to the nearest",
        _NETWORK,
        "(np.floor(sums + sums).astype(np.int32) + 1) >> 1",
        "np.floor(sums).astype(np.int32)",
    ),
    Mutation(
        "4: gradients are clipped to 511", _NETWORK, "MAX_GRADIENT = 511", "MAX_GRADIENT = 40"
    ),
    Mutation(
        "4: a gradient's own shift",
        _NETWORK,
        "            scale[:PREDICTED_CHANNELS],",
        "            np.ones_like(scale[:PREDICTED_CHANNELS]),",
    ),
    Mutation(
        "4: activities are divided by 4",
        _NETWORK,
        "scale[self._network.place_of] / 4",
        "scale[self._network.place_of]",
    ),
    Mutation(
        "4: divided activities are rounded down",
        _NETWORK,
        "np.floor(np.minimum(activity, MAX_ACTIVATION))",
        "np.minimum(activity, MAX_ACTIVATION)",
    ),
    Mutation(
        "4: activities are at most 127",
        _NETWORK,
        "np.floor(np.minimum(activity, MAX_ACTIVATION))",
        "np.floor(activity)",
    ),
    Mutation(
        "4: the bias of the spatial weights",
        _NETWORK,
        "self._hidden += weights.bias[kind, :, None]",
        "pass",
    ),
    Mutation(
        "4: weights of each kind",
        _NETWORK,
        "self._network.exact_spatial_weights[kind]",
        "self._network.exact_spatial_weights[0]",
    ),
    Mutation(
        "4: units read channels below their degree",
        _NETWORK,
        "(channel < self.degree)",
        "(channel + 1 < self.degree)",
    ),
    Mutation(
        "4: output 1 selects the shape, clipped",
        _TABLES,
        'self._prior.first_rows.take(shape, mode="clip")',
        'self._prior.first_rows.take(shape, mode="wrap")',
    ),
    Mutation(
        "4: positions in eighths",
        _TABLES,
        "position >> _POSITION_BITS",
        "(position + 4) >> _POSITION_BITS",
    ),
    Mutation(
        "4: the bias is that of the prior",
        _NETWORK,
        "network.exact_bias.take(selected, axis=1)",
        "network.exact_bias.take(0 * selected, axis=1)",
    ),
    Mutation(
        "4: the message ends where its codes do",
        _CODING,
        "if decoder.reencoded()",
        "if False and decoder.reencoded()",
    ),
    Mutation(
        "4: nothing is escaped in vain",
        _CODING,
        "if ((columns >= 0) & (columns < prior.symbols)).any():",
        "if False:",
    ),
    Mutation(
        "4: the least length of a message",
        _CODING,
        "VECTORS_PER_BYTE = 4\n",
        "VECTORS_PER_BYTE = 8\n",
    ),
    Mutation("5: frequencies are scaled to 24 bits", CODER, "CODER_BITS = 24", "CODER_BITS = 25"),
    Mutation(
        "5: words are big-endian",
        CODER,
        'chunk.ljust(_WORD_BYTES, b"\\0"), "big"',
        'chunk.ljust(_WORD_BYTES, b"\\0"), "little"',
    ),
    Mutation(
        "5: the range begins at 2^64 - 1",
        CODER,
        "        self._range = _STATE_MASK\n\n    def _next_word",
        "        self._range = 1 << 63\n\n    def _next_word",
    ),
    Mutation(
        "6: codes of latents alone",
        _LEVELS,
        "if not ((codes >= least) & (codes <= most)).all():",
        "if False:",
    ),
    Mutation(
        "6: the multiple",
        _LEVELS,
        "np.clip(wide * self.multiple, -128, 127)",
        "np.clip(wide, -128, 127)",
    ),
    Mutation(
        "6: latents are clipped",
        _LEVELS,
        "np.clip(wide * self.multiple, -128, 127)",
        "(wide * self.multiple)",
    ),
    Mutation(
        "6: dequantization with gains is rounded",
        _LEVELS,
        "+ self.factors) // (2 * self.factors)",
        ") // (2 * self.factors)",
    ),
    Mutation(
        "6: gains between levels",
        _LEVELS,
        "each // LEVEL_UNITS for each",
        "-(-each // LEVEL_UNITS) for each",
    ),
    Mutation(
        "6: channels of the level",
        _LEVELS,
        "own = latents[..., self.start : self.stop]",
        "own = latents[..., : self.stop - self.start]",
    ),
    Mutation(
        "6: windows show the receptive field",
        "inference.windows",
        "margin = self.receptive_field",
        "margin = 0",
    ),
    Mutation(
        "8: grey pixels are given back as RGB",
        "codec.decoder_codec",
        "pixels.shape[-1] == header.picture_mode.channels",
        "True",
    ),
]
