/* SPDX-License-Identifier: Apache-2.0 */
/* The block of a file that describes its samples (FORMAT, section 7). */
#include "samples/samples_block.h"

#include <string.h>

enum {
    TYPE_BITS = 7,
    HAS_LIMITS = 8, /* with the codec `samples`: 8 more than the type in the bits before */
    HAS_NODATA = 16,
    HAS_MASK = 32,
    HAS_REPETITION = 64,
    IS_BIG_ENDIAN = 128,
    LAST_LAYOUT = 5,
    BANDS_SHIFT = 3,
    MAX_FACTOR = 16,
    MAX_RANGE = 65535
};

static uint64_t load(const uint8_t *at, uint32_t size)
{
    uint64_t bits = 0;
    while (size--) {
        bits = bits << 8 | at[size];
    }
    return bits;
}

uint64_t aecodec_samples_block_nodata(const samples_block *block)
{
    if (block->nodata) {
        return load(block->nodata, sample_size(block->type));
    }
    return is_float(block->type)
               ? aecodec_to_sample_bits(block->type, aecodec_sample_number(AECODEC_FLOAT64, UINT64_MAX))
               : 0;
}

void aecodec_samples_block_limits(const samples_block *block, double *limits)
{
    uint32_t size = sample_size(block->type);
    for (uint32_t n = 0; n < 2 * block->bands; n++) {
        limits[n] = aecodec_sample_number(block->type, load(block->limits + n * size, size));
    }
}

static int limits_are_valid(const samples_block *block)
{
    double limits[2 * AECODEC_MAX_BANDS];
    if (!block->limits) {
        return 1;
    }
    aecodec_samples_block_limits(block, limits);
    for (uint32_t n = 0; n < block->bands; n++) {
        const double low = limits[2 * n], high = limits[2 * n + 1];
        if (low - low != 0 || high - high != 0 || low >= high ||
            (!is_float(block->type) && high - low > (double)MAX_RANGE)) {
            return 0;
        }
    }
    return 1;
}

static int repetition_is_valid(const samples_block *block)
{
    for (uint32_t n = 0; block->repetition && n < block->bands; n++) {
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

/* The type, the layout and the number of bands. Returns whether limits and repetition are announced. */
static uint32_t read_head(reader *r, int is_built_in, samples_block *block)
{
    const uint32_t first = take_byte(r), second = take_byte(r);
    block->type = first & TYPE_BITS;
    block->is_big_endian = first / IS_BIG_ENDIAN;
    block->layout = second & ((1u << BANDS_SHIFT) - 1);
    block->bands = (second >> BANDS_SHIFT) + 1u;
    if (is_built_in) {
        block->type += first & HAS_LIMITS;
        r->is_damaged |= block->bands > 1 || (first & HAS_REPETITION);
        block->bands = take_number(r);
        r->is_damaged |= block->bands - 1u >= AECODEC_MAX_BANDS;
        return first & ~(uint32_t)HAS_LIMITS;
    }
    r->is_damaged |= block->type > AECODEC_FLOAT32;
    return first;
}

int aecodec_samples_block_read(const uint8_t id[4], const uint8_t *content, size_t size, uint32_t frames,
                               samples_block *block)
{
    reader r = {content, size, 0};
    memset(block, 0, sizeof *block);
    uint32_t flags = read_head(&r, is_samples_id(id), block);
    uint32_t item = sample_size(block->type);
    block->limits = flags & HAS_LIMITS ? take(&r, (size_t)2 * item * block->bands) : NULL;
    block->nodata = flags & HAS_NODATA ? take(&r, item) : NULL;
    block->repetition = flags & HAS_REPETITION ? take(&r, (size_t)2 * block->bands) : NULL;
    block->mask_planes = flags & HAS_MASK ? take_number(&r) : 0;
    block->mask = flags & HAS_MASK ? r.at : NULL;
    block->mask_size = r.left;
    if (!item || r.is_damaged || !layout_is_valid(block, frames) || (block->mask != NULL) != (r.left > 0)) {
        return 0;
    }
    return (!block->mask || block->mask_planes == 1 || block->mask_planes == block->bands) &&
           limits_are_valid(block) && repetition_is_valid(block);
}

void aecodec_samples_block_write(int is_built_in, const aecodec_samples *samples, const samples_block *block,
                                 buffer *b)
{
    const uint32_t size = sample_size(samples->type);
    uint8_t numbers[2];
    numbers[0] = (uint8_t)(samples->type | (samples->limits ? HAS_LIMITS : 0) |
                           (samples->has_nodata ? HAS_NODATA : 0) | (block->mask ? HAS_MASK : 0) |
                           (block->repetition ? HAS_REPETITION : 0) |
                           (samples->is_big_endian ? IS_BIG_ENDIAN : 0));
    numbers[1] = (uint8_t)(samples->layout | (is_built_in ? 0 : (samples->bands - 1) << BANDS_SHIFT));
    aecodec_buffer_append(b, numbers, sizeof numbers);
    if (is_built_in) {
        aecodec_buffer_append_number(b, samples->bands);
    }
    for (uint32_t n = 0; samples->limits && n < 2 * samples->bands; n++) {
        aecodec_buffer_append_bits(b, aecodec_to_sample_bits(samples->type, samples->limits[n]), size);
    }
    if (samples->has_nodata) {
        aecodec_buffer_append_bits(b, aecodec_to_sample_bits(samples->type, samples->nodata), size);
    }
    if (block->repetition) {
        aecodec_buffer_append(b, block->repetition, 2 * (size_t)samples->bands);
    }
    if (block->mask) {
        aecodec_buffer_append_number(b, block->mask_planes);
        aecodec_buffer_append(b, block->mask, block->mask_size);
    }
}
