/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds of refinements, from the maximum errors that a caller states. */
#include <string.h>

#include "bounds/bounds.h"

#define MOST_MULTIPLES 2147483646.0 /* and one more with a gap */
#define MOST_QUOTIENT 4503599627370496.0
#define MOST_DIFFERENCE 4294967293u /* of the values of a band without a gap */
#define STABLE_MULTIPLES 8796093022208.0 /* 2^43, of stable units */
#define MARGIN (1 - 1.0 / (1 << 20)) /* multiples that are rounded to the type must not exceed the bound */

/* The samples that a bound holds for: some bands. */
typedef struct {
    const aecodec_samples *samples;
    uint32_t first_band, bands;
    int is_stable; /* the unit must not depend on the samples */
} bounded;

/* Get the bits of the known sample at a place or behind it, counted in bands. Returns 0 behind the last. */
static int take_known(const bounded *of, size_t *place, uint64_t *bits)
{
    const aecodec_samples *s = of->samples;
    for (; *place < pixels_of_samples(s) * of->bands; ++*place) {
        const size_t pixel = *place / of->bands;
        const uint32_t band = of->first_band + (uint32_t)(*place % of->bands);
        if (!is_missing(s, pixel, band)) {
            *bits = bits_of_sample(s->type, s->samples, pixel * s->bands + band);
            ++*place;
            return 1;
        }
    }
    return 0;
}

/* Find the bits of the least and the largest number; both are 0 if none is known. */
static void find_range(const bounded *of, uint64_t range[2])
{
    uint64_t bits, least = UINT64_MAX, most = 0;
    range[0] = range[1] = 0;
    for (size_t place = 0; take_known(of, &place, &bits);) {
        const uint64_t order = aecodec_sample_order(of->samples->type, bits);
        range[0] = order <= least ? bits : range[0];
        range[1] = order >= most ? bits : range[1];
        least = order < least ? order : least;
        most = order > most ? order : most;
    }
}

/* ---- floats ---- */

/* Choose the offset of multiples from one to another. Returns whether 32 bits can tell them apart. */
static int choose_offset(uint64_t low, uint64_t high, bound *b)
{
    const int64_t least = (int64_t)low, most = (int64_t)high;
    b->offset = 0;
    if (least >= -INT32_MAX && least <= INT32_MAX && most >= least && most < INT32_MAX) {
        return 1;
    }
    b->offset = (int64_t)(low + (high - low + 1) / 2);
    return high - low <= MOST_DIFFERENCE;
}

static int take_unit(const double range[2], double error, double unit, bound *b)
{
    b->error = error;
    b->unit = unit;
    return range[1] / unit < MOST_QUOTIENT && range[0] / unit > -MOST_QUOTIENT &&
           choose_offset((uint64_t)aecodec_nearest_multiple(range[0], unit),
                         (uint64_t)aecodec_nearest_multiple(range[1], unit), b);
}

static double power_of_2(int exponent)
{
    const uint64_t bits = exponent < -1022 ? (uint64_t)1 << (exponent + 1074)
                                           : (uint64_t)(exponent + 1023) << 52;
    return aecodec_sample_number(AECODEC_FLOAT64, bits);
}

/* The largest power of 2 that divides all doubles. */
static double common_divisor(const bounded *of)
{
    enum { FRACTION = 52, BIAS = 1075, MOST_EXPONENT = 2047 };
    uint64_t bits;
    uint32_t least = BIAS;
    for (size_t place = 0; take_known(of, &place, &bits);) {
        uint32_t exponent = bits >> FRACTION & MOST_EXPONENT;
        uint64_t whole = (bits & (((uint64_t)1 << FRACTION) - 1)) | (uint64_t)(exponent != 0) << FRACTION;
        exponent += !exponent;
        for (; whole && exponent < least && !(whole & 1); whole >>= 1) {
            exponent++;
        }
        least = whole && exponent < least ? exponent : least;
    }
    return power_of_2((int)least - BIAS);
}

