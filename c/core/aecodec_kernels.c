/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions on any kernels, and the portable kernels. */
#include "aecodec_kernels.h"

#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
#include <arm_acle.h>
#endif

/* ---- convolutions ---- */

/* Packed columns of a strip: all that the kernel sees of a row. */
static uint64_t packed_columns(const aecodec_convolution *convolution)
{
    return (uint64_t)(convolution->out.columns - 1) * convolution->across + convolution->width;
}

static uint64_t packed_row(const aecodec_convolution *convolution)
{
    return packed_columns(convolution) * convolution->in.channels;
}

/* Rows of the output that are worked on together: as many as the strip of packed rows has room for. */
static uint32_t strip_rows(const aecodec_kernels *kernels, const aecodec_convolution *convolution)
{
    const uint64_t row = packed_row(convolution) * kernels->element, fits = kernels->strip / (row ? row : 1);
    uint64_t rows = 1;
    if (fits > convolution->height) {
        rows += (fits - convolution->height) / convolution->down;
    }
    return rows < convolution->out.rows ? (uint32_t)rows : convolution->out.rows;
}

static uint64_t strip_height(const aecodec_convolution *convolution, uint32_t rows)
{
    return (uint64_t)(rows - 1) * convolution->down + convolution->height;
}

uint64_t aecodec_convolution_scratch(const aecodec_kernels *kernels, const aecodec_convolution *convolution)
{
    const uint64_t height = strip_height(convolution, strip_rows(kernels, convolution));
    const uint64_t row = packed_row(convolution); /* below 2^51, as a side is at most 2^20 */
#ifdef AECODEC_WINOGRAD
    if (aecodec_winograd_takes(kernels, convolution)) {
        return aecodec_winograd_scratch(convolution);
    }
#endif
    if (height > UINT32_MAX || row > UINT32_MAX) {
        return UINT64_MAX;
    }
    return height > (UINT32_MAX >> 2) / (row ? row : 1) ? UINT64_MAX
                                                        : (height * row + AECODEC_GROUP) * kernels->element;
}

/* Pack what the kernel sees of one row, with zeros where it sees nothing. */
static void pack_row(const aecodec_kernels *kernels, const aecodec_convolution *convolution, int64_t row,
                     uint8_t *packed)
{
    const size_t channels = convolution->in.channels, element = kernels->element;
    const uint32_t columns = (uint32_t)packed_columns(convolution);
    const uint32_t left = (uint32_t)aecodec_least(convolution->left, columns);
    const uint32_t seen = (uint32_t)aecodec_least(columns - left, convolution->in.columns);
    if (row < 0 || row >= (int64_t)convolution->in.rows) {
        kernels->fill(packed, convolution->zero, columns * channels);
        return;
    }
    kernels->fill(packed, convolution->zero, left * channels);
    packed += left * channels * element;
    kernels->pack(packed, convolution->input + (size_t)row * convolution->in.columns * channels,
                  seen * channels);
    kernels->fill(packed + seen * channels * element, convolution->zero, (columns - left - seen) * channels);
}

static void pack_strip(const aecodec_kernels *kernels, const aecodec_convolution *convolution, uint32_t row,
                       uint32_t rows)
{
    const size_t size = (size_t)packed_row(convolution) * kernels->element;
    const uint64_t height = strip_height(convolution, rows);
    const int64_t first = (int64_t)row * convolution->down - convolution->top;
    uint8_t *packed = convolution->scratch;
    for (uint64_t n = 0; n < height; n++, packed += size) {
        pack_row(kernels, convolution, first + (int64_t)n, packed);
    }
    kernels->fill(packed, convolution->zero, AECODEC_GROUP); /* the last group is read beyond its end */
}

/* One row of the output, in tiles of about the same width. */
static void run_row(const aecodec_kernels *kernels, const aecodec_convolution *convolution,
                    aecodec_tile *tile, const uint8_t *packed, int8_t *output)
{
    const uint32_t columns = convolution->out.columns, tiles = (columns - 1) / kernels->wide + 1;
    uint32_t done = 0;
    for (uint32_t column = 0; column < tiles; column++) {
        const uint32_t next = (uint32_t)((uint64_t)(column + 1) * columns / tiles);
        tile->count = next - done;
        tile->packed = packed + done * tile->step * kernels->element;
        tile->output = output + done * tile->output_step + tile->channel;
        kernels->tile(tile);
        done = next;
    }
}

