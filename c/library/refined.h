/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations of files with refinements (FORMAT, section 8). Private. */
#ifndef AECODEC_REFINED_H
#define AECODEC_REFINED_H

#include "private.h"

enum { IS_FOLLOWED = 1, HAS_BASE = 2, IS_FLOAT = 4, IS_ROOT = 8 }; /* flags of a refinement */
enum { ID_SIZE = 4 };

#define ROOT_UNITS 256.0 /* of factors of square roots */

/* ---- crc32.c ---- */

/* The CRC-32 of bytes that follow other bytes, whose CRC-32 is `before`; 0 if there are none. */
uint32_t aecodec_crc32_of(uint32_t before, const uint8_t *bytes, size_t size);

/* ---- refined_files.c: the container ---- */

/* The bound of a band. */
typedef struct {
    double error; /* in units of the samples, or the factor of their square root */
    double unit;  /* of floats; 0 for their bits, and for integers */
} bound;

/* A refinement, with pointers into its file. */
typedef struct {
    int is_followed, has_base, is_float, is_root;
    uint8_t id[ID_SIZE];  /* of the residual networks */
    uint32_t bound_count; /* 1 for all bands, or one for each */
    bound bounds[AECODEC_MAX_BANDS];
    uint32_t checksum; /* of the samples before it; only with a base */
    const uint8_t *messages;
    size_t size;        /* bytes of the messages */
    size_t start, stop; /* in the file: the content, and the end */
} refinement;

/* A file of any version. Files of version 1 are their own base. */
typedef struct {
    const uint8_t *base;
    size_t base_size;
    uint32_t count;
    refinement refinements[AECODEC_MAX_REFINEMENTS];
} refined_file;

/* Read a file and check the refinements, but not the base. */
aecodec_status aecodec_refined_file_read(const uint8_t *file, size_t size, refined_file *parsed);
/* Write the start of a file and its base. */
void aecodec_refined_file_begin(buffer *file, const buffer *base);
/* Write a refinement and the checksum of all bytes before it. */
void aecodec_refined_file_append(buffer *file, const refinement *r);

/* ---- lattice.c: samples of all types as integers ---- */

/* Values of integers with bounds relative to the square root. Both tables begin with an element for the lowest sample. */
typedef struct {
    uint32_t factor; /* of the square root, in 1/256 */
    int64_t lowest;  /* sample */
    int64_t limits[2];
    int32_t *numbers; /* of the point of each sample */
    int32_t *samples; /* of each point */
} points;

/* Largest error of a sample with up to 16 bits. */
int64_t aecodec_root_error(uint32_t factor, int64_t sample);
/* Make the points of a type with this lowest and highest sample. Free them with free. NULL without enough memory. */
points *aecodec_points_make(const int64_t range[2], uint32_t factor);

/* How the samples of a band become integers. */
typedef struct {
    uint32_t type;
    double unit;          /* as in the bound */
    int64_t step;         /* between values that the bound can tell apart */
    int64_t limits[2];    /* of the values */
    const points *points; /* with bounds relative to the square root; otherwise NULL */
} lattice;

/* A lattice without points. */
lattice aecodec_lattice_of(uint32_t type, const bound *b);
void aecodec_lattice_use_points(lattice *l, const points *p);
/* Whether samples of a type may have bounds relative to the square root. */
int aecodec_has_roots(uint32_t type);
/* Convert `count` samples, `stride` apart from index `at`, to values, and back. */
void aecodec_lattice_to_values(const lattice *l, const void *samples, size_t at, size_t stride, size_t count,
                               int64_t *values);
void aecodec_lattice_to_samples(const lattice *l, const int64_t *values, size_t at, size_t stride, size_t count,
                                void *samples);

/* ---- refining.c ---- */

/* The first networks of a bundle for a number of bands, with an id unless it is NULL. Returns NULL if they are absent. */
const residual_networks *aecodec_residuals_for(const aecodec_bundle *bundle, uint32_t bands, int has_base,
                                               const uint8_t *id, const uint8_t **sha256);

/* The values of samples, and a segment of them. */
typedef struct {
    const aecodec_samples *samples;
    lattice lattices[AECODEC_MAX_BANDS];
    points *points[AECODEC_MAX_BANDS]; /* NULL where the lattice uses those of an earlier band */
    int64_t steps[AECODEC_MAX_BANDS], limits[AECODEC_MAX_BANDS][2];
    residual_coding coding;    /* of the segment */
    uint32_t side;             /* largest side of segments */
    uint32_t frame, top, left; /* of the segment in the samples */
    int64_t *before, *after;   /* room for the values of the segment */
    uint8_t *missing;          /* its mask */
} refining;

enum { REFINED_SIDE = 256 }; /* largest side of the segments of files */

/* Number of values of the largest segment. */
size_t aecodec_refining_values(const aecodec_samples *samples);

