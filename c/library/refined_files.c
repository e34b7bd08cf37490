/* SPDX-License-Identifier: Apache-2.0 */
/* The container of files with refinements (FORMAT, section 8). */
#include <stdlib.h>
#include <string.h>

#include "refined.h"

enum {
    START = 3,      /* bytes of the magic and the version */
    CHECKSUM = 4,
    MAX_NUMBER = 5,
    FLAGS_AFTER = MAX_NUMBER + 1, /* bytes behind the base up to the flags of a refinement, at most */
    FLAGS = IS_FOLLOWED | HAS_BASE | IS_FLOAT | IS_ROOT
};

#define MOST_BOUND ((1u << 30) - 1)
#define MOST_ROOT ((1u << 20) - 1)

/* ---- reading ---- */

static int is_refined(const uint8_t *file, size_t size)
{
    return size >= START && file[0] == 0xae && file[1] == 'C' && file[2] == 2;
}

static double take_double(reader *r)
{
    const uint8_t *bytes = take(r, sizeof(double));
    double number = 0;
    if (bytes) { /* bundles are read only where this is the order of bytes */
        memcpy(&number, bytes, sizeof number);
    }
    return number;
}

static void take_float_bound(reader *r, bound *b)
{
    b->error = take_double(r);
    b->unit = take_double(r);
    r->is_damaged |= !(b->unit >= 0 && b->unit <= 2 * b->error && 2 * b->error - 2 * b->error == 0);
}

static void take_integer_bound(reader *r, int is_root, bound *b)
{
    const uint32_t number = take_number(r);
    b->error = is_root ? (double)number / ROOT_UNITS : number;
    b->unit = 0;
    r->is_damaged |= number > (is_root ? MOST_ROOT : MOST_BOUND);
}

/* Read the flags and the id. */
static void take_head(reader *block, refinement *r)
{
    const uint8_t *head = take(block, 1 + ID_SIZE);
    const uint8_t flags = head ? head[0] : 0;
    r->is_followed = (flags & IS_FOLLOWED) != 0;
    r->has_base = (flags & HAS_BASE) != 0;
    r->is_float = (flags & IS_FLOAT) != 0;
    r->is_root = (flags & IS_ROOT) != 0;
    block->is_damaged |= flags > FLAGS || (r->is_float && r->is_root);
    if (head) {
        memcpy(r->id, head + 1, ID_SIZE);
    }
}

/* Read a refinement's block. Returns whether it is sound. */
static int read_refinement(reader block, refinement *r)
{
    const uint8_t *checksum;
    uint32_t n;
    take_head(&block, r);
    r->bound_count = take_number(&block);
    block.is_damaged |= r->bound_count - 1u >= AECODEC_MAX_BANDS;
    for (n = 0; n < r->bound_count && !block.is_damaged; n++) {
        if (r->is_float) {
            take_float_bound(&block, &r->bounds[n]);
        } else {
            take_integer_bound(&block, r->is_root, &r->bounds[n]);
        }
    }
    checksum = r->has_base ? take(&block, CHECKSUM) : NULL;
    r->checksum = checksum ? read_u32(checksum) : 0;
    r->messages = block.at;
    r->size = block.left;
    return !block.is_damaged;
}

/* Read a refinement and the checksum behind it, which is that of all bytes before. */
static aecodec_status take_refinement(reader *r, const uint8_t *file, uint32_t *crc, refinement *to)
{
    const uint8_t *start = r->at, *checksum;
    const reader block = take_block(r);
    const int is_sound = read_refinement(block, to);
    *crc = aecodec_crc32_of(*crc, start, (size_t)(r->at - start));
    checksum = take(r, CHECKSUM);
    if (checksum && read_u32(checksum) != *crc) {
        return AECODEC_BAD_CHECKSUM;
    }
    if (!checksum || !is_sound) {
        return AECODEC_DAMAGED_REFINEMENT;
    }
    *crc = aecodec_crc32_of(*crc, checksum, CHECKSUM);
    to->start = (size_t)(block.at - file);
    to->stop = (size_t)(r->at - file);
    return AECODEC_OK;
}

