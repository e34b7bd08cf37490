/* SPDX-License-Identifier: Apache-2.0 */
/* The scale of a sample: a regression on logarithms of what surrounds it (FORMAT, section 8). Private. */
#pragma once

#include <string.h>

#include "adaptive/adaptive_predictor.h"

enum { CLUES = 8, SCALE_RATE = 629 /* 0.0006 in 2^-20 */ };

typedef struct {
    int32_t weights[CLUES]; /* 2^-24 */
} adaptive_scale;

/* Errors around a sample, in units of errors. */
typedef struct {
    uint64_t near, far, earlier; /* sums with weights of 10, 8 and 10 */
    int32_t log_near, log_step;  /* eighths */
    int16_t clues[CLUES];        /* eighths */
    int32_t log_scale;           /* in sixteenths, in 2^-8 */
    int32_t steps;               /* the same in steps */
} adaptive_activity;

static inline void open_scale(adaptive_scale *s)
{
    static const int32_t first[CLUES] = {15938355, 4194304, 2013266, 1677722, 838861, 838861, 0, -1677722};
    memcpy(s->weights, first, sizeof first);
}

AECODEC_INLINE uint64_t sum_of_near(const int32_t *e, ptrdiff_t row)
{
    return 3 * ((uint64_t)magnitude(e[-1]) + magnitude(e[-row])) +
           2 * ((uint64_t)magnitude(e[-row - 1]) + magnitude(e[-row + 1]));
}

AECODEC_INLINE uint64_t sum_of_far(const int32_t *e, ptrdiff_t row)
{
    return (uint64_t)magnitude(e[-2]) + magnitude(e[-2 * row]) + magnitude(e[-2 * row + 1]) +
           magnitude(e[-2 * row - 1]) + magnitude(e[-row - 2]) + magnitude(e[-row + 2]) + magnitude(e[-3]) +
           magnitude(e[-3 * row]);
}

AECODEC_INLINE uint64_t sum_of_earlier(const int32_t *e, ptrdiff_t row)
{
    return 2 * ((uint64_t)magnitude(e[-1]) + magnitude(e[1]) + magnitude(e[row]) + magnitude(e[-row])) +
           magnitude(e[row - 1]) + magnitude(e[row + 1]);
}

AECODEC_INLINE uint64_t sum_of_texture(const adaptive_prediction *p)
{
    return (uint64_t)magnitude(p->nw) + magnitude(p->n - p->nw) + magnitude(p->n - p->ne) + magnitude(p->ww) +
           magnitude(p->n - p->nn);
}

AECODEC_INLINE uint64_t sum_of_spread(const adaptive_prediction *p, int unit)
{
    uint64_t sum = 0;
    for (int n = 0; n < p->expert_count; n++) {
        const int64_t d = p->experts[n] - p->blend;
        sum += (uint64_t)(d < 0 ? -d : d);
    }
    return sum >> unit < MOST_ERROR ? sum >> unit : MOST_ERROR;
}

/* Eighths of the logarithm of where the prediction is between the limits, halved. */
AECODEC_INLINE int32_t log_of_level(int64_t mean, const int32_t limits[2])
{
    const int64_t range = (int64_t)limits[1] - limits[0] + 1, level = clip((mean >> 8) - limits[0], 0, range);
    return (log8((uint64_t)(level * 1024 + range)) - log8((uint64_t)range) - 40) >> 1;
}

/* mean: the nudged blend in 2^-8. step: in units of errors of 2^unit. */
AECODEC_INLINE void estimate_scale(const adaptive_place *at, const adaptive_scale *s,
                                   const adaptive_prediction *p, int64_t mean, const int32_t limits[2],
                                   int unit, uint64_t step, adaptive_activity *a)
{
    const uint64_t floor = step * 3 / 20 + 1;
    int32_t sum = 0;
    a->near = sum_of_near(at->error, at->row);
    a->far = sum_of_far(at->error, at->row);
    a->earlier = 0;
    a->log_near = log8(a->near + 10 * floor) - 27;
    a->clues[0] = (int16_t)(a->log_near - a->log_step);
    a->clues[1] = (int16_t)(log8(a->far + 8 * floor) - 24 - a->log_near);
    a->clues[2] = (int16_t)(log8((sum_of_texture(p) << 8 >> unit) + 5 * floor) - 19 - a->log_near);
    a->clues[3] = a->clues[4] = 0;
    if (at->plane_count) {
        a->earlier = sum_of_earlier(at->plane_errors[0], at->row);
        a->clues[3] = (int16_t)(log8(a->earlier + 10 * floor) - 27 - a->log_near);
        a->clues[4] = (int16_t)(log8(magnitude(at->plane_errors[0][0]) + floor) - a->log_near);
    }
    a->clues[5] = (int16_t)(log8(sum_of_spread(p, unit) + 3 * floor) - 13 - a->log_near);
    a->clues[6] = (int16_t)log_of_level(mean, limits);
    a->clues[7] = 8;
    for (int32_t n = 0; n < CLUES; n++) {
        sum += (s->weights[n] >> 12) * a->clues[n];
    }
    a->steps = clip32((sum >> 11) + 5, -104, 33 * 16);
    a->log_scale = a->steps + 2 * a->log_step + 16 * unit;
}

