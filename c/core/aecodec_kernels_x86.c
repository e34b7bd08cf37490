/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for x86: AVX-512 with VNNI, AVX2, or none of them, chosen as the program runs. */
#include "aecodec_kernels.h"

#ifdef AECODEC_X86

#include <cpuid.h>
#include <immintrin.h>

#ifndef AECODEC_NO_AVX512 /* to be defined by whoever wants AVX2 at most */

/* ---- AVX-512 with VNNI: vpdpbusd multiplies unsigned inputs by signed weights, so inputs are packed + 128,
 * and 128 times the sum of all weights is taken off the sums ---- */

#define VECTORS_NAME avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define LANES 16
#define WIDE 12
#define VECTORS 1
#define ELEMENT uint8_t
#define EXCESS 1
#define MULTIPLIED_ROWS 12

#define avx512_vector __m512i
#define avx512_sums __m512i
#define avx512_weights __m512i
#define avx512_input __m512i
#define avx512_all _mm512_set1_epi32
#define avx512_add _mm512_add_epi32
#define avx512_subtract _mm512_sub_epi32
#define avx512_shift_left _mm512_slli_epi32
#define avx512_least _mm512_min_epi32
#define avx512_most _mm512_max_epi32
#define avx512_keep(to, x) _mm512_storeu_si512(to, x)
#define avx512_load_bytes(from) _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(from)))
#define avx512_store(x, to, count) _mm_mask_storeu_epi8(to, avx512_lanes(count), _mm512_cvtepi32_epi8(x))
#define avx512_load(from, count) _mm512_maskz_loadu_epi32(avx512_fours(count), from)
#define avx512_load_weights(from, count) _mm512_maskz_loadu_epi32(avx512_fours((uint32_t)(count)), from)
#define avx512_load_input(from) _mm512_set1_epi32(aecodec_word_at(from))
#define avx512_multiply_add(sums, weights, input) _mm512_dpbusd_epi32(sums, input, weights)
#define avx512_no_sums _mm512_setzero_si512
#define avx512_whole_of(sums) (sums)
#define avx512_load_pairs(from) _mm512_loadu_si512(from)
#define avx512_load_pair(from) _mm512_set1_epi32(aecodec_word_at(from))
#define avx512_multiply_pairs(sum, pairs, pair) _mm512_dpwssd_epi32(sum, pairs, pair)
#define avx512_can_scale(shift) 1

/* The first `count` lanes, as many as there are. */
static inline __mmask16 avx512_lanes(uint32_t count)
{
    return (__mmask16)(0xffffu >> (count < LANES ? LANES - count : 0));
}

/* The same, rounded up to 4. */
static inline __mmask16 avx512_fours(uint32_t count)
{
    return (__mmask16)(0xffffu >> (count < LANES ? (LANES - count) / 4 * 4 : 0));
}

typedef struct {
    __m512i multiplier, left, right;
} avx512_factor;

TARGET AECODEC_INLINE avx512_factor avx512_factor_of(__m512i multiplier, __m512i shift)
{
    const __m512i none = _mm512_setzero_si512();
    const avx512_factor factor = {multiplier, _mm512_max_epi32(shift, none),
                                  _mm512_max_epi32(_mm512_sub_epi32(none, shift), none)};
    return factor;
}

/* x * multiplier * 2^(left - right - 31), rounded twice. */
TARGET AECODEC_INLINE __m512i avx512_scale(__m512i x, avx512_factor factor)
{
    const __m512i half = _mm512_set1_epi64(1 << 30), one = _mm512_set1_epi32(1), right = factor.right;
    const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, right), one);
    x = _mm512_sllv_epi32(x, factor.left);
    __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, factor.multiplier), half);
    __m512i odd = _mm512_mul_epi32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(factor.multiplier, 32));
    odd = _mm512_slli_epi64(_mm512_add_epi64(odd, half), 1);
    x = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 31), odd);
    __m512i threshold = _mm512_sub_epi32(_mm512_srli_epi32(mask, 1), _mm512_srai_epi32(x, 31));
    return _mm512_mask_add_epi32(
        _mm512_srav_epi32(x, right), _mm512_cmpgt_epi32_mask(_mm512_and_si512(x, mask), threshold),
        _mm512_srav_epi32(x, right), one);
}

TARGET static void avx512_pack(void *packed, const int8_t *from, size_t count)
{
    uint8_t *to = packed;
    for (size_t n = 0; n < count; n++) {
        to[n] = (uint8_t)from[n] ^ 128;
    }
}

