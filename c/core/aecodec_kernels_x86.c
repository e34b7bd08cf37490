/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for x86: AVX-512 with VNNI, AVX2, or none of them, chosen as the program runs. */
#include "aecodec_kernels.h"

#ifdef AECODEC_X86

#include <immintrin.h>

#ifdef __clang__
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

#define INLINE static inline __attribute__((always_inline))

/* Outputs of sums that are rounded once, as those of matrix products are: one at a time. */
static void store_slowly(const aecodec_scaling *scaling, const int32_t *sums, uint32_t channel, uint32_t channels,
                         int8_t *output)
{
    uint32_t n;
    for (n = 0; n < channels; n++) {
        output[n] = aecodec_output(scaling, sums[n], channel + n);
    }
}

/* Whether an input of a sum is halved, as always the one of the larger scale is: that takes a shift alone. */
INLINE int is_half(int32_t multiplier, int32_t shift)
{
    return multiplier == 1 << 30 && shift == 0;
}

#ifndef AECODEC_NO_AVX512 /* to be defined by whoever wants AVX2 at most */

/* ---- AVX-512 with VNNI: vpdpbusd multiplies unsigned inputs by signed weights, so inputs are packed with 128
 * added to them, and 128 times the sum of all weights is taken off the sums ---- */

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

enum { AVX512_WIDE = 12, AVX512_BLOCKS = 2, LANES = 16 };

AVX512 static void avx512_pack(void *packed, const int8_t *from, size_t count)
{
    const __m512i flip = _mm512_set1_epi8(-128);
    uint8_t *to = packed;
    size_t n;
    for (n = 0; n + 64 <= count; n += 64) {
        _mm512_storeu_si512(to + n, _mm512_xor_si512(_mm512_loadu_si512(from + n), flip));
    }
    for (; n < count; n++) {
        to[n] = (uint8_t)(from[n] + 128);
    }
}

static void avx512_fill(void *packed, int8_t value, size_t count)
{
    memset(packed, value + 128, count);
}

/* x * multiplier * 2^(left - right - 31), rounded twice. */
AVX512 INLINE __m512i avx512_scale(__m512i x, __m512i multiplier, __m512i left, __m512i right)
{
    const __m512i half = _mm512_set1_epi64(1 << 30), one = _mm512_set1_epi32(1);
    const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, right), one);
    __m512i even, odd, threshold;
    x = _mm512_sllv_epi32(x, left);
    even = _mm512_add_epi64(_mm512_mul_epi32(x, multiplier), half);
    odd = _mm512_mul_epi32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(multiplier, 32));
    odd = _mm512_slli_epi64(_mm512_add_epi64(odd, half), 1);
    x = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 31), odd);
    threshold = _mm512_sub_epi32(_mm512_srli_epi32(mask, 1), _mm512_srai_epi32(x, 31));
    return _mm512_mask_add_epi32(
        _mm512_srav_epi32(x, right), _mm512_cmpgt_epi32_mask(_mm512_and_si512(x, mask), threshold),
        _mm512_srav_epi32(x, right), one);
}

/* How the sums of a block become outputs. */
typedef struct {
    __m512i bias, multiplier, left, right, zero, least, most;
    __mmask16 stored;
} avx512_scaling;

/* Of `channels` channels from this one on, of whose sums the excess is taken off. */
AVX512 INLINE avx512_scaling avx512_scaling_of(const aecodec_scaling *scaling, uint32_t channel, uint32_t channels,
                                               __m512i excess)
{
    const __mmask16 there = (__mmask16)(0xffffu >> (channels < LANES ? (LANES - channels) / 4 * 4 : 0));
    const __m512i none = _mm512_setzero_si512();
    const __m512i shift = _mm512_maskz_loadu_epi32(there, scaling->shift + channel);
    const avx512_scaling found = {
        _mm512_sub_epi32(_mm512_maskz_loadu_epi32(there, scaling->bias + channel), excess),
        _mm512_maskz_loadu_epi32(there, scaling->multiplier + channel),
        _mm512_max_epi32(shift, none),
        _mm512_max_epi32(_mm512_sub_epi32(none, shift), none),
        _mm512_set1_epi32(scaling->zero),
        _mm512_set1_epi32(scaling->least),
        _mm512_set1_epi32(scaling->most),
        (__mmask16)(0xffffu >> (channels < LANES ? LANES - channels : 0))};
    return found;
}