aecodec_status aecodec_refined_file_read(const uint8_t *file, size_t size, refined_file *parsed)
{
    reader r = {file, size, 0}, base;
    int is_followed = 1;
    uint32_t crc;
    parsed->base = file;
    parsed->base_size = size;
    parsed->count = 0;
    if (!is_refined(file, size)) {
        return AECODEC_OK;
    }
    take(&r, START);
    base = take_block(&r);
    if (base.is_damaged) {
        return AECODEC_DAMAGED_HEADER;
    }
    parsed->base = base.at;
    parsed->base_size = base.left;
    crc = aecodec_crc32_of(0, file, (size_t)(r.at - file));
    while (is_followed) {
        refinement *to = &parsed->refinements[parsed->count];
        const aecodec_status status = parsed->count < AECODEC_MAX_REFINEMENTS ? take_refinement(&r, file, &crc, to)
                                                                              : AECODEC_DAMAGED_REFINEMENT;
        if (status != AECODEC_OK) {
            return status;
        }
        if (parsed->count++ && !to->has_base) {
            return AECODEC_DAMAGED_REFINEMENT;
        }
        is_followed = to->is_followed;
    }
    return r.left ? AECODEC_DAMAGED_REFINEMENT : AECODEC_OK;
}

/* The largest bound of all bands. */
static double largest_error(const refinement *r)
{
    double largest = 0;
    uint32_t n;
    for (n = 0; n < r->bound_count; n++) {
        largest = r->bounds[n].error > largest ? r->bounds[n].error : largest;
    }
    return largest;
}

static aecodec_refinement described(const refinement *r)
{
    aecodec_refinement to = {.max_error = largest_error(r), .bands = r->bound_count, .size = r->size};
    uint32_t n;
    to.is_root = (uint32_t)r->is_root;
    to.has_base = (uint32_t)r->has_base;
    memcpy(to.networks, r->id, ID_SIZE);
    for (n = 0; n < r->bound_count; n++) {
        to.errors[n] = r->bounds[n].error;
    }
    return to;
}

aecodec_status aecodec_file_refinements(const uint8_t *file, size_t size,
                                        aecodec_refinement refinements[AECODEC_MAX_REFINEMENTS], uint32_t *count)
{
    refined_file parsed;
    aecodec_status status = aecodec_refined_file_read(file, size, &parsed);
    uint32_t n;
    if (status != AECODEC_OK) {
        return status;
    }
    for (n = 0; n < parsed.count; n++) {
        refinements[n] = described(&parsed.refinements[n]);
    }
    *count = parsed.count;
    return AECODEC_OK;
}

/* ---- the base ---- */

/* Find the base behind the start of a file, and the flags of the first refinement, if they are there. */
static aecodec_status find_base(reader r, size_t size, const uint8_t **base, size_t *base_size, size_t *needed)
{
    const size_t before = r.left;
    const uint32_t length = take_number(&r);
    const uint8_t *flags;
    if (r.is_damaged) {
        *needed = START + MAX_NUMBER;
        return before < MAX_NUMBER ? AECODEC_INCOMPLETE : AECODEC_DAMAGED_HEADER;
    }
    if (!aecodec_memory_fits((uint64_t)length + START + MAX_NUMBER + FLAGS_AFTER)) {
        return AECODEC_DAMAGED_HEADER;
    }
    *needed = size - r.left + length + FLAGS_AFTER; /* refinements have more bytes */
    *base = take(&r, length);
    *base_size = length;
    if (size < *needed) {
        return AECODEC_INCOMPLETE;
    }
    take_number(&r);
    flags = take(&r, 1);
    if (!flags) {
        return AECODEC_DAMAGED_REFINEMENT;
    }
    return *flags & HAS_BASE ? AECODEC_OK : AECODEC_NO_BASE;
}

aecodec_status aecodec_file_base(const uint8_t *file, size_t size, const uint8_t **base, size_t *base_size,
                                 size_t *needed)
{
    reader r = {file, size, 0};
    *base = file;
    *base_size = *needed = size;
    if (size < START) {
        *needed = START + MAX_NUMBER;
        return AECODEC_INCOMPLETE;
    }
    if (!is_refined(file, size)) {
        return AECODEC_OK;
    }
    take(&r, START);
    return find_base(r, size, base, base_size, needed);
}

/* ---- trimming ---- */

/* Whether no sample exceeds a bound; only bounds of one kind can be compared, except for 0. */
static int guarantees(const refinement *r, double max_error, int is_root)
{
    const double error = largest_error(r);
    return error <= max_error && (r->is_root == is_root || error == 0);
}

static aecodec_status copy_of(const uint8_t *bytes, size_t size, uint8_t **copy)
{
    *copy = malloc(size);
    if (*copy) {
        memcpy(*copy, bytes, size);
    }
    return *copy ? AECODEC_OK : AECODEC_NO_MEMORY;
}