static void avx512_fill(void *packed, int8_t value, size_t count)
{
    memset(packed, value + 128, count);
}

TARGET static void avx512_begin(aecodec_tile *tile)
{
    const uint32_t steps = tile->height * tile->groups, lanes = (tile->channels + 3) / 4 * 4;
    __m512i sums = _mm512_setzero_si512();
    for (uint32_t step = 0; step < steps; step++) {
        const int8_t *weights = tile->weights + (size_t)step * lanes * AECODEC_GROUP;
        sums = _mm512_dpbusd_epi32(sums, _mm512_set1_epi8(1), avx512_load_weights(weights, lanes));
    }
    _mm512_storeu_si512(tile->excess, _mm512_slli_epi32(sums, 7));
}

#include "aecodec_kernels_vector.h"

static const aecodec_kernels avx512_kernels = {
    .wide = 12, .element = 1, .strip = 1 << 17, .pack = avx512_pack, .fill = avx512_fill,
    .begin = avx512_begin, .tile = avx512_tile, .multiply = avx512_multiply, .least_places = 256,
    .outputs = avx512_outputs, .add = avx512_add_tensors,
};

#endif

/* ---- AVX2: vpmaddwd multiplies pairs of 16 bits, which inputs are packed as; weights become it as they are
 * loaded ---- */

#define VECTORS_NAME avx2
#define TARGET __attribute__((target("avx2")))
#define LANES 8
#define WIDE 4
#define VECTORS 2
#define ELEMENT int16_t
#define EXCESS 0
#define MULTIPLIED_ROWS 6

#define avx2_vector __m256i
#define avx2_sums __m256i
#define avx2_all _mm256_set1_epi32
#define avx2_add _mm256_add_epi32
#define avx2_subtract _mm256_sub_epi32
#define avx2_shift_left _mm256_slli_epi32
#define avx2_least _mm256_min_epi32
#define avx2_most _mm256_max_epi32
#define avx2_keep(to, x) _mm256_storeu_si256((__m256i *)(void *)(to), x)
#define avx2_load_bytes(from) _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(from)))
#define avx2_no_sums _mm256_setzero_si256
#define avx2_whole_of(sums) (sums)
#define avx2_load_pairs(from) _mm256_loadu_si256((const __m256i *)(const void *)(from))
#define avx2_load_pair(from) _mm256_set1_epi32(aecodec_word_at(from))
#define avx2_multiply_pairs(sum, pairs, pair) _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, pair))
#define avx2_can_scale(shift) 1

TARGET static void avx2_pack(void *packed, const int8_t *from, size_t count)
{
    aecodec_pack_words(packed, from, count);
}

/* Numbers, of which `count` rounded up to 4 are there. */
TARGET AECODEC_INLINE __m256i avx2_load(const int32_t *from, uint32_t count)
{
    return count > 4 ? _mm256_loadu_si256((const __m256i *)(const void *)from)
                     : _mm256_zextsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)from));
}

typedef struct {
    __m256i multiplier, left, right;
} avx2_factor;

TARGET AECODEC_INLINE avx2_factor avx2_factor_of(__m256i multiplier, __m256i shift)
{
    const __m256i none = _mm256_setzero_si256();
    const avx2_factor factor = {multiplier, _mm256_max_epi32(shift, none),
                                _mm256_max_epi32(_mm256_sub_epi32(none, shift), none)};
    return factor;
}

TARGET AECODEC_INLINE __m256i avx2_scale(__m256i x, avx2_factor factor)
{
    const __m256i half = _mm256_set1_epi64x(1 << 30), one = _mm256_set1_epi32(1), right = factor.right;
    const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, right), one);
    x = _mm256_sllv_epi32(x, factor.left);
    __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, factor.multiplier), half);
    __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(factor.multiplier, 32));
    odd = _mm256_slli_epi64(_mm256_add_epi64(odd, half), 1);
    x = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), odd, 0xaa);
    __m256i threshold = _mm256_sub_epi32(_mm256_srli_epi32(mask, 1), _mm256_srai_epi32(x, 31));
    return _mm256_sub_epi32(_mm256_srav_epi32(x, right),
                            _mm256_cmpgt_epi32(_mm256_and_si256(x, mask), threshold));
}