static void run_strip(const aecodec_kernels *kernels, const aecodec_convolution *convolution,
                      aecodec_tile *tile, uint32_t row, uint32_t rows)
{
    const size_t packed_size = (size_t)packed_row(convolution) * kernels->element * convolution->down;
    const size_t output_row = (size_t)convolution->out.columns * convolution->out.channels;
    const uint8_t *packed = convolution->scratch;
    int8_t *output = convolution->output + row * output_row;
    for (; rows; rows--, packed += packed_size, output += output_row) {
        run_row(kernels, convolution, tile, packed, output);
    }
}

static void run_channels(const aecodec_kernels *kernels, const aecodec_convolution *convolution,
                         aecodec_tile *tile, uint32_t row, uint32_t rows)
{
    const uint32_t channels = convolution->out.channels;
    const size_t weights = (size_t)convolution->height * tile->groups * AECODEC_GROUP;
    for (tile->channel = 0; tile->channel < channels; tile->channel += AECODEC_BLOCK) {
        tile->channels = (uint32_t)aecodec_least(AECODEC_BLOCK, channels - tile->channel);
        tile->weights = convolution->weights + tile->channel * weights;
        if (kernels->begin) {
            kernels->begin(tile);
        }
        run_strip(kernels, convolution, tile, row, rows);
    }
}

static void convolve_in_tiles(const aecodec_kernels *kernels, const aecodec_convolution *convolution)
{
    const size_t channels = convolution->in.channels;
    const uint32_t strip = strip_rows(kernels, convolution);
    aecodec_tile tile = {0};
    tile.step = convolution->across * channels;
    tile.row = (size_t)packed_row(convolution);
    tile.height = convolution->height;
    tile.groups = (uint32_t)((convolution->width * channels + AECODEC_GROUP - 1) / AECODEC_GROUP);
    tile.output_step = convolution->out.channels;
    tile.scaling = &convolution->scaling;
    for (uint32_t row = 0; row < convolution->out.rows; row += strip) {
        const uint32_t rows = (uint32_t)aecodec_least(strip, convolution->out.rows - row);
        pack_strip(kernels, convolution, row, rows);
        run_channels(kernels, convolution, &tile, row, rows);
    }
}

void aecodec_convolve(const aecodec_kernels *kernels, aecodec_convolution *convolution)
{
#ifdef AECODEC_WINOGRAD
    if (aecodec_winograd_takes(kernels, convolution)) {
        aecodec_winograd(kernels, convolution);
        return;
    }
#endif
    for (uint32_t n = 0; n < convolution->pictures; n++) {
        convolve_in_tiles(kernels, convolution);
        convolution->input += aecodec_count(&convolution->in);
        convolution->output += aecodec_count(&convolution->out);
    }
}

/* ---- portable kernels ---- */

/* Sums of four outputs over a row of the kernel. Unsigned, because sums may wrap around. */
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)

/* The first and the third byte as numbers of 16 bits, or the second and the fourth. */
static int16x2_t even(int8x4_t bytes)
{
    return __sxtb16(bytes);
}

static int16x2_t odd(int8x4_t bytes)
{
    int16x2_t pair; /* in one instruction, which compilers do not find */
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
    return pair;
}

static int32_t add_pairs(int32_t sum, int8x4_t weights, int16x2_t a, int16x2_t b)
{
    return __smlad(odd(weights), b, __smlad(even(weights), a, sum));
}

/* A function of its own, so that all sums stay in registers. */
__attribute__((noinline)) static void add_products(uint32_t sums[4], const int8_t *inputs,
                                                   const int8_t *weights, size_t step, uint32_t groups)
{
    int32_t zero = (int32_t)sums[0], one = (int32_t)sums[1], two = (int32_t)sums[2], three = (int32_t)sums[3];
    for (; groups > 0; groups--, inputs += 4, weights += step) {
        const int8x4_t bytes = aecodec_word_at(inputs);
        const int16x2_t a = even(bytes), b = odd(bytes);
        zero = add_pairs(zero, aecodec_word_at(weights), a, b);
        one = add_pairs(one, aecodec_word_at(weights + 4), a, b);
        two = add_pairs(two, aecodec_word_at(weights + 8), a, b);
        three = add_pairs(three, aecodec_word_at(weights + 12), a, b);
    }
    sums[0] = (uint32_t)zero, sums[1] = (uint32_t)one, sums[2] = (uint32_t)two, sums[3] = (uint32_t)three;
}

#else

