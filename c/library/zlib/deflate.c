/* SPDX-License-Identifier: Apache-2.0 */
/* Deflating to zlib streams (RFC 1950 and 1951). A block has the fixed codes, or its own if these take fewer
 * bits; lengths of its own codes are written with 4 bits each. */
#include <stdlib.h>
#include <string.h>

#include "zlib/deflate_codes.h"
#include "zlib/zlib.h"

enum {
    HASH_BITS = 15,
    MAX_CHAIN = 1024, /* matches that are compared */
    BLOCK = 1 << 14,  /* literals and matches of a block, so that code lengths have 4 bits */
    MAX_LENGTH = 15,  /* bits of a code */
    SYMBOLS = LITERALS + 2
};

typedef struct {
    uint16_t length;   /* of a match; otherwise the literal */
    uint16_t distance; /* 1 to 32768; 0 for a literal */
} token;

typedef struct {
    uint32_t frequencies[SYMBOLS];
    uint8_t lengths[SYMBOLS]; /* bits of each symbol; 0 without a code */
    uint16_t codes[SYMBOLS];  /* the last bit first */
} prefix_code;

typedef struct {
    uint8_t *out;
    size_t size;
    uint32_t bits;
    unsigned bit_count;
    token tokens[BLOCK];
    uint32_t count;
    uint32_t last[1 << HASH_BITS]; /* where three bytes last stood: place + 1; 0: nowhere */
    uint32_t before[WINDOW];       /* and before that */
} deflater;

/* ---- prefix codes ---- */

/* Choose lengths by the information of each symbol, and shorten them until the code is complete (C. E.
 * Shannon, 1948). Two symbols or more occur. */
static void choose_lengths(prefix_code *c, uint32_t symbols)
{
    uint32_t total = 0, spare = 1u << MAX_LENGTH;
    for (uint32_t n = 0; n < symbols; n++) {
        total += c->frequencies[n];
    }
    for (uint32_t n = 0; n < symbols; n++) {
        c->lengths[n] = c->frequencies[n] > 0;
        while (c->lengths[n] && (uint64_t)c->frequencies[n] << c->lengths[n] < total) {
            c->lengths[n]++;
        }
        spare -= c->lengths[n] ? 1u << (MAX_LENGTH - c->lengths[n]) : 0;
    }
    for (unsigned length = 2; spare; length = length < MAX_LENGTH ? length + 1 : 2) {
        for (uint32_t n = 0; n < symbols; n++) {
            if (c->lengths[n] == length && 1u << (MAX_LENGTH - length) <= spare) {
                c->lengths[n]--;
                spare -= 1u << (MAX_LENGTH - length);
            }
        }
    }
}

static void number_codes(prefix_code *c, uint32_t symbols)
{
    uint32_t code = 0;
    for (unsigned length = 1; length <= MAX_LENGTH; length++, code <<= 1) {
        for (uint32_t n = 0; n < symbols; n++) {
            if (c->lengths[n] == length) {
                c->codes[n] = 0;
                for (unsigned bit = 0; bit < length; bit++) {
                    c->codes[n] |= (uint16_t)((code >> bit & 1u) << (length - 1 - bit));
                }
                code++;
            }
        }
    }
}

static uint64_t bits_of(const prefix_code *c, uint32_t symbols)
{
    uint64_t bits = 0;
    for (uint32_t n = 0; n < symbols; n++) {
        bits += (uint64_t)c->frequencies[n] * c->lengths[n];
    }
    return bits;
}

/* ---- blocks ---- */

static void put_bits(deflater *d, uint32_t bits, unsigned count)
{
    d->bits |= bits << d->bit_count;
    for (d->bit_count += count; d->bit_count >= 8; d->bit_count -= 8, d->bits >>= 8) {
        d->out[d->size++] = (uint8_t)d->bits;
    }
}

static void put_symbol(deflater *d, const prefix_code *c, uint32_t symbol)
{
    put_bits(d, c->codes[symbol], c->lengths[symbol]);
}

static uint32_t code_of(const uint16_t *bases, uint32_t codes, uint32_t number)
{
    while (bases[codes - 1] > number) {
        codes--;
    }
    return codes - 1;
}

static void count_symbols(const deflater *d, prefix_code *literals, prefix_code *distances)
{
    literals->frequencies[END] = 1;
    distances->frequencies[0] = distances->frequencies[1] = 1; /* a code has two symbols */
    for (uint32_t n = 0; n < d->count; n++) {
        const token *t = &d->tokens[n];
        if (t->distance) {
            literals->frequencies[END + 1 + code_of(length_base, 29, t->length)]++;
            distances->frequencies[code_of(distance_base, DISTANCES, t->distance)]++;
        } else {
            literals->frequencies[t->length]++;
        }
    }
}

/* Put the lengths of both codes, with a code for lengths in which each from 0 to 15 has 4 bits. */
static void put_lengths(deflater *d, prefix_code *literals, prefix_code *distances)
{
    prefix_code plain = {.lengths = {4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4}};
    number_codes(&plain, LENGTH_CODES);
    put_bits(d, LITERALS - END - 1, 5);
    put_bits(d, DISTANCES - 1, 5);
    put_bits(d, LENGTH_CODES - 4, 4);
    for (uint32_t n = 0; n < LENGTH_CODES; n++) {
        put_bits(d, plain.lengths[length_order[n]], 3);
    }
    for (uint32_t n = 0; n < LITERALS + DISTANCES; n++) {
        put_symbol(d, &plain, n < LITERALS ? literals->lengths[n] : distances->lengths[n - LITERALS]);
    }
}