/* A number whose logarithm is given in sixteenths, in 2^-8, in units of errors. */
AECODEC_INLINE uint64_t scale_of_log(int32_t log_scale, int unit)
{
    const int32_t log = log_scale - 16 * unit;
    const int64_t scale = scale_by(16 + (log & 15), (log >> 4) - 4);
    return (uint64_t)clip(scale, 1, 1 << 27);
}

/* error: magnitude of what remained, in units of errors. */
AECODEC_INLINE void learn_scale(adaptive_scale *s, const adaptive_activity *a, uint64_t error, uint64_t step)
{
    const int32_t log = clip32(log8(error + step * 3 / 25 + 1) - ((a->steps + 2 * a->log_step - 5) >> 1), -40,
                               24);
    const int32_t ratio = (8 + (log & 7)) * 16 >> 3;
    const int32_t excess = clip32((int32_t)scale_by(ratio, log >> 3), 0, 64) - 16;
    for (int n = 0; n < CLUES; n++) {
        s->weights[n] = clip32(s->weights[n] + ((excess * SCALE_RATE * a->clues[n]) >> 3), -(1 << 26),
                               (1 << 26) - 1);
    }
}

/* ---- biases ---- */

/* Twice an error in units of another, rounded: -4 .. 4, from 0. */
AECODEC_INLINE int32_t ninth(int32_t error, uint64_t unit)
{
    const uint64_t m = 8 * (uint64_t)magnitude(error);
    const int32_t n = (m >= 2 * unit) + (m >= 6 * unit) + (m >= 10 * unit) + (m >= 14 * unit);
    return error < 0 ? 4 - n : 4 + n;
}

/* Mean of the errors in two contexts: by what is above the mean, and by the errors around the sample. */
AECODEC_INLINE int64_t bias_of(adaptive_predictor *s, const adaptive_place *at, adaptive_prediction *p,
                               const adaptive_activity *a, uint64_t step, int unit)
{
    const int64_t mean = p->nudged;
    const uint64_t typical = (4 * step + a->far) >> 3;
    const int32_t *other = at->plane_count ? at->plane_errors[0] : at->error - at->row + 1;
    const int is_above = at->plane_count &&
                         (int64_t)p->inputs[FIRST_EARLIER] * 32 > mean - (int64_t)p->reference * 32;
    const int32_t above = (0 > mean) | ((int64_t)p->n * 256 > mean) << 1 |
                          ((int64_t)p->nw * 256 > mean) << 2 | ((int64_t)p->ne * 256 > mean) << 3 |
                          ((int64_t)p->ww * 256 > mean) << 4 | ((int64_t)p->nn * 256 > mean) << 5 |
                          is_above << 6;
    int64_t sum = 0;
    p->biases[0] = &s->biases[0][above | clip32((a->clues[0] + 24) >> 4, 0, 7) << 7];
    p->biases[1] = &s->biases[1][ninth(at->error[-1], typical) * 81 +
                                 ninth(at->error[-at->row], typical) * 9 + ninth(other[0], typical)];
    for (int n = 0; n < 2; n++) {
        sum += p->biases[n]->sum * ((1 << 20) / (p->biases[n]->count + 12));
    }
    return sum >> (21 - unit);
}

AECODEC_INLINE void learn_bias(adaptive_prediction *p, int64_t truth, int unit, uint64_t scale, uint64_t step)
{
    const int64_t most = (int64_t)(scale + step / 5), error = clip((truth - p->nudged) >> unit, -most, most);
    for (int n = 0; n < 2; n++) {
        adaptive_mean *b = p->biases[n];
        b->sum += error;
        if (++b->count > 255) {
            b->count >>= 1;
            b->sum >>= 1;
        }
    }
}
