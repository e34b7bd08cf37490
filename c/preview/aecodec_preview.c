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

static int32_t int16_at(const uint8_t *tables, int table, int index)
{
    const uint8_t *p = tables + table + 2 * index;
    int32_t value = p[0] | p[1] << 8;
    return table != PROBABILITIES && value > 32767 ? value - 65536 : value;
}

static int32_t int8_at(const uint8_t *tables, int index)
{
    return ((const int8_t *)tables)[index];
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
    int u;
    for (u = 0; u < UNITS; u++) {
        past->units[u] = past->sums[u] < 0 ? 0 : clip(past->sums[u] >> 3, 0, 2047);
    }
}

static void begin(context *past, const uint8_t *tables, int level)
{
    int u;
    for (u = 0; u < UNITS; u++) {
        past->sums[u] = int16_at(tables, START, level * UNITS + u);
    }
    set_units(past);
}

static void add_code(context *past, const uint8_t *tables, int latent, int32_t code)
{
    int32_t feature = int16_at(tables, FEATURES, code < 0 ? -code : code);
    int u, row = latent * UNITS;
    for (u = 0; u < UNITS; u++) {
        int32_t weight = int8_at(tables, SIGNED + row + u);
        past->sums[u] += feature * ((code < 0 ? -weight : weight) + int8_at(tables, UNSIGNED + row + u));
    }
    set_units(past);
}

static uint32_t probability(const context *past, const uint8_t *tables, int level, int latent, int kind)
{
    int32_t output = 0, logit;
    int u, row = (kind < 2 ? SMALL : BIG) + (2 * latent + (kind & 1)) * UNITS;
    if (kind < 2 || latent < LARGE) {
        for (u = 0; u < UNITS; u++) {
            output += past->units[u] * int8_at(tables, row + u);
        }
    }
    logit = int16_at(tables, BIASES, (level * LATENTS + latent) * 4 + kind) + (int32_t)floor_shift(output, 5);
    logit = clip(logit, -511, 511);
    return (uint32_t)(logit < 0 ? 65536 - int16_at(tables, PROBABILITIES, -logit)
                                : int16_at(tables, PROBABILITIES, logit));
}

/* The latent, in 1/64, of a positive magnitude. */
static int32_t dequantized(const uint8_t *tables, int level, int32_t magnitude)
{
    int32_t centroid = int16_at(tables, CENTROIDS, level * 4 + (magnitude < 3 ? magnitude : 3));
    return (64 * magnitude + centroid) * int16_at(tables, STEPS, level);
}

static void read_latents(reader *r, const uint8_t *tables, int level, int32_t *latents)
{
    context past;
    int i;
    begin(&past, tables, level);
    for (i = 0; i < LATENTS; i++) {
        int32_t magnitude = 1;
        int is_positive;
        latents[i] = 0;
        if (!read_decision(r, probability(&past, tables, level, i, 0))) {
            continue;
        }
        is_positive = read_decision(r, probability(&past, tables, level, i, 1));
        while (magnitude < MOST && read_decision(r, probability(&past, tables, level, i, magnitude > 1 ? 3 : 2))) {
            magnitude++;
        }
        add_code(&past, tables, i, is_positive ? magnitude : -magnitude);
        latents[i] = dequantized(tables, level, magnitude) * (is_positive ? 1 : -1);
    }
}

static void set_grid(const uint8_t *tables, aecodec_preview_work *work)
{
    int32_t *grid = &work->memory.grid[0][0][0];
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
        sum = sum < -131072 ? -131072 : sum > 131072 ? 131072 : sum;
        work->memory.grid[place[0]][place[1]][place[2]] = (int32_t)sum;
    }
}

/* Inverse cosine transform at x of 20 numbers. */
static int32_t inverse(const uint8_t *tables, const int32_t *numbers, int x)
{
    int64_t sum = 2048;
    int u;
    for (u = 0; u < FREQUENCIES; u++) {
        sum += (int64_t)int16_at(tables, COSINES, u * SIDE + x) * numbers[u];
    }
    return (int32_t)floor_shift(sum, 12);
}

