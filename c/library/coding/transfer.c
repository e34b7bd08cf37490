/* SPDX-License-Identifier: Apache-2.0 */
/* Samples to values, and back: the samples of all values are computed once, and then looked up. */
#include <stdlib.h>

#include "coding/transfer.h"

enum { STEPS = 65535 /* of a table, and the most that limits of integers may differ by */ };

/* ---- the samples of all values ---- */

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double rounded_down(double number)
{
    if (number < -2147483648.0 || number >= 2147483648.0) {
        return number;
    }
    double whole = (double)(int32_t)number;
    return whole > number ? whole - 1 : whole;
}

static void find_extremes(uint32_t type, double extremes[2])
{
    static const uint32_t bits[][2] = {{0, 0xff},          {0x80, 0x7f},     {0, 0xffff},
                                       {0x8000, 0x7fff},   {0x80000000u, 0x7fffffff},
                                       {0xfbff, 0x7bff},   {0xff7fffffu, 0x7f7fffff}};
    extremes[0] = aecodec_sample_number(type, bits[type][0]);
    extremes[1] = aecodec_sample_number(type, bits[type][1]);
}

/* Limits in the range of the type, of integers rounded outwards. Returns whether samples fit. */
static int fit_limits(uint32_t type, const double limits[2], double fitted[2])
{
    double extremes[2], low = limits[0], high = limits[1];
    find_extremes(type, extremes);
    if (type < AECODEC_FLOAT16) {
        low = rounded_down(low);
        high = -rounded_down(-high);
    }
    fitted[0] = smaller(larger(low, extremes[0]), extremes[1]);
    fitted[1] = smaller(larger(high, extremes[0]), extremes[1]);
    return fitted[0] < fitted[1] && (type >= AECODEC_FLOAT16 || fitted[1] - fitted[0] <= (double)STEPS);
}

/* The number at a step of a table; one rounding after the other, as in Python. */
static double number_at(const double limits[2], uint32_t step)
{
    double part = (double)step / (double)STEPS;
    double above = (limits[1] - limits[0]) * part;
    return limits[0] + above;
}

static uint64_t sample_of(uint32_t type, const double limits[2], uint32_t step)
{
    if (type >= AECODEC_FLOAT16) {
        return aecodec_to_sample_bits(type, number_at(limits, step));
    }
    uint64_t range = (uint64_t)(limits[1] - limits[0]);
    return aecodec_to_sample_bits(type, limits[0] + (double)((2 * range * step + STEPS) / (2 * STEPS)));
}

static void fill_samples(transfer *t)
{
    const uint16_t *tables = t->tables;
    uint32_t *to = t->samples;
    for (uint32_t band = 0; band < t->bands; band++) {
        for (uint32_t value = 0; value <= t->top; value++) {
            *to++ = (uint32_t)sample_of(t->type, t->limits[band], *tables++);
        }
    }
}

aecodec_status aecodec_transfer_open(const aecodec_bundle *bundle, uint32_t type, const double *limits,
                                     transfer *t)
{
    t->type = type;
    t->bands = bundle->facts.channels;
    t->top = 255 * bundle->facts.phases;
    t->samples = NULL;
    t->tables = bundle->bands.tables;
    if (!bundle->bands.is_present) {
        return AECODEC_ABSENT;
    }
    limits = limits ? limits : bundle->bands.limits;
    for (uint32_t band = 0; band < t->bands; band++) {
        if (!fit_limits(type, limits + 2 * band, t->limits[band])) {
            return AECODEC_BAD_IMAGE;
        }
    }
    t->samples = malloc(((size_t)t->top + 1) * t->bands * sizeof *t->samples);
    if (!t->samples) {
        return AECODEC_NO_MEMORY;
    }
    fill_samples(t);
    return AECODEC_OK;
}

/* ---- values to samples ---- */

void aecodec_transfer_to_samples(const transfer *t, const uint16_t *values, size_t pixels, void *samples)
{
    size_t at = 0;
    for (size_t n = 0; n < pixels; n++) {
        for (uint32_t band = 0; band < t->bands; band++, at++) {
            set_bits_of_sample(t->type, samples, at, t->samples[band * (t->top + 1) + values[at]]);
        }
    }
}

/* ---- samples to values ---- */

static double middle_of(uint32_t type, const double limits[2], uint32_t step, uint32_t next)
{
    if (type >= AECODEC_FLOAT16) {
        return (number_at(limits, step) + number_at(limits, next)) / 2;
    }
    uint64_t range = (uint64_t)(limits[1] - limits[0]);
    return limits[0] + (double)(range * (step + next) / (2 * STEPS));
}

/* What a sample has to exceed for the next value, [bands][top]: the means of the samples of neighbouring
 * values, which are not rounded to the type here. Means of integers are those of (high - low) * (T[w] + T[w +
 * 1]) / 131070, rounded down: an integer exceeds both or neither. */
