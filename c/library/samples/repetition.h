/* SPDX-License-Identifier: Apache-2.0 */
/* Bands that repeat every sample. Private. */
#pragma once

#include "base/common.h"

/* Detect bands with repeated samples. repetition: output [bands][2] as in a file. Returns whether there are
 * any. */
int aecodec_detect_repetition(const aecodec_samples *samples, uint8_t *repetition);
void aecodec_average_blocks(const aecodec_samples *samples, const uint8_t *repetition, uint16_t *values);
