/* SPDX-License-Identifier: Apache-2.0 */
/* What an encoder makes of vectors, for fitting; and the memory of devices. */
#include <stdlib.h>

#include "aecodec_fitting.h"
#include "aecodec_kernels.h"
#include "pictures/geometry.h"

static size_t vectors_of(const aecodec_segment *s) { return (size_t)s->planes * s->rows * s->columns; }

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

size_t aecodec_device_work_size(const aecodec_network *network, uint32_t rows, uint32_t columns)
{
    const aecodec_network device = {network->plan, &aecodec_portable_kernels};
    return aecodec_network_work_size(&device, rows, columns);
}