AVX512 INLINE void avx512_store(const avx512_scaling *scaling, __m512i sums, int8_t *output)
{
    __m512i x = avx512_scale(_mm512_add_epi32(sums, scaling->bias), scaling->multiplier, scaling->left,
                             scaling->right);
    x = _mm512_add_epi32(x, scaling->zero);
    x = _mm512_min_epi32(_mm512_max_epi32(x, scaling->least), scaling->most);
    _mm_mask_storeu_epi8(output, scaling->stored, _mm512_cvtepi32_epi8(x));
}

AVX512 static void avx512_store_slowly(const aecodec_scaling *scaling, __m512i sums, uint32_t channel,
                                       uint32_t channels, int8_t *output)
{
    int32_t each[LANES];
    _mm512_storeu_si512(each, sums);
    store_slowly(scaling, each, channel, channels, output);
}

/* 128 times the sums of all weights. */
AVX512 static void avx512_begin(aecodec_tile *tile)
{
    const uint32_t steps = tile->height * tile->groups;
    const int8_t *weights = tile->weights;
    uint32_t from, step;
    for (from = 0; from < tile->channels; from += LANES) {
        const uint32_t left = tile->channels - from, lanes = left < LANES ? (left + 3) / 4 * 4 : LANES;
        const __mmask16 there = (__mmask16)(0xffffu >> (LANES - lanes));
        __m512i sums = _mm512_setzero_si512();
        for (step = 0; step < steps; step++, weights += (size_t)lanes * 4) {
            sums = _mm512_dpbusd_epi32(sums, _mm512_set1_epi8(1), _mm512_maskz_loadu_epi32(there, weights));
        }
        _mm512_storeu_si512(tile->excess + from, _mm512_slli_epi32(sums, 7));
    }
}

/* A tile of `count` outputs in whole blocks, all but the last of which have 16 channels. */
AVX512 INLINE void avx512_tile_of(const aecodec_tile *tile, const int count, const int blocks)
{
    const uint32_t last = tile->channels - (uint32_t)(blocks - 1) * LANES;
    const size_t step = (size_t)(last + 3) / 4 * 16, block = (size_t)tile->height * tile->groups * 4 * LANES;
    const __mmask16 there = (__mmask16)(0xffffu >> (LANES - (last + 3) / 4 * 4));
    const int8_t *weights = tile->weights, *end = tile->weights + (size_t)(blocks - 1) * block;
    __m512i sums[AVX512_WIDE][AVX512_BLOCKS];
    uint32_t row, group;
    int place, n;
    UNROLLED for (place = 0; place < count; place++) {
        UNROLLED for (n = 0; n < blocks; n++) {
            sums[place][n] = _mm512_setzero_si512();
        }
    }
    for (row = 0; row < tile->height; row++) {
        const uint8_t *inputs = (const uint8_t *)tile->packed + row * tile->row;
        for (group = 0; group < tile->groups; group++, inputs += 4, weights += 4 * LANES, end += step) {
            const __m512i first = _mm512_loadu_si512(weights);
            const __m512i second = _mm512_maskz_loadu_epi32(there, end);
            UNROLLED for (place = 0; place < count; place++) {
                const __m512i input = _mm512_set1_epi32(aecodec_word_at(inputs + (size_t)place * tile->step));
                if (blocks == 2) {
                    sums[place][0] = _mm512_dpbusd_epi32(sums[place][0], input, first);
                }
                sums[place][blocks - 1] = _mm512_dpbusd_epi32(sums[place][blocks - 1], input, second);
            }
        }
    }
    UNROLLED for (n = 0; n < blocks; n++) {
        const avx512_scaling scaling =
            avx512_scaling_of(tile->scaling, tile->channel + (uint32_t)n * LANES, n < blocks - 1 ? LANES : last,
                              _mm512_loadu_si512(tile->excess + n * LANES));
        UNROLLED for (place = 0; place < count; place++) {
            int8_t *output = tile->output + (size_t)place * tile->output_step + n * LANES;
            if (tile->scaling->is_rounded_once) {
                avx512_store_slowly(tile->scaling, _mm512_add_epi32(sums[place][n], scaling.bias),
                                    tile->channel + (uint32_t)n * LANES, n < blocks - 1 ? LANES : last, output);
            } else {
                avx512_store(&scaling, sums[place][n], output);
            }
        }
    }
}

