/* SPDX-License-Identifier: Apache-2.0 */
#include "aecodec_preview.h"

enum {
    LATENTS = 400,
    UNITS = 64,
    LEVELS = 8,
    LARGE = 96,
    COEFFICIENTS = 516,
    FREQUENCIES = 20,
    SIDE = 32,
    MOST = 120,
    CHANNELS = 20,
    CELL = 12,
    HALF = SIDE / 2,
    EVEN = 32768,
    RARE = 4096
};

/* The content of tables.bin. Numbers of 16 bits are two bytes, the lower one first. */
typedef uint8_t number[2];
typedef struct {
    number steps[LEVELS], centroids[LEVELS][4], features[MOST + 1], probabilities[512];
    number start[LEVELS][UNITS], biases[LEVELS][LATENTS][4], means[COEFFICIENTS], cosines[FREQUENCIES][SIDE];
    number first_bias[LEVELS][CHANNELS], second_bias[CHANNELS], third_bias[CHANNELS], last_bias[CELL];
    int8_t signed_weights[LATENTS][UNITS], unsigned_weights[LATENTS][UNITS];
    int8_t small[LATENTS][2][UNITS], big[LARGE][2][UNITS];
    int8_t first[CHANNELS][9 * CELL], second[CHANNELS][9 * CHANNELS], third[CHANNELS][9 * CHANNELS];
    int8_t last[CELL][9 * CHANNELS];
    uint8_t positions[COEFFICIENTS][3];
    int8_t transform[LATENTS][COEFFICIENTS];
} tables;

/* The planes of the colours red, green and blue, in 1/4096. */
static const int16_t COLOURS[3][3] = {{2365, 2365, 2365}, {2896, 0, -2896}, {-1672, 3344, -1672}};

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

static int32_t uint16_of(const number bytes)
{
    return bytes[0] | bytes[1] << 8;
}

