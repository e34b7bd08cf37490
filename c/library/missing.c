/* SPDX-License-Identifier: Apache-2.0 */
/* Missing samples: their masks in files, and smooth values in their places for the networks. */
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* ---- finding them ---- */

/* How samples are compared with nodata, by their bits. */
typedef struct {
    const aecodec_samples *samples;
    uint64_t nodata, magnitude, infinity; /* the bits of nodata, all but the sign, and the least that is not finite */
    int has_nodata, is_nan_missing;
} test;

static test test_of(const aecodec_samples *s)
{
    const uint32_t bits = 8 * sample_size(s->type);
    test t = {s, 0, UINT64_MAX >> (65 - bits), UINT64_MAX, s->has_nodata && s->nodata == s->nodata, 0};
    t.nodata = t.has_nodata ? aecodec_to_sample_bits(s->type, s->nodata) : 0;
    t.nodata &= t.magnitude << 1 | 1;
    t.is_nan_missing = !s->has_nodata || s->nodata != s->nodata;
    if (is_float(s->type)) {
        t.infinity = bits == 16 ? 0x7c00u : bits == 32 ? 0x7f800000u : 0x7ff0000000000000u;
    }
    return t;
}

/* Whether bits are nodata, of which floats have two zeros. */
static int is_nodata(const test *t, uint64_t bits)
{
    return t->has_nodata && (bits == t->nodata || (t->infinity != UINT64_MAX && !((bits | t->nodata) & t->magnitude)));
}

/* Whether a sample is missing. Sets is_bad if it is infinite, or NaN although missing ones have another value. */
static int is_missing_now(const test *t, size_t pixel, uint32_t band, int *is_bad)
{
    const aecodec_samples *s = t->samples;
    const uint64_t bits = bits_of_sample(s->type, s->samples, pixel * s->bands + band);
    const int is_known = !is_missing(s, pixel, band) && !is_nodata(t, bits);
    if (t->infinity != UINT64_MAX && (bits & t->magnitude) >= t->infinity) {
        const int is_nan = (bits & t->magnitude) > t->infinity;
        *is_bad |= is_nan ? !t->is_nan_missing : is_known;
        return !is_known || is_nan;
    }
    return !is_known;
}

/* Find how many planes a mask needs: 0 if nothing is missing. Returns whether all samples are sound. */
static int count_planes(const test *t, uint32_t *planes)
{
    const size_t pixels = pixels_of_samples(t->samples);
    const uint32_t bands = t->samples->bands;
    int is_any = 0, differs = 0, is_bad = 0;
    uint32_t band;
    size_t n;
    for (n = 0; n < pixels && !is_bad; n++) {
        const int first = is_missing_now(t, n, 0, &is_bad);
        is_any |= first;
        for (band = 1; band < bands; band++) {
            differs |= is_missing_now(t, n, band, &is_bad) != first;
        }
    }
    *planes = differs ? bands : (uint32_t)is_any;
    return !is_bad;
}

/* Whether all samples are finite: the bits of their exponents are not all 1. */
static int is_all_finite(const test *t)
{
    const aecodec_samples *s = t->samples;
    const size_t count = is_float(s->type) ? pixels_of_samples(s) * s->bands : 0;
    unsigned is_finite = 1;
    size_t n;
    for (n = 0; n < count; n++) {
        is_finite &= (bits_of_sample(s->type, s->samples, n) & t->infinity) != t->infinity;
    }
    return (int)is_finite;
}

aecodec_status aecodec_find_missing(aecodec_samples *samples)
{
    const aecodec_samples given = *samples;
    const test t = test_of(&given);
    const size_t pixels = pixels_of_samples(&given);
    uint32_t planes = 0, band;
    int ignored = 0;
    size_t n;
    samples->missing = NULL;
    samples->mask_planes = 0;
    if (given.missing || given.has_nodata || !is_all_finite(&t)) {
        if (!count_planes(&t, &planes)) {
            return AECODEC_BAD_IMAGE;
        }
    }
    if (!planes) {
        return AECODEC_OK;
    }
    samples->missing = malloc(pixels * planes);
    for (n = 0; samples->missing && n < pixels; n++) {
        for (band = 0; band < planes; band++) {
            samples->missing[n * planes + band] = (uint8_t)is_missing_now(&t, n, band, &ignored);
        }
    }
    samples->mask_planes = samples->missing ? planes : 0;
    return samples->missing ? AECODEC_OK : AECODEC_NO_MEMORY;
}