#define AVX512_CASE(count)                                                                                        \
    case count:                                                                                                   \
        avx512_tile_of(tile, count, blocks);                                                                      \
        break;

AVX512 INLINE void avx512_tile_in(const aecodec_tile *tile, const int blocks)
{
    switch (tile->count) {
        AVX512_CASE(1)
        AVX512_CASE(2)
        AVX512_CASE(3)
        AVX512_CASE(4)
        AVX512_CASE(5)
        AVX512_CASE(6)
        AVX512_CASE(7)
        AVX512_CASE(8)
        AVX512_CASE(9)
        AVX512_CASE(10)
        AVX512_CASE(11)
        AVX512_CASE(12)
    }
}

AVX512 static void avx512_tile(const aecodec_tile *tile)
{
    if (tile->channels > LANES) {
        avx512_tile_in(tile, 2);
    } else {
        avx512_tile_in(tile, 1);
    }
}

/* Some rows of inputs, with all sums in registers. */
AVX512 INLINE void avx512_multiply_rows(const int16_t *inputs, size_t step, const int rows, const int16_t *weights,
                                        size_t length, int32_t *sums, size_t sums_step)
{
    __m512i own[AVX512_WIDE];
    size_t n;
    int row;
    UNROLLED for (row = 0; row < rows; row++) {
        own[row] = _mm512_setzero_si512();
    }
    for (n = 0; n < length; n += 2, weights += 2 * LANES) {
        const __m512i block = _mm512_loadu_si512(weights);
        UNROLLED for (row = 0; row < rows; row++) {
            const __m512i pair = _mm512_set1_epi32(aecodec_word_at(inputs + (size_t)row * step + n));
            own[row] = _mm512_dpwssd_epi32(own[row], block, pair);
        }
    }
    UNROLLED for (row = 0; row < rows; row++) {
        _mm512_storeu_si512(sums + (size_t)row * sums_step, own[row]);
    }
}

AVX512 static void avx512_multiply(const int16_t *inputs, size_t step, size_t rows, const int16_t *weights,
                                   size_t length, int32_t *sums, size_t sums_step)
{
    for (; rows >= AVX512_WIDE; rows -= AVX512_WIDE, inputs += AVX512_WIDE * step, sums += AVX512_WIDE * sums_step) {
        avx512_multiply_rows(inputs, step, AVX512_WIDE, weights, length, sums, sums_step);
    }
    for (; rows >= 4; rows -= 4, inputs += 4 * step, sums += 4 * sums_step) {
        avx512_multiply_rows(inputs, step, 4, weights, length, sums, sums_step);
    }
    for (; rows > 0; rows--, inputs += step, sums += sums_step) {
        avx512_multiply_rows(inputs, step, 1, weights, length, sums, sums_step);
    }
}

AVX512 static void avx512_outputs(const aecodec_scaling *scaling, const int32_t *sums, size_t count, uint32_t channel,
                                  uint32_t channels, int8_t *output, size_t output_step)
{
    const avx512_scaling block = avx512_scaling_of(scaling, channel, channels, _mm512_setzero_si512());
    for (; count > 0; count--, sums += LANES, output += output_step) {
        const __m512i own = _mm512_loadu_si512(sums);
        if (scaling->is_rounded_once) {
            avx512_store_slowly(scaling, _mm512_add_epi32(own, block.bias), channel, channels, output);
        } else {
            avx512_store(&block, own, output);
        }
    }
}

