/* SPDX-License-Identifier: Apache-2.0 */
/* The mean of a sample: linear predictors that adapt while they are used, and their blend (FORMAT, section
 * 8). Normalized least mean squares: Widrow and Hoff, 1960. Least squares by Gauss-Seidel sweeps. Private. */
#pragma once

#include "adaptive/adaptive_numbers.h"

enum {
    PLANES = 4,          /* of earlier bands that a sample reads */
    OWN = 10,            /* neighbours in its own band */
    FIRST_EARLIER = 16,  /* lane of the first input from earlier bands */
    LANES = 32,          /* of inputs, in whole vectors */
    INPUT_BITS = 12, FIT_BITS = 10,
    EXPERTS = 5, EXPERT_ROOM = 8,
    NUDGES = EXPERTS + 2, NUDGE_ROOM = 8,
    BLOCK_BITS = 5,      /* rows of a block that is fitted together, as a power of 2 */
    BLOCKS = 256 >> BLOCK_BITS,
    PERIOD = 64,         /* samples between fits */
    SWEEPS = 2,
    BIAS_CONTEXTS = 1024,
    NLMS_RATE = 1311,    /* 0.02 in 2^-16 */
    NUDGE_RATE = 83886   /* 0.005 in 2^-24 */
};

#define MOST_ERROR 0xfffffff

/* Normal equations of the rows of a block, and their solution. */
typedef struct {
    int32_t products[LANES][LANES], targets[LANES]; /* products: up to the diagonal */
    int32_t fine[LANES];                            /* weights in 2^-16 */
    int16_t weights[LANES];                         /* 2^-12 */
    uint32_t count;
} adaptive_fit;

typedef struct {
    int64_t sum;
    int32_t count;
} adaptive_mean;

typedef struct {
    adaptive_fit fits[BLOCKS];
    int32_t fine[LANES];        /* weights in 2^-28 */
    int16_t weights[LANES];     /* 2^-12 */
    int32_t nudges[NUDGE_ROOM]; /* 2^-24 */
    adaptive_mean biases[2][BIAS_CONTEXTS];
} adaptive_predictor;

/* Errors of experts, in units of errors. */
typedef struct {
    uint32_t of[EXPERT_ROOM];
} expert_errors;

/* A sample's place, and what is around it. */
typedef struct {
    const int32_t *value, *error;    /* at the place; [-1] is W, [-row] is N */
    const int32_t *planes[PLANES], *plane_errors[2];
    const expert_errors *experts;
    ptrdiff_t row;
    int plane_count;
} adaptive_place;

/* What is predicted for a sample. Numbers that are relative to W are in 2^-8. */
typedef struct {
    int32_t inputs[LANES]; /* in eighths */
    int16_t scaled[LANES]; /* the same in 2^exponent eighths */
    int32_t n, nw, ne, ww, nn; /* neighbours relative to W, in ones */
    int32_t reference;     /* (3 W + 3 N + NW + NE) / 8 relative to W, in eighths */
    int exponent, bits, expert_count;
    int64_t experts[EXPERTS], blend, nudged, mean;
    int64_t nudges[NUDGE_ROOM];
    uint64_t energy, nudge_energy; /* sums of squares: of scaled inputs, of nudges */
    adaptive_mean *biases[2];
} adaptive_prediction;

/* The difference of two values, which is wrong if it needs more than 27 bits. */
AECODEC_INLINE int32_t differ(int32_t x, int32_t from)
{
    return clip32((int32_t)((uint32_t)x - (uint32_t)from), 1 - (1 << 27), (1 << 27) - 1);
}

/* ---- inputs ---- */

