/* SPDX-License-Identifier: Apache-2.0 */
#include "aecodec_preview.h"

enum {
    LATENTS = 400, UNITS = 64, LEVELS = 8, LARGE = 96, COEFFICIENTS = 516, FREQUENCIES = 20, SIDE = 32, MOST = 120,
    CHANNELS = 20, CELL = 12, HALF = SIDE / 2, EVEN = 32768, RARE = 4096
};

/* Where each table begins. */
enum {
    STEPS = 0,
    CENTROIDS = STEPS + 2 * LEVELS,
    FEATURES = CENTROIDS + 2 * LEVELS * 4,
    PROBABILITIES = FEATURES + 2 * (MOST + 1),
    START = PROBABILITIES + 2 * 512,
    BIASES = START + 2 * LEVELS * UNITS,
    MEANS = BIASES + 2 * LEVELS * LATENTS * 4,
    COSINES = MEANS + 2 * COEFFICIENTS,
    FIRST_BIAS = COSINES + 2 * FREQUENCIES * SIDE,
    SECOND_BIAS = FIRST_BIAS + 2 * LEVELS * CHANNELS,
    THIRD_BIAS = SECOND_BIAS + 2 * CHANNELS,
    LAST_BIAS = THIRD_BIAS + 2 * CHANNELS,
    SIGNED = LAST_BIAS + 2 * CELL,
    UNSIGNED = SIGNED + LATENTS * UNITS,
    SMALL = UNSIGNED + LATENTS * UNITS,
    BIG = SMALL + LATENTS * 2 * UNITS,
    FIRST = BIG + LARGE * 2 * UNITS,
    SECOND = FIRST + CHANNELS * 9 * CELL,
    THIRD = SECOND + CHANNELS * 9 * CHANNELS,
    LAST = THIRD + CHANNELS * 9 * CHANNELS,
    POSITIONS = LAST + CELL * 9 * CHANNELS,
    TRANSFORM = POSITIONS + 3 * COEFFICIENTS
};

typedef struct {
    const uint8_t *next, *end;
    uint32_t range, value;
} reader;