/* Copy a file up to a refinement, which becomes the last one. */
static aecodec_status cut_behind(const uint8_t *file, const refinement *r, uint8_t **trimmed, size_t *size)
{
    const aecodec_status status = copy_of(file, r->stop, trimmed);
    if (status != AECODEC_OK) {
        return status;
    }
    (*trimmed)[r->start] &= (uint8_t)~IS_FOLLOWED;
    *size = aecodec_write_checksum(*trimmed, r->stop - CHECKSUM);
    return AECODEC_OK;
}

aecodec_status aecodec_trim(const uint8_t *file, size_t size, double max_error, int is_root, uint8_t **trimmed,
                            size_t *trimmed_size)
{
    refined_file parsed;
    aecodec_header header;
    aecodec_status status = aecodec_refined_file_read(file, size, &parsed);
    uint32_t n;
    if (status == AECODEC_OK) {
        status = aecodec_read_header(parsed.base, parsed.base_size, &header);
    }
    if (status != AECODEC_OK) {
        return status;
    }
    for (n = 0; max_error >= 0 && n < parsed.count; n++) {
        if (guarantees(&parsed.refinements[n], max_error, is_root)) {
            return cut_behind(file, &parsed.refinements[n], trimmed, trimmed_size);
        }
    }
    if (max_error >= 0) {
        return AECODEC_NOT_GUARANTEED;
    }
    *trimmed_size = parsed.base_size;
    return parsed.count && !parsed.refinements[0].has_base ? AECODEC_NO_BASE
                                                           : copy_of(parsed.base, parsed.base_size, trimmed);
}

/* ---- writing ---- */

static void append_u32(buffer *b, uint32_t number)
{
    uint8_t bytes[4];
    uint32_t n;
    for (n = 0; n < sizeof bytes; n++, number >>= 8) {
        bytes[n] = (uint8_t)number;
    }
    aecodec_buffer_append(b, bytes, sizeof bytes);
}

static void append_bound(buffer *b, const refinement *r, const bound *at)
{
    if (r->is_float) { /* bundles are read only where this is the order of bytes */
        aecodec_buffer_append(b, (const uint8_t *)&at->error, sizeof at->error);
        aecodec_buffer_append(b, (const uint8_t *)&at->unit, sizeof at->unit);
    } else {
        aecodec_buffer_append_number(b, (uint32_t)(r->is_root ? at->error * ROOT_UNITS : at->error));
    }
}

/* The fields before the messages. */
static void append_fields(buffer *b, const refinement *r)
{
    const uint8_t flags = (uint8_t)((r->is_followed ? IS_FOLLOWED : 0) | (r->has_base ? HAS_BASE : 0) |
                                    (r->is_float ? IS_FLOAT : 0) | (r->is_root ? IS_ROOT : 0));
    uint32_t n;
    aecodec_buffer_append(b, &flags, 1);
    aecodec_buffer_append(b, r->id, ID_SIZE);
    aecodec_buffer_append_number(b, r->bound_count);
    for (n = 0; n < r->bound_count; n++) {
        append_bound(b, r, &r->bounds[n]);
    }
    if (r->has_base) {
        append_u32(b, r->checksum);
    }
}

void aecodec_refined_file_begin(buffer *file, const buffer *base)
{
    static const uint8_t start[] = {0xae, 'C', 2};
    if (base->size > UINT32_MAX) {
        file->status = AECODEC_BAD_IMAGE;
    }
    aecodec_buffer_append(file, start, sizeof start);
    aecodec_buffer_append_number(file, (uint32_t)base->size);
    aecodec_buffer_append(file, base->bytes, base->size);
}

void aecodec_refined_file_append(buffer *file, const refinement *r)
{
    buffer fields = {NULL, 0, 0, AECODEC_OK};
    append_fields(&fields, r);
    if (fields.status != AECODEC_OK || fields.size + r->size > UINT32_MAX) {
        file->status = fields.status != AECODEC_OK ? fields.status : AECODEC_BAD_IMAGE;
    }
    aecodec_buffer_append_number(file, (uint32_t)(fields.size + r->size));
    aecodec_buffer_append(file, fields.bytes, fields.size);
    aecodec_buffer_append(file, r->messages, r->size);
    aecodec_buffer_append_checksum(file);
    free(fields.bytes);
}
