/* SPDX-License-Identifier: Apache-2.0 */
/* An opened codec. Private. */
#pragma once

#include "adaptive/primer.h"
#include "aecodec_network.h"

typedef struct {
    uint32_t start, dimension, multiple;
} level_facts;

/* The tables of a level, with pointers into its section. */
typedef struct {
    int is_present;
    aecodec_codec codec;
    aecodec_context_network context;
    aecodec_spatial_weights spatial;
} level_tables;

typedef struct {
    aecodec_section entry;
    const uint8_t *content;
} section;

/* The section of the bands, with pointers into it. */
typedef struct {
    int is_present, has_file_limits;
    const double *limits;   /* [bands][2] */
    const uint16_t *tables; /* [bands][255 * phases + 1] */
    const uint8_t *names;   /* in sequence, each preceded by its size in 16 bits */
} band_tables;

struct aecodec_bundle {
    aecodec_codec_facts facts;
    level_facts levels[MAX_LEVELS];
    aecodec_rate_weight rate_weight;
    const int16_t *gains; /* [levels][dimension], or NULL */
    section *sections;
    level_tables tables[MAX_LEVELS];  /* of whole levels */
    band_tables bands;                /* only with phases */
    primer *primer;                   /* or NULL */
    aecodec_network encoder, decoder; /* only if present */
    int has_encoder, has_decoder;
    void *memory; /* content of the file, if the bundle was opened from one; otherwise NULL */
};

/* Whether a codec has networks; only the built-in codec `samples` has none. */
static inline int has_networks(const aecodec_bundle *bundle)
{
    return bundle->facts.levels != 0;
}
/* Whether the codec has a section of a kind, even if the bundle lacks it. */
int aecodec_bundle_lists(const aecodec_bundle *bundle, uint32_t kind);
/* The encoder or decoder network; NULL if it is absent. */
const aecodec_network *aecodec_network_of(const aecodec_bundle *bundle, int is_encoder);

/* ---- sections: check their content and set the pointers of their tables ---- */

aecodec_status aecodec_level_tables_open(const aecodec_bundle *bundle, uint32_t number, const uint8_t *bytes,
                                         size_t size, level_tables *tables);
aecodec_status aecodec_bands_open(const aecodec_codec_facts *facts, const uint8_t *bytes, size_t size,
                                  band_tables *tables);
