/* SPDX-License-Identifier: Apache-2.0 */
/* Coding the values of a segment with a model that learns from them (FORMAT, section 8). */
#include "adaptive/residuals.h"

#include <stdlib.h>

#include "adaptive/adaptive_sample.h"
#include "adaptive/choices.h"

/* ---- segments ---- */

enum { MARGIN = 4 /* of planes, in samples */ };

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
AECODEC_INLINE void code_frame(const adaptive_segment *s, const adaptive_place *first, int32_t *values,
                               int32_t *errors, const uint8_t *missing, const int32_t *from, int32_t *to,
                               int lanes)
{
    const int32_t width = (int32_t)s->coding->width, height = (int32_t)s->coding->height;
    const int32_t centre = (int32_t)(((int64_t)s->band.limits[0] + s->band.limits[1]) >> 1);
    for (int32_t wave = 0; wave < width + 3 * (height - 1); wave++) {
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
            *v = code_sample(&s->band, &place, &s->band.state->predictor.fits[y >> BLOCK_BITS],
                             missing && missing[n], from ? from[n] : 0, e,
                             s->experts + MARGIN * (s->row + 1) + at, lanes);
            to[n] = *v;
            for (int k = 1; x == width - 1 && k <= MARGIN; k++) {
                v[k] = *v;
            }
        }
    }
    extend_plane(s, values);
}

AECODEC_WIDE(code_plane,
             (const adaptive_segment *s, const adaptive_place *first, int32_t *values, int32_t *errors,
              const uint8_t *missing, const int32_t *from, int32_t *to),
             (s, first, values, errors, missing, from, to))
{
    if (first->plane_count) {
        code_frame(s, first, values, errors, missing, from, to, LANES);
    } else { /* with vectors half as long */
        code_frame(s, first, values, errors, missing, from, to, FIRST_EARLIER);
    }
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
            memcpy(first + (size_t)s->row * y, base + start_of(c, frame, number) + (size_t)c->width * y,
                   c->width * sizeof *first);
        }
        extend_plane(s, first);
    }
}

/* Code the band at a place in the order. learned: what it teaches; or NULL. */
static void code_band(adaptive_segment *s, uint32_t number, const int32_t *base, const int32_t *from,
                      int32_t *to, adaptive_state *learned)
{
    const residual_coding *c = s->coding;
    const adaptive_planes *planes = &s->ring[number % RING];
    const uint32_t band = c->bands > 1 ? coded_band(c->choices, number) : number;
    open_band(s, band, number + (uint32_t)c->has_base);
    if (c->has_base) {
        take_base(s, band, base);
    }
    memset(planes->errors, 0, s->plane * c->frames * sizeof *planes->errors);
    for (uint32_t frame = 0; frame < c->frames; frame++) {
        const size_t first = s->plane * frame + (size_t)MARGIN * ((size_t)s->row + 1);
        const size_t start = start_of(c, frame, band);
        const adaptive_place place = place_in_frame(s, number, frame);
        memset(s->experts, 0, s->plane * sizeof *s->experts);
        code_plane(s, &place, planes->values + first, planes->errors + first,
                   c->missing ? c->missing + start : NULL, from ? from + start : NULL, to + start);
    }
    if (learned) {
        learned[band] = *s->band.state;
    }
}

/* from: the values to encode; NULL in a decoder. learned: [bands] what they teach; or NULL. */
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
            aecodec_indices_to_colours(c->choices, indices + frame * plane, plane,
                                       values + frame * plane * c->bands);
        } else {
            aecodec_colours_to_indices(c->choices, values + frame * plane * c->bands, plane,
                                       indices + frame * plane);
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
                             adaptive_state *learned, uint8_t **message, size_t *size)
{
    const size_t most = MOST_BYTES * count_of(c) + 64;
    uint8_t *room = malloc(most);
    range_coder coder;
    if (!room) {
        return AECODEC_NO_MEMORY;
    }
    start_coder(&coder, NULL, room, most);
    code_segment(c, &coder, base, from, to, learned);
    return give(&coder, room, message, size);
}

aecodec_status aecodec_residuals_learn(const residual_coding *c, const int32_t *values,
                                       adaptive_state *learned)
{
    int32_t *decoded = malloc(count_of(c) * sizeof *decoded);
    uint8_t *message = NULL;
    size_t size;
    const aecodec_status status = decoded ? encode(c, NULL, values, decoded, learned, &message, &size)
                                          : AECODEC_NO_MEMORY;
    free(decoded);
    free(message);
    return status;
}

aecodec_status aecodec_residuals_encode(const residual_coding *c, const int32_t *base, const int32_t *values,
                                        int32_t *decoded, uint8_t **message, size_t *size)
{
    const int has_palette = c->choices->palette.count > 0;
    const int is_converted = has_palette || aecodec_has_tables(c->choices);
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
        status = encode(&coded, base, other ? other : values, decoded, NULL, message, size);
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
    if (status == AECODEC_OK) {
        start_coder(&coder, message, NULL, size);
        status = code_segment(&coded, &coder, base, NULL, indices ? indices : values, NULL);
    }
    if (status == AECODEC_OK) {
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
