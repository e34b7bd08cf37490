/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions with kernels of 3 by 3 and steps of 1, by Winograd's minimal filtering (Lavin and Gray, "Fast
 * algorithms for convolutional neural networks", 2015): 16 multiplications give 2 by 2 outputs, where the plain sums
 * take 36. All numbers are integers, and the kernel's transform is taken twice in each direction, so the sums come
 * out as exactly four times what they should be. */
#include "aecodec_kernels.h"

#ifdef AECODEC_WINOGRAD

#include <string.h>

enum {
    LEAST_CHANNELS = 8,
    MOST_CHANNELS = 1024, /* so that four times a sum has 31 bits */
    POINTS = 16,          /* products for a tile of 2 by 2 outputs */
    FOUR = 4,             /* tiles that kernels take together */
    MANY = 32,            /* tiles that are worked on together, so that the weights of a point stay near */
    CHUNK = 8,            /* channels that are transformed together */
    WIDEST = 1 << 24,     /* columns of the output times channels of the input, so that all sizes have 32 bits */
    STRIP = 1 << 20       /* bytes of transformed inputs that are worked on together, if a row of tiles is no larger */
};

/* How a convolution is laid out. Sizes are in numbers. */
typedef struct {
    const aecodec_convolution *convolution;
    size_t channels;       /* of the input */
    size_t length;         /* the same, rounded up for whole vectors */
    size_t across, rows;   /* tiles of a row, rows of a strip */
    size_t tiles;          /* of a strip, rounded up to whole fours */
    size_t packed_columns; /* that the tiles of a row see */
    int16_t *packed;       /* [2 * rows + 2][packed_columns][channels], and CHUNK more */
    int16_t *inputs;       /* [POINTS][tiles][length] */
    int16_t *weights;      /* [POINTS][AECODEC_BLOCK][length], of one block */
    int16_t *taps;         /* [9][length], of one output */
    int32_t *sums;         /* [POINTS][MANY][AECODEC_BLOCK], of many tiles and one block */
} layout;

static size_t rounded_up(size_t count, size_t to)
{
    return (count + to - 1) / to * to;
}

static layout layout_of(const aecodec_convolution *convolution)
{
    layout made = {0};
    size_t row;
    made.convolution = convolution;
    made.channels = convolution->in.channels;
    made.length = rounded_up(made.channels, 16);
    made.across = (convolution->out.columns + 1) / 2;
    made.packed_columns = 2 * made.across + 2;
    row = made.across * POINTS * made.length * sizeof(int16_t);
    made.rows = row < STRIP ? STRIP / row : 1;
    if (made.rows > (convolution->out.rows + 1) / 2) {
        made.rows = (convolution->out.rows + 1) / 2;
    }
    made.tiles = rounded_up(made.rows * made.across, FOUR);
    return made;
}

enum { SUMS = POINTS * MANY * AECODEC_BLOCK };

/* Numbers in the packed rows, the inputs, the weights and the taps. */
static void sizes_of(const layout *made, size_t sizes[4])
{
    sizes[0] = rounded_up((2 * made->rows + 2) * made->packed_columns * made->channels + CHUNK, 16);
    sizes[1] = POINTS * made->tiles * made->length;
    sizes[2] = POINTS * AECODEC_BLOCK * made->length;
    sizes[3] = 9 * made->length;
}

int aecodec_winograd_takes(const aecodec_kernels *kernels, const aecodec_convolution *convolution)
{
    const aecodec_shape *in = &convolution->in, *out = &convolution->out;
    return kernels->products && convolution->height == 3 && convolution->width == 3 && convolution->down == 1 &&
           convolution->across == 1 && in->channels % AECODEC_GROUP == 0 && in->channels >= LEAST_CHANNELS &&
           in->channels <= MOST_CHANNELS && (uint64_t)out->columns * in->channels <= WIDEST &&
           (uint64_t)out->rows * out->columns >= kernels->least_places;
}