AVX512 INLINE __m512i avx512_part(__m128i value, int32_t zero, int32_t multiplier, int32_t shift)
{
    const __m512i x = _mm512_sub_epi32(_mm512_cvtepi8_epi32(value), _mm512_set1_epi32(zero));
    if (is_half(multiplier, shift)) {
        return _mm512_slli_epi32(x, 19);
    }
    return avx512_scale(_mm512_slli_epi32(x, 20), _mm512_set1_epi32(multiplier),
                        _mm512_set1_epi32(shift > 0 ? shift : 0), _mm512_set1_epi32(shift > 0 ? 0 : -shift));
}

AVX512 static void avx512_add(const aecodec_sum *sum, const int8_t *one, const int8_t *other, int8_t *output,
                              size_t count)
{
    size_t n;
    for (n = 0; n < count; n += LANES) {
        const __mmask16 there = (__mmask16)(0xffffu >> (count - n < LANES ? LANES - (count - n) : 0));
        const __m128i a = _mm_maskz_loadu_epi8(there, one + n), b = _mm_maskz_loadu_epi8(there, other + n);
        __m512i x = _mm512_add_epi32(
            avx512_part(a, sum->one_zero, sum->one_multiplier, sum->one_shift),
            avx512_part(b, sum->other_zero, sum->other_multiplier, sum->other_shift));
        x = avx512_scale(x, _mm512_set1_epi32(sum->multiplier), _mm512_set1_epi32(sum->shift > 0 ? sum->shift : 0),
                         _mm512_set1_epi32(sum->shift > 0 ? 0 : -sum->shift));
        x = _mm512_add_epi32(x, _mm512_set1_epi32(sum->zero));
        x = _mm512_min_epi32(_mm512_max_epi32(x, _mm512_set1_epi32(sum->least)), _mm512_set1_epi32(sum->most));
        _mm_mask_storeu_epi8(output + n, there, _mm512_cvtepi32_epi8(x));
    }
}

static const aecodec_kernels avx512_kernels = {
    "avx512vnni", AVX512_WIDE, AVX512_BLOCKS, 1, 1 << 17, avx512_pack, avx512_fill, avx512_begin, avx512_tile, avx512_multiply, 256, avx512_outputs,
    avx512_add,
};

#endif

/* ---- AVX2: vpmaddwd multiplies pairs of 16 bits, which inputs are packed as; weights become it as they are
 * loaded ---- */

#define AVX2 __attribute__((target("avx2")))

enum { AVX2_WIDE = 4, HALF = 8 };

AVX2 static void avx2_pack(void *packed, const int8_t *from, size_t count)
{
    int16_t *to = packed;
    size_t n;
    for (n = 0; n + 16 <= count; n += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(from + n));
        _mm256_storeu_si256((__m256i *)(void *)(to + n), _mm256_cvtepi8_epi16(bytes));
    }
    for (; n < count; n++) {
        to[n] = from[n];
    }
}

static void avx2_fill(void *packed, int8_t value, size_t count)
{
    int16_t *to = packed;
    size_t n;
    for (n = 0; n < count; n++) {
        to[n] = value;
    }
}

/* Lanes of which the first `count` are set, as many as there are. */
AVX2 INLINE __m256i avx2_lanes(int count)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

AVX2 INLINE __m256i avx2_load(const void *from, __m256i there)
{
    return _mm256_maskload_epi32(from, there);
}

