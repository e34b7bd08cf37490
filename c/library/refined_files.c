/* SPDX-License-Identifier: Apache-2.0 */
/* The container of files with refinements (FORMAT, section 8). */
#include <stdlib.h>
#include <string.h>

#include "opened_file.h"

enum {
    START = 3,      /* bytes of the magic and the version */
    CHECKSUM = 4,
    MAX_NUMBER = 5,
    LEAST_ENTRY = 1 + CHECKSUM /* bytes of an entry of the index */
};

/* ---- reading ---- */

enum { WITH_BASE = 2, WITHOUT_BASE = 3 /* versions */ };

static int is_refined(const uint8_t *file, size_t size)
{
    return size >= START && file[0] == 0xae && file[1] == 'C' && (file[2] == WITH_BASE || file[2] == WITHOUT_BASE);
}

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
    of_file->is_damaged |= !(b.error >= 0 && b.unit >= 0 && 2 * b.error - 2 * b.error == 0 && b.unit - b.unit == 0);
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
    fields->is_damaged |= (r->is_primed && r->has_base) || (r->is_double && r->is_root) || (r->has_offsets && !r->is_double);
    return (flags & HAS_INDEX) != 0;
}

/* Read the fields before the index. Returns whether there is one. */
static int take_fields(reader *fields, refinement *r)
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

/* Read the index. Returns the bytes of all messages. */
static uint64_t take_index(reader *fields, refinement *r)
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

/* Where a file is read, and the checksum of the bytes before `summed`. */
typedef struct {
    reader rest;
    const uint8_t *file, *summed;
    uint32_t crc;
} scan;

static void sum_up_to(scan *s, const uint8_t *stop)
{
    s->crc = aecodec_crc32_of(s->crc, s->summed, (size_t)(stop - s->summed));
    s->summed = stop;
}

/* Take the checksum of all bytes before it. */
static aecodec_status take_checksum(scan *s, reader *from, refinement *r)
{
    const uint8_t *checksum = take(from, CHECKSUM);
    if (!checksum) {
        return AECODEC_DAMAGED_REFINEMENT;
    }
    sum_up_to(s, checksum);
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
    if (!take_fields(&fields, r)) {
        total = (uint64_t)size - (uint64_t)(fields.at - s->rest.at);
    } else {
        total = take_index(&fields, r);
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
        status = parsed->count < AECODEC_MAX_REFINEMENTS ? take_refinement(&s, to) : AECODEC_DAMAGED_REFINEMENT;
        if (status == AECODEC_OK && to->has_base != (parsed->count++ || parsed->has_base)) {
            status = AECODEC_DAMAGED_REFINEMENT;
        }
        is_followed = status == AECODEC_OK && to->is_followed;
    }
    return status == AECODEC_OK && s.rest.left ? AECODEC_DAMAGED_REFINEMENT : status;
}

/* ---- the head of a file ---- */

enum { FEWEST = 1 << 12 /* bytes that are worth a call */ };

/* The bytes up to the messages, as far as they are known from too few; more than there are. */
static uint64_t estimated(const uint8_t *head, size_t size, const refinement *first)
{
    reader r = {head, size, 0};
    if (first->index) {
        return (uint64_t)(first->index - head) + (uint64_t)first->messages * (LEAST_ENTRY + 2) + FEWEST;
    }
    take(&r, START);
    uint32_t length = take_number(&r);
    return (r.is_damaged ? size : (uint64_t)(r.at - head) + length) + FEWEST;
}

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

aecodec_status aecodec_refined_head_read(const uint8_t *head, size_t size, uint64_t file_size, refined_file *parsed,
                                         size_t *needed)
{
    scan s = {{head, size, 0}, head, head, 0};
    refinement *first = &parsed->refinements[0];
    first->index = NULL;
    if (size >= START && !is_refined(head, size)) {
        return head[0] != 0xae || head[1] != 'C' ? AECODEC_NOT_AEC
               : head[2] == 1                    ? AECODEC_NO_WINDOWS
                                                 : AECODEC_OTHER_VERSION;
    }
    parsed->count = 1;
    aecodec_status status = read_head(&s, parsed);
    if (s.rest.is_damaged && size < file_size) {
        uint64_t more = estimated(head, size, first);
        more = more > (uint64_t)size + FEWEST ? more : (uint64_t)size + FEWEST;
        *needed = (size_t)(more < file_size ? more : file_size);
        return AECODEC_INCOMPLETE;
    }
    if (status == AECODEC_OK && !first->is_followed &&
        (uint64_t)(s.rest.at - head) + (first->index ? first->size : 0) != file_size) {
        return AECODEC_DAMAGED_REFINEMENT;
    }
    return status;
}

