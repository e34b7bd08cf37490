/* SPDX-License-Identifier: Apache-2.0 */
/* Bands that repeat every sample, such as those of 20 m in a satellite picture of 10 m. */

#include "samples/missing.h"
#include "samples/repetition.h"

enum { MAX_FACTOR = 16 };

static uint32_t divisor_of(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* One band: places are counted in samples from its first one. */
typedef struct {
    const aecodec_samples *samples;
    uint32_t band;
} band_view;

/* Whether two samples are equal; missing ones equal each other only. */
static int is_equal(const band_view *v, size_t a, size_t b)
{
    const aecodec_samples *s = v->samples;
    const int is_first_missing = is_missing(s, a, v->band), is_second_missing = is_missing(s, b, v->band);
    if (is_first_missing || is_second_missing) {
        return is_first_missing && is_second_missing;
    }
    return number_of_sample(s->type, s->samples, a * s->bands + v->band) ==
           number_of_sample(s->type, s->samples, b * s->bands + v->band);
}

/* Whether a line of samples equals the line before it in all frames. step: from a sample to the next one of
 * its line; between: from a line to the next. */
static int line_repeats(const band_view *v, uint32_t line, uint32_t length, size_t step, size_t between)
{
    size_t frame = (size_t)v->samples->width * v->samples->height;
    for (uint32_t f = 0; f < v->samples->frames; f++) {
        for (uint32_t n = 0; n < length; n++) {
            size_t at = frame * f + between * line + step * n;
            if (!is_equal(v, at, at - between)) {
                return 0;
            }
        }
    }
    return 1;
}

/* The greatest common divisor of the distances between lines that differ from the line before, 0 if there are
 * none; and the first of these lines. */
static uint32_t find_changes(const band_view *v, int is_down, uint32_t *first)
{
    uint32_t width = v->samples->width, height = v->samples->height, divisor = 0;
    *first = 0;
    for (uint32_t line = 1; line < (is_down ? height : width) && divisor != 1; line++) {
        if (!(is_down ? line_repeats(v, line, width, 1, width) : line_repeats(v, line, height, width, 1))) {
            *first = *first ? *first : line;
            divisor = divisor_of(line - *first, divisor);
        }
    }
    return divisor;
}

static uint32_t detect_in_band(const band_view *v, uint32_t *y, uint32_t *x)
{
    uint32_t common = find_changes(v, 1, y), factor;
    if (common == 1) {
        return 1;
    }
    common = divisor_of(common, find_changes(v, 0, x));
    for (factor = MAX_FACTOR; common % factor; factor--) {
    }
    return factor;
}

int aecodec_detect_repetition(const aecodec_samples *samples, uint8_t *repetition)
{
    band_view v = {samples, 0};
    int is_repeated = 0;
    for (; v.band < samples->bands; v.band++, repetition += 2) {
        uint32_t y = 0, x = 0, factor = detect_in_band(&v, &y, &x);
        repetition[0] = (uint8_t)factor;
        repetition[1] = (uint8_t)(16 * (y % factor) + x % factor);
        is_repeated |= factor > 1;
    }
    return is_repeated;
}

/* ---- averages ---- */

/* Give a block of values, which are `bands` apart, their mean. */
static void average_block(uint16_t *values, uint32_t rows, uint32_t columns, size_t row, uint32_t bands)
{
    uint32_t sum = 0, count = rows * columns;
    for (uint32_t y = 0; y < rows; y++) {
        for (uint32_t x = 0; x < columns; x++) {
            sum += values[y * row + (size_t)x * bands];
        }
    }
    sum = (2 * sum + count) / (2 * count);
    for (uint32_t y = 0; y < rows; y++) {
        for (uint32_t x = 0; x < columns; x++) {
            values[y * row + (size_t)x * bands] = (uint16_t)sum;
        }
    }
}

static uint32_t next_block(uint32_t start, uint32_t phase, uint32_t factor, uint32_t side)
{
    uint32_t next = start ? start + factor : phase ? phase : factor;
    return next < side ? next : side;
}

static void average_plane(const aecodec_samples *samples, uint32_t factor, uint32_t phase, uint16_t *values)
{
    uint32_t height = samples->height, width = samples->width, bands = samples->bands, below, after;
    for (uint32_t y = 0; y < height; y = below) {
        below = next_block(y, phase / 16, factor, height);
        for (uint32_t x = 0; x < width; x = after) {
            after = next_block(x, phase % 16, factor, width);
            average_block(values + ((size_t)y * width + x) * bands, below - y, after - x,
                          (size_t)width * bands, bands);
        }
    }
}

void aecodec_average_blocks(const aecodec_samples *samples, const uint8_t *repetition, uint16_t *values)
{
    size_t frame = (size_t)samples->width * samples->height * samples->bands;
    for (uint32_t f = 0; f < samples->frames; f++) {
        for (uint32_t band = 0; band < samples->bands; band++) {
            if (repetition[2 * band] > 1) {
                average_plane(samples, repetition[2 * band], repetition[2 * band + 1],
                              values + frame * f + band);
            }
        }
    }
}
