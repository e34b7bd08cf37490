/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a decoding. Private. */
#pragma once

#include "codec_files/levels.h"
#include "coding/transfer.h"
#include "files/opened_file.h"

typedef struct {
    const uint8_t *at;
    size_t size;
    int is_decoded;
} message;

struct aecodec_decoding {
    opened_file file;
    coding_level level;    /* of the base */
    message *messages;     /* of all segments; NULL if codes were given */
    int8_t *codes;         /* [planes][rows][columns][vectors_per_tile][code_dimension] of all frames */
    uint8_t *alpha;        /* [frames][height][width] of all frames, or NULL */
    uint8_t *missing;      /* the mask of all frames, or NULL */
    transfer transfer;     /* of samples */
    uint64_t nodata;       /* bits of missing samples */
    int has_samples;
    uint32_t parts;
    uint32_t first, frames; /* selected */
    geometry seen;
    windows windows;
    uint8_t *pixels;  /* [frames][coded height][coded width][coded_channels]; NULL with samples */
    uint16_t *values; /* [frames][height][width][bands]; NULL without samples or base */
    int is_given;     /* whether the result was given away */
};

static inline uint32_t planes_per_frame(const aecodec_decoding *d)
{
    return d->file.geometry.planes / d->file.samples.frames;
}

/* The codes of a tile and of those behind it. */
static inline int8_t *codes_at(const aecodec_decoding *d, size_t plane, uint32_t row, uint32_t column)
{
    const geometry *g = &d->file.geometry;
    const size_t tile = (size_t)d->file.bundle->facts.vectors_per_tile * d->level.codec.code_dimension;
    return d->codes + ((plane * g->rows + row) * g->columns + column) * tile;
}

/* ---- decoded.c ---- */

/* Take the samples of the selected frames, which the caller frees: of all bands, or pixels without alpha. */
aecodec_status aecodec_decoding_take(aecodec_decoding *decoding, const aecodec_execution *execution,
                                     void **samples);
