/* SPDX-License-Identifier: Apache-2.0 */
/* Coding of vectors: quantization, symbols, slices of channels, and passes (docs/FORMAT.md, sections 3 to
 * 6). */
#include "aecodec_coding.h"

#include <string.h>

#include "aecodec_rows.h"

/* ---- quantization ---- */

/* 0.58 of a quantization step, in 2^-15. Latents below it become 0, which is an encoder's own choice. */
#define DEAD_ZONE 19005

int8_t aecodec_quantized(const aecodec_codec *codec, int32_t latent, size_t channel, int has_dead_zone)
{
    if (codec->factors) {
        int32_t scaled = latent * codec->factors[channel];
        int is_zero = has_dead_zone && scaled > -DEAD_ZONE && scaled < DEAD_ZONE;
        return is_zero ? 0 : (int8_t)shift_right(scaled + (1 << 14), 15);
    }
    /* 128 steps are added so that the quotient is not negative */
    return (int8_t)((latent + codec->multiple / 2 + 128 * codec->multiple) / codec->multiple - 128);
}

void aecodec_quantize_all(const aecodec_codec *codec, const int8_t *latents, size_t vectors,
                          int has_dead_zone, int8_t *codes)
{
    for (latents += codec->start; vectors > 0; vectors--, latents += codec->latent_channels) {
        for (size_t channel = 0; channel < codec->code_dimension; channel++) {
            *codes++ = aecodec_quantized(codec, latents[channel], channel, has_dead_zone);
        }
    }
}

void aecodec_quantize(const aecodec_codec *codec, const int8_t *latents, size_t vectors, int8_t *codes)
{
    aecodec_quantize_all(codec, latents, vectors, 1, codes);
}

void aecodec_dequantize(const aecodec_codec *codec, const int8_t *codes, size_t vectors, int8_t *latents)
{
    memset(latents, 0, vectors * codec->latent_channels);
    for (size_t vector = 0; vector < vectors; vector++) {
        for (size_t channel = 0; channel < codec->code_dimension; channel++) {
            latents[vector * codec->latent_channels + codec->start + channel] =
                dequantized(codec, codes[vector * codec->code_dimension + channel], channel);
        }
    }
}

/* ---- range coder with frequencies of 65536 ---- */

enum { MORE_BITS = AECODEC_CODER_BITS - 16 };

static void narrow(range_coder *c, uint32_t cumulative, uint32_t frequency)
{
    narrow_to(c, cumulative << MORE_BITS, frequency << MORE_BITS);
}

static uint32_t quantile(range_coder *c) { return point_of(c) >> MORE_BITS; }

/* ---- frequency tables ---- */

/* Frequencies of the symbols start .. start + count - 1, then of the last; and that of all others, 0 or 1. */
typedef struct {
    const uint16_t *frequencies;
    uint32_t start, count, last, others;
} table;

static table table_of_row(const aecodec_codec *codec, unsigned row)
{
    const aecodec_row *entry = &codec->rows[row];
    const table t = {codec->bank + entry->at, entry->start, entry->count, codec->escape, codec->others};
    return t;
}

static uint32_t frequency_of(const table *t, uint32_t symbol)
{
    if (symbol == t->last) {
        return t->frequencies[t->count];
    }
    return symbol - t->start < t->count ? t->frequencies[symbol - t->start] : t->others;
}

static uint32_t code_symbol(range_coder *c, const table *t, uint32_t symbol)
{
    uint32_t candidate = 0, cumulative = 0, frequency, target = 0;
    if (is_decoder(c)) {
        target = quantile(c);
        symbol = t->last;
    }
#ifdef AECODEC_LIBRARY /* faster, but more code */
    if (is_decoder(c) ? target >= t->start * t->others : symbol >= t->start) {
        candidate = t->start;
        cumulative = t->start * t->others;
    }
#endif
    while (frequency = frequency_of(t, candidate),
           candidate != symbol && (!is_decoder(c) || cumulative + frequency <= target)) {
        cumulative += frequency;
        candidate++;
    }
    narrow(c, cumulative, frequency);
    return candidate;
}

static uint32_t code_byte(range_coder *c, uint32_t byte)
{
    if (is_decoder(c)) {
        byte = quantile(c) >> 8;
    }
    narrow(c, byte << 8, 256);
    return byte;
}

static void code_prior(pass *p, range_coder *c, uint32_t vector)
{
    const uint32_t last = p->codec->priors - 1u;
    const table t = {p->codec->prior_frequencies, 0, last, last, 1};
    p->priors[vector] = (uint16_t)code_symbol(c, &t, p->priors[vector]);
}

