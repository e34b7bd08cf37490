/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a segment within a bound. Private. */
#pragma once

#include "base/common.h"

/* What the encoder chose for all segments of a refinement. */
typedef struct adaptive_choices adaptive_choices;

/* What the coder learned from a band. */
typedef struct adaptive_state adaptive_state;

/* How the values of a segment are coded. Its arrays have the shape [frames][bands][height][width]. */
typedef struct {
    uint32_t frames, bands, height, width;
    const int64_t *steps; /* [bands] distances of two values that the bounds can tell apart: 2 E + 1 */
    const int32_t (*limits)[2];      /* [bands] lowest and highest value */
    const uint8_t *missing; /* not 0 for samples that are not coded and get any value; or NULL */
    int has_base;                    /* whether there are values of a base; otherwise `base` is NULL */
    const adaptive_choices *choices;
    const adaptive_state *primed;    /* [bands] what the coder learned before; NULL: nothing */
} residual_coding;

/* Encode values within the limits to a message, which the caller frees, and to the values of the decoder. */
aecodec_status aecodec_residuals_encode(const residual_coding *coding, const int32_t *base,
                                        const int32_t *values, int32_t *decoded, uint8_t **message,
                                        size_t *size);
/* Decode values. Returns AECODEC_DAMAGED if no encoder writes the message. */
aecodec_status aecodec_residuals_decode(const residual_coding *coding, const int32_t *base,
                                        const uint8_t *message, size_t size, int32_t *values);

/* Learn from values within the limits, without a mask or a base. learned: [bands] */
aecodec_status aecodec_residuals_learn(const residual_coding *coding, const int32_t *values,
                                       adaptive_state *learned);
