/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of all types as numbers, and the block of a file that describes them (docs/FORMAT.md, section 7). */
#include <string.h>

#include "private.h"

enum {
    TYPE_BITS = 7,
    HAS_LIMITS = 8,
    HAS_NODATA = 16,
    HAS_MASK = 32,
    HAS_REPETITION = 64,
    IS_BIG_ENDIAN = 128,
    LAST_LAYOUT = 5,
    BANDS_SHIFT = 3,
    MAX_FACTOR = 16,
    MAX_RANGE = 65535
};

/* ---- numbers ---- */

static float float_of(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static uint32_t bits_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static double number_of_half(uint32_t bits)
{
    uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31u, fraction = bits & 1023u;
    if (!exponent) {
        double number = fraction / 16777216.0; /* 2^24 */
        return sign ? -number : number;
    }
    return float_of(sign | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13);
}

/* The integer that is nearest to a number from 0 to 2^31, the even one in a tie. */
static uint32_t nearest(double number)
{
    uint32_t below = (uint32_t)number;
    double rest = number - below;
    return below + (rest > 0.5 || (rest == 0.5 && below % 2));
}

static uint32_t half_of(double number)
{
    uint32_t sign = bits_of((float)number) >> 16 & 0x8000u;
    int exponent = 1;
    if (number != number) {
        return 0x7e00u;
    }
    number = number < 0 ? -number : number;
    if (number >= 65520) {
        return sign | 0x7c00u;
    }
    for (number *= 1 << 24; number >= 2048; number /= 2) {
        exponent++;
    }
    return sign | (nearest(number) + ((uint32_t)(exponent - 1) << 10)); /* which may carry into the exponent */
}

double aecodec_sample_number(uint32_t type, uint32_t bits)
{
    switch (type) {
    case AECODEC_UINT8:
        return (uint8_t)bits;
    case AECODEC_INT8:
        return (int8_t)bits;
    case AECODEC_UINT16:
        return (uint16_t)bits;
    case AECODEC_INT16:
        return (int16_t)bits;
    case AECODEC_INT32:
        return (int32_t)bits;
    case AECODEC_FLOAT16:
        return number_of_half(bits);
    default:
        return float_of(bits);
    }
}

uint32_t aecodec_to_sample_bits(uint32_t type, double number)
{
    switch (type) {
    case AECODEC_FLOAT16:
        return half_of(number);
    case AECODEC_FLOAT32:
        return number != number ? 0x7fc00000u : bits_of((float)number);
    default:
        return (uint32_t)(int32_t)number;
    }
}

/* ---- the block ---- */

static uint32_t load(const uint8_t *at, uint32_t size)
{
    return size == 1 ? at[0] : size == 2 ? read_u16(at) : read_u32(at);
}

void aecodec_samples_block_limits(const samples_block *block, double *limits)
{
    uint32_t size = sample_size(block->type), n;
    for (n = 0; n < 2 * block->bands; n++) {
        limits[n] = aecodec_sample_number(block->type, load(block->limits + n * size, size));
    }
}

static int limits_are_valid(const samples_block *block)
{
    uint32_t size = sample_size(block->type), n;
    for (n = 0; block->limits && n < block->bands; n++) {
        double low = aecodec_sample_number(block->type, load(block->limits + 2 * n * size, size));
        double high = aecodec_sample_number(block->type, load(block->limits + (2 * n + 1) * size, size));
        if (low - low != 0 || high - high != 0 || low >= high ||
            (block->type < AECODEC_FLOAT16 && high - low > (double)MAX_RANGE)) {
            return 0;
        }
    }
    return 1;
}

static int repetition_is_valid(const samples_block *block)
{
    uint32_t n;
    for (n = 0; block->repetition && n < block->bands; n++) {
        uint32_t factor = block->repetition[2 * n], phase = block->repetition[2 * n + 1];
        if (factor - 1u >= MAX_FACTOR || phase / 16 >= factor || phase % 16 >= factor) {
            return 0;
        }
    }
    return 1;
}

static int layout_is_valid(const samples_block *block, uint32_t frames)
{
    static const uint8_t has_frames[] = {0, 0, 1, 1, 0, 1}, has_bands[] = {0, 1, 0, 1, 1, 1};
    return block->layout <= LAST_LAYOUT && (frames == 1 || has_frames[block->layout]) &&
           (block->bands == 1 || has_bands[block->layout]);
}

int aecodec_samples_block_read(const uint8_t *content, size_t size, uint32_t frames, samples_block *block)
{
    reader r = {content, size, 0};
    const uint8_t *head = take(&r, 2), *planes;
    uint32_t first, item;
    memset(block, 0, sizeof *block);
    if (!head) {
        return 0;
    }
    first = head[0];
    block->type = first & TYPE_BITS;
    block->is_big_endian = first / IS_BIG_ENDIAN;
    block->layout = head[1] & ((1u << BANDS_SHIFT) - 1);
    block->bands = (head[1] >> BANDS_SHIFT) + 1u;
    item = sample_size(block->type);
    block->limits = first & HAS_LIMITS ? take(&r, (size_t)2 * item * block->bands) : NULL;
    block->nodata = first & HAS_NODATA ? take(&r, item) : NULL;
    block->repetition = first & HAS_REPETITION ? take(&r, (size_t)2 * block->bands) : NULL;
    planes = first & HAS_MASK ? take(&r, 1) : NULL;
    if (!item || r.is_damaged || !layout_is_valid(block, frames) || (planes ? r.left == 0 : r.left > 0)) {
        return 0;
    }
    block->mask_planes = planes ? *planes : 0;
    block->mask = planes ? r.at : NULL;
    block->mask_size = r.left;
    return (!planes || block->mask_planes == 1 || block->mask_planes == block->bands) && limits_are_valid(block) &&
           repetition_is_valid(block);
}

static void append_bits(buffer *b, uint32_t type, double number)
{
    uint32_t bits = aecodec_to_sample_bits(type, number), n;
    uint8_t bytes[4];
    for (n = 0; n < 4; n++, bits >>= 8) {
        bytes[n] = (uint8_t)bits;
    }
    aecodec_buffer_append(b, bytes, sample_size(type));
}

void aecodec_samples_block_write(const aecodec_samples *samples, const samples_block *block, buffer *b)
{
    uint8_t numbers[2], planes = (uint8_t)block->mask_planes;
    uint32_t n;
    numbers[0] = (uint8_t)(samples->type | (samples->limits ? HAS_LIMITS : 0) | (samples->has_nodata ? HAS_NODATA : 0) |
                           (block->mask ? HAS_MASK : 0) | (block->repetition ? HAS_REPETITION : 0) |
                           (samples->is_big_endian ? IS_BIG_ENDIAN : 0));
    numbers[1] = (uint8_t)(samples->layout | (samples->bands - 1) << BANDS_SHIFT);
    aecodec_buffer_append(b, numbers, sizeof numbers);
    for (n = 0; samples->limits && n < 2 * samples->bands; n++) {
        append_bits(b, samples->type, samples->limits[n]);
    }
    if (samples->has_nodata) {
        append_bits(b, samples->type, samples->nodata);
    }
    if (block->repetition) {
        aecodec_buffer_append(b, block->repetition, 2 * (size_t)samples->bands);
    }
    if (block->mask) {
        aecodec_buffer_append(b, &planes, 1);
        aecodec_buffer_append(b, block->mask, block->mask_size);
    }
}
