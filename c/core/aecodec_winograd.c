/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions with kernels of 3 by 3 and steps of 1, by Winograd's minimal filtering (A. Lavin and S.
 * Gray, "Fast algorithms for convolutional neural networks", 2015): 36 multiplications give 4 by 4
 * outputs, where the plain sums take 144.
 *
 * All numbers are integers, and results are exact. The transform of the kernels is not divided by 24 as
 * usual. So the transformed sums are 9 times a power of two too large, up to 2^6, modulo 2^32. Multiplying
 * by the inverse of 9 and shifting right gives the sums, which have 26 bits if at most 224 channels are
 * summed. */
#include "aecodec_kernels.h"

#ifdef AECODEC_WINOGRAD

#ifdef AECODEC_X86 /* only kernels for AVX2 or better call this */
#define VECTORIZED __attribute__((target("avx2")))
#else
#define VECTORIZED
#endif

enum {
    LEAST_CHANNELS = 8,
    MOST_CHANNELS = 1024,
    MOST_TOGETHER = 224, /* channels whose sums have 26 bits */
    PART = 128,          /* channels that are summed together if there are more */
    SIDE = 4,            /* outputs of a tile */
    SEEN = 6,            /* inputs of a tile */
    POINTS = SEEN * SEEN,
    MANY = 24,         /* tiles that are worked on together, so that the weights of a point stay near */
    CHUNK = 16,        /* channels that are transformed together */
    WIDEST = 1 << 24,  /* columns of the output times channels of the input, so that all sizes have 32 bits */
    APART = 32,        /* numbers between points, so that they do not share the same lines of a cache */
    STRIP = 1 << 21,   /* bytes of transformed inputs that are processed together, or a row of tiles */
    QUAD = AECODEC_BLOCK * AECODEC_GROUP /* adjacent weights: of four inputs and a block of outputs */
};

/* How a convolution is laid out. Sizes are in numbers. */
typedef struct {
    const aecodec_convolution *convolution;
    size_t channels;       /* of the input */
    size_t length;         /* the same, rounded up for whole vectors */
    size_t across, down;   /* tiles of a row, and rows of tiles of a picture */
    size_t rows;           /* of tiles of a strip, which may be of several pictures */
    size_t tiles;          /* of a strip */
    size_t packed_columns; /* that the tiles of a row see */
    size_t input_point, weight_point; /* from one point to the next */
    int16_t *packed;       /* [SEEN][packed_columns][channels], and CHUNK more: of a row of tiles */
    int16_t *inputs;       /* [POINTS][tiles][length], input_point apart */
    int16_t *weights;      /* [POINTS][length / 2][AECODEC_BLOCK][2], weight_point apart, of one block */
    int32_t *sums;         /* [POINTS][MANY][AECODEC_BLOCK], of many tiles and one block */
    int32_t *totals;       /* [MANY][SIDE][SIDE][AECODEC_BLOCK] */
} layout;

static layout layout_of(const aecodec_convolution *convolution)
{
    layout tiling = {0};
    tiling.convolution = convolution;
    tiling.channels = convolution->in.channels;
    tiling.length = aecodec_round_up(tiling.channels, CHUNK);
    tiling.across = ((size_t)convolution->out.columns + SIDE - 1) / SIDE;
    tiling.packed_columns = SIDE * tiling.across + 2;
    size_t row = tiling.across * POINTS * tiling.length * sizeof(int16_t);
    tiling.down = ((size_t)convolution->out.rows + SIDE - 1) / SIDE;
    tiling.rows = aecodec_least(row < STRIP ? STRIP / row : 1, tiling.down * convolution->pictures);
    tiling.tiles = tiling.rows * tiling.across;
    tiling.input_point = tiling.tiles * tiling.length + APART;
    tiling.weight_point = AECODEC_BLOCK * tiling.length + APART;
    return tiling;
}

enum { SUMS = POINTS * MANY * AECODEC_BLOCK, TOTALS = SIDE * SIDE * MANY * AECODEC_BLOCK };

static void sizes_of(const layout *tiling, size_t sizes[3])
{
    sizes[0] = aecodec_round_up(SEEN * tiling->packed_columns * tiling->channels + CHUNK, CHUNK);
    sizes[1] = POINTS * tiling->input_point;
    sizes[2] = POINTS * tiling->weight_point;
}

int aecodec_winograd_takes(const aecodec_kernels *kernels, const aecodec_convolution *convolution)
{
    const aecodec_shape *in = &convolution->in, *out = &convolution->out;
    const uint64_t places = (uint64_t)out->rows * out->columns;
    return kernels->least_places && convolution->height == 3 && convolution->width == 3 &&
           convolution->down == 1 && convolution->across == 1 && in->channels % AECODEC_GROUP == 0 &&
           in->channels >= LEAST_CHANNELS && in->channels <= MOST_CHANNELS &&
           (uint64_t)out->columns * in->channels <= WIDEST && places >= SIDE * SIDE &&
           places * convolution->pictures >= kernels->least_places;
}