static double largest_error(const refinement *r, bound *bounds)
{
    double largest = 0;
    aecodec_bounds_read(r, bounds);
    for (uint32_t n = 0; n < r->bound_count; n++) {
        largest = bounds[n].error > largest ? bounds[n].error : largest;
    }
    return largest;
}

static void describe(const refinement *r, aecodec_refinement *to)
{
    bound bounds[AECODEC_MAX_BANDS];
    memset(to, 0, sizeof *to);
    to->max_error = largest_error(r, bounds);
    to->bands = r->bound_count;
    to->size = r->size;
    to->is_root = (uint32_t)r->is_root;
    to->has_base = (uint32_t)r->has_base;
    for (uint32_t n = 0; n < r->bound_count; n++) {
        to->errors[n] = bounds[n].error;
    }
}

aecodec_status aecodec_file_refinements(const uint8_t *file, size_t size,
                                        aecodec_refinement refinements[AECODEC_MAX_REFINEMENTS], uint32_t *count)
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

/* ---- the base ---- */

static aecodec_status find_base(reader r, size_t size, const uint8_t **base, size_t *base_size, size_t *needed)
{
    const size_t before = r.left;
    const uint32_t length = take_number(&r);
    if (r.is_damaged) {
        *needed = START + MAX_NUMBER;
        return before < MAX_NUMBER ? AECODEC_INCOMPLETE : AECODEC_DAMAGED_HEADER;
    }
    if (!aecodec_memory_fits((uint64_t)length + START + MAX_NUMBER)) {
        return AECODEC_DAMAGED_HEADER;
    }
    *needed = size - r.left + length;
    *base = take(&r, length);
    *base_size = length;
    return *base ? AECODEC_OK : AECODEC_INCOMPLETE;
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
    if (file[2] == WITHOUT_BASE) {
        return AECODEC_NO_BASE;
    }
    take(&r, START);
    return find_base(r, size, base, base_size, needed);
}

/* ---- trimming ---- */

/* Whether no sample exceeds a bound; only bounds of one kind can be compared, except for 0. */
static int guarantees(const refinement *r, double max_error, int is_root)
{
    bound bounds[AECODEC_MAX_BANDS];
    const double error = largest_error(r, bounds);
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

/* Copy a file up to a refinement, which becomes the last one, and write its checksum again. */
static aecodec_status cut_behind(const uint8_t *file, const refinement *r, uint8_t **trimmed, size_t *size)
{
    const aecodec_status status = copy_of(file, r->stop, trimmed);
    if (status != AECODEC_OK) {
        return status;
    }
    (*trimmed)[r->start] &= (uint8_t)~IS_FOLLOWED;
    aecodec_write_checksum(*trimmed, r->checksum_at);
    *size = r->stop;
    return AECODEC_OK;
}

aecodec_status aecodec_trim(const uint8_t *file, size_t size, double max_error, int is_root, uint8_t **trimmed,
                            size_t *trimmed_size)
{
    opened_file f;
    const refined_file *parsed = &f.refined;
    const aecodec_status status = aecodec_file_parse(file, size, &f);
    if (status != AECODEC_OK) {
        return status;
    }
    for (uint32_t n = 0; max_error >= 0 && n < parsed->count; n++) {
        if (guarantees(&parsed->refinements[n], max_error, is_root)) {
            return cut_behind(file, &parsed->refinements[n], trimmed, trimmed_size);
        }
    }
    if (max_error >= 0) {
        return AECODEC_NOT_GUARANTEED;
    }
    *trimmed_size = parsed->base_size;
    return f.has_base ? copy_of(parsed->base, parsed->base_size, trimmed) : AECODEC_NO_BASE;
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

/* Append the index. Returns the bytes that follow it. */
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
    uint64_t total = messages[0].size;
    append_fields(&fields, r);
    if (r->messages > 1) {
        total = append_index(&fields, r, messages);
    }
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
