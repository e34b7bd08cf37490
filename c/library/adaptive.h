/* SPDX-License-Identifier: Apache-2.0 */
/* The adaptive coder of a band (FORMAT, section 8). Private. */
#ifndef AECODEC_ADAPTIVE_H
#define AECODEC_ADAPTIVE_H

#include "adaptive_decisions.h"
#include "adaptive_distribution.h"
#include "adaptive_predictor.h"
#include "adaptive_scale.h"
#include "adaptive_symbols.h"
#include "private.h"

typedef struct {
    adaptive_tails tails;
    adaptive_logistic logistic;
} adaptive_tables;

struct adaptive_state {
    adaptive_predictor predictor;
    adaptive_scale scale;
    adaptive_shapes shapes;
    adaptive_decisions decisions;
};

/* A band that is being coded. Values are in ones; units of errors are 2^unit / 256. */
typedef struct {
    range_coder *coder;
    const adaptive_tables *tables;
    adaptive_state *state;
    int64_t step;
    int32_t limits[2];
    int is_fixed;     /* values are multiples of the step, and not steps from the mean */
    int unit, inputs;
    int64_t most_steps;   /* from one limit to the other, and one more */
    uint64_t step_errors; /* the step, at most the range, in units of errors */
    int32_t log_step;     /* eighths */
} adaptive_band;

typedef struct {
    adaptive_prediction prediction;
    adaptive_activity activity;
    adaptive_distribution distribution;
    adaptive_edge zero, one; /* the edges of symbol 0 */
    adaptive_edge start, stop; /* of the symbol of the value */
    int is_decided;            /* whether the centre is so likely that decisions come first */
    int has_edges;             /* whether they are set */
    int64_t mean, centre;
    int32_t shape;           /* context */
    int32_t copy;            /* context, or -1 */
    adaptive_exclusion excluded;
} adaptive_sample;

#endif
