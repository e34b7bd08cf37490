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
    uint64_t nodata, magnitude, infinity; /* bits of nodata, all but the sign, the least that is not finite */
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

/* Mark missing samples. Returns 0 if others are infinite, or NaN although missing ones have another value. */
static int mark_all(const test *t, uint8_t *marks)
{
    const aecodec_samples *s = t->samples;
    const size_t pixels = pixels_of_samples(s);
    size_t at = 0;
    for (size_t n = 0; n < pixels; n++) {
        for (uint32_t band = 0; band < s->bands; band++, at++) {
            const uint64_t bits = bits_of_sample(s->type, s->samples, at), magnitude = bits & t->magnitude;
            const int is_nan = t->infinity != UINT64_MAX && magnitude > t->infinity;
            const int is_marked = is_nodata(t, bits) || is_missing(s, n, band);
            if (!is_marked && (is_nan ? !t->is_nan_missing : magnitude == t->infinity)) {
                return 0;
            }
            marks[at] = (uint8_t)(is_marked || is_nan);
        }
    }
    return 1;
}

/* Take marks [pixels][bands] as a mask, of one plane if that is enough, if any sample is missing. */
static aecodec_status take_marks(aecodec_samples *samples, const uint8_t *marks)
{
    const size_t pixels = pixels_of_samples(samples), count = pixels * samples->bands;
    int is_any = 0, is_enough = 1;
    for (size_t n = 0; n < count; n++) {
        is_any |= marks[n];
        is_enough &= marks[n] == marks[n - n % samples->bands];
    }
    if (!is_any) {
        return AECODEC_OK;
    }
    samples->mask_planes = is_enough ? 1 : samples->bands;
    samples->missing = malloc(pixels * samples->mask_planes);
    for (size_t n = 0; samples->missing && n < pixels * samples->mask_planes; n++) {
        samples->missing[n] = marks[is_enough ? n * samples->bands : n];
    }
    return samples->missing ? AECODEC_OK : AECODEC_NO_MEMORY;
}

aecodec_status aecodec_find_missing(aecodec_samples *samples)
{
    const aecodec_samples given = *samples;
    const test t = test_of(&given);
    samples->missing = NULL;
    samples->mask_planes = 0;
    if (!given.missing && !given.has_nodata && !is_float(given.type)) {
        return AECODEC_OK;
    }
    uint8_t *marks = malloc(pixels_of_samples(samples) * samples->bands);
    aecodec_status status = marks ? AECODEC_OK : AECODEC_NO_MEMORY;
    if (marks) {
        status = mark_all(&t, marks) ? take_marks(samples, marks) : AECODEC_BAD_IMAGE;
    }
    free(marks);
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
    *stream = NULL;
    if (bits) {
        pack_bits(samples, bits);
        *stream = aecodec_zlib_deflate(bits, bytes, size);
    }
    free(bits);
    return *stream ? AECODEC_OK : AECODEC_NO_MEMORY;
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
