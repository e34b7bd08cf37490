/* SPDX-License-Identifier: Apache-2.0 */
/* Coding the values of a segment with a model that learns from them (FORMAT, section 8). */
#include "adaptive.h"

#include <stdlib.h>

#include "adaptive_choices.h"

enum { MARGIN = 4 /* of planes, in samples */ };

/* ---- the steps from the centre ---- */

/* A difference in steps, rounded: -most .. most. */
AECODEC_INLINE int32_t near_steps(int64_t difference, int64_t step, int32_t most)
{
    const int64_t d = 2 * difference;
    return most == 1 ? (d > step) - (d < -step) : (d > step) + (d > 3 * step) - (d < -step) - (d < -3 * step);
}

AECODEC_INLINE uint32_t digit(uint32_t number, int32_t most, int32_t digit_)
{
    return number * (uint32_t)(2 * most + 1) + (uint32_t)(digit_ + most);
}

/* The contexts of the tables. part: where the mean is in its step, in quarters. */
AECODEC_INLINE void find_contexts(const adaptive_band *b, const adaptive_place *at, const adaptive_sample *s,
                                  uint32_t part, int32_t activity, uint32_t contexts[TABLES])
{
    const int32_t *v = at->value, *e = at->error, *o = at->planes[0], *d = at->plane_errors[0], *f = at->plane_errors[1];
    const ptrdiff_t row = at->row;
    const int64_t w = v[-1] - s->centre, n = v[-row] - s->centre, step = b->step, errors = (int64_t)b->step_errors;
#define VALUE(most, x) near_steps(x, step, most)
#define ERROR(most, x) near_steps(x, errors, most)
    contexts[0] = digit(digit(digit(digit(0, 2, VALUE(2, w)), 2, VALUE(2, n)), 2, VALUE(2, v[-row - 1] - s->centre)), 2,
                        VALUE(2, v[-row + 1] - s->centre)) * 4 + part;
    contexts[1] = o ? digit(digit(digit(digit(digit(0, 2, VALUE(2, (int64_t)o[0] - o[-1] + w)), 2,
                                              VALUE(2, (int64_t)o[0] - o[-row] + n)), 1, VALUE(1, w)), 1, VALUE(1, n)), 2, ERROR(2, d[0]))
                    : digit(digit(digit(digit(0, 2, VALUE(2, v[-2] - s->centre)), 2, VALUE(2, v[-2 * row] - s->centre)), 1,
                                  VALUE(1, v[-row + 2] - s->centre)), 2, VALUE(2, w));
    contexts[2] = digit(digit(digit(digit(digit(digit(0, 1, ERROR(1, e[-1])), 1, ERROR(1, e[-row])), 1, ERROR(1, e[-row - 1])), 1,
                                    ERROR(1, e[-row + 1])), 1, ERROR(1, e[-2])), 1, ERROR(1, e[-2 * row])) * 4 + part;
    contexts[3] = f ? digit(digit(digit(digit(0, 1, ERROR(1, f[0])), 2, ERROR(2, d[0])), 1, ERROR(1, d[1])), 1, ERROR(1, d[row])) * 16
                          + (uint32_t)activity
                    : (uint32_t)(divide(s->centre - b->limits[0], step) & 511) * 4 + part;
#undef VALUE
#undef ERROR
}

AECODEC_INLINE void choose_entries(adaptive_decisions *a, const uint32_t contexts[TABLES], uint32_t decision,
                                   adaptive_probability *entries[TABLES])
{
    for (int n = 0; n < TABLES; n++) {
        entries[n] = &a->tables[n][contexts[n] * 8 + decision];
    }
}

/* Decide whether symbols are 0, above 0, and then how far. Returns the symbol, or a magnitude of MOST_DECIDED with the
 * sign of those that the distribution has to tell apart. */
