/* SPDX-License-Identifier: Apache-2.0 */
/* zlib streams. Private. */
#pragma once

#include "base/common.h"

/* Inflate a zlib stream to exactly size bytes. */
aecodec_status aecodec_zlib_inflate(const uint8_t *stream, size_t stream_size, uint8_t *bytes, size_t size);
/* Deflate to a zlib stream, which the caller frees. NULL without enough memory. */
uint8_t *aecodec_zlib_deflate(const uint8_t *bytes, size_t size, size_t *stream_size);