uint64_t aecodec_winograd_scratch(const aecodec_convolution *convolution)
{
    const layout tiling = layout_of(convolution);
    size_t sizes[3];
    sizes_of(&tiling, sizes);
    return ((uint64_t)sizes[0] + sizes[1] + sizes[2]) * sizeof(int16_t) + (SUMS + TOTALS) * sizeof(int32_t);
}

/* ---- inputs ---- */

AECODEC_INLINE void pack_row(const layout *tiling, const int8_t *input, int64_t row, int16_t *packed)
{
    const aecodec_convolution *c = tiling->convolution;
    const size_t columns = tiling->packed_columns, left = aecodec_least(c->left, columns);
    const size_t seen = aecodec_least(columns - left, c->in.columns);
    const int is_inside = row >= 0 && row < (int64_t)c->in.rows;
    const int8_t *from = input + (is_inside ? (size_t)row * c->in.columns * tiling->channels : 0);
    const size_t start = left * tiling->channels, end = start + (is_inside ? seen * tiling->channels : 0);
    aecodec_fill_words(packed, c->zero, start);
    for (size_t n = start; n < end; n++) {
        packed[n] = from[n - start];
    }
    aecodec_fill_words(packed + end, c->zero, columns * tiling->channels - end);
}

static VECTORIZED void pack(const layout *tiling, size_t tile_row)
{
    const aecodec_convolution *c = tiling->convolution;
    const size_t size = tiling->packed_columns * tiling->channels;
    const size_t picture = (size_t)c->in.rows * c->in.columns * tiling->channels;
    const int64_t first = (int64_t)(tile_row % tiling->down * SIDE) - c->top;
    for (size_t n = 0; n < SEEN; n++) {
        pack_row(tiling, c->input + tile_row / tiling->down * picture, first + (int64_t)n,
                 tiling->packed + n * size);
    }
    aecodec_fill_words(tiling->packed + SEEN * size, 0, CHUNK);
}

/* Six numbers of each of some channels, `gap` apart, transformed: to[0], to[step] and so on; steps are
 * constants, for whole vectors. */
AECODEC_INLINE void transform_inputs_of(const int16_t *restrict from, size_t gap, int16_t *restrict to,
                                        size_t step)
{
    for (int n = 0; n < CHUNK; n++, from++, to++) {
        const int a = from[0], b = from[gap], c = from[2 * gap], d = from[3 * gap], e = from[4 * gap],
                  f = from[5 * gap];
        to[0] = (int16_t)(4 * a - 5 * c + e);
        to[step] = (int16_t)(e - 4 * c + (d - 4 * b));
        to[2 * step] = (int16_t)(e - 4 * c - (d - 4 * b));
        to[3 * step] = (int16_t)(e - c + 2 * (d - b));
        to[4 * step] = (int16_t)(e - c - 2 * (d - b));
        to[5 * step] = (int16_t)(4 * b - 5 * d + f);
    }
}

/* Some channels of a tile: 6 by 6 numbers. */
AECODEC_INLINE void transform_chunk(const layout *tiling, const int16_t *from, int16_t *to)
{
    const size_t row = tiling->packed_columns * tiling->channels, point = tiling->input_point;
    int16_t half[SEEN][SEEN * CHUNK], whole[SEEN * CHUNK];
    for (size_t n = 0; n < SEEN; n++) {
        transform_inputs_of(from + n * row, tiling->channels, half[n], CHUNK);
    }
    for (size_t n = 0; n < SEEN; n++) {
        transform_inputs_of(half[0] + n * CHUNK, SEEN * CHUNK, whole, CHUNK);
        for (size_t k = 0; k < SEEN; k++) {
            memcpy(to + (SEEN * k + n) * point, whole + k * CHUNK, CHUNK * sizeof *to);
        }
    }
}

static VECTORIZED void transform_inputs(const layout *tiling, int16_t *to)
{
    for (size_t column = 0; column < tiling->across; column++, to += tiling->length) {
        const int16_t *from = tiling->packed + SIDE * column * tiling->channels;
        for (size_t channel = 0; channel < tiling->channels; channel += CHUNK) {
            transform_chunk(tiling, from + channel, to + channel);
        }
    }
}

/* ---- weights ---- */

