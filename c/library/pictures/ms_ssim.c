/* SPDX-License-Identifier: Apache-2.0 */
/* MS-SSIM of two pictures (Z. Wang et al., "Multiscale structural similarity for image quality assessment",
 * 2003), as aecodec.metrics in Python measures it. */
#include <stdlib.h>
#include <string.h>

#include "base/common.h"

enum { SIDE = 11, SCALES = 5, PART = 1024, QUANTITIES = 4 };

/* A Gaussian of 1.5 pixels. */
static const double window[SIDE] = {0.00102838008447911,  0.00759875813523919,  0.03600077212843083,
                                    0.10936068950970002,  0.21300553771125370,  0.26601172486179436,
                                    0.21300553771125370,  0.10936068950970002,  0.03600077212843083,
                                    0.00759875813523919,  0.00102838008447911};
static const double scale_weights[SCALES] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
static const double luminance_constant = 0.01 * 255 * 0.01 * 255, contrast_constant = 0.03 * 255 * 0.03 * 255;

/* ---- powers, without the library of C ---- */

static double square_root(double x)
{
    double root = x > 1 ? x : 1;
    for (double next = (root + x / root) / 2; next < root; next = (root + x / root) / 2) {
        root = next;
    }
    return root;
}

/* A number to a power from 0 to 1, bit by bit of the exponent; 0 for numbers below 0. */
static double power_of(double base, double exponent)
{
    double result = 1;
    for (int bit = 0; base > 0 && bit < 50; bit++) {
        const double factor = exponent >= 1 ? base : 1;
        result *= factor;
        exponent = 2 * (exponent >= 1 ? exponent - 1 : exponent);
        base = square_root(base);
    }
    return base > 0 ? result : 0;
}

/* ---- one scale of one channel ---- */

typedef struct {
    double *pixels;
    uint32_t width, height;
} plane;

/* The sums of a column of windows for x, y, x y, and x^2 + y^2. */
static void sum_columns(const plane *x, const plane *y, uint32_t top, double *sums)
{
    memset(sums, 0, QUANTITIES * (size_t)x->width * sizeof *sums);
    for (uint32_t n = 0; n < SIDE; n++) {
        const double *a = x->pixels + (size_t)(top + n) * x->width,
                     *b = y->pixels + (size_t)(top + n) * x->width;
        for (uint32_t column = 0; column < x->width; column++) {
            double *sum = sums + QUANTITIES * (size_t)column;
            sum[0] += window[n] * a[column];
            sum[1] += window[n] * b[column];
            sum[2] += window[n] * (a[column] * b[column]);
            sum[3] += window[n] * (a[column] * a[column] + b[column] * b[column]);
        }
    }
}

/* Similarity in one window: of contrast and structure, and of luminance too if that is asked for. */
static double similarity(const double *sums, int with_luminance)
{
    double means[QUANTITIES] = {0, 0, 0, 0};
    for (uint32_t n = 0; n < SIDE; n++) {
        for (uint32_t quantity = 0; quantity < QUANTITIES; quantity++) {
            means[quantity] += window[n] * sums[QUANTITIES * n + quantity];
        }
    }
    const double product = means[0] * means[1], squares = means[0] * means[0] + means[1] * means[1];
    const double structure = (2 * (means[2] - product) + contrast_constant) /
                             (means[3] - squares + contrast_constant);
    const double luminance = (2 * product + luminance_constant) / (squares + luminance_constant);
    return with_luminance ? structure * luminance : structure;
}

/* The mean over all windows. sums: room for QUANTITIES numbers a column. */
static double mean_similarity(const plane *x, const plane *y, int with_luminance, double *sums)
{
    const uint32_t rows = x->height - SIDE + 1, columns = x->width - SIDE + 1;
    double total = 0;
    for (uint32_t row = 0; row < rows; row++) {
        sum_columns(x, y, row, sums);
        for (uint32_t column = 0; column < columns; column++) {
            total += similarity(sums + QUANTITIES * (size_t)column, with_luminance);
        }
    }
    return total / ((double)rows * columns);
}

/* Replace a plane by the means of its blocks of 2x2 pixels. */
static void halve(plane *p)
{
    const uint32_t width = p->width / 2, height = p->height / 2;
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            const double *block = p->pixels + 2 * (size_t)y * p->width + 2 * (size_t)x;
            p->pixels[(size_t)y * width + x] = (block[0] + block[p->width] + block[1] + block[p->width + 1]) /
                                               4;
        }
    }
    p->width = width;
    p->height = height;
}

