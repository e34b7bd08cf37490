/* SPDX-License-Identifier: Apache-2.0 */
/* The adaptive coder of a sample (FORMAT, section 8). Private. */
#pragma once

#include "adaptive/adaptive_decisions.h"
#include "adaptive/adaptive_distribution.h"
#include "adaptive/adaptive_predictor.h"
#include "adaptive/adaptive_scale.h"
#include "adaptive/adaptive_symbols.h"
#include "adaptive/residuals.h"

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

/* ---- the steps from the centre ---- */

/* Append digits to a number of a mixed base: differences in steps, rounded, from -most to most, 1 or 2. */
AECODEC_INLINE uint32_t join(uint32_t number, const int64_t *differences, int count, int32_t most,
                             int64_t step)
{
    for (int k = 0; k < count; k++) {
        const int64_t d = 2 * differences[k];
        int32_t digit = most + (d > step) - (d < -step);
        digit += most == 2 ? (d > 3 * step) - (d < -3 * step) : 0;
        number = number * (uint32_t)(2 * most + 1) + (uint32_t)digit;
    }
    return number;
}

/* The contexts of the tables. part: where the mean is in its step, in quarters. */
AECODEC_INLINE void find_contexts(const adaptive_band *b, const adaptive_place *at, const adaptive_sample *s,
                                  uint32_t part, int32_t activity, uint32_t contexts[TABLES])
{
    const int32_t *v = at->value, *e = at->error, *o = at->planes[0];
    const int32_t *d = at->plane_errors[0], *f = at->plane_errors[1];
    const ptrdiff_t row = at->row;
    const int64_t c = s->centre, step = b->step, errors = (int64_t)b->step_errors;
    const int64_t near[4] = {v[-1] - c, v[-row] - c, v[-row - 1] - c, v[-row + 1] - c};
    const int64_t around[6] = {e[-1], e[-row], e[-row - 1], e[-row + 1], e[-2], e[-2 * row]};
    contexts[0] = join(0, near, 4, 2, step) * 4 + part;
    if (o) {
        const int64_t moved[2] = {(int64_t)o[0] - o[-1] + near[0], (int64_t)o[0] - o[-row] + near[1]};
        const int64_t error = d[0];
        contexts[1] = join(join(join(0, moved, 2, 2, step), near, 2, 1, step), &error, 1, 2, errors);
    } else {
        const int64_t far[3] = {v[-2] - c, v[-2 * row] - c, v[-row + 2] - c};
        contexts[1] = join(join(join(0, far, 2, 2, step), far + 2, 1, 1, step), near, 1, 2, step);
    }
    contexts[2] = join(0, around, 6, 1, errors) * 4 + part;
    if (f) {
        const int64_t earlier[4] = {f[0], d[0], d[1], d[row]};
        contexts[3] = join(0, earlier, 1, 1, errors);
        contexts[3] = join(contexts[3], earlier + 1, 1, 2, errors);
        contexts[3] = join(contexts[3], earlier + 2, 2, 1, errors) * 16 + (uint32_t)activity;
    } else {
        contexts[3] = (uint32_t)(divide(c - b->limits[0], step) & 511) * 4 + part;
    }
}

AECODEC_INLINE void choose_entries(adaptive_decisions *a, const uint32_t contexts[TABLES], uint32_t decision,
                                   adaptive_probability *entries[TABLES])
{
    for (int n = 0; n < TABLES; n++) {
        entries[n] = &a->tables[n][contexts[n] * 8 + decision];
    }
}

/* Decide whether symbols are 0, above 0, and then how far. Returns the symbol, or a magnitude of MOST_DECIDED
 * with the sign of those that the distribution has to tell apart. */
