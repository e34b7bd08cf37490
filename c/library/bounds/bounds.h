/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds of refinements, from the maximum errors that a caller states. Private. */
#pragma once

#include "bounds/segments.h"

/* Whether maximum errors descend, and the type of the samples can have them. */
int aecodec_bounds_are_valid(const aecodec_bounds *bounds, const aecodec_samples *samples);
/* Set the bounds of up to AECODEC_MAX_REFINEMENTS refinements, without those that are not finer than the one
 * before. The caller gives room for AECODEC_MAX_BANDS bounds of each. least_error: set with
 * AECODEC_DOES_NOT_FIT to the smallest error that would do. */
aecodec_status aecodec_refinements_for(const aecodec_bounds *bounds, const aecodec_samples *samples,
                                       refinement *refinements, uint32_t *count, double *least_error);

/* Compare the known originals of a segment, whose values are in `after`, with those of a decoder, whose
 * largest error is at least what `max_error` was. Returns AECODEC_OK, or AECODEC_BROKEN_BOUND if a known
 * sample differs by more than its bound. */
aecodec_status aecodec_compare_segment(const segment *s, const refinement *r, double *max_error);