/* ---- parts of pictures ---- */

/* A rectangle of a frame, and room for two planes of it and for sums. */
typedef struct {
    const aecodec_image *original, *restored;
    uint32_t frame, left, top, width, height;
    double *x, *y, *sums;
} part;

static plane plane_of(const part *p, const aecodec_image *picture, uint32_t channel, double *room)
{
    for (uint32_t y = 0; y < p->height; y++) {
        const size_t first = ((size_t)p->frame * picture->height + p->top + y) * picture->width + p->left;
        for (uint32_t x = 0; x < p->width; x++) {
            room[(size_t)y * p->width + x] = picture->pixels[(first + x) * picture->channels + channel];
        }
    }
    return (plane){room, p->width, p->height};
}

static double channel_ms_ssim(const part *p, uint32_t channel)
{
    plane x = plane_of(p, p->original, channel, p->x), y = plane_of(p, p->restored, channel, p->y);
    const uint32_t side = least(p->width, p->height);
    double result = 1, total = 0;
    uint32_t scales = 0;
    while (scales < SCALES && (!scales || side >> scales >= SIDE)) {
        total += scale_weights[scales++];
    }
    for (uint32_t n = 0; n < scales; n++) {
        result *= power_of(mean_similarity(&x, &y, n + 1 == scales, p->sums), scale_weights[n] / total);
        halve(&x);
        halve(&y);
    }
    return result;
}

static uint32_t colours_of(const aecodec_image *picture)
{
    return picture->channels < 3 ? 1 : 3;
}

/* Where the n-th of several parts of a side begins: the first ones are longer by a pixel. */
static uint32_t part_start(uint32_t side, uint32_t parts, uint32_t n)
{
    return n * (side / parts) + least(n, side % parts);
}

/* The mean over the channels of all parts of a frame. */
static double frame_ms_ssim(part *p)
{
    const uint32_t height = p->original->height, width = p->original->width;
    const uint32_t colours = colours_of(p->original);
    const uint32_t down = divide_up(height, PART), across = divide_up(width, PART);
    double sum = 0;
    for (uint32_t n = 0; n < down * across; n++) {
        p->top = part_start(height, down, n / across);
        p->height = part_start(height, down, n / across + 1) - p->top;
        p->left = part_start(width, across, n % across);
        p->width = part_start(width, across, n % across + 1) - p->left;
        for (uint32_t channel = 0; channel < colours; channel++) {
            sum += channel_ms_ssim(p, channel);
        }
    }
    return sum / ((double)down * across * colours);
}

/* Pictures without a window: 1 minus the mean squared error in units of 255 squared. */
static double frame_fidelity(const part *p)
{
    const aecodec_image *a = p->original, *b = p->restored;
    const size_t pixels = (size_t)a->width * a->height, colours = colours_of(a);
    double sum = 0;
    for (size_t n = pixels * p->frame * colours; n < pixels * (p->frame + 1) * colours; n++) {
        const size_t pixel = n / colours, channel = n % colours;
        const double d = (double)a->pixels[pixel * a->channels + channel] -
                         b->pixels[pixel * b->channels + channel];
        sum += d * d;
    }
    return 1 - sum / ((double)pixels * (double)colours * 255 * 255);
}

aecodec_status aecodec_ms_ssim(const aecodec_image *original, const aecodec_image *restored, double *mean)
{
    const size_t width = least(original->width, PART), plane_size = width * least(original->height, PART);
    const int is_tiny = original->width < SIDE || original->height < SIDE;
    part p = {.original = original, .restored = restored};
    if (original->width != restored->width || original->height != restored->height ||
        original->frames != restored->frames || colours_of(original) != colours_of(restored)) {
        return AECODEC_BAD_IMAGE;
    }
    p.x = malloc((2 * plane_size + QUANTITIES * width) * sizeof *p.x);
    if (!p.x) {
        return AECODEC_NO_MEMORY;
    }
    p.y = p.x + plane_size;
    p.sums = p.y + plane_size;
    *mean = 0;
    for (; p.frame < original->frames; p.frame++) {
        *mean += (is_tiny ? frame_fidelity(&p) : frame_ms_ssim(&p)) / original->frames;
    }
    free(p.x);
    return AECODEC_OK;
}
