/* SPDX-License-Identifier: Apache-2.0 */
/* What an encoder makes of vectors, for fitting. */
#include <stdlib.h>
#include <string.h>

#include "aecodec_fitting.h"
#include "private.h"

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
