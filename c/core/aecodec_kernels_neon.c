/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for 64-bit ARM: with sdot where the compiler may use it, else with products of 16 bits. */
#include "aecodec_kernels.h"

#ifdef AECODEC_NEON

#include <arm_neon.h>

#define VECTORS_NAME neon
#define TARGET
#define LANES 4
#define VECTORS 4
#define ELEMENT int8_t
#define EXCESS 0
#define MULTIPLIED_ROWS 0

#define neon_vector int32x4_t
#define neon_weights int8x16_t
#define neon_input int8x16_t
#define neon_all vdupq_n_s32
#define neon_add vaddq_s32
#define neon_subtract vsubq_s32
#define neon_shift_left vshlq_n_s32
#define neon_least vminq_s32
#define neon_most vmaxq_s32
#define neon_load(from, count) ((void)(count), vld1q_s32(from))
#define neon_keep vst1q_s32
#define neon_load_weights(from, lanes) vld1q_s8(from)
#define neon_load_input(from) vreinterpretq_s8_s32(vdupq_n_s32(aecodec_word_at(from)))
#define neon_can_scale(shift) 1

#ifdef __ARM_FEATURE_DOTPROD

#define WIDE 6

#define neon_sums int32x4_t
#define neon_multiply_add vdotq_s32
#define neon_no_sums() vdupq_n_s32(0)
#define neon_whole_of(sums) (sums)

#else

#define WIDE 2

typedef struct {
    int32x4_t first, second; /* of two channels each, in two parts */
} neon_sums;

AECODEC_INLINE neon_sums neon_multiply_add(neon_sums sums, int8x16_t weights, int8x16_t inputs)
{
    sums.first = vpadalq_s16(sums.first, vmull_s8(vget_low_s8(weights), vget_low_s8(inputs)));
    sums.second = vpadalq_s16(sums.second, vmull_high_s8(weights, inputs));
    return sums;
}

AECODEC_INLINE neon_sums neon_no_sums(void)
{
    const neon_sums sums = {vdupq_n_s32(0), vdupq_n_s32(0)};
    return sums;
}

AECODEC_INLINE int32x4_t neon_whole_of(neon_sums sums)
{
    return vpaddq_s32(sums.first, sums.second);
}

#endif

enum { MOST_OUTPUTS = WIDE };

typedef struct {
    int32x4_t multiplier, left, right; /* right is not positive */
} neon_factor;

AECODEC_INLINE neon_factor neon_factor_of(int32x4_t multiplier, int32x4_t shift)
{
    const int32x4_t none = vdupq_n_s32(0);
    const neon_factor factor = {multiplier, vmaxq_s32(shift, none), vminq_s32(shift, none)};
    return factor;
}

/* x * multiplier * 2^(left + right - 31), rounded twice. */
AECODEC_INLINE int32x4_t neon_scale(int32x4_t x, neon_factor factor)
{
    x = vqrdmulhq_s32(vshlq_s32(x, factor.left), factor.multiplier);
    return vrshlq_s32(vqaddq_s32(x, vshrq_n_s32(vandq_s32(x, factor.right), 31)), factor.right);
}

AECODEC_INLINE int32x4_t neon_load_bytes(const int8_t *from)
{
    return vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(aecodec_word_at(from))))));
}

AECODEC_INLINE void neon_store(int32x4_t x, int8_t *output, uint32_t count)
{
    const int16x4_t words = vmovn_s32(x);
    const int8x8_t bytes = vmovn_s16(vcombine_s16(words, words));
    aecodec_store_word(output, vget_lane_s32(vreinterpret_s32_s8(bytes), 0), count);
}

#include "aecodec_kernels_vector.h"

enum { QUAD = 4, QUADS = 4 };

/* Rows of inputs by a block of weights, of which vld2q takes the pairs apart. */
static void neon_multiply(const int16_t *inputs, size_t step, size_t rows, const int16_t *weights,
                          size_t length, int32_t *sums, size_t sums_step)
{
    for (; rows > 0; rows--, inputs += step, sums += sums_step) {
        int32x4_t own[QUADS] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
        const int16_t *pairs = weights;
        for (size_t n = 0; n < length; n += 2) {
            UNROLLED for (int half = 0; half < QUADS; half += 2, pairs += AECODEC_BLOCK) {
                const int16x8x2_t pair = vld2q_s16(pairs);
                own[half] = vmlal_n_s16(own[half], vget_low_s16(pair.val[0]), inputs[n]);
                own[half] = vmlal_n_s16(own[half], vget_low_s16(pair.val[1]), inputs[n + 1]);
                own[half + 1] = vmlal_n_s16(own[half + 1], vget_high_s16(pair.val[0]), inputs[n]);
                own[half + 1] = vmlal_n_s16(own[half + 1], vget_high_s16(pair.val[1]), inputs[n + 1]);
            }
        }
        UNROLLED for (int quad = 0; quad < QUADS; quad++) {
            vst1q_s32(sums + quad * QUAD, own[quad]);
        }
    }
}

static const aecodec_kernels neon_kernels = {
    .wide = MOST_OUTPUTS, .element = 1, .strip = 1 << 17, .pack = aecodec_pack_bytes,
    .fill = aecodec_fill_bytes, .tile = neon_tile, .multiply = neon_multiply, .add = neon_add_tensors,
};

const aecodec_kernels *aecodec_best_kernels(void)
{
    return &neon_kernels;
}

#else
typedef int aecodec_no_kernels_neon; /* C has no empty files */
#endif
