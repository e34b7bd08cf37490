/* SPDX-License-Identifier: Apache-2.0 */
/* Missing samples: their masks in files, and smooth values in their places for the networks. */
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* ---- finding them ---- */

/* Mark the missing samples of a pixel: [bands]. Returns 0 if other samples are infinite, or if samples are NaN although
 * missing ones have another value. */
static int mark_pixel(const aecodec_samples *samples, size_t pixel, uint8_t *missing)
{
    int is_nan_nodata = !samples->has_nodata || samples->nodata != samples->nodata;
    uint32_t band;
    for (band = 0; band < samples->bands; band++) {
        double number = number_of_sample(samples->type, samples->samples, pixel * samples->bands + band);
        int is_nan = number != number, is_nodata = samples->has_nodata && number == samples->nodata;
        missing[band] = (uint8_t)(is_missing(samples, pixel, band) || is_nodata || is_nan);
        if ((is_nan && !is_nan_nodata) || (!missing[band] && number - number != 0)) {
            return 0;
        }
    }
    return 1;
}

/* Keep the first plane of a mask whose planes are equal. Returns how many planes are left; 0 if nothing is missing. */
static uint32_t without_equal_planes(uint8_t *missing, size_t pixels, uint32_t bands)
{
    size_t n;
    uint32_t is_any = 0, differs = 0, band;
    for (n = 0; n < pixels; n++) {
        for (band = 0; band < bands; band++) {
            is_any |= missing[n * bands + band];
            differs |= missing[n * bands + band] ^ missing[n * bands];
        }
    }
    if (!is_any || differs) {
        return is_any ? bands : 0;
    }
    for (n = 0; n < pixels; n++) {
        missing[n] = missing[n * bands];
    }
    return 1;
}

/* Whether all samples are finite: the bits of their exponents are not all 1. */
static int is_all_finite(const aecodec_samples *samples)
{
    const uint32_t exponent = samples->type == AECODEC_FLOAT16 ? 0x7c00u : 0x7f800000u;
    size_t count = samples->type < AECODEC_FLOAT16 ? 0 : pixels_of_samples(samples) * samples->bands, n;
    unsigned is_finite = 1;
    for (n = 0; n < count; n++) {
        is_finite &= (bits_of_sample(samples->type, samples->samples, n) & exponent) != exponent;
    }
    return (int)is_finite;
}

aecodec_status aecodec_find_missing(aecodec_samples *samples)
{
    const int is_whole = !samples->missing && !samples->has_nodata && is_all_finite(samples);
    size_t pixels = pixels_of_samples(samples), n = 0;
    uint8_t *marks = is_whole ? NULL : malloc(pixels * samples->bands);
    while (marks && n < pixels && mark_pixel(samples, n, marks + n * samples->bands)) {
        n++;
    }
    samples->mask_planes = marks && n == pixels ? without_equal_planes(marks, pixels, samples->bands) : 0;
    samples->missing = samples->mask_planes ? marks : NULL;
    free(samples->mask_planes ? NULL : marks);
    if (is_whole || n == pixels) {
        return AECODEC_OK;
    }
    return marks ? AECODEC_BAD_IMAGE : AECODEC_NO_MEMORY;
}

void aecodec_set_missing(const aecodec_samples *samples, uint32_t bits)
{
    const size_t pixels = pixels_of_samples(samples), size = sample_size(samples->type);
    size_t n;
    uint32_t band;
    for (n = 0; samples->missing && n < pixels; n++) {
        for (band = 0; band < samples->bands; band++) {
            if (is_missing(samples, n, band)) {
                memcpy((uint8_t *)samples->samples + (n * samples->bands + band) * size, &bits, size);
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

/* Inflate the bits of a mask, which the caller frees in any case. Bits behind the last one are 0. */
static aecodec_status inflate_bits(const uint8_t *stream, size_t size, uint64_t count, uint8_t **bits)
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
    const aecodec_status status = inflate_bits(stream, size, count, &bits);
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
    const aecodec_status status = inflate_bits(stream, size, samples, &bits);
    uint64_t n;
    *missing = 0;
    for (n = 0; status == AECODEC_OK && n < samples; n++) {
        *missing += bits[n / 8] >> (7 - n % 8) & 1u;
    }
    free(bits);
    return status;
}
