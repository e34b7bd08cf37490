/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a file that is written, and what a file says beside the fields of version 1. */
#include <stdlib.h>
#include <string.h>

#include "private.h"

enum {
    MAX_HEADER = 32, /* bytes before metadata */
    FLAGS = 7,       /* place of the flags */
    METADATA_FLAG = 0x20,
    CHECKSUM = 4,
    XMP = 3,
    MAX_LETTERS = 16,
    MAX_DIGITS = 12
};

static const uint8_t as_rgb_instruction[] = "<?aec RGB?>";

/* ---- the instruction (FORMAT, section 8) ---- */

static int is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static int is_letter_or_digit(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* The length of " .jpg 1714564800" at the beginning of some bytes; 0 if something else stands there. */
static size_t origin_length(const uint8_t *bytes, size_t size)
{
    size_t at = 2, start;
    if (size < 2 || bytes[0] != ' ' || bytes[1] != '.') {
        return 0;
    }
    while (at < size && at < 2 + MAX_LETTERS && is_letter_or_digit(bytes[at])) {
        at++;
    }
    if (at == 2 || at == size || bytes[at++] != ' ') {
        return 0;
    }
    if (at < size && bytes[at] == '0') {
        return at + 1;
    }
    at += at < size && bytes[at] == '-';
    start = at;
    while (at < size && at < start + MAX_DIGITS && is_digit(bytes[at])) {
        at++;
    }
    return at > start && bytes[start] != '0' ? at : 0;
}

int aecodec_is_shown_as_rgb(const aecodec_header *header)
{
    static const uint8_t beginning[] = "<?aec", end[] = " RGB?>";
    const size_t beginning_size = sizeof beginning - 1, end_size = sizeof end - 1;
    const uint8_t *xmp = header->xmp;
    size_t at = header->xmp_size, stop;
    if (!xmp || at < beginning_size + end_size || memcmp(xmp + at - end_size, end, end_size) != 0) {
        return 0;
    }
    stop = at - end_size;
    while (at > 0 && xmp[at - 1] != '<') {
        at--;
    }
    if (at == 0 || stop < at - 1 + beginning_size || memcmp(xmp + at - 1, beginning, beginning_size) != 0) {
        return 0;
    }
    at += beginning_size - 1;
    return at == stop || at + origin_length(xmp + at, stop - at) == stop;
}

/* ---- writing ---- */

uint8_t *aecodec_buffer_room(buffer *b, size_t more)
{
    size_t needed = b->size + more;
    if (b->status == AECODEC_OK && needed > b->capacity) {
        size_t capacity = needed + needed / 2;
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
    uint8_t *room = aecodec_buffer_room(b, 5);
    if (room) {
        b->size += aecodec_write_number(room, number);
    }
}

/* Append a block of metadata, and with as_rgb an entry, which is the XMP with the instruction alone. */
static void append_metadata(buffer *b, const aecodec_header *header, int as_rgb)
{
    enum { SIZE = sizeof as_rgb_instruction - 1 };
    static const uint8_t beginning[] = {XMP, SIZE};
    aecodec_buffer_append_number(b, (uint32_t)(header->metadata_size + (as_rgb ? sizeof beginning + SIZE : 0)));
    aecodec_buffer_append(b, header->metadata, header->metadata_size);
    if (as_rgb) {
        aecodec_buffer_append(b, beginning, sizeof beginning);
        aecodec_buffer_append(b, as_rgb_instruction, SIZE);
    }
}

void aecodec_buffer_append_header(buffer *b, const aecodec_header *header, int as_rgb)
{
    uint8_t *room = aecodec_buffer_room(b, MAX_HEADER);
    if (!room) {
        return;
    }
    b->size += aecodec_write_header(room, header);
    room[FLAGS] |= header->metadata_size || as_rgb ? METADATA_FLAG : 0;
    if (header->samples) {
        aecodec_buffer_append(b, header->samples, header->samples_size);
    }
    if (header->metadata_size || as_rgb) {
        append_metadata(b, header, as_rgb);
    }
    if (header->mode & 2) {
        aecodec_buffer_append_number(b, (uint32_t)header->alpha_size);
        aecodec_buffer_append(b, header->alpha, header->alpha_size);
    }
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
