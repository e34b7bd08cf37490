/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions shared by aecodec_network.c and the kernels. Private. */
#ifndef AECODEC_KERNELS_H
#define AECODEC_KERNELS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    AECODEC_BLOCK = 16, /* outputs of a block of weights; the last block has a multiple of 4 */
    AECODEC_GROUP = 4   /* inputs that are adjacent in memory */
};

typedef struct {
    uint32_t rows, columns, channels;
} aecodec_shape;

/* Numbers, which are bytes, in a tensor of a shape. */
static inline size_t aecodec_count(const aecodec_shape *shape)
{
    return (size_t)shape->rows * shape->columns * shape->channels;
}

static inline size_t aecodec_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t aecodec_round_up(size_t count, size_t to)
{
    return (count + to - 1) / to * to;
}

/* Per-channel parameters that scale 32-bit sums to 8-bit outputs. */
typedef struct {
    const int32_t *bias, *multiplier, *shift;
    int32_t zero, least, most; /* of the output */
    int is_rounded_once;
} aecodec_scaling;

/* A convolution of a batch of pictures [rows][columns][channels]. The padding around the input has the
 * value zero, the zero point of the input. The bias includes the contribution of this zero point. */
typedef struct {
    uint32_t pictures; /* batch size */
    aecodec_shape in, out;
    const int8_t *input;
    int8_t *output;
    uint32_t height, width; /* of the kernel */
    uint32_t down, across;  /* strides */
    uint32_t top, left;     /* rows and columns of padding */
    int8_t zero;
    const int8_t *weights; /* [block][height][groups of width * channels][outputs of the block][4] */
    aecodec_scaling scaling;
    void *scratch;
} aecodec_convolution;

/* Adjacent outputs of a row, in a block of channels. The packed inputs include padding. Steps are in packed
 * elements. */
typedef struct {
    const void *packed;
    size_t step;           /* between the inputs of two outputs */
    size_t row;            /* between two rows of the kernel */
    uint32_t height;       /* rows of the kernel */
    uint32_t groups;       /* of inputs in a row of the kernel */
    uint32_t count;        /* outputs of a row: at most `wide` of the kernels */
    uint32_t channel;      /* first output channel, at the start of a block */
    uint32_t channels;     /* number of output channels: at most a block */
    const int8_t *weights; /* of the first block */
    int8_t *output;        /* of the first channel */
    size_t output_step;    /* channels of the output */
    const aecodec_scaling *scaling;
    int32_t excess[AECODEC_BLOCK]; /* for each channel, the part of its sums that is due to the packing */
} aecodec_tile;

typedef struct {
    int32_t one_zero, other_zero;
    int32_t one_multiplier, one_shift, other_multiplier, other_shift;
    int32_t multiplier, shift, zero, least, most;
} aecodec_sum;

typedef struct aecodec_kernels {
    uint32_t wide;         /* maximum outputs of a tile */
    uint32_t element;      /* bytes of a packed element */
    size_t strip;          /* bytes of packed rows that are processed together, unless one row is larger */
    void (*pack)(void *packed, const int8_t *from, size_t count);
    void (*fill)(void *packed, int8_t value, size_t count);
    void (*begin)(aecodec_tile *tile); /* compute the excess of channels and weights; may be NULL */
    void (*tile)(const aecodec_tile *tile);
    /* Multiply rows of inputs by a block of weights.
     *
     * inputs: [rows][length] with `step` elements between rows; length is even.
     * weights: [length / 2][AECODEC_BLOCK][2].
     * sums: output [rows][AECODEC_BLOCK] with `sums_step` elements between rows. They wrap around. */
    void (*multiply)(const int16_t *inputs, size_t step, size_t rows, const int16_t *weights, size_t length,
                     int32_t *sums, size_t sums_step);
    uint32_t least_places; /* output places from which aecodec_winograd.c is faster than tiles; 0: never */
    /* Store a row of outputs from AECODEC_BLOCK sums each, of which `channels` are used. NULL if
     * least_places is 0. */
    void (*outputs)(const aecodec_scaling *scaling, const int32_t *sums, size_t count, uint32_t channel,
                    uint32_t channels, int8_t *output, size_t output_step);
    /* Add two tensors of the same shape; output may be one of them. */
    void (*add)(const aecodec_sum *sum, const int8_t *one, const int8_t *other, int8_t *output, size_t count);
} aecodec_kernels;

/* Vector instructions that the compiler supports. Define AECODEC_PORTABLE for plain C. */
#if !defined(AECODEC_PORTABLE) && defined(__GNUC__) && defined(__x86_64__)
#define AECODEC_X86
#elif !defined(AECODEC_PORTABLE) && defined(__ARM_NEON) && defined(__aarch64__)
#define AECODEC_NEON
#elif !defined(AECODEC_PORTABLE) && defined(__wasm_simd128__)
#define AECODEC_WASM
#endif

/* With more working memory, 3 by 3 convolutions need 36 multiplications for 16 outputs instead of 144. */
#if defined(AECODEC_X86) || defined(AECODEC_WASM)
#define AECODEC_WINOGRAD
#endif

#ifdef __GNUC__
#define AECODEC_INLINE static inline __attribute__((always_inline))
#else
#define AECODEC_INLINE static inline
#endif

