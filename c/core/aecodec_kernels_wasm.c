/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for WebAssembly with simd128: i32x4.dot_i16x8_s multiplies pairs of 16 bits, which inputs are
 * packed as; weights become it as they are loaded. */
#include "aecodec_kernels.h"

#ifdef AECODEC_WASM

#include <wasm_simd128.h>

#define VECTORS_NAME wasm
#define TARGET
#define LANES 4
#define WIDE 4
#define VECTORS 1
#define ELEMENT int16_t
#define EXCESS 0
#define MULTIPLIED_ROWS 2

#define wasm_vector v128_t
#define wasm_input v128_t
#define wasm_all wasm_i32x4_splat
#define wasm_add wasm_i32x4_add
#define wasm_subtract wasm_i32x4_sub
#define wasm_shift_left wasm_i32x4_shl
#define wasm_least wasm_i32x4_min
#define wasm_most wasm_i32x4_max
#define wasm_load(from, count) ((void)(count), wasm_v128_load(from))
#define wasm_keep wasm_v128_store
#define wasm_load_input wasm_v128_load64_splat
#define wasm_load_pairs wasm_v128_load
#define wasm_load_pair wasm_v128_load32_splat
#define wasm_multiply_pairs(sum, pairs, pair) wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(pairs, pair))

/* Shifts are by -6 - common to -1 - common. */
typedef struct {
    v128_t multiplier, power;
    int common;
} wasm_factor;

AECODEC_INLINE int32_t most_of(v128_t x)
{
    x = wasm_i32x4_max(x, wasm_i32x4_shuffle(x, x, 2, 3, 0, 1));
    return wasm_i32x4_extract_lane(wasm_i32x4_max(x, wasm_i32x4_shuffle(x, x, 1, 0, 3, 2)), 0);
}

/* Whether all shifts are to the right, and differ by 5 bits at most. */
AECODEC_INLINE int wasm_can_scale(v128_t shift)
{
    const int32_t most = most_of(shift);
    return most < 0 && most + most_of(wasm_i32x4_neg(shift)) <= 5;
}

/* Powers of two are made as floats, by their exponents. */
AECODEC_INLINE wasm_factor wasm_factor_of(v128_t multiplier, v128_t shift)
{
    const int common = -1 - most_of(shift);
    const v128_t exponent = wasm_i32x4_shl(wasm_i32x4_add(shift, wasm_i32x4_splat(127 + 15 + common)), 23);
    const v128_t power = wasm_i32x4_trunc_sat_f32x4(exponent);
    const wasm_factor factor = {multiplier, wasm_i16x8_narrow_i32x4(power, power), common};
    return factor;
}

/* x * multiplier / 2^31, rounded, halves upwards, and shifted by the common bits. Of the product 32 bits are
 * taken, so that its sign does not matter, and the shift that x86 has will do. */
AECODEC_INLINE v128_t multiplied(v128_t x, wasm_factor factor)
{
    const v128_t half = wasm_i64x2_const_splat(1 << 30);
    const v128_t low = wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(x, factor.multiplier), half);
    const v128_t high = wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(x, factor.multiplier), half);
    x = wasm_i32x4_shuffle(wasm_u64x2_shr(low, 31), wasm_u64x2_shr(high, 31), 0, 2, 4, 6);
    return wasm_i32x4_shr(wasm_i32x4_add(x, wasm_i32x4_shr(x, 31)), factor.common);
}

/* Two vectors * multiplier * 2^(shift - 31), rounded twice, as 16 bits. There are no shifts by different
 * numbers of bits, but to divide by 2^n is to multiply by 2^(15 - n) / 2^15. Results that do not fit are
 * beyond the limits of bytes in any case. */
AECODEC_INLINE v128_t scaled(v128_t x, v128_t y, wasm_factor factor)
{
    const v128_t words = wasm_i16x8_narrow_i32x4(multiplied(x, factor), multiplied(y, factor));
    return wasm_i16x8_q15mulr_sat(words, factor.power);
}

AECODEC_INLINE v128_t wasm_scale(v128_t x, wasm_factor factor)
{
    return wasm_i32x4_extend_low_i16x8(scaled(x, x, factor));
}

AECODEC_INLINE void wasm_store(v128_t x, int8_t *output, uint32_t count)
{
    const v128_t words = wasm_i16x8_narrow_i32x4(x, x);
    const v128_t bytes = wasm_i8x16_narrow_i16x8(words, words);
    aecodec_store_word(output, wasm_i32x4_extract_lane(bytes, 0), count);
}

/* The first two channels, and the other two. */
typedef struct {
    v128_t first, second;
} wasm_sums, wasm_weights;

AECODEC_INLINE wasm_sums wasm_no_sums(void)
{
    const wasm_sums sums = {wasm_i64x2_const_splat(0), wasm_i64x2_const_splat(0)};
    return sums;
}

AECODEC_INLINE wasm_weights wasm_load_weights(const int8_t *from, int lanes)
{
    const wasm_weights weights = {wasm_i16x8_load8x8(from), wasm_i16x8_load8x8(from + 8)};
    (void)lanes;
    return weights;
}

