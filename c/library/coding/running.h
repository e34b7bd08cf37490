/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of a codec on all windows. Private. */
#pragma once

#include "codec_files/bundle.h"

/* Minimum number of windows of a picture, so that all threads have work. */
uint32_t aecodec_parts_for(const aecodec_bundle *bundle, const aecodec_execution *execution, uint32_t width,
                           uint32_t height);
