/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for 64-bit ARM: with sdot where the compiler may use it, else with products of 16 bits. */
#include "aecodec_kernels.h"

#ifdef AECODEC_NEON

#include <arm_neon.h>

#ifdef __clang__
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

#define INLINE static inline __attribute__((always_inline))

enum { QUAD = 4, QUADS = 4 };

static void neon_pack(void *packed, const int8_t *from, size_t count)
{
    memcpy(packed, from, count);
}

static void neon_fill(void *packed, int8_t value, size_t count)
{
    memset(packed, value, count);
}

/* Sums of four channels. */
#ifdef __ARM_FEATURE_DOTPROD

enum { WIDE = 6 };
#define NAME "neon dotprod"

typedef struct {
    int32x4_t whole;
} quad_sums;

INLINE void add_products(quad_sums *sums, int8x16_t weights, int8x16_t inputs)
{
    sums->whole = vdotq_s32(sums->whole, weights, inputs);
}

INLINE int32x4_t whole_of(quad_sums sums)
{
    return sums.whole;
}

#else

enum { WIDE = 2 };
#define NAME "neon"

typedef struct {
    int32x4_t first, second; /* of two channels each, in two parts */
} quad_sums;

INLINE void add_products(quad_sums *sums, int8x16_t weights, int8x16_t inputs)
{
    sums->first = vpadalq_s16(sums->first, vmull_s8(vget_low_s8(weights), vget_low_s8(inputs)));
    sums->second = vpadalq_s16(sums->second, vmull_high_s8(weights, inputs));
}

INLINE int32x4_t whole_of(quad_sums sums)
{
    return vpaddq_s32(sums.first, sums.second);
}

#endif

/* x * multiplier * 2^(left + right - 31), rounded twice; right is not positive. */
INLINE int32x4_t scale(int32x4_t x, int32x4_t multiplier, int32x4_t left, int32x4_t right)
{
    x = vqrdmulhq_s32(vshlq_s32(x, left), multiplier);
    return vrshlq_s32(vqaddq_s32(x, vshrq_n_s32(vandq_s32(x, right), 31)), right);
}

INLINE int32x4_t limit(int32x4_t x, int32_t zero, int32_t least, int32_t most)
{
    return vminq_s32(vmaxq_s32(vaddq_s32(x, vdupq_n_s32(zero)), vdupq_n_s32(least)), vdupq_n_s32(most));
}

/* Numbers that are bytes already, as bytes. */
INLINE void store(int32x4_t x, int8_t *output, uint32_t count)
{
    const int16x4_t words = vmovn_s32(x);
    const int8x8_t bytes = vmovn_s16(vcombine_s16(words, words));
    aecodec_store_word(output, vget_lane_s32(vreinterpret_s32_s8(bytes), 0), count);
}

/* Outputs of four channels, of which `count` are left. */
INLINE void store_sums(const aecodec_scaling *scaling, int32x4_t sums, uint32_t channel, int8_t *output, uint32_t count)
{
    const int32x4_t shift = vld1q_s32(scaling->shift + channel), none = vdupq_n_s32(0);
    int32_t each[QUAD];
    uint32_t n;
    sums = vaddq_s32(sums, vld1q_s32(scaling->bias + channel));
    if (!scaling->is_rounded_once) {
        sums = scale(sums, vld1q_s32(scaling->multiplier + channel), vmaxq_s32(shift, none), vminq_s32(shift, none));
        store(limit(sums, scaling->zero, scaling->least, scaling->most), output, count);
        return;
    }
    vst1q_s32(each, sums);
    for (n = 0; n < count && n < QUAD; n++) {
        output[n] = aecodec_output(scaling, each[n], channel + n);
    }
}

/* A tile of `count` outputs in a block of `quads` times four channels. */
INLINE void tile_of(const aecodec_tile *tile, const int count, const int quads)
{
    const int8_t *weights = tile->weights;
    quad_sums sums[WIDE][QUADS];
    uint32_t row, group;
    int place, quad;
    memset(sums, 0, sizeof sums);
    for (row = 0; row < tile->height; row++) {
        const int8_t *inputs = (const int8_t *)tile->packed + row * tile->row;
        for (group = 0; group < tile->groups; group++, inputs += QUAD, weights += quads * 16) {
            int8x16_t own[QUADS];
            UNROLLED for (quad = 0; quad < quads; quad++) {
                own[quad] = vld1q_s8(weights + quad * 16);
            }
            UNROLLED for (place = 0; place < count; place++) {
                const int32_t word = aecodec_word_at(inputs + (size_t)place * tile->step);
                UNROLLED for (quad = 0; quad < quads; quad++) {
                    add_products(&sums[place][quad], own[quad], vreinterpretq_s8_s32(vdupq_n_s32(word)));
                }
            }
        }
    }
    for (place = 0; place < count; place++) {
        for (quad = 0; quad < quads; quad++) {
            const uint32_t channel = (uint32_t)quad * QUAD;
            store_sums(tile->scaling, whole_of(sums[place][quad]), tile->channel + channel,
                       tile->output + (size_t)place * tile->output_step + channel, tile->channels - channel);
        }
    }
}