uint64_t aecodec_winograd_scratch(const aecodec_convolution *convolution)
{
    const layout made = layout_of(convolution);
    size_t sizes[4];
    sizes_of(&made, sizes);
    return ((uint64_t)sizes[0] + sizes[1] + sizes[2] + sizes[3]) * sizeof(int16_t) + SUMS * sizeof(int32_t);
}

/* ---- inputs ---- */

static void fill(int16_t *packed, int8_t value, size_t count)
{
    size_t n;
    for (n = 0; n < count; n++) {
        packed[n] = value;
    }
}

static void pack_row(const layout *made, int64_t row, int16_t *packed)
{
    const aecodec_convolution *c = made->convolution;
    const size_t columns = made->packed_columns, left = c->left < columns ? c->left : columns;
    const size_t seen = columns - left < c->in.columns ? columns - left : c->in.columns;
    const int is_inside = row >= 0 && row < (int64_t)c->in.rows;
    const int8_t *from = c->input + (is_inside ? (size_t)row * c->in.columns * made->channels : 0);
    const size_t start = left * made->channels, end = start + (is_inside ? seen * made->channels : 0);
    size_t n;
    fill(packed, c->zero, start);
    for (n = start; n < end; n++) {
        packed[n] = from[n - start];
    }
    fill(packed + end, c->zero, columns * made->channels - end);
}

static void pack(const layout *made, size_t tile_row)
{
    const size_t size = made->packed_columns * made->channels, rows = 2 * made->rows + 2;
    const int64_t first = (int64_t)(2 * tile_row) - made->convolution->top;
    size_t n;
    for (n = 0; n < rows; n++) {
        pack_row(made, first + (int64_t)n, made->packed + n * size);
    }
    fill(made->packed + rows * size, 0, CHUNK);
}

/* Four numbers of each of some channels, transformed: to[0], to[step] and so on. */
static void transform_four(const int16_t *restrict a, const int16_t *restrict b, const int16_t *restrict c,
                           const int16_t *restrict d, int16_t *restrict to, size_t step)
{
    int n;
    for (n = 0; n < CHUNK; n++) {
        to[n] = (int16_t)(a[n] - c[n]);
    }
    for (n = 0; n < CHUNK; n++) {
        to[step + (size_t)n] = (int16_t)(b[n] + c[n]);
    }
    for (n = 0; n < CHUNK; n++) {
        to[2 * step + (size_t)n] = (int16_t)(c[n] - b[n]);
    }
    for (n = 0; n < CHUNK; n++) {
        to[3 * step + (size_t)n] = (int16_t)(b[n] - d[n]);
    }
}

/* Some channels of a tile: 4 by 4 numbers. */
static void transform_chunk(const layout *made, const int16_t *from, int16_t *to)
{
    const size_t row = made->packed_columns * made->channels, point = made->tiles * made->length;
    const size_t pixel = made->channels;
    int16_t half[4][4 * CHUNK];
    int n;
    for (n = 0; n < 4; n++, from += row) {
        transform_four(from, from + pixel, from + 2 * pixel, from + 3 * pixel, half[n], CHUNK);
    }
    for (n = 0; n < 4; n++) {
        transform_four(half[0] + n * CHUNK, half[1] + n * CHUNK, half[2] + n * CHUNK, half[3] + n * CHUNK,
                       to + (size_t)n * point, 4 * point);
    }
}

static void transform_inputs(const layout *made)
{
    size_t row, column, channel;
    int16_t *to = made->inputs;
    for (row = 0; row < made->rows; row++) {
        for (column = 0; column < made->across; column++, to += made->length) {
            const int16_t *from = made->packed + (2 * row * made->packed_columns + 2 * column) * made->channels;
            for (channel = 0; channel < made->channels; channel += CHUNK) {
                transform_chunk(made, from + channel, to + channel);
            }
        }
    }
}