void aecodec_set_missing(const aecodec_samples *samples, uint64_t bits)
{
    const size_t pixels = pixels_of_samples(samples);
    size_t n;
    uint32_t band;
    for (n = 0; samples->missing && n < pixels; n++) {
        for (band = 0; band < samples->bands; band++) {
            if (is_missing(samples, n, band)) {
                set_bits_of_sample(samples->type, samples->samples, n * samples->bands + band, bits);
            }
        }
    }
}

/* ---- filling ---- */

enum { MAX_LEVELS_OF_PLANE = 22 };

/* Values of a plane, and which are known. */
typedef struct {
    uint32_t width, height;
    uint16_t *values;
    uint8_t *known;
} plane;

/* The mean of the known values of 2 by 2. */
static void reduce_pixel(const plane *from, const plane *to, uint32_t y, uint32_t x)
{
    uint32_t sum = 0, count = 0, row, column;
    size_t at = (size_t)y * to->width + x;
    for (row = 2 * y; row < 2 * y + 2 && row < from->height; row++) {
        for (column = 2 * x; column < 2 * x + 2 && column < from->width; column++) {
            size_t place = (size_t)row * from->width + column;
            sum += from->known[place] ? from->values[place] : 0u;
            count += from->known[place];
        }
    }
    to->values[at] = (uint16_t)(count ? (2 * sum + count) / (2 * count) : 0);
    to->known[at] = count > 0;
}

/* Make the plane of half the sides. Returns whether all of its values are known. */
static int reduce(const plane *from, const plane *to)
{
    uint32_t y, x;
    int is_whole = 1;
    for (y = 0; y < to->height; y++) {
        for (x = 0; x < to->width; x++) {
            reduce_pixel(from, to, y, x);
            is_whole &= to->known[(size_t)y * to->width + x];
        }
    }
    return is_whole;
}

/* Fill what is unknown from the plane of half the sides. */
static void enlarge(const plane *from, const plane *to)
{
    uint32_t y, x;
    for (y = 0; y < to->height; y++) {
        for (x = 0; x < to->width; x++) {
            size_t at = (size_t)y * to->width + x;
            if (!to->known[at]) {
                to->values[at] = from->values[(size_t)(y / 2) * from->width + x / 2];
            }
        }
    }
}

/* Lay out the planes one after the other. Returns how many numbers they have together. */
static size_t lay_out(plane *planes, uint32_t width, uint32_t height, uint16_t *values, uint8_t *known)
{
    size_t total = 0;
    uint32_t n;
    for (n = 0; n < MAX_LEVELS_OF_PLANE; n++) {
        planes[n].width = width;
        planes[n].height = height;
        planes[n].values = values ? values + total : NULL;
        planes[n].known = known ? known + total : NULL;
        total += (size_t)width * height;
        width = width / 2 + width % 2;
        height = height / 2 + height % 2;
    }
    return total;
}

/* Fill the finest plane. */
static void fill_planes(plane *planes)
{
    uint32_t n = 0;
    int is_whole = 0;
    while (!is_whole && (planes[n].width > 1 || planes[n].height > 1)) {
        is_whole = reduce(&planes[n], &planes[n + 1]);
        n++;
    }
    for (; n > 0; n--) {
        enlarge(&planes[n], &planes[n - 1]);
    }
}

/* One band of a frame. */
static void fill_band(const aecodec_samples *samples, uint32_t frame, uint32_t band, uint16_t *values, plane *planes)
{
    size_t count = (size_t)samples->width * samples->height, first = count * frame, n;
    uint32_t bands = samples->bands;
    int is_whole = 1;
    values += first * bands + band;
    for (n = 0; n < count; n++) {
        planes[0].known[n] = !is_missing(samples, first + n, band);
        planes[0].values[n] = planes[0].known[n] ? values[n * bands] : 0;
        is_whole &= planes[0].known[n];
    }
    if (!is_whole) {
        fill_planes(planes);
        for (n = 0; n < count; n++) {
            values[n * bands] = planes[0].values[n];
        }
    }
}

