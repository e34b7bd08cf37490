/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations shared by the parts that code residuals. Private. */
#ifndef AECODEC_RESIDUALS_H
#define AECODEC_RESIDUALS_H

#include "aecodec_kernels.h"
#include "aecodec_range_coder.h"
#include "private.h"

enum {
    RESIDUAL_INPUTS = 34,    /* at most */
    RESIDUAL_ROOM = 48,      /* for the inputs of a sample, in whole vectors */
    RESIDUAL_UNITS = 64,     /* at most */
    RESIDUAL_SHAPE = 513,    /* numbers of the shape of a distribution */
    RESIDUAL_MASS = 1 << 14, /* of 2^24 */
    RESIDUAL_MOST_BANDS = 2, /* bands before its own that a sample reads */
    RESIDUAL_BATCH = 64,     /* samples that are predicted together */
    RESIDUAL_MEAN_BITS = 8,
    RESIDUAL_SCALE_BITS = 4
};

/* Samples that do not depend on each other. */
typedef struct {
    size_t count;
    uint32_t row[RESIDUAL_BATCH], column[RESIDUAL_BATCH];
    size_t at[RESIDUAL_BATCH]; /* in the arrays of the segment */
    /* of the context */
    int64_t reference[RESIDUAL_BATCH];
    int exponent[RESIDUAL_BATCH];
    int16_t inputs[RESIDUAL_BATCH][RESIDUAL_ROOM];
    /* of the network */
    int32_t sums[RESIDUAL_BATCH][RESIDUAL_UNITS];
    int64_t mean[RESIDUAL_BATCH];      /* in 1/256 */
    int32_t log_scale[RESIDUAL_BATCH]; /* to base 2, in sixteenths */
} residual_batch;

/* ---- residual_network.c ---- */

typedef struct {
    uint32_t units, inputs;
    int32_t shape[RESIDUAL_SHAPE]; /* the cumulative distribution at 0, 1/32, ... 16 scales from the mean, in 2^-24 */
    int16_t places[512];           /* where the distribution is at multiples of RESIDUAL_MASS, in 1/1024 scale */
    int32_t bias[RESIDUAL_UNITS], output_bias[2];
    int16_t hidden[RESIDUAL_UNITS * RESIDUAL_INPUTS]; /* in the layout of the kernels */
    int16_t outputs[2][RESIDUAL_UNITS], direct[RESIDUAL_ROOM];
} residual_network;

struct residual_networks {
    uint32_t count;
    int has_base;
    const aecodec_kernels *kernels;
    residual_network networks[]; /* of each band; bands without a network of their own use the last one */
};

const residual_network *aecodec_residual_network_of(const residual_networks *networks, uint32_t band);
/* Find means and scales of all samples of a batch. */
void aecodec_residual_network_predict(const residual_networks *networks, const residual_network *network,
                                      residual_batch *b);

/* ---- residual_context.c ---- */

/* The samples of a band, and where their neighbours are. */
typedef struct {
    const int64_t *base, *known; /* of the segment; samples that are not yet known equal their base */
    int has_base;
    int is_narrow; /* whether all values are within 24 bits */
    uint32_t band, height, width;
    int step_log2; /* of the step, in eighths */
    ptrdiff_t causal[10], around[8], between[6];
} residual_context;

/* Logarithm to base 2 of a number from 1 to 2^50, in eighths, linear between powers of 2. Sets the exponent of the
 * largest power of 2 that is not above the number. */
int aecodec_residual_log2(int64_t number, int *exponent);
void aecodec_residual_context_open(residual_context *c, const residual_coding *coding, uint32_t band, int is_narrow,
                                   const int64_t *base, const int64_t *known);
/* Find references, exponents and inputs of all samples of a batch. */
void aecodec_residual_context_find(const residual_context *c, residual_batch *b);

/* ---- residual_symbols.c ---- */

/* A symbol is the number of steps from the rounded mean to the value, without its lowest bits. */
typedef struct {
    const residual_network *network;
    int64_t centre;          /* the value of symbol 0 */
    int64_t offset;          /* the centre minus the mean, in 1/256 step */
    int64_t least, most;     /* number of steps */
    int32_t lowest, highest; /* symbols */
    int low_bits;
    int32_t factor;          /* from 1/256 steps to places of the shape in 2^-shift */
    int shift;
} residual_distribution;

/* The distribution of a sample for a step and limits, from its mean and the logarithm of its scale. */
residual_distribution aecodec_residual_distribution_of(const residual_network *network, int64_t mean, int32_t log_scale,
                                                       int64_t step, int step_log2, const int64_t limits[2]);
/* Code the number of steps from the centre to the value. */
int64_t aecodec_residual_steps_code(range_coder *c, const residual_distribution *d, int64_t steps);

/* ---- arithmetic ---- */

static inline int64_t residual_clip(int64_t x, int64_t least, int64_t most)
{
    return x < least ? least : x > most ? most : x;
}

/* Divide by a positive number, rounded towards minus infinity. */
static inline int64_t residual_divide(int64_t x, int64_t by)
{
    return x / by - (x % by < 0);
}

#endif