INLINE void tile_in(const aecodec_tile *tile, const int quads)
{
    switch (tile->count) {
    case 1:
        tile_of(tile, 1, quads);
        break;
#ifdef __ARM_FEATURE_DOTPROD
    case 2:
        tile_of(tile, 2, quads);
        break;
    case 3:
        tile_of(tile, 3, quads);
        break;
    case 4:
        tile_of(tile, 4, quads);
        break;
    case 5:
        tile_of(tile, 5, quads);
        break;
#endif
    default:
        tile_of(tile, WIDE, quads);
    }
}

static void neon_tile(const aecodec_tile *tile)
{
    switch ((tile->channels + 3) / QUAD) {
    case 1:
        tile_in(tile, 1);
        break;
    case 2:
        tile_in(tile, 2);
        break;
    case 3:
        tile_in(tile, 3);
        break;
    default:
        tile_in(tile, QUADS);
    }
}

/* Rows of inputs by a block of weights, of which vld2q takes the pairs apart. */
static void neon_multiply(const int16_t *inputs, size_t step, size_t rows, const int16_t *weights, size_t length,
                          int32_t *sums, size_t sums_step)
{
    for (; rows > 0; rows--, inputs += step, sums += sums_step) {
        int32x4_t own[QUADS] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
        const int16_t *pairs = weights;
        size_t n;
        int half, quad;
        for (n = 0; n < length; n += 2) {
            UNROLLED for (half = 0; half < QUADS; half += 2, pairs += AECODEC_BLOCK) {
                const int16x8x2_t pair = vld2q_s16(pairs);
                own[half] = vmlal_n_s16(own[half], vget_low_s16(pair.val[0]), inputs[n]);
                own[half] = vmlal_n_s16(own[half], vget_low_s16(pair.val[1]), inputs[n + 1]);
                own[half + 1] = vmlal_n_s16(own[half + 1], vget_high_s16(pair.val[0]), inputs[n]);
                own[half + 1] = vmlal_n_s16(own[half + 1], vget_high_s16(pair.val[1]), inputs[n + 1]);
            }
        }
        UNROLLED for (quad = 0; quad < QUADS; quad++) {
            vst1q_s32(sums + quad * QUAD, own[quad]);
        }
    }
}

INLINE int32x4_t part(int16x4_t values, int32_t zero, int32_t multiplier, int32_t shift)
{
    const int32x4_t x = vshlq_n_s32(vsubq_s32(vmovl_s16(values), vdupq_n_s32(zero)), 20);
    return scale(x, vdupq_n_s32(multiplier), vdupq_n_s32(shift > 0 ? shift : 0), vdupq_n_s32(shift > 0 ? 0 : shift));
}

INLINE void add_four(const aecodec_sum *sum, int16x4_t one, int16x4_t other, int8_t *output)
{
    const int32x4_t x = vaddq_s32(part(one, sum->one_zero, sum->one_multiplier, sum->one_shift),
                                  part(other, sum->other_zero, sum->other_multiplier, sum->other_shift));
    const int32x4_t scaled = scale(x, vdupq_n_s32(sum->multiplier), vdupq_n_s32(sum->shift > 0 ? sum->shift : 0),
                                   vdupq_n_s32(sum->shift > 0 ? 0 : sum->shift));
    store(limit(scaled, sum->zero, sum->least, sum->most), output, QUAD);
}

static void neon_add(const aecodec_sum *sum, const int8_t *one, const int8_t *other, int8_t *output, size_t count)
{
    size_t n;
    for (n = 0; n + 8 <= count; n += 8) {
        const int16x8_t a = vmovl_s8(vld1_s8(one + n)), b = vmovl_s8(vld1_s8(other + n));
        add_four(sum, vget_low_s16(a), vget_low_s16(b), output + n);
        add_four(sum, vget_high_s16(a), vget_high_s16(b), output + n + QUAD);
    }
    aecodec_portable_kernels.add(sum, one + n, other + n, output + n, count - n);
}

static const aecodec_kernels neon_kernels = {
    NAME, WIDE, 1, 1, 1 << 17, neon_pack, neon_fill, NULL, neon_tile, neon_multiply, 0, NULL, neon_add,
};

const aecodec_kernels *aecodec_best_kernels(void)
{
    return &neon_kernels;
}

#else
typedef int aecodec_no_kernels_neon; /* C has no empty files */
#endif