/* Weights of four inputs and `lanes` outputs, [lanes][4], as [2][AECODEC_BLOCK][2]. */
AECODEC_INLINE void read_quad(const int8_t *weights, size_t lanes, int16_t *restrict to)
{
    uint16_t pairs[QUAD / 2], sorted[QUAD / 2] = {0};
    int8_t bytes[QUAD];
    memcpy(pairs, weights, lanes * AECODEC_GROUP);
    for (size_t n = 0; n < lanes; n++) {
        sorted[n] = pairs[2 * n];
        sorted[AECODEC_BLOCK + n] = pairs[2 * n + 1];
    }
    memcpy(bytes, sorted, sizeof bytes);
    for (size_t n = 0; n < QUAD; n++) {
        to[n] = bytes[n];
    }
}

/* Three numbers of each weight, `gap` apart, transformed: to[0], to[step] and so on; steps are constants, for
 * whole vectors. */
AECODEC_INLINE void transform_weights_of(const int16_t *restrict from, size_t gap, int16_t *restrict to,
                                         size_t step)
{
    for (int n = 0; n < QUAD; n++, from++, to++) {
        const int a = from[0], b = from[gap], c = from[2 * gap];
        to[0] = (int16_t)a;
        to[step] = (int16_t)(a + c + b);
        to[2 * step] = (int16_t)(a + c - b);
        to[3 * step] = (int16_t)(a + 4 * c + 2 * b);
        to[4 * step] = (int16_t)(a + 4 * c - 2 * b);
        to[5 * step] = (int16_t)c;
    }
}

/* Transform the 3 by 3 weights of four inputs: quads that are `gap` apart in a kernel. */
AECODEC_INLINE void transform_quad(const int8_t *weights, size_t gap, size_t lanes, int16_t *to, size_t point)
{
    int16_t taps[9][QUAD], half[3][SEEN * QUAD], whole[SEEN * QUAD];
    for (size_t n = 0; n < 9; n++) {
        read_quad(weights + n * gap, lanes, taps[n]);
    }
    for (size_t n = 0; n < 3; n++) {
        transform_weights_of(taps[3 * n], QUAD, half[n], QUAD);
    }
    for (size_t n = 0; n < SEEN; n++) {
        transform_weights_of(half[0] + n * QUAD, SEEN * QUAD, whole, QUAD);
        for (size_t k = 0; k < SEEN; k++) {
            memcpy(to + (SEEN * k + n) * point, whole + k * QUAD, QUAD * sizeof *to);
        }
    }
}

static VECTORIZED void transform_weights(const layout *tiling, const int8_t *weights, uint32_t outputs)
{
    const size_t lanes = aecodec_round_up(outputs, 4), quads = tiling->channels / AECODEC_GROUP;
    const size_t gap = quads * lanes * AECODEC_GROUP, point = tiling->weight_point;
    for (size_t n = 0; n < quads; n++, weights += lanes * AECODEC_GROUP) {
        if (lanes == AECODEC_BLOCK) { /* in whole vectors */
            transform_quad(weights, gap, AECODEC_BLOCK, tiling->weights + n * QUAD, point);
        } else {
            transform_quad(weights, gap, lanes, tiling->weights + n * QUAD, point);
        }
    }
}

/* ---- outputs ---- */

/* Four outputs along an axis, of six sums of each channel that are `gap` apart; those are 24, 12, 6 and 6
 * times as large as usual. */
AECODEC_INLINE void fold(const uint32_t *restrict sums, size_t gap, uint32_t *restrict to, size_t step)
{
    for (int n = 0; n < AECODEC_BLOCK; n++, sums++, to++) {
        const uint32_t a = sums[0], b = sums[gap], c = sums[2 * gap], d = sums[3 * gap], e = sums[4 * gap];
        const uint32_t f = sums[5 * gap];
        to[0] = 6 * a - 4 * (b + c) + (d + e);
        to[step] = d - e - 2 * (b - c);
        to[2 * step] = d + e - (b + c);
        to[3 * step] = 2 * (d - e) - (b - c) + 6 * f;
    }
}

/* The sums of a tile's outputs, added to those of channels before them. */
AECODEC_INLINE void fold_tile(const uint32_t *sums, int is_first, int32_t *restrict totals)
{
    static const int shifts[SIDE] = {3, 2, 1, 1};
    const uint32_t ninth = 954437177; /* times 9 is 1 */
    uint32_t half[SIDE][SEEN * AECODEC_BLOCK], whole[SIDE][AECODEC_BLOCK];
    for (int n = 0; n < SEEN; n++) {
        fold(sums + (size_t)n * MANY * AECODEC_BLOCK, SEEN * MANY * AECODEC_BLOCK,
             half[0] + n * AECODEC_BLOCK, SEEN * AECODEC_BLOCK);
    }
    for (int row = 0; row < SIDE; row++) {
        fold(half[row], AECODEC_BLOCK, whole[0], AECODEC_BLOCK);
        for (int column = 0; column < SIDE; column++, totals += AECODEC_BLOCK) {
            const int shift = shifts[row] + shifts[column];
            for (int n = 0; n < AECODEC_BLOCK; n++) {
                const int32_t sum = (int32_t)(whole[column][n] * ninth) >> shift;
                totals[n] = is_first ? sum : (int32_t)((uint32_t)totals[n] + (uint32_t)sum);
            }
        }
    }
}

