/* SPDX-License-Identifier: Apache-2.0 */
/* zlib streams. Private. */
#pragma once

#include "base/common.h"

/* Inflate a zlib stream to exactly size bytes. */
aecodec_status aecodec_zlib_inflate(const uint8_t *stream, size_t stream_size, uint8_t *bytes, size_t size);
/* Write a zlib stream into aecodec_zlib_bound(size) bytes. Returns its size, or 0 without enough memory. */
size_t aecodec_zlib_bound(size_t size);
size_t aecodec_zlib_deflate(const uint8_t *bytes, size_t size, uint8_t *room);
