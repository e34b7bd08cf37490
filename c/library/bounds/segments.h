/* SPDX-License-Identifier: Apache-2.0 */
/* Refinements of whole pictures: their segments, one after the other. Private. */
#pragma once

#include "base/execution.h"
#include "bounds/lattice.h"
#include "codec_files/bundle.h"

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
} segments;

typedef struct {
    const segments *all;
    box place;
    residual_coding coding;
    int32_t *after, *before,
        *decoded; /* room for its values: before only with a base, decoded only for encoders */
    uint8_t *missing;                  /* its mask; or NULL */
} segment;

enum { REFINED_SIDE = 256 }; /* largest side of the segments of files */

/* Number of segments, and their places. */
uint32_t aecodec_segments_count(const aecodec_samples *samples);
box aecodec_segments_place(const aecodec_samples *samples, uint32_t number);

/* Bytes that the next functions allocate for one segment. roots: number of bounds relative to the square
 * root. */
uint64_t aecodec_segments_memory(const aecodec_samples *samples, uint32_t roots);
/* Prepare all segments for an encoder, without choices. Call aecodec_segments_close in any case. */
aecodec_status aecodec_segments_open(segments *r, const aecodec_bundle *bundle,
                                     const aecodec_samples *samples, const refinement *of);
/* Whether the coder can learn from the primer of the codec. */
int aecodec_segments_can_prime(const segments *r);
/* Read the block of the choices, and learn from the primer. */
aecodec_status aecodec_segments_choose(segments *r, const uint8_t *choices, size_t size, int is_primed);
/* The same for a refinement of a file, with its choices. */
aecodec_status aecodec_segments_open_read(segments *r, const aecodec_bundle *bundle,
                                          const aecodec_samples *samples, const refinement *of);
void aecodec_segments_close(segments *r);
/* Make room for the values of a segment, and take its mask. Threads may be in different segments. */
aecodec_status aecodec_segment_enter(const segments *all, uint32_t number, segment *s);
void aecodec_segment_leave(segment *s);
/* The pixel at which a row of values begins: those of all bands of all frames. Sets its band. */
size_t aecodec_segment_row(const segment *s, uint32_t number, uint32_t *band);
void aecodec_segment_read(const segment *s, const aecodec_samples *from, int32_t *values);
/* Convert values to samples of a part of the picture, which contains the segment. */
void aecodec_segment_write(const segment *s, const int32_t *values, const box *part, void *samples);
/* Decode the message of a segment to samples of a part; with a base, they are all. */
aecodec_status aecodec_segment_decode(const segments *all, uint32_t number, const uint8_t *message,
                                      size_t size, const box *part, void *samples);

uint32_t aecodec_samples_checksum(const aecodec_samples *samples);

/* Check that samples can have a refinement; `samples` need no samples. */
aecodec_status aecodec_refinement_check(const refinement *r, const aecodec_samples *samples);

/* Decode a refinement of samples in place, after aecodec_refinement_check. */
aecodec_status aecodec_refine(const aecodec_bundle *bundle, const aecodec_execution *execution,
                              const refinement *r, const aecodec_samples *samples);