AVX2 INLINE __m256i avx2_scale(__m256i x, __m256i multiplier, __m256i left, __m256i right)
{
    const __m256i half = _mm256_set1_epi64x(1 << 30), one = _mm256_set1_epi32(1);
    const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, right), one);
    __m256i even, odd, threshold;
    x = _mm256_sllv_epi32(x, left);
    even = _mm256_add_epi64(_mm256_mul_epi32(x, multiplier), half);
    odd = _mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(multiplier, 32));
    odd = _mm256_slli_epi64(_mm256_add_epi64(odd, half), 1);
    x = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), odd, 0xaa);
    threshold = _mm256_sub_epi32(_mm256_srli_epi32(mask, 1), _mm256_srai_epi32(x, 31));
    return _mm256_sub_epi32(_mm256_srav_epi32(x, right),
                            _mm256_cmpgt_epi32(_mm256_and_si256(x, mask), threshold));
}

/* Numbers that are bytes already, as bytes. */
AVX2 INLINE void avx2_store(__m256i x, int8_t *output, uint32_t count)
{
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    const __m128i bytes = _mm_packs_epi16(words, words);
    if (count >= HALF) {
        _mm_storel_epi64((__m128i *)(void *)output, bytes);
        return;
    }
    aecodec_store_word(output, _mm_cvtsi128_si32(bytes), count);
    if (count > 4) {
        aecodec_store_word(output + 4, _mm_extract_epi32(bytes, 1), count - 4);
    }
}

AVX2 INLINE __m256i avx2_limit(__m256i x, int32_t zero, int32_t least, int32_t most)
{
    x = _mm256_add_epi32(x, _mm256_set1_epi32(zero));
    return _mm256_min_epi32(_mm256_max_epi32(x, _mm256_set1_epi32(least)), _mm256_set1_epi32(most));
}

/* How sums of 8 channels become outputs. */
typedef struct {
    __m256i bias, multiplier, left, right;
} avx2_scaling;

/* For the channels from this one on, of which `count` are left. */
AVX2 INLINE avx2_scaling avx2_scaling_of(const aecodec_scaling *scaling, uint32_t channel, uint32_t count)
{
    const __m256i there = avx2_lanes((int)(count + 3) / 4 * 4), none = _mm256_setzero_si256();
    const __m256i shift = avx2_load(scaling->shift + channel, there);
    const avx2_scaling half = {avx2_load(scaling->bias + channel, there), avx2_load(scaling->multiplier + channel, there),
                               _mm256_max_epi32(shift, none), _mm256_max_epi32(_mm256_sub_epi32(none, shift), none)};
    return half;
}

AVX2 INLINE void avx2_store_sums(const aecodec_scaling *scaling, const avx2_scaling *half, __m256i sums,
                                 uint32_t channel, uint32_t count, int8_t *output)
{
    sums = _mm256_add_epi32(sums, half->bias);
    if (scaling->is_rounded_once) {
        int32_t numbers[HALF];
        _mm256_storeu_si256((__m256i *)(void *)numbers, sums);
        store_slowly(scaling, numbers, channel, count < HALF ? count : HALF, output);
        return;
    }
    sums = avx2_scale(sums, half->multiplier, half->left, half->right);
    avx2_store(avx2_limit(sums, scaling->zero, scaling->least, scaling->most), output, count);
}

/* Two of the four inputs' weights of each of 8 outputs, as 16 bits: 0 for the first two. */
AVX2 INLINE __m256i avx2_pair(__m256i weights, int pair)
{
    const __m256i first = _mm256_set1_epi32((int)0x01800080), second = _mm256_set1_epi32((int)0x03800280);
    const __m256i base = _mm256_setr_epi32(0, 0x04000400, 0x08000800, 0x0c000c00, 0, 0x04000400, 0x08000800,
                                           0x0c000c00);
    return _mm256_srai_epi16(_mm256_shuffle_epi8(weights, _mm256_add_epi8(pair ? second : first, base)), 8);
}

/* The weights of 8 outputs, or of 4. */
AVX2 INLINE __m256i avx2_weights(const int8_t *weights, int lanes)
{
    return lanes < HALF ? _mm256_zextsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)weights))
                        : _mm256_loadu_si256((const __m256i *)(const void *)weights);
}

