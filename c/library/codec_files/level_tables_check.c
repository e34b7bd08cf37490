/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a level: everything that is used as an index, a shift or a length is checked here, so that
 * coding need not. */
#include <string.h>

#include "codec_files/bundle.h"

enum {
    DIRECTORY = 32, /* bytes before the directory of the arrays */
    ENTRY = 8,
    ARRAY_ALIGNMENT = 16,
    HAS_CONTEXT = 1,
    HAS_SPATIAL = 2,
    ESCAPES_OTHERS = 4, /* columns that a row does not list are escaped */
    IS_FAR = 8,         /* the vectors without neighbours are AECODEC_FAR_STEP apart, not NEAR_STEP */
    NEAR_STEP = 8,
    TOTAL = 65536, /* of the frequencies of a row */
    MAX_UNITS = 1024,
    MAX_SPATIAL_DIMENSION = 512,
    MAX_SHIFT = 24
};

/* The arrays of a section, taken one after the other. */
typedef struct {
    const uint8_t *bytes;
    size_t size;
    size_t next; /* entry of the directory */
    int is_bad;
} arrays;

static const void *take_array(arrays *a, size_t count, size_t item)
{
    const uint8_t *entry = a->bytes + DIRECTORY + ENTRY * a->next++;
    uint32_t offset = read_u32(entry), size = read_u32(entry + 4);
    if (offset % ARRAY_ALIGNMENT || offset > a->size || size > a->size - offset || size % item ||
        size / item != count) { /* count * item could wrap around in 32 bits */
        a->is_bad = 1;
        return NULL;
    }
    return count ? a->bytes + offset : NULL;
}

/* ---- the bank ---- */

static int sums_to_total(const uint16_t *frequencies, size_t count, uint32_t others)
{
    uint32_t sum = others;
    for (size_t n = 0; n < count; n++) {
        if (frequencies[n] == 0) {
            return 0;
        }
        sum += frequencies[n];
    }
    return sum == TOTAL;
}

static int rows_fit(const aecodec_codec *codec, size_t rows, size_t bank)
{
    for (size_t n = 0; n < rows; n++) {
        const aecodec_row *row = &codec->rows[n];
        if ((size_t)row->at + row->count >= bank || row->start + row->count > codec->escape ||
            !sums_to_total(codec->bank + row->at, row->count + 1u,
                           codec->others * (uint32_t)(codec->escape - row->count))) {
            return 0;
        }
    }
    return 1;
}

static int are_below(const uint8_t *numbers, size_t count, size_t limit)
{
    for (size_t n = 0; n < count; n++) {
        if (numbers[n] >= limit) {
            return 0;
        }
    }
    return 1;
}

/* numbers: 0 to the number of priors - 1. */
static int priors_fit(const aecodec_codec *codec, const uint16_t *numbers)
{
    for (uint32_t n = 0; n < codec->priors; n++) {
        if (numbers[n] != n) {
            return 0;
        }
    }
    return codec->priors == 1 || sums_to_total(codec->prior_frequencies, codec->priors, 0);
}

static int take_bank(arrays *a, aecodec_codec *codec, size_t rows, size_t bank)
{
    size_t cells = (size_t)codec->priors * codec->code_dimension;
    const uint16_t *prior_numbers = take_array(a, codec->priors, sizeof(uint16_t));
    codec->prior_frequencies = take_array(a, codec->priors, sizeof(uint16_t));
    codec->rows = take_array(a, rows, sizeof(aecodec_row));
    codec->bank = take_array(a, bank, sizeof(uint16_t));
    codec->costs = take_array(a, bank, sizeof(uint16_t));
    codec->prior_costs = take_array(a, codec->priors, sizeof(uint16_t));
    codec->table = take_array(a, cells, sizeof(uint8_t));
    codec->offset = take_array(a, cells, sizeof(int8_t));
    return !a->is_bad && priors_fit(codec, prior_numbers) && rows_fit(codec, rows, bank) &&
           are_below(codec->table, cells, rows);
}