aecodec_status aecodec_fill_missing(const aecodec_samples *samples, uint16_t *values)
{
    plane planes[MAX_LEVELS_OF_PLANE];
    size_t total = lay_out(planes, samples->width, samples->height, NULL, NULL);
    uint16_t *room = malloc(total * sizeof *room);
    uint8_t *known = malloc(total);
    uint32_t frame, band;
    if (room && known) {
        lay_out(planes, samples->width, samples->height, room, known);
    }
    for (frame = 0; room && known && frame < samples->frames; frame++) {
        for (band = 0; band < samples->bands; band++) {
            fill_band(samples, frame, band, values, planes);
        }
    }
    free(room);
    free(known);
    return room && known ? AECODEC_OK : AECODEC_NO_MEMORY;
}

/* ---- masks in files ---- */

/* The place in a mask [frames][height][width][planes] of a bit of [frames][planes][height][width]. */
static size_t place_of_bit(const aecodec_samples *samples, size_t bit)
{
    const size_t pixels = (size_t)samples->width * samples->height, planes = samples->mask_planes;
    if (planes == 1) { /* most masks have one plane, and dividing takes time */
        return bit;
    }
    return (bit / (pixels * planes) * pixels + bit % pixels) * planes + bit / pixels % planes;
}

aecodec_status aecodec_mask_pack(const aecodec_samples *samples, uint8_t **stream, size_t *size)
{
    size_t count = pixels_of_samples(samples) * samples->mask_planes, bytes = count / 8 + (count % 8 > 0), n;
    uint8_t *bits = malloc(bytes);
    *stream = malloc(aecodec_zlib_bound(bytes));
    *size = 0;
    if (bits && *stream) {
        memset(bits, 0, bytes);
        for (n = 0; n < count; n++) {
            bits[n / 8] |= (uint8_t)((samples->missing[place_of_bit(samples, n)] != 0) << (7 - n % 8));
        }
        *size = aecodec_zlib_deflate(bits, bytes, *stream);
    }
    free(bits);
    return *size ? AECODEC_OK : AECODEC_NO_MEMORY;
}

aecodec_status aecodec_mask_inflate(const uint8_t *stream, size_t size, uint64_t count, uint8_t **bits)
{
    const uint64_t bytes = count / 8 + (count % 8 > 0);
    aecodec_status status;
    *bits = aecodec_memory_fits(bytes) ? malloc((size_t)bytes) : NULL;
    status = *bits ? aecodec_zlib_inflate(stream, size, *bits, (size_t)bytes) : AECODEC_NO_MEMORY;
    if (status == AECODEC_DAMAGED ||
        (status == AECODEC_OK && count % 8 && (uint8_t)((*bits)[bytes - 1] << count % 8))) {
        status = AECODEC_DAMAGED_MASK;
    }
    return status;
}

aecodec_status aecodec_mask_unpack(const aecodec_samples *samples, const uint8_t *stream, size_t size)
{
    const size_t count = pixels_of_samples(samples) * samples->mask_planes;
    uint8_t *bits;
    const aecodec_status status = aecodec_mask_inflate(stream, size, count, &bits);
    size_t n;
    for (n = 0; status == AECODEC_OK && n < count; n++) {
        samples->missing[place_of_bit(samples, n)] = bits[n / 8] >> (7 - n % 8) & 1u;
    }
    free(bits);
    return status;
}

aecodec_status aecodec_mask_count(uint64_t samples, const uint8_t *stream, size_t size, uint64_t *missing)
{
    uint8_t *bits;
    const aecodec_status status = aecodec_mask_inflate(stream, size, samples, &bits);
    uint64_t n;
    *missing = 0;
    for (n = 0; status == AECODEC_OK && n < samples; n++) {
        *missing += bits[n / 8] >> (7 - n % 8) & 1u;
    }
    free(bits);
    return status;
}
