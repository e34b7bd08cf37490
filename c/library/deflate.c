/* SPDX-License-Identifier: Apache-2.0 */
/* Deflating to zlib streams (RFC 1950 and 1951). A block has its own prefix codes, or the fixed ones if these take fewer
 * bits. */
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "zlib.h"

enum {
    HASH_BITS = 15,
    MAX_CHAIN = 2048, /* matches that are compared */
    LAZY = 64,       /* a shorter match is left if the next place has a longer one */
    BLOCK = 1 << 15, /* literals and matches of a block */
    MAX_LENGTH = 15, /* bits of a code, and of one for lengths */
    MAX_LENGTH_OF_LENGTHS = 7
};

/* ---- prefix codes ---- */

typedef struct {
    uint8_t lengths[LITERALS + 2]; /* bits of each symbol; 0 without a code */
    uint16_t codes[LITERALS + 2];
} prefix_code;

/* The nodes of a tree of symbols; those after the symbols join two others. */
typedef struct {
    uint32_t weights[2 * LITERALS]; /* 0: joined, or no symbol */
    uint16_t parents[2 * LITERALS];
    uint32_t count;
} tree;

/* The lightest node that is not joined, except for another; the number of nodes if none is left. */
static uint32_t lightest_node(const tree *t, uint32_t except)
{
    uint32_t lightest = t->count;
    for (uint32_t n = 0; n < t->count; n++) {
        if (t->weights[n] && n != except && (lightest == t->count || t->weights[n] < t->weights[lightest])) {
            lightest = n;
        }
    }
    return lightest;
}

/* Join nodes until one is left (D. A. Huffman, 1952). */
static void join_nodes(tree *t)
{
    for (;;) {
        const uint32_t a = lightest_node(t, t->count), b = lightest_node(t, a);
        if (b == t->count) {
            return;
        }
        t->weights[t->count] = t->weights[a] + t->weights[b];
        t->parents[a] = t->parents[b] = (uint16_t)t->count;
        t->parents[t->count] = 0;
        t->weights[a] = t->weights[b] = 0;
        t->count++;
    }
}

/* The lengths of a code. Returns the longest. */
static unsigned measure(const tree *t, uint32_t symbols, uint8_t *lengths)
{
    uint8_t depths[2 * LITERALS];
    unsigned longest = 0;
    for (uint32_t n = t->count; n-- > 0;) {
        depths[n] = t->parents[n] ? (uint8_t)(depths[t->parents[n]] + 1) : 0;
        if (n < symbols) {
            lengths[n] = depths[n];
            longest = depths[n] > longest ? depths[n] : longest;
        }
    }
    return longest;
}

/* Find the lengths of a code for symbols by their frequencies, of which at least one is not 0. Frequencies become more
 * alike until no length exceeds the limit. */
static void make_lengths(const uint32_t *frequencies, uint32_t symbols, unsigned limit, prefix_code *code)
{
    uint8_t *lengths = code->lengths;
    unsigned shift = 0, longest;
    tree t;
    memset(code, 0, sizeof *code);
    do {
        memset(&t, 0, sizeof t);
        t.count = symbols;
        for (uint32_t n = 0; n < symbols; n++) {
            t.weights[n] = frequencies[n] ? (frequencies[n] >> shift) + 1 : 0;
        }
        join_nodes(&t);
        longest = measure(&t, symbols, lengths);
        shift++;
    } while (longest > limit);
    if (t.count == symbols) { /* of a single symbol */
        for (uint32_t n = 0; n < symbols; n++) {
            lengths[n] = frequencies[n] > 0;
        }
    }
}

/* Prefix codes are written with their highest bit first. */
static uint16_t reversed(uint32_t code, unsigned length)
{
    uint32_t result = 0;
    for (unsigned n = 0; n < length; n++) {
        result |= (code >> n & 1u) << (length - 1 - n);
    }
    return (uint16_t)result;
}

