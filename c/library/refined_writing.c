/* SPDX-License-Identifier: Apache-2.0 */
/* Writing files with refinements (FORMAT, section 13). */
#include <stdlib.h>
#include <string.h>

#include "refined.h"

static void append_u32(buffer *b, uint32_t number)
{
    uint8_t bytes[4];
    uint32_t n;
    for (n = 0; n < sizeof bytes; n++, number >>= 8) {
        bytes[n] = (uint8_t)number;
    }
    buffer_append(b, bytes, sizeof bytes);
}

static void append_bound(buffer *b, const refinement *r, const bound *at)
{
    if (r->is_float) { /* bundles are read only where this is the order of bytes */
        buffer_append(b, (const uint8_t *)&at->error, sizeof at->error);
        buffer_append(b, (const uint8_t *)&at->unit, sizeof at->unit);
    } else {
        buffer_append_number(b, (uint32_t)(r->is_root ? at->error * ROOT_UNITS : at->error));
    }
}

/* The fields before the messages. */
static void append_fields(buffer *b, const refinement *r)
{
    const uint8_t flags = (uint8_t)((r->is_followed ? IS_FOLLOWED : 0) | (r->has_base ? HAS_BASE : 0) |
                                    (r->is_float ? IS_FLOAT : 0) | (r->is_root ? IS_ROOT : 0));
    uint32_t n;
    buffer_append(b, &flags, 1);
    buffer_append(b, r->id, ID_SIZE);
    buffer_append_number(b, r->bound_count);
    for (n = 0; n < r->bound_count; n++) {
        append_bound(b, r, &r->bounds[n]);
    }
    if (r->has_base) {
        append_u32(b, r->checksum);
    }
}

void refined_file_begin(buffer *file, const buffer *base)
{
    static const uint8_t start[] = {0xae, 'C', 2};
    if (base->size > UINT32_MAX) {
        file->status = AECODEC_BAD_IMAGE;
    }
    buffer_append(file, start, sizeof start);
    buffer_append_number(file, (uint32_t)base->size);
    buffer_append(file, base->bytes, base->size);
}

void refined_file_append(buffer *file, const refinement *r)
{
    buffer fields = {NULL, 0, 0, AECODEC_OK};
    append_fields(&fields, r);
    if (fields.status != AECODEC_OK || fields.size + r->size > UINT32_MAX) {
        file->status = fields.status != AECODEC_OK ? fields.status : AECODEC_BAD_IMAGE;
    }
    buffer_append_number(file, (uint32_t)(fields.size + r->size));
    buffer_append(file, fields.bytes, fields.size);
    buffer_append(file, r->messages, r->size);
    append_u32(file, file->status == AECODEC_OK ? crc32_of(0, file->bytes, file->size) : 0);
    free(fields.bytes);
}
