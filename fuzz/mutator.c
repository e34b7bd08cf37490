/* SPDX-License-Identifier: Apache-2.0 */
/* Mutator of files: changes fields as fields and the payload as bytes, and makes the checksum right again, so
 * that every input gets past it. */
#include "codec.h"
#include "seal.h"

enum { HEAD = 96, ONE_IN_UNSEALED = 32 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Numbers at the limits of docs/FORMAT.md, and around the lengths of their LEB128. */
static const uint32_t EDGES[] = {
    0,       1,         2,       3,         16,       28,           127,         128,         16383,
    1 << 14, 1 << 20, 0x100001u, 1 << 24, 0x1000001u, 1u << 30, 0x40000001u, 0x7fffffffu, 0xffffffffu,
};

static uint32_t number(uint32_t *state)
{
    uint32_t drawn = next(state);
    return drawn & 1 ? 1 + (drawn >> 1) % 100 : EDGES[(drawn >> 1) % (sizeof EDGES / sizeof *EDGES)];
}

static size_t put_leb128(uint8_t *to, uint32_t value)
{
    size_t size = 0;
    for (; value > 0x7f; value >>= 7) {
        to[size++] = (uint8_t)(value | 0x80);
    }
    to[size++] = (uint8_t)value;
    return size;
}

/* A block of a few bytes, whose length may be a lie. */
static size_t put_block(uint8_t *to, uint32_t *state)
{
    uint32_t size = next(state) % 8, n;
    size_t at = put_leb128(to, next(state) % 8 ? size : number(state));
    for (n = 0; n < size; n++) {
        to[at++] = (uint8_t)(next(state) >> 8);
    }
    return at;
}

/* A block of samples, whose fields may be anything, and whose length may be a lie. */
static size_t put_samples(uint8_t *to, uint32_t *state)
{
    uint32_t size = 2 + next(state) % 24, n;
    size_t at = put_leb128(to, next(state) % 8 ? size : number(state));
    to[at++] = (uint8_t)next(state);
    to[at++] = (uint8_t)(next(state) % 6 | (uint32_t)(CODEC.channels - (next(state) % 8 ? 1 : 0)) << 3);
    for (n = 2; n < size; n++) {
        to[at++] = (uint8_t)(next(state) % 2 ? next(state) % 17 : next(state) >> 8);
    }
    return at;
}

/* The fields after the flags, in the order of docs/FORMAT.md section 1. */
static size_t put_fields(uint8_t *to, uint8_t flags, uint32_t *state)
{
    size_t at = 0;
    if (flags & 0x04) {
        at += put_leb128(to + at, number(state));
        at += put_leb128(to + at, number(state));
    }
    if (flags & 0x08) {
        to[at++] = next(state) % 4 ? CODEC.level : (uint8_t)next(state);
    }
    if (flags & 0x10) {
        at += put_leb128(to + at, number(state));
    }
    if (flags & 0x40) {
        to[at++] = (uint8_t)(next(state) % 70);
    }
    if (flags & 0x80) {
        at += put_samples(to + at, state);
    }
    if (flags & 0x20) {
        at += put_block(to + at, state);
    }
    if (flags & 0x02) {
        at += put_block(to + at, state);
    }
    return at;
}

/* Mostly, codecs with bands get files with samples, and others do not. */
static uint8_t with_bit_of_samples(uint8_t flags, uint32_t *state)
{
    if (next(state) % 8 == 0) {
        return flags;
    }
    return (uint8_t)(CODEC.samples ? (flags | 0x80) & ~0x43 : flags & 0x7f);
}

/* Put new fields in place of the first bytes after the flags. */
static size_t with_new_fields(uint8_t *data, size_t size, size_t max_size, uint32_t *state)
{
    uint8_t head[HEAD], flags = with_bit_of_samples((uint8_t)(next(state) >> 8), state);
    size_t length = put_fields(head, flags, state), body = size - SHORTEST;
    size_t dropped = body ? next(state) % (body < 12 ? body + 1 : 12) : 0, kept = body - dropped;
    if (SHORTEST + length + kept > max_size) {
        return size;
    }
    data[PREFIX - 1] = flags;
    memmove(data + PREFIX + length, data + PREFIX + dropped, kept);
    memcpy(data + PREFIX, head, length);
    return SHORTEST + length + kept;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    uint32_t state = seed | 1u;
    if (max_size < SHORTEST || size < SHORTEST || data[2] == 2) { /* the target corrects files with refinements */
        return LLVMFuzzerMutate(data, size, max_size);
    }
    next(&state);
    if (next(&state) % 4 == 0) {
        size = with_new_fields(data, size, max_size, &state);
    } else {
        size = PREFIX - 1 + LLVMFuzzerMutate(data + PREFIX - 1, size - (PREFIX - 1), max_size - (PREFIX - 1));
    }
    if (size >= SHORTEST && next(&state) % ONE_IN_UNSEALED) {
        seal(data, size, CODEC.id);
    }
    return size;
}