/* ---- the context network ---- */

static int is_ascending(const uint16_t *degree, size_t units)
{
    for (size_t n = 1; n < units; n++) {
        if (degree[n] < degree[n - 1]) {
            return 0;
        }
    }
    return 1;
}

static int is_permutation(const uint16_t *order, size_t count)
{
    uint8_t seen[MAX_UNITS];
    memset(seen, 0, sizeof seen);
    for (size_t n = 0; n < count; n++) {
        if (order[n] >= count || seen[order[n]]) {
            return 0;
        }
        seen[order[n]] = 1;
    }
    return 1;
}

static size_t weight_count(const uint16_t *degree, size_t units, size_t dimension)
{
    size_t count = 0;
    for (size_t n = 0; n < units; n++) {
        count += degree[n] < dimension ? degree[n] : dimension;
    }
    return count;
}

static size_t predicted_channels(size_t dimension)
{
    return dimension < AECODEC_PREDICTED_CHANNELS ? dimension : AECODEC_PREDICTED_CHANNELS;
}

static int shifts_fit(const arrays *a, const uint8_t *shift, size_t dimension)
{
    const size_t predicted = a->bytes[13] & HAS_SPATIAL ? predicted_channels(dimension) : 0;
    return are_below(shift, predicted, 2 * AECODEC_BY_DIFFERENCE) &&
           are_below(shift + predicted, dimension - predicted, AECODEC_BY_DIFFERENCE);
}

static int take_context(arrays *a, const aecodec_codec *codec, aecodec_context_network *context)
{
    size_t dimension = codec->code_dimension, units = context->units;
    context->order = take_array(a, dimension, sizeof(uint16_t));
    context->input_shift = take_array(a, dimension, 1);
    context->degree = take_array(a, units, sizeof(uint16_t));
    if (a->is_bad || !is_permutation(context->order, dimension) || !is_ascending(context->degree, units)) {
        return 0;
    }
    size_t weights = weight_count(context->degree, units, dimension);
    context->weights = take_array(a, weights + AECODEC_LANES, 1);
    context->unit_shift = take_array(a, units, 1);
    context->bias = take_array(a, codec->priors * units, 1);
    context->output_weights = take_array(a, 2 * (dimension * units - weights), 1);
    context->output_shift = take_array(a, 2 * dimension, 1);
    return !a->is_bad && shifts_fit(a, context->input_shift, dimension) &&
           are_below(context->unit_shift, units, MAX_SHIFT + 1) &&
           are_below(context->output_shift, 2 * dimension, MAX_SHIFT + 1);
}

static int take_spatial(arrays *a, const aecodec_codec *codec, aecodec_spatial_weights *spatial)
{
    size_t dimension = codec->code_dimension, units = codec->context->units;
    size_t predicted = predicted_channels(dimension);
    spatial->centre = take_array(a, dimension, 1);
    spatial->weights = take_array(a, 2 * units * dimension, 1);
    spatial->bias = take_array(a, 2 * units, 1);
    spatial->gradient_weights = take_array(a, 2 * predicted * AECODEC_GRADIENTS * predicted, 1);
    spatial->gradient_shift = take_array(a, 2 * predicted, 1);
    return !a->is_bad && are_below(spatial->gradient_shift, 2 * predicted, MAX_SHIFT + 1);
}

/* The most channels between two places at which a slice begins. */
static size_t longest_slice(const aecodec_codec *codec)
{
    size_t longest = 0, start = 0;
    for (size_t n = 0; codec->context && n < codec->context->units; n++) {
        size_t degree = codec->context->degree[n];
        if (degree > start && degree < codec->code_dimension) {
            longest = degree - start > longest ? degree - start : longest;
            start = degree;
        }
    }
    return codec->code_dimension - start > longest ? codec->code_dimension - start : longest;
}

