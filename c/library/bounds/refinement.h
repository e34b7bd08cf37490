/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a refinement in a file (FORMAT, section 8). Private. */
#pragma once

#include "base/buffer.h"
#include "samples/numbers.h"

#define ROOT_UNITS 256.0                   /* of factors of square roots */
#define MOST_BOUND 1073741823.0            /* of integers without a unit */
#define MOST_WIDE_BOUND 4503599627370496.0 /* of those with one: 2^52 */
#define MOST_ROOT 1048575.0                /* in 1/256 */

typedef struct {
    double error;   /* in units of the samples, or the factor of their square root */
    double unit;    /* of floats and of integers of 64 bits; 0 for bits of floats, and for integers */
    int64_t offset; /* of the multiples of the unit, or of integers of 64 bits */
} bound;

/* A refinement, with pointers into its file, or those of an encoder. */
typedef struct {
    int is_followed, has_base;
    int is_double;    /* bounds have a unit */
    int is_root;
    int is_primed;    /* the coder learned from the primer of the codec */
    int is_stable;    /* of an encoder: decoded samples stay what they are if they are encoded again */
    int has_offsets;  /* bounds have an offset */
    int has_gap;      /* known samples of bands with errors are not rounded to nodata */
    uint32_t bound_count;    /* 1 for all bands, or one for each */
    const uint8_t *written;  /* the bounds in a file */
    bound *bounds;           /* [bound_count] of an encoder */
    uint32_t checksum;       /* of the samples before it; only with a base */
    const uint8_t *choices;  /* of the coder */
    size_t choices_size;
    uint32_t messages;       /* their number: that of the segments */
    const uint8_t *index;    /* sizes and checksums of messages; NULL if there is one */
    const uint8_t *content;  /* messages */
    size_t size;             /* bytes of the messages */
    size_t start, stop;      /* in the file: its fields, and its end */
    size_t checksum_at;      /* in the file: that of all bytes before */
} refinement;

/* The largest bound of all bands. bounds: room for all, which are read. */
double aecodec_largest_error(const refinement *r, bound *bounds);
/* Take the next message from an index. Returns its size. */
size_t aecodec_index_take(reader *index, uint32_t *checksum);
/* Read the bounds of a file, which were checked with it. */
void aecodec_bounds_read(const refinement *r, bound *bounds);

typedef struct {
    uint8_t *bytes;
    size_t size;
} coded_message;

/* Read the fields before the index. Returns whether there is one. */
int aecodec_refinement_take(reader *fields, refinement *r);
/* Read the index. Returns the bytes of all messages. */
uint64_t aecodec_refinement_take_index(reader *fields, refinement *r);
/* Append the fields, with an index if there are several messages. Returns the bytes of these. */
uint64_t aecodec_refinement_append(buffer *b, const refinement *r, const coded_message *messages);
/* Make a refinement the last one of its file: `fields` are where it starts. */
void aecodec_refinement_end(uint8_t *fields);

/* The bound of a band, of which there may be one for all. */
static inline uint32_t bound_number(const refinement *r, uint32_t band)
{
    return r->bound_count > 1 ? band : 0;
}