/* ---- weights ---- */

/* Weights of one output, which lie in groups of 4 in a block of `lanes` outputs. */
static void read_taps(const layout *made, const int8_t *weights, size_t lanes)
{
    const size_t groups = made->channels / AECODEC_GROUP;
    size_t tap, group;
    int n;
    for (tap = 0; tap < 9; tap++) {
        int16_t *to = made->taps + tap * made->length;
        for (group = 0; group < groups; group++, weights += lanes * AECODEC_GROUP) {
            for (n = 0; n < AECODEC_GROUP; n++) {
                *to++ = weights[n];
            }
        }
    }
}

/* Three numbers of each of some channels, transformed and doubled. */
static void transform_three(const int16_t *restrict a, const int16_t *restrict b, const int16_t *restrict c,
                            int16_t *restrict to, size_t step)
{
    int n;
    for (n = 0; n < CHUNK; n++) {
        to[n] = (int16_t)(2 * a[n]);
    }
    for (n = 0; n < CHUNK; n++) {
        to[step + (size_t)n] = (int16_t)(a[n] + b[n] + c[n]);
    }
    for (n = 0; n < CHUNK; n++) {
        to[2 * step + (size_t)n] = (int16_t)(a[n] - b[n] + c[n]);
    }
    for (n = 0; n < CHUNK; n++) {
        to[3 * step + (size_t)n] = (int16_t)(2 * c[n]);
    }
}

static void transform_taps(const layout *made, int16_t *to)
{
    const size_t length = made->length, point = AECODEC_BLOCK * length;
    int16_t half[3][4 * CHUNK];
    size_t channel;
    int n;
    for (channel = 0; channel < length; channel += CHUNK, to += CHUNK) {
        const int16_t *from = made->taps + channel;
        for (n = 0; n < 3; n++, from += 3 * length) {
            transform_three(from, from + length, from + 2 * length, half[n], CHUNK);
        }
        for (n = 0; n < 4; n++) {
            transform_three(half[0] + n * CHUNK, half[1] + n * CHUNK, half[2] + n * CHUNK, to + (size_t)n * point,
                            4 * point);
        }
    }
}

static void transform_weights(const layout *made, const int8_t *weights, uint32_t outputs)
{
    const size_t lanes = rounded_up(outputs, 4);
    uint32_t n;
    for (n = 0; n < outputs; n++) {
        read_taps(made, weights + n * AECODEC_GROUP, lanes);
        transform_taps(made, made->weights + n * made->length);
    }
}

/* ---- outputs ---- */

/* One of two outputs along an axis, of four sums of each channel that are `step` apart. */
static void fold(const uint32_t *restrict sums, size_t step, int is_second, uint32_t *restrict to)
{
    int n;
    if (is_second) {
        for (n = 0; n < AECODEC_BLOCK; n++) {
            to[n] = sums[step + (size_t)n] - sums[2 * step + (size_t)n] - sums[3 * step + (size_t)n];
        }
    } else {
        for (n = 0; n < AECODEC_BLOCK; n++) {
            to[n] = sums[n] + sums[step + (size_t)n] + sums[2 * step + (size_t)n];
        }
    }
}

/* The sums of the four outputs of a tile, two by two. */
static void fold_tile(const uint32_t *sums, int32_t to[2][2][AECODEC_BLOCK])
{
    uint32_t half[4][AECODEC_BLOCK], whole[AECODEC_BLOCK];
    int row, column, n;
    for (column = 0; column < 2; column++) {
        for (n = 0; n < 4; n++) {
            fold(sums + (size_t)n * 4 * MANY * AECODEC_BLOCK, MANY * AECODEC_BLOCK, column, half[n]);
        }
        for (row = 0; row < 2; row++) {
            fold(half[0], AECODEC_BLOCK, row, whole);
            for (n = 0; n < AECODEC_BLOCK; n++) {
                to[row][column][n] = (int32_t)whole[n] >> 2;
            }
        }
    }
}