static int32_t int16_of(const number bytes)
{
    int32_t value = uint16_of(bytes);
    return value > 32767 ? value - 65536 : value;
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

/* The latents so far: sums, and the units that follow from them. */
typedef struct {
    int32_t sums[UNITS], units[UNITS];
} context;

static void set_units(context *past)
{
    for (int u = 0; u < UNITS; u++) {
        past->units[u] = past->sums[u] < 0 ? 0 : clip(past->sums[u] >> 3, 0, 2047);
    }
}

static void begin(context *past, const tables *t, int level)
{
    for (int u = 0; u < UNITS; u++) {
        past->sums[u] = int16_of(t->start[level][u]);
    }
    set_units(past);
}

static void add_code(context *past, const tables *t, int latent, int32_t code)
{
    int32_t feature = int16_of(t->features[code < 0 ? -code : code]);
    for (int u = 0; u < UNITS; u++) {
        int32_t weight = t->signed_weights[latent][u];
        past->sums[u] += feature * ((code < 0 ? -weight : weight) + t->unsigned_weights[latent][u]);
    }
    set_units(past);
}

static uint32_t probability(const context *past, const tables *t, int level, int latent, int kind)
{
    int32_t output = 0;
    if (kind < 2 || latent < LARGE) {
        const int8_t *weights = kind < 2 ? t->small[latent][kind] : t->big[latent][kind - 2];
        for (int u = 0; u < UNITS; u++) {
            output += past->units[u] * weights[u];
        }
    }
    int32_t logit = int16_of(t->biases[level][latent][kind]) + (int32_t)floor_shift(output, 5);
    logit = clip(logit, -511, 511);
    return (uint32_t)(logit < 0 ? 65536 - uint16_of(t->probabilities[-logit])
                                : uint16_of(t->probabilities[logit]));
}

/* The latent, in 1/64, of a positive magnitude. */
static int32_t dequantized(const tables *t, int level, int32_t magnitude)
{
    int32_t centroid = int16_of(t->centroids[level][magnitude < 3 ? magnitude : 3]);
    return (64 * magnitude + centroid) * int16_of(t->steps[level]);
}

static void read_latents(reader *r, const tables *t, int level, int32_t *latents)
{
    context past;
    begin(&past, t, level);
    for (int i = 0; i < LATENTS; i++) {
        int32_t magnitude = 1;
        latents[i] = 0;
        if (!read_decision(r, probability(&past, t, level, i, 0))) {
            continue;
        }
        int is_positive = read_decision(r, probability(&past, t, level, i, 1));
        while (magnitude < MOST &&
               read_decision(r, probability(&past, t, level, i, magnitude > 1 ? 3 : 2))) {
            magnitude++;
        }
        add_code(&past, t, i, is_positive ? magnitude : -magnitude);
        latents[i] = dequantized(t, level, magnitude) * (is_positive ? 1 : -1);
    }
}

static void set_grid(const tables *t, aecodec_preview_work *work)
{
    int32_t *grid = &work->memory.grid[0][0][0];
    for (int i = 0; i < 3 * FREQUENCIES * FREQUENCIES; i++) {
        grid[i] = 0;
    }
    for (int f = 0; f < COEFFICIENTS; f++) {
        const uint8_t *place = t->positions[f];
        int64_t sum = 0;
        for (int i = 0; i < LATENTS; i++) {
            if (work->latents[i]) {
                sum += (int64_t)work->latents[i] * t->transform[i][f];
            }
        }
        sum = int16_of(t->means[f]) + floor_shift(sum, 9);
        sum = sum < -131072 ? -131072 : sum > 131072 ? 131072 : sum;
        work->memory.grid[place[0]][place[1]][place[2]] = (int32_t)sum;
    }
}

/* Inverse cosine transform at x of 20 numbers. */
static int32_t inverse(const tables *t, const int32_t *numbers, int x)
{
    int64_t sum = 2048;
    for (int u = 0; u < FREQUENCIES; u++) {
        sum += (int64_t)int16_of(t->cosines[u][x]) * numbers[u];
    }
    return (int32_t)floor_shift(sum, 12);
}

static void set_pixels(const tables *t, const aecodec_preview_work *work, uint8_t *pixels)
{
    int32_t column[3][FREQUENCIES];
    for (int x = 0; x < SIDE; x++) {
        for (int plane = 0; plane < 3; plane++) {
            for (int row = 0; row < FREQUENCIES; row++) {
                column[plane][row] = inverse(t, work->memory.grid[plane][row], x);
            }
        }
        for (int y = 0; y < SIDE; y++) {
            int64_t planes[3];
            for (int plane = 0; plane < 3; plane++) {
                planes[plane] = inverse(t, column[plane], y);
            }
            for (int c = 0; c < 3; c++) {
                int64_t sum =
                    COLOURS[0][c] * planes[0] + COLOURS[1][c] * planes[1] + COLOURS[2][c] * planes[2];
                sum = floor_shift(sum + 524288, 20) + 128;
                pixels[4 * (SIDE * y + x) + c] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
            }
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

/* A 3x3 convolution with zeros around the grid; `zero` is the byte that means 0. Returns a sum. */
static int32_t convolve(const int8_t *weights, const uint8_t *cells, int channels, int zero, int cell)
{
    int32_t sum = 0;
    for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++, weights += channels) {
            int row = cell / HALF + dy, column = cell % HALF + dx;
            if (row < 0 || row >= HALF || column < 0 || column >= HALF) {
                continue;
            }
            const uint8_t *neighbour = cells + (HALF * row + column) * channels;
            for (int c = 0; c < channels; c++) {
                sum += weights[c] * (neighbour[c] - zero);
            }
        }
    }
    return sum;
}

static void layer(const int8_t *weights, const number *bias, const uint8_t *from, int channels, uint8_t *to)
{
    int is_first = channels == CELL;
    for (int cell = 0; cell < HALF * HALF; cell++) {
        for (int output = 0; output < CHANNELS; output++) {
            const int8_t *own = weights + output * 9 * channels;
            int32_t sum = int16_of(bias[output]) + convolve(own, from, channels, is_first ? 128 : 0, cell);
            to[cell * CHANNELS + output] = (uint8_t)clip((int32_t)floor_shift(sum, is_first ? 7 : 6), 0, 255);
        }
    }
}

static void filter(const tables *t, int level, aecodec_preview_work *work, uint8_t *pixels)
{
    uint8_t *a = work->memory.cells[0], *b = work->memory.cells[1];
    for (int at = 0; at < SIDE * SIDE * 3; at++) {
        a[at] = pixels[pixel_of(at)];
    }
    layer(t->first[0], t->first_bias[level], a, CELL, b);
    layer(t->second[0], t->second_bias, b, CHANNELS, a);
    layer(t->third[0], t->third_bias, a, CHANNELS, b);
    for (int at = 0; at < SIDE * SIDE * 3; at++) {
        int channel = at % CELL;
        int32_t sum =
            32 + int16_of(t->last_bias[channel]) + convolve(t->last[channel], b, CHANNELS, 0, at / CELL);
        pixels[pixel_of(at)] = (uint8_t)clip(pixels[pixel_of(at)] + (int32_t)floor_shift(sum, 6), 0, 255);
    }
}

static void decode_plane(reader *r, const tables *t, aecodec_preview_work *work, uint8_t *pixels)
{
    int level = read_number(r, 3);
    read_latents(r, t, level, work->latents);
    set_grid(t, work);
    set_pixels(t, work, pixels);
    filter(t, level, work, pixels);
}

int aecodec_preview_decode(const uint8_t *content, const uint8_t *payload, size_t size,
                           aecodec_preview_work *work, uint8_t pixels[32 * 32 * 4], int *shape)
{
    const tables *t = (const tables *)content;
    reader r = {payload, payload, 0xFFFFFFFFu, 0};
    if (!size) {
        return -1;
    }
    r.end += size;
    for (int n = 0; n < 4; n++) {
        shift_byte(&r);
    }
    *shape = read_decision(&r, RARE) ? read_number(&r, 6) : -1;
    if (*shape > 2 * AECODEC_PREVIEW_SQUARE) {
        return -1;
    }
    int has_alpha = read_decision(&r, RARE);
    decode_plane(&r, t, work, pixels);
    if (has_alpha) {
        decode_plane(&r, t, work, work->pixels);
    }
    for (int n = 0; n < SIDE * SIDE; n++) {
        pixels[4 * n + 3] = has_alpha ? work->pixels[4 * n + 1] : 255;
    }
    return 0;
}