AECODEC_INLINE wasm_sums wasm_multiply_add(wasm_sums sums, wasm_weights weights, v128_t input)
{
    sums.first = wasm_multiply_pairs(sums.first, weights.first, input);
    sums.second = wasm_multiply_pairs(sums.second, weights.second, input);
    return sums;
}

AECODEC_INLINE v128_t wasm_whole_of(wasm_sums sums)
{
    return wasm_i32x4_add(wasm_i32x4_shuffle(sums.first, sums.second, 0, 2, 4, 6),
                          wasm_i32x4_shuffle(sums.first, sums.second, 1, 3, 5, 7));
}

/* Words as bytes, with the zero point and within the limits. */
AECODEC_INLINE v128_t bytes_of(v128_t first, v128_t second, int32_t zero, int32_t least, int32_t most)
{
    const v128_t zeros = wasm_i16x8_splat((int16_t)zero);
    v128_t bytes = wasm_i8x16_narrow_i16x8(wasm_i16x8_add(first, zeros), wasm_i16x8_add(second, zeros));
    bytes = wasm_i8x16_max(bytes, wasm_i8x16_splat((int8_t)least));
    return wasm_i8x16_min(bytes, wasm_i8x16_splat((int8_t)most));
}

#define AECODEC_NO_ADD
#include "aecodec_kernels_vector.h"

/* ---- outputs of four places, four channels at a time ---- */

static void store_outputs(const aecodec_scaling *scaling, const int32_t *sums, size_t count, uint32_t channel,
                          uint32_t channels, int8_t *output, size_t step)
{
    uint32_t from = 0;
    for (; count == 4 && from + 4 <= channels; from += 4) {
        const wasm_scales scales = wasm_scales_of(scaling, channel + from, channels - from, NULL);
        v128_t x[4];
        if (!scales.is_plain)
            break;
        for (int n = 0; n < 4; n++) {
            x[n] = wasm_i32x4_add(wasm_v128_load(sums + n * AECODEC_BLOCK + from), scales.bias);
        }
        const v128_t bytes = bytes_of(scaled(x[0], x[1], scales.factor), scaled(x[2], x[3], scales.factor),
                                      scaling->zero, scaling->least, scaling->most);
        wasm_v128_store32_lane(output + from, bytes, 0);
        wasm_v128_store32_lane(output + from + step, bytes, 1);
        wasm_v128_store32_lane(output + from + 2 * step, bytes, 2);
        wasm_v128_store32_lane(output + from + 3 * step, bytes, 3);
    }
    wasm_outputs(scaling, sums + from, count, channel + from, channels - from, output + from, step);
}

/* ---- two tensors, element by element, by tables of what each int8 adds to a sum ---- */

enum { LARGE = 512 /* elements for which tables are worth it */ };

static void tabulate(int32_t *table, int32_t zero, int32_t multiplier, int32_t shift)
{
    for (int32_t value = -128; value < 128; value++) {
        *table++ = aecodec_scale((value - zero) * (1 << 20), multiplier, shift);
    }
}

AECODEC_INLINE v128_t looked_up(const int32_t *table, const int8_t *values)
{
    const int32_t *middle = table + 128;
    v128_t sums = wasm_v128_load32_zero(middle + values[0]);
    sums = wasm_v128_load32_lane(middle + values[1], sums, 1);
    sums = wasm_v128_load32_lane(middle + values[2], sums, 2);
    return wasm_v128_load32_lane(middle + values[3], sums, 3);
}

static void wasm_add_tensors(const aecodec_sum *sum, const int8_t *one, const int8_t *other, int8_t *output,
                             size_t count)
{
    size_t n = 0;
    if (count >= LARGE && sum->shift < 0) {
        int32_t ones[256], others[256];
        const wasm_factor factor =
            wasm_factor_of(wasm_i32x4_splat(sum->multiplier), wasm_i32x4_splat(sum->shift));
        tabulate(ones, sum->one_zero, sum->one_multiplier, sum->one_shift);
        tabulate(others, sum->other_zero, sum->other_multiplier, sum->other_shift);
        for (; n + 8 <= count; n += 8) {
            const v128_t x = wasm_i32x4_add(looked_up(ones, one + n), looked_up(others, other + n));
            const v128_t y = wasm_i32x4_add(looked_up(ones, one + n + 4), looked_up(others, other + n + 4));
            const v128_t words = scaled(x, y, factor);
            wasm_v128_store64_lane(output + n, bytes_of(words, words, sum->zero, sum->least, sum->most), 0);
        }
    }
    aecodec_portable_kernels.add(sum, one + n, other + n, output + n, count - n);
}

static const aecodec_kernels wasm_kernels = {
    .wide = 4, .element = 2, .strip = 1 << 17, .pack = aecodec_pack_words, .fill = aecodec_fill_words,
    .tile = wasm_tile, .multiply = wasm_multiply, .least_places = 64, .outputs = store_outputs,
    .add = wasm_add_tensors,
};

const aecodec_kernels *aecodec_best_kernels(void)
{
    return &wasm_kernels;
}

#else
typedef int aecodec_no_kernels_wasm; /* C has no empty files */
#endif