static int32_t clip(int32_t value, int32_t least, int32_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* Divide by 2^bits and round down, also where shifts of negative numbers do not. */
static int64_t floor_shift(int64_t value, int bits)
{
    return value >= 0 ? value >> bits : -((-value + ((int64_t)1 << bits) - 1) >> bits);
}

static int32_t int16_at(const uint8_t *tables, int table, int index)
{
    const uint8_t *p = tables + table + 2 * index;
    int32_t value = p[0] | p[1] << 8;
    return table != PROBABILITIES && value > 32767 ? value - 65536 : value;
}

static int32_t int8_at(const uint8_t *tables, int index)
{
    return tables[index] > 127 ? tables[index] - 256 : tables[index];
}

static void shift_byte(reader *r)
{
    r->value = r->value << 8 | (r->next < r->end ? *r->next++ : 0u);
}

static int read_decision(reader *r, uint32_t probability)
{
    uint32_t bound = (r->range >> 16) * probability;
    int decision = r->value < bound;
    if (decision) {
        r->range = bound;
    } else {
        r->value -= bound;
        r->range -= bound;
    }
    while (r->range < 1u << 24) {
        r->range <<= 8;
        shift_byte(r);
    }
    return decision;
}

static int read_number(reader *r, int bits)
{
    int value = 0;
    while (bits--) {
        value = 2 * value + read_decision(r, EVEN);
    }
    return value;
}

static uint32_t probability(const uint8_t *tables, const int32_t *sums, int level, int latent, int kind)
{
    int32_t output = 0, logit;
    int u, row = (kind < 2 ? SMALL : BIG) + (2 * latent + (kind & 1)) * UNITS;
    if (kind < 2 || latent < LARGE) {
        for (u = 0; u < UNITS; u++) {
            output += (sums[u] < 0 ? 0 : clip(sums[u] >> 3, 0, 2047)) * int8_at(tables, row + u);
        }
    }
    logit = int16_at(tables, BIASES, (level * LATENTS + latent) * 4 + kind) + (int32_t)floor_shift(output, 5);
    logit = clip(logit, -511, 511);
    return (uint32_t)(logit < 0 ? 65536 - int16_at(tables, PROBABILITIES, -logit)
                                : int16_at(tables, PROBABILITIES, logit));
}

static void read_latents(reader *r, const uint8_t *tables, int level, int32_t *latents)
{
    int32_t sums[UNITS];
    int i, u;
    for (u = 0; u < UNITS; u++) {
        sums[u] = int16_at(tables, START, level * UNITS + u);
    }
    for (i = 0; i < LATENTS; i++) {
        int32_t sign, magnitude = 1, feature;
        latents[i] = 0;
        if (!read_decision(r, probability(tables, sums, level, i, 0))) {
            continue;
        }
        sign = read_decision(r, probability(tables, sums, level, i, 1)) ? 1 : -1;
        while (magnitude < MOST && read_decision(r, probability(tables, sums, level, i, magnitude > 1 ? 3 : 2))) {
            magnitude++;
        }
        feature = int16_at(tables, FEATURES, magnitude);
        for (u = 0; u < UNITS; u++) {
            sums[u] += feature * (sign * int8_at(tables, SIGNED + i * UNITS + u)
                                  + int8_at(tables, UNSIGNED + i * UNITS + u));
        }
        latents[i] = sign * (64 * magnitude + int16_at(tables, CENTROIDS, level * 4 + (magnitude < 3 ? magnitude : 3)))
            * int16_at(tables, STEPS, level);
    }
}

static void set_grid(const uint8_t *tables, aecodec_preview_work *work)
{
    int32_t *grid = &work->grid[0][0][0];
    int i, f;
    for (i = 0; i < 3 * FREQUENCIES * FREQUENCIES; i++) {
        grid[i] = 0;
    }
    for (f = 0; f < COEFFICIENTS; f++) {
        const uint8_t *place = tables + POSITIONS + 3 * f;
        int64_t sum = 0;
        for (i = 0; i < LATENTS; i++) {
            if (work->latents[i]) {
                sum += (int64_t)work->latents[i] * int8_at(tables, TRANSFORM + i * COEFFICIENTS + f);
            }
        }
        sum = int16_at(tables, MEANS, f) + floor_shift(sum, 9);
        work->grid[place[0]][place[1]][place[2]] = (int32_t)(sum < -131072 ? -131072 : sum > 131072 ? 131072 : sum);
    }
}

/* Inverse cosine transform at x of numbers that are `step` apart. */
static int32_t inverse(const uint8_t *tables, const int32_t *numbers, int step, int x)
{
    int64_t sum = 2048;
    int u;
    for (u = 0; u < FREQUENCIES; u++) {
        sum += (int64_t)int16_at(tables, COSINES, u * SIDE + x) * numbers[u * step];
    }
    return (int32_t)floor_shift(sum, 12);
}

static void set_pixels(const uint8_t *tables, aecodec_preview_work *work, uint8_t *pixels)
{
    static const int16_t colours[3][3] = {{2365, 2896, -1672}, {2365, 0, 3344}, {2365, -2896, -1672}};
    int plane, row, x, y, c;
    for (plane = 0; plane < 3; plane++) {
        for (row = 0; row < FREQUENCIES; row++) {
            for (x = 0; x < SIDE; x++) {
                work->rows[plane][row][x] = inverse(tables, work->grid[plane][row], 1, x);
            }
        }
    }
    for (y = 0; y < SIDE; y++) {
        for (x = 0; x < SIDE; x++) {
            int64_t planes[3];
            for (plane = 0; plane < 3; plane++) {
                planes[plane] = inverse(tables, &work->rows[plane][0][x], SIDE, y);
            }
            for (c = 0; c < 3; c++) {
                int64_t sum = colours[c][0] * planes[0] + colours[c][1] * planes[1] + colours[c][2] * planes[2];
                sum = floor_shift(sum + 524288, 20) + 128;
                pixels[4 * (SIDE * y + x) + c] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
            }
        }
    }
}

/* A 3x3 convolution with zeros around the grid; returns a sum. */
static int32_t convolve(const uint8_t *tables, int weights, const int16_t *cells, int channels, int y, int x)
{
    int32_t sum = 0;
    int dy, dx, c;
    for (dy = 0; dy < 3; dy++) {
        for (dx = 0; dx < 3; dx++, weights += channels) {
            int row = y + dy - 1, column = x + dx - 1;
            const int16_t *cell;
            if (row < 0 || row >= HALF || column < 0 || column >= HALF) {
                continue;
            }
            cell = cells + (HALF * row + column) * channels;
            for (c = 0; c < channels; c++) {
                sum += int8_at(tables, weights + c) * cell[c];
            }
        }
    }
    return sum;
}

static void layer(const uint8_t *tables, int weights, int bias, const int16_t *from, int channels, int16_t *to, int outputs)
{
    int cell, output, is_first = weights == FIRST, is_last = weights == LAST;
    for (cell = 0; cell < HALF * HALF; cell++) {
        for (output = 0; output < outputs; output++) {
            int32_t sum = int16_at(tables, bias, output)
                + convolve(tables, weights + output * 9 * channels, from, channels, cell / HALF, cell % HALF);
            sum = (int32_t)floor_shift(sum + (is_last ? 32 : 0), is_first ? 7 : 6);
            to[cell * outputs + output] = (int16_t)(is_last ? clip(sum, -255, 255) : clip(sum, 0, 255));
        }
    }
}

/* The index in RGBA pixels of an index in the cells. */
static int pixel_of(int at)
{
    int cell = at / CELL, channel = at % CELL;
    int y = 2 * (cell / HALF) + channel / 6, x = 2 * (cell % HALF) + channel % 6 / 3;
    return 4 * (SIDE * y + x) + channel % 3;
}

static void filter(const uint8_t *tables, int level, aecodec_preview_work *work, uint8_t *pixels)
{
    int16_t *a = work->cells[0], *b = work->cells[1];
    int at;
    for (at = 0; at < SIDE * SIDE * 3; at++) {
        a[at] = (int16_t)(pixels[pixel_of(at)] - 128);
    }
    layer(tables, FIRST, FIRST_BIAS + 2 * level * CHANNELS, a, CELL, b, CHANNELS);
    layer(tables, SECOND, SECOND_BIAS, b, CHANNELS, a, CHANNELS);
    layer(tables, THIRD, THIRD_BIAS, a, CHANNELS, b, CHANNELS);
    layer(tables, LAST, LAST_BIAS, b, CHANNELS, a, CELL);
    for (at = 0; at < SIDE * SIDE * 3; at++) {
        pixels[pixel_of(at)] = (uint8_t)clip(pixels[pixel_of(at)] + a[at], 0, 255);
    }
}

static void decode_plane(reader *r, const uint8_t *tables, aecodec_preview_work *work, uint8_t *pixels)
{
    int level = read_number(r, 3);
    read_latents(r, tables, level, work->latents);
    set_grid(tables, work);
    set_pixels(tables, work, pixels);
    filter(tables, level, work, pixels);
}

int aecodec_preview_decode(const uint8_t *tables, const uint8_t *payload, size_t size, aecodec_preview_work *work,
                           uint8_t pixels[32 * 32 * 4], int *shape)
{
    reader r;
    int n, has_alpha;
    if (!size) {
        return -1;
    }
    r.next = payload;
    r.end = payload + size;
    r.range = 0xFFFFFFFFu;
    r.value = 0;
    for (n = 0; n < 4; n++) {
        shift_byte(&r);
    }
    *shape = read_decision(&r, RARE) ? read_number(&r, 6) : -1;
    if (*shape > 2 * AECODEC_PREVIEW_SQUARE) {
        return -1;
    }
    has_alpha = read_decision(&r, RARE);
    decode_plane(&r, tables, work, pixels);
    if (has_alpha) {
        decode_plane(&r, tables, work, work->alpha);
    }
    for (n = 0; n < SIDE * SIDE; n++) {
        pixels[4 * n + 3] = has_alpha ? work->alpha[4 * n + 1] : 255;
    }
    return 0;
}