static void make_codes(prefix_code *c, uint32_t symbols)
{
    uint32_t code = 0;
    for (unsigned length = 1; length <= MAX_LENGTH; length++, code <<= 1) {
        for (uint32_t n = 0; n < symbols; n++) {
            if (c->lengths[n] == length) {
                c->codes[n] = reversed(code++, length);
            }
        }
    }
}

/* ---- blocks ---- */

/* A literal, or a match. */
typedef struct {
    uint16_t length;   /* of a match; otherwise the literal */
    uint16_t distance; /* 1 to 32768; 0 for a literal */
} token;

typedef struct {
    uint8_t *out;
    size_t size;
    uint32_t bits;
    unsigned bit_count;
    token tokens[BLOCK];
    uint32_t count;
    prefix_code literals, distances, lengths;
} deflater;

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

/* The number of the code of a length or a distance. */
static uint32_t code_of(const uint16_t *bases, uint32_t codes, uint32_t number)
{
    while (bases[codes - 1] > number) {
        codes--;
    }
    return codes - 1;
}

static uint32_t length_code(const token *t)
{
    return code_of(length_base, 29, t->length);
}

static uint32_t distance_code(const token *t)
{
    return code_of(distance_base, DISTANCES, t->distance);
}

static void count_symbols(const deflater *d, uint32_t *literals, uint32_t *distances)
{
    literals[END] = 1;
    for (uint32_t n = 0; n < d->count; n++) {
        const token *t = &d->tokens[n];
        if (t->distance) {
            literals[END + 1 + length_code(t)]++;
            distances[distance_code(t)]++;
        } else {
            literals[t->length]++;
        }
    }
}

/* Bits of symbols; those that follow a match are the same for all codes. */
static uint64_t bits_of(const uint32_t *frequencies, uint32_t symbols, const uint8_t *lengths)
{
    uint64_t bits = 0;
    for (uint32_t n = 0; n < symbols; n++) {
        bits += (uint64_t)frequencies[n] * lengths[n];
    }
    return bits;
}

/* ---- the lengths of both codes ---- */

/* Both codes, as symbols of the code for lengths: lengths, 16 to repeat, 17 and 18 for zeros. */
typedef struct {
    uint8_t symbols[LITERALS + DISTANCES], extra[LITERALS + DISTANCES];
    uint32_t count, literals, distances; /* lengths of both codes that are written */
    uint32_t frequencies[LENGTH_CODES];
} code_lengths;

static void add_length(code_lengths *c, uint32_t symbol, uint32_t extra)
{
    c->symbols[c->count] = (uint8_t)symbol;
    c->extra[c->count++] = (uint8_t)extra;
    c->frequencies[symbol]++;
}

/* Add a length that occurs several times in sequence. */
static void add_run(code_lengths *c, uint32_t length, uint32_t run)
{
    const uint32_t most = length ? 6 : 138;
    if (length) {
        add_length(c, length, 0);
        run--;
    }
    while (run >= 3) {
        const uint32_t part = least(run, most);
        if (length) {
            add_length(c, 16, part - 3);
        } else {
            add_length(c, part > 10 ? 18 : 17, part > 10 ? part - 11 : part - 3);
        }
        run -= part;
    }
    for (; run; run--) {
        add_length(c, length, 0);
    }
}

/* The number of lengths up to the last one that is not 0, but at least `fewest`. */
static uint32_t used(const uint8_t *lengths, uint32_t count, uint32_t fewest)
{
    while (count > fewest && !lengths[count - 1]) {
        count--;
    }
    return count;
}

static void describe(const deflater *d, code_lengths *c)
{
    uint8_t all[LITERALS + DISTANCES];
    uint32_t n;
    memset(c, 0, sizeof *c);
    c->literals = used(d->literals.lengths, LITERALS, END + 1);
    c->distances = used(d->distances.lengths, DISTANCES, 1);
    memcpy(all, d->literals.lengths, c->literals);
    memcpy(all + c->literals, d->distances.lengths, c->distances);
    uint32_t count = c->literals + c->distances;
    for (uint32_t start = 0; start < count; start = n) {
        for (n = start + 1; n < count && all[n] == all[start]; n++) {
        }
        add_run(c, all[start], n - start);
    }
}