static void add_products(uint32_t sums[4], const int8_t *inputs, const int8_t *weights, size_t step,
                         uint32_t groups)
{
    uint32_t zero = sums[0], one = sums[1], two = sums[2], three = sums[3];
    for (; groups > 0; groups--, inputs += 4, weights += step) {
        const int a = inputs[0], b = inputs[1], c = inputs[2], d = inputs[3];
        zero += (uint32_t)(a * weights[0] + b * weights[1] + c * weights[2] + d * weights[3]);
        one += (uint32_t)(a * weights[4] + b * weights[5] + c * weights[6] + d * weights[7]);
        two += (uint32_t)(a * weights[8] + b * weights[9] + c * weights[10] + d * weights[11]);
        three += (uint32_t)(a * weights[12] + b * weights[13] + c * weights[14] + d * weights[15]);
    }
    sums[0] = zero, sums[1] = one, sums[2] = two, sums[3] = three;
}

#endif

/* Four outputs of one place; `padded` channels lie in the block. */
static void quad(const aecodec_tile *tile, const int8_t *inputs, uint32_t from, uint32_t padded,
                 int8_t *output)
{
    const size_t step = (size_t)padded * AECODEC_GROUP, length = step * tile->groups;
    uint32_t sums[4] = {0, 0, 0, 0}, row, n;
    for (row = 0; row < tile->height; row++) {
        add_products(sums, inputs + row * tile->row, tile->weights + from * AECODEC_GROUP + row * length,
                     step, tile->groups);
    }
    for (n = 0; n < aecodec_least(4, tile->channels - from); n++) {
        const uint32_t channel = tile->channel + from + n,
                       sum = sums[n] + (uint32_t)tile->scaling->bias[channel];
        output[from + n] = aecodec_output(tile->scaling, (int32_t)sum, channel);
    }
}

static void portable_tile(const aecodec_tile *tile)
{
    const uint32_t padded = (tile->channels + 3) / 4 * 4;
    for (uint32_t from = 0; from < tile->channels; from += 4) {
        for (uint32_t place = 0; place < tile->count; place++) {
            quad(tile, (const int8_t *)tile->packed + place * tile->step, from, padded,
                 tile->output + place * tile->output_step);
        }
    }
}

static int32_t scaled_part(int8_t value, int32_t zero, int32_t multiplier, int32_t shift)
{
    return aecodec_scale((value - zero) * (1 << 20), multiplier, shift);
}

static void portable_add(const aecodec_sum *sum, const int8_t *one, const int8_t *other, int8_t *output,
                         size_t count)
{
    for (size_t n = 0; n < count; n++) {
        const int32_t a = scaled_part(one[n], sum->one_zero, sum->one_multiplier, sum->one_shift);
        const int32_t b = scaled_part(other[n], sum->other_zero, sum->other_multiplier, sum->other_shift);
        const int32_t scaled =
            aecodec_scale((int32_t)((uint32_t)a + (uint32_t)b), sum->multiplier, sum->shift);
        output[n] = aecodec_limit((int32_t)((uint32_t)scaled + (uint32_t)sum->zero), sum->least, sum->most);
    }
}

static void portable_multiply(const int16_t *inputs, size_t step, size_t rows, const int16_t *weights,
                              size_t length, int32_t *sums, size_t sums_step)
{
    for (size_t row = 0; row < rows; row++, inputs += step, sums += sums_step) {
        uint32_t own[AECODEC_BLOCK] = {0};
        for (size_t n = 0; n < length; n += 2) {
            const int16_t *pair = weights + n * AECODEC_BLOCK;
            for (size_t output = 0; output < AECODEC_BLOCK; output++) {
                own[output] += (uint32_t)(inputs[n] * pair[2 * output]);
                own[output] += (uint32_t)(inputs[n + 1] * pair[2 * output + 1]);
            }
        }
        for (size_t output = 0; output < AECODEC_BLOCK; output++) {
            sums[output] = (int32_t)own[output];
        }
    }
}

const aecodec_kernels aecodec_portable_kernels = {
    .wide = 8, .element = 1, .strip = 1, .pack = aecodec_pack_bytes, .fill = aecodec_fill_bytes,
    .tile = portable_tile, .multiply = portable_multiply, .add = portable_add,
};

#if !defined(AECODEC_X86) && !defined(AECODEC_NEON) && !defined(AECODEC_WASM)
const aecodec_kernels *aecodec_best_kernels(void)
{
    return &aecodec_portable_kernels;
}
#endif
