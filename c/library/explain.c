/* SPDX-License-Identifier: Apache-2.0 */
/* What an encoder makes of vectors and samples, for fitting. */
#include <stdlib.h>
#include <string.h>

#include "aecodec_fitting.h"
#include "refined.h"
#include "residuals.h"

/* ---- vectors, in segments ---- */

static geometry geometry_of(const aecodec_segment *vectors)
{
    const geometry g = {0, 0, vectors->planes, vectors->rows, vectors->columns};
    return g;
}

static size_t vectors_of(const aecodec_segment *s) { return (size_t)s->planes * s->rows * s->columns; }

/* The number of segments, and a segment. Vectors without neighbours are taken in sequence. */
static uint32_t segment_count(int has_neighbours, const geometry *g)
{
    const aecodec_codec_facts facts = {.receptive_field = 1};
    return has_neighbours ? aecodec_segment_count(&facts, g) : aecodec_divide_up(g->columns, AECODEC_MAX_VECTORS);
}

static placed_segment segment_at(int has_neighbours, const geometry *g, uint32_t number)
{
    const aecodec_codec_facts facts = {.receptive_field = 1};
    placed_segment s = {0, 0, number * AECODEC_MAX_VECTORS, {1, 1, 0}};
    if (has_neighbours) {
        return aecodec_segment_at(&facts, g, number);
    }
    s.size.columns = least(g->columns - s.left, AECODEC_MAX_VECTORS);
    return s;
}

/* Copy the items of a segment, of some bytes each, from their places among all vectors, or to them. */
static void copy(const geometry *g, const placed_segment *s, uint8_t *all, uint8_t *part, size_t bytes, int is_back)
{
    const size_t run = s->size.columns * bytes;
    uint32_t plane, row;
    for (plane = s->plane; plane < s->plane + s->size.planes; plane++) {
        for (row = s->top; row < s->top + s->size.rows; row++, part += run) {
            uint8_t *at = all + (((size_t)plane * g->rows + row) * g->columns + s->left) * bytes;
            memcpy(is_back ? at : part, is_back ? part : at, run);
        }
    }
}

/* ---- choices ---- */

/* The arrays of a segment. */
typedef struct {
    uint32_t *work;
    int8_t *latents, *codes;
    aecodec_choices choices;
} room;

/* All arrays have the same owner, the working memory, which stands first. The first segment is the largest. */
static int make_room(const aecodec_codec *codec, const placed_segment *first, room *r)
{
    const size_t n = vectors_of(&first->size), codes = n * codec->code_dimension;
    const size_t work = (aecodec_message_work_size(codec, &first->size) + 3) / 4 * 4;
    r->work = malloc(work + 2 * n + 3 * codes + n * codec->latent_channels);
    if (r->work) {
        r->choices.priors = (uint16_t *)(void *)((uint8_t *)r->work + work);
        r->choices.rows = (uint8_t *)(r->choices.priors + n);
        r->choices.columns = r->choices.rows + codes;
        r->codes = (int8_t *)(r->choices.columns + codes);
        r->latents = r->codes + codes;
    }
    return r->work != NULL;
}

aecodec_status aecodec_explain(const aecodec_codec *codec, const aecodec_segment *vectors, const int8_t *latents,
                               aecodec_rate_weight weight, int8_t *codes, const aecodec_choices *choices)
{
    const geometry g = geometry_of(vectors);
    const int has_neighbours = codec->is_convolutional;
    const uint32_t count = vectors_of(vectors) ? segment_count(has_neighbours, &g) : 0;
    const placed_segment first = segment_at(has_neighbours, &g, 0);
    const size_t dimension = codec->code_dimension;
    room r;
    uint32_t n;
    if (count && !make_room(codec, &first, &r)) {
        return AECODEC_NO_MEMORY;
    }
    for (n = 0; n < count; n++) {
        const placed_segment s = segment_at(has_neighbours, &g, n);
        if (latents) { /* which do not change */
            copy(&g, &s, (uint8_t *)latents, (uint8_t *)r.latents, codec->latent_channels, 0);
        } else {
            copy(&g, &s, (uint8_t *)codes, (uint8_t *)r.codes, dimension, 0);
        }
        aecodec_choose(codec, &s.size, latents ? r.latents : NULL, weight, r.codes, r.work, &r.choices);
        copy(&g, &s, (uint8_t *)codes, (uint8_t *)r.codes, dimension, 1);
        copy(&g, &s, (uint8_t *)choices->priors, (uint8_t *)r.choices.priors, sizeof *choices->priors, 1);
        copy(&g, &s, choices->rows, r.choices.rows, dimension, 1);
        copy(&g, &s, choices->columns, r.choices.columns, dimension, 1);
    }
    if (count) {
        free(r.work);
    }
    return AECODEC_OK;
}

/* ---- neighbours ---- */