AECODEC_INLINE void read_own(const adaptive_place *at, adaptive_prediction *p)
{
    const int32_t *v = at->value, w = v[-1];
    const ptrdiff_t row = at->row;
    const int32_t n = differ(v[-row], w), nw = differ(v[-row - 1], w), ne = differ(v[-row + 1], w);
    const int32_t r = p->reference = 3 * n + nw + ne;
    p->n = n, p->nw = nw, p->ne = ne;
    p->ww = differ(v[-2], w), p->nn = differ(v[-2 * row], w);
    p->inputs[0] = -r;
    p->inputs[1] = 8 * n - r;
    p->inputs[2] = 8 * nw - r;
    p->inputs[3] = 8 * ne - r;
    p->inputs[4] = 8 * p->ww - r;
    p->inputs[5] = 8 * p->nn - r;
    p->inputs[6] = 8 * differ(v[-2 * row + 1], w) - r;
    p->inputs[7] = 8 * differ(v[-2 * row - 1], w) - r;
    p->inputs[8] = 8 * differ(v[-row - 2], w) - r;
    p->inputs[9] = 8 * differ(v[-row + 2], w) - r;
}

/* Read `count` places of an earlier band, relative to its own reference. */
AECODEC_INLINE void read_plane(const int32_t *o, ptrdiff_t row, int count, int32_t *inputs)
{
    const int32_t w = o[-1], n = differ(o[-row], w), nw = differ(o[-row - 1], w), ne = differ(o[-row + 1], w);
    const int32_t r = 3 * n + nw + ne;
    inputs[0] = 8 * differ(o[0], w) - r;
    if (count > 1) {
        inputs[1] = -r;
        inputs[2] = 8 * n - r;
        inputs[3] = 8 * differ(o[1], w) - r;
        inputs[4] = 8 * differ(o[row], w) - r;
    }
    if (count > 5) {
        inputs[5] = 8 * nw - r;
        inputs[6] = 8 * ne - r;
        inputs[7] = 8 * differ(o[row - 1], w) - r;
        inputs[8] = 8 * differ(o[row + 1], w) - r;
    }
}

AECODEC_INLINE void read_inputs(const adaptive_place *at, adaptive_prediction *p, int lanes)
{
    static const int counts[PLANES] = {9, 5, 1, 1}, starts[PLANES] = {0, 9, 14, 15};
    uint32_t all = 0;
    for (int n = OWN; n < lanes; n++) {
        p->inputs[n] = 0;
    }
    read_own(at, p);
    for (int n = 0; n < at->plane_count; n++) {
        read_plane(at->planes[n], at->row, counts[n], p->inputs + FIRST_EARLIER + starts[n]);
    }
    for (int n = 0; n < lanes; n++) {
        all |= (uint32_t)(p->inputs[n] ^ (p->inputs[n] >> 31));
    }
    p->bits = bits_in(all);
    p->exponent = p->bits > INPUT_BITS ? p->bits - INPUT_BITS : 0;
    for (int n = 0; n < lanes; n++) {
        p->scaled[n] = (int16_t)(p->inputs[n] >> p->exponent);
    }
}

/* ---- experts ---- */

/* Predict by weights in 2^-12. */
AECODEC_INLINE int64_t predict(const adaptive_prediction *p, const int16_t *weights, int lanes)
{
    int32_t sum = 0;
    for (int32_t n = 0; n < lanes; n++) {
        sum += p->scaled[n] * weights[n];
    }
    return (int64_t)p->reference * 32 + ((sum * ((int64_t)1 << p->exponent)) >> 7);
}

/* W + N - NW, clipped to W .. N: the median edge detector of JPEG-LS. */
AECODEC_INLINE int64_t predict_median(const adaptive_prediction *p)
{
    const int32_t least = p->n < 0 ? p->n : 0, most = p->n < 0 ? 0 : p->n;
    return (int64_t)clip32(p->n - p->nw, least, most) * 256;
}

AECODEC_INLINE void ask_experts(const adaptive_place *at, const adaptive_predictor *s,
                                const adaptive_fit *fit, adaptive_prediction *p, int lanes)
{
    int32_t energy = 0;
    for (int32_t n = 0; n < lanes; n++) {
        energy += p->scaled[n] * p->scaled[n];
    }
    p->energy = (uint32_t)energy;
    p->experts[0] = predict_median(p);
    p->experts[1] = predict(p, s->weights, lanes);
    p->experts[2] = predict(p, fit->weights, lanes);
    p->expert_count = 3;
    if (at->plane_count) { /* as the nearest band changes from N, and from W */
        const int32_t *o = p->inputs + FIRST_EARLIER;
        p->experts[3] = ((int64_t)8 * p->n + o[0] - o[2]) * 32;
        p->experts[4] = ((int64_t)o[0] - o[1]) * 32;
        p->expert_count = EXPERTS;
    }
}

