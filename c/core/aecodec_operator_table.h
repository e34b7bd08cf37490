/* SPDX-License-Identifier: Apache-2.0 */
/* The operators of a network plan. Private. */
#ifndef AECODEC_OPERATOR_TABLE_H
#define AECODEC_OPERATOR_TABLE_H

#include "aecodec_kernels.h"

enum { AECODEC_MOST_INPUTS = 4 };

/* Kinds of operators; docs/PLAN.md describes their parameters. */
enum {
    AECODEC_CONVOLUTION = 1,
    AECODEC_DEPTHWISE,
    AECODEC_SUM,
    AECODEC_PRODUCT,
    AECODEC_MAXIMUM,
    AECODEC_MINIMUM,
    AECODEC_TABLE,
    AECODEC_DEPTH_TO_SPACE,
    AECODEC_SPACE_TO_DEPTH,
    AECODEC_CONCATENATION,
    AECODEC_COPY,
    AECODEC_WINDOW,
    AECODEC_MAXIMUM_POOL,
    AECODEC_MEAN_POOL,
    AECODEC_REDUCTION,
    AECODEC_NEAREST,
    AECODEC_BILINEAR,
    AECODEC_MOVE,
    AECODEC_SQUARED_DIFFERENCE,
    AECODEC_PRELU,
    AECODEC_MIRROR,
    AECODEC_SOFTMAX,
    AECODEC_MATRICES,
    AECODEC_LOOKUP,
    AECODEC_SEARCH,
    AECODEC_KINDS
};

/* A run of an operator. */
typedef struct {
    const aecodec_kernels *kernels; /* set when it runs */
    const uint32_t *plan;
    uint32_t kind;
    const uint32_t *parameters;
    uint32_t reads[AECODEC_MOST_INPUTS], count, writes; /* tensors */
    int is_in_place[AECODEC_MOST_INPUTS];               /* whether the output overwrites the input */
    int is_constant[AECODEC_MOST_INPUTS];               /* whether the input is the same for all pictures */
    uint32_t pictures;                                  /* number of pictures in each tensor */
    aecodec_shape in[AECODEC_MOST_INPUTS], out;
    const int8_t *from[AECODEC_MOST_INPUTS];
    int8_t *to;
    void *scratch;
} aecodec_call;

int aecodec_plan_holds(const uint32_t *plan, uint64_t offset, uint64_t size);

/* Whether an operator may overwrite its input. */
int aecodec_works_in_place(uint32_t kind);

/* Whether the parameters of an operator are valid for any size; only the channels of its shapes are set. */
int aecodec_parameters_are_sound(const aecodec_call *call);

/* Whether an operator with valid parameters supports its shapes. */
int aecodec_shapes_fit(const aecodec_call *call);

/* Bytes of scratch that an operator needs. */
uint64_t aecodec_scratch_size(const aecodec_kernels *kernels, const aecodec_call *call);

void aecodec_run_operator(const aecodec_kernels *kernels, const aecodec_call *call);

#endif
