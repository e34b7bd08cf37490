/* SPDX-License-Identifier: Apache-2.0 */
/* Missing samples: their masks in files, and smooth values in their places for the networks. */
#include <stdlib.h>
#include <string.h>

#include "samples/missing.h"
#include "zlib/zlib.h"

/* ---- finding them ---- */

/* How samples are compared with nodata, by their bits. */
typedef struct {
    const aecodec_samples *samples;
    uint64_t nodata, magnitude,
        infinity; /* the bits of nodata, all but the sign, and the least that is not finite */
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
    return t->has_nodata &&
           (bits == t->nodata || (t->infinity != UINT64_MAX && !((bits | t->nodata) & t->magnitude)));
}

void aecodec_load_bits(const aecodec_samples *s, const pixel_range *range, uint32_t band, uint64_t *bits)
{
    const size_t at = range->first * s->bands + band;
    const uint32_t type = s->type; /* known before the loop */
    for (uint32_t n = 0; n < range->count; n++) {
        bits[n] = bits_of_sample(type, s->samples, at + (size_t)n * s->bands);
    }
}

/* Mark missing samples of a band. Returns 0 if others are infinite, or are NaN although missing ones have
 * another value. */
static int mark(const test *t, const pixel_range *range, uint32_t band, uint8_t *marks)
{
    uint64_t bits[TOGETHER];
    int is_bad = 0;
    aecodec_load_bits(t->samples, range, band, bits);
    for (uint32_t n = 0; n < range->count; n++) {
        marks[n] = (uint8_t)is_nodata(t, bits[n]);
    }
    for (uint32_t n = 0; t->samples->missing && n < range->count; n++) {
        marks[n] |= is_missing(t->samples, range->first + n, band) != 0;
    }
    for (uint32_t n = 0; t->infinity != UINT64_MAX && n < range->count; n++) {
        const uint64_t magnitude = bits[n] & t->magnitude;
        is_bad |= !marks[n] && (magnitude > t->infinity ? !t->is_nan_missing : magnitude == t->infinity);
        marks[n] |= magnitude > t->infinity;
    }
    return !is_bad;
}

typedef struct {
    int is_sound, is_any, is_enough;
} marked;

/* Fill a mask of one plane or of as many as there are bands. */
static marked mark_all(const test *t, uint32_t planes, uint8_t *mask)
{
    const size_t ranges = range_count(t->samples);
    marked m = {1, 0, 1};
    uint8_t marks[TOGETHER];
    for (size_t number = 0; number < ranges && m.is_sound && m.is_enough; number++) {
        const pixel_range range = range_at(t->samples, number);
        for (uint32_t band = 0; band < t->samples->bands; band++) {
            m.is_sound &= mark(t, &range, band, marks);
            for (uint32_t n = 0; n < range.count; n++) {
                uint8_t *to = mask + (range.first + n) * planes + (planes > 1 ? band : 0);
                m.is_enough &= planes > 1 || !band || *to == marks[n];
                m.is_any |= marks[n];
                *to = marks[n];
            }
        }
    }
    return m;
}

/* Whether all samples are finite: the bits of their exponents are not all 1. */
static int is_all_finite(const test *t)
{
    const aecodec_samples *s = t->samples;
    const size_t count = is_float(s->type) ? pixels_of_samples(s) * s->bands : 0;
    unsigned is_finite = 1;
    for (size_t n = 0; n < count; n++) {
        is_finite &= (bits_of_sample(s->type, s->samples, n) & t->infinity) != t->infinity;
    }
    return (int)is_finite;
}

/* Mark with some planes. Returns whether they are enough, or all else is settled. */
static int find_with(const test *t, uint32_t planes, aecodec_samples *samples, aecodec_status *status)
{
    uint8_t *mask = malloc(pixels_of_samples(samples) * planes);
    const marked m = mask ? mark_all(t, planes, mask) : (marked){1, 0, 1};
    *status = !mask ? AECODEC_NO_MEMORY : m.is_sound ? AECODEC_OK : AECODEC_BAD_IMAGE;
    if (*status == AECODEC_OK && m.is_any && m.is_enough) {
        samples->missing = mask;
        samples->mask_planes = planes;
    } else {
        free(mask);
    }
    return *status != AECODEC_OK || m.is_enough;
}

aecodec_status aecodec_find_missing(aecodec_samples *samples)
{
    const aecodec_samples given = *samples;
    const test t = test_of(&given);
    aecodec_status status = AECODEC_OK;
    samples->missing = NULL;
    samples->mask_planes = 0;
    if (given.missing || given.has_nodata || !is_all_finite(&t)) {
        if (!find_with(&t, 1, samples, &status)) {
            find_with(&t, given.bands, samples, &status);
        }
    }
    return status;
}

uint64_t aecodec_avoid_nodata(const aecodec_samples *samples, uint64_t bits)
{
    const test t = test_of(samples);
    uint64_t beside[2];
    aecodec_beside_nodata(samples, beside);
    return is_nodata(&t, bits) ? beside[1] : bits;
}

