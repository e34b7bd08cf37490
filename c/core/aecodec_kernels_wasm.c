/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for WebAssembly with simd128: i32x4.dot_i16x8_s multiplies pairs of 16 bits, which inputs are packed as;
 * weights become it as they are loaded. */
#include "aecodec_kernels.h"

#ifdef AECODEC_WASM

#include <wasm_simd128.h>

#define UNROLLED _Pragma("unroll")
#define INLINE static inline __attribute__((always_inline))

enum { WIDE = 4, QUAD = 4, LARGE = 512 /* elements for which tables of all values are worth it */ };

static void wasm_pack(void *packed, const int8_t *from, size_t count)
{
    int16_t *to = packed;
    size_t n;
    for (n = 0; n + 8 <= count; n += 8) {
        wasm_v128_store(to + n, wasm_i16x8_load8x8(from + n));
    }
    for (; n < count; n++) {
        to[n] = from[n];
    }
}

static void wasm_fill(void *packed, int8_t value, size_t count)
{
    int16_t *to = packed;
    size_t n;
    for (n = 0; n < count; n++) {
        to[n] = value;
    }
}

/* x * multiplier / 2^31, rounded, halves upwards. Of a product 32 bits are taken, so that its sign does not matter,
 * and the shift that x86 has will do. */
INLINE v128_t times(v128_t x, v128_t multiplier)
{
    const v128_t half = wasm_i64x2_const_splat(1 << 30);
    const v128_t low = wasm_u64x2_shr(wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(x, multiplier), half), 31);
    const v128_t high = wasm_u64x2_shr(wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(x, multiplier), half), 31);
    return wasm_i32x4_shuffle(low, high, 0, 2, 4, 6);
}

/* x * multiplier * 2^(shift - 31), rounded twice. There are no shifts by different numbers of bits, but to divide
 * by 2^n is to multiply by 2^(31 - n) / 2^31. */
INLINE v128_t scale(v128_t x, v128_t multiplier, v128_t power)
{
    x = times(x, multiplier);
    return times(wasm_i32x4_add(x, wasm_i32x4_shr(x, 31)), power);
}

INLINE v128_t limit(v128_t x, int32_t zero, int32_t least, int32_t most)
{
    x = wasm_i32x4_add(x, wasm_i32x4_splat(zero));
    return wasm_i32x4_min(wasm_i32x4_max(x, wasm_i32x4_splat(least)), wasm_i32x4_splat(most));
}

/* Numbers that are bytes already, as bytes. */
INLINE void store(v128_t x, int8_t *output, uint32_t count)
{
    const v128_t words = wasm_i16x8_narrow_i32x4(x, x);
    const v128_t bytes = wasm_i8x16_narrow_i16x8(words, words);
    aecodec_store_word(output, wasm_i32x4_extract_lane(bytes, 0), count);
}

/* How the sums of four channels become outputs. */
typedef struct {
    v128_t bias, multiplier, power;
    int is_plain; /* whether all are rounded twice, and divided by 2 at least */
} quad_scaling;

/* Powers of two are made as floats, by their exponents. */
INLINE quad_scaling quad_scaling_of(const aecodec_scaling *scaling, uint32_t channel)
{
    const v128_t shift = wasm_v128_load(scaling->shift + channel);
    const v128_t exponent = wasm_i32x4_shl(wasm_i32x4_add(shift, wasm_i32x4_const_splat(127 + 31)), 23);
    const quad_scaling found = {wasm_v128_load(scaling->bias + channel),
                                wasm_v128_load(scaling->multiplier + channel),
                                wasm_i32x4_trunc_sat_f32x4(exponent),
                                !scaling->is_rounded_once && wasm_i32x4_bitmask(shift) == 15};
    return found;
}

