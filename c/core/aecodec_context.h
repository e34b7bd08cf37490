/* SPDX-License-Identifier: Apache-2.0 */
/* The context network of all vectors of a coding pass at once, on the kernels of the networks. It is part of the
 * library only, and not of its interface; aecodec.c has a small one for devices. */
#ifndef AECODEC_CONTEXT_H
#define AECODEC_CONTEXT_H

#include "aecodec.h"
#include "aecodec_kernels.h"

/* A pass at work. Arrays are in the working memory; their rows are rounded up to whole blocks. */
typedef struct {
    const aecodec_codec *codec;
    const aecodec_kernels *kernels;
    uint32_t count;         /* vectors */
    int kind;               /* of the spatial context; -1: none */
    const uint16_t *priors; /* [count] */
    uint32_t units;         /* that are known */
    const int8_t *next;     /* weights of the next unit */
    int16_t *inputs;        /* [count][K] in coding order, filled in by the caller */
    int16_t *activity;      /* [count][K] by channel */
    int16_t *gradients;     /* [count][AECODEC_GRADIENTS][L] */
    int16_t *hidden;        /* [count][H] activations */
    int32_t *spatial_sums;  /* [count][H] what activities add to the sums of units */
    int32_t *moved;         /* [count][L] by how many eighths of a symbol gradients move tables */
    int32_t *outputs;       /* [count][step] of the current slice: two per channel, which move tables and select shapes */
    size_t step;            /* numbers of a row of outputs */
    int32_t *sums;          /* [some vectors][H] */
    int16_t *weights;       /* of one matrix, as kernels take them */
    int16_t *by_channel[3]; /* [K] centre, most, factor: how codes become activities */
} aecodec_context_pass;

/* Bytes of working memory for passes of up to `count` vectors; a multiple of 16. */
size_t aecodec_context_work_size(const aecodec_codec *codec, size_t count);

/* Lay out the working memory, which is aligned to 4 bytes. */
void aecodec_context_open(aecodec_context_pass *pass, const aecodec_codec *codec, size_t count, void *work);

/* Begin a pass of `count` vectors, none of whose codes are known. */
void aecodec_context_begin(aecodec_context_pass *pass, uint32_t count, int kind, const uint16_t *priors);

/* Find activity and gradients of a vector from the codes of its four neighbours, two pairs of opposite ones. */
void aecodec_context_look_around(aecodec_context_pass *pass, uint32_t vector, const int8_t *neighbours[4]);

/* Sum what was found around all vectors. */
void aecodec_context_sum_around(aecodec_context_pass *pass);

/* Compute the outputs of a slice, the places from `place` to `stop`, from the inputs of all places before. Slices come
 * in order. */
void aecodec_context_run(aecodec_context_pass *pass, size_t place, size_t stop);

#endif