/* A tile of `count` outputs in a block of `lanes` channels. */
AVX2 INLINE void avx2_tile_of(const aecodec_tile *tile, const int count, const int lanes)
{
    const int8_t *weights = tile->weights;
    __m256i sums[AVX2_WIDE][2];
    uint32_t row, group;
    int place, lane;
    UNROLLED for (place = 0; place < count; place++) {
        sums[place][0] = sums[place][1] = _mm256_setzero_si256();
    }
    for (row = 0; row < tile->height; row++) {
        const int16_t *inputs = (const int16_t *)tile->packed + row * tile->row;
        for (group = 0; group < tile->groups; group++, inputs += 4, weights += lanes * 4) {
            UNROLLED for (lane = 0; lane < lanes; lane += HALF) {
                const __m256i bytes = avx2_weights(weights + lane * 4, lanes - lane);
                const __m256i first = avx2_pair(bytes, 0), second = avx2_pair(bytes, 1);
                UNROLLED for (place = 0; place < count; place++) {
                    const int16_t *input = inputs + (size_t)place * tile->step;
                    const __m256i a = _mm256_madd_epi16(first, _mm256_set1_epi32(aecodec_word_at(input)));
                    const __m256i b = _mm256_madd_epi16(second, _mm256_set1_epi32(aecodec_word_at(input + 2)));
                    sums[place][lane / HALF] = _mm256_add_epi32(sums[place][lane / HALF], _mm256_add_epi32(a, b));
                }
            }
        }
    }
    UNROLLED for (lane = 0; lane < lanes; lane += HALF) {
        const uint32_t channel = tile->channel + (uint32_t)lane, left = tile->channels - (uint32_t)lane;
        const avx2_scaling half = avx2_scaling_of(tile->scaling, channel, left);
        UNROLLED for (place = 0; place < count; place++) {
            avx2_store_sums(tile->scaling, &half, sums[place][lane / HALF], channel, left,
                            tile->output + (size_t)place * tile->output_step + lane);
        }
    }
}

AVX2 INLINE void avx2_tile_in(const aecodec_tile *tile, const int lanes)
{
    switch (tile->count) {
    case 1:
        avx2_tile_of(tile, 1, lanes);
        break;
    case 2:
        avx2_tile_of(tile, 2, lanes);
        break;
    case 3:
        avx2_tile_of(tile, 3, lanes);
        break;
    default:
        avx2_tile_of(tile, AVX2_WIDE, lanes);
    }
}

AVX2 static void avx2_tile(const aecodec_tile *tile)
{
    switch ((tile->channels + 3) / 4) {
    case 1:
        avx2_tile_in(tile, 4);
        break;
    case 2:
        avx2_tile_in(tile, 8);
        break;
    case 3:
        avx2_tile_in(tile, 12);
        break;
    default:
        avx2_tile_in(tile, 16);
    }
}

enum { AVX2_ROWS = 6 };

/* Some rows of inputs, with all sums in registers. */
AVX2 INLINE void avx2_multiply_rows(const int16_t *inputs, size_t step, const int rows, const int16_t *weights,
                                    size_t length, int32_t *sums, size_t sums_step)
{
    __m256i own[AVX2_ROWS][2];
    size_t n;
    int row;
    UNROLLED for (row = 0; row < rows; row++) {
        own[row][0] = own[row][1] = _mm256_setzero_si256();
    }
    for (n = 0; n < length; n += 2, weights += 2 * AECODEC_BLOCK) {
        const __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)weights);
        const __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(weights + AECODEC_BLOCK));
        UNROLLED for (row = 0; row < rows; row++) {
            const __m256i pair = _mm256_set1_epi32(aecodec_word_at(inputs + (size_t)row * step + n));
            own[row][0] = _mm256_add_epi32(own[row][0], _mm256_madd_epi16(first, pair));
            own[row][1] = _mm256_add_epi32(own[row][1], _mm256_madd_epi16(second, pair));
        }
    }
    UNROLLED for (row = 0; row < rows; row++) {
        int32_t *to = sums + (size_t)row * sums_step;
        _mm256_storeu_si256((__m256i *)(void *)to, own[row][0]);
        _mm256_storeu_si256((__m256i *)(void *)(to + HALF), own[row][1]);
    }
}

