/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file that is being written. Private. */
#pragma once

#include "base/common.h"

/* The bytes of a file that is being written. After an error, the status stays. */
typedef struct {
    uint8_t *bytes;
    size_t size, capacity;
    aecodec_status status;
} buffer;

/* Add `more` bytes. Returns their address, or NULL without enough memory. */
uint8_t *aecodec_buffer_room(buffer *b, size_t more);
void aecodec_buffer_append(buffer *b, const uint8_t *bytes, size_t size);
void aecodec_buffer_append_checksum(buffer *b);
void aecodec_buffer_append_number(buffer *b, uint32_t number);
/* Append the lowest bytes of a number, the lowest first. */
void aecodec_buffer_append_bits(buffer *b, uint64_t bits, uint32_t size);
/* Give the bytes to the caller, or free them after an error. Returns the status. */
aecodec_status aecodec_buffer_give(buffer *b, uint8_t **file, size_t *size);
