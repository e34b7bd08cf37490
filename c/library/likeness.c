/* SPDX-License-Identifier: Apache-2.0 */
/* How like two pictures are: MS-SSIM (Z. Wang et al., "Multiscale structural similarity for image quality
 * assessment", 2003), as aecodec.metrics in Python measures it; of a tiny picture, the PSNR. */
#include <stdlib.h>
#include <string.h>

#include "private.h"

enum { SIDE = 11, SCALES = 5, PART = 1024, QUANTITIES = 4 };

/* A Gaussian of 1.5 pixels; from the middle outwards. */
static const double window[SIDE] = {0.00102838008447911,  0.00759875813523919,  0.03600077212843083,
                                    0.10936068950970002,  0.21300553771125370,  0.26601172486179436,
                                    0.21300553771125370,  0.10936068950970002,  0.03600077212843083,
                                    0.00759875813523919,  0.00102838008447911};
static const double scale_weights[SCALES] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
static const double luminance_constant = 0.01 * 255 * 0.01 * 255, contrast_constant = 0.03 * 255 * 0.03 * 255;

/* ---- logarithms and powers, without the library of C ---- */

static const double ln_2 = 0.69314718055994531;

static double logarithm(double x)
{
    double result = 0, power;
    int n;
    for (; x > 1.5; x /= 2) {
        result += ln_2;
    }
    for (; x < 0.75; x *= 2) {
        result -= ln_2;
    }
    double ratio = (x - 1) / (x + 1);
    double square = ratio * ratio;
    for (n = 1, power = ratio; n < 30; n += 2, power *= square) {
        result += 2 * power / n;
    }
    return result;
}

/* e to a power of -1000 to 0. */
static double exponential(double x)
{
    double result = 1, term = 1;
    int halvings = 0;
    for (; x < -0.5; x /= 2) {
        halvings++;
    }
    for (int n = 1; n < 16; n++) {
        term *= x / n;
        result += term;
    }
    for (; halvings; halvings--) {
        result *= result;
    }
    return result;
}

/* A number of 0 to 1 to a power. */
static double raised(double base, double exponent)
{
    double product = base > 0 ? exponent * logarithm(base) : -1000;
    return product > -700 ? exponential(product) : 0;
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
        const double *a = x->pixels + (size_t)(top + n) * x->width, *b = y->pixels + (size_t)(top + n) * x->width;
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
    double means[QUANTITIES] = {0, 0, 0, 0}, product, squares, result;
    for (uint32_t n = 0; n < SIDE; n++) {
        for (uint32_t which = 0; which < QUANTITIES; which++) {
            means[which] += window[n] * sums[QUANTITIES * n + which];
        }
    }
    product = means[0] * means[1];
    squares = means[0] * means[0] + means[1] * means[1];
    result = (2 * (means[2] - product) + contrast_constant) / (means[3] - squares + contrast_constant);
    if (with_luminance) {
        result *= (2 * product + luminance_constant) / (squares + luminance_constant);
    }
    return result;
}

/* The mean over all windows. sums has room for four numbers a column. */
static double mean_similarity(const plane *x, const plane *y, int with_luminance, double *sums)
{
    uint32_t rows = x->height - SIDE + 1, columns = x->width - SIDE + 1;
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
    uint32_t width = p->width / 2, height = p->height / 2;
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            const double *block = p->pixels + 2 * (size_t)y * p->width + 2 * (size_t)x;
            p->pixels[(size_t)y * width + x] = (block[0] + block[p->width] + block[1] + block[p->width + 1]) / 4;
        }
    }
    p->width = width;
    p->height = height;
}

/* ---- all scales ---- */

static uint32_t scales_of(uint32_t side)
{
    uint32_t scales = 1;
    while (scales < SCALES && side >> scales >= SIDE) {
        scales++;
    }
    return scales;
}

static double channel_likeness(plane *x, plane *y, uint32_t scales, double *sums)
{
    double result = 1, total = 0;
    for (uint32_t n = 0; n < scales; n++) {
        total += scale_weights[n];
    }
    for (uint32_t n = 0; n < scales; n++) {
        double mean = mean_similarity(x, y, n + 1 == scales, sums);
        result *= raised(mean, scale_weights[n] / total);
        halve(x);
        halve(y);
    }
    return result;
}