/* Numbers with a significand of so many bits, of which a stable unit has a few. */
static int bits_of_significand(uint32_t type, int is_unit)
{
    return type == AECODEC_FLOAT16   ? (is_unit ? 1 : 11)
           : type == AECODEC_FLOAT32 ? (is_unit ? 5 : 24)
                                     : (is_unit ? 10 : 53);
}

/* A unit that depends only on the error, and has so few bits that its multiples are exact up to a number,
 * which may not be less than `most`; otherwise 0. Quotients of doubles are rounded, too. */
static double stable_unit(uint32_t type, double error, double most)
{
    const int digits = bits_of_significand(type, 1), spare = bits_of_significand(type, 0) - digits;
    const double number = 2 * error * (type == AECODEC_FLOAT64 ? 1 - 1.0 / 512 : 1);
    const uint64_t bits = aecodec_to_sample_bits(AECODEC_FLOAT64, number);
    const double unit = aecodec_sample_number(AECODEC_FLOAT64, bits >> (53 - digits) << (53 - digits));
    return most / unit < (double)((uint64_t)1 << spare) ? unit : 0;
}

/* Floats are coded exactly if the bound is so small that multiples are no coarser than the samples; doubles
 * then are multiples of a power of 2, or all equal. */
static int bound_of_floats(const bounded *of, double error, bound *b, double *least_error)
{
    const uint32_t type = of->samples->type;
    double range[2], most, spacing, unit;
    uint64_t ends[2], half;
    find_range(of, ends);
    range[0] = aecodec_sample_number(type, ends[0]);
    range[1] = aecodec_sample_number(type, ends[1]);
    most = -range[0] > range[1] ? -range[0] : range[1];
    most = most > 0 ? most : 0; /* not -0 */
    half = aecodec_to_sample_bits(type, most / 2); /* the spacing at the largest sample overflows */
    spacing = 2 * (aecodec_sample_number(type, half + 1) - aecodec_sample_number(type, half));
    unit = of->is_stable ? stable_unit(type, error, most)
                         : 2 * (error - (type == AECODEC_FLOAT64 ? 2 : 1) * spacing) * MARGIN;
    if (unit > (of->is_stable ? 0 : spacing) && unit - unit == 0 &&
        (type == AECODEC_FLOAT64 ? take_unit(range, error, unit, b) : most / unit < MOST_MULTIPLES)) {
        b->error = error;
        b->unit = unit;
        return 1;
    }
    *least_error = (range[1] / MOST_DIFFERENCE - range[0] / MOST_DIFFERENCE) / 2 * (2 - MARGIN) / MARGIN +
                   4 * spacing;
    if (of->is_stable) {
        *least_error = *least_error * 129 / 128 > most / STABLE_MULTIPLES ? *least_error * 129 / 128
                                                                          : most / STABLE_MULTIPLES;
    }
    b->error = b->unit = 0;
    if (type != AECODEC_FLOAT64) {
        return 1;
    }
    return take_unit(range, 0, range[0] == range[1] && most > 0 ? most : common_divisor(of), b);
}

/* ---- integers of 64 bits ---- */

/* Take an error, with a unit if the integers themselves differ by too much, or their offset would change the
 * result. */
static int take_wide_error(const bounded *of, const uint64_t range[2], double error, bound *b)
{
    const uint32_t type = of->samples->type;
    const uint64_t unit = 2 * (uint64_t)error + 1;
    b->unit = 0;
    b->error = error < MOST_BOUND ? error : MOST_BOUND;
    if ((!of->is_stable || error == 0) && choose_offset(range[0], range[1], b)) {
        return 1;
    }
    b->unit = (double)unit;
    b->error = error;
    return choose_offset((uint64_t)aecodec_wide_multiple(type, range[0], unit),
                         (uint64_t)aecodec_wide_multiple(type, range[1], unit), b);
}

static int bound_of_wide(const bounded *of, double error, bound *b, double *least_error)
{
    bound tried;
    uint64_t range[2];
    find_range(of, range);
    if (take_wide_error(of, range, (double)(uint64_t)(error < MOST_WIDE_BOUND ? error : MOST_WIDE_BOUND),
                        b)) {
        return 1;
    }
    *least_error = (double)((range[1] - range[0]) / MOST_DIFFERENCE / 2);
    while (!take_wide_error(of, range, *least_error, &tried)) {
        ++*least_error;
    }
    return 0;
}