/* Sums of four channels, one at a time: for what is multiplied by 1/2 or more, or rounded once. */
static void store_slowly(const aecodec_scaling *scaling, v128_t sums, uint32_t channel, int8_t *output, uint32_t count)
{
    int32_t each[QUAD];
    uint32_t n;
    wasm_v128_store(each, sums);
    for (n = 0; n < count && n < QUAD; n++) {
        output[n] = aecodec_output(scaling, each[n], channel + n);
    }
}

INLINE void store_sums(const aecodec_scaling *scaling, const quad_scaling *quad, v128_t sums, uint32_t channel,
                       int8_t *output, uint32_t count)
{
    sums = wasm_i32x4_add(sums, quad->bias);
    if (!quad->is_plain) {
        store_slowly(scaling, sums, channel, output, count);
        return;
    }
    store(limit(scale(sums, quad->multiplier, quad->power), scaling->zero, scaling->least, scaling->most), output,
          count);
}

/* Four channels, the `from`th of a block of `lanes` and those after it, of `count` outputs. */
INLINE void quad_of(const aecodec_tile *tile, const int count, uint32_t from, size_t lanes)
{
    const int8_t *weights = tile->weights + from * QUAD;
    const quad_scaling scaling = quad_scaling_of(tile->scaling, tile->channel + from);
    v128_t sums[WIDE][2];
    uint32_t row, group;
    int place;
    UNROLLED for (place = 0; place < count; place++) {
        sums[place][0] = sums[place][1] = wasm_i64x2_const_splat(0);
    }
    for (row = 0; row < tile->height; row++) {
        const int16_t *inputs = (const int16_t *)tile->packed + row * tile->row;
        for (group = 0; group < tile->groups; group++, inputs += QUAD, weights += lanes * QUAD) {
            const v128_t first = wasm_i16x8_load8x8(weights), second = wasm_i16x8_load8x8(weights + 8);
            UNROLLED for (place = 0; place < count; place++) {
                const v128_t input = wasm_v128_load64_splat(inputs + (size_t)place * tile->step);
                sums[place][0] = wasm_i32x4_add(sums[place][0], wasm_i32x4_dot_i16x8(first, input));
                sums[place][1] = wasm_i32x4_add(sums[place][1], wasm_i32x4_dot_i16x8(second, input));
            }
        }
    }
    UNROLLED for (place = 0; place < count; place++) {
        const v128_t even = wasm_i32x4_shuffle(sums[place][0], sums[place][1], 0, 2, 4, 6);
        const v128_t odd = wasm_i32x4_shuffle(sums[place][0], sums[place][1], 1, 3, 5, 7);
        store_sums(tile->scaling, &scaling, wasm_i32x4_add(even, odd), tile->channel + from,
                   tile->output + (size_t)place * tile->output_step + from, tile->channels - from);
    }
}

INLINE void tile_of(const aecodec_tile *tile, const int count)
{
    const size_t lanes = (tile->channels + 3) / QUAD * QUAD;
    uint32_t from;
    for (from = 0; from < tile->channels; from += QUAD) {
        quad_of(tile, count, from, lanes);
    }
}

static void wasm_tile(const aecodec_tile *tile)
{
    switch (tile->count) {
    case 1:
        tile_of(tile, 1);
        break;
    case 2:
        tile_of(tile, 2);
        break;
    case 3:
        tile_of(tile, 3);
        break;
    default:
        tile_of(tile, WIDE);
    }
}

enum { ROWS = 2 };

