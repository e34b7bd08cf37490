/* SPDX-License-Identifier: Apache-2.0 */
/* Samples to the values that networks code, and back. Private. */
#pragma once

#include "codec_files/bundle.h"
#include "samples/missing.h"

/* The samples of all values for one type. */
typedef struct {
    uint32_t type, bands, top;            /* values are 0 to top */
    double limits[AECODEC_MAX_BANDS][2];
    const uint16_t *tables;               /* [bands][top + 1] */
    uint32_t *samples;                    /* [bands][top + 1] bits; owned */
} transfer;

/* limits: numbers of the type, or NULL for the codec's limits. Returns AECODEC_BAD_IMAGE if samples of the
 * type cannot lie between the limits. */
aecodec_status aecodec_transfer_open(const aecodec_bundle *bundle, uint32_t type, const double *limits,
                                     transfer *t);
void aecodec_transfer_to_samples(const transfer *t, const uint16_t *values, size_t pixels, void *samples);
/* Convert samples to the nearest values; missing samples get any value. */
aecodec_status aecodec_transfer_to_values(const transfer *t, const aecodec_samples *samples, uint16_t *values,
                                          uint64_t *clipped);

/* Find limits [bands][2] that contain all samples and the codec's limits, if the type can represent them.
 * Returns whether they differ from the codec's limits. */
int aecodec_find_own_limits(const aecodec_bundle *bundle, const aecodec_samples *samples, double *limits);