/* The outputs of a tile that lie in the picture. */
static void store_tile(const aecodec_kernels *kernels, const layout *made, const uint32_t *sums, size_t row,
                       size_t column, uint32_t channel, uint32_t outputs)
{
    const aecodec_convolution *c = made->convolution;
    int32_t own[2][2][AECODEC_BLOCK];
    size_t y, x;
    fold_tile(sums, own);
    for (y = 0; y < 2 && row + y < c->out.rows; y++) {
        for (x = 0; x < 2 && column + x < c->out.columns; x++) {
            const size_t place = (row + y) * c->out.columns + column + x;
            kernels->outputs(&c->scaling, own[y][x], channel, outputs, c->output + place * c->out.channels + channel);
        }
    }
}

/* Products of one point, of some tiles from this one on. */
static void multiply(const aecodec_kernels *kernels, const layout *made, size_t point, size_t tile, size_t tiles,
                     uint32_t outputs)
{
    const int16_t *inputs = made->inputs + (point * made->tiles + tile) * made->length;
    const int16_t *weights = made->weights + point * AECODEC_BLOCK * made->length;
    int32_t *sums = made->sums + point * MANY * AECODEC_BLOCK;
    size_t n;
    for (n = 0; n < tiles; n += FOUR, inputs += FOUR * made->length, sums += FOUR * AECODEC_BLOCK) {
        kernels->products(inputs, weights, made->length, outputs, sums);
    }
}

/* Some tiles from this one on, in a block of outputs. */
static void run_tiles(const aecodec_kernels *kernels, const layout *made, size_t tile_row, size_t tile,
                      uint32_t channel, uint32_t outputs)
{
    const size_t left = made->tiles - tile, tiles = left < MANY ? left : MANY;
    size_t n;
    for (n = 0; n < POINTS; n++) {
        multiply(kernels, made, n, tile, tiles, outputs);
    }
    for (n = 0; n < tiles && tile + n < made->rows * made->across; n++) {
        const size_t row = tile_row + (tile + n) / made->across, column = (tile + n) % made->across;
        store_tile(kernels, made, (const uint32_t *)made->sums + n * AECODEC_BLOCK, 2 * row, 2 * column, channel,
                   outputs);
    }
}

static void run_strip(const aecodec_kernels *kernels, const layout *made, size_t tile_row)
{
    const aecodec_convolution *c = made->convolution;
    const size_t own = 9 * made->channels; /* weights of an output */
    uint32_t channel;
    size_t tile;
    for (channel = 0; channel < c->out.channels; channel += AECODEC_BLOCK) {
        const uint32_t left = c->out.channels - channel, outputs = left < AECODEC_BLOCK ? left : AECODEC_BLOCK;
        transform_weights(made, c->weights + channel * own, outputs);
        for (tile = 0; tile < made->tiles; tile += MANY) {
            run_tiles(kernels, made, tile_row, tile, channel, outputs);
        }
    }
}

void aecodec_winograd(const aecodec_kernels *kernels, const aecodec_convolution *convolution)
{
    layout made = layout_of(convolution);
    size_t sizes[4], row;
    sizes_of(&made, sizes);
    made.packed = convolution->scratch;
    made.inputs = made.packed + sizes[0];
    made.weights = made.inputs + sizes[1];
    made.taps = made.weights + sizes[2];
    made.sums = (int32_t *)(void *)(made.taps + sizes[3]);
    memset(made.inputs, 0, (sizes[1] + sizes[2] + sizes[3]) * sizeof(int16_t)); /* also what rounds up */
    for (row = 0; 2 * row < convolution->out.rows; row += made.rows) {
        pack(&made, row);
        transform_inputs(&made);
        run_strip(kernels, &made, row);
    }
}

#else
typedef int aecodec_no_winograd; /* C has no empty files */
#endif