/* Where a matrix for `multiply`, whose rows have `length` inputs, has the weight of an input of an output. */
static inline size_t aecodec_place_in_matrix(size_t output, size_t input, size_t length)
{
    return output / AECODEC_BLOCK * AECODEC_BLOCK * length + input / 2 * 2 * AECODEC_BLOCK +
           output % AECODEC_BLOCK * 2 + input % 2;
}

const aecodec_kernels *aecodec_best_kernels(void);

extern const aecodec_kernels aecodec_portable_kernels;

/* Begin a static function that is compiled twice, with and without AVX2; each call chooses. Compilers can
 * do the same (target_clones), but not for all systems. */
#ifdef AECODEC_X86
#define AECODEC_WIDE(name, parameters, arguments)                                                            \
    AECODEC_INLINE void name##_anywhere parameters;                                                          \
    __attribute__((target("avx2"))) static void name##_avx2 parameters                                       \
    {                                                                                                        \
        name##_anywhere arguments;                                                                           \
    }                                                                                                        \
    static void name##_portable parameters                                                                   \
    {                                                                                                        \
        name##_anywhere arguments;                                                                           \
    }                                                                                                        \
    static void name parameters                                                                              \
    {                                                                                                        \
        (aecodec_best_kernels() == &aecodec_portable_kernels ? name##_portable : name##_avx2) arguments;     \
    }                                                                                                        \
    AECODEC_INLINE void name##_anywhere parameters
#else
#define AECODEC_WIDE(name, parameters, arguments) static void name parameters
#endif

/* ---- convolutions with any kernels ---- */

uint64_t aecodec_convolution_scratch(const aecodec_kernels *kernels, const aecodec_convolution *convolution);
void aecodec_convolve(const aecodec_kernels *kernels, aecodec_convolution *convolution);

#ifdef AECODEC_WINOGRAD
int aecodec_winograd_takes(const aecodec_kernels *kernels, const aecodec_convolution *convolution);
uint64_t aecodec_winograd_scratch(const aecodec_convolution *convolution);
void aecodec_winograd(const aecodec_kernels *kernels, const aecodec_convolution *convolution);
#endif

/* ---- arithmetic of TFLite's reference kernels ---- */

#if (-1 >> 1) != -1
#error "the networks need a compiler that shifts negative numbers arithmetically"
#endif

/* x * multiplier * 2^(shift - 31), rounded twice. The multiplier is not INT32_MIN; shift is from -31 to
 * 30. */
static inline int32_t aecodec_scale(int32_t x, int32_t multiplier, int32_t shift)
{
    const int left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    const int64_t product = (int64_t)(int32_t)((uint32_t)x << left) * multiplier;
    const int32_t high = (int32_t)((product + (1 << 30)) >> 31);
    const int64_t half = (int64_t)1 << right >> 1;
    return right ? (int32_t)((high + half - (high < 0)) >> right) : high;
}

static inline int8_t aecodec_limit(int32_t x, int32_t least, int32_t most)
{
    return (int8_t)(x < least ? least : x > most ? most : x);
}

/* The same, rounded once. */
static inline int32_t aecodec_scale_once(int32_t x, int32_t multiplier, int32_t shift)
{
    return (int32_t)(((int64_t)x * multiplier + ((int64_t)1 << (30 - shift))) >> (31 - shift));
}

/* The output of a channel from its sum, which includes the bias. */
static inline int8_t aecodec_output(const aecodec_scaling *scaling, int32_t sum, uint32_t channel)
{
    const int32_t multiplier = scaling->multiplier[channel], shift = scaling->shift[channel];
    const int32_t scaled = scaling->is_rounded_once ? aecodec_scale_once(sum, multiplier, shift)
                                                    : aecodec_scale(sum, multiplier, shift);
    return aecodec_limit((int32_t)((uint32_t)scaled + (uint32_t)scaling->zero), scaling->least,
                         scaling->most);
}

/* ---- inputs, packed as 8 or 16 bits ---- */

static inline void aecodec_pack_bytes(void *packed, const int8_t *from, size_t count)
{
    memcpy(packed, from, count);
}

static inline void aecodec_fill_bytes(void *packed, int8_t value, size_t count)
{
    memset(packed, value, count);
}

static inline void aecodec_pack_words(void *restrict packed, const int8_t *restrict from, size_t count)
{
    int16_t *to = packed;
    for (size_t n = 0; n < count; n++) {
        to[n] = from[n];
    }
}

static inline void aecodec_fill_words(void *packed, int8_t value, size_t count)
{
    int16_t *to = packed;
    for (size_t n = 0; n < count; n++) {
        to[n] = value;
    }
}

/* ---- unaligned words in memory ---- */

#ifdef __GNUC__ /* one instruction, even if the compiler is told that there is no C library */
#define AECODEC_COPY_WORD __builtin_memcpy
#else
#define AECODEC_COPY_WORD memcpy
#endif

static inline int32_t aecodec_word_at(const void *place)
{
    int32_t word;
    AECODEC_COPY_WORD(&word, place, sizeof word);
    return word;
}

/* Store the first bytes of a word: four, or fewer if fewer are left. */
static inline void aecodec_store_word(int8_t *place, int32_t word, uint32_t left)
{
    if (left >= sizeof word) {
        AECODEC_COPY_WORD(place, &word, sizeof word);
        return;
    }
    for (; left > 0; left--, word >>= 8) {
        *place++ = (int8_t)(word & 0xff);
    }
}

#endif
