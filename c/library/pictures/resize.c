/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures at another size, with a cubic filter (Catmull-Rom), in Pillow's integers: FORMAT, section 6. */
#include <stdlib.h>

#include "pictures/resize.h"

enum { WEIGHT_BITS = 22, CUBIC_SUPPORT = 2 };

/* The weights of the old pixels of which each new one along a side is the mean. */
typedef struct {
    uint32_t *start; /* [count] the first of them */
    uint32_t *taps;  /* [count] how many */
    int32_t *weights; /* [count][most] */
    uint32_t count, most;
} filter;

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
    double scaled = weight * (1 << WEIGHT_BITS);
    return (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

static void filter_free(filter *f)
{
    free(f->start);
    free(f->taps);
    free(f->weights);
}

/* Where the old pixels begin and end that a new one is made of. */
static void set_range(filter *f, uint32_t n, double centre, double support, uint32_t old)
{
    double low = centre - support + 0.5, high = centre + support + 0.5;
    uint32_t start = low > 0 ? (uint32_t)low : 0, stop = high < old ? (uint32_t)high : old;
    f->start[n] = start;
    f->taps[n] = stop - start;
}

static void set_weights(filter *f, uint32_t n, double centre, double stretch, double *weights)
{
    double sum = 0;
    for (uint32_t m = 0; m < f->taps[n]; m++) {
        weights[m] = cubic((m + f->start[n] - centre + 0.5) * (1 / stretch));
        sum += weights[m];
    }
    for (uint32_t m = 0; m < f->taps[n]; m++) {
        f->weights[(size_t)n * f->most + m] = to_integer(sum != 0 ? weights[m] / sum : weights[m]);
    }
}

/* The filter is stretched where the number of pixels decreases, so that it averages them. */
static aecodec_status filter_make(filter *f, uint32_t old, uint32_t new)
{
    double scale = (double)old / new, stretch = scale < 1 ? 1 : scale,
           support = (double)CUBIC_SUPPORT * stretch;
    double *weights;
    uint32_t n;
    f->count = new;
    f->most = 2 * (uint32_t)support + 3;
    f->start = malloc(new * sizeof *f->start);
    f->taps = malloc(new * sizeof *f->taps);
    f->weights = malloc((size_t)new * f->most * sizeof *f->weights);
    weights = malloc(f->most * sizeof *weights);
    for (n = 0; f->start && f->taps && f->weights && weights && n < new; n++) {
        double centre = (n + 0.5) * scale;
        set_range(f, n, centre, support, old);
        set_weights(f, n, centre, stretch, weights);
    }
    free(weights);
    return n == new ? AECODEC_OK : AECODEC_NO_MEMORY;
}

/* No sum exceeds 31 bits: the weights that are below 0 are a fifth of all at most. */
static uint8_t to_pixel(int32_t sum)
{
    sum += 1 << (WEIGHT_BITS - 1);
    return (uint8_t)(sum < 0 ? 0 : sum >> WEIGHT_BITS > 255 ? 255 : sum >> WEIGHT_BITS);
}

static uint8_t mean(const uint8_t *pixel, size_t step, const int32_t *weights, uint32_t taps)
{
    int32_t sum = 0;
    for (uint32_t n = 0; n < taps; n++) {
        sum += weights[n] * pixel[n * step];
    }
    return to_pixel(sum);
}

static aecodec_status resize_side(const channel *from, const channel *to, int is_down)
{
    filter f;
    aecodec_status status = is_down ? filter_make(&f, from->height, to->height)
                                    : filter_make(&f, from->width, to->width);
    const size_t row = (size_t)from->width * from->stride, step = is_down ? row : from->stride;
    uint8_t *result = to->pixels;
    for (uint32_t y = 0; status == AECODEC_OK && y < to->height; y++) {
        for (uint32_t x = 0; x < to->width; x++, result += to->stride) {
            const size_t n = is_down ? y : x, across = is_down ? (size_t)x * from->stride : y * row;
            *result = mean(from->pixels + across + f.start[n] * step, step, f.weights + n * f.most,
                           f.taps[n]);
        }
    }
    filter_free(&f);
    return status;
}

static aecodec_status resize_channel(const channel *from, const channel *to)
{
    channel between = {NULL, to->width, from->height, 1};
    aecodec_status status; /* a side that keeps its length is left as it is */
    if (from->width == to->width) {
        return resize_side(from, to, 1);
    }
    if (from->height == to->height) {
        return resize_side(from, to, 0);
    }
    between.pixels = malloc((size_t)between.width * between.height);
    if (!between.pixels) {
        return AECODEC_NO_MEMORY;
    }
    status = resize_side(from, &between, 0);
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