/* ---- slices of channels ---- */

/* Code the columns of a slice, in ascending order of their rows of the bank, without memory to sort them. */
static void code_few_columns(pass *p, range_coder *c, size_t entries)
{
    unsigned row = 0, next;
    for (; row < 256; row = next) {
        table t = table_of_row(p->codec, row);
        next = 256;
        for (size_t entry = 0; entry < entries; entry++) {
            if (p->row[entry] == row) {
                p->column[entry] = (uint8_t)code_symbol(c, &t, p->column[entry]);
            } else if (p->row[entry] > row && p->row[entry] < next) {
                next = p->row[entry];
            }
        }
    }
}

/* ---- parts of a pass that only the library has ---- */

#ifdef AECODEC_LIBRARY

/* Sort the entries of a slice by their rows of the bank. */
static void sort_entries(pass *p, size_t entries)
{
    uint32_t ends[256] = {0}, sum = 0, count;
    for (size_t n = 0; n < entries; n++) {
        ends[p->row[n]]++;
    }
    for (size_t n = 0; n < 256; n++, sum += count) {
        count = ends[n];
        ends[n] = sum;
    }
    for (size_t n = 0; n < entries; n++) {
        p->order[ends[p->row[n]]++] = (uint32_t)n;
    }
}

static void code_columns(pass *p, range_coder *c, size_t entries)
{
    if (entries < MANY || !p->order) { /* aecodec_encode and aecodec_decode have no memory to sort */
        code_few_columns(p, c, entries);
        return;
    }
    sort_entries(p, entries);
    for (size_t n = 0; n < entries; n++) {
        const uint32_t entry = p->order[n];
        const table t = table_of_row(p->codec, p->row[entry]);
        p->column[entry] = (uint8_t)code_symbol(c, &t, p->column[entry]);
    }
}

/* The squared error that 1/256 bit of a vector is worth, in 2^-15 of a squared step: vectors with more codes
 * that are not 0 hide more of it. */
static int32_t weight_of(const pass *p, uint32_t vector)
{
    const int8_t *codes = p->codes + (size_t)p->members[vector] * p->codec->code_dimension;
    int32_t count = 0;
    if (!p->weight.masking) {
        return p->weight.most;
    }
    for (size_t channel = 0; channel < p->codec->code_dimension; channel++) {
        count += codes[channel] != 0;
    }
    return clip(count / p->weight.masking, 0, p->weight.most);
}

static int is_only_choosing(const pass *p) { return p->choices != NULL; }

static void keep_priors(const pass *p)
{
    for (uint32_t vector = 0; vector < p->count; vector++) {
        p->choices->priors[p->members[vector]] = p->priors[vector];
    }
}

static void keep_columns(const pass *p, size_t place, size_t stop)
{
    size_t entry = 0;
    for (; place < stop; place++) {
        for (uint32_t vector = 0; vector < p->count; vector++, entry++) {
            size_t code = (size_t)p->members[vector] * p->codec->code_dimension + channel_at(p->codec, place);
            p->choices->rows[code] = p->row[entry];
            p->choices->columns[code] = p->column[entry];
        }
    }
}

/* Keep the neighbours of all vectors, if that is wanted instead of coding. Returns whether it is. */
static int keep_neighbours(pass *p)
{
    for (uint32_t vector = 0; p->kinds && vector < p->count; vector++) {
        aecodec_find_neighbours_of(p, vector);
        p->kinds[p->members[vector]] = (int8_t)p->kind;
        memcpy(p->around[p->members[vector]], p->neighbours, sizeof p->neighbours);
    }
    return p->kinds != NULL;
}

/* Choose how the context network runs: one by one if priors have to be selected by what it makes of the
 * vectors. */
static void choose_way(pass *p, const range_coder *c)
{
    int is_selected = !is_decoder(c) && p->codec->priors > 1;
    p->is_together = p->all.codec && (p->latents || (p->count >= MANY && !is_selected));
}

static void sum_neighbours(pass *p)
{
    const int8_t *neighbours[4];
    for (uint32_t vector = 0; vector < p->count; vector++) {
        aecodec_find_neighbours_of(p, vector);
        for (int n = 0; n < 4; n++) {
            neighbours[n] = p->codes + (size_t)p->neighbours[n] * p->codec->code_dimension;
        }
        aecodec_context_add_neighbours(&p->all, vector, neighbours);
    }
    aecodec_context_sum_neighbours(&p->all);
}