AVX2 static void avx2_multiply(const int16_t *inputs, size_t step, size_t rows, const int16_t *weights, size_t length,
                               int32_t *sums, size_t sums_step)
{
    for (; rows >= AVX2_ROWS; rows -= AVX2_ROWS, inputs += AVX2_ROWS * step, sums += AVX2_ROWS * sums_step) {
        avx2_multiply_rows(inputs, step, AVX2_ROWS, weights, length, sums, sums_step);
    }
    if (rows >= 4) {
        avx2_multiply_rows(inputs, step, 4, weights, length, sums, sums_step);
        rows -= 4, inputs += 4 * step, sums += 4 * sums_step;
    }
    if (rows >= 2) {
        avx2_multiply_rows(inputs, step, 2, weights, length, sums, sums_step);
        rows -= 2, inputs += 2 * step, sums += 2 * sums_step;
    }
    if (rows) {
        avx2_multiply_rows(inputs, step, 1, weights, length, sums, sums_step);
    }
}

AVX2 static void avx2_outputs(const aecodec_scaling *scaling, const int32_t *sums, size_t count, uint32_t channel,
                              uint32_t channels, int8_t *output, size_t output_step)
{
    uint32_t from;
    size_t n;
    for (from = 0; from < channels; from += HALF) {
        const avx2_scaling half = avx2_scaling_of(scaling, channel + from, channels - from);
        for (n = 0; n < count; n++) {
            const void *own = sums + n * AECODEC_BLOCK + from;
            avx2_store_sums(scaling, &half, _mm256_loadu_si256(own), channel + from, channels - from,
                            output + n * output_step + from);
        }
    }
}

AVX2 INLINE __m256i avx2_part(const int8_t *values, int32_t zero, int32_t multiplier, int32_t shift)
{
    const __m256i wide = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)values));
    const __m256i x = _mm256_sub_epi32(wide, _mm256_set1_epi32(zero));
    if (is_half(multiplier, shift)) {
        return _mm256_slli_epi32(x, 19);
    }
    return avx2_scale(_mm256_slli_epi32(x, 20), _mm256_set1_epi32(multiplier),
                      _mm256_set1_epi32(shift > 0 ? shift : 0), _mm256_set1_epi32(shift > 0 ? 0 : -shift));
}

AVX2 static void avx2_add(const aecodec_sum *sum, const int8_t *one, const int8_t *other, int8_t *output,
                          size_t count)
{
    const int32_t shift = sum->shift;
    size_t n;
    for (n = 0; n + HALF <= count; n += HALF) {
        const __m256i x =
            _mm256_add_epi32(avx2_part(one + n, sum->one_zero, sum->one_multiplier, sum->one_shift),
                             avx2_part(other + n, sum->other_zero, sum->other_multiplier, sum->other_shift));
        const __m256i scaled =
            avx2_scale(x, _mm256_set1_epi32(sum->multiplier), _mm256_set1_epi32(shift > 0 ? shift : 0),
                       _mm256_set1_epi32(shift > 0 ? 0 : -shift));
        avx2_store(avx2_limit(scaled, sum->zero, sum->least, sum->most), output + n, HALF);
    }
    aecodec_portable_kernels.add(sum, one + n, other + n, output + n, count - n);
}

static const aecodec_kernels avx2_kernels = {
    "avx2", AVX2_WIDE, 1, 2, 1 << 17, avx2_pack, avx2_fill, NULL, avx2_tile, avx2_multiply, 16, avx2_outputs, avx2_add,
};

const aecodec_kernels *aecodec_best_kernels(void)
{
#ifndef AECODEC_NO_AVX512
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
        return &avx512_kernels;
    }
#endif
    if (__builtin_cpu_supports("avx2")) {
        return &avx2_kernels;
    }
    return &aecodec_portable_kernels;
}

#else
typedef int aecodec_no_kernels_x86; /* C has no empty files */
#endif