/* Blend experts by the fourth power of their errors around the sample. step: in units of errors. */
AECODEC_INLINE void blend_experts(const adaptive_place *at, uint64_t step, adaptive_prediction *p)
{
    static const uint16_t powers[20] = {1024, 724, 512, 362, 256, 181, 128, 91, 64, 45,
                                        32,   23,  16,  11,  8,   6,   4,   3,  2,  1};
    const expert_errors *x = at->experts;
    const ptrdiff_t row = at->row;
    int32_t logs[EXPERTS], least = INT32_MAX, n;
    int64_t sum = 0;
    uint32_t total = 0;
    for (n = 0; n < p->expert_count; n++) {
        logs[n] = log8(3 * ((uint64_t)x[-1].of[n] + x[-row].of[n]) +
                       2 * ((uint64_t)x[-row + 1].of[n] + x[-row - 1].of[n]) + x[-2].of[n] +
                       x[-2 * row].of[n] + step * 6 / 5 + 1);
        least = logs[n] < least ? logs[n] : least;
    }
    for (n = 0; n < p->expert_count; n++) {
        const uint32_t power = logs[n] - least < 20 ? powers[logs[n] - least] : 0;
        total += power;
        sum += (p->experts[n] - p->experts[0]) * power;
    }
    p->blend = p->experts[0] + divide(sum, total);
}

/* Move the blend by what recently remained: of the experts' differences, and of the errors of W and N. */
AECODEC_INLINE void nudge_blend(const adaptive_place *at, const adaptive_predictor *s, int unit,
                                adaptive_prediction *p)
{
    int64_t sum = 0;
    p->nudge_energy = 0;
    for (int n = 0; n < EXPERTS; n++) {
        p->nudges[n] = n < p->expert_count ? clip((p->experts[n] - p->blend) >> unit, -MOST_ERROR, MOST_ERROR)
                                           : 0;
    }
    p->nudges[EXPERTS] = at->error[-1];
    p->nudges[EXPERTS + 1] = at->error[-at->row];
    for (int n = 0; n < NUDGES; n++) {
        sum += (s->nudges[n] >> 8) * p->nudges[n];
        p->nudge_energy += (uint64_t)(p->nudges[n] * p->nudges[n]);
    }
    p->nudged = p->blend + ((sum * ((int64_t)1 << unit)) >> 16);
}

/* ---- learning ---- */

/* The exponent of the power of 2 that is nearest to a number. */
AECODEC_INLINE int nearest_power(uint64_t number)
{
    return bits_in(number + (number >> 2) + (number >> 3) + (number >> 5)) - 1;
}

/* truth: the value relative to W. scale, step: in units of errors of 2^unit. */
AECODEC_INLINE void learn_nudges(adaptive_predictor *s, const adaptive_prediction *p, int64_t truth, int unit,
                                 uint64_t scale, uint64_t step)
{
    const int64_t error = clip((truth - p->nudged) >> unit, -3 * (int64_t)scale, 3 * (int64_t)scale);
    const int power = nearest_power(p->nudge_energy + scale * scale * 9 / 5 + step * step / 10 + 1);
    const int excess = power > 40 ? (power - 39) >> 1 : 0;
    for (int n = 0; n < NUDGES; n++) {
        const int64_t change = ((error >> excess) * (p->nudges[n] >> excess) * NUDGE_RATE) >>
                               (power - 2 * excess);
        s->nudges[n] = (int32_t)clip(s->nudges[n] + change, -(1 << 26), (1 << 26) - 1);
    }
}