static void begin_slices(pass *p)
{
    for (uint32_t vector = 0; p->latents && vector < p->count; vector++) {
        p->weights[vector] = (uint8_t)weight_of(p, vector);
    }
    if (p->is_together) {
        aecodec_context_begin(&p->all, p->count, p->kind, p->priors);
        if (p->kind >= 0) {
            sum_neighbours(p);
        }
    }
}

static void run_together(pass *p, size_t place, size_t stop)
{
    p->place = place;
    aecodec_context_run(&p->all, place, stop);
}

#else
static void code_columns(pass *p, range_coder *c, size_t entries) { code_few_columns(p, c, entries); }
static int is_only_choosing(const pass *p) { (void)p; return 0; }
static void keep_priors(const pass *p) { (void)p; }
static void keep_columns(const pass *p, size_t place, size_t stop) { (void)p; (void)place; (void)stop; }
static int keep_neighbours(const pass *p) { (void)p; return 0; }
static void choose_way(const pass *p, const range_coder *c) { (void)p; (void)c; }
static void begin_slices(const pass *p) { (void)p; }
static void run_together(const pass *p, size_t place, size_t stop) { (void)p; (void)place; (void)stop; }
#endif

/* ---- passes ---- */

static int32_t code_escaped(range_coder *c, int32_t code)
{
    uint32_t value = (uint32_t)(code + 32768);
    uint32_t high = code_byte(c, value >> 8);
    return (int32_t)(high << 8 | code_byte(c, value & 0xff)) - 32768;
}

/* Code the values of escaped symbols of a slice. A decoder keeps them as bases, if their tables have no
 * columns for them. */
static void code_escapes(pass *p, range_coder *c, size_t place, size_t stop)
{
    size_t entry = 0;
    for (; place < stop; place++) {
        for (uint32_t vector = 0; vector < p->count; vector++, entry++) {
            if (p->column[entry] == p->codec->escape) {
                size_t code =
                    (size_t)p->members[vector] * p->codec->code_dimension + channel_at(p->codec, place);
                int32_t value = code_escaped(c, p->codes[code]);
                if (is_decoder(c) &&
                    aecodec_column_of(p->codec, p->row[entry], value, p->base[entry]) != p->codec->escape) {
                    c->status = AECODEC_DAMAGED;
                }
                p->base[entry] = (int16_t)value;
            }
        }
    }
}

/* A decoded value as a code, if an encoder can have written it, perhaps without a dead zone. */
static int8_t decoded(const pass *p, range_coder *c, size_t entry, size_t channel)
{
    int32_t value = p->base[entry] + (p->column[entry] == p->codec->escape ? 0 : p->column[entry]);
    int32_t least = aecodec_quantized(p->codec, -128, channel, 0);
    if (value < least || value > aecodec_quantized(p->codec, 127, channel, 0)) {
        c->status = AECODEC_DAMAGED;
        value = least;
    }
    return (int8_t)value;
}

/* In a decoder, store all codes of a slice; make them inputs of the context network, if it needs them. */
static void finish_slice(pass *p, range_coder *c, size_t place, size_t stop)
{
    for (uint32_t vector = 0; vector < p->count && (is_decoder(c) || is_together(p)); vector++) {
        int8_t *codes = p->codes + (size_t)p->members[vector] * p->codec->code_dimension;
        size_t entry = vector;
        for (size_t n = place; n < stop; n++, entry += p->count) {
            size_t channel = channel_at(p->codec, n);
            if (is_decoder(c)) {
                codes[channel] = decoded(p, c, entry, channel);
            }
            aecodec_update_inputs(p, vector, n);
        }
    }
}

/* The end of the slice that starts at a place: the next place that some unit reads no further than. unit is
 * moved on to the first such unit. */
static size_t slice_end(const aecodec_codec *codec, size_t place, size_t *unit)
{
    size_t units = codec->context ? codec->context->units : 0;
    while (*unit < units && codec->context->degree[*unit] <= place) {
        ++*unit;
    }
    return *unit < units && codec->context->degree[*unit] < codec->code_dimension
               ? codec->context->degree[*unit] : codec->code_dimension;
}