static void set_pixels(const uint8_t *tables, const aecodec_preview_work *work, uint8_t *pixels)
{
    int32_t column[3][FREQUENCIES];
    int plane, row, x, y, c;
    for (x = 0; x < SIDE; x++) {
        for (plane = 0; plane < 3; plane++) {
            for (row = 0; row < FREQUENCIES; row++) {
                column[plane][row] = inverse(tables, work->memory.grid[plane][row], x);
            }
        }
        for (y = 0; y < SIDE; y++) {
            int64_t planes[3];
            for (plane = 0; plane < 3; plane++) {
                planes[plane] = inverse(tables, column[plane], y);
            }
            for (c = 0; c < 3; c++) {
                int64_t sum = COLOURS[0][c] * planes[0] + COLOURS[1][c] * planes[1] + COLOURS[2][c] * planes[2];
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
static int32_t convolve(const uint8_t *tables, int weights, const uint8_t *cells, int channels, int zero, int cell)
{
    int32_t sum = 0;
    int dy, dx, c;
    for (dy = -1; dy <= 1; dy++) {
        for (dx = -1; dx <= 1; dx++, weights += channels) {
            int row = cell / HALF + dy, column = cell % HALF + dx;
            const uint8_t *neighbour;
            if (row < 0 || row >= HALF || column < 0 || column >= HALF) {
                continue;
            }
            neighbour = cells + (HALF * row + column) * channels;
            for (c = 0; c < channels; c += 4) {
                sum += int8_at(tables, weights + c) * (neighbour[c] - zero)
                    + int8_at(tables, weights + c + 1) * (neighbour[c + 1] - zero)
                    + int8_at(tables, weights + c + 2) * (neighbour[c + 2] - zero)
                    + int8_at(tables, weights + c + 3) * (neighbour[c + 3] - zero);
            }
        }
    }
    return sum;
}

static void layer(const uint8_t *tables, int weights, int bias, const uint8_t *from, int channels, uint8_t *to)
{
    int cell, output, is_first = weights == FIRST;
    for (cell = 0; cell < HALF * HALF; cell++) {
        for (output = 0; output < CHANNELS; output++) {
            int32_t sum = int16_at(tables, bias, output)
                + convolve(tables, weights + output * 9 * channels, from, channels, is_first ? 128 : 0, cell);
            to[cell * CHANNELS + output] = (uint8_t)clip((int32_t)floor_shift(sum, is_first ? 7 : 6), 0, 255);
        }
    }
}

static void filter(const uint8_t *tables, int level, aecodec_preview_work *work, uint8_t *pixels)
{
    uint8_t *a = work->memory.cells[0], *b = work->memory.cells[1];
    int at;
    for (at = 0; at < SIDE * SIDE * 3; at++) {
        a[at] = pixels[pixel_of(at)];
    }
    layer(tables, FIRST, FIRST_BIAS + 2 * level * CHANNELS, a, CELL, b);
    layer(tables, SECOND, SECOND_BIAS, b, CHANNELS, a);
    layer(tables, THIRD, THIRD_BIAS, a, CHANNELS, b);
    for (at = 0; at < SIDE * SIDE * 3; at++) {
        int32_t sum = 32 + int16_at(tables, LAST_BIAS, at % CELL)
            + convolve(tables, LAST + at % CELL * 9 * CHANNELS, b, CHANNELS, 0, at / CELL);
        pixels[pixel_of(at)] = (uint8_t)clip(pixels[pixel_of(at)] + (int32_t)floor_shift(sum, 6), 0, 255);
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
    reader r = {payload, payload, 0xFFFFFFFFu, 0};
    int n, has_alpha;
    if (!size) {
        return -1;
    }
    r.end += size;
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
        decode_plane(&r, tables, work, work->pixels);
    }
    for (n = 0; n < SIDE * SIDE; n++) {
        pixels[4 * n + 3] = has_alpha ? work->pixels[4 * n + 1] : 255;
    }
    return 0;
}

/* ---- reducing pictures ---- */

/* The bits, in 1/256, of a decision with a probability in 1/65536. */
static int32_t bits_of(uint32_t probability)
{
    int32_t bits = 0, bit;
    for (; probability < 32768; probability <<= 1) {
        bits += 256;
    }
    for (bit = 128; bit; bit >>= 1) {
        probability = probability * probability >> 16;
        if (probability < 32768) {
            probability <<= 1;
            bits += bit;
        }
    }
    return bits;
}

static int shape_of(int width, int height)
{
    enum { FIVE = 594 }; /* the logarithm of 5 */
    int32_t ratio = clip(bits_of((uint32_t)height) - bits_of((uint32_t)width), -FIVE, FIVE);
    return (2 * AECODEC_PREVIEW_SQUARE * (ratio + FIVE) + FIVE) / (2 * FIVE);
}

static void add_pixel(const uint8_t *picture, aecodec_preview_format format, int index, uint32_t weight,
                      uint32_t *sums)
{
    uint32_t red, green, blue;
    if (format == AECODEC_PREVIEW_GREY) {
        red = green = blue = picture[index];
    } else if (format == AECODEC_PREVIEW_RGB) {
        red = picture[3 * index];
        green = picture[3 * index + 1];
        blue = picture[3 * index + 2];
    } else {
        int high = format == AECODEC_PREVIEW_RGB565 ? 0 : 1;
        uint32_t word = (uint32_t)picture[2 * index + high] << 8 | picture[2 * index + 1 - high];
        red = (word >> 11) * 255 / 31;
        green = (word >> 5 & 63) * 255 / 63;
        blue = (word & 31) * 255 / 31;
    }
    sums[0] += weight * red;
    sums[1] += weight * green;
    sums[2] += weight * blue;
}

/* The part of a pixel, in 1/32, that belongs to a reduced pixel. */
static uint32_t overlap(int pixel, int reduced, int length)
{
    int start = reduced * length, end = start + length;
    return (uint32_t)(clip(end, SIDE * pixel, SIDE * pixel + SIDE) - clip(start, SIDE * pixel, SIDE * pixel + SIDE));
}

int aecodec_preview_reduce(const uint8_t *picture, aecodec_preview_format format, int width, int height,
                           uint8_t pixels[32 * 32 * 3])
{
    int n, x, y, c;
    if (width < 1 || height < 1 || width > AECODEC_PREVIEW_MOST_SIDE || height > AECODEC_PREVIEW_MOST_SIDE) {
        return AECODEC_PREVIEW_INVALID;
    }
    for (n = 0; n < SIDE * SIDE; n++) {
        int left = n % SIDE * width / SIDE, right = (n % SIDE * width + width - 1) / SIDE;
        int bottom = (n / SIDE * height + height - 1) / SIDE;
        uint32_t sums[3] = {0, 0, 0}, area = (uint32_t)width * (uint32_t)height;
        for (y = n / SIDE * height / SIDE; y <= bottom; y++) {
            for (x = left; x <= right; x++) {
                uint32_t weight = overlap(x, n % SIDE, width) * overlap(y, n / SIDE, height);
                add_pixel(picture, format, y * width + x, weight, sums);
            }
        }
        for (c = 0; c < 3; c++) {
            pixels[3 * n + c] = (uint8_t)((sums[c] + area / 2) / area);
        }
    }
    return shape_of(width, height);
}

/* ---- texts and checksums ---- */

size_t aecodec_preview_base91(const uint8_t *bytes, size_t size, char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                 "!#$%&()*+,./:;<=>?@[]^_`{|}~\"";
    uint32_t bits = 0;
    int count = 0;
    size_t n, length = 0;
    for (n = 0; n < size; n++) {
        bits |= (uint32_t)bytes[n] << count;
        count += 8;
        if (count > 13) {
            int taken = (bits & 8191) > 88 ? 13 : 14;
            uint32_t number = bits & ((1u << taken) - 1);
            bits >>= taken;
            count -= taken;
            text[length++] = digits[number % 91];
            text[length++] = digits[number / 91];
        }
    }
    if (count) {
        text[length++] = digits[bits % 91];
    }
    if (count > 7 || bits > 90) {
        text[length++] = digits[bits / 91];
    }
    text[length] = 0;
    return length;
}

uint8_t aecodec_preview_checksum(const uint8_t *payload, size_t size)
{
    unsigned crc = 0;
    size_t n;
    int bit;
    for (n = 0; n < size; n++) {
        crc ^= payload[n];
        for (bit = 0; bit < 8; bit++) {
            crc = crc << 1 ^ (crc & 0x80u ? 0x107u : 0u);
        }
    }
    return (uint8_t)crc;
}

/* ---- encoding ---- */

/* Weights of the bits: 16 octaves in 16 steps. With the last, all codes are 0, which fits into any room. */
enum { WEIGHTS = 256, ROUNDS = 3 };

typedef struct {
    uint8_t *bytes;
    size_t size, room; /* bytes beyond the room are counted, but not stored */
    uint32_t low, range;
} writer;

static void write_byte(writer *w, uint32_t byte)
{
    if (w->size < w->room) {
        w->bytes[w->size] = (uint8_t)byte;
    }
    w->size++;
}

static void add_carry(writer *w)
{
    size_t n = w->size < w->room ? w->size : w->room;
    while (n-- && !++w->bytes[n]) {
    }
}

static void write_decision(writer *w, int decision, uint32_t probability)
{
    uint32_t bound = (w->range >> 16) * probability;
    if (decision) {
        w->range = bound;
    } else {
        w->range -= bound;
        w->low += bound;
        if (w->low < bound) {
            add_carry(w);
        }
    }
    while (w->range < 1u << 24) {
        write_byte(w, w->low >> 24);
        w->low <<= 8;
        w->range <<= 8;
    }
}

static void write_number(writer *w, int number, int bits)
{
    while (bits--) {
        write_decision(w, number >> bits & 1, EVEN);
    }
}

/* Write the shortest bytes that give the decisions. Returns the size of the payload, or 0 if it exceeds the room. */
static size_t finish(writer *w)
{
    uint64_t unit = (uint64_t)1 << 33, value;
    do {
        unit >>= 1;
        value = (w->low + unit - 1) / unit * unit;
    } while (value - w->low >= w->range);
    if (value >> 32) {
        add_carry(w);
    }
    for (; value & 0xFFFFFFFFu; value <<= 8) {
        write_byte(w, (uint32_t)value >> 24);
    }
    while (w->size > 1 && w->size <= w->room && !w->bytes[w->size - 1]) {
        w->size--;
    }
    if (!w->size) {
        write_byte(w, 0);
    }
    return w->size <= w->room ? w->size : 0;
}

static void write_code(writer *w, const uint32_t *chances, int32_t magnitude, int is_positive)
{
    int32_t least;
    write_decision(w, magnitude > 0, chances[0]);
    if (magnitude) {
        write_decision(w, is_positive, chances[1]);
        for (least = 1; least < MOST && least <= magnitude; least++) {
            write_decision(w, magnitude > least, chances[least > 1 ? 3 : 2]);
        }
    }
}

static int32_t bits_of_code(const uint32_t *chances, int32_t magnitude, int is_positive)
{
    int32_t bits;
    if (!magnitude) {
        return bits_of(65536 - chances[0]);
    }
    bits = bits_of(chances[0]) + bits_of(is_positive ? chances[1] : 65536 - chances[1]);
    if (magnitude == 1) {
        return bits + bits_of(65536 - chances[2]);
    }
    return bits + bits_of(chances[2]) + (magnitude - 2) * bits_of(chances[3]) + bits_of(65536 - chances[3]);
}

typedef struct {
    const uint8_t *tables;
    int level;
    int64_t weight; /* the squared error, in 2^-12, that 1/256 bit is worth, or -1 to quantize everything to 0 */
} quantizer;

/* The squared error of a magnitude, in 2^-12. */
static int64_t error_of(const quantizer *q, int32_t target, int32_t magnitude)
{
    int64_t error = target - (magnitude ? dequantized(q->tables, q->level, magnitude) : 0);
    return error * error;
}

/* Choose between 0, the nearest magnitude and the magnitude below it. */
static int32_t quantize(const quantizer *q, int32_t target, int is_positive, int32_t nearest, const uint32_t *chances)
{
    int64_t least = error_of(q, target, 0) + q->weight * bits_of_code(chances, 0, is_positive);
    int32_t best = 0, magnitude;
    for (magnitude = nearest > 1 ? nearest - 1 : 1; magnitude <= nearest; magnitude++) {
        int64_t cost = error_of(q, target, magnitude) + q->weight * bits_of_code(chances, magnitude, is_positive);
        if (cost < least) {
            least = cost;
            best = magnitude;
        }
    }
    return best;
}

/* Quantize and write latents in 1/64. Returns the sum of their squared errors; stops if there is no room. */
static int64_t write_latents(writer *w, const quantizer *q, const int32_t *targets)
{
    context past;
    int64_t error = 0;
    int32_t step = 64 * int16_at(q->tables, STEPS, q->level);
    int i, kind;
    begin(&past, q->tables, q->level);
    for (i = 0; i < LATENTS && w->size <= w->room; i++) {
        int is_positive = targets[i] > 0;
        int32_t target = is_positive ? targets[i] : -targets[i], magnitude = 0;
        int32_t nearest = q->weight < 0 ? 0 : clip((target + step / 2) / step, 0, MOST);
        uint32_t chances[4];
        for (kind = 0; kind < (nearest ? 4 : 1); kind++) {
            chances[kind] = probability(&past, q->tables, q->level, i, kind);
        }
        if (nearest) {
            magnitude = quantize(q, target, is_positive, nearest, chances);
        }
        write_code(w, chances, magnitude, is_positive);
        if (magnitude) {
            add_code(&past, q->tables, i, is_positive ? magnitude : -magnitude);
        }
        error += error_of(q, target, magnitude);
    }
    return error;
}

/* A payload in `drafts`: its size, or 0 if it exceeds the room, its level, and the error of its latents. */
typedef struct {
    size_t size;
    int level;
    int64_t error;
} draft;

/* The arguments of aecodec_preview_encode. */
typedef struct {
    const uint8_t *tables;
    aecodec_preview_encoder *work;
    int shape;
    size_t room; /* without the checksum */
} task;

/* Encode the targets to drafts[1]. */
static draft write_draft(const task *t, int level, int weight)
{
    writer w = {t->work->drafts[1], 0, t->room, 0, 0xFFFFFFFFu};
    quantizer q = {t->tables, level, 0};
    draft d = {0, level, 0};
    int64_t step = int16_at(t->tables, STEPS, level);
    q.weight = weight == WEIGHTS - 1 ? -1 : (step * step * (16 + weight % 16) << weight / 16) >> 6;
    write_decision(&w, t->shape >= 0, RARE);
    if (t->shape >= 0) {
        write_number(&w, t->shape, 6);
    }
    write_decision(&w, 0, RARE);
    write_number(&w, level, 3);
    d.error = write_latents(&w, &q, t->work->targets);
    d.size = finish(&w);
    return d;
}

static void copy(uint8_t *to, const uint8_t *from, size_t size)
{
    while (size--) {
        to[size] = from[size];
    }
}

/* At levels `low` to `high`, find the smallest weight whose payload fits. Copy the best payload to drafts[0]. */
static draft search(const task *t, int low, int high)
{
    draft best = {0, 0, 0};
    int level, step;
    for (level = low; level <= high; level++) {
        int fitting = WEIGHTS;
        for (step = WEIGHTS / 2; step; step /= 2) {
            draft d = write_draft(t, level, fitting - step);
            if (!d.size) {
                continue;
            }
            fitting -= step;
            if (!best.size || d.error < best.error) {
                best = d;
                copy(t->work->drafts[0], t->work->drafts[1], d.size);
            }
        }
    }
    return best;
}

/* Add a row of the pixels minus the decoded pixels to the cosine transform of a plane. The sums, in 2^-17, stay below
 * 2^31. */
static void transform_row(const uint8_t *tables, const uint8_t *pixels, const uint8_t *decoded, int plane, int y,
                          int32_t grid[FREQUENCIES][FREQUENCIES])
{
    int32_t numbers[SIDE];
    int x, u, v, c;
    for (x = 0; x < SIDE; x++) {
        numbers[x] = 0;
        for (c = 0; c < 3; c++) {
            numbers[x] += COLOURS[plane][c] * (pixels[3 * (SIDE * y + x) + c] - decoded[4 * (SIDE * y + x) + c]);
        }
    }
    for (v = 0; v < FREQUENCIES; v++) {
        int64_t sum = 1 << 22;
        int32_t number;
        for (x = 0; x < SIDE; x++) {
            sum += (int64_t)numbers[x] * int16_at(tables, COSINES, v * SIDE + x);
        }
        number = (int32_t)floor_shift(sum, 23);
        for (u = 0; u < FREQUENCIES; u++) {
            grid[u][v] += number * int16_at(tables, COSINES, u * SIDE + y);
        }
    }
}

/* Set the targets, in 1/64, to the decoded latents plus the transform of the pixels minus the decoded pixels. */
static void set_targets(const uint8_t *tables, const uint8_t *pixels, aecodec_preview_encoder *work)
{
    int32_t *grid = &work->decoder.memory.grid[0][0][0];
    int n, i, f;
    for (n = 0; n < 3 * FREQUENCIES * FREQUENCIES; n++) {
        grid[n] = 0;
    }
    for (n = 0; n < 3 * SIDE; n++) {
        transform_row(tables, pixels, work->decoder.pixels, n / SIDE, n % SIDE, work->decoder.memory.grid[n / SIDE]);
    }
    for (i = 0; i < LATENTS; i++) {
        int32_t sum = 0;
        for (f = 0; f < COEFFICIENTS; f++) {
            const uint8_t *place = tables + POSITIONS + 3 * f;
            int32_t number = grid[(place[0] * FREQUENCIES + place[1]) * FREQUENCIES + place[2]];
            sum += (int32_t)floor_shift(number, 10) * int8_at(tables, TRANSFORM + i * COEFFICIENTS + f);
        }
        work->targets[i] = work->decoder.latents[i] + (int32_t)floor_shift(sum, 8);
    }
}

/* Encode at all levels. Then correct the targets by the error of the decoded pixels, and encode again at the best
 * level and its neighbours. */
static size_t best_payload(const task *t, const uint8_t *pixels)
{
    aecodec_preview_work *decoder = &t->work->decoder;
    draft best;
    int n, shape;
    for (n = 0; n < LATENTS; n++) {
        decoder->latents[n] = 0;
    }
    set_grid(t->tables, decoder);
    set_pixels(t->tables, decoder, decoder->pixels);
    set_targets(t->tables, pixels, t->work);
    best = search(t, 0, LEVELS - 1);
    for (n = 1; n < ROUNDS; n++) {
        aecodec_preview_decode(t->tables, t->work->drafts[0], best.size, decoder, decoder->pixels, &shape);
        set_targets(t->tables, pixels, t->work);
        best = search(t, clip(best.level - 1, 0, LEVELS - 1), clip(best.level + 1, 0, LEVELS - 1));
    }
    return best.size;
}

size_t aecodec_preview_encode(const uint8_t *tables, const uint8_t pixels[32 * 32 * 3], int shape, int has_checksum,
                              aecodec_preview_encoder *work, uint8_t *payload, size_t max_bytes)
{
    task t = {tables, work, shape, 0};
    size_t size, extra = has_checksum ? 1 : 0;
    if (max_bytes < AECODEC_PREVIEW_LEAST_BYTES + extra || shape < AECODEC_PREVIEW_NO_SHAPE
        || shape > 2 * AECODEC_PREVIEW_SQUARE) {
        return 0;
    }
    t.room = max_bytes - extra < sizeof work->drafts[0] ? max_bytes - extra : sizeof work->drafts[0];
    size = best_payload(&t, pixels);
    copy(payload, work->drafts[0], size);
    if (has_checksum) {
        payload[size] = aecodec_preview_checksum(payload, size);
    }
    return size + extra;
}
