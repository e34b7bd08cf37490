/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a refinement in a file (FORMAT, section 8). */
#include "bounds/refinement.h"

enum { CHECKSUM = 4, LEAST_ENTRY = 1 + CHECKSUM /* bytes of an entry of the index */ };

enum {
    IS_FOLLOWED = 1,
    HAS_BASE = 2,
    IS_DOUBLE = 4,
    IS_ROOT = 8,
    HAS_OFFSETS = 16,
    HAS_INDEX = 32,
    IS_PRIMED = 64,
    HAS_GAP = 128
};

/* ---- reading ---- */

static uint64_t take_u64(reader *r)
{
    const uint8_t *bytes = take(r, 8);
    return bytes ? (uint64_t)read_u32(bytes + 4) << 32 | read_u32(bytes) : 0;
}

static double take_double(reader *r)
{
    return aecodec_sample_number(AECODEC_FLOAT64, take_u64(r));
}

static bound take_double_bound(reader *of_file, const refinement *r)
{
    bound b;
    b.error = take_double(of_file);
    b.unit = take_double(of_file);
    b.offset = r->has_offsets ? (int64_t)take_u64(of_file) : 0;
    of_file->is_damaged |= !(b.error >= 0 && b.unit >= 0 && 2 * b.error - 2 * b.error == 0 &&
                             b.unit - b.unit == 0);
    return b;
}

static bound take_integer_bound(reader *of_file, int is_root)
{
    const uint32_t number = take_number(of_file);
    const bound b = {is_root ? (double)number / ROOT_UNITS : number, 0, 0};
    of_file->is_damaged |= number > (is_root ? MOST_ROOT : MOST_BOUND);
    return b;
}

static bound take_bound(reader *of_file, const refinement *r)
{
    return r->is_double ? take_double_bound(of_file, r) : take_integer_bound(of_file, r->is_root);
}

void aecodec_bounds_read(const refinement *r, bound *bounds)
{
    reader of_file = {r->written, SIZE_MAX, 0};
    for (uint32_t n = 0; n < r->bound_count; n++) {
        bounds[n] = take_bound(&of_file, r);
    }
}

static int take_flags(reader *fields, refinement *r)
{
    const uint8_t flags = take_byte(fields);
    r->is_followed = (flags & IS_FOLLOWED) != 0;
    r->has_base = (flags & HAS_BASE) != 0;
    r->is_double = (flags & IS_DOUBLE) != 0;
    r->is_root = (flags & IS_ROOT) != 0;
    r->has_offsets = (flags & HAS_OFFSETS) != 0;
    r->is_primed = (flags & IS_PRIMED) != 0;
    r->has_gap = (flags & HAS_GAP) != 0;
    fields->is_damaged |= (r->is_primed && r->has_base) || (r->is_double && r->is_root) ||
                          (r->has_offsets && !r->is_double);
    return (flags & HAS_INDEX) != 0;
}

int aecodec_refinement_take(reader *fields, refinement *r)
{
    const int has_index = take_flags(fields, r);
    r->bound_count = take_number(fields);
    fields->is_damaged |= r->bound_count - 1u >= AECODEC_MAX_BANDS;
    r->written = fields->at;
    for (uint32_t n = 0; n < r->bound_count && !fields->is_damaged; n++) {
        take_bound(fields, r);
    }
    const uint8_t *checksum = r->has_base ? take(fields, CHECKSUM) : NULL;
    r->checksum = checksum ? read_u32(checksum) : 0;
    reader choices = take_block(fields);
    r->choices = choices.at;
    r->choices_size = choices.left;
    return has_index;
}

size_t aecodec_index_take(reader *index, uint32_t *checksum)
{
    const size_t size = take_number(index);
    const uint8_t *bytes = take(index, CHECKSUM);
    *checksum = bytes ? read_u32(bytes) : 0;
    return size;
}

uint64_t aecodec_refinement_take_index(reader *fields, refinement *r)
{
    uint64_t total = 0;
    uint32_t ignored;
    r->messages = take_number(fields);
    r->index = fields->at;
    fields->is_damaged |= r->messages < 2 || r->messages > fields->left / LEAST_ENTRY;
    for (uint32_t n = 0; n < r->messages && !fields->is_damaged; n++) {
        total += aecodec_index_take(fields, &ignored);
    }
    return total;
}

double aecodec_largest_error(const refinement *r, bound *bounds)
{
    double largest = 0;
    aecodec_bounds_read(r, bounds);
    for (uint32_t n = 0; n < r->bound_count; n++) {
        largest = bounds[n].error > largest ? bounds[n].error : largest;
    }
    return largest;
}

/* ---- writing ---- */

static void append_bound(buffer *b, const refinement *r, const bound *at)
{
    if (!r->is_double) {
        aecodec_buffer_append_number(b, (uint32_t)(r->is_root ? at->error * ROOT_UNITS : at->error));
        return;
    }
    aecodec_buffer_append_bits(b, aecodec_to_sample_bits(AECODEC_FLOAT64, at->error), sizeof(double));
    aecodec_buffer_append_bits(b, aecodec_to_sample_bits(AECODEC_FLOAT64, at->unit), sizeof(double));
    if (r->has_offsets) {
        aecodec_buffer_append_bits(b, (uint64_t)at->offset, sizeof at->offset);
    }
}

static void append_fields(buffer *b, const refinement *r)
{
    const uint8_t flags = (uint8_t)((r->is_followed ? IS_FOLLOWED : 0) | (r->has_base ? HAS_BASE : 0) |
                                    (r->is_double ? IS_DOUBLE : 0) | (r->is_root ? IS_ROOT : 0) |
                                    (r->has_offsets ? HAS_OFFSETS : 0) | (r->messages > 1 ? HAS_INDEX : 0) |
                                    (r->is_primed ? IS_PRIMED : 0) | (r->has_gap ? HAS_GAP : 0));
    aecodec_buffer_append(b, &flags, 1);
    aecodec_buffer_append_number(b, r->bound_count);
    for (uint32_t n = 0; n < r->bound_count; n++) {
        append_bound(b, r, &r->bounds[n]);
    }
    if (r->has_base) {
        aecodec_buffer_append_bits(b, r->checksum, CHECKSUM);
    }
    aecodec_buffer_append_number(b, (uint32_t)r->choices_size);
    aecodec_buffer_append(b, r->choices, r->choices_size);
}

static uint64_t append_index(buffer *b, const refinement *r, const coded_message *messages)
{
    uint64_t total = CHECKSUM;
    aecodec_buffer_append_number(b, r->messages);
    for (uint32_t n = 0; n < r->messages; n++) {
        aecodec_buffer_append_number(b, (uint32_t)messages[n].size);
        aecodec_buffer_append_bits(b, aecodec_crc32_of(0, messages[n].bytes, messages[n].size), CHECKSUM);
        total += messages[n].size;
    }
    return total;
}

uint64_t aecodec_refinement_append(buffer *b, const refinement *r, const coded_message *messages)
{
    append_fields(b, r);
    return r->messages > 1 ? append_index(b, r, messages) : messages[0].size;
}

void aecodec_refinement_end(uint8_t *fields)
{
    *fields &= (uint8_t)~IS_FOLLOWED;
}