/* ---- a section ---- */

static void fill_in(const aecodec_bundle *bundle, uint32_t number, const uint8_t *bytes, level_tables *tables)
{
    const aecodec_codec_facts *facts = &bundle->facts;
    aecodec_codec *codec = &tables->codec;
    memset(tables, 0, sizeof *tables);
    memcpy(codec->id, facts->sha256, sizeof codec->id);
    codec->tile_width = (uint16_t)facts->tile_width;
    codec->tile_height = (uint16_t)facts->tile_height;
    codec->channels = (uint8_t)facts->channels;
    codec->is_convolutional = facts->receptive_field > 0;
    codec->vectors_per_tile = (uint16_t)facts->vectors_per_tile;
    codec->latent_channels = (uint16_t)facts->latent_channels;
    codec->start = (uint16_t)bundle->levels[number - 1].start;
    codec->code_dimension = (uint16_t)bundle->levels[number - 1].dimension;
    codec->multiple = (uint8_t)bundle->levels[number - 1].multiple;
    codec->priors = (uint16_t)read_u16(bytes + 2);
    codec->max_slice = (uint16_t)read_u16(bytes + 4);
    tables->context.units = (uint16_t)read_u16(bytes + 6);
    codec->shapes = (uint8_t)(read_u16(bytes + 8) / 8);
    codec->first = (int16_t)(uint16_t)read_u16(bytes + 10);
    codec->escape = bytes[12];
    codec->others = !(bytes[13] & ESCAPES_OTHERS);
    codec->first_step = bytes[13] & IS_FAR ? AECODEC_FAR_STEP : NEAR_STEP;
}

static int numbers_fit(const aecodec_codec *codec, const aecodec_context_network *context,
                       const uint8_t *bytes, uint32_t number)
{
    uint32_t rows = read_u16(bytes + 8);
    unsigned flags = bytes[13], has_context = flags & HAS_CONTEXT, has_spatial = flags & HAS_SPATIAL;
    return read_u16(bytes) == codec->code_dimension && read_u16(bytes + 14) == number && codec->priors >= 1 &&
           rows >= 1 && rows <= 256 && flags < 2 * IS_FAR && (has_spatial || !(flags & IS_FAR)) &&
           (!has_context ||
            (rows % 8 == 0 && codec->code_dimension <= MAX_UNITS && context->units <= MAX_UNITS)) &&
           (!has_spatial ||
            (has_context && codec->is_convolutional && codec->code_dimension <= MAX_SPATIAL_DIMENSION));
}

static int take_arrays(arrays *a, level_tables *tables)
{
    aecodec_codec *codec = &tables->codec;
    unsigned flags = a->bytes[13];
    if (!take_bank(a, codec, read_u16(a->bytes + 8), read_u32(a->bytes + 16))) {
        return 0;
    }
    if (flags & HAS_CONTEXT) {
        if (!take_context(a, codec, &tables->context)) {
            return 0;
        }
        codec->context = &tables->context;
    }
    if (flags & HAS_SPATIAL) {
        if (!take_spatial(a, codec, &tables->spatial)) {
            return 0;
        }
        tables->context.spatial = &tables->spatial;
    }
    return longest_slice(codec) == codec->max_slice;
}

aecodec_status aecodec_level_tables_open(const aecodec_bundle *bundle, uint32_t number, const uint8_t *bytes,
                                         size_t size, level_tables *tables)
{
    enum { ARRAYS = 21 };
    arrays a = {bytes, size, 0, 0};
    if (size < DIRECTORY + ENTRY * ARRAYS) {
        return AECODEC_BAD_BUNDLE;
    }
    fill_in(bundle, number, bytes, tables);
    if (!numbers_fit(&tables->codec, &tables->context, bytes, number) || !take_arrays(&a, tables)) {
        return AECODEC_BAD_BUNDLE;
    }
    tables->is_present = 1;
    return AECODEC_OK;
}
