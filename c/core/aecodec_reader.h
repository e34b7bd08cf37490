/* SPDX-License-Identifier: Apache-2.0 */
/* Reading bytes that may be damaged: numbers and blocks (docs/FORMAT.md, section 1). Private. */
#ifndef AECODEC_READER_H
#define AECODEC_READER_H

#include <stddef.h>
#include <stdint.h>

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* fuzzers get past checksums and hashes */
enum { HAS_CHECKSUMS = 0 };
#else
enum { HAS_CHECKSUMS = 1 };
#endif

static inline uint32_t read_u16(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static inline uint32_t read_u32(const uint8_t *at)
{
    return read_u16(at) | read_u16(at + 2) << 16;
}

/* The bytes that are left, and whether reading ran past their end or met an error. */
typedef struct {
    const uint8_t *at;
    size_t left;
    int is_damaged;
} reader;

/* Take bytes; NULL if fewer are left. */
static inline const uint8_t *take(reader *r, size_t size)
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

/* Take a byte; 0 at the end. */
static inline uint8_t take_byte(reader *r)
{
    const uint8_t *byte = take(r, 1);
    return byte ? *byte : 0;
}

/* Unsigned LEB128 in its shortest form, below 2^32: no field has larger numbers. */
static inline uint32_t take_number(reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = take_byte(r);
        value |= (uint64_t)(byte & 0x7fu) << shift;
        if (byte < 0x80) {
            r->is_damaged |= (shift && !byte) || value > UINT32_MAX;
            return (uint32_t)value;
        }
    }
    r->is_damaged = 1;
    return 0;
}

/* Take a number of bytes, and as many bytes. */
static inline reader take_block(reader *r)
{
    const uint32_t size = take_number(r);
    const uint8_t *start = take(r, size);
    const reader block = {start, start ? size : 0, r->is_damaged};
    return block;
}

#endif