static inline int32_t decide(const adaptive_band *b, const adaptive_place *at, adaptive_sample *s,
                             int32_t symbol)
{
    const adaptive_distribution *d = &s->distribution;
    adaptive_decisions *a = &b->state->decisions;
    const uint32_t part = (uint32_t)clip(divide((d->start + d->width) * 4, d->width), 0, 3);
    const int32_t log = log8(8 * s->activity.near + 7 * s->activity.far + b->step_errors) - 3;
    const int32_t activity = clip32((log - s->activity.log_step) >> 2, 0, 15);
    const uint32_t above = TOTAL - s->one.below, under = s->zero.below;
    uint32_t contexts[TABLES], rest, before;
    adaptive_probability *entries[TABLES];
    int32_t is_up, magnitude_, most, n;
    find_contexts(b, at, s, part, activity, contexts);
#define MIX(decision, probability, mixer, bit)                                                               \
    (choose_entries(a, contexts, (uint32_t)(decision), entries),                                             \
     mix_bit(b->coder, &b->tables->logistic, probability, entries, a->mixers[mixer], bit))
    if (MIX(0, (s->one.below - s->zero.below) >> 8, (uint32_t)activity * 4 + part, symbol == 0)) {
        return 0;
    }
    is_up = MIX(1, (uint32_t)(((uint64_t)above << 16) / (above + under + 1)),
                64 + part * 4 + (uint32_t)activity / 4, symbol > 0);
    most = is_up ? d->highest : -d->lowest;
    rest = is_up ? above : under;
    before = is_up ? s->one.below : s->zero.below;
    for (n = 1; n < MOST_DECIDED && n < most; n++) {
        const uint32_t next = edge_below(d, is_up ? n + 1 : -n).below;
        const uint32_t mass = is_up ? next - before : before - next;
        magnitude_ = symbol < 0 ? -symbol : symbol;
        if (MIX(1 + n + (is_up ? 3 : 0), (uint32_t)(((uint64_t)mass << 16) / (rest + 1)),
                (n == 1 ? 128 : 192) + (uint32_t)is_up, magnitude_ == n)) {
            break;
        }
        rest -= mass;
        before = next;
    }
#undef MIX
    return is_up ? n : -n;
}

AECODEC_INLINE int32_t copy_context(const adaptive_band *b, const adaptive_place *at)
{
    const int32_t *v = at->value, *o = at->planes[0], *p = at->planes[1];
    const ptrdiff_t row = at->row;
    const int32_t w = v[-1], n = v[-row], nw = v[-row - 1], ne = v[-row + 1], ww = v[-2];
    int32_t c = (n == nw) | (ne == n) << 1 | (w == nw) << 2 | (ww == v[-row - 2]) << 3 | (w == ww) << 4 |
                (nw == v[-2 * row - 1]) << 5 | (n == v[-2 * row]) << 6;
    c |= o ? (o[0] == o[-1]) << 7 | (o[0] == o[-row]) << 8 : (ww != v[-3]) << 7 | (ne != v[-row + 2]) << 8;
    c |= p ? (p[0] == p[-1]) << 9 | (p[0] == p[-row]) << 10
           : (w == b->limits[0] || w == b->limits[1]) << 9 | (n == b->limits[0] || n == b->limits[1]) << 10;
    return c;
}

/* Code whether the value equals W, or N, where that is likely. Returns whether, and sets the steps. */
AECODEC_INLINE int code_copy(const adaptive_band *b, const adaptive_place *at, adaptive_sample *s,
                             int64_t *steps)
{
    const adaptive_distribution *d = &s->distribution;
    for (int k = 0; k < 2; k++) {
        const int32_t value = k ? at->value[-at->row] : at->value[-1];
        const uint32_t probability = b->state->decisions.copies[k][s->copy] >> 16;
        if ((k && value == at->value[-1]) || probability <= (s->is_decided ? SURE_COPY : LIKELY_COPY)) {
            continue;
        }
        int64_t copied = divide(value - s->centre + b->step / 2, b->step);
        int64_t symbol = copied >> d->low_bits;
        if (symbol < d->lowest || symbol > d->highest || symbol == MOST_SYMBOL || symbol == -MOST_SYMBOL) {
            continue;
        }
        uint32_t start = edge_below(d, (int32_t)symbol).below;
        uint32_t stop = edge_below(d, (int32_t)symbol + 1).below;
        if (probability << 6 <= (stop - start) >> d->low_bits) { /* the distribution knows better */
            continue;
        }
        if (code_bit(b->coder, probability < 65500 ? probability : 65500, *steps == copied)) {
            *steps = copied;
            return 1;
        }
        if (!d->low_bits) {
            exclude(&s->excluded, start, stop);
        }
    }
    return 0;
}

