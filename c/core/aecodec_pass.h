/* SPDX-License-Identifier: Apache-2.0 */
/* A pass: vectors that are coded together, and what is known of them. Private. */
#ifndef AECODEC_PASS_H
#define AECODEC_PASS_H

#include <limits.h>

#include "aecodec.h"

#ifdef AECODEC_LIBRARY
#include "aecodec_context.h"
#endif

#if INT_MAX < 2147483647
#error "aecodec needs a processor whose int has 32 bits"
#endif

enum { NO_NEIGHBOURS = -1, DIAGONAL = 0, STRAIGHT = 1 }; /* kinds of neighbours */

typedef struct {
    const aecodec_codec *codec;
    int8_t *codes;                  /* of the whole picture */
    uint32_t planes, rows, columns; /* vectors of the whole picture */
    uint32_t count;                 /* vectors of the pass */
    int distance;                   /* to their neighbours */
    int kind;                       /* of their neighbours */
    /* arrays in the working memory */
    uint16_t *members;      /* [count] numbers of the vectors in the picture */
    uint16_t *priors;       /* [count] selected, by their place among the exported ones */
    int16_t *base;          /* [slice][count] symbol of column 0 */
    uint8_t *row;           /* [slice][count] of the bank */
    uint8_t *column;        /* [slice][count] */
    int32_t *sums;          /* [count][K][2] outputs of the context network, of the units that are known */
    int16_t *inputs;        /* [count][K] inputs of the context network, in coding order */
    uint32_t neighbours[4]; /* of the current vector: two pairs of opposite ones */
    int16_t *activity;      /* [K] of the current vector; its gradients [AECODEC_GRADIENTS][L] follow */
#ifdef AECODEC_LIBRARY
    const int8_t *latents;      /* [vectors][latent_channels], while an encoder decides codes; else NULL */
    aecodec_rate_weight weight; /* with which it decides them */
    uint8_t *weights;           /* [count] the weight of each vector */
    uint32_t *order;            /* [slice][count] the entries, in the order in which they are coded */
    int is_together;            /* whether the context network runs for all vectors of the pass at once */
    size_t place;               /* first of the current slice */
    aecodec_context_pass all;
    const aecodec_choices *choices; /* to be filled instead of coding; else NULL */
    int8_t *kinds;                  /* [vectors] to be filled with kinds of neighbours instead; else NULL */
    uint32_t (*around)[4];          /* [vectors] with the neighbours */
#endif
} pass;

#ifdef AECODEC_LIBRARY
static inline int is_together(const pass *p) { return p->is_together; }
#else
static inline int is_together(const pass *p) { (void)p; return 0; }
#endif

/* x >> bits, rounded towards minus infinity; C leaves that open for a negative x. */
static inline int32_t shift_right(int32_t x, unsigned bits)
{
    return x >= 0 ? x >> bits : ~(~x >> bits);
}

static inline int32_t clip(int32_t x, int32_t least, int32_t most)
{
    return x < least ? least : x > most ? most : x;
}

/* Compilers sum whole groups of lanes with vector instructions. The inputs beyond count are 0. */
static inline size_t pad_to_lanes(size_t count)
{
    return (count + AECODEC_LANES - 1) / AECODEC_LANES * AECODEC_LANES;
}

/* L: the number of channels that are predicted from gradients. */
static inline size_t predicted_channels(const aecodec_codec *codec)
{
    return codec->code_dimension < AECODEC_PREDICTED_CHANNELS ? codec->code_dimension
                                                              : AECODEC_PREDICTED_CHANNELS;
}

static inline size_t channel_at(const aecodec_codec *codec, size_t place)
{
    return codec->context ? codec->context->order[place] : place;
}

static inline int8_t dequantized(const aecodec_codec *codec, int32_t code, size_t channel)
{
    int32_t latent = code * codec->multiple;
    if (codec->factors) {
        int32_t factor = codec->factors[channel], doubled = code * 65536 + factor;
        latent = doubled / (2 * factor) - (doubled % (2 * factor) < 0);
    }
    return (int8_t)clip(latent, -128, 127);
}

#endif