/* ---- all types ---- */

static int find_bound(const bounded *of, double error, int is_root, bound *b, double *least_error)
{
    const uint32_t type = of->samples->type;
    *b = (bound){0, 0, 0};
    if (is_float(type)) {
        return bound_of_floats(of, error, b, least_error);
    }
    if (sample_size(type) > 4) {
        return bound_of_wide(of, error, b, least_error);
    }
    if (is_root) {
        error *= ROOT_UNITS;
        b->error = (double)(uint32_t)(error < MOST_ROOT ? error : MOST_ROOT) / ROOT_UNITS;
    } else {
        b->error = (double)(uint32_t)(error < MOST_BOUND ? error : MOST_BOUND);
    }
    return 1;
}

int aecodec_bounds_are_valid(const aecodec_bounds *bounds, const aecodec_samples *samples)
{
    if (bounds->count - 1u >= AECODEC_MAX_REFINEMENTS ||
        (bounds->bands != 1 && bounds->bands != samples->bands) ||
        (bounds->is_root && !aecodec_has_roots(samples->type))) {
        return 0;
    }
    for (uint32_t n = 0; n < bounds->count * bounds->bands; n++) {
        const double error = bounds->errors[n];
        if (!(error >= 0 && error - error == 0) ||
            (n >= bounds->bands && error > bounds->errors[n - bounds->bands])) {
            return 0;
        }
    }
    return 1;
}

static double error_of(const refinement *r, uint32_t band)
{
    return r->bounds[bound_number(r, band)].error;
}

static int is_finer(const refinement *r, const refinement *before, uint32_t bands)
{
    for (uint32_t band = 0; band < bands; band++) {
        if (error_of(r, band) < error_of(before, band)) {
            return 1;
        }
    }
    return 0;
}

/* The difference of two samples, also of integers that doubles cannot tell apart. */
static double difference(uint32_t type, uint64_t a, uint64_t b)
{
    const double first = aecodec_sample_number(type, a), second = aecodec_sample_number(type, b);
    if (sample_size(type) == 8 && !is_float(type)) {
        const int is_less = type == AECODEC_INT64 ? (int64_t)a < (int64_t)b : a < b;
        return (double)(is_less ? b - a : a - b);
    }
    return first < second ? second - first : first - second;
}

/* Whether known samples may be rounded to nodata from below; the next sample above could then be too far from
 * them. */
static int needs_gap(const bounded *of, const refinement *r, double error)
{
    const uint32_t type = of->samples->type;
    uint64_t bits, beside[2], nodata;
    if (!(error > 0) || !aecodec_beside_nodata(of->samples, beside)) {
        return 0;
    }
    if (of->is_stable == 1) {
        return 1; /* parts that are written later may have such samples */
    }
    nodata = aecodec_to_sample_bits(type, of->samples->nodata);
    for (size_t place = 0; take_known(of, &place, &bits);) {
        if (aecodec_sample_order(type, bits) < aecodec_sample_order(type, nodata) &&
            (r->is_root || difference(type, bits, nodata) <= error)) {
            return 1;
        }
    }
    return 0;
}

/* Leave a gap at nodata if needed. Integers of 32 bits that leave no value for it are coded exactly. */
static void take_gap(const bounded *of, refinement *r, bound *b)
{
    uint64_t range[2];
    if (needs_gap(of, r, b->error)) {
        int is_full = sample_size(of->samples->type) == 4 && !is_float(of->samples->type);
        find_range(of, range);
        is_full = is_full && aecodec_sample_order(of->samples->type, range[1]) == UINT32_MAX;
        b->error = is_full ? 0 : b->error;
        r->has_gap |= !is_full;
    }
}