void aecodec_set_missing(const aecodec_samples *samples, uint64_t bits)
{
    const test t = test_of(samples);
    const size_t pixels = samples->missing || t.has_nodata ? pixels_of_samples(samples) : 0;
    size_t at = 0;
    for (size_t n = 0; n < pixels; n++) {
        for (uint32_t band = 0; band < samples->bands; band++, at++) {
            if (is_missing(samples, n, band)) {
                set_bits_of_sample(samples->type, samples->samples, at, bits);
            } else if (is_nodata(&t, bits_of_sample(samples->type, samples->samples, at))) {
                set_bits_of_sample(samples->type, samples->samples, at,
                                   aecodec_avoid_nodata(samples, t.nodata));
            }
        }
    }
}

/* ---- filling ---- */

/* The first known value of a band of a frame; 0 if none is known. */
static uint16_t first_known(const aecodec_samples *samples, size_t first, uint32_t band,
                            const uint16_t *values)
{
    const size_t count = (size_t)samples->width * samples->height;
    size_t n = 0;
    while (n < count && is_missing(samples, first + n, band)) {
        n++;
    }
    return n < count ? values[n * samples->bands] : 0;
}

/* Each missing value becomes the mean of those on the left and above, which are filled. */
static void fill_band(const aecodec_samples *samples, size_t first, uint32_t band, uint16_t *values)
{
    const uint16_t start = first_known(samples, first, band, values);
    const size_t row = (size_t)samples->width * samples->bands;
    size_t pixel = first;
    for (uint32_t y = 0; y < samples->height; y++) {
        for (uint32_t x = 0; x < samples->width; x++, pixel++, values += samples->bands) {
            const uint32_t above = y   ? values[-(ptrdiff_t)row]
                                   : x ? values[-(ptrdiff_t)samples->bands]
                                       : start;
            const uint32_t left = x ? values[-(ptrdiff_t)samples->bands] : above;
            if (is_missing(samples, pixel, band)) {
                *values = (uint16_t)((left + above + 1) / 2);
            }
        }
    }
}

void aecodec_fill_missing(const aecodec_samples *samples, uint16_t *values)
{
    const size_t pixels = (size_t)samples->width * samples->height;
    for (uint32_t frame = 0; frame < samples->frames; frame++) {
        for (uint32_t band = 0; band < samples->bands; band++) {
            fill_band(samples, pixels * frame, band, values + pixels * frame * samples->bands + band);
        }
    }
}

/* ---- masks in files ---- */

/* The bits of a mask are [frames][planes][height][width], its bytes [frames][height][width][planes]. */
static void pack_bits(const aecodec_samples *samples, uint8_t *bits)
{
    const size_t pixels = (size_t)samples->width * samples->height, planes = samples->mask_planes;
    const uint8_t *from = samples->missing;
    size_t bit = 0;
    for (uint32_t frame = 0; frame < samples->frames; frame++, from += pixels * planes) {
        for (uint32_t plane = 0; plane < planes; plane++) {
            for (size_t n = 0; n < pixels; n++, bit++) {
                bits[bit / 8] |= (uint8_t)((from[n * planes + plane] != 0) << (7 - bit % 8));
            }
        }
    }
}

aecodec_status aecodec_mask_pack(const aecodec_samples *samples, uint8_t **stream, size_t *size)
{
    const size_t count = pixels_of_samples(samples) * samples->mask_planes;
    const size_t bytes = count / 8 + (count % 8 > 0);
    uint8_t *bits = calloc(1, bytes);
    *stream = malloc(aecodec_zlib_bound(bytes));
    *size = 0;
    if (bits && *stream) {
        pack_bits(samples, bits);
        *size = aecodec_zlib_deflate(bits, bytes, *stream);
    }
    free(bits);
    return *size ? AECODEC_OK : AECODEC_NO_MEMORY;
}

aecodec_status aecodec_mask_inflate(const uint8_t *stream, size_t size, uint64_t count, uint8_t **bits)
{
    const uint64_t bytes = count / 8 + (count % 8 > 0);
    *bits = memory_fits(bytes) ? malloc((size_t)bytes) : NULL;
    aecodec_status status = *bits ? aecodec_zlib_inflate(stream, size, *bits, (size_t)bytes)
                                  : AECODEC_NO_MEMORY;
    if (status == AECODEC_DAMAGED ||
        (status == AECODEC_OK && count % 8 && (uint8_t)((*bits)[bytes - 1] << count % 8))) {
        status = AECODEC_DAMAGED_MASK;
    }
    return status;
}

aecodec_status aecodec_mask_unpack(const aecodec_samples *samples, const uint8_t *stream, size_t size)
{
    const size_t pixels = (size_t)samples->width * samples->height, planes = samples->mask_planes;
    uint8_t *bits, *to = samples->missing;
    const aecodec_status status = aecodec_mask_inflate(stream, size, pixels * samples->frames * planes,
                                                       &bits);
    for (size_t n = 0; status == AECODEC_OK && n < samples->frames * planes; n++) {
        unpack_bits(bits, n * pixels, pixels, to + n / planes * pixels * planes + n % planes, planes);
    }
    free(bits);
    return status;
}
