/* SPDX-License-Identifier: Apache-2.0 */
/* Checksums. Private. */
#pragma once

#include "base/common.h"

/* The CRC-32 of bytes that follow other bytes, whose CRC-32 is `before`; 0 if there are none. */
uint32_t aecodec_crc32_of(uint32_t before, const uint8_t *bytes, size_t size);