/* Code a symbol by the distribution, and what it leaves out. */
AECODEC_INLINE int64_t code_far(const adaptive_band *b, adaptive_sample *s, const adaptive_exclusion *x,
                                int64_t steps)
{
    const adaptive_distribution *d = &s->distribution;
    const int32_t stride = 1 << clip32((s->activity.steps >> 4) - d->low_bits, 0, 8);
    const int32_t symbol = code_symbol(b->coder, d, x, &s->zero, &s->one, stride,
                                       (int32_t)clip(steps >> d->low_bits, -MOST_SYMBOL, MOST_SYMBOL),
                                       &s->start, &s->stop);
    const int64_t most = (b->most_steps >> d->low_bits) + 1;
    int64_t coded = symbol;
    s->has_edges = 1;
    if (symbol == MOST_SYMBOL) {
        coded += code_escape(b->coder, (steps >> d->low_bits) - MOST_SYMBOL);
    } else if (symbol == -MOST_SYMBOL) {
        coded -= code_escape(b->coder, -MOST_SYMBOL - (steps >> d->low_bits));
    }
    if (coded > most || coded < -most) {
        b->coder->status = AECODEC_DAMAGED;
        coded = 0;
    }
    return coded * ((int64_t)1 << d->low_bits) + (int64_t)code_raw(b->coder, (uint64_t)steps, d->low_bits);
}

static inline int64_t code_rest(const adaptive_band *b, adaptive_sample *s, int32_t first, int64_t steps)
{
    const adaptive_distribution *d = &s->distribution;
    adaptive_exclusion others = {{0}, {0}, TOTAL, 0};
    if (first > 0) {
        exclude(&others, 0, edge_below(d, first).below);
    } else {
        exclude(&others, edge_below(d, first + 1).below, TOTAL);
    }
    return code_far(b, s, &others, steps);
}

AECODEC_INLINE int64_t code_steps(const adaptive_band *b, const adaptive_place *at, adaptive_sample *s,
                                  int64_t steps)
{
    const adaptive_distribution *d = &s->distribution;
    s->excluded = (adaptive_exclusion){{0}, {0}, TOTAL, 0};
    s->zero = edge_below(d, 0);
    s->one = edge_below(d, 1);
    s->is_decided = d->low_bits == 0 && s->one.below - s->zero.below > LIKELY_CENTRE << 8;
    s->copy = -1;
    s->has_edges = 0;
    if (b->step == 1 || b->is_fixed) {
        s->copy = copy_context(b, at);
        if (code_copy(b, at, s, &steps)) {
            return steps;
        }
    }
    if (!s->excluded.count && s->is_decided) {
        const int32_t symbol = decide(b, at, s, (int32_t)clip(steps, -MOST_SYMBOL, MOST_SYMBOL));
        const int32_t magnitude_ = symbol < 0 ? -symbol : symbol;
        if (magnitude_ < MOST_DECIDED || magnitude_ >= (symbol < 0 ? -d->lowest : d->highest)) {
            return symbol;
        }
        return code_rest(b, s, symbol, steps);
    }
    return code_far(b, s, &s->excluded, steps);
}

/* ---- samples ---- */

AECODEC_INLINE void predict_sample(const adaptive_band *b, const adaptive_place *at, adaptive_fit *fit,
                                   adaptive_sample *s, int lanes)
{
    const adaptive_predictor *state = &b->state->predictor;
    adaptive_prediction *p = &s->prediction;
    const int64_t least = (int64_t)b->limits[0] * 256, most = (int64_t)b->limits[1] * 256;
    const int64_t w = (int64_t)at->value[-1] * 256;
    read_inputs(at, p, lanes);
    ask_experts(at, state, fit, p, lanes);
    blend_experts(at, b->step_errors, p);
    nudge_blend(at, state, b->unit, p);
    s->activity.log_step = b->log_step;
    estimate_scale(at, &b->state->scale, p, w + p->nudged, b->limits, b->unit, b->step_errors, &s->activity);
    p->mean = p->nudged;
    if (b->step > 1) {
        p->mean += bias_of(&b->state->predictor, at, p, &s->activity, b->step_errors, b->unit);
    }
    s->mean = clip(w + p->mean, least, most);
}

