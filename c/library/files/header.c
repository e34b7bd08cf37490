/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a file that is written. */
#include "files/header.h"

enum {
    MAX_HEADER = 32, /* bytes before metadata */
    FLAGS = 7,       /* place of the flags */
    METADATA_FLAG = 0x20,
    GREY_AS_RGB = 7 /* a kind of metadata without content */
};

/* Bytes of the entries with smaller kinds than this; entries that are damaged are refused when the file is
 * checked. */
static size_t size_before(const aecodec_header *header, uint8_t kind)
{
    reader entries = {header->metadata, header->metadata_size, 0};
    while (entries.left && *entries.at < kind && !entries.is_damaged) {
        take(&entries, 1);
        take_block(&entries);
    }
    return header->metadata_size - entries.left;
}

static void append_metadata(buffer *b, const aecodec_header *header)
{
    static const uint8_t grey_as_rgb[] = {GREY_AS_RGB, 0};
    const size_t more = header->is_grey_as_rgb ? sizeof grey_as_rgb : 0;
    const size_t before = size_before(header, GREY_AS_RGB);
    aecodec_buffer_append_number(b, (uint32_t)(header->metadata_size + more));
    aecodec_buffer_append(b, header->metadata, before);
    aecodec_buffer_append(b, grey_as_rgb, more);
    if (before < header->metadata_size) {
        aecodec_buffer_append(b, header->metadata + before, header->metadata_size - before);
    }
}

void aecodec_buffer_append_header(buffer *b, const aecodec_header *header)
{
    const int has_metadata = header->metadata_size || header->is_grey_as_rgb;
    uint8_t *room = aecodec_buffer_room(b, MAX_HEADER);
    if (!room) {
        return;
    }
    b->size += aecodec_write_header(room, header);
    room[FLAGS] |= has_metadata ? METADATA_FLAG : 0;
    if (header->samples) {
        aecodec_buffer_append(b, header->samples, header->samples_size);
    }
    if (has_metadata) {
        append_metadata(b, header);
    }
    if (header->alpha) {
        aecodec_buffer_append_number(b, (uint32_t)header->alpha_size);
        aecodec_buffer_append(b, header->alpha, header->alpha_size);
    }
}
