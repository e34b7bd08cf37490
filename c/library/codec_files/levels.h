/* SPDX-License-Identifier: Apache-2.0 */
/* Levels in sixteenths. Private. */
#pragma once

#include "codec_files/bundle.h"

/* A level of a codec, or an interpolated level, as an aecodec_codec. */
typedef struct {
    aecodec_codec codec;
    uint16_t *factors; /* owned; NULL without gains */
} coding_level;

uint32_t aecodec_default_units(const aecodec_bundle *bundle);
/* Whether the codec has a level, in sixteenths, even if the bundle lacks it. */
int aecodec_has_level(const aecodec_bundle *bundle, uint32_t units);
/* The caller frees the factors. Returns AECODEC_OK, AECODEC_BAD_ARGUMENT for an unknown level,
 * AECODEC_ABSENT or AECODEC_NO_MEMORY. */
aecodec_status aecodec_level_open(const aecodec_bundle *bundle, uint32_t units, coding_level *level);