/* Some rows of inputs. */
INLINE void multiply_rows(const int16_t *inputs, size_t step, const int rows, const int16_t *weights, size_t length,
                          int32_t *sums, size_t sums_step)
{
    v128_t own[ROWS][QUAD];
    size_t n;
    int row, quad;
    UNROLLED for (row = 0; row < rows; row++) {
        own[row][0] = own[row][1] = own[row][2] = own[row][3] = wasm_i64x2_const_splat(0);
    }
    for (n = 0; n < length; n += 2, weights += 2 * AECODEC_BLOCK) {
        UNROLLED for (row = 0; row < rows; row++) {
            const v128_t pair = wasm_v128_load32_splat(inputs + (size_t)row * step + n);
            UNROLLED for (quad = 0; quad < QUAD; quad++) {
                const v128_t product = wasm_i32x4_dot_i16x8(wasm_v128_load(weights + quad * 2 * QUAD), pair);
                own[row][quad] = wasm_i32x4_add(own[row][quad], product);
            }
        }
    }
    UNROLLED for (row = 0; row < rows; row++) {
        UNROLLED for (quad = 0; quad < QUAD; quad++) {
            wasm_v128_store(sums + (size_t)row * sums_step + quad * QUAD, own[row][quad]);
        }
    }
}

static void wasm_multiply(const int16_t *inputs, size_t step, size_t rows, const int16_t *weights, size_t length,
                          int32_t *sums, size_t sums_step)
{
    for (; rows >= ROWS; rows -= ROWS, inputs += ROWS * step, sums += ROWS * sums_step) {
        multiply_rows(inputs, step, ROWS, weights, length, sums, sums_step);
    }
    if (rows) {
        multiply_rows(inputs, step, 1, weights, length, sums, sums_step);
    }
}

static void wasm_outputs(const aecodec_scaling *scaling, const int32_t *sums, size_t count, uint32_t channel,
                         uint32_t channels, int8_t *output, size_t output_step)
{
    uint32_t from;
    size_t n;
    for (from = 0; from < channels; from += QUAD) {
        const quad_scaling quad = quad_scaling_of(scaling, channel + from);
        for (n = 0; n < count; n++) {
            store_sums(scaling, &quad, wasm_v128_load(sums + n * AECODEC_BLOCK + from), channel + from,
                       output + n * output_step + from, channels - from);
        }
    }
}

/* What each int8 adds to a sum, from -128 on. */
static void tabulate(int32_t *table, int32_t zero, int32_t multiplier, int32_t shift)
{
    int32_t value;
    for (value = -128; value < 128; value++) {
        *table++ = aecodec_scale((value - zero) * (1 << 20), multiplier, shift);
    }
}

INLINE v128_t looked_up(const int32_t *table, const int8_t *values)
{
    const int32_t *middle = table + 128;
    v128_t found = wasm_v128_load32_zero(middle + values[0]);
    found = wasm_v128_load32_lane(middle + values[1], found, 1);
    found = wasm_v128_load32_lane(middle + values[2], found, 2);
    return wasm_v128_load32_lane(middle + values[3], found, 3);
}

static void wasm_add(const aecodec_sum *sum, const int8_t *one, const int8_t *other, int8_t *output, size_t count)
{
    size_t n = 0;
    if (count >= LARGE && sum->shift < 0) {
        int32_t ones[256], others[256];
        const v128_t multiplier = wasm_i32x4_splat(sum->multiplier), power = wasm_i32x4_splat(1 << (31 + sum->shift));
        tabulate(ones, sum->one_zero, sum->one_multiplier, sum->one_shift);
        tabulate(others, sum->other_zero, sum->other_multiplier, sum->other_shift);
        for (; n + QUAD <= count; n += QUAD) {
            const v128_t x = wasm_i32x4_add(looked_up(ones, one + n), looked_up(others, other + n));
            store(limit(scale(x, multiplier, power), sum->zero, sum->least, sum->most), output + n, QUAD);
        }
    }
    aecodec_portable_kernels.add(sum, one + n, other + n, output + n, count - n);
}

static const aecodec_kernels wasm_kernels = {
    "wasm simd128", WIDE, 1, 2, 1 << 17, wasm_pack, wasm_fill, NULL, wasm_tile, wasm_multiply, 64, wasm_outputs, wasm_add,
};

const aecodec_kernels *aecodec_best_kernels(void)
{
    return &wasm_kernels;
}

#else
typedef int aecodec_no_kernels_wasm; /* C has no empty files */
#endif
