/* SPDX-License-Identifier: Apache-2.0 */
/* zlib streams of alpha planes and masks (RFC 1950 and 1951), which are inflated whole, into memory of their
 * exact size. */
#include <stdlib.h>
#include <string.h>

#include "zlib/deflate_codes.h"
#include "zlib/zlib.h"

enum { MAX_BITS = 15, CHECKSUM = 4 };

uint32_t aecodec_adler32(const uint8_t *bytes, size_t size)
{
    uint32_t a = 1, b = 0;
    for (size_t n = 0; n < size; n++) {
        a += bytes[n];
        b += a;
        if (n % 4096 == 4095) { /* before b can overflow */
            a %= 65521;
            b %= 65521;
        }
    }
    return b % 65521 << 16 | a % 65521;
}

/* ---- inflating ---- */

/* A canonical prefix code: how many symbols there are of each length, and the symbols in their order. */
typedef struct {
    uint16_t count[MAX_BITS + 1];
    uint16_t symbols[LITERALS + 2];
} prefix_code;

/* Bits of a stream, and the bytes that they make. An error sticks. */
typedef struct {
    const uint8_t *in;
    size_t in_size, in_at;
    uint32_t bits;
    unsigned count; /* of bits */
    uint8_t *out;
    size_t out_size, out_at;
    int is_damaged;
    prefix_code fixed_literals, fixed_distances;
} inflater;

static uint32_t take_bits(inflater *s, unsigned count)
{
    while (s->count < count) {
        if (s->in_at == s->in_size) {
            s->is_damaged = 1;
            return 0;
        }
        s->bits |= (uint32_t)s->in[s->in_at++] << s->count;
        s->count += 8;
    }
    uint32_t taken = s->bits & ((1u << count) - 1);
    s->bits >>= count;
    s->count -= count;
    return taken;
}

/* Make a code of the lengths of its symbols. Returns whether it is complete; a code of one symbol of length
 * 1, or of none, need not be. */
static int make_code(prefix_code *code, const uint8_t *lengths, unsigned symbols)
{
    uint16_t next[MAX_BITS + 2];
    int32_t left = 1;
    memset(code->count, 0, sizeof code->count);
    for (unsigned n = 0; n < symbols; n++) {
        code->count[lengths[n]]++;
    }
    next[1] = 0;
    for (unsigned n = 1; n <= MAX_BITS; n++) {
        left = 2 * left - code->count[n];
        if (left < 0) {
            return 0;
        }
        next[n + 1] = (uint16_t)(next[n] + code->count[n]);
    }
    for (unsigned n = 0; n < symbols; n++) {
        if (lengths[n]) {
            code->symbols[next[lengths[n]]++] = (uint16_t)n;
        }
    }
    return left == 0 || (code->count[0] + code->count[1] == (int)symbols && code->count[1] <= 1);
}

static unsigned take_symbol(inflater *s, const prefix_code *code)
{
    int32_t word = 0, first = 0, index = 0;
    for (unsigned length = 1; length <= MAX_BITS && !s->is_damaged; length++) {
        int32_t count = code->count[length];
        word |= (int32_t)take_bits(s, 1);
        if (word - count < first) {
            return code->symbols[index + word - first];
        }
        index += count;
        first = (first + count) << 1;
        word <<= 1;
    }
    s->is_damaged = 1;
    return END;
}

static void put_byte(inflater *s, uint8_t byte)
{
    if (s->out_at == s->out_size) {
        s->is_damaged = 1;
    } else {
        s->out[s->out_at++] = byte;
    }
}

/* Copy what is some bytes before, which may be what is copied. */
static void repeat(uint8_t *to, size_t distance, size_t length)
{
    const uint8_t *from = to - distance;
    if (distance == 1) { /* masks and alpha are mostly uniform */
        memset(to, *from, length);
        return;
    }
    for (size_t n = 0; n < length; n++) {
        to[n] = from[n];
    }
}

static void copy_match(inflater *s, unsigned symbol, const prefix_code *distances)
{
    if (symbol - END - 1 >= 29) {
        s->is_damaged = 1;
        return;
    }
    symbol -= END + 1;
    unsigned length = length_base[symbol] + take_bits(s, length_bits[symbol]);
    unsigned code = take_symbol(s, distances);
    if (code >= DISTANCES || s->is_damaged) {
        s->is_damaged = 1;
        return;
    }
    size_t distance = distance_base[code] + take_bits(s, distance_bits[code]);
    if (distance > s->out_at || length > s->out_size - s->out_at) {
        s->is_damaged = 1;
        return;
    }
    repeat(s->out + s->out_at, distance, length);
    s->out_at += length;
}

