/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of all types as integers. Private. */
#pragma once

#include "bounds/refinement.h"
#include "samples/missing.h"

/* Values of integers with bounds relative to the square root. Both tables begin with an element for the
 * lowest sample. */
typedef struct {
    uint32_t factor; /* of the square root, in 1/256 */
    int64_t lowest;  /* sample */
    int32_t limits[2];
    int32_t *numbers; /* of the point of each sample */
    int32_t *samples; /* of each point */
} points;

/* Largest error of a sample with up to 16 bits. */
int64_t aecodec_root_error(uint32_t factor, int64_t sample);
/* Make the points of a type with this lowest and highest sample. Free them with free. NULL without enough
 * memory. */
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
/* Convert `count` samples, `stride` apart from index `at`, to values, and back. Missing ones become any
 * value. */
void aecodec_lattice_to_values(const lattice *l, const void *samples, size_t at, size_t stride, size_t count,
                               int32_t *values);
void aecodec_lattice_to_samples(const lattice *l, const int32_t *values, size_t at, size_t stride,
                                size_t count, void *samples);
