/* SPDX-License-Identifier: Apache-2.0 */
/* Choices of the encoder: read, and made from a survey of all values (FORMAT, section 8). */
#include "adaptive/adaptive_numbers.h"
#include "adaptive/choices.h"
#include "zlib/zlib.h"

#include <stdlib.h>
#include <string.h>

enum {
    IS_EXCHANGED = 1, HAS_PALETTE = 2,         /* flags of the block */
    IS_FIXED = 1, HAS_LIMITS = 2, HAS_TABLE = 4, /* flags of a band */
    MOST_COLOURS = 1024, MOST_VALUES = 65536,
    PALETTE_BANDS = 4, LEB = 5 /* bytes of a number, at most */
};

/* ---- tables ---- */

void aecodec_choices_free(adaptive_choices *c)
{
    for (uint32_t n = 0; c && n < c->bands; n++) {
        free(c->tables[n].values);
    }
    free(c ? c->palette.values : NULL);
    free(c);
}

int aecodec_has_tables(const adaptive_choices *c)
{
    uint32_t n = 0;
    while (n < c->bands && !c->tables[n].count) {
        n++;
    }
    return n < c->bands;
}

static int compare(const int32_t *x, const int32_t *y, uint32_t bands)
{
    for (uint32_t n = 0; n < bands; n++) {
        if (x[n] != y[n]) {
            return x[n] < y[n] ? -1 : 1;
        }
    }
    return 0;
}