static inline int32_t decide(const adaptive_band *b, const adaptive_place *at, adaptive_sample *s, int32_t symbol)
{
    const adaptive_distribution *d = &s->distribution;
    adaptive_decisions *a = &b->state->decisions;
    const uint32_t part = (uint32_t)clip(divide((d->start + d->width) * 4, d->width), 0, 3);
    const int32_t activity = clip32((log8(8 * s->activity.near + 7 * s->activity.far + b->step_errors) - 3 - s->activity.log_step) >> 2, 0, 15);
    const uint32_t above = TOTAL - s->one.below, under = s->zero.below;
    uint32_t contexts[TABLES], rest, before;
    adaptive_probability *entries[TABLES];
    int32_t is_up, magnitude_, most, n;
    find_contexts(b, at, s, part, activity, contexts);
#define MIX(decision, probability, mixer, bit)                                                        \
    (choose_entries(a, contexts, (uint32_t)(decision), entries),                                                  \
     mix_bit(b->coder, &b->tables->logistic, probability, entries, a->mixers[mixer], bit))
    if (MIX(0, (s->one.below - s->zero.below) >> 8, (uint32_t)activity * 4 + part, symbol == 0)) {
        return 0;
    }
    is_up = MIX(1, (uint32_t)(((uint64_t)above << 16) / (above + under + 1)), 64 + part * 4 + (uint32_t)activity / 4, symbol > 0);
    most = is_up ? d->highest : -d->lowest;
    rest = is_up ? above : under;
    before = is_up ? s->one.below : s->zero.below;
    for (n = 1; n < MOST_DECIDED && n < most; n++) {
        const uint32_t next = edge_below(d, is_up ? n + 1 : -n).below, mass = is_up ? next - before : before - next;
        magnitude_ = symbol < 0 ? -symbol : symbol;
        if (MIX(1 + n + (is_up ? 3 : 0), (uint32_t)(((uint64_t)mass << 16) / (rest + 1)), (n == 1 ? 128 : 192) + (uint32_t)is_up, magnitude_ == n)) {
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

/* Code whether the value equals W, or N, where that is likely. Returns whether it does, and sets the steps. */
AECODEC_INLINE int code_copy(const adaptive_band *b, const adaptive_place *at, adaptive_sample *s, int64_t *steps)
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
AECODEC_INLINE int64_t code_far(const adaptive_band *b, adaptive_sample *s, const adaptive_exclusion *x, int64_t steps)
{
    const adaptive_distribution *d = &s->distribution;
    const int32_t stride = 1 << clip32((s->activity.steps >> 4) - d->low_bits, 0, 8);
    const int32_t symbol = code_symbol(b->coder, d, x, &s->zero, &s->one, stride,
                                       (int32_t)clip(steps >> d->low_bits, -MOST_SYMBOL, MOST_SYMBOL), &s->start, &s->stop);
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

AECODEC_INLINE int64_t code_steps(const adaptive_band *b, const adaptive_place *at, adaptive_sample *s, int64_t steps)
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
    const int64_t least = (int64_t)b->limits[0] * 256, most = (int64_t)b->limits[1] * 256, w = (int64_t)at->value[-1] * 256;
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
    d->lowest = (int32_t)clip(-divide(s->centre - b->limits[0] + half, b->step) >> d->low_bits, -MOST_SYMBOL, 0);
    d->highest = (int32_t)clip(divide(b->limits[1] - s->centre + half, b->step) >> d->low_bits, 0, MOST_SYMBOL);
}

AECODEC_INLINE void learn_sample(const adaptive_band *b, const adaptive_place *at, adaptive_fit *fit, adaptive_sample *s,
                                 int32_t value, int64_t steps, int32_t *error, expert_errors *experts, int lanes)
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
            learn_bit(&b->tables->logistic, &state->decisions.copies[1][s->copy], value == north, COPY_MEMORY);
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
AECODEC_INLINE int32_t code_sample(const adaptive_band *b, const adaptive_place *at, adaptive_fit *fit, int is_missing,
                                   int32_t value, int32_t *error, expert_errors *experts, int lanes)
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

/* ---- segments ---- */

/* Planes of the values and errors of a band, with margins, for each frame. */
typedef struct {
    int32_t *values, *errors;
} adaptive_planes;

enum { RING = PLANES + 1 /* bands whose planes are kept */ };

typedef struct {
    const residual_coding *coding;
    adaptive_band band;
    adaptive_planes ring[RING], base; /* base: its errors are 0 */
    expert_errors *experts;           /* of one frame */
    ptrdiff_t row;
    size_t plane;                     /* samples of a plane */
} adaptive_segment;

/* Set what is around the first sample of a row, and what is above the first row. */
static void begin_row(int32_t *v, int32_t *e, ptrdiff_t row, int is_first, int32_t centre)
{
    for (int n = 1; n <= MARGIN; n++) {
        v[-n] = is_first ? centre : v[-row];
        e[-n] = is_first ? 0 : e[-row];
    }
    for (int up = 1; is_first && up <= MARGIN; up++) {
        for (int n = -MARGIN; n <= MARGIN; n++) {
            v[n - up * row] = centre;
        }
    }
}

/* Above the first row, samples equal W. */
static void extend_top(int32_t *v, ptrdiff_t row)
{
    for (int up = 1; up <= MARGIN; up++) {
        for (int n = -1; n <= MARGIN; n++) {
            v[n - up * row] = v[-1];
        }
    }
}

/* Repeat the samples at all sides, for the bands that follow. */
static void extend_plane(const adaptive_segment *s, int32_t *first)
{
    const residual_coding *c = s->coding;
    const size_t row_bytes = (size_t)s->row * sizeof *first;
    int32_t *top = first - MARGIN, *bottom = top + (ptrdiff_t)(c->height - 1) * s->row;
    for (uint32_t y = 0; y < c->height; y++) {
        int32_t *v = first + (ptrdiff_t)y * s->row;
        for (int n = 1; n <= MARGIN; n++) {
            v[-n] = v[0];
            v[(ptrdiff_t)c->width - 1 + n] = v[c->width - 1];
        }
    }
    for (int n = 1; n <= MARGIN; n++) {
        memcpy(top - n * s->row, top, row_bytes);
        memcpy(bottom + n * s->row, bottom, row_bytes);
    }
}

/* Code the samples of a band in a frame, in waves. from: the values to encode; to: those of a decoder. */
AECODEC_INLINE void code_frame(const adaptive_segment *s, const adaptive_place *first, int32_t *values, int32_t *errors,
                               const uint8_t *missing, const int32_t *from, int32_t *to, int32_t waves, int lanes)
{
    const int32_t width = (int32_t)s->coding->width, height = (int32_t)s->coding->height;
    const int32_t centre = (int32_t)(((int64_t)s->band.limits[0] + s->band.limits[1]) >> 1);
    for (int32_t wave = 0; wave < waves; wave++) {
        for (int32_t y = wave < width ? 0 : (wave - width + 3) / 3; y < height && 3 * y <= wave; y++) {
            const int32_t x = wave - 3 * y;
            const ptrdiff_t at = (ptrdiff_t)y * s->row + x, n = (ptrdiff_t)y * width + x;
            int32_t *v = values + at, *e = errors + at;
            adaptive_place place = *first;
            if (x == 0) {
                begin_row(v, e, s->row, y == 0, centre);
            } else if (y == 0) {
                extend_top(v, s->row);
            }
            place.value = v;
            place.error = e;
            place.experts = s->experts + MARGIN * (s->row + 1) + at;
            for (int k = 0; k < place.plane_count; k++) {
                place.planes[k] += at;
            }
            for (int k = 0; k < place.plane_count && k < 2; k++) {
                place.plane_errors[k] += at;
            }
            *v = code_sample(&s->band, &place, &s->band.state->predictor.fits[y >> BLOCK_BITS], missing && missing[n],
                             from ? from[n] : 0, e, s->experts + MARGIN * (s->row + 1) + at, lanes);
            to[n] = *v;
            for (int k = 1; x == width - 1 && k <= MARGIN; k++) {
                v[k] = *v;
            }
        }
    }
    extend_plane(s, values);
}

AECODEC_WIDE(code_alone, (const adaptive_segment *s, const adaptive_place *first, int32_t *values, int32_t *errors,
                          const uint8_t *missing, const int32_t *from, int32_t *to, int32_t waves),
             (s, first, values, errors, missing, from, to, waves))
{
    code_frame(s, first, values, errors, missing, from, to, waves, FIRST_EARLIER);
}

AECODEC_WIDE(code_after_others, (const adaptive_segment *s, const adaptive_place *first, int32_t *values, int32_t *errors,
                                 const uint8_t *missing, const int32_t *from, int32_t *to, int32_t waves),
             (s, first, values, errors, missing, from, to, waves))
{
    code_frame(s, first, values, errors, missing, from, to, waves, LANES);
}

static void open_state(adaptive_state *s)
{
    memset(&s->predictor, 0, sizeof s->predictor);
    open_scale(&s->scale);
    open_shapes(&s->shapes);
    open_decisions(&s->decisions);
}

static void open_band(adaptive_segment *s, uint32_t number, uint32_t planes)
{
    static const int inputs[PLANES + 1] = {OWN, 19, 24, 25, 26};
    adaptive_band *b = &s->band;
    const int64_t range = (int64_t)s->coding->limits[number][1] - s->coding->limits[number][0] + 1;
    const int bits = bits_in((uint64_t)range - 1);
    b->step = s->coding->steps[number];
    memcpy(b->limits, s->coding->limits[number], sizeof b->limits);
    b->most_steps = (range - 1) / b->step + 1;
    b->is_fixed = s->coding->choices->are_fixed[number];
    b->unit = bits > 24 ? bits - 20 : 4;
    b->step_errors = (uint64_t)(b->step < range ? b->step : range) << 8 >> b->unit;
    b->step_errors += b->step_errors == 0;
    b->log_step = log8(b->step_errors);
    b->inputs = inputs[planes < PLANES ? planes : PLANES];
    if (s->coding->primed) {
        *b->state = s->coding->primed[number];
    } else {
        open_state(b->state);
    }
}

/* Planes of earlier bands: the base of the band, and then its neighbours from the nearest. */
static adaptive_place place_in_frame(const adaptive_segment *s, uint32_t number, uint32_t frame)
{
    const size_t first = s->plane * frame + (size_t)MARGIN * ((size_t)s->row + 1);
    adaptive_place at = {.row = s->row, .plane_count = 0};
    for (uint32_t back = s->coding->has_base ? 0 : 1; back <= number && at.plane_count < PLANES; back++) {
        const adaptive_planes *p = back ? &s->ring[(number - back) % RING] : &s->base;
        at.planes[at.plane_count] = p->values + first;
        if (at.plane_count < 2) {
            at.plane_errors[at.plane_count] = p->errors + first;
        }
        at.plane_count++;
    }
    return at;
}

static size_t start_of(const residual_coding *c, uint32_t frame, uint32_t band)
{
    return ((size_t)frame * c->bands + band) * c->height * c->width;
}

static void take_base(const adaptive_segment *s, uint32_t number, const int32_t *base)
{
    const residual_coding *c = s->coding;
    for (uint32_t frame = 0; frame < c->frames; frame++) {
        int32_t *first = s->base.values + s->plane * frame + (size_t)MARGIN * ((size_t)s->row + 1);
        for (uint32_t y = 0; y < c->height; y++) {
            memcpy(first + (size_t)s->row * y, base + start_of(c, frame, number) + (size_t)c->width * y, c->width * sizeof *first);
        }
        extend_plane(s, first);
    }
}

/* Code the band at a place in the order. learned: what it teaches; or NULL. */
static void code_band(adaptive_segment *s, uint32_t number, const int32_t *base, const int32_t *from, int32_t *to,
                      adaptive_state *learned)
{
    const residual_coding *c = s->coding;
    const adaptive_planes *planes = &s->ring[number % RING];
    const uint32_t band = c->bands > 1 ? coded_band(c->choices, number) : number, all = c->width + 3 * (c->height - 1);
    open_band(s, band, number + (uint32_t)c->has_base);
    if (c->has_base) {
        take_base(s, band, base);
    }
    memset(planes->errors, 0, s->plane * c->frames * sizeof *planes->errors);
    for (uint32_t frame = 0; frame < c->frames; frame++) {
        const size_t first = s->plane * frame + (size_t)MARGIN * ((size_t)s->row + 1), start = start_of(c, frame, band);
        const adaptive_place place = place_in_frame(s, number, frame);
        const int is_last = c->waves && number + 1 == c->bands && frame + 1 == c->frames;
        memset(s->experts, 0, s->plane * sizeof *s->experts);
        (place.plane_count ? code_after_others : code_alone)(s, &place, planes->values + first, planes->errors + first,
                                                             c->missing ? c->missing + start : NULL,
                                                             from ? from + start : NULL, to + start,
                                                             (int32_t)(is_last ? c->waves : all));
    }
    if (learned) {
        learned[band] = *s->band.state;
    }
}

/* Code all bands. from: the values to encode; NULL in a decoder. learned: [bands] what they teach; or NULL. */
static aecodec_status code_segment(const residual_coding *c, range_coder *coder, const int32_t *base,
                                   const int32_t *from, int32_t *to, adaptive_state *learned)
{
    adaptive_segment s = {.coding = c, .row = (ptrdiff_t)c->width + 2 * MARGIN};
    const uint32_t rings = c->bands < RING ? c->bands : RING;
    adaptive_tables *tables;
    s.plane = (size_t)s.row * (c->height + 2 * MARGIN);
    size_t values = s.plane * c->frames;
    size_t bytes = s.plane * sizeof *s.experts + values * (rings + 1) * 2 * sizeof(int32_t);
    s.experts = calloc(1, bytes);
    s.band.state = malloc(sizeof *s.band.state);
    tables = malloc(sizeof *tables);
    if (s.experts && s.band.state && tables) {
        s.base.values = (int32_t *)(void *)(s.experts + s.plane);
        s.base.errors = s.base.values + values;
        for (uint32_t n = 0; n < rings; n++) {
            s.ring[n].values = s.base.errors + values + 2 * n * values;
            s.ring[n].errors = s.ring[n].values + values;
        }
        open_tails(&tables->tails);
        open_logistic(&tables->logistic);
        s.band.coder = coder;
        s.band.tables = tables;
        for (uint32_t n = 0; n < c->bands; n++) {
            code_band(&s, n, base, from, to, learned);
        }
    } else {
        coder->status = AECODEC_NO_MEMORY;
    }
    free(s.experts);
    free(s.band.state);
    free(tables);
    return coder->status;
}

/* ---- values, ranks and colours ---- */

static size_t count_of(const residual_coding *c) { return start_of(c, c->frames, 0); }

/* A segment of what is coded: values, or ranks, with limits of their own; or one band of colours. */
static residual_coding coded_form(const residual_coding *c)
{
    residual_coding coded = *c;
    coded.limits = (const int32_t(*)[2])c->choices->limits;
    coded.steps = c->choices->steps;
    coded.bands = c->choices->palette.count ? 1 : c->bands;
    return coded;
}

static void convert_ranks(const residual_coding *c, int to_values, int32_t *values)
{
    const size_t plane = (size_t)c->height * c->width;
    for (uint32_t frame = 0; frame < c->frames; frame++) {
        for (uint32_t band = 0; band < c->bands; band++) {
            const size_t start = start_of(c, frame, band);
            const adaptive_table *t = &c->choices->tables[band];
            if (t->count && to_values) {
                aecodec_ranks_to_values(t, plane, values + start);
            } else if (t->count) {
                aecodec_values_to_ranks(t, c->missing ? c->missing + start : NULL, plane, values + start);
            }
        }
    }
}

static void convert_colours(const residual_coding *c, int to_values, int32_t *values, int32_t *indices)
{
    const size_t plane = (size_t)c->height * c->width;
    for (uint32_t frame = 0; frame < c->frames; frame++) {
        if (to_values) {
            aecodec_indices_to_colours(c->choices, indices + frame * plane, plane, values + frame * plane * c->bands);
        } else {
            aecodec_colours_to_indices(c->choices, values + frame * plane * c->bands, plane, indices + frame * plane);
        }
    }
}

/* ---- messages ---- */

enum { MOST_BYTES = 16 /* of a sample */ };

/* Give a message without its room to spare. */
static aecodec_status give(range_coder *coder, uint8_t *room, uint8_t **message, size_t *size)
{
    finish_message(coder);
    *size = coder->length;
    *message = coder->status == AECODEC_OK ? malloc(*size + !*size) : NULL;
    if (*message) {
        memcpy(*message, room, *size);
    }
    free(room);
    return coder->status == AECODEC_OK && !*message ? AECODEC_NO_MEMORY : coder->status;
}

static aecodec_status encode(const residual_coding *c, const int32_t *base, const int32_t *from, int32_t *to,
                             uint8_t **message, size_t *size)
{
    const size_t most = MOST_BYTES * count_of(c) + 64;
    uint8_t *room = malloc(most);
    range_coder coder;
    if (!room) {
        return AECODEC_NO_MEMORY;
    }
    start_coder(&coder, NULL, room, most);
    code_segment(c, &coder, base, from, to, NULL);
    return give(&coder, room, message, size);
}

aecodec_status aecodec_residuals_learn(const residual_coding *c, const int32_t *values, adaptive_state *learned)
{
    const size_t count = count_of(c), most = MOST_BYTES * count + 64;
    int32_t *decoded = malloc(count * sizeof *decoded);
    uint8_t *room = malloc(most);
    aecodec_status status = AECODEC_NO_MEMORY;
    range_coder coder;
    if (decoded && room) {
        start_coder(&coder, NULL, room, most);
        status = code_segment(c, &coder, NULL, values, decoded, learned);
    }
    free(decoded);
    free(room);
    return status;
}

aecodec_status aecodec_residuals_encode(const residual_coding *c, const int32_t *base, const int32_t *values,
                                        int32_t *decoded, uint8_t **message, size_t *size)
{
    const int has_palette = c->choices->palette.count > 0, is_converted = has_palette || aecodec_has_tables(c->choices);
    const residual_coding coded = coded_form(c);
    int32_t *other = is_converted ? malloc(count_of(c) * sizeof *other) : NULL;
    aecodec_status status = is_converted && !other ? AECODEC_NO_MEMORY : AECODEC_OK;
    *message = NULL;
    if (other && has_palette) {
        convert_colours(c, 0, (int32_t *)(uintptr_t)values, other);
    } else if (other) {
        memcpy(other, values, count_of(c) * sizeof *other);
        convert_ranks(c, 0, other);
    }
    if (status == AECODEC_OK) {
        status = encode(&coded, base, other ? other : values, decoded, message, size);
    }
    if (has_palette) {
        memcpy(decoded, values, count_of(c) * sizeof *decoded);
    } else if (is_converted && status == AECODEC_OK) {
        convert_ranks(c, 1, decoded);
    }
    free(other);
    return status;
}

aecodec_status aecodec_residuals_decode(const residual_coding *c, const int32_t *base, const uint8_t *message,
                                        size_t size, int32_t *values)
{
    const int has_palette = c->choices->palette.count > 0;
    const residual_coding coded = coded_form(c);
    int32_t *indices = has_palette ? malloc(count_of(&coded) * sizeof *indices) : NULL;
    range_coder coder;
    aecodec_status status = has_palette && !indices ? AECODEC_NO_MEMORY : AECODEC_OK;
    if (c->waves) { /* samples that are not decoded have some value */
        memset(indices ? indices : values, 0, count_of(&coded) * sizeof *values);
    }
    if (status == AECODEC_OK) {
        start_coder(&coder, message, NULL, size);
        status = code_segment(&coded, &coder, base, NULL, indices ? indices : values, NULL);
    }
    if (status == AECODEC_OK && !c->waves) {
        status = check_end(&coder, 0);
    }
    if (status == AECODEC_OK && indices) {
        convert_colours(c, 1, values, indices);
    } else if (status == AECODEC_OK) {
        convert_ranks(c, 1, values);
    }
    free(indices);
    return status;
}
