/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures at another size. Private. */
#pragma once

#include "base/common.h"

/* One channel of a picture, with a stride between pixels. */
typedef struct {
    uint8_t *pixels;
    uint32_t width, height, stride;
} channel;

/* Resample pictures with Pillow's cubic filter. from, to: the first channels; other channels and pictures
 * follow. */
aecodec_status aecodec_resize_pictures(channel from, channel to, uint32_t channels, uint32_t frames);
