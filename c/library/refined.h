/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations of files with refinements (FORMAT, section 8). Private. */
#ifndef AECODEC_REFINED_H
#define AECODEC_REFINED_H

#include "private.h"

/* Flags of a refinement. */
enum { IS_FOLLOWED = 1, HAS_BASE = 2, IS_DOUBLE = 4, IS_ROOT = 8, HAS_OFFSETS = 16, HAS_INDEX = 32, IS_PRIMED = 64,
       HAS_GAP = 128 };
enum { ID_SIZE = 4 };

#define ROOT_UNITS 256.0                   /* of factors of square roots */
#define MOST_BOUND 1073741823.0            /* of integers without a unit */
#define MOST_WIDE_BOUND 4503599627370496.0 /* of those with one: 2^52 */
#define MOST_ROOT 1048575.0                /* in 1/256 */

/* ---- crc32.c ---- */

/* The CRC-32 of bytes that follow other bytes, whose CRC-32 is `before`; 0 if there are none. */
uint32_t aecodec_crc32_of(uint32_t before, const uint8_t *bytes, size_t size);

/* ---- refined_files.c: the container ---- */

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

/* A file of any version. Files of version 1 are their own base. */
typedef struct {
    const uint8_t *base;
    size_t base_size;
    int has_base; /* otherwise `base` is the content of a file without a payload */
    uint32_t count;
    refinement refinements[AECODEC_MAX_REFINEMENTS];
} refined_file;

/* Read a file and check the refinements, but not the base. */
aecodec_status aecodec_refined_file_read(const uint8_t *file, size_t size, refined_file *parsed);
/* Read the first bytes of a file with one refinement, up to its messages if it has an index, and check them. Returns
 * AECODEC_INCOMPLETE if there are too few bytes, with a number that may be needed. */
aecodec_status aecodec_refined_head_read(const uint8_t *head, size_t size, uint64_t file_size, refined_file *parsed,
                                         size_t *needed);
/* Take the next message from an index. Returns its size. */
size_t aecodec_index_take(reader *index, uint32_t *checksum);
/* Read the bounds of a file, which were checked with it. */
void aecodec_bounds_read(const refinement *r, bound *bounds);

typedef struct {
    uint8_t *bytes;
    size_t size;
} coded_message;

/* Write the start of a file and its base, or the content of a file without a payload. */
void aecodec_refined_file_begin(buffer *file, const buffer *base, int has_base);
/* Write a refinement with its messages, which are freed, and checksums. */
void aecodec_refined_file_append(buffer *file, const refinement *r, coded_message *messages);

/* ---- lattice.c: samples of all types as integers ---- */

/* Values of integers with bounds relative to the square root. Both tables begin with an element for the lowest sample. */
typedef struct {
    uint32_t factor; /* of the square root, in 1/256 */
    int64_t lowest;  /* sample */
    int32_t limits[2];
    int32_t *numbers; /* of the point of each sample */
    int32_t *samples; /* of each point */
} points;

/* Largest error of a sample with up to 16 bits. */
int64_t aecodec_root_error(uint32_t factor, int64_t sample);
/* Make the points of a type with this lowest and highest sample. Free them with free. NULL without enough memory. */
points *aecodec_points_make(const int32_t range[2], uint32_t factor);

/* How the samples of a band become integers. */
typedef struct {
    uint32_t type;
    double unit;          /* as in the bound */
    int64_t offset;       /* as in the bound */
    int64_t step;         /* between values that the bound can tell apart */
    int32_t limits[2];    /* of the values */
    const points *points; /* with bounds relative to the square root; otherwise NULL */
    int has_gap;          /* nodata has no value: those of larger samples are 1 higher */
    int32_t gap;          /* the value of nodata without it, and now of the sample below */
    uint64_t order;       /* of the sample above nodata */
    uint64_t beside[2];   /* bits of the samples of the values `gap` and `gap` + 1 */
} lattice;

lattice aecodec_lattice_of(uint32_t type, const bound *b);
void aecodec_lattice_use_points(lattice *l, const points *p);
/* Leave a gap at nodata, if it is on the lattice. */
void aecodec_lattice_avoid(lattice *l, const aecodec_samples *samples);
/* Whether samples of a type may have bounds relative to the square root. */
int aecodec_has_roots(uint32_t type);
/* The multiple of a unit that is nearest to a number, the even one in a tie; 0 for NaN. */
int64_t aecodec_nearest_multiple(double number, double unit);
/* The same for an integer of 64 bits and an odd unit; unsigned ones are returned as their bits. */
int64_t aecodec_wide_multiple(uint32_t type, uint64_t bits, uint64_t unit);
/* Convert `count` samples, `stride` apart from index `at`, to values, and back. Missing ones become any value. */
void aecodec_lattice_to_values(const lattice *l, const void *samples, size_t at, size_t stride, size_t count,
                               int32_t *values);
void aecodec_lattice_to_samples(const lattice *l, const int32_t *values, size_t at, size_t stride, size_t count,
                                void *samples);

/* ---- refining.c ---- */

typedef struct {
    uint32_t frame, top, left, frames, height, width;
} box;

/* How all samples are refined. */
typedef struct {
    const aecodec_samples *samples; /* their sizes, type and mask */
    const uint8_t *mask_bits;       /* the mask as bits, if `samples` lack it; or NULL */
    lattice *lattices;              /* [bands] */
    points **points;                /* [bands] NULL where the lattice uses those of an earlier band */
    int64_t *steps;                 /* [bands] */
    int32_t (*limits)[2];           /* [bands] */
    adaptive_choices *choices;
    const aecodec_bundle *bundle;   /* NULL if it may be closed earlier */
    primed *primed;                 /* or NULL */
    int has_base, is_encoder;
} refining;