static void code_pass(pass *p, range_coder *c)
{
    const aecodec_codec *codec = p->codec;
    progress now = aecodec_no_units_known(codec);
    size_t place = 0, stop, unit = 0;
    choose_way(p, c);
    for (uint32_t vector = 0; vector < p->count && c->status == AECODEC_OK; vector++) {
        if (is_decoder(c)) {
            p->priors[vector] = 0;
        } else {
            aecodec_select_prior(p, vector);
        }
        if (codec->priors > 1 && !is_only_choosing(p)) {
            code_prior(p, c, vector);
        }
    }
    if (is_only_choosing(p)) {
        keep_priors(p);
    }
    begin_slices(p);
    for (; place < codec->code_dimension && c->status == AECODEC_OK; place = stop) {
        stop = slice_end(codec, place, &unit);
        if (is_together(p)) {
            run_together(p, place, stop);
        } else if (is_decoder(c) && codec->context) {
            aecodec_run_units(p, place, &now);
        }
        aecodec_find_rows(p, place, stop);
        if (is_only_choosing(p)) {
            keep_columns(p, place, stop);
        } else {
            code_columns(p, c, (stop - place) * p->count);
            code_escapes(p, c, place, stop);
        }
        finish_slice(p, c, place, stop);
    }
}

/* ---- order of the passes ---- */

static int has_spatial_context(const aecodec_codec *codec)
{
    return codec->is_convolutional && codec->context && codec->context->spatial;
}

static void add_members(pass *p, uint32_t row, uint32_t column, uint32_t step)
{
    for (uint32_t plane = 0; plane < p->planes; plane++) {
        for (uint32_t r = row; r < p->rows; r += step) {
            for (uint32_t c = column; c < p->columns; c += step) {
                p->members[p->count++] = (uint16_t)((plane * p->rows + r) * p->columns + c);
            }
        }
    }
}

static void code_members(pass *p, range_coder *c, int kind, uint32_t distance)
{
    p->kind = kind;
    p->distance = (int)distance;
    if (p->count && c->status == AECODEC_OK && !keep_neighbours(p)) {
        code_pass(p, c);
    }
    p->count = 0;
}

void aecodec_code_vectors(pass *p, range_coder *c)
{
    uint32_t d = has_spatial_context(p->codec) ? p->codec->first_step : 1;
    add_members(p, 0, 0, d);
    code_members(p, c, NO_NEIGHBOURS, 0);
    while (d /= 2, d) {
        add_members(p, d, d, 2 * d);
        code_members(p, c, DIAGONAL, d);
        add_members(p, 0, d, 2 * d);
        add_members(p, d, 0, 2 * d);
        code_members(p, c, STRAIGHT, d);
    }
}

/* ---- working memory ---- */

size_t aecodec_shortest_message(const aecodec_codec *codec, uint32_t vectors)
{
    const uint32_t per_byte = codec->is_convolutional ? 64 : 4;
    return vectors / per_byte + (vectors % per_byte != 0);
}

size_t aecodec_max_pass(const aecodec_codec *codec, shape s)
{
    size_t of_plane = (size_t)s.rows * s.columns;
    return has_spatial_context(codec) ? s.planes * (of_plane > 1 ? of_plane / 2 : of_plane) : s.vectors;
}

static size_t spatial_count(const aecodec_codec *codec)
{
    return has_spatial_context(codec) ? codec->code_dimension + AECODEC_GRADIENTS * predicted_channels(codec)
                                      : 0;
}

size_t aecodec_pass_size(const aecodec_codec *codec, shape s)
{
    size_t of_vector = 4 + 4u * codec->max_slice, dimension = codec->code_dimension;
    if (codec->context) {
        of_vector += 2 * dimension * sizeof(int32_t) + pad_to_lanes(dimension) * sizeof(int16_t);
    }
    return s.vectors ? aecodec_max_pass(codec, s) * of_vector + spatial_count(codec) * sizeof(int16_t) : 0;
}

void aecodec_start_pass(pass *p, const aecodec_codec *codec, shape s, int8_t *codes, uint32_t *work)
{
    size_t n = aecodec_max_pass(codec, s);
    memset(p, 0, sizeof *p);
    p->codec = codec;
    p->codes = codes;
    p->planes = s.planes;
    p->rows = s.rows;
    p->columns = s.columns * codec->vectors_per_tile; /* 1 wherever vectors have neighbours */
    p->sums = (int32_t *)work;
    p->members = (uint16_t *)(p->sums + (codec->context ? 2 * n * codec->code_dimension : 0));
    p->priors = p->members + n;
    p->base = (int16_t *)(p->priors + n);
    p->activity = p->base + n * codec->max_slice;
    p->inputs = p->activity + spatial_count(codec);
    p->row = (uint8_t *)(p->inputs + (codec->context ? n * pad_to_lanes(codec->code_dimension) : 0));
    p->column = p->row + n * codec->max_slice;
}
