/* SPDX-License-Identifier: Apache-2.0 */
/* What a decoder knows about the neighbours of samples, as inputs of a network. */
#include "residuals.h"

enum { CAUSAL = 10, NEAREST = 6, AROUND = 8, BETWEEN = 6, INPUT_BITS = 5, MOST_INPUT = 127 };

typedef struct {
    int down, right;
} place;

/* The neighbours of a sample that are known before it. */
static const place causal[CAUSAL] = {{0, -1}, {-1, 0}, {-1, -1}, {-1, 1}, {0, -2},
                                     {-2, 0}, {-2, -1}, {-2, 1}, {-1, -2}, {-1, 2}};
/* Those in the base. */
static const place around[AROUND] = {{0, -1}, {-1, 0}, {0, 1}, {1, 0}, {-1, -1}, {-1, 1}, {1, -1}, {1, 1}};
/* Those in the bands coded before. */
static const place between[BETWEEN] = {{0, -1}, {-1, 0}, {-1, -1}, {-1, 1}, {0, 1}, {1, 0}};

int aecodec_residual_log2(int64_t number, int *exponent)
{
    int bits = 0;
#ifdef __GNUC__
    bits = 63 - __builtin_clzll((unsigned long long)number);
#else
    for (; number >> bits > 1; bits++) {
    }
#endif
    *exponent = bits;
    return 8 * (bits - 1) + (int)((number << 3) >> bits);
}

static void find_offsets(const place *places, int count, uint32_t width, ptrdiff_t *offsets)
{
    int n;
    for (n = 0; n < count; n++) {
        offsets[n] = places[n].down * (ptrdiff_t)width + places[n].right;
    }
}

void aecodec_residual_context_open(residual_context *c, const residual_coding *coding, uint32_t band, int is_narrow,
                                   const int64_t *base, const int64_t *known)
{
    int exponent;
    c->base = base;
    c->known = known;
    c->has_base = coding->networks->has_base;
    c->is_narrow = is_narrow;
    c->band = band;
    c->height = coding->height;
    c->width = coding->width;
    c->step_log2 = aecodec_residual_log2(coding->steps[band], &exponent);
    find_offsets(causal, CAUSAL, c->width, c->causal);
    find_offsets(around, AROUND, c->width, c->around);
    find_offsets(between, BETWEEN, c->width, c->between);
}

/* ---- samples at the edges ---- */

static int is_inside(const residual_context *c, uint32_t row, uint32_t column)
{
    return row >= 2 && column >= 2 && row + 1 < c->height && column + 2 < c->width;
}

/* The offset of a known neighbour, of which those outside are the nearest sample known so far. */
static ptrdiff_t known_offset(const residual_context *c, int64_t row, int64_t column, place to)
{
    const int is_above = row == 0 && to.down < 0; /* then it is the sample to the left */
    int64_t down = is_above || row + to.down > 0 ? row + (is_above ? 0 : to.down) : 0;
    int64_t across = column + (is_above ? -1 : to.right);
    if (across < 0 && down == row) {
        down = row > 0 ? row - 1 : 0;
    }
    across = residual_clip(across, 0, (int64_t)c->width - 1);
    return (ptrdiff_t)((down - row) * c->width + across - column);
}

/* Offsets of places, of which those outside are at the edges. */
static void clip_offsets(const residual_context *c, int64_t row, int64_t column, const place *places, int count,
                         ptrdiff_t *offsets)
{
    int n;
    for (n = 0; n < count; n++) {
        const int64_t down = residual_clip(row + places[n].down, 0, (int64_t)c->height - 1) - row;
        const int64_t across = residual_clip(column + places[n].right, 0, (int64_t)c->width - 1) - column;
        offsets[n] = (ptrdiff_t)(down * c->width + across);
    }
}

/* The offsets for a sample at the edges. */
static residual_context edge_context(const residual_context *c, uint32_t row, uint32_t column)
{
    residual_context own = *c;
    int n;
    for (n = 0; n < CAUSAL; n++) {
        own.causal[n] = known_offset(c, row, column, causal[n]);
    }
    clip_offsets(c, row, column, around, AROUND, own.around);
    clip_offsets(c, row, column, between, BETWEEN, own.between);
    return own;
}