static void inflate_coded(inflater *s, const prefix_code *literals, const prefix_code *distances)
{
    unsigned symbol;
    while (!s->is_damaged && (symbol = take_symbol(s, literals)) != END) {
        if (symbol < END) {
            put_byte(s, (uint8_t)symbol);
        } else {
            copy_match(s, symbol, distances);
        }
    }
}

static void inflate_stored(inflater *s)
{
    s->bits = s->count = 0; /* up to the end of the byte: no whole byte waits here */
    uint32_t length = take_bits(s, 16);
    uint32_t complement = take_bits(s, 16);
    s->is_damaged |= (length ^ complement) != 0xffff;
    if (s->is_damaged || length > s->in_size - s->in_at || length > s->out_size - s->out_at) {
        s->is_damaged = 1;
        return;
    }
    memcpy(s->out + s->out_at, s->in + s->in_at, length);
    s->in_at += length;
    s->out_at += length;
}

/* Once for all blocks, of which 10 bits can make one. */
static void make_fixed_codes(inflater *s)
{
    uint8_t lengths[LITERALS + 2];
    set_fixed_lengths(lengths);
    make_code(&s->fixed_literals, lengths, LITERALS + 2);
    memset(lengths, 5, DISTANCES);
    make_code(&s->fixed_distances, lengths, DISTANCES);
}

static void read_lengths(inflater *s, const prefix_code *code, uint8_t *lengths, unsigned count)
{
    unsigned n = 0;
    while (n < count && !s->is_damaged) {
        unsigned symbol = take_symbol(s, code), repeat = 1;
        uint8_t length = (uint8_t)symbol;
        if (symbol >= 16) {
            repeat = symbol == 16   ? 3 + take_bits(s, 2)
                     : symbol == 17 ? 3 + take_bits(s, 3)
                                    : 11 + take_bits(s, 7);
            length = symbol == 16 && n ? lengths[n - 1] : 0;
            s->is_damaged |= symbol == 16 && n == 0;
        }
        if (symbol > 18 || repeat > count - n) {
            s->is_damaged = 1;
            return;
        }
        memset(lengths + n, length, repeat);
        n += repeat;
    }
}

static void inflate_dynamic(inflater *s)
{
    unsigned literal_count = 257 + take_bits(s, 5), distance_count = 1 + take_bits(s, 5);
    unsigned code_count = 4 + take_bits(s, 4);
    uint8_t lengths[LITERALS + 2 + 32];
    prefix_code literals, distances;
    memset(lengths, 0, sizeof lengths);
    for (unsigned n = 0; n < code_count; n++) {
        lengths[length_order[n]] = (uint8_t)take_bits(s, 3);
    }
    if (s->is_damaged || literal_count > LITERALS || distance_count > DISTANCES ||
        !make_code(&literals, lengths, LENGTH_CODES) || literals.count[0] >= LENGTH_CODES - 1) {
        s->is_damaged = 1;
        return;
    }
    memset(lengths, 0, sizeof lengths);
    read_lengths(s, &literals, lengths, literal_count + distance_count);
    if (s->is_damaged || !lengths[END] || !make_code(&literals, lengths, literal_count) ||
        !make_code(&distances, lengths + literal_count, distance_count)) {
        s->is_damaged = 1;
        return;
    }
    inflate_coded(s, &literals, &distances);
}

static void inflate_blocks(inflater *s)
{
    uint32_t is_last = 0;
    make_fixed_codes(s);
    while (!is_last && !s->is_damaged) {
        is_last = take_bits(s, 1);
        switch (take_bits(s, 2)) {
        case 0:
            inflate_stored(s);
            break;
        case 1:
            inflate_coded(s, &s->fixed_literals, &s->fixed_distances);
            break;
        case 2:
            inflate_dynamic(s);
            break;
        default:
            s->is_damaged = 1;
        }
    }
}

aecodec_status aecodec_zlib_inflate(const uint8_t *stream, size_t stream_size, uint8_t *bytes, size_t size)
{
    inflater s = {.in = stream, .in_size = stream_size, .in_at = 2, .out = bytes, .out_size = size};
    uint32_t checksum = 0;
    if (stream_size < 2 + CHECKSUM || (stream[0] & 0x8f) != 8 || stream[1] & 0x20 ||
        (stream[0] << 8 | stream[1]) % 31) {
        return AECODEC_DAMAGED;
    }
    inflate_blocks(&s);
    if (s.is_damaged || s.out_at != size || stream_size - s.in_at != CHECKSUM) {
        return AECODEC_DAMAGED;
    }
    for (unsigned n = 0; n < CHECKSUM; n++) {
        checksum = checksum << 8 | stream[s.in_at++];
    }
    return HAS_CHECKSUMS && checksum != aecodec_adler32(bytes, size) ? AECODEC_DAMAGED : AECODEC_OK;
}
