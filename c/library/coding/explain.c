/* SPDX-License-Identifier: Apache-2.0 */
/* What an encoder makes of vectors, for fitting. */
#include <stdlib.h>
#include <string.h>

#include "aecodec_fitting.h"
#include "pictures/geometry.h"

static size_t vectors_of(const aecodec_segment *s) { return (size_t)s->planes * s->rows * s->columns; }

/* ---- choices ---- */

typedef struct {
    uint32_t *work;
    int8_t *latents, *codes;
    aecodec_choices choices;
} room;

/* The working memory owns all arrays, and stands first. The first segment is the largest. */
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

aecodec_status aecodec_explain(const aecodec_codec *codec, const aecodec_segment *vectors,
                               const int8_t *latents, aecodec_rate_weight weight, int8_t *codes,
                               const aecodec_choices *choices)
{
    const geometry g = {0, 0, vectors->planes, vectors->rows, vectors->columns};
    const aecodec_codec_facts facts = {.receptive_field = codec->is_convolutional, .vectors_per_tile = 1};
    const placed_segment first = aecodec_segment_at(&facts, &g, 0);
    const size_t dimension = codec->code_dimension;
    room r;
    if (!make_room(codec, &first, &r)) {
        return AECODEC_NO_MEMORY;
    }
    for (uint32_t n = 0; n < aecodec_segment_count(&facts, &g); n++) {
        const placed_segment s = aecodec_segment_at(&facts, &g, n);
        if (latents) { /* which do not change */
            aecodec_segment_copy(&g, &s, (int8_t *)latents, r.latents, codec->latent_channels, 0);
        } else {
            aecodec_segment_copy(&g, &s, codes, r.codes, dimension, 0);
        }
        aecodec_choose(codec, &s.size, latents ? r.latents : NULL, weight, r.codes, r.work, &r.choices);
        aecodec_segment_copy(&g, &s, codes, r.codes, dimension, 1);
        aecodec_segment_copy(&g, &s, choices->priors, r.choices.priors, sizeof *choices->priors, 1);
        aecodec_segment_copy(&g, &s, choices->rows, r.choices.rows, dimension, 1);
        aecodec_segment_copy(&g, &s, choices->columns, r.choices.columns, dimension, 1);
    }
    free(r.work);
    return AECODEC_OK;
}

/* ---- neighbours ---- */

static void renumber(const geometry *g, const placed_segment *s, uint32_t around[4])
{
    for (int n = 0; n < 4; n++) {
        const uint32_t row = s->top + around[n] / s->size.columns;
        const uint32_t column = s->left + around[n] % s->size.columns;
        around[n] = row * g->columns + column;
    }
}

aecodec_status aecodec_neighbours(uint32_t rows, uint32_t columns, int8_t *kinds, uint32_t (*neighbours)[4])
{
    static const aecodec_codec_facts facts = {.receptive_field = 1};
    const geometry g = {0, 0, 1, rows, columns};
    uint16_t members[AECODEC_MAX_VECTORS];
    int8_t *own = malloc(AECODEC_MAX_VECTORS);
    uint32_t(*around)[4] = malloc(AECODEC_MAX_VECTORS * sizeof *around), n, vector;
    if (own && around) {
        for (n = 0; n < aecodec_segment_count(&facts, &g); n++) {
            const placed_segment s = aecodec_segment_at(&facts, &g, n);
            aecodec_find_neighbours(&s.size, members, own, around);
            for (vector = 0; vector < vectors_of(&s.size); vector++) {
                renumber(&g, &s, around[vector]);
            }
            aecodec_segment_copy(&g, &s, kinds, own, 1, 1);
            aecodec_segment_copy(&g, &s, neighbours, around, sizeof *around, 1);
        }
    }
    n = own && around;
    free(own);
    free(around);
    return n ? AECODEC_OK : AECODEC_NO_MEMORY;
}
