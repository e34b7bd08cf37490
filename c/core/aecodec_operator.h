/* SPDX-License-Identifier: Apache-2.0 */
/* A kind of operator, and what the implementations share. Private. */
#ifndef AECODEC_OPERATOR_H
#define AECODEC_OPERATOR_H

#include <string.h>

#include "aecodec_operator_table.h"

enum { MAX_STEP = 1 << 12 };

typedef struct {
    uint32_t inputs;                           /* 0: one or more */
    int works_in_place;                        /* whether it may write where it reads */
    int (*is_sound)(const aecodec_call *call); /* NULL if all parameters are */
    int (*fits)(const aecodec_call *call);     /* NULL if all shapes do */
    void (*run)(const aecodec_call *call);
} aecodec_operator;

extern const aecodec_operator aecodec_operator_pairs, aecodec_operator_matrices, aecodec_operator_table,
    aecodec_operator_copy, aecodec_operator_blocks, aecodec_operator_concatenation, aecodec_operator_window,
    aecodec_operator_mirror, aecodec_operator_nearest, aecodec_operator_move, aecodec_operator_pool,
    aecodec_operator_reduction, aecodec_operator_softmax, aecodec_operator_bilinear,
    aecodec_operator_lookup, aecodec_operator_search;

/* ---- parameters ---- */

static inline uint32_t low(uint32_t word)
{
    return word & 0xffff;
}

static inline uint32_t high(uint32_t word)
{
    return word >> 16;
}

/* One of the four signed bytes of a word. */
static inline int8_t byte_of(uint32_t word, unsigned number)
{
    return (int8_t)(word >> 8 * number & 0xff);
}

static inline const void *at(const aecodec_call *call, uint32_t offset)
{
    return (const uint8_t *)call->plan + offset;
}

static inline int are_steps(uint32_t word)
{
    return low(word) >= 1 && low(word) <= MAX_STEP && high(word) >= 1 && high(word) <= MAX_STEP;
}

static inline int is_scale(int32_t multiplier, int32_t shift)
{
    return multiplier >= -INT32_MAX && shift >= -31 && shift <= 30;
}

/* ---- shapes ---- */

static inline int is_same(const aecodec_shape *a, const aecodec_shape *b)
{
    return a->rows == b->rows && a->columns == b->columns && a->channels == b->channels;
}

static inline int same_shapes(const aecodec_call *call)
{
    return is_same(&call->in[0], &call->out);
}

static inline int same_channels(const aecodec_call *call)
{
    return call->in[0].channels == call->out.channels;
}

static inline int same_places(const aecodec_call *call)
{
    return call->in[0].rows == call->out.rows && call->in[0].columns == call->out.columns;
}

/* The rows or columns of a kernel that lie within the input, for one output. */
static inline void seen(uint32_t place, uint32_t step, uint32_t before, uint32_t size, uint32_t side,
                        int64_t *start, uint32_t *from, uint32_t *to)
{
    *start = (int64_t)place * step - before;
    *from = *start < 0 ? (uint32_t)(-*start < size ? -*start : size) : 0;
    *to = *start + size > side ? (uint32_t)(side > *start ? side - *start : 0) : size;
}

#endif