/* ---- inputs ---- */

/* The median of the prediction of JPEG-LS. */
static int64_t median(int64_t west, int64_t north, int64_t north_west)
{
    const int64_t low = west < north ? west : north, high = west < north ? north : west;
    return residual_clip(west + north - north_west, low, high);
}

/* Write the differences of a sample from its surroundings. Returns their number. */
AECODEC_INLINE int find_differences(const residual_context *c, size_t at, int64_t reference, int64_t *differences)
{
    const int64_t *base = c->base + at, *known = c->known + at;
    const size_t plane = (size_t)c->height * c->width;
    uint32_t bands = c->band < RESIDUAL_MOST_BANDS ? c->band : RESIDUAL_MOST_BANDS;
    int count = CAUSAL, n;
    for (n = 0; n < CAUSAL; n++) {
        differences[n] = known[c->causal[n]] - reference;
    }
    for (n = 0; c->has_base && n < AROUND; n++) {
        differences[count++] = base[c->around[n]] - reference;
    }
    for (; bands; bands--) {
        const int64_t *earlier = known - bands * plane;
        for (n = 0; n < BETWEEN; n++) {
            differences[count++] = earlier[c->between[n]] - *earlier;
        }
        if (c->has_base) {
            differences[count++] = *earlier - *(base - bands * plane);
        }
    }
    return count;
}

static void scale_differences(const int64_t *differences, int count, int exponent, int16_t *inputs)
{
    int n;
    for (n = 0; n < count; n++) {
        inputs[n] = (int16_t)residual_clip((differences[n] * (1 << INPUT_BITS)) >> exponent, -MOST_INPUT, MOST_INPUT);
    }
}

/* The same for differences that leave room for the shift in 32 bits, of which vectors have more. */
AECODEC_INLINE void scale_narrow(const int64_t *restrict differences, int count, int exponent, int16_t *restrict inputs)
{
    int n;
    for (n = 0; n < count; n++) {
        const int32_t input = ((int32_t)differences[n] * (1 << INPUT_BITS)) >> exponent;
        inputs[n] = (int16_t)(input < -MOST_INPUT ? -MOST_INPUT : input > MOST_INPUT ? MOST_INPUT : input);
    }
}

AECODEC_INLINE void find_inputs(const residual_context *c, size_t n, residual_batch *b)
{
    int64_t differences[RESIDUAL_INPUTS], activity = 0;
    const int64_t *known = c->known + b->at[n];
    const int64_t reference = c->has_base ? c->base[b->at[n]]
                                          : median(known[c->causal[0]], known[c->causal[1]], known[c->causal[2]]);
    const int count = find_differences(c, b->at[n], reference, differences);
    int16_t *inputs = b->inputs[n];
    int k, bits, exponent;
    for (k = 0; k < NEAREST; k++) {
        activity += differences[k] < 0 ? -differences[k] : differences[k];
    }
    bits = aecodec_residual_log2(activity / NEAREST + 1, &exponent);
    if (c->is_narrow) {
        scale_narrow(differences, count, exponent, inputs);
    } else {
        scale_differences(differences, count, exponent, inputs);
    }
    inputs[count] = (int16_t)residual_clip(4 * (bits - 64), -MOST_INPUT, MOST_INPUT);
    inputs[count + 1] = (int16_t)residual_clip(4 * (c->step_log2 - bits), -MOST_INPUT, MOST_INPUT);
    b->reference[n] = reference;
    b->exponent[n] = exponent;
}

AECODEC_WIDE(find_contexts, (const residual_context *c, residual_batch *b), (c, b))
{
    size_t n;
    for (n = 0; n < b->count; n++) {
        if (is_inside(c, b->row[n], b->column[n])) {
            find_inputs(c, n, b);
        } else {
            const residual_context own = edge_context(c, b->row[n], b->column[n]);
            find_inputs(&own, n, b);
        }
    }
}

void aecodec_residual_context_find(const residual_context *c, residual_batch *b) { find_contexts(c, b); }