/* The rank of a colour in a table that has it, or where it would be. */
static uint32_t rank_of(const adaptive_table *t, uint32_t bands, const int32_t *colour)
{
    uint32_t low = 0, high = t->count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (compare(t->values + (size_t)middle * bands, colour, bands) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t nearest_rank(const adaptive_table *t, int64_t value)
{
    const int32_t wanted = (int32_t)value;
    const uint32_t rank = rank_of(t, 1, &wanted);
    return rank == t->count || (rank && value - t->values[rank - 1] < t->values[rank] - value) ? rank - 1
                                                                                               : rank;
}

void aecodec_values_to_ranks(const adaptive_table *t, const uint8_t *missing, size_t count, int32_t *values)
{
    int32_t last = t->values[0], rank = 0;
    for (size_t n = 0; n < count; n++) {
        if (missing && missing[n]) {
            continue;
        }
        if (values[n] != last) {
            last = values[n];
            rank = (int32_t)nearest_rank(t, last);
        }
        values[n] = rank;
    }
}

void aecodec_ranks_to_values(const adaptive_table *t, size_t count, int32_t *values)
{
    for (size_t n = 0; n < count; n++) {
        values[n] = t->values[values[n]];
    }
}

void aecodec_colours_to_indices(const adaptive_choices *c, const int32_t *values, size_t plane,
                                int32_t *indices)
{
    int32_t colour[PALETTE_BANDS];
    for (size_t n = 0; n < plane; n++) {
        for (uint32_t band = 0; band < c->bands; band++) {
            colour[band] = values[coded_band(c, band) * plane + n];
        }
        indices[n] = n && compare(colour, c->palette.values + (size_t)indices[n - 1] * c->bands, c->bands) ==
                                 0
                         ? indices[n - 1]
                         : (int32_t)rank_of(&c->palette, c->bands, colour);
    }
}

void aecodec_indices_to_colours(const adaptive_choices *c, const int32_t *indices, size_t plane,
                                int32_t *values)
{
    for (uint32_t band = 0; band < c->bands; band++) {
        for (size_t n = 0; n < plane; n++) {
            values[coded_band(c, band) * plane + n] = c->palette.values[(size_t)indices[n] * c->bands + band];
        }
    }
}

/* ---- reading ---- */

/* Inflate numbers. Returns the bytes, which the caller frees, or NULL. */
static uint8_t *inflate_numbers(reader stream, uint32_t size, reader *numbers)
{
    uint8_t *bytes = malloc(size ? size : 1);
    if (bytes && aecodec_zlib_inflate(stream.at, stream.left, bytes, size) != AECODEC_OK) {
        free(bytes);
        bytes = NULL;
    }
    *numbers = (reader){bytes, bytes ? size : 0, !bytes};
    return bytes;
}

/* Read the values of a table of one band: the first, and differences from the last. */
static void take_values(reader *numbers, const int32_t limits[2], adaptive_table *t)
{
    int64_t value = (int64_t)limits[0] - 1;
    for (uint32_t n = 0; n < t->count && !numbers->is_damaged; n++) {
        value += 1 + (int64_t)take_number(numbers);
        numbers->is_damaged |= value > limits[1];
        t->values[n] = (int32_t)value;
    }
}

/* Read the colours of a palette: differences of each band from the last colour. */
static void take_colours(reader *numbers, const adaptive_choices *c, const int32_t (*limits)[2],
                         adaptive_table *t)
{
    int64_t last[PALETTE_BANDS] = {0};
    for (uint32_t n = 0; n < t->count && !numbers->is_damaged; n++) {
        int32_t *colour = t->values + (size_t)n * c->bands;
        for (uint32_t band = 0; band < c->bands; band++) {
            const uint32_t folded = take_number(numbers);
            const int32_t *range = limits[coded_band(c, band)];
            last[band] += (folded & 1) ? -(int64_t)(folded >> 1) - 1 : (int64_t)(folded >> 1);
            numbers->is_damaged |= last[band] < range[0] || last[band] > range[1];
            colour[band] = (int32_t)last[band];
        }
        numbers->is_damaged |= n > 0 && !numbers->is_damaged &&
                               compare(colour - c->bands, colour, c->bands) >= 0;
    }
}

/* Read a table, of one band if the limits are its own, or a palette. */
static void take_table(reader *block, const adaptive_choices *c, const int32_t (*limits)[2], uint32_t bands,
                       adaptive_table *t)
{
    reader numbers;
    uint8_t *bytes = NULL;
    t->count = take_number(block) + 1;
    uint32_t size = take_number(block);
    reader stream = take_block(block);
    if (t->count < 2 || t->count > (uint32_t)(bands > 1 ? MOST_COLOURS : MOST_VALUES) ||
        size > t->count * bands * LEB) {
        block->is_damaged = 1;
    }
    t->values = block->is_damaged ? NULL : malloc((size_t)t->count * bands * sizeof *t->values);
    if (!t->values) {
        block->is_damaged = 1;
        return;
    }
    bytes = inflate_numbers(stream, size, &numbers);
    if (bands > 1) {
        take_colours(&numbers, c, limits, t);
    } else {
        take_values(&numbers, limits[0], t);
    }
    block->is_damaged |= numbers.is_damaged || numbers.left > 0;
    free(bytes);
}

static void take_limits(reader *block, int32_t limits[2])
{
    const int64_t low = (int64_t)limits[0] + take_number(block), high = low + take_number(block);
    if (high > limits[1]) {
        block->is_damaged = 1;
        return;
    }
    limits[0] = (int32_t)low;
    limits[1] = (int32_t)high;
}

static void take_band(reader *block, adaptive_choices *c, uint32_t band)
{
    const uint8_t flags = take_byte(block);
    c->are_fixed[band] = flags & IS_FIXED;
    if (flags & HAS_LIMITS) {
        take_limits(block, c->limits[band]);
    }
    if (flags == HAS_TABLE) {
        take_table(block, c, (const int32_t(*)[2]) &c->limits[band], 1, &c->tables[band]);
        c->limits[band][0] = 0;
        c->limits[band][1] = (int32_t)c->tables[band].count - 1;
        c->steps[band] = 1;
    } else {
        block->is_damaged |= flags > (IS_FIXED | HAS_LIMITS);
    }
}

static int is_lossless(const int64_t *steps, uint32_t bands)
{
    uint32_t n = 0;
    while (n < bands && steps[n] == 1) {
        n++;
    }
    return n == bands;
}

static void take_choices(reader *block, adaptive_choices *c)
{
    const uint8_t flags = take_byte(block);
    c->is_exchanged = flags & IS_EXCHANGED;
    block->is_damaged |= flags > (IS_EXCHANGED | HAS_PALETTE) || (c->is_exchanged && c->bands < 2);
    if (flags & HAS_PALETTE) {
        if (c->bands < 2 || c->bands > PALETTE_BANDS || !is_lossless(c->steps, c->bands)) {
            block->is_damaged = 1;
            return;
        }
        take_table(block, c, (const int32_t(*)[2])c->limits, c->bands, &c->palette);
        c->limits[0][0] = 0;
        c->limits[0][1] = (int32_t)c->palette.count - 1;
        return;
    }
    for (uint32_t band = 0; band < c->bands && block->left && !block->is_damaged; band++) {
        take_band(block, c, band);
    }
}

int aecodec_choices_convert(const adaptive_choices *c)
{
    return c->palette.count || aecodec_has_tables(c);
}

aecodec_status aecodec_choices_read(const uint8_t *bytes, size_t size, uint32_t bands, const int64_t *steps,
                                    const int32_t (*limits)[2], int has_base, int has_mask,
                                    adaptive_choices **choices)
{
    reader block = {bytes, size, 0};
    adaptive_choices *c = *choices = calloc(1, sizeof *c);
    if (!c) {
        return AECODEC_NO_MEMORY;
    }
    c->bands = bands;
    memcpy(c->steps, steps, bands * sizeof *steps);
    memcpy(c->limits, limits, bands * sizeof *limits);
    if (size) {
        take_choices(&block, c);
    }
    if (block.is_damaged || block.left || (has_base && aecodec_choices_convert(c)) ||
        (has_mask && c->palette.count)) {
        aecodec_choices_free(c);
        *choices = NULL;
        return AECODEC_DAMAGED_REFINEMENT;
    }
    return AECODEC_OK;
}

/* ---- the survey ---- */

/* A set of colours, or of values, by open addressing. */
typedef struct {
    uint32_t bands, count, most; /* more than `most` are too many */
    int32_t *colours;            /* one after the other */
    uint32_t *places;            /* numbers of colours, from 1, by their hash */
    uint32_t mask;
} colour_set;

typedef struct {
    int32_t low, high;
    uint64_t count, repeats,
        neighbours; /* samples equal to W, and next to it, where W, N and NW are not all equal */
    colour_set values;                   /* only without base */
} band_survey;

struct adaptive_survey {
    uint32_t bands;
    int is_stable;
    const int64_t *steps;
    const int32_t (*limits)[2];
    colour_set colours; /* only without loss and mask */
    band_survey each[AECODEC_MAX_BANDS];
};

/* Returns whether there is enough memory. */
static int open_set(colour_set *s, uint32_t bands, uint32_t most)
{
    s->bands = bands;
    s->most = most;
    s->mask = 4 * most - 1;
    s->colours = malloc((size_t)most * bands * sizeof *s->colours);
    s->places = calloc(s->mask + 1, sizeof *s->places);
    return s->colours && s->places;
}

static void close_set(colour_set *s)
{
    free(s->colours);
    free(s->places);
    s->colours = NULL;
    s->places = NULL;
}

/* Add a colour, or give the set up if there are too many. */
static void add(colour_set *s, const int32_t *colour)
{
    uint64_t hash = 0;
    uint32_t n;
    for (n = 0; n < s->bands; n++) {
        hash = (hash ^ (uint32_t)colour[n]) * 0x9e3779b97f4a7c15u;
    }
    for (n = (uint32_t)(hash >> 40) & s->mask; s->places[n]; n = (n + 1) & s->mask) {
        if (!compare(s->colours + (size_t)(s->places[n] - 1) * s->bands, colour, s->bands)) {
            return;
        }
    }
    if (s->count == s->most) {
        close_set(s);
        return;
    }
    memcpy(s->colours + (size_t)s->count * s->bands, colour, s->bands * sizeof *colour);
    s->places[n] = ++s->count;
}

static void free_survey(adaptive_survey *s)
{
    for (uint32_t n = 0; n < s->bands; n++) {
        close_set(&s->each[n].values);
    }
    close_set(&s->colours);
    free(s);
}

adaptive_survey *aecodec_survey_begin(uint32_t bands, const int64_t *steps, const int32_t (*limits)[2],
                                      int may_convert, int has_mask)
{
    const int has_colours = bands >= 2 && bands <= PALETTE_BANDS && may_convert && !has_mask &&
                            is_lossless(steps, bands);
    adaptive_survey *s = calloc(1, sizeof *s);
    if (!s) {
        return NULL;
    }
    s->bands = bands;
    s->steps = steps;
    s->limits = limits;
    int has_room = !has_colours || open_set(&s->colours, bands, MOST_COLOURS);
    for (uint32_t n = 0; n < bands && has_room; n++) {
        s->each[n].low = INT32_MAX;
        s->each[n].high = INT32_MIN;
        has_room = !may_convert || open_set(&s->each[n].values, 1, MOST_VALUES);
    }
    if (!has_room) {
        free_survey(s);
    }
    return has_room ? s : NULL;
}

static void see_plane(band_survey *b, const residual_coding *c, const uint8_t *missing, const int32_t *v)
{
    size_t n = 0;
    int32_t last = 0;
    for (uint32_t y = 0; y < c->height; y++) {
        for (uint32_t x = 0; x < c->width; x++, n++) {
            const int is_inside = x > 0 && y > 0;
            if (missing && missing[n]) {
                continue;
            }
            b->low = v[n] < b->low ? v[n] : b->low;
            b->high = v[n] > b->high ? v[n] : b->high;
            if (is_inside && (v[n - 1] != v[n - c->width] || v[n - 1] != v[n - c->width - 1])) {
                const int64_t d = (int64_t)v[n] - v[n - 1];
                b->repeats += d == 0;
                b->neighbours += d == 1 || d == -1;
            }
            if (b->values.places && (v[n] != last || !b->count)) {
                last = v[n];
                add(&b->values, &last);
            }
            b->count++;
        }
    }
}

static void see_colours(colour_set *s, const int32_t *values, size_t plane)
{
    int32_t colour[PALETTE_BANDS];
    for (size_t n = 0; n < plane && s->places; n++) {
        int is_new = n == 0;
        for (uint32_t band = 0; band < s->bands; band++) {
            const int32_t value = values[band * plane + n];
            is_new |= colour[band] != value;
            colour[band] = value;
        }
        if (is_new) {
            add(s, colour);
        }
    }
}

void aecodec_survey_see(adaptive_survey *s, const residual_coding *c, const int32_t *values)
{
    const size_t plane = (size_t)c->height * c->width;
    for (uint32_t frame = 0; frame < c->frames; frame++) {
        const int32_t *first = values + frame * plane * c->bands;
        see_colours(&s->colours, first, plane);
        for (uint32_t band = 0; band < c->bands; band++) {
            see_plane(&s->each[band], c, c->missing ? c->missing + (frame * c->bands + band) * plane : NULL,
                      first + band * plane);
        }
    }
}

/* ---- choosing ---- */

/* Sort the colours of a set (D. L. Shell, 1959). */
static void sort(const colour_set *s)
{
    const size_t bands = s->bands, size = bands * sizeof *s->colours;
    int32_t colour[PALETTE_BANDS], *all = s->colours;
    size_t at;
    for (size_t gap = s->count; gap > 1;) {
        gap = gap < 3 ? 1 : gap * 5 / 11;
        for (size_t n = gap; n < s->count; n++) {
            memcpy(colour, all + n * bands, size);
            for (at = n; at >= gap && compare(all + (at - gap) * bands, colour, s->bands) > 0; at -= gap) {
                memcpy(all + at * bands, all + (at - gap) * bands, size);
            }
            memcpy(all + at * bands, colour, size);
        }
    }
}

/* The numbers of a table: how far each value is from the one before. */
static void append_numbers(buffer *numbers, const colour_set *s, int64_t low)
{
    int64_t last[PALETTE_BANDS] = {0};
    for (uint32_t n = 0; n < s->count; n++) {
        for (uint32_t band = 0; band < s->bands; band++) {
            const int64_t value = s->colours[(size_t)n * s->bands + band], d = value - last[band];
            aecodec_buffer_append_number(numbers, s->bands > 1 ? (uint32_t)(d < 0 ? -2 * d - 1 : 2 * d)
                                                               : (uint32_t)(n ? d - 1 : value - low));
            last[band] = value;
        }
    }
}

/* Append a table: its count, its bytes, and them as a zlib stream. */
static void append_table(buffer *block, const colour_set *s, int64_t low)
{
    buffer numbers = {NULL, 0, 0, AECODEC_OK};
    size_t size = 0;
    append_numbers(&numbers, s, low);
    uint8_t *stream =
        numbers.status == AECODEC_OK ? aecodec_zlib_deflate(numbers.bytes, numbers.size, &size) : NULL;
    if (!stream) {
        block->status = AECODEC_NO_MEMORY;
    }
    aecodec_buffer_append_number(block, s->count - 1);
    aecodec_buffer_append_number(block, (uint32_t)numbers.size);
    aecodec_buffer_append_number(block, (uint32_t)size);
    aecodec_buffer_append(block, stream, size);
    free(stream);
    free(numbers.bytes);
}

static void append_byte(buffer *b, uint8_t byte)
{
    aecodec_buffer_append(b, &byte, 1);
}

/* Where a stable value is: the nearest multiple of the step within the limits. Without steps, or if values
 * need not be stable, the value itself. */
static int32_t placed(const adaptive_survey *s, uint32_t band, int32_t value)
{
    const int64_t step = s->is_stable ? s->steps[band] : 1;
    return (int32_t)clip(divide(value + step / 2, step) * step, s->limits[band][0], s->limits[band][1]);
}

/* Replace sorted values by as few as are within half a step of them. */
static void merge(colour_set *s, int64_t step)
{
    uint32_t n = 0, last, merged = 0;
    while (n < s->count) {
        const int64_t first = s->colours[n];
        for (last = n; last + 1 < s->count && s->colours[last + 1] - first < step; last++) {
        }
        s->colours[merged++] = (int32_t)(first + (s->colours[last] - first) / 2);
        n = last + 1;
    }
    s->count = merged;
}

/* Whether a table saves bits: it has fewer values than there are steps between them, of which few are close
 * to others, and samples are many. */
static int needs_table(adaptive_survey *s, uint32_t band)
{
    band_survey *b = &s->each[band];
    const int64_t step = s->steps[band];
    const uint64_t range = (uint64_t)((int64_t)b->high - b->low) / (uint64_t)step + 1;
    const uint32_t occurring = b->values.count;
    if (!b->values.places || !b->values.count) {
        return 0;
    }
    sort(&b->values);
    for (uint32_t n = 0; n < occurring; n++) {
        b->values.colours[n] = placed(s, band, b->values.colours[n]);
    }
    merge(&b->values, s->is_stable ? 1 : step);
    return b->values.count > 1 && 4 * (uint64_t)b->values.count < 3 * range &&
           2 * b->values.count > occurring && 16 * (uint64_t)b->values.count < b->count;
}

static int needs_palette(const adaptive_survey *s)
{
    for (uint32_t n = 0; n < s->bands; n++) {
        if ((int64_t)s->each[n].high - s->each[n].low > INT32_MAX / 2) { /* differences need 31 bits */
            return 0;
        }
    }
    return s->colours.places && s->colours.count > 1 && 16 * (uint64_t)s->colours.count < s->each[0].count;
}

/* Append the choices of a band. Samples that repeat keep doing so on a fixed lattice. Returns whether there
 * are any. */
static int append_band(buffer *block, adaptive_survey *s, uint32_t band)
{
    band_survey *b = &s->each[band];
    const int64_t low = s->limits[band][0], range = (int64_t)s->limits[band][1] - low;
    const int repeats = b->repeats > 2 * b->neighbours && 16 * b->repeats > b->count;
    const int is_fixed = s->steps[band] > 1 && (s->is_stable || repeats);
    const int is_narrower = b->low > low || b->high < s->limits[band][1];
    const int has_limits = b->count >= 16384 ? is_narrower : b->count && range >> 24;
    if (needs_table(s, band)) {
        append_byte(block, HAS_TABLE);
        append_table(block, &b->values, low);
        return 1;
    }
    append_byte(block, (uint8_t)((is_fixed ? IS_FIXED : 0) | (has_limits ? HAS_LIMITS : 0)));
    if (has_limits) {
        const int64_t first = placed(s, band, b->low);
        aecodec_buffer_append_number(block, (uint32_t)(first - low));
        aecodec_buffer_append_number(block, (uint32_t)(placed(s, band, b->high) - first));
    }
    return is_fixed || has_limits;
}

/* Append the choices. Colours are coded from green, which tells most of the others. Returns the size of the
 * block up to the last choice. */
static size_t append_choices(adaptive_survey *s, buffer *block)
{
    const int has_palette = needs_palette(s), is_exchanged = !has_palette && (s->bands == 3 || s->bands == 4);
    const uint8_t flags = (uint8_t)((is_exchanged ? IS_EXCHANGED : 0) | (has_palette ? HAS_PALETTE : 0));
    size_t size = flags != 0;
    append_byte(block, flags);
    if (has_palette) {
        sort(&s->colours);
        append_table(block, &s->colours, 0);
        size = block->size;
    }
    for (uint32_t band = 0; band < s->bands && !has_palette; band++) {
        size = append_band(block, s, band) ? block->size : size;
    }
    return size;
}

aecodec_status aecodec_survey_end(adaptive_survey *s, int is_stable, buffer *block)
{
    s->is_stable = is_stable;
    block->size = append_choices(s, block);
    free_survey(s);
    return block->status;
}
