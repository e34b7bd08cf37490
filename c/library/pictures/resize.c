/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures at another size, with a cubic filter (Catmull-Rom), in Pillow's integers: FORMAT, section 6. */
#include <stdlib.h>

#include "pictures/resize.h"

enum { WEIGHT_BITS = 22, CUBIC_SUPPORT = 2 };

static double cubic(double x)
{
    x = x < 0 ? -x : x;
    if (x < 1) {
        return (1.5 * x - 2.5) * x * x + 1;
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

static int32_t to_integer(double weight)
{
    const double scaled = weight * (1 << WEIGHT_BITS);
    return (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

/* The old pixels of which a new one along a side is the weighted mean. */
typedef struct {
    uint32_t start, taps;
    double *exact;
    int32_t *weights;
} filter;

/* The filter is stretched where the number of pixels decreases, so that it averages them. */
static void set_filter(filter *f, uint32_t n, uint32_t old, uint32_t new)
{
    const double scale = (double)old / new, stretch = scale < 1 ? 1 : scale;
    const double support = (double)CUBIC_SUPPORT * stretch;
    const double centre = (n + 0.5) * scale, low = centre - support + 0.5, high = centre + support + 0.5;
    double sum = 0;
    f->start = low > 0 ? (uint32_t)low : 0;
    f->taps = (high < old ? (uint32_t)high : old) - f->start;
    for (uint32_t m = 0; m < f->taps; m++) {
        f->exact[m] = cubic((m + f->start - centre + 0.5) * (1 / stretch));
        sum += f->exact[m];
    }
    for (uint32_t m = 0; m < f->taps; m++) {
        f->weights[m] = to_integer(sum != 0 ? f->exact[m] / sum : f->exact[m]);
    }
}

/* No sum exceeds 31 bits: the weights that are below 0 are a fifth of all at most. */
static uint8_t mean(const filter *f, const uint8_t *pixel, size_t step)
{
    int32_t sum = 1 << (WEIGHT_BITS - 1);
    for (uint32_t n = 0; n < f->taps; n++) {
        sum += f->weights[n] * pixel[(f->start + n) * step];
    }
    return (uint8_t)(sum < 0 ? 0 : sum >> WEIGHT_BITS > 255 ? 255 : sum >> WEIGHT_BITS);
}

/* Resample along one side: all columns, or all rows. */
static aecodec_status resize_side(const channel *from, const channel *to, int is_down)
{
    const uint32_t old = is_down ? from->height : from->width, new = is_down ? to->height : to->width;
    const uint32_t lines = is_down ? to->width : to->height;
    const size_t row = (size_t)from->width * from->stride, new_row = (size_t)to->width * to->stride;
    filter f = {0, 0, malloc(old * sizeof *f.exact), malloc(old * sizeof *f.weights)};
    const int has_room = f.exact && f.weights;
    for (uint32_t n = 0; has_room && n < new; n++) {
        set_filter(&f, n, old, new);
        for (uint32_t line = 0; line < lines; line++) {
            const uint8_t *pixels = from->pixels + line * (is_down ? from->stride : row);
            const size_t at = is_down ? n * new_row + line * to->stride : line * new_row + n * to->stride;
            to->pixels[at] = mean(&f, pixels, is_down ? row : from->stride);
        }
    }
    free(f.exact);
    free(f.weights);
    return has_room ? AECODEC_OK : AECODEC_NO_MEMORY;
}

static aecodec_status resize_channel(const channel *from, const channel *to)
{
    channel between = {NULL, to->width, from->height, 1};
    between.pixels = malloc((size_t)between.width * between.height);
    if (!between.pixels) {
        return AECODEC_NO_MEMORY;
    }
    aecodec_status status = resize_side(from, &between, 0);
    status = status == AECODEC_OK ? resize_side(&between, to, 1) : status;
    free(between.pixels);
    return status;
}

aecodec_status aecodec_resize_pictures(channel from, channel to, uint32_t channels, uint32_t frames)
{
    const size_t old = (size_t)from.width * from.height * from.stride;
    const size_t new = (size_t)to.width * to.height * to.stride;
    uint8_t *const first = from.pixels, *const result = to.pixels;
    aecodec_status status = AECODEC_OK;
    for (uint32_t frame = 0; frame < frames; frame++) {
        for (uint32_t n = 0; n < channels && status == AECODEC_OK; n++) {
            from.pixels = first + old * frame + n;
            to.pixels = result + new * frame + n;
            status = resize_channel(&from, &to);
        }
    }
    return status;
}
