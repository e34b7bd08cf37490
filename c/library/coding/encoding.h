/* SPDX-License-Identifier: Apache-2.0 */
/* The state of an encoding. Private. */
#pragma once

#include "codec_files/bundle.h"
#include "files/header.h"
#include "pictures/geometry.h"

enum { MAX_METADATA = 1 << 30 /* bytes */ };

struct aecodec_encoding {
    const aecodec_bundle *bundle;
    aecodec_header header; /* of its files, but for the level */
    uint32_t coded_channels;
    geometry geometry;
    windows windows;
    const uint8_t *pixels; /* [frames][coded height][coded width], stride bytes apart */
    uint32_t stride;
    uint8_t *reduced; /* the pixels, if they are not the caller's */
    uint8_t *alpha;   /* zlib stream */
    uint16_t *values; /* [frames][height][width][bands] of samples; NULL for pictures */
    uint8_t *block;   /* of samples in the header */
    uint8_t *missing; /* the mask of all missing samples; or NULL */
    uint32_t mask_planes;
    int8_t *latents;  /* [planes][rows][columns][vectors_per_tile][latent_channels] */
    int is_raw;       /* the pixels have the channels of the networks, and there are no files */
};

/* ---- encoded.c ---- */

/* Encode the latents at a level. file: NULL, or set to the file. codes: NULL, or set to the codes, which the
 * caller frees in any case. */
aecodec_status aecodec_encode_level(const aecodec_encoding *e, uint32_t units,
                                    const aecodec_execution *execution, buffer *file, aecodec_codes *codes);
/* Write a file without a level and without a payload. */
void aecodec_encoding_header_file(const aecodec_encoding *encoding, buffer *file);

/* ---- running.c ---- */

/* Minimum number of windows of a picture, so that all threads have work. */
uint32_t aecodec_parts_for(const aecodec_bundle *bundle, const aecodec_execution *execution, uint32_t width,
                           uint32_t height);
