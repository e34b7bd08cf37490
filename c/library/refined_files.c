/* SPDX-License-Identifier: Apache-2.0 */
/* The container of files with refinements (FORMAT, section 13). */
#include <stdlib.h>
#include <string.h>

#include "refined.h"

enum {
    START = 3,      /* bytes of the magic and the version */
    CHECKSUM = 4,
    REFINEMENT = 6, /* that a refinement has at least, up to its number of bounds */
    IS_FOLLOWED = 1,
    HAS_BASE = 2,
    IS_FLOAT = 4,
    FLAGS = 7
};

#define MOST_BOUND (((int64_t)1 << 30) - 1)

/* A position in bytes, and whether reading ran past their end or met an error. */
typedef struct {
    const uint8_t *at;
    size_t left;
    int is_damaged;
} reader;

/* Take bytes; NULL if fewer are left. */
static const uint8_t *take(reader *r, size_t size)
{
    const uint8_t *start = r->at;
    if (r->is_damaged || size > r->left) {
        r->is_damaged = 1;
        return NULL;
    }
    r->at += size;
    r->left -= size;
    return start;
}

static uint32_t take_number(reader *r)
{
    uint64_t value = 0;
    int shift;
    for (shift = 0; shift < 35; shift += 7) {
        const uint8_t *byte = take(r, 1);
        value |= byte ? (uint64_t)(*byte & 0x7fu) << shift : 0;
        if (!byte || *byte < 0x80) {
            r->is_damaged |= (byte && shift && !*byte) || value > UINT32_MAX;
            return (uint32_t)value;
        }
    }
    r->is_damaged = 1;
    return 0;
}

static reader take_block(reader *r)
{
    const uint32_t size = take_number(r);
    reader block = {take(r, size), size, 0};
    block.is_damaged = r->is_damaged;
    return block;
}

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

static void take_bound(reader *r, int is_float, bound *b)
{
    b->error = is_float ? take_double(r) : take_number(r);
    b->unit = is_float ? take_double(r) : 0;
    r->is_damaged |= !(b->unit >= 0 && b->unit <= 2 * b->error && 2 * b->error - 2 * b->error == 0) ||
                     (!is_float && b->error > (double)MOST_BOUND);
}

/* Read a refinement's block. Returns whether it is sound. */
static int read_refinement(reader block, refinement *r)
{
    const uint8_t *head = take(&block, 1 + sizeof r->id), *checksum;
    uint32_t n;
    r->is_followed = head && (head[0] & IS_FOLLOWED);
    r->has_base = head && (head[0] & HAS_BASE);
    r->is_float = head && (head[0] & IS_FLOAT);
    memcpy(r->id, head ? head + 1 : (const uint8_t *)"\0\0\0\0", sizeof r->id);
    r->bound_count = take_number(&block);
    block.is_damaged |= !head || head[0] & ~FLAGS || r->bound_count - 1u >= AECODEC_MAX_BANDS;
    for (n = 0; n < r->bound_count && !block.is_damaged; n++) {
        take_bound(&block, r->is_float, &r->bounds[n]);
    }
    checksum = r->has_base ? take(&block, CHECKSUM) : NULL;
    r->checksum = checksum ? read_u32(checksum) : 0;
    r->messages = block.at;
    r->size = block.left;
    return !block.is_damaged;
}

/* Read a refinement and the checksum behind it, which is that of all bytes before. */
static int take_refinement(reader *r, const uint8_t *file, uint32_t *crc, refinement *to)
{
    const uint8_t *start = r->at, *checksum;
    const int is_sound = read_refinement(take_block(r), to);
    *crc = crc32_of(*crc, start, (size_t)(r->at - start));
    checksum = take(r, CHECKSUM);
    if (!checksum || !is_sound || read_u32(checksum) != *crc) {
        return 0;
    }
    *crc = crc32_of(*crc, checksum, CHECKSUM);
    to->stop = (size_t)(r->at - file);
    return 1;
}

aecodec_status refined_file_read(const uint8_t *file, size_t size, refined_file *parsed)
{
    reader r = {file, size, 0}, base;
    uint32_t crc;
    parsed->base = file;
    parsed->base_size = size;
    parsed->count = 0;
    if (!is_refined(file, size)) {
        return AECODEC_OK;
    }
    take(&r, START);
    base = take_block(&r);
    parsed->base = base.at;
    parsed->base_size = base.left;
    crc = crc32_of(0, file, (size_t)(r.at - file));
    do {
        refinement *to = &parsed->refinements[parsed->count];
        if (parsed->count == AECODEC_MAX_REFINEMENTS || !take_refinement(&r, file, &crc, to) ||
            (parsed->count && !to->has_base)) {
            return AECODEC_DAMAGED;
        }
    } while (parsed->refinements[parsed->count++].is_followed);
    return r.left ? AECODEC_DAMAGED : AECODEC_OK;
}