/* ---- parts of a picture ---- */

/* A rectangle of a frame, and room for two planes of it. */
typedef struct {
    const aecodec_image *original, *restored;
    uint32_t frame, left, top, width, height;
    double *x, *y, *sums;
} part;

static plane plane_of(const part *p, const aecodec_image *picture, uint32_t number, double *room)
{
    const plane made = {room, p->width, p->height};
    for (uint32_t y = 0; y < p->height; y++) {
        size_t first = ((size_t)p->frame * picture->height + p->top + y) * picture->width + p->left;
        for (uint32_t x = 0; x < p->width; x++) {
            room[(size_t)y * p->width + x] = picture->pixels[(first + x) * picture->channels + number];
        }
    }
    return made;
}

static uint32_t colours_of(const aecodec_image *picture)
{
    return picture->channels < 3 ? 1 : 3;
}

static double part_likeness(const part *p)
{
    uint32_t channels = colours_of(p->original);
    uint32_t scales = scales_of(p->width < p->height ? p->width : p->height);
    double sum = 0;
    for (uint32_t number = 0; number < channels; number++) {
        plane x = plane_of(p, p->original, number, p->x), y = plane_of(p, p->restored, number, p->y);
        sum += channel_likeness(&x, &y, scales, p->sums);
    }
    return sum / channels;
}

/* Where the n-th of several parts of a side begins: the first ones are longer by a pixel. */
static uint32_t part_start(uint32_t side, uint32_t parts, uint32_t n)
{
    uint32_t longer = side % parts;
    return n * (side / parts) + (n < longer ? n : longer);
}

static double frame_likeness(part *p)
{
    uint32_t down = aecodec_divide_up(p->original->height, PART);
    uint32_t across = aecodec_divide_up(p->original->width, PART);
    double sum = 0;
    for (uint32_t row = 0; row < down; row++) {
        for (uint32_t column = 0; column < across; column++) {
            p->top = part_start(p->original->height, down, row);
            p->height = part_start(p->original->height, down, row + 1) - p->top;
            p->left = part_start(p->original->width, across, column);
            p->width = part_start(p->original->width, across, column + 1) - p->left;
            sum += part_likeness(p);
        }
    }
    return sum / ((double)down * across);
}

static double psnr(const part *p)
{
    size_t pixels = (size_t)p->original->width * p->original->height;
    uint32_t channels = colours_of(p->original);
    double sum = 0;
    for (size_t n = pixels * p->frame; n < pixels * (p->frame + 1); n++) {
        for (uint32_t number = 0; number < channels; number++) {
            double difference = p->original->pixels[n * p->original->channels + number];
            difference -= p->restored->pixels[n * p->restored->channels + number];
            sum += difference * difference;
        }
    }
    return sum > 0 ? 10 / logarithm(10) * logarithm(255.0 * 255 * (double)pixels * channels / sum) : 1e300;
}

static double mean_likeness(part *p)
{
    int is_tiny = p->original->width < SIDE || p->original->height < SIDE;
    double sum = 0;
    for (p->frame = 0; p->frame < p->original->frames; p->frame++) {
        sum += is_tiny ? psnr(p) : frame_likeness(p);
    }
    return sum / p->original->frames;
}

aecodec_status aecodec_likeness(const aecodec_image *original, const aecodec_image *restored, double *likeness)
{
    uint32_t width = original->width < PART ? original->width : PART;
    uint32_t height = original->height < PART ? original->height : PART;
    aecodec_status status = AECODEC_NO_MEMORY;
    part p = {.original = original, .restored = restored};
    if (original->width != restored->width || original->height != restored->height ||
        original->frames != restored->frames || colours_of(original) != colours_of(restored)) {
        return AECODEC_BAD_IMAGE;
    }
    p.x = malloc((size_t)width * height * sizeof *p.x);
    p.y = malloc((size_t)width * height * sizeof *p.y);
    p.sums = malloc(QUANTITIES * (size_t)width * sizeof *p.sums);
    if (p.x && p.y && p.sums) {
        *likeness = mean_likeness(&p);
        status = AECODEC_OK;
    }
    free(p.x);
    free(p.y);
    free(p.sums);
    return status;
}
