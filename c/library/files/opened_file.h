/* SPDX-License-Identifier: Apache-2.0 */
/* A file whose header has been read, and what it takes to decode it. Private. */
#pragma once

#include "codec_files/bundle.h"
#include "files/container.h"
#include "pictures/geometry.h"
#include "samples/missing.h"
#include "samples/samples_block.h"

/* What a file says. Pointers lead into the file. */
typedef struct {
    size_t size; /* bytes */
    refined_file refined;
    aecodec_header header;
    samples_block block; /* with samples */
    int has_base;        /* otherwise samples before refinements are 0 */
    /* set by aecodec_file_fit */
    const aecodec_bundle *bundle;
    uint32_t level;          /* in sixteenths */
    uint32_t coded_channels; /* of pixels: 1 or 3 */
    uint32_t channels;       /* of the picture */
    geometry geometry;       /* of all frames as they are coded */
    aecodec_samples samples; /* that are refined, without content: the result, or pixels without alpha */
} opened_file;

/* ---- opened_file.c ---- */

/* Read and check a file as far as its header goes, without a codec. */
aecodec_status aecodec_file_parse(const uint8_t *file, size_t size, opened_file *f);
/* The same for the first bytes of a file, as aecodec_refined_head_read takes them. */
aecodec_status aecodec_head_parse(const uint8_t *head, size_t size, uint64_t file_size, opened_file *f,
                                  size_t *needed);
/* Check that a codec can have made the file, and find the sizes of its content. */
aecodec_status aecodec_file_fit(const aecodec_bundle *bundle, opened_file *f);
/* Check the level and the number of tiles, which may be large. */
aecodec_status aecodec_file_check(const opened_file *f);

/* ---- info.c ---- */

/* Describe a file that was read, whose first bytes are at `file`. */
void aecodec_describe(const opened_file *f, const uint8_t *file, aecodec_file_info *info);

/* ---- limits.c ---- */

/* What the file claims, and the limits that hold. */
aecodec_claim aecodec_file_claim(const opened_file *f, const aecodec_limits *limits);
aecodec_status aecodec_limits_check(const aecodec_claim *claim);
