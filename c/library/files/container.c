/* SPDX-License-Identifier: Apache-2.0 */
/* The container of files with refinements (FORMAT, section 8). */
#include <stdlib.h>
#include <string.h>

#include "files/container.h"

enum { START = 3 /* bytes of the magic and the version */, CHECKSUM = 4 };

/* ---- reading ---- */

enum { WITH_BASE = 2, WITHOUT_BASE = 3 /* versions */ };

static int is_refined(const uint8_t *file, size_t size)
{
    return size >= START && file[0] == 0xae && file[1] == 'C' &&
           (file[2] == WITH_BASE || file[2] == WITHOUT_BASE);
}

/* Where a file is read, and the checksum of the bytes before `summed`. */
typedef struct {
    reader rest;
    const uint8_t *file, *summed;
    uint32_t crc;
} scan;

/* Take the checksum of all bytes before it. */
static aecodec_status take_checksum(scan *s, reader *from, refinement *r)
{
    const uint8_t *checksum = take(from, CHECKSUM);
    if (!checksum) {
        return AECODEC_DAMAGED_REFINEMENT;
    }
    s->crc = aecodec_crc32_of(s->crc, s->summed, (size_t)(checksum - s->summed));
    s->summed = checksum;
    r->checksum_at = (size_t)(checksum - s->file);
    return HAS_CHECKSUMS && read_u32(checksum) != s->crc ? AECODEC_BAD_CHECKSUM : AECODEC_OK;
}

/* Read a refinement up to its messages: the size of its block, its fields, its index and the checksum. */
static aecodec_status take_head(scan *s, refinement *r)
{
    const uint32_t size = take_number(&s->rest);
    reader fields = s->rest;
    aecodec_status status = AECODEC_OK;
    uint64_t total;
    memset(r, 0, sizeof *r);
    r->start = (size_t)(fields.at - s->file);
    r->messages = 1;
    if (!aecodec_refinement_take(&fields, r)) {
        total = (uint64_t)size - (uint64_t)(fields.at - s->rest.at);
    } else {
        total = aecodec_refinement_take_index(&fields, r);
        status = take_checksum(s, &fields, r);
    }
    r->content = fields.at;
    r->size = (size_t)total;
    if (status == AECODEC_OK && !fields.is_damaged && total + (uint64_t)(fields.at - s->rest.at) != size) {
        status = AECODEC_DAMAGED_REFINEMENT;
    }
    s->rest = fields;
    return fields.is_damaged ? AECODEC_DAMAGED_REFINEMENT : status;
}

static aecodec_status check_messages(const refinement *r)
{
    reader index = {r->index, SIZE_MAX, 0}, content = {r->content, r->size, 0};
    uint32_t checksum;
    for (uint32_t n = 0; n < r->messages; n++) {
        const size_t size = aecodec_index_take(&index, &checksum);
        const uint8_t *message = take(&content, size);
        if (!message || (HAS_CHECKSUMS && aecodec_crc32_of(0, message, size) != checksum)) {
            return AECODEC_BAD_CHECKSUM;
        }
    }
    return AECODEC_OK;
}

static aecodec_status take_refinement(scan *s, refinement *r)
{
    aecodec_status status = take_head(s, r);
    if (status == AECODEC_OK && !take(&s->rest, r->size)) {
        status = AECODEC_DAMAGED_REFINEMENT;
    }
    if (status == AECODEC_OK) {
        status = r->index ? check_messages(r) : take_checksum(s, &s->rest, r);
    }
    r->stop = (size_t)(s->rest.at - s->file);
    return status;
}

static aecodec_status take_base(scan *s, refined_file *parsed)
{
    take(&s->rest, START);
    reader base = take_block(&s->rest);
    parsed->base = base.at;
    parsed->base_size = base.left;
    parsed->has_base = !base.is_damaged && s->file[2] == WITH_BASE;
    return base.is_damaged ? AECODEC_DAMAGED_HEADER : AECODEC_OK;
}

aecodec_status aecodec_refined_file_read(const uint8_t *file, size_t size, refined_file *parsed)
{
    scan s = {{file, size, 0}, file, file, 0};
    int is_followed = 1;
    parsed->base = file;
    parsed->base_size = size;
    parsed->count = 0;
    parsed->has_base = 1;
    if (!is_refined(file, size)) {
        return AECODEC_OK;
    }
    aecodec_status status = take_base(&s, parsed);
    while (is_followed && status == AECODEC_OK) {
        refinement *to = &parsed->refinements[parsed->count];
        status = parsed->count < AECODEC_MAX_REFINEMENTS ? take_refinement(&s, to)
                                                         : AECODEC_DAMAGED_REFINEMENT;
        if (status == AECODEC_OK && to->has_base != (parsed->count++ || parsed->has_base)) {
            status = AECODEC_DAMAGED_REFINEMENT;
        }
        is_followed = status == AECODEC_OK && to->is_followed;
    }
    return status == AECODEC_OK && s.rest.left ? AECODEC_DAMAGED_REFINEMENT : status;
}