static VECTORIZED void fold_tiles(const layout *tiling, size_t tiles, int is_first)
{
    for (size_t n = 0; n < tiles; n++) {
        fold_tile((const uint32_t *)tiling->sums + n * AECODEC_BLOCK, is_first,
                  tiling->totals + n * SIDE * SIDE * AECODEC_BLOCK);
    }
}

static void store_tile(const aecodec_kernels *kernels, const layout *tiling, const int32_t *totals,
                       size_t tile_row, size_t column, uint32_t channel, uint32_t outputs)
{
    const aecodec_convolution *c = tiling->convolution;
    const size_t count = aecodec_least(c->out.columns - column, SIDE);
    const size_t picture = tile_row / tiling->down, row = tile_row % tiling->down * SIDE;
    for (size_t y = 0; y < SIDE && row + y < c->out.rows; y++, totals += SIDE * AECODEC_BLOCK) {
        const size_t place = (picture * c->out.rows + row + y) * c->out.columns + column;
        int8_t *output = c->output + place * c->out.channels + channel;
        kernels->outputs(&c->scaling, totals, count, channel, outputs, output, c->out.channels);
    }
}

/* Multiply the inputs of some tiles, for all points, and sum some channels. */
static void multiply(const aecodec_kernels *kernels, const layout *tiling, size_t tile, size_t tiles,
                     size_t channel, size_t channels)
{
    const int16_t *inputs = tiling->inputs + tile * tiling->length + channel;
    const int16_t *weights = tiling->weights + channel * AECODEC_BLOCK;
    int32_t *sums = tiling->sums;
    for (int n = 0; n < POINTS; n++, sums += MANY * AECODEC_BLOCK) {
        kernels->multiply(inputs, tiling->length, tiles, weights, channels, sums, AECODEC_BLOCK);
        inputs += tiling->input_point;
        weights += tiling->weight_point;
    }
}

static void run_tiles(const aecodec_kernels *kernels, const layout *tiling, size_t tile_row, size_t tile,
                      size_t left, uint32_t channel, uint32_t outputs)
{
    const size_t tiles = aecodec_least(left, MANY);
    const size_t part = tiling->channels <= MOST_TOGETHER ? tiling->channels : PART;
    for (size_t from = 0; from < tiling->channels; from += part) {
        multiply(kernels, tiling, tile, tiles, from, aecodec_least(tiling->channels - from, part));
        fold_tiles(tiling, tiles, from == 0);
    }
    for (size_t n = 0; n < tiles; n++) {
        store_tile(kernels, tiling, tiling->totals + n * SIDE * SIDE * AECODEC_BLOCK,
                   tile_row + (tile + n) / tiling->across, (tile + n) % tiling->across * SIDE, channel,
                   outputs);
    }
}

static void run_strip(const aecodec_kernels *kernels, const layout *tiling, size_t tile_row, size_t rows)
{
    const aecodec_convolution *c = tiling->convolution;
    const size_t own = 9 * tiling->channels; /* weights of an output */
    const size_t tiles = rows * tiling->across;
    for (uint32_t channel = 0; channel < c->out.channels; channel += AECODEC_BLOCK) {
        const uint32_t left = c->out.channels - channel,
                       outputs = left < AECODEC_BLOCK ? left : AECODEC_BLOCK;
        transform_weights(tiling, c->weights + channel * own, outputs);
        for (size_t tile = 0; tile < tiles; tile += MANY) {
            run_tiles(kernels, tiling, tile_row, tile, tiles - tile, channel, outputs);
        }
    }
}

void aecodec_winograd(const aecodec_kernels *kernels, const aecodec_convolution *convolution)
{
    layout tiling = layout_of(convolution);
    const size_t all = tiling.down * convolution->pictures;
    size_t sizes[3], row, n;
    sizes_of(&tiling, sizes);
    tiling.packed = convolution->scratch;
    tiling.inputs = tiling.packed + sizes[0];
    tiling.weights = tiling.inputs + sizes[1];
    tiling.sums = (int32_t *)(void *)(tiling.weights + sizes[2]);
    tiling.totals = tiling.sums + SUMS;
    for (row = 0; row < all; row += tiling.rows) {
        const size_t rows = aecodec_least(tiling.rows, all - row);
        for (n = 0; n < rows; n++) {
            pack(&tiling, row + n);
            transform_inputs(&tiling, tiling.inputs + n * tiling.across * tiling.length);
        }
        run_strip(kernels, &tiling, row, rows);
    }
}

#else
typedef int aecodec_no_winograd; /* C has no empty files */
#endif
