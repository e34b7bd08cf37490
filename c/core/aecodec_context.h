/* SPDX-License-Identifier: Apache-2.0 */
/* The context network for all vectors of a coding pass at once, with the kernels of the networks. Private;
 * only the library contains it. For devices, aecodec.c contains a small context network. */
#ifndef AECODEC_CONTEXT_H
#define AECODEC_CONTEXT_H

#include "aecodec.h"
#include "aecodec_kernels.h"

/* The state of a pass. Arrays are in the working memory; their rows are rounded up to whole blocks. */
typedef struct {
    const aecodec_codec *codec;
    const aecodec_kernels *kernels;
    uint32_t count;         /* vectors */
    int kind;               /* of the spatial context, or -1 */
    const uint16_t *priors; /* [count] */
    uint32_t units;         /* number of known units */
    const int8_t *next;     /* weights of the next unit */
    int16_t *inputs;        /* [count][K] in coding order; the caller writes them */
    int16_t *activity;      /* [count][K] by channel */
    int16_t *gradients;     /* [count][AECODEC_GRADIENTS][L] */
    int16_t *hidden;        /* [count][H] activations */
    int32_t *spatial_sums;  /* [count][H] contributions of activities to the sums of units */
    int32_t *moved;         /* [count][L] moves of tables by gradients, in eighths of a symbol */
    int32_t *outputs;       /* [count][step] of the current slice, two per channel: table move and shape */
    size_t step;            /* length of a row of outputs */
    int32_t *sums;          /* [some vectors][H] */
    int16_t *weights;       /* of one matrix, in the layout of the kernels */
    int16_t *by_channel[3]; /* [K] centre, most, factor for the conversion of codes to activities */
} aecodec_context_pass;

/* Bytes of working memory for passes of up to `count` vectors; a multiple of 16. */
size_t aecodec_context_work_size(const aecodec_codec *codec, size_t count);

/* Divide the working memory, which is aligned to 4 bytes. */
void aecodec_context_open(aecodec_context_pass *pass, const aecodec_codec *codec, size_t count, void *work);

/* Begin a pass of `count` vectors without known codes. */
void aecodec_context_begin(aecodec_context_pass *pass, uint32_t count, int kind, const uint16_t *priors);

/* Compute activity and gradients of a vector from the codes of two pairs of opposite neighbours. */
void aecodec_context_add_neighbours(aecodec_context_pass *pass, uint32_t vector, const int8_t *neighbours[4]);

/* Multiply the activities and gradients of all vectors by their weights, and keep the sums. */
void aecodec_context_sum_neighbours(aecodec_context_pass *pass);

/* Compute the outputs of a slice, places `place` to `stop`, from the inputs of all earlier places. Call it
 * for slices in order. */
void aecodec_context_run(aecodec_context_pass *pass, size_t place, size_t stop);

#endif