/* Number the neighbours by their places among all vectors. */
static void renumber(const geometry *g, const placed_segment *s, uint32_t around[4])
{
    int n;
    for (n = 0; n < 4; n++) {
        const uint32_t row = s->top + around[n] / s->size.columns, column = s->left + around[n] % s->size.columns;
        around[n] = row * g->columns + column;
    }
}

aecodec_status aecodec_neighbours(uint32_t rows, uint32_t columns, int8_t *kinds, uint32_t (*neighbours)[4])
{
    const geometry g = {0, 0, 1, rows, columns};
    uint16_t members[AECODEC_MAX_VECTORS];
    int8_t *own = malloc(AECODEC_MAX_VECTORS);
    uint32_t(*around)[4] = malloc(AECODEC_MAX_VECTORS * sizeof *around), n, vector;
    if (own && around) {
        for (n = 0; n < segment_count(1, &g); n++) {
            const placed_segment s = segment_at(1, &g, n);
            aecodec_find_neighbours(&s.size, members, own, around);
            for (vector = 0; vector < vectors_of(&s.size); vector++) {
                renumber(&g, &s, around[vector]);
            }
            copy(&g, &s, (uint8_t *)kinds, (uint8_t *)own, 1, 1);
            copy(&g, &s, (uint8_t *)neighbours, (uint8_t *)around, sizeof *around, 1);
        }
    }
    n = own && around;
    free(own);
    free(around);
    return n ? AECODEC_OK : AECODEC_NO_MEMORY;
}

/* ---- residual networks ---- */

void aecodec_residual_lattice(uint32_t type, uint32_t bands, uint32_t pixels, const void *samples, const void *base,
                              double error, int64_t *values, int64_t *base_values, int64_t *step, int64_t limits[2])
{
    const aecodec_samples all = {.width = pixels, .height = 1, .bands = bands, .frames = 1, .type = type,
                                 .samples = (void *)samples};
    const aecodec_bounds bounds = {1, 1, 0, &error};
    refinement r;
    lattice l;
    uint32_t band;
    aecodec_refinements_for(&bounds, &all, &r);
    l = aecodec_lattice_of(type, aecodec_bound_of(&r, 0));
    for (band = 0; band < bands; band++, values += pixels, base_values += pixels) {
        aecodec_lattice_to_values(&l, samples, band, bands, pixels, values);
        if (base) {
            aecodec_lattice_to_values(&l, base, band, bands, pixels, base_values);
        }
    }
    *step = l.step;
    memcpy(limits, l.limits, sizeof l.limits);
}

static residual_coding coding_of(const aecodec_residual_values *v, const residual_networks *networks)
{
    const residual_coding coding = {networks, 1, v->bands, v->height, v->width, v->steps, v->limits, NULL};
    return coding;
}

/* Add samples to an empty batch, which the first sample of a band has for itself. Returns their number. */
static size_t fill_batch(const residual_context *c, size_t start, size_t count, const uint32_t *rows,
                         const uint32_t *columns, residual_batch *b)
{
    size_t n, is_first = 0;
    for (n = 0; n < count && n < RESIDUAL_BATCH && !is_first; n++) {
        is_first = !rows[n] && !columns[n];
        if (is_first && n) {
            break;
        }
        b->row[n] = rows[n];
        b->column[n] = columns[n];
        b->at[n] = start + (size_t)rows[n] * c->width + columns[n];
    }
    b->count = n;
    return n;
}

void aecodec_residual_inputs(const aecodec_residual_values *values, int has_base, uint32_t band, size_t count,
                             const uint32_t *rows, const uint32_t *columns, int64_t *references, int32_t *exponents,
                             int16_t *inputs)
{
    const residual_networks networks = {.has_base = has_base};
    const residual_coding coding = coding_of(values, &networks);
    const size_t length = aecodec_residual_input_count(band, has_base);
    const size_t start = (size_t)band * values->height * values->width;
    const int64_t first = values->values[start];
    residual_context context;
    residual_batch b;
    size_t done, n;
    aecodec_residual_context_open(&context, &coding, band, 0, values->base, values->values);
    for (; count; count -= done, rows += done, columns += done) {
        done = fill_batch(&context, start, count, rows, columns, &b);
        values->values[start] = b.at[0] == start ? values->base[start] : first;
        aecodec_residual_context_find(&context, &b);
        values->values[start] = first;
        for (n = 0; n < done; n++, inputs += length) {
            *references++ = b.reference[n];
            *exponents++ = b.exponent[n];
            memcpy(inputs, b.inputs[n], length * sizeof *inputs);
        }
    }
}

aecodec_status aecodec_residual_decoded(const aecodec_residual_values *values, const uint8_t *networks,
                                        size_t networks_size, int64_t *decoded, size_t *size)
{
    residual_networks *own;
    aecodec_status status = aecodec_residual_networks_open(networks, networks_size, &own);
    if (status == AECODEC_OK) {
        const residual_coding coding = coding_of(values, own);
        uint8_t *message;
        status = aecodec_residuals_encode(&coding, values->base, values->values, decoded, &message, size);
        free(message);
        free(own);
    }
    return status;
}
