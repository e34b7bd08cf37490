/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds of refinements, from the maximum errors that a caller states. */
#include <string.h>

#include "refined.h"

#define MOST_BOUND 1073741823.0
#define MOST_ROOT 1048575.0
#define MOST_MULTIPLES 2147483647.0
#define MARGIN (1 - 1.0 / (1 << 20)) /* rounding a multiple to the type of the samples must not exceed the bound */

/* Largest magnitude of some samples, `stride` apart. */
static double largest_magnitude(const aecodec_samples *s, size_t at, size_t stride)
{
    const size_t count = pixels_of_samples(s) * s->bands;
    double most = 0;
    for (; at < count; at += stride) {
        const double number = number_of_sample(s->type, s->samples, at);
        const double magnitude = number < 0 ? -number : number;
        most = magnitude > most ? magnitude : most;
    }
    return most;
}

/* Distance from a number of a type of floats, 0 or more, to the next one. */
static double spacing_at(uint32_t type, double number)
{
    const uint32_t bits = aecodec_to_sample_bits(type, number);
    return aecodec_sample_number(type, bits + 1) - aecodec_sample_number(type, bits);
}

/* Floats are coded exactly if the bound is so small that multiples are no coarser than the samples. */
static bound bound_of_floats(const aecodec_samples *s, size_t at, size_t stride, double error)
{
    const double most = largest_magnitude(s, at, stride);
    const double spacing = 2 * spacing_at(s->type, most / 2); /* that of the largest overflows */
    bound b;
    b.error = error;
    b.unit = 2 * (error - spacing) * MARGIN;
    if (b.unit <= spacing || most / b.unit >= MOST_MULTIPLES || b.unit - b.unit != 0) {
        b.error = b.unit = 0;
    }
    return b;
}

/* The bound of all samples, or of a band, for a maximum error. */
static bound bound_for(const aecodec_samples *s, size_t at, size_t stride, double error, int is_root)
{
    bound b = {0, 0};
    if (s->type >= AECODEC_FLOAT16) {
        return bound_of_floats(s, at, stride, error);
    }
    if (is_root) {
        error *= ROOT_UNITS;
        b.error = (double)(uint32_t)(error < MOST_ROOT ? error : MOST_ROOT) / ROOT_UNITS;
    } else {
        b.error = (double)(uint32_t)(error < MOST_BOUND ? error : MOST_BOUND);
    }
    return b;
}

const bound *aecodec_bound_of(const refinement *r, uint32_t band)
{
    return &r->bounds[r->bound_count > 1 ? band : 0];
}

int aecodec_bounds_are_valid(const aecodec_bounds *bounds, const aecodec_samples *samples)
{
    uint32_t n;
    if (bounds->count - 1u >= AECODEC_MAX_REFINEMENTS || (bounds->bands != 1 && bounds->bands != samples->bands) ||
        (bounds->is_root && !aecodec_has_roots(samples->type))) {
        return 0;
    }
    for (n = 0; n < bounds->count * bounds->bands; n++) {
        const double error = bounds->errors[n];
        if (!(error >= 0 && error - error == 0) || (n >= bounds->bands && error > bounds->errors[n - bounds->bands])) {
            return 0;
        }
    }
    return 1;
}

/* Whether a refinement bounds a band more tightly than the one before it. */
static int is_finer(const refinement *r, const refinement *before, uint32_t bands)
{
    uint32_t band;
    for (band = 0; band < bands; band++) {
        if (aecodec_bound_of(r, band)->error < aecodec_bound_of(before, band)->error) {
            return 1;
        }
    }
    return 0;
}

/* Errors that are equal for all bands become one bound. */
static void set_bounds(refinement *r, const aecodec_bounds *bounds, const double *errors, const aecodec_samples *samples)
{
    size_t stride;
    uint32_t n;
    memset(r, 0, sizeof *r);
    r->bound_count = 1;
    r->is_float = samples->type >= AECODEC_FLOAT16;
    for (n = 0; n < bounds->bands; n++) {
        r->is_root |= bounds->is_root && errors[n] > 0;
        r->bound_count = errors[n] != errors[0] ? bounds->bands : r->bound_count;
    }
    stride = r->bound_count > 1 ? samples->bands : 1;
    for (n = 0; n < r->bound_count; n++) {
        r->bounds[n] = bound_for(samples, n, stride, errors[n], r->is_root);
    }
}

uint32_t aecodec_refinements_for(const aecodec_bounds *bounds, const aecodec_samples *samples, refinement *refinements)
{
    uint32_t count = 0, n;
    for (n = 0; n < bounds->count; n++) {
        refinement *r = &refinements[count];
        set_bounds(r, bounds, bounds->errors + (size_t)n * bounds->bands, samples);
        count += !count || is_finer(r, r - 1, samples->bands);
    }
    return count;
}

/* Compare a row of a band. Returns whether all known samples are within the bound. */
static int compare_row(const aecodec_samples *original, const aecodec_samples *decoded, size_t pixel, uint32_t count,
                       uint32_t band, const refinement *r, comparison *c)
{
    const bound *b = aecodec_bound_of(r, band);
    const uint32_t type = original->type, bands = original->bands;
    int is_within = 1;
    for (; count; count--, pixel++) {
        const double sample = number_of_sample(type, original->samples, pixel * bands + band);
        const double other = number_of_sample(type, decoded->samples, pixel * bands + band);
        const double error = sample < other ? other - sample : sample - other;
        const double most =
            r->is_root ? (double)aecodec_root_error((uint32_t)(b->error * ROOT_UNITS), (int64_t)sample) : b->error;
        if (!is_missing(original, pixel, band)) {
            is_within &= error <= most;
            c->max_error = error > c->max_error ? error : c->max_error;
            c->nodata += decoded->has_nodata && other == decoded->nodata;
        }
    }
    return is_within;
}

aecodec_status aecodec_compare_segment(const refining *segment, const refinement *r, const aecodec_samples *decoded,
                                       comparison *c)
{
    uint32_t n, band;
    for (n = 0; n < aecodec_refining_rows(segment); n++) {
        const size_t pixel = aecodec_refining_row(segment, n, &band);
        if (!compare_row(segment->samples, decoded, pixel, segment->coding.width, band, r, c)) {
            return AECODEC_BROKEN_BOUND;
        }
    }
    return AECODEC_OK;
}