TARGET AECODEC_INLINE void avx2_store(__m256i x, int8_t *output, uint32_t count)
{
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    const __m128i bytes = _mm_packs_epi16(words, words);
    if (count >= LANES) {
        _mm_storel_epi64((__m128i *)(void *)output, bytes);
        return;
    }
    aecodec_store_word(output, _mm_cvtsi128_si32(bytes), count);
    if (count > 4) {
        aecodec_store_word(output + 4, _mm_extract_epi32(bytes, 1), count - 4);
    }
}

/* The first two of four inputs, and the other two; and their weights of 8 outputs. */
typedef struct {
    __m256i first, second;
} avx2_weights, avx2_input;

/* Two of the four inputs' weights of each of 8 outputs, as 16 bits: 0 for the first two. */
TARGET AECODEC_INLINE __m256i avx2_pair(__m256i weights, int pair)
{
    const __m256i first = _mm256_set1_epi32((int)0x01800080), second = _mm256_set1_epi32((int)0x03800280);
    const __m256i base = _mm256_setr_epi32(0, 0x04000400, 0x08000800, 0x0c000c00, 0, 0x04000400, 0x08000800,
                                           0x0c000c00);
    return _mm256_srai_epi16(_mm256_shuffle_epi8(weights, _mm256_add_epi8(pair ? second : first, base)), 8);
}

TARGET AECODEC_INLINE avx2_weights avx2_load_weights(const int8_t *from, int lanes)
{
    const __m256i bytes = lanes < LANES
                              ? _mm256_zextsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)from))
                              : _mm256_loadu_si256((const __m256i *)(const void *)from);
    const avx2_weights weights = {avx2_pair(bytes, 0), avx2_pair(bytes, 1)};
    return weights;
}

TARGET AECODEC_INLINE avx2_input avx2_load_input(const int16_t *from)
{
    const avx2_input input = {avx2_load_pair(from), avx2_load_pair(from + 2)};
    return input;
}

TARGET AECODEC_INLINE __m256i avx2_multiply_add(__m256i sums, avx2_weights weights, avx2_input input)
{
    return _mm256_add_epi32(sums, _mm256_add_epi32(_mm256_madd_epi16(weights.first, input.first),
                                                   _mm256_madd_epi16(weights.second, input.second)));
}

#include "aecodec_kernels_vector.h"

static const aecodec_kernels avx2_kernels = {
    .wide = 4, .element = 2, .strip = 1 << 17, .pack = avx2_pack, .fill = aecodec_fill_words,
    .tile = avx2_tile, .multiply = avx2_multiply, .least_places = 16, .outputs = avx2_outputs,
    .add = avx2_add_tensors,
};

/* Bits of the instruction cpuid, and of the register XCR0, by which a system says that it saves vector
 * registers. */
enum {
    OSXSAVE = 1 << 27,    /* leaf 1, ecx: XCR0 can be read */
    AVX2 = 1 << 5,        /* leaf 7, ebx */
    AVX512BW = 1 << 30,   /* leaf 7, ebx; implies AVX512F */
    AVX512VNNI = 1 << 11, /* leaf 7, ecx */
    SAVES_256_BITS = 0x06,
    SAVES_512_BITS = 0xe6
};
#define AVX512VL (1u << 31) /* leaf 7, ebx */

static int has_all(unsigned int bits, unsigned int wanted) { return (bits & wanted) == wanted; }

/* Zig's __builtin_cpu_supports always says no. */
static const aecodec_kernels *find_best_kernels(void)
{
    unsigned int eax, ebx, ecx, edx, saved = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) && has_all(ecx, OSXSAVE)) {
        __asm__("xgetbv" : "=a"(saved), "=d"(edx) : "c"(0));
    }
    if (!has_all(saved, SAVES_256_BITS) || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
        return &aecodec_portable_kernels;
    }
#ifndef AECODEC_NO_AVX512
    if (has_all(saved, SAVES_512_BITS) && has_all(ebx, AVX512BW | AVX512VL) && has_all(ecx, AVX512VNNI)) {
        return &avx512_kernels;
    }
#endif
    return has_all(ebx, AVX2) ? &avx2_kernels : &aecodec_portable_kernels;
}

const aecodec_kernels *aecodec_best_kernels(void)
{
    static const aecodec_kernels *best; /* virtual machines take long for cpuid */
    const aecodec_kernels *known = __atomic_load_n(&best, __ATOMIC_RELAXED);
    if (!known) {
        known = find_best_kernels();
        __atomic_store_n(&best, known, __ATOMIC_RELAXED);
    }
    return known;
}

#else
typedef int aecodec_no_kernels_x86; /* C has no empty files */
#endif