static double *middles_of(const transfer *t)
{
    double *middles = malloc((size_t)t->top * t->bands * sizeof *middles), *to = middles;
    const uint16_t *table = t->tables;
    for (uint32_t band = 0; middles && band < t->bands; band++, table++) {
        for (uint32_t value = 0; value < t->top; value++, table++) {
            *to++ = middle_of(t->type, t->limits[band], table[0], table[1]);
        }
    }
    return middles;
}

/* The value of the nearest sample of a band: how many middles are less than a number. */
static uint16_t value_of(const transfer *t, const double *middles, uint32_t band, double number)
{
    const uint16_t *table = t->tables + (size_t)band * (t->top + 1);
    uint32_t low = 0, high = t->top;
    middles += (size_t)band * t->top;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (middles[middle] < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low && table[low] == table[low - 1]) {
        low--;
    }
    return (uint16_t)low;
}

aecodec_status aecodec_transfer_to_values(const transfer *t, const aecodec_samples *samples, uint16_t *values,
                                          uint64_t *clipped)
{
    const size_t pixels = pixels_of_samples(samples);
    double *middles = middles_of(t);
    size_t at = 0;
    for (size_t n = 0; middles && n < pixels; n++) {
        for (uint32_t band = 0; band < samples->bands; band++, at++) {
            const double number = number_of_sample(samples->type, samples->samples, at);
            values[at] = value_of(t, middles, band, number);
            clipped[band] += !is_missing(samples, n, band) &&
                             (number < t->limits[band][0] || number > t->limits[band][1]);
        }
    }
    free(middles);
    return middles ? AECODEC_OK : AECODEC_NO_MEMORY;
}

/* ---- limits of a file ---- */

/* Limits of a band with one sample: this, and the next sample above, or below the largest of the type. */
static void set_apart(uint32_t type, double sample, double limits[2])
{
    const uint64_t order = aecodec_sample_order(type,
                                                aecodec_to_sample_bits(type, sample + 0.0)); /* not -0 */
    double extremes[2];
    find_extremes(type, extremes);
    const int is_largest = sample == extremes[1];
    limits[0] = is_largest ? aecodec_sample_number(type, aecodec_sample_at(type, order - 1)) : sample;
    limits[1] = is_largest ? sample : aecodec_sample_number(type, aecodec_sample_at(type, order + 1));
}

/* The least and the largest known sample of each band, [bands][2]; the first is larger if none is known. */
static void find_ranges(const aecodec_samples *samples, double *ranges)
{
    size_t pixels = pixels_of_samples(samples);
    for (uint32_t band = 0; band < samples->bands; band++) {
        ranges[2 * band] = 1;
        ranges[2 * band + 1] = 0;
    }
    for (size_t n = 0; n < pixels; n++) {
        for (uint32_t band = 0; band < samples->bands; band++) {
            double *range = ranges + 2 * band;
            if (is_missing(samples, n, band)) {
                continue;
            }
            double number = number_of_sample(samples->type, samples->samples, n * samples->bands + band);
            if (range[0] > range[1]) {
                range[0] = range[1] = number;
            }
            range[0] = smaller(range[0], number);
            range[1] = larger(range[1], number);
        }
    }
}

static int are_many_outside(const aecodec_samples *samples, uint32_t band, const double limits[2])
{
    size_t pixels = pixels_of_samples(samples), known = 0, outside = 0;
    for (size_t n = 0; n < pixels; n++) {
        if (!is_missing(samples, n, band)) {
            double number = number_of_sample(samples->type, samples->samples, n * samples->bands + band);
            known++;
            outside += number < limits[0] || number > limits[1];
        }
    }
    return outside > known / 100;
}

/* Widen limits to a range of samples, unless these are a few outliers of integers. Returns whether they
 * changed. */
static int widen(const aecodec_samples *samples, uint32_t band, const double range[2], double limits[2])
{
    double low = smaller(limits[0], range[0]), high = larger(limits[1], range[1]);
    if (range[0] > range[1] || (low == limits[0] && high == limits[1] && low < high)) {
        return 0;
    }
    if (low == high) {
        set_apart(samples->type, low, limits);
        return 1;
    }
    if (samples->type < AECODEC_FLOAT16 && high - low > 2 * (limits[1] - limits[0]) &&
        (high - low > (double)STEPS || !are_many_outside(samples, band, limits))) {
        return 0;
    }
    limits[0] = low;
    limits[1] = high;
    return 1;
}

int aecodec_find_own_limits(const aecodec_bundle *bundle, const aecodec_samples *samples, double *limits)
{
    double ranges[2 * AECODEC_MAX_BANDS];
    int is_changed = 0;
    find_ranges(samples, ranges);
    for (uint32_t band = 0; band < samples->bands; band++, limits += 2) {
        fit_limits(samples->type, bundle->bands.limits + 2 * band, limits);
        limits[0] = aecodec_sample_number(samples->type, aecodec_to_sample_bits(samples->type, limits[0]));
        limits[1] = aecodec_sample_number(samples->type, aecodec_to_sample_bits(samples->type, limits[1]));
        is_changed |= widen(samples, band, ranges + 2 * band, limits);
    }
    return is_changed;
}