/* Find bounds for errors, which are those of all bands or of each. Returns 0 if samples do not fit. */
static int find_bounds(refinement *r, const double *errors, uint32_t count, const aecodec_samples *samples,
                       double *least_error)
{
    bounded of = {samples, 0, r->bound_count > 1 ? 1 : samples->bands, r->is_stable};
    double least = 0;
    int fits = 1;
    *least_error = 0;
    r->has_offsets = r->has_gap = 0;
    for (; of.first_band < r->bound_count; of.first_band++) {
        bound *b = &r->bounds[of.first_band];
        if (!find_bound(&of, errors[count > 1 ? of.first_band : 0], r->is_root, b, &least)) {
            *least_error = least > *least_error ? least : *least_error;
            fits = 0;
        }
        r->has_offsets |= b->offset != 0;
        take_gap(&of, r, b);
    }
    return fits;
}

/* Errors that are equal for all bands become one bound, unless bands have offsets of their own. */
static int set_bounds(refinement *r, const aecodec_bounds *bounds, const double *errors,
                      const aecodec_samples *samples, double *least_error)
{
    bound *room = r->bounds;
    *r = (refinement){.bounds = room, .bound_count = 1, .is_stable = (int)bounds->is_stable};
    r->is_double = is_float(samples->type) || sample_size(samples->type) > 4;
    for (uint32_t n = 0; n < bounds->bands; n++) {
        r->is_root |= bounds->is_root && errors[n] > 0;
        r->bound_count = errors[n] != errors[0] ? bounds->bands : r->bound_count;
    }
    int fits = find_bounds(r, errors, bounds->bands, samples, least_error);
    if (!fits && r->bound_count < samples->bands) {
        r->bound_count = samples->bands;
        fits = find_bounds(r, errors, bounds->bands, samples, least_error);
    }
    return fits;
}

aecodec_status aecodec_refinements_for(const aecodec_bounds *bounds, const aecodec_samples *samples,
                                       refinement *refinements, uint32_t *count, double *least_error)
{
    for (uint32_t n = *count = 0; n < bounds->count; n++) {
        refinement *r = &refinements[*count];
        if (!set_bounds(r, bounds, bounds->errors + (size_t)n * bounds->bands, samples, least_error)) {
            return AECODEC_DOES_NOT_FIT;
        }
        *count += !*count || is_finer(r, r - 1, samples->bands);
    }
    return AECODEC_OK;
}

/* ---- comparisons ---- */

/* The largest difference that a bound allows from a sample. */
static double most_error(const refinement *r, uint32_t band, double sample)
{
    const double error = error_of(r, band);
    return r->is_root ? (double)aecodec_root_error((uint32_t)(error * ROOT_UNITS), (int64_t)sample) : error;
}

/* Compare a row of a segment, which begins at a place among its values. */
static int is_row_within(const segment *s, const refinement *r, uint32_t number, double *max_error)
{
    const aecodec_samples *all = s->all->samples;
    const size_t first = (size_t)number * s->place.width;
    uint64_t decoded[REFINED_SIDE];
    uint32_t band;
    size_t at = aecodec_segment_row(s, number, &band) * all->bands;
    int is_within = 1;
    aecodec_lattice_to_samples(&s->all->lattices[band], s->decoded + first, 0, 1, s->place.width, decoded);
    for (uint32_t n = 0; n < s->place.width; n++, at += all->bands) {
        const uint64_t bits = bits_of_sample(all->type, all->samples, at + band);
        uint64_t coded = bits_of_sample(all->type, decoded, n);
        if (all->has_nodata && aecodec_sample_number(all->type, coded) == all->nodata) {
            coded = aecodec_avoid_nodata(all, coded);
        }
        const double error = s->missing && s->missing[first + n] ? 0 : difference(all->type, bits, coded);
        is_within &= error <= most_error(r, band, aecodec_sample_number(all->type, bits));
        *max_error = error > *max_error ? error : *max_error;
    }
    return is_within;
}

aecodec_status aecodec_compare_segment(const segment *s, const refinement *r, double *max_error)
{
    const uint32_t rows = s->place.frames * s->all->samples->bands * s->place.height;
    for (uint32_t n = 0; n < rows; n++) {
        if (!is_row_within(s, r, n, max_error)) {
            return AECODEC_BROKEN_BOUND;
        }
    }
    return AECODEC_OK;
}