/* The lengths of the code for lengths that are written. */
static uint32_t used_lengths(const deflater *d)
{
    uint32_t count = LENGTH_CODES;
    while (count > 4 && !d->lengths.lengths[length_order[count - 1]]) {
        count--;
    }
    return count;
}

static uint64_t bits_of_lengths(const deflater *d, const code_lengths *c)
{
    return 14 + 3 * used_lengths(d) + bits_of(c->frequencies, LENGTH_CODES, d->lengths.lengths) +
           2 * c->frequencies[16] + 3 * c->frequencies[17] + 7 * c->frequencies[18];
}

static void put_lengths(deflater *d, const code_lengths *c)
{
    const uint32_t count = used_lengths(d);
    put_bits(d, c->literals - END - 1, 5);
    put_bits(d, c->distances - 1, 5);
    put_bits(d, count - 4, 4);
    for (uint32_t n = 0; n < count; n++) {
        put_bits(d, d->lengths.lengths[length_order[n]], 3);
    }
    for (uint32_t n = 0; n < c->count; n++) {
        const uint32_t symbol = c->symbols[n];
        put_symbol(d, &d->lengths, symbol);
        put_bits(d, c->extra[n], symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
    }
}

/* ---- writing blocks ---- */

static void set_fixed_codes(deflater *d)
{
    set_fixed_lengths(d->literals.lengths);
    memset(d->distances.lengths, 5, DISTANCES);
}

/* Choose the codes that take fewer bits, and write which they are. */
static void begin_block(deflater *d, int is_last)
{
    uint32_t literals[LITERALS] = {0}, distances[DISTANCES] = {0};
    code_lengths c;
    uint64_t fixed;
    count_symbols(d, literals, distances);
    set_fixed_codes(d);
    fixed = bits_of(literals, LITERALS, d->literals.lengths) + bits_of(distances, DISTANCES, d->distances.lengths);
    distances[0] += distances[0] == 0; /* a code has a symbol */
    make_lengths(literals, LITERALS, MAX_LENGTH, &d->literals);
    make_lengths(distances, DISTANCES, MAX_LENGTH, &d->distances);
    describe(d, &c);
    make_lengths(c.frequencies, LENGTH_CODES, MAX_LENGTH_OF_LENGTHS, &d->lengths);
    uint64_t own = bits_of_lengths(d, &c) + bits_of(literals, LITERALS, d->literals.lengths) +
                   bits_of(distances, DISTANCES, d->distances.lengths);
    put_bits(d, (uint32_t)is_last | (own < fixed ? 4 : 2), 3);
    if (own < fixed) {
        make_codes(&d->lengths, LENGTH_CODES);
        put_lengths(d, &c);
    } else {
        set_fixed_codes(d);
    }
    make_codes(&d->literals, LITERALS + 2);
    make_codes(&d->distances, DISTANCES);
}

static void put_block(deflater *d, int is_last)
{
    begin_block(d, is_last);
    for (uint32_t n = 0; n < d->count; n++) {
        const token *t = &d->tokens[n];
        if (t->distance) {
            const uint32_t length = length_code(t), distance = distance_code(t);
            put_symbol(d, &d->literals, END + 1 + length);
            put_bits(d, t->length - (uint32_t)length_base[length], length_bits[length]);
            put_symbol(d, &d->distances, distance);
            put_bits(d, t->distance - (uint32_t)distance_base[distance], distance_bits[distance]);
        } else {
            put_symbol(d, &d->literals, t->length);
        }
    }
    put_symbol(d, &d->literals, END);
    d->count = 0;
}

static void put_token(deflater *d, uint32_t length, uint32_t distance)
{
    if (d->count == BLOCK) {
        put_block(d, 0);
    }
    d->tokens[d->count].length = (uint16_t)length;
    d->tokens[d->count++].distance = (uint16_t)distance;
}

/* ---- matches ---- */

/* The places where three bytes last stood, and where those stood before. */
typedef struct {
    uint32_t last[1 << HASH_BITS];   /* place + 1; 0: nowhere */
    uint32_t before[WINDOW];
} places;

static uint32_t hash_of(const uint8_t *bytes)
{
    uint32_t three = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16;
    return three * 2654435761u >> (32 - HASH_BITS);
}

static void remember(places *p, const uint8_t *bytes, size_t at)
{
    uint32_t hash = hash_of(bytes + at);
    p->before[at % WINDOW] = p->last[hash];
    p->last[hash] = (uint32_t)at + 1;
}

static uint32_t match_length(const uint8_t *a, const uint8_t *b, size_t most)
{
    uint32_t length = 0;
    while (length < most && a[length] == b[length]) {
        length++;
    }
    return length;
}

/* The longest match at a place. */
static uint32_t find_match(const places *p, const uint8_t *bytes, size_t size, size_t at, uint32_t *distance)
{
    size_t most = size - at < LONGEST ? size - at : LONGEST;
    uint32_t longest = 0, candidate = p->last[hash_of(bytes + at)];
    unsigned tries;
    for (tries = 0; candidate && at - (candidate - 1) <= WINDOW && tries < MAX_CHAIN && longest < most; tries++) {
        const uint8_t *there = bytes + candidate - 1;
        const int may_be_longer = there[longest] == bytes[at + longest];
        const uint32_t length = may_be_longer ? match_length(there, bytes + at, most) : 0;
        if (length > longest) {
            longest = length;
            *distance = (uint32_t)(at - (candidate - 1));
        }
        uint32_t next = p->before[(candidate - 1) % WINDOW];
        if (next >= candidate) { /* overwritten since */
            break;
        }
        candidate = next;
    }
    return longest;
}

/* Find the match at a place; 0 if there is none that is long enough. */
static uint32_t match_at(const places *p, const uint8_t *bytes, size_t size, size_t at, uint32_t *distance)
{
    const uint32_t length = size - at >= SHORTEST ? find_match(p, bytes, size, at, distance) : 0;
    return length >= SHORTEST ? length : 0;
}

static void deflate_bytes(deflater *d, places *p, const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        uint32_t distance = 0, other, length = match_at(p, bytes, size, at, &distance);
        if (length && length < LAZY && match_at(p, bytes, size, at + 1, &other) > length) {
            length = 0;
        }
        put_token(d, length ? length : bytes[at], length ? distance : 0);
        for (size_t stop = at + (length ? length : 1); at < stop; at++) {
            if (size - at >= SHORTEST) {
                remember(p, bytes, at);
            }
        }
    }
}

/* ---- streams ---- */

size_t aecodec_zlib_bound(size_t size)
{
    return size + size / 8 + size / 1024 + 32;
}

size_t aecodec_zlib_deflate(const uint8_t *bytes, size_t size, uint8_t *room)
{
    const uint32_t checksum = aecodec_adler32(bytes, size);
    deflater *d = calloc(1, sizeof *d);
    places *p = calloc(1, sizeof *p);
    size_t written = 0;
    if (d && p) {
        d->out = room;
        d->out[d->size++] = 0x78;
        d->out[d->size++] = 0xda;
        deflate_bytes(d, p, bytes, size);
        put_block(d, 1);
        put_bits(d, 0, 7); /* to the end of the byte */
        for (int shift = 24; shift >= 0; shift -= 8) {
            d->out[d->size++] = (uint8_t)(checksum >> shift);
        }
        written = d->size;
    }
    free(d);
    free(p);
    return written;
}