/* Number of segments with a largest side, up to 256. */
uint32_t aecodec_refining_count(const aecodec_samples *samples, uint32_t side);
/* Begin at the first of these segments, only to find their places. There is nothing to close. */
void aecodec_refining_begin(refining *r, const aecodec_samples *samples, uint32_t side);
void aecodec_refining_go_to(refining *r, uint32_t number);

/* Bytes that the next two functions allocate. roots: number of bounds relative to the square root. */
uint64_t aecodec_refining_memory(const aecodec_samples *samples, uint32_t roots);
/* Prepare all segments. Call aecodec_refining_close also if there is not enough memory. */
aecodec_status aecodec_refining_open(refining *r, const aecodec_samples *samples, const residual_networks *networks,
                                     const refinement *bounds);
void aecodec_refining_close(refining *r);
/* Enter a segment: make room for its values, and take its mask. Several threads may be in different segments. */
aecodec_status aecodec_refining_enter(const refining *all, uint32_t number, refining *segment);
void aecodec_refining_leave(refining *segment);
/* Rows of the values of a segment: those of all bands of all frames. */
uint32_t aecodec_refining_rows(const refining *segment);
/* The pixel in all samples at which a row begins. Sets its band. */
size_t aecodec_refining_row(const refining *segment, uint32_t number, uint32_t *band);
/* Convert samples of the segment to values, and back. samples: of the whole picture. */
void aecodec_refining_read(const refining *r, const void *samples, int64_t *values);
void aecodec_refining_write(const refining *r, const int64_t *values, void *samples);

uint32_t aecodec_samples_checksum(const aecodec_samples *samples);

/* Check that samples can have a refinement, and that the bundle has its networks; `samples` need no samples. */
aecodec_status aecodec_refinement_check(const aecodec_bundle *bundle, const refinement *r,
                                        const aecodec_samples *samples);

/* Decode a refinement of samples in place, after aecodec_refinement_check. */
aecodec_status aecodec_refine(const aecodec_bundle *bundle, const aecodec_execution *execution, const refinement *r,
                              const aecodec_samples *samples);

/* ---- bounds.c ---- */

const bound *aecodec_bound_of(const refinement *r, uint32_t band);
/* Whether maximum errors descend, and the type of the samples can have them. */
int aecodec_bounds_are_valid(const aecodec_bounds *bounds, const aecodec_samples *samples);
/* Set the bounds of up to AECODEC_MAX_REFINEMENTS refinements, without those that are not finer than the one before.
 * Returns their number. */
uint32_t aecodec_refinements_for(const aecodec_bounds *bounds, const aecodec_samples *samples, refinement *refinements);

/* Known samples, compared with those of a decoder. */
typedef struct {
    double max_error;
    uint64_t nodata; /* that became equal to the value of missing ones */
} comparison;

/* Compare the originals of a segment with what was decoded. Returns AECODEC_OK, or AECODEC_BROKEN_BOUND if a known sample
 * differs by more than its bound. */
aecodec_status aecodec_compare_segment(const refining *segment, const refinement *r, const aecodec_samples *decoded,
                                       comparison *c);

/* ---- refiner.c: pictures and samples that are refined ---- */

enum { NO_LEVEL = 0 }; /* of files without base */

/* A picture or samples to refine. */
typedef struct {
    const aecodec_bundle *bundle;
    const aecodec_execution *execution;
    aecodec_encoding *encoding;
    int is_picture, is_run;   /* is_run: the encoder network has run */
    aecodec_samples original; /* without alpha. Its samples and its mask are owned; missing samples are 0 */
    double limits[2 * AECODEC_MAX_BANDS]; /* of the file */
    uint64_t clipped[AECODEC_MAX_BANDS];
    int has_nodata;
    double nodata;
    comparison last; /* of the last refinement that was encoded */
} refiner;

size_t aecodec_refiner_pixel_bytes(const refiner *r);

/* Begin with a picture, which must exist until the end, or samples; the other is NULL. is_part: as for
 * aecodec_begin_encoding. Call aecodec_refiner_close in any case. */
aecodec_status aecodec_refiner_open(refiner *r, const aecodec_bundle *bundle, const aecodec_execution *execution,
                                    const aecodec_image *picture, const aecodec_samples *samples, int is_part);
void aecodec_refiner_close(refiner *r);

/* Make the file of a level and decode it to samples; or a file without a picture, whose samples are 0. The caller frees
 * both in any case. */
aecodec_status aecodec_refiner_base(refiner *r, uint32_t units, buffer *file, void **samples);

/* Encode a refinement of samples, which become those of a decoder, and set its fields. total: set to the size of its
 * messages, without their lengths. The caller frees the messages in any case. */
aecodec_status aecodec_refiner_encode(refiner *r, refinement *to, void *samples, buffer *messages, uint64_t *total);

#endif
