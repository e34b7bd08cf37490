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
    size_t window_memory;
    uint32_t first, frames; /* selected */
    /* of the frames seen, which windows are of: the selected ones or, with refinements, all */
    uint32_t first_seen;
    geometry seen;
    windows windows;
    uint8_t *pixels;  /* [frames][coded height][coded width][coded_channels]; NULL with samples */
    uint16_t *values; /* [frames][height][width][bands]; NULL without samples or base */
    int is_given;     /* whether the result of the frames seen was given away */
    void *refined;    /* samples, or pixels without alpha, of all frames; NULL unless some were selected */
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

static inline int is_all_selected(const aecodec_decoding *d)
{
    return d->frames == d->file.samples.frames;
}

/* ---- decoded.c ---- */

/* Take the samples of the selected frames, which the caller frees: of all bands, or pixels without alpha. */
aecodec_status aecodec_decoding_take(aecodec_decoding *decoding, const aecodec_execution *execution,
                                     void **samples);
