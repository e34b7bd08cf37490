/* SPDX-License-Identifier: Apache-2.0 */
/* The block of samples in files (FORMAT, section 7). Private. */
#pragma once

#include "base/buffer.h"
#include "samples/numbers.h"

/* The block of samples of a file. Pointers are NULL for absent fields. */
typedef struct {
    uint32_t type, layout, bands, is_big_endian;
    const uint8_t *limits;     /* [bands][2] in the type */
    const uint8_t *nodata;     /* in the type */
    const uint8_t *repetition; /* [bands][2] factor, and 16 * y + x */
    uint32_t mask_planes;
    const uint8_t *mask; /* zlib stream */
    size_t mask_size;
} samples_block;

/* The limits [bands][2] of a block that has limits, as numbers. */
void aecodec_samples_block_limits(const samples_block *block, double *limits);
/* The bits of missing samples: nodata, or NaN or 0 without it. */
uint64_t aecodec_samples_block_nodata(const samples_block *block);
/* Check and read a block of a file with a codec id. Returns whether an encoder could have written it. */
int aecodec_samples_block_read(const uint8_t id[4], const uint8_t *content, size_t size, uint32_t frames,
                               samples_block *block);
/* Write the block of samples: fields of `samples`, with the repetition and mask of `block`. */
void aecodec_samples_block_write(int is_built_in, const aecodec_samples *samples, const samples_block *block,
                                 buffer *b);
