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

void aecodec_load_bits(const aecodec_samples *s, const pixel_range *range, uint32_t band, uint64_t *bits)
{
    const size_t at = sample_place(s, range->first, band), stride = sample_stride(s);
    const uint32_t type = s->type; /* known before the loop */
    for (uint32_t n = 0; n < range->count; n++) {
        bits[n] = bits_of_sample(type, s->samples, at + n * stride);
    }
}

/* Mark missing samples of a band. Returns 0 if others are infinite, or are NaN although missing ones have another value. */
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

/* What a mask of some planes is like. */
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
                set_bits_of_sample(samples->type, samples->samples, at, aecodec_avoid_nodata(samples, t.nodata));
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
    uint32_t sum = 0, count = 0;
    size_t at = (size_t)y * to->width + x;
    for (uint32_t row = 2 * y; row < 2 * y + 2 && row < from->height; row++) {
        for (uint32_t column = 2 * x; column < 2 * x + 2 && column < from->width; column++) {
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
    int is_whole = 1;
    for (uint32_t y = 0; y < to->height; y++) {
        for (uint32_t x = 0; x < to->width; x++) {
            reduce_pixel(from, to, y, x);
            is_whole &= to->known[(size_t)y * to->width + x];
        }
    }
    return is_whole;
}

/* Fill what is unknown from the plane of half the sides. */
static void enlarge(const plane *from, const plane *to)
{
    for (uint32_t y = 0; y < to->height; y++) {
        for (uint32_t x = 0; x < to->width; x++) {
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
    for (uint32_t n = 0; n < MAX_LEVELS_OF_PLANE; n++) {
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
    size_t count = (size_t)samples->width * samples->height, first = count * frame;
    uint32_t bands = samples->bands;
    int is_whole = 1;
    values += first * bands + band;
    for (size_t n = 0; n < count; n++) {
        planes[0].known[n] = !is_missing(samples, first + n, band);
        planes[0].values[n] = planes[0].known[n] ? values[n * bands] : 0;
        is_whole &= planes[0].known[n];
    }
    if (!is_whole) {
        fill_planes(planes);
        for (size_t n = 0; n < count; n++) {
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
    if (room && known) {
        lay_out(planes, samples->width, samples->height, room, known);
    }
    for (uint32_t frame = 0; room && known && frame < samples->frames; frame++) {
        for (uint32_t band = 0; band < samples->bands; band++) {
            fill_band(samples, frame, band, values, planes);
        }
    }
    free(room);
    free(known);
    return room && known ? AECODEC_OK : AECODEC_NO_MEMORY;
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
    const size_t count = pixels_of_samples(samples) * samples->mask_planes, bytes = count / 8 + (count % 8 > 0);
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
    *bits = aecodec_memory_fits(bytes) ? malloc((size_t)bytes) : NULL;
    aecodec_status status = *bits ? aecodec_zlib_inflate(stream, size, *bits, (size_t)bytes) : AECODEC_NO_MEMORY;
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
    const aecodec_status status = aecodec_mask_inflate(stream, size, pixels * samples->frames * planes, &bits);
    for (size_t n = 0; status == AECODEC_OK && n < samples->frames * planes; n++) {
        unpack_bits(bits, n * pixels, pixels, to + n / planes * pixels * planes + n % planes, planes);
    }
    free(bits);
    return status;
}

aecodec_status aecodec_mask_count(uint64_t samples, const uint8_t *stream, size_t size, uint64_t *missing)
{
    uint8_t *bits;
    const aecodec_status status = aecodec_mask_inflate(stream, size, samples, &bits);
    *missing = 0;
    for (uint64_t n = 0; status == AECODEC_OK && n < samples; n++) {
        *missing += bits[n / 8] >> (7 - n % 8) & 1u;
    }
    free(bits);
    return status;
}
