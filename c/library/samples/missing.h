/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of samples, and which of them are missing. Private. */
#pragma once

#include "aecodec_fitting.h"
#include "samples/numbers.h"

static inline size_t pixels_of_samples(const aecodec_samples *samples)
{
    return (size_t)samples->width * samples->height * samples->frames;
}

static inline int is_missing(const aecodec_samples *samples, size_t pixel, uint32_t band)
{
    return samples->missing &&
           samples->missing[pixel * samples->mask_planes + (samples->mask_planes > 1 ? band : 0)];
}

/* The bits of the next finite samples below and above nodata; at an end of the type both are the one inside.
 * Returns whether there are both, and 0 if nodata is not a number. */
int aecodec_beside_nodata(const aecodec_samples *samples, uint64_t beside[2]);
/* Replace the mask of the caller by one of all missing samples, which the caller of this function frees; NULL
 * if there are none. */
aecodec_status aecodec_find_missing(aecodec_samples *samples);
/* The bits of a decoded sample that is known: if they are nodata, those of the next sample above, or of the
 * largest one. */
uint64_t aecodec_avoid_nodata(const aecodec_samples *samples, uint64_t bits);
/* Give all missing samples the same bits, and no others. */
void aecodec_set_missing(const aecodec_samples *samples, uint64_t bits);
/* Inflate the bits of a mask, which the caller frees in any case. Bits behind the last one are 0. */
aecodec_status aecodec_mask_inflate(const uint8_t *stream, size_t size, uint64_t count, uint8_t **bits);
static inline size_t mask_bit(const aecodec_samples *samples, uint32_t frame, size_t pixel_of_frame,
                              uint32_t band)
{
    const size_t pixels = (size_t)samples->width * samples->height, planes = samples->mask_planes;
    return (frame * planes + (planes > 1 ? band : 0)) * pixels + pixel_of_frame;
}
/* Unpack bits to bytes that are `stride` apart. */
static inline void unpack_bits(const uint8_t *bits, size_t bit, size_t count, uint8_t *to, size_t stride)
{
    for (; count; count--, bit++, to += stride) {
        *to = bits[bit / 8] >> (7 - bit % 8) & 1;
    }
}
/* Convert the mask to the zlib stream of a file, and back. */
aecodec_status aecodec_mask_pack(const aecodec_samples *samples, uint8_t **stream, size_t *size);
aecodec_status aecodec_mask_unpack(const aecodec_samples *samples, const uint8_t *stream, size_t size);