/* Sum of the energies that NLMS divides by, in squares of scaled inputs. */
AECODEC_INLINE uint64_t normalizer(const adaptive_prediction *p, int inputs, int unit, uint64_t scale,
                                   uint64_t step)
{
    const int places = 2 * (unit - 5 - p->exponent); /* from squares of units of errors */
    const uint64_t noise = scale * scale / 16 * (uint64_t)(5 * inputs) + step * step / 10;
    const uint64_t most = (uint64_t)1 << 50;
    return p->energy + 1 +
           (places < 0               ? noise >> (places < -63 ? 63 : -places)
            : noise > most >> places ? most
                                     : noise << places);
}

AECODEC_INLINE void learn_weights(adaptive_predictor *s, const adaptive_prediction *p, int64_t truth,
                                  int64_t most, uint64_t divisor, int lanes)
{
    const int power = nearest_power(divisor), shift = clip32((power - 6) >> 1, 1, 12);
    const int places = clip32(7 - p->exponent - power + shift, -62, 12);
    const int64_t error = clip(truth - p->experts[1], -most, most) * NLMS_RATE;
    const int32_t gain = (int32_t)clip(
        scale_by(places < 0 ? error + ((int64_t)1 << (-places - 1)) : error, places), 1 - (1 << 19),
        (1 << 19) - 1);
    for (int n = 0; n < lanes; n++) {
        s->fine[n] = clip32(s->fine[n] + ((gain * p->scaled[n]) >> shift), -(1 << 30), (1 << 30) - 1);
        s->weights[n] = (int16_t)((s->fine[n] + (1 << 15)) >> 16);
    }
}

/* Improve the solution of the normal equations, and let them fade. */
static inline void solve(adaptive_fit *f, int lanes)
{
    int64_t trace = 0;
    for (int i = 0; i < lanes; i++) {
        trace += f->products[i][i];
        for (int j = 0; j < i; j++) {
            f->products[j][i] = f->products[i][j];
        }
    }
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        for (int i = 0; i < lanes; i++) {
            int64_t rest = (int64_t)f->targets[i] * 65536;
            for (int j = 0; j < lanes; j++) {
                rest -= (int64_t)f->products[i][j] * f->fine[j];
            }
            rest /= f->products[i][i] + (trace >> 11) + 1;
            f->fine[i] = (int32_t)clip(f->fine[i] + rest, -(4 << 16), (4 << 16) - 1);
        }
    }
    for (int i = 0; i < lanes; i++) {
        f->weights[i] = (int16_t)((f->fine[i] + 8) >> 4);
        f->targets[i] -= f->targets[i] >> 2;
        for (int j = 0; j <= i; j++) {
            f->products[i][j] -= f->products[i][j] >> 2;
        }
    }
}

/* Add the products of some rows up to a column. */
AECODEC_INLINE void add_products(adaptive_fit *f, const int32_t inputs[LANES], int from, int to, int width)
{
    for (int i = from; i < to; i++) {
        for (int j = 0; j < width; j++) {
            f->products[i][j] += inputs[i] * inputs[j];
        }
    }
}

/* Add a sample to the normal equations, divided by its scale. log_scale: in sixteenths, of 2^-8. */
AECODEC_INLINE void learn_fit(adaptive_fit *f, const adaptive_prediction *p, int64_t truth, int32_t log_scale,
                              int lanes)
{
    const int least = p->bits - FIT_BITS, wanted = (log_scale >> 4) - 10;
    const int places = clip32(-(wanted < least ? least : wanted), -31, 12);
    const int32_t target = (int32_t)clip(scale_by(truth - (int64_t)p->reference * 32, places - 5), -2047,
                                         2047);
    int32_t inputs[LANES], i;
    for (i = 0; i < lanes; i++) {
        inputs[i] = places < 0 ? p->inputs[i] >> -places : p->inputs[i] * (1 << places);
    }
    for (i = 0; i < lanes; i++) {
        f->targets[i] += target * inputs[i];
    }
    add_products(f, inputs, 0, 8, 8);
    add_products(f, inputs, 8, OWN, 16);
    if (lanes > FIRST_EARLIER) {
        add_products(f, inputs, 16, 24, 24);
        add_products(f, inputs, 24, 32, 32);
    }
    if (++f->count == PERIOD) {
        f->count = 0;
        solve(f, lanes);
    }
}