/* Choose the codes that take fewer bits, and put which they are. */
static void begin_block(deflater *d, int is_last, prefix_code *literals, prefix_code *distances)
{
    const uint32_t lengths = 14 + 3 * LENGTH_CODES + 4 * (LITERALS + DISTANCES);
    prefix_code own_literals, own_distances;
    count_symbols(d, literals, distances);
    own_literals = *literals;
    own_distances = *distances;
    choose_lengths(&own_literals, LITERALS);
    choose_lengths(&own_distances, DISTANCES);
    set_fixed_lengths(literals->lengths);
    memset(distances->lengths, 5, DISTANCES);
    if (bits_of(&own_literals, LITERALS) + bits_of(&own_distances, DISTANCES) + lengths <
        bits_of(literals, LITERALS) + bits_of(distances, DISTANCES)) {
        *literals = own_literals;
        *distances = own_distances;
        put_bits(d, (uint32_t)is_last | 4, 3);
        put_lengths(d, literals, distances);
    } else {
        put_bits(d, (uint32_t)is_last | 2, 3);
    }
    number_codes(literals, SYMBOLS);
    number_codes(distances, DISTANCES);
}

static void put_block(deflater *d, int is_last)
{
    prefix_code literals = {.frequencies = {0}}, distances = {.frequencies = {0}};
    begin_block(d, is_last, &literals, &distances);
    for (uint32_t n = 0; n < d->count; n++) {
        const token *t = &d->tokens[n];
        if (t->distance) {
            const uint32_t length = code_of(length_base, 29, t->length);
            const uint32_t distance = code_of(distance_base, DISTANCES, t->distance);
            put_symbol(d, &literals, END + 1 + length);
            put_bits(d, t->length - (uint32_t)length_base[length], length_bits[length]);
            put_symbol(d, &distances, distance);
            put_bits(d, t->distance - (uint32_t)distance_base[distance], distance_bits[distance]);
        } else {
            put_symbol(d, &literals, t->length);
        }
    }
    put_symbol(d, &literals, END);
    d->count = 0;
}

/* ---- matches ---- */

static uint32_t hash_of(const uint8_t *bytes)
{
    const uint32_t three = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16;
    return three * 2654435761u >> (32 - HASH_BITS);
}

/* The longest match at a place; 0 if there is none that is long enough. */
static uint32_t find_match(const deflater *d, const uint8_t *bytes, size_t left, size_t at,
                           uint32_t *distance)
{
    const size_t most = left < LONGEST ? left : LONGEST;
    uint32_t longest = SHORTEST - 1, candidate = left < SHORTEST ? 0 : d->last[hash_of(bytes + at)], next;
    for (unsigned tries = 0; candidate && at + 1 - candidate <= WINDOW && tries < MAX_CHAIN && longest < most;
         tries++) {
        const uint8_t *there = bytes + candidate - 1;
        uint32_t length = 0;
        while (length < most && there[length] == bytes[at + length]) {
            length++;
        }
        if (length > longest) {
            longest = length;
            *distance = (uint32_t)(at + 1 - candidate);
        }
        next = d->before[(candidate - 1) % WINDOW];
        candidate = next < candidate ? next : 0; /* otherwise overwritten since */
    }
    return longest < SHORTEST ? 0 : longest;
}

static void deflate_bytes(deflater *d, const uint8_t *bytes, size_t size)
{
    for (size_t at = 0, stop; at < size;) {
        uint32_t distance = 0, later, length = find_match(d, bytes, size - at, at, &distance);
        if (length && length < LONGEST && find_match(d, bytes, size - at - 1, at + 1, &later) > length) {
            length = distance = 0; /* the next place has a longer one */
        }
        if (d->count == BLOCK) {
            put_block(d, 0);
        }
        d->tokens[d->count++] = (token){(uint16_t)(length ? length : bytes[at]), (uint16_t)distance};
        for (stop = at + (length ? length : 1); at < stop; at++) {
            if (size - at >= SHORTEST) {
                uint32_t *last = &d->last[hash_of(bytes + at)];
                d->before[at % WINDOW] = *last;
                *last = (uint32_t)at + 1;
            }
        }
    }
    put_block(d, 1);
    put_bits(d, 0, 7); /* to the end of the byte */
}

/* ---- streams ---- */

uint8_t *aecodec_zlib_deflate(const uint8_t *bytes, size_t size, size_t *stream_size)
{
    const uint32_t checksum = aecodec_adler32(bytes, size);
    deflater *d = calloc(1, sizeof *d);
    uint8_t *stream = malloc(size + size / 8 + size / 1024 + 32);
    if (d && stream) {
        d->out = stream;
        d->out[d->size++] = 0x78;
        d->out[d->size++] = 0xda;
        deflate_bytes(d, bytes, size);
        for (int shift = 24; shift >= 0; shift -= 8) {
            d->out[d->size++] = (uint8_t)(checksum >> shift);
        }
        *stream_size = d->size;
    } else {
        free(stream);
        stream = NULL;
    }
    free(d);
    return stream;
}