typedef struct {
    const refining *all;
    box place;
    residual_coding coding;
    int32_t *after, *before, *decoded; /* room for its values: before only with a base, decoded only for encoders */
    uint8_t *missing;                  /* its mask; or NULL */
} segment;

enum { REFINED_SIDE = 256 }; /* largest side of the segments of files */

/* Number of segments, and their places. */
uint32_t aecodec_refining_count(const aecodec_samples *samples);
box aecodec_refining_place(const aecodec_samples *samples, uint32_t number);

/* Bytes that the next functions allocate for one segment. roots: number of bounds relative to the square root. */
uint64_t aecodec_refining_memory(const aecodec_samples *samples, uint32_t roots);
/* Prepare all segments for an encoder, without choices. Call aecodec_refining_close in any case. */
aecodec_status aecodec_refining_open(refining *r, const aecodec_bundle *bundle, const aecodec_samples *samples,
                                     const refinement *of);
/* Whether the coder can learn from the primer of the codec. */
int aecodec_refining_can_prime(const refining *r);
/* Read the block of the choices, and learn from the primer. */
aecodec_status aecodec_refining_choose(refining *r, const uint8_t *choices, size_t size, int is_primed);
/* The same for a refinement of a file, with its choices. */
aecodec_status aecodec_refining_open_read(refining *r, const aecodec_bundle *bundle, const aecodec_samples *samples,
                                          const refinement *of);
void aecodec_refining_close(refining *r);
/* Enter a segment: make room for its values, and take its mask. Several threads may be in different segments. */
aecodec_status aecodec_segment_enter(const refining *all, uint32_t number, segment *s);
void aecodec_segment_leave(segment *s);
/* The pixel at which a row of values begins: those of all bands of all frames. Sets its band. */
size_t aecodec_segment_row(const segment *s, uint32_t number, uint32_t *band);
void aecodec_segment_read(const segment *s, const aecodec_samples *from, int32_t *values);
/* Convert values to samples of a part of the picture, as far as they are in it. */
void aecodec_segment_write(const segment *s, const int32_t *values, const box *part, void *samples);
/* Decode the message of a segment to samples of a part; with a base, they are all. */
aecodec_status aecodec_segment_decode(const refining *all, uint32_t number, const uint8_t *message, size_t size,
                                      const box *part, void *samples);

uint32_t aecodec_samples_checksum(const aecodec_samples *samples);

/* Check that samples can have a refinement; `samples` need no samples. */
aecodec_status aecodec_refinement_check(const refinement *r, const aecodec_samples *samples);

/* Decode a refinement of samples in place, after aecodec_refinement_check. */
aecodec_status aecodec_refine(const aecodec_bundle *bundle, const aecodec_execution *execution, const refinement *r,
                              const aecodec_samples *samples);

/* ---- bounds.c ---- */

/* The bound of a band, of which there may be one for all. */
static inline uint32_t bound_number(const refinement *r, uint32_t band)
{
    return r->bound_count > 1 ? band : 0;
}
/* Whether maximum errors descend, and the type of the samples can have them. */
int aecodec_bounds_are_valid(const aecodec_bounds *bounds, const aecodec_samples *samples);
/* Set the bounds of up to AECODEC_MAX_REFINEMENTS refinements, without those that are not finer than the one before. The
 * caller gives room for AECODEC_MAX_BANDS bounds of each. least_error: set with AECODEC_DOES_NOT_FIT to the smallest error
 * that would do. */
aecodec_status aecodec_refinements_for(const aecodec_bounds *bounds, const aecodec_samples *samples,
                                       refinement *refinements, uint32_t *count, double *least_error);

/* Compare the known originals of a segment, whose values are in `after`, with those of a decoder, whose largest error is at
 * least what `max_error` was. Returns AECODEC_OK, or AECODEC_BROKEN_BOUND if a known sample differs by more than its bound. */
aecodec_status aecodec_compare_segment(const segment *s, const refinement *r, double *max_error);

/* ---- refiner.c: pictures and samples that are refined ---- */

enum { NO_LEVEL = 0 }; /* of files without base */

typedef struct {
    const aecodec_bundle *bundle;
    const aecodec_execution *execution;
    aecodec_encoding *encoding;
    int has_alpha;            /* as the last band */
    aecodec_samples original; /* the caller's samples, and the mask of the encoding */
    uint8_t *pixels;          /* the original, if it lacks channels of the caller's picture; or NULL */
    uint64_t clipped[AECODEC_MAX_BANDS];
    double max_error; /* of the last refinement that was encoded */
} refiner;

/* Begin with a picture or samples, which must exist until the end; the other is NULL. Call aecodec_refiner_close in any
 * case. */
aecodec_status aecodec_refiner_open(refiner *r, const aecodec_bundle *bundle, const aecodec_execution *execution,
                                    const aecodec_image *picture, const aecodec_samples *samples);
void aecodec_refiner_close(refiner *r);

/* Make the file of a level and decode it to samples; or a file without a picture and without samples. The caller frees
 * both in any case. */
aecodec_status aecodec_refiner_base(refiner *r, uint32_t units, buffer *file, void **samples);

/* Encode a refinement of samples, which become those of a decoder; NULL if there is no base and nothing follows. The
 * refinement is appended to the file. */
aecodec_status aecodec_refiner_encode(refiner *r, refinement *to, void *samples, buffer *file);

#endif