/* ---- the head of a file ---- */

enum { FEWEST = 1 << 12 /* bytes that are worth a call */ };

static aecodec_status read_head(scan *s, refined_file *parsed)
{
    refinement *first = &parsed->refinements[0];
    aecodec_status status = take_base(s, parsed);
    status = status == AECODEC_OK ? take_head(s, first) : status;
    if (status == AECODEC_OK && first->has_base != parsed->has_base) {
        status = AECODEC_DAMAGED_REFINEMENT;
    }
    if (status == AECODEC_OK && !first->index) {
        status = take(&s->rest, first->size) ? take_checksum(s, &s->rest, first) : AECODEC_DAMAGED_REFINEMENT;
    }
    return status;
}

aecodec_status aecodec_refined_head_read(const uint8_t *head, size_t size, uint64_t file_size,
                                         refined_file *parsed, size_t *needed)
{
    scan s = {{head, size, 0}, head, head, 0};
    refinement *first = &parsed->refinements[0];
    if (size >= START && !is_refined(head, size)) {
        return head[0] != 0xae || head[1] != 'C' ? AECODEC_NOT_AEC
               : head[2] == 1                    ? AECODEC_NO_WINDOWS
                                                 : AECODEC_OTHER_VERSION;
    }
    parsed->count = 1;
    aecodec_status status = read_head(&s, parsed);
    if (s.rest.is_damaged && size < file_size) {
        const uint64_t more = 2 * (uint64_t)(size > FEWEST ? size : FEWEST);
        *needed = (size_t)(more < file_size ? more : file_size);
        return AECODEC_INCOMPLETE;
    }
    if (status == AECODEC_OK && !first->is_followed &&
        (uint64_t)(s.rest.at - head) + (first->index ? first->size : 0) != file_size) {
        return AECODEC_DAMAGED_REFINEMENT;
    }
    return status;
}

static void describe(const refinement *r, aecodec_refinement *to)
{
    bound bounds[AECODEC_MAX_BANDS];
    memset(to, 0, sizeof *to);
    to->max_error = aecodec_largest_error(r, bounds);
    to->bands = r->bound_count;
    to->size = r->size;
    to->is_root = (uint32_t)r->is_root;
    to->has_base = (uint32_t)r->has_base;
    for (uint32_t n = 0; n < r->bound_count; n++) {
        to->errors[n] = bounds[n].error;
    }
}

aecodec_status aecodec_file_refinements(const uint8_t *file, size_t size,
                                        aecodec_refinement refinements[AECODEC_MAX_REFINEMENTS],
                                        uint32_t *count)
{
    refined_file parsed;
    aecodec_status status = aecodec_refined_file_read(file, size, &parsed);
    if (status != AECODEC_OK) {
        return status;
    }
    for (uint32_t n = 0; n < parsed.count; n++) {
        describe(&parsed.refinements[n], &refinements[n]);
    }
    *count = parsed.count;
    return AECODEC_OK;
}

/* ---- writing ---- */

void aecodec_refined_file_begin(buffer *file, const buffer *base, int has_base)
{
    const uint8_t start[START] = {0xae, 'C', has_base ? WITH_BASE : WITHOUT_BASE};
    const size_t size = has_base ? base->size : base->size - START - CHECKSUM;
    if (base->size > UINT32_MAX) {
        file->status = AECODEC_BAD_IMAGE;
    }
    aecodec_buffer_append(file, start, sizeof start);
    aecodec_buffer_append_number(file, (uint32_t)size);
    aecodec_buffer_append(file, base->bytes + (has_base ? 0 : START), size);
}

/* Append messages and free them, so that there is memory for the file. */
static void append_messages(buffer *file, const refinement *r, coded_message *messages)
{
    for (uint32_t n = 0; n < r->messages; n++) {
        aecodec_buffer_append(file, messages[n].bytes, messages[n].size);
        free(messages[n].bytes);
        messages[n].bytes = NULL;
    }
}

void aecodec_refined_file_append(buffer *file, const refinement *r, coded_message *messages)
{
    buffer fields = {NULL, 0, 0, AECODEC_OK};
    const uint64_t total = aecodec_refinement_append(&fields, r, messages);
    if (fields.status != AECODEC_OK || fields.size + total > UINT32_MAX) {
        file->status = fields.status != AECODEC_OK ? fields.status : AECODEC_BAD_IMAGE;
    }
    aecodec_buffer_append_number(file, (uint32_t)(fields.size + total));
    aecodec_buffer_room(file, (size_t)(fields.size + total + CHECKSUM));
    aecodec_buffer_append(file, fields.bytes, fields.size);
    if (r->messages > 1) {
        aecodec_buffer_append_checksum(file);
    }
    append_messages(file, r, messages);
    if (r->messages == 1) {
        aecodec_buffer_append_checksum(file);
    }
    free(fields.bytes);
}
