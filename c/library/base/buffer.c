/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file that is being written. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

enum { CHECKSUM = 4, MAX_NUMBER = 5 };

uint8_t *aecodec_buffer_room(buffer *b, size_t more)
{
    size_t needed = b->size + more;
    if (b->status == AECODEC_OK && needed > b->capacity) {
        size_t capacity = needed > b->capacity * 3 / 2 ? needed : b->capacity * 3 / 2;
        uint8_t *bytes = malloc(capacity);
        if (!bytes) {
            b->status = AECODEC_NO_MEMORY;
            return NULL;
        }
        if (b->size) {
            memcpy(bytes, b->bytes, b->size);
        }
        free(b->bytes);
        b->bytes = bytes;
        b->capacity = capacity;
    }
    return b->status == AECODEC_OK ? b->bytes + b->size : NULL;
}

void aecodec_buffer_append(buffer *b, const uint8_t *bytes, size_t size)
{
    uint8_t *room = aecodec_buffer_room(b, size);
    if (room && size) {
        memcpy(room, bytes, size);
        b->size += size;
    }
}

void aecodec_buffer_append_checksum(buffer *b)
{
    if (aecodec_buffer_room(b, CHECKSUM)) {
        b->size = aecodec_write_checksum(b->bytes, b->size);
    }
}

void aecodec_buffer_append_number(buffer *b, uint32_t number)
{
    uint8_t *room = aecodec_buffer_room(b, MAX_NUMBER);
    if (room) {
        b->size += aecodec_write_number(room, number);
    }
}

void aecodec_buffer_append_bits(buffer *b, uint64_t bits, uint32_t size)
{
    uint8_t bytes[8];
    for (uint32_t n = 0; n < size; n++, bits >>= 8) {
        bytes[n] = (uint8_t)bits;
    }
    aecodec_buffer_append(b, bytes, size);
}

aecodec_status aecodec_buffer_give(buffer *b, uint8_t **file, size_t *size)
{
    if (b->status != AECODEC_OK) {
        free(b->bytes);
        return b->status;
    }
    *file = b->bytes;
    *size = b->size;
    return AECODEC_OK;
}
