/* SPDX-License-Identifier: Apache-2.0 */
/* The range coder (docs/FORMAT.md, sections 5 and 10), with integer frequencies of 2^24. Private. */
#ifndef AECODEC_RANGE_CODER_H
#define AECODEC_RANGE_CODER_H

#include <string.h>

#include "aecodec.h"

enum { AECODEC_CODER_BITS = 24 };

/* A range coder either encodes a message, or decodes one. One walk over the symbols serves both: functions
 * named code_... encode the symbol that they are given, or decode one and return it. */
typedef struct {
    const uint8_t *message; /* NULL in an encoder */
    uint8_t *out;           /* NULL in a decoder */
    size_t size;            /* bytes of the message, or room in out */
    uint64_t range;         /* of the interval */
    aecodec_status status;
    /* of a decoder */
    size_t position;        /* bytes that have been read, with zeros after the end */
    uint64_t point;         /* where in the interval the message points */
    /* of an encoder */
    size_t written, length; /* bytes that have been encoded, and those up to the last that is not 0 */
    uint64_t low;           /* where the interval begins */
    uint32_t word;          /* the last word that was shifted out, if a carry may still raise it */
    uint32_t ones;          /* number of words of all ones after it */
    int has_word;
} range_coder;

/* Without decoding functions, this lets the compiler leave out what only they need. */
#ifdef AECODEC_ENCODER_ONLY
static inline int is_decoder(const range_coder *c) { (void)c; return 0; }
#else
static inline int is_decoder(const range_coder *c) { return c->message != NULL; }
#endif

static inline void write_word(range_coder *c, uint32_t word)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(word >> shift);
        if (byte) {
            c->length = c->written + 1;
        }
        if (c->written >= c->size) {
            if (byte) {
                c->status = AECODEC_BUFFER_TOO_SMALL;
            }
        } else {
            c->out[c->written] = byte;
        }
        c->written++;
    }
}

static inline uint32_t read_word(range_coder *c)
{
    uint32_t word = 0;
    for (int n = 0; n < 4; n++, c->position++) {
        word = word << 8 | (c->position < c->size ? c->message[c->position] : 0u);
    }
    return word;
}

static inline void start_coder(range_coder *c, const uint8_t *message, uint8_t *out, size_t size)
{
    memset(c, 0, sizeof *c);
    c->message = message;
    c->out = out;
    c->size = size;
    c->range = UINT64_MAX;
    if (is_decoder(c)) {
        c->point = (uint64_t)read_word(c) << 32;
        c->point |= read_word(c);
    }
}

/* Write the words that were held back. A word is final once a carry has raised it, or once a word that is not
 * all ones follows it. */
static inline void release_words(range_coder *c, uint32_t carry)
{
    if (c->has_word) {
        write_word(c, c->word + carry);
    }
    for (; c->ones; c->ones--) {
        write_word(c, carry - 1u);
    }
    c->has_word = 0;
}

static inline void raise_low(range_coder *c, uint64_t distance)
{
    c->low += distance;
    if (c->low < distance) {
        release_words(c, 1);
    }
}

static inline void hold_word(range_coder *c)
{
    uint32_t word = (uint32_t)(c->low >> 32);
    if (word == UINT32_MAX) {
        c->ones++;
    } else {
        release_words(c, 0);
        c->word = word;
        c->has_word = 1;
    }
    c->low <<= 32;
}

static inline uint64_t scale_of(const range_coder *c) { return c->range >> AECODEC_CODER_BITS; }

static inline void pass_over(range_coder *c, uint64_t distance)
{
    if (is_decoder(c)) {
        c->point -= distance;
    } else {
        raise_low(c, distance);
    }
}

/* Shift a word if the interval has become small. */
static inline void refill(range_coder *c)
{
    if (c->range >> 32 == 0) {
        c->range <<= 32;
        if (is_decoder(c)) {
            c->point = c->point << 32 | read_word(c);
        } else {
            hold_word(c);
        }
    }
}

/* Narrow the interval to that of a symbol with these frequencies, of which each has a width of `scale`. */
static inline void narrow_by(range_coder *c, uint64_t scale, uint32_t cumulative, uint32_t frequency)
{
    c->range = scale * frequency;
    pass_over(c, scale * cumulative);
    refill(c);
}

static inline void narrow_to(range_coder *c, uint32_t cumulative, uint32_t frequency)
{
    narrow_by(c, scale_of(c), cumulative, frequency);
}

/* Write the number of the last interval that ends in most bytes of 0. */
static inline void finish_message(range_coder *c)
{
    uint64_t best = 0, zeros = 0xff;
    for (;;) {
        uint64_t distance = (0 - c->low) & zeros;
        if (distance >= c->range) {
            break;
        }
        best = distance;
        if (zeros == UINT64_MAX) {
            break;
        }
        zeros = zeros << 8 | 0xff;
    }
    raise_low(c, best);
    release_words(c, 0);
    write_word(c, (uint32_t)(c->low >> 32));
    write_word(c, (uint32_t)c->low);
}

/* Finish a message, and pad it with zeros to the shortest one that a decoder accepts. */
static inline void pad_message(range_coder *c, size_t shortest)
{
    finish_message(c);
    if (c->length < shortest) {
        c->length = shortest;
    }
    if (c->length > c->size) {
        c->status = AECODEC_BUFFER_TOO_SMALL;
    } else if (c->length > c->written) {
        memset(c->out + c->written, 0, c->length - c->written);
    }
}

/* The frequency in the interval to which the message points, below a total. */
static inline uint32_t place_of(range_coder *c, uint64_t scale, uint32_t total)
{
    const uint64_t place = c->point / scale;
    if (place >= total) {
        c->status = AECODEC_DAMAGED;
        return 0;
    }
    return (uint32_t)place;
}

static inline uint32_t point_of(range_coder *c) { return place_of(c, scale_of(c), 1u << AECODEC_CODER_BITS); }

/* Whether the message is the one that an encoder writes for the decoded symbols: of all that decode to
 * them, the one that ends in most bytes of 0. */
static inline int is_canonical(const range_coder *c, size_t length)
{
    size_t after = c->position - length; /* bytes of what was read that follow the last one that is not 0 */
    uint64_t unit = (uint64_t)1 << 8 * (after & 7u);
    return !length || after >= 8 ||
           (c->point < unit && c->point + (256u - c->message[length - 1]) * unit >= c->range);
}

/* Check the end of a decoded message, which has at least `shortest` bytes. */
static inline aecodec_status check_end(const range_coder *c, size_t shortest)
{
    size_t length = c->size;
    while (length && !c->message[length - 1]) {
        length--;
    }
    if (c->status != AECODEC_OK) {
        return c->status;
    }
    return length <= c->position && c->size == (length > shortest ? length : shortest) &&
                   is_canonical(c, length)
               ? AECODEC_OK
               : AECODEC_DAMAGED;
}

#endif