AECODEC_INLINE void prepare_symbols(const adaptive_band *b, adaptive_sample *s)
{
    adaptive_distribution *d = &s->distribution;
    const int64_t half = b->step / 2;
    s->centre = (s->mean + 128) >> 8;
    if (b->is_fixed) {
        s->centre = divide(s->centre + half, b->step) * b->step;
    }
    s->shape = clip32((s->activity.steps + 96) >> 3, 0, SHAPES - 1);
    d->tails = &b->tables->tails;
    set_scale(d, b->state->shapes.weights[s->shape], s->activity.log_scale);
    d->low_bits = clip32((s->activity.steps >> 4) - FINE_SCALE, 0, bits_in((uint64_t)b->most_steps - 1));
    d->start = 256 * s->centre - 128 * b->step - s->mean;
    d->width = (256 * b->step) << d->low_bits;
    d->lowest = (int32_t)clip(-divide(s->centre - b->limits[0] + half, b->step) >> d->low_bits, -MOST_SYMBOL,
                              0);
    d->highest = (int32_t)clip(divide(b->limits[1] - s->centre + half, b->step) >> d->low_bits, 0,
                               MOST_SYMBOL);
}

AECODEC_INLINE void learn_sample(const adaptive_band *b, const adaptive_place *at, adaptive_fit *fit,
                                 adaptive_sample *s, int32_t value, int64_t steps, int32_t *error,
                                 expert_errors *experts, int lanes)
{
    adaptive_state *state = b->state;
    adaptive_prediction *p = &s->prediction;
    const int32_t symbol = (int32_t)clip(steps >> s->distribution.low_bits, -MOST_SYMBOL, MOST_SYMBOL);
    const int64_t truth = 256 * ((int64_t)value - at->value[-1]);
    const int64_t rest = clip((256 * (int64_t)value - s->mean) >> b->unit, -MOST_ERROR, MOST_ERROR);
    const uint64_t scale = scale_of_log(s->activity.log_scale, b->unit);
    *error = (int32_t)rest;
    for (int n = 0; n < p->expert_count; n++) {
        const int64_t d = truth - p->experts[n];
        experts->of[n] = (uint32_t)clip((d < 0 ? -d : d) >> b->unit, 0, MOST_ERROR);
    }
    if (s->copy >= 0) {
        const int32_t w = at->value[-1], north = at->value[-at->row];
        learn_bit(&b->tables->logistic, &state->decisions.copies[0][s->copy], value == w, COPY_MEMORY);
        if (value != w && north != w) {
            learn_bit(&b->tables->logistic, &state->decisions.copies[1][s->copy], value == north,
                      COPY_MEMORY);
        }
    }
    if (!s->has_edges) {
        s->start = edge_below(&s->distribution, symbol);
        s->stop = edge_below(&s->distribution, symbol + 1);
    }
    learn_shape(&state->shapes, s->shape, &s->distribution, &s->start, &s->stop);
    learn_scale(&state->scale, &s->activity, (uint64_t)(rest < 0 ? -rest : rest), b->step_errors);
    if (b->step > 1) {
        learn_bias(p, truth, b->unit, scale, b->step_errors);
    }
    learn_nudges(&state->predictor, p, truth, b->unit, scale, b->step_errors);
    learn_weights(&state->predictor, p, truth, (int64_t)(3 * scale) << b->unit,
                  normalizer(p, b->inputs, b->unit, scale, b->step_errors), lanes);
    learn_fit(fit, p, truth, s->activity.log_scale, lanes);
}

/* Code a sample. Returns its value in a decoder. */
AECODEC_INLINE int32_t code_sample(const adaptive_band *b, const adaptive_place *at, adaptive_fit *fit,
                                   int is_missing, int32_t value, int32_t *error, expert_errors *experts,
                                   int lanes)
{
    const int64_t half = b->step / 2;
    adaptive_sample s;
    predict_sample(b, at, fit, &s, lanes);
    prepare_symbols(b, &s);
    if (is_missing) {
        return (int32_t)clip(s.centre, b->limits[0], b->limits[1]);
    }
    int64_t steps = is_decoder(b->coder) ? 0 : divide(value - s.centre + half, b->step);
    steps = code_steps(b, at, &s, steps);
    int64_t coded = s.centre + clip(steps, -b->most_steps - 1, b->most_steps + 1) * b->step;
    if (coded < b->limits[0] - half || coded > b->limits[1] + half) {
        b->coder->status = AECODEC_DAMAGED;
    }
    value = (int32_t)clip(coded, b->limits[0], b->limits[1]);
    learn_sample(b, at, fit, &s, value, steps, error, experts, lanes);
    return value;
}
