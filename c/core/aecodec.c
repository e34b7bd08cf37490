/* SPDX-License-Identifier: Apache-2.0 */
#include "aecodec.h"
#include "aecodec_range_coder.h"
#include "aecodec_reader.h"

#include <limits.h>
#include <string.h>

#ifdef AECODEC_LIBRARY
#include "aecodec_context.h"
#endif

#if INT_MAX < 2147483647
#error "aecodec.c needs a processor whose int has 32 bits"
#endif

enum {
    SIZE_FLAG = 0x04,
    LEVEL_FLAG = 0x08,
    FRAMES_FLAG = 0x10,
    METADATA_FLAG = 0x20,
    REDUCTION_FLAG = 0x40,
    SAMPLES_FLAG = 0x80,
    FULL_SIZE = 2, /* a reduction, in halves */
    ALPHA_MODE = 2,
    FLAGS = 7,  /* place of the flags */
    START = 3,  /* bytes of the magic and the version */
    FIELDS = 8, /* bytes before the fields that flags announce */
    MIN_FILE = 12,
    MAX_HEADER = 24, /* bytes of a header that aecodec_encode writes */
    CHECKSUM = 4,
    MAX_SIDE = 1 << 20,
    MAX_FRAMES = 1 << 24,
    MAX_PIXELS = 1 << 30,
    MAX_REDUCED_PIXELS = 1 << 26,
    TIFF = 4,         /* kinds of metadata: only with samples */
    ORIGIN = 5,
    NAMES = 6,
    GREY_AS_RGB = 7,  /* only without samples */
    MAX_LETTERS = 16, /* of an origin */
    MAX_DIGITS = 12,
    MAX_ACTIVATION = 127,
    MAX_GRADIENT = 511,
    MAX_COST = 16 * 256,     /* of a symbol of frequency 1 */
    CLOSE_COST = 4 * 256,    /* a second prior is tried with context if it costs less than this much more */
    FAR = 1024,              /* from here on, a table has no column for any code */
    FIRST_DISTANCE = 8
};

/* ---- arithmetic ---- */

/* x >> bits, rounded towards minus infinity; C leaves that open for a negative x. */
static int32_t shift_right(int32_t x, unsigned bits)
{
    return x >= 0 ? x >> bits : ~(~x >> bits);
}

static int32_t clip(int32_t x, int32_t least, int32_t most)
{
    return x < least ? least : x > most ? most : x;
}

/* Compilers sum whole groups of lanes with vector instructions. The inputs beyond count are 0, so the weights
 * that stand there do not matter. */
static size_t pad_to_lanes(size_t count)
{
    return (count + AECODEC_LANES - 1) / AECODEC_LANES * AECODEC_LANES;
}

/* In the library, a function has wider vectors where the processor has them, and some are used by its other parts. */
#ifdef AECODEC_LIBRARY
#define WIDE AECODEC_WIDE
#define SHARED
#else
#define WIDE(name, parameters, arguments) static void name parameters
#define SHARED static
#endif

/* Inputs have 16 bits because processors multiply and add pairs of 16-bit numbers. */
static int32_t dot(const int16_t *a, const int8_t *b, size_t count)
{
    int32_t sum = 0;
    for (size_t n = 0; n < count; n++) {
        sum += a[n] * (int16_t)b[n];
    }
    return sum;
}

static void add_scaled(int32_t *restrict sums, const int8_t *restrict weights, int32_t unit, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        sums[n] += (int16_t)(weights[n] * unit); /* fits into 16 bits, which are faster */
    }
}

/* CRC-32 (ISO-HDLC), without a table. */
static uint32_t crc32(const uint8_t *data, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t n = 0; n < size; n++) {
        crc ^= data[n];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

/* ---- quantization (FORMAT, sections 6 and 10) ---- */

/* 0.58 of a quantization step, in 2^-15. Latents below it become 0, which is an encoder's own choice. */
#define DEAD_ZONE 19005

static int8_t quantize(const aecodec_codec *codec, int32_t latent, size_t channel, int has_dead_zone)
{
    if (codec->factors) {
        int32_t scaled = latent * codec->factors[channel];
        int is_zero = has_dead_zone && scaled > -DEAD_ZONE && scaled < DEAD_ZONE;
        return is_zero ? 0 : (int8_t)shift_right(scaled + (1 << 14), 15);
    }
    /* 128 steps are added so that the quotient is not negative */
    return (int8_t)((latent + codec->multiple / 2 + 128 * codec->multiple) / codec->multiple - 128);
}

static int8_t dequantize(const aecodec_codec *codec, int32_t code, size_t channel)
{
    int32_t latent = code * codec->multiple;
    if (codec->factors) {
        int32_t factor = codec->factors[channel], doubled = code * 65536 + factor;
        latent = doubled / (2 * factor) - (doubled % (2 * factor) < 0);
    }
    return (int8_t)clip(latent, -128, 127);
}

static void quantize_all(const aecodec_codec *codec, const int8_t *latents, size_t vectors, int has_dead_zone,
                         int8_t *codes)
{
    for (latents += codec->start; vectors > 0; vectors--, latents += codec->latent_channels) {
        for (size_t channel = 0; channel < codec->code_dimension; channel++) {
            *codes++ = quantize(codec, latents[channel], channel, has_dead_zone);
        }
    }
}

void aecodec_quantize(const aecodec_codec *codec, const int8_t *latents, size_t vectors, int8_t *codes)
{
    quantize_all(codec, latents, vectors, 1, codes);
}

void aecodec_dequantize(const aecodec_codec *codec, const int8_t *codes, size_t vectors, int8_t *latents)
{
    memset(latents, 0, vectors * codec->latent_channels);
    for (size_t vector = 0; vector < vectors; vector++) {
        for (size_t channel = 0; channel < codec->code_dimension; channel++) {
            latents[vector * codec->latent_channels + codec->start + channel] =
                dequantize(codec, codes[vector * codec->code_dimension + channel], channel);
        }
    }
}

/* ---- range coder with frequencies of 65536 (section 5) ---- */

enum { MORE_BITS = AECODEC_CODER_BITS - 16 };

static void narrow(range_coder *c, uint32_t cumulative, uint32_t frequency)
{
    narrow_to(c, cumulative << MORE_BITS, frequency << MORE_BITS);
}

static uint32_t quantile(range_coder *c) { return point_of(c) >> MORE_BITS; }

/* ---- frequency tables (section 3) ---- */

/* Frequencies of the symbols start .. start + count - 1, then of the last; and that of all others, 0 or 1. */
typedef struct {
    const uint16_t *frequencies;
    uint32_t start, count, last, others;
} table;

static table table_of_row(const aecodec_codec *codec, unsigned row)
{
    const aecodec_row *found = &codec->rows[row];
    const table t = {codec->bank + found->at, found->start, found->count, codec->escape, codec->others};
    return t;
}

static table table_of_priors(const aecodec_codec *codec)
{
    const table t = {codec->prior_frequencies, 0, codec->all_priors - 1u, codec->all_priors - 1u, 1};
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
    uint32_t found = 0, cumulative = 0, frequency, target = 0;
    if (is_decoder(c)) {
        target = quantile(c);
        symbol = t->last;
    }
#ifdef AECODEC_LIBRARY /* faster, but more code */
    if (is_decoder(c) ? target >= t->start * t->others : symbol >= t->start) {
        found = t->start;
        cumulative = t->start * t->others;
    }
#endif
    while (frequency = frequency_of(t, found),
           found != symbol && (!is_decoder(c) || cumulative + frequency <= target)) {
        cumulative += frequency;
        found++;
    }
    narrow(c, cumulative, frequency);
    return found;
}

static uint32_t code_byte(range_coder *c, uint32_t byte)
{
    if (is_decoder(c)) {
        byte = quantile(c) >> 8;
    }
    narrow(c, byte << 8, 256);
    return byte;
}

/* ---- passes of vectors, and their neighbours (section 4) ---- */

enum { NO_NEIGHBOURS = -1, DIAGONAL = 0, STRAIGHT = 1 };

/* The vectors that are coded together, and what is known of them. */
typedef struct {
    const aecodec_codec *codec;
    int8_t *codes;                  /* of the whole picture */
    uint32_t planes, rows, columns; /* vectors of the whole picture */
    uint32_t count;                 /* vectors of the pass */
    int distance;                   /* to their neighbours */
    int kind;                       /* of their neighbours */
    /* arrays in the working memory */
    uint16_t *members;      /* [count] numbers of the vectors in the picture */
    uint16_t *priors;       /* [count] selected, by their place among those that were exported */
    int16_t *base;          /* [slice][count] symbol of column 0 */
    uint8_t *row;           /* [slice][count] of the bank */
    uint8_t *column;        /* [slice][count] */
    int32_t *sums;          /* [count][K][2] outputs of the context network, of the units that are known */
    int16_t *inputs;        /* [count][K] inputs of the context network, in coding order */
    uint32_t neighbours[4]; /* of the current vector: two pairs of opposite ones */
    int16_t *activity;      /* [K] of the current vector; its gradients [AECODEC_GRADIENTS][L] follow */
#ifdef AECODEC_LIBRARY
    const int8_t *latents;      /* [vectors][latent_channels], while an encoder decides codes; else NULL */
    aecodec_rate_weight weight; /* with which it decides them */
    uint8_t *weights;           /* [count] the weight of each vector */
    uint32_t *order;            /* [slice][count] the entries, in the order in which they are coded */
    int is_together;            /* whether the context network runs for all vectors at once */
    size_t place;               /* first of the current slice */
    aecodec_context_pass all;
    const aecodec_choices *choices; /* to be filled instead of coding; else NULL */
    int8_t *kinds;                  /* [vectors] to be filled with kinds of neighbours instead of coding; else NULL */
    uint32_t (*around)[4];          /* [vectors] with the neighbours */
#endif
} pass;

/* The units of the context network that are known, and the weights of the next one. */
typedef struct {
    uint32_t units;
    const int8_t *weights, *output_weights;
} progress;

static progress no_units_known(const aecodec_codec *codec)
{
    const aecodec_context_network *context = codec->context;
    const progress now = {0, context ? context->weights : NULL, context ? context->output_weights : NULL};
    return now;
}

static size_t channel_at(const aecodec_codec *codec, size_t place)
{
    return codec->context ? codec->context->order[place] : place;
}

/* Find the neighbours of a vector, if it has any. One that lies outside of the picture is replaced by the
 * opposite one, and a pair that does by the other pair. */
static void find_neighbours(pass *p, uint32_t vector)
{
    static const int8_t down[2][4] = {{-1, 1, -1, 1}, {-1, 1, 0, 0}};
    static const int8_t across[2][4] = {{-1, 1, 1, -1}, {0, 0, -1, 1}};
    uint32_t member = p->members[vector], places[4];
    uint32_t column = member % p->columns, row = member / p->columns % p->rows;
    unsigned missing = 0;
    if (p->kind < 0) {
        return;
    }
    for (unsigned n = 0; n < 4; n++) {
        /* beyond the upper and the left border these wrap around and become huge */
        uint32_t r = row + (uint32_t)(p->distance * down[p->kind][n]);
        uint32_t c = column + (uint32_t)(p->distance * across[p->kind][n]);
        missing |= (unsigned)(r >= p->rows || c >= p->columns) << n;
        places[n] = member + (r - row) * p->columns + c - column;
    }
    for (unsigned n = 0; n < 4; n++) {
        unsigned other = 0;
        while (missing >> (n ^ other) & 1u) {
            other++;
        }
        p->neighbours[n] = places[n ^ other];
    }
}

/* The code of a vector at a place in coding order, less the centre. */
static int32_t centred(const pass *p, uint32_t member, size_t place)
{
    const aecodec_context_network *context = p->codec->context;
    size_t channel = context->order[place];
    return p->codes[(size_t)member * p->codec->code_dimension + channel] - context->spatial->centre[place];
}

static const int8_t *offsets_of(const pass *p, uint32_t vector)
{
    return p->codec->offset + (size_t)p->priors[vector] * p->codec->code_dimension;
}

static int32_t magnitude(const pass *p, uint32_t member, size_t place)
{
    int32_t distance = centred(p, member, place);
    return distance < 0 ? -distance : distance;
}

/* Find the activity around a vector, if it has neighbours: the inputs of the spatial weights. */
static void find_activity(pass *p, uint32_t vector)
{
    const aecodec_codec *codec = p->codec;
    find_neighbours(p, vector);
    for (size_t place = 0; p->kind >= 0 && place < codec->code_dimension; place++) {
        int32_t sum = 0;
        for (unsigned n = 0; n < 4; n++) {
            sum += magnitude(p, p->neighbours[n], place);
        }
        sum = sum * (1 << codec->context->input_shift[place]) / 4;
        p->activity[place] = (int16_t)clip(sum, 0, MAX_ACTIVATION);
    }
}

/* L: the number of channels that are predicted from gradients. */
static size_t predicted_channels(const aecodec_codec *codec)
{
    return codec->code_dimension < AECODEC_PREDICTED_CHANNELS ? codec->code_dimension
                                                              : AECODEC_PREDICTED_CHANNELS;
}

static int16_t gradient(const pass *p, size_t place, int32_t sum)
{
    sum *= 1 << p->codec->context->input_shift[place];
    return (int16_t)clip(sum, -MAX_GRADIENT, MAX_GRADIENT);
}

static int16_t *gradients_of(const pass *p)
{
    return p->activity + p->codec->code_dimension;
}

/* Find the gradients around a vector, if it has neighbours: the sums of both pairs, then their differences. */
static void find_gradients(pass *p, uint32_t vector)
{
    size_t predicted = predicted_channels(p->codec);
    int16_t *gradients = gradients_of(p);
    find_neighbours(p, vector);
    for (unsigned which = 0; p->kind >= 0 && which < AECODEC_GRADIENTS; which++) {
        const uint32_t *pair = p->neighbours + 2 * (which & 1u);
        for (size_t n = 0; n < predicted; n++) {
            int32_t one = centred(p, pair[0], n), other = centred(p, pair[1], n);
            *gradients++ = gradient(p, n, which < 2 ? one + other : one - other);
        }
    }
}

/* ---- context network (section 4) ---- */

/* The activation of a unit. */
static int32_t activation(const pass *p, uint32_t vector, size_t unit, const int8_t *weights)
{
    const aecodec_context_network *context = p->codec->context;
    size_t dimension = p->codec->code_dimension, units = context->units;
    const int16_t *inputs = p->inputs + vector * pad_to_lanes(dimension);
    int32_t sum = dot(inputs, weights, pad_to_lanes(context->degree[unit]));
    int32_t bias = context->bias[p->priors[vector] * units + unit];
    if (p->kind >= 0) {
        size_t of_kind = (size_t)p->kind * units + unit;
        sum += dot(p->activity, context->spatial->weights + of_kind * dimension, dimension);
        bias += context->spatial->bias[of_kind];
    }
    return clip(shift_right(sum, context->unit_shift[unit]) + bias, 0, MAX_ACTIVATION);
}

/* Compute those units of a vector that read no further than the places before one, and add them to the
 * outputs. */
WIDE(run_units, (pass *p, uint32_t vector, size_t place, progress *now), (p, vector, place, now))
{
    const aecodec_context_network *context = p->codec->context;
    size_t dimension = p->codec->code_dimension;
    int32_t *sums = p->sums + vector * 2 * dimension;
    if (place == 0) {
        memset(sums, 0, 2 * dimension * sizeof *sums);
        memset(p->inputs + vector * pad_to_lanes(dimension), 0, pad_to_lanes(dimension) * sizeof *p->inputs);
    }
    while (now->units < context->units && context->degree[now->units] <= place) {
        size_t degree = context->degree[now->units], outputs = 2 * (dimension - degree);
        int32_t unit = activation(p, vector, now->units, now->weights);
        if (unit) { /* most are 0 */
            add_scaled(sums + 2 * degree, now->output_weights, unit, outputs);
        }
        now->weights += degree;
        now->output_weights += outputs;
        now->units++;
    }
}

static int32_t shift_rounded(int32_t sum, unsigned shift)
{
    return shift_right(sum + ((1 << shift) >> 1), shift);
}

static int32_t output(const pass *p, uint32_t vector, size_t place, unsigned which)
{
    size_t number = 2 * place + which;
    return shift_rounded(p->sums[vector * 2 * (size_t)p->codec->code_dimension + number],
                         p->codec->context->output_shift[number]);
}

/* By how many eighths of a symbol the gradients move the table of a place. */
static int32_t moved_by_gradients(const pass *p, size_t place)
{
    const aecodec_spatial_weights *spatial = p->codec->context->spatial;
    size_t predicted = predicted_channels(p->codec), number = (size_t)p->kind * predicted + place;
    size_t length = AECODEC_GRADIENTS * predicted;
    unsigned shift = spatial->gradient_shift[number];
    int32_t sum = dot(gradients_of(p), spatial->gradient_weights + length * number, length);
    return shift_rounded(sum, shift);
}

/* Whether the context network runs for all vectors of the pass at once. */
#ifdef AECODEC_LIBRARY
static int is_together(const pass *p) { return p->is_together; }

/* By how many eighths of a symbol the context network moves a table, and by how many shapes, for all at once. */
static void find_moves(const pass *p, uint32_t vector, size_t place, int32_t moves[2])
{
    memcpy(moves, p->all.outputs + vector * p->all.step + 2 * (place - p->place), 2 * sizeof *moves);
}
#else
static int is_together(const pass *p) { (void)p; return 0; }
static void find_moves(const pass *p, uint32_t vector, size_t place, int32_t moves[2])
{
    (void)p; (void)vector; (void)place; (void)moves;
}
#endif

/* The same, vector by vector. */
static void compute_moves(const pass *p, uint32_t vector, size_t place, int32_t moves[2])
{
    moves[0] = output(p, vector, place, 0);
    moves[1] = output(p, vector, place, 1);
    if (p->kind >= 0 && place < AECODEC_PREDICTED_CHANNELS) {
        moves[0] += moved_by_gradients(p, place);
    }
}

/* The row of the bank with which a place of a vector is coded, and the symbol of its column 0. together: whether the
 * context network has run for all vectors. */
static unsigned find_row(const pass *p, uint32_t vector, size_t place, int together, int32_t *base)
{
    const aecodec_codec *codec = p->codec;
    size_t channel = channel_at(codec, place);
    unsigned row = codec->table[(size_t)p->priors[vector] * codec->code_dimension + channel];
    int32_t offset = offsets_of(p, vector)[channel], moves[2];
    *base = codec->first + offset;
    if (!codec->context) {
        return row;
    }
    if (together) {
        find_moves(p, vector, place, moves);
    } else {
        compute_moves(p, vector, place, moves);
    }
    int32_t position = 8 * offset + (int32_t)(row % 8) + moves[0];
    int32_t shape = clip((int32_t)(row / 8) + moves[1], 0, codec->shapes - 1);
    *base = clip(codec->first + shift_right(position, 3), -FAR, FAR);
    return 8 * (unsigned)shape + ((unsigned)position & 7u);
}

/* Make the code of a vector at a place an input of the context network. */
static void update_inputs(pass *p, uint32_t vector, size_t place)
{
    const aecodec_codec *codec = p->codec;
    if (codec->context) {
        size_t channel = codec->context->order[place], member = p->members[vector];
        int32_t u = codec->context->spatial
                        ? magnitude(p, (uint32_t)member, place)
                        : p->codes[member * codec->code_dimension + channel] - offsets_of(p, vector)[channel];
        u = clip(u * (1 << codec->context->input_shift[place]), -MAX_ACTIVATION, MAX_ACTIVATION);
        p->inputs[vector * pad_to_lanes(codec->code_dimension) + place] = (int16_t)u;
    }
}

static uint8_t column_of(const aecodec_codec *codec, unsigned row, int32_t code, int32_t base)
{
    const aecodec_row found = codec->rows[row];
    uint32_t column = (uint32_t)(code - base);
    int is_coded = codec->others ? column < codec->escape : column - found.start < found.count;
    return is_coded ? (uint8_t)column : codec->escape;
}

/* ---- selection of a prior (section 10) ---- */

/* Cost of a code in 1/256 bit; an escaped one costs its value too. */
static uint32_t symbol_cost(const aecodec_codec *codec, unsigned row, int32_t code, int32_t base)
{
    const aecodec_row found = codec->rows[row];
    uint32_t column = (uint32_t)(code - base), number = column - found.start;
    if (number < found.count) {
        return codec->costs[found.at + number];
    }
    return codec->others && column < codec->escape ? MAX_COST : codec->costs[found.at + found.count];
}

/* Run the context network for a vector whose codes are all known. */
static void run_network(pass *p, uint32_t vector, unsigned prior)
{
    progress now = no_units_known(p->codec);
    p->priors[vector] = (uint16_t)prior;
    find_activity(p, vector);
    for (size_t place = 0; place < p->codec->code_dimension; place++) {
        run_units(p, vector, place, &now);
        update_inputs(p, vector, place);
    }
}

static uint32_t cost_with_context(pass *p, uint32_t vector, unsigned prior)
{
    const aecodec_codec *codec = p->codec;
    const int8_t *codes = p->codes + (size_t)p->members[vector] * codec->code_dimension;
    uint32_t cost = codec->prior_costs[prior];
    run_network(p, vector, prior);
    find_gradients(p, vector);
    for (size_t place = 0; place < codec->code_dimension; place++) {
        int32_t base; /* the network runs for all vectors only after they have selected priors */
        unsigned row = find_row(p, vector, place, 0, &base);
        cost += symbol_cost(codec, row, codes[codec->context->order[place]], base);
    }
    return cost;
}

/* The cheapest prior without context. next is the second one if its cost is close, else the same prior. */
static unsigned two_cheapest(const pass *p, uint32_t vector, unsigned *next)
{
    const aecodec_codec *codec = p->codec;
    const int8_t *codes = p->codes + (size_t)p->members[vector] * codec->code_dimension;
    uint32_t least = UINT32_MAX, second = UINT32_MAX;
    unsigned best = 0;
    *next = 0;
    for (unsigned prior = 0; prior < codec->priors; prior++) {
        const uint8_t *rows = codec->table + (size_t)prior * codec->code_dimension;
        const int8_t *offsets = codec->offset + (size_t)prior * codec->code_dimension;
        uint32_t cost = codec->prior_costs[prior];
        for (size_t place = 0; place < codec->code_dimension && cost < second; place++) {
            size_t channel = channel_at(codec, place);
            cost += symbol_cost(codec, rows[channel], codes[channel], codec->first + offsets[channel]);
        }
        if (cost < least) {
            second = least;
            *next = best;
            least = cost;
            best = prior;
        } else if (cost < second) {
            second = cost;
            *next = prior;
        }
    }
    if (second - least >= CLOSE_COST) {
        *next = best;
    }
    return best;
}

#ifdef AECODEC_LIBRARY

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

/* Take a code towards 0 where that saves more bits than the additional error is worth. */
static int8_t decide(const pass *p, uint32_t vector, size_t channel, int32_t code, unsigned row, int32_t base)
{
    const aecodec_codec *codec = p->codec;
    int32_t latent = p->latents[(size_t)p->members[vector] * codec->latent_channels + codec->start + channel];
    int32_t sign = code < 0 ? -1 : 1;
    int32_t saved = (int32_t)symbol_cost(codec, row, code, base);
    int32_t more_error = 2 * sign * (latent * codec->factors[channel] - code * 32768) + 32768;
    saved -= (int32_t)symbol_cost(codec, row, code - sign, base);
    return (int8_t)(more_error < p->weights[vector] * saved ? code - sign : code);
}

/* Whether the codes of a pass are still to be decided. */
static int still_decides(const pass *p) { return p->latents != NULL; }

/* Whether choices are only kept, and not coded. */
static int is_only_choosing(const pass *p) { return p->choices != NULL; }

static void keep_priors(const pass *p)
{
    for (uint32_t vector = 0; vector < p->count; vector++) {
        p->choices->priors[p->members[vector]] = p->codec->prior_numbers[p->priors[vector]];
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
        find_neighbours(p, vector);
        p->kinds[p->members[vector]] = (int8_t)p->kind;
        memcpy(p->around[p->members[vector]], p->neighbours, sizeof p->neighbours);
    }
    return p->kinds != NULL;
}

#else
static int is_only_choosing(const pass *p) { (void)p; return 0; }
static void keep_priors(const pass *p) { (void)p; }
static void keep_columns(const pass *p, size_t place, size_t stop) { (void)p; (void)place; (void)stop; }
static int keep_neighbours(const pass *p) { (void)p; return 0; }
static int still_decides(const pass *p) { (void)p; return 0; }
static int8_t decide(const pass *p, uint32_t vector, size_t channel, int32_t code, unsigned row, int32_t base)
{
    (void)p; (void)vector; (void)channel; (void)row; (void)base;
    return (int8_t)code;
}
#endif

/* Select the cheapest prior without context; where a second one is close, the one that is cheaper with
 * context. This leaves the context network's outputs for that prior. */
static void select_prior(pass *p, uint32_t vector)
{
    unsigned best = 0, next = 0;
    if (p->codec->priors > 1) {
        best = two_cheapest(p, vector, &next);
    }
    p->priors[vector] = (uint16_t)best;
    if (!p->codec->context) {
        return;
    }
    if (next != best) { /* the likelier one last, so that its outputs stay */
        uint32_t cost = cost_with_context(p, vector, next);
        if (cost_with_context(p, vector, best) <= cost) {
            return;
        }
        best = next;
        p->priors[vector] = (uint16_t)best;
    }
    if (!is_together(p)) {
        run_network(p, vector, best);
    }
}

static void code_prior(pass *p, range_coder *c, uint32_t vector)
{
    const aecodec_codec *codec = p->codec;
    table t = table_of_priors(codec);
    uint32_t number = code_symbol(c, &t, codec->prior_numbers[p->priors[vector]]);
    if (is_decoder(c)) {
        unsigned prior = 0;
        while (prior < codec->priors && codec->prior_numbers[prior] != number) {
            prior++;
        }
        if (prior == codec->priors) {
            prior = 0;
            if (c->status == AECODEC_OK) {
                c->status = AECODEC_OTHER_CODEC;
            }
        }
        p->priors[vector] = (uint16_t)prior;
    }
}

/* ---- slices of channels (section 4) ---- */

/* Find rows, bases and columns of the places of a slice. An encoder decides codes as soon as their rows are known. */
static void find_rows(pass *p, size_t place, size_t stop)
{
    for (uint32_t vector = 0; vector < p->count; vector++) {
        int8_t *codes = p->codes + (size_t)p->members[vector] * p->codec->code_dimension;
        size_t entry = vector;
        if (place < AECODEC_PREDICTED_CHANNELS && !is_together(p)) {
            find_gradients(p, vector);
        }
        for (size_t n = place; n < stop; n++, entry += p->count) {
            size_t channel = channel_at(p->codec, n);
            int32_t base;
            unsigned row = find_row(p, vector, n, is_together(p), &base);
            if (still_decides(p) && codes[channel]) {
                codes[channel] = decide(p, vector, channel, codes[channel], row, base);
            }
            p->row[entry] = (uint8_t)row;
            p->base[entry] = (int16_t)base;
            p->column[entry] = column_of(p->codec, row, codes[channel], base);
        }
    }
}

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

#ifdef AECODEC_LIBRARY

enum { MANY = 4 }; /* symbols worth sorting, and vectors worth taking together */

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

/* Code the columns of a slice, in ascending order of their rows of the bank. */
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

#else
static void code_columns(pass *p, range_coder *c, size_t entries) { code_few_columns(p, c, entries); }
#endif

/* Code the value of an escaped symbol, high byte first. */
static int32_t code_escaped(range_coder *c, int32_t code)
{
    uint32_t value = (uint32_t)(code + 32768);
    uint32_t high = code_byte(c, value >> 8);
    return (int32_t)(high << 8 | code_byte(c, value & 0xff)) - 32768;
}

/* Code the values of escaped symbols of a slice. A decoder keeps them as bases, if their tables have no columns for
 * them. */
static void code_escapes(pass *p, range_coder *c, size_t place, size_t stop)
{
    size_t entry = 0;
    for (; place < stop; place++) {
        for (uint32_t vector = 0; vector < p->count; vector++, entry++) {
            if (p->column[entry] == p->codec->escape) {
                size_t code = (size_t)p->members[vector] * p->codec->code_dimension + channel_at(p->codec, place);
                int32_t value = code_escaped(c, p->codes[code]);
                if (is_decoder(c) &&
                    column_of(p->codec, p->row[entry], value, p->base[entry]) != p->codec->escape) {
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
    int32_t least = quantize(p->codec, -128, channel, 0);
    if (value < least || value > quantize(p->codec, 127, channel, 0)) {
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
            update_inputs(p, vector, n);
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

/* Compute the units that are known at a place, for all vectors. */
static void run_units_of_all(pass *p, size_t place, progress *now)
{
    progress start = *now;
    for (uint32_t vector = 0; vector < p->count; vector++) {
        *now = start;
        find_activity(p, vector);
        run_units(p, vector, place, now);
    }
}

#ifdef AECODEC_LIBRARY

/* Whether the context network may run for all vectors of a pass at once: if they are many, or codes are decided, which is
 * done slice by slice. */
static int may_run_together(const aecodec_codec *codec, uint32_t vectors)
{
    return codec->context && (codec->factors || vectors >= MANY);
}

/* Choose how the context network runs: one by one if priors have to be selected by what it makes of the vectors. */
static void choose_way(pass *p, const range_coder *c)
{
    int is_selected = !is_decoder(c) && p->codec->priors > 1;
    p->is_together = p->all.codec && (p->latents || (p->count >= MANY && !is_selected));
}

static void look_around_all(pass *p)
{
    const int8_t *neighbours[4];
    for (uint32_t vector = 0; vector < p->count; vector++) {
        find_neighbours(p, vector);
        for (int n = 0; n < 4; n++) {
            neighbours[n] = p->codes + (size_t)p->neighbours[n] * p->codec->code_dimension;
        }
        aecodec_context_look_around(&p->all, vector, neighbours);
    }
    aecodec_context_sum_around(&p->all);
}

/* Begin to code slices. */
static void begin_slices(pass *p)
{
    for (uint32_t vector = 0; p->latents && vector < p->count; vector++) {
        p->weights[vector] = (uint8_t)weight_of(p, vector);
    }
    if (p->is_together) {
        aecodec_context_begin(&p->all, p->count, p->kind, p->priors);
        if (p->kind >= 0) {
            look_around_all(p);
        }
    }
}

static void run_together(pass *p, size_t place, size_t stop)
{
    p->place = place;
    aecodec_context_run(&p->all, place, stop);
}

#else
static void choose_way(const pass *p, const range_coder *c) { (void)p; (void)c; }
static void begin_slices(const pass *p) { (void)p; }
static void run_together(const pass *p, size_t place, size_t stop) { (void)p; (void)place; (void)stop; }
#endif

static void code_pass(pass *p, range_coder *c)
{
    const aecodec_codec *codec = p->codec;
    progress now = no_units_known(codec);
    size_t place = 0, stop, unit = 0;
    choose_way(p, c);
    for (uint32_t vector = 0; vector < p->count && c->status == AECODEC_OK; vector++) {
        if (is_decoder(c)) {
            p->priors[vector] = 0;
        } else {
            select_prior(p, vector);
        }
        if (codec->all_priors > 1 && !is_only_choosing(p)) {
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
            run_units_of_all(p, place, &now);
        }
        find_rows(p, place, stop);
        if (is_only_choosing(p)) {
            keep_columns(p, place, stop);
        } else {
            code_columns(p, c, (stop - place) * p->count);
            code_escapes(p, c, place, stop);
        }
        finish_slice(p, c, place, stop);
    }
}

/* ---- order of the passes (section 4) ---- */

static int has_spatial_context(const aecodec_codec *codec)
{
    return codec->is_convolutional && codec->context && codec->context->spatial;
}

/* Add every step-th vector of every step-th row to the pass. */
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

static void code_vectors(pass *p, range_coder *c)
{
    uint32_t d = has_spatial_context(p->codec) ? FIRST_DISTANCE : 1;
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

/* ---- from the size of a picture to its vectors (section 2) ---- */

typedef struct {
    uint32_t planes, rows, columns, vectors;
} shape;

static uint32_t divide_up(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

/* The shape of a picture's vectors; vectors is 0 for a picture that is too large. Export refuses codecs with
 * which AECODEC_MAX_VECTORS tiles could have more pixels than a file may have. */
static shape shape_of(const aecodec_codec *codec, const aecodec_header *header)
{
    uint32_t width = header->width ? header->width : codec->tile_width;
    uint32_t height = header->height ? header->height : codec->tile_height;
    int is_split = codec->channels == 1 && (header->mode & 1), n; /* into R, G and B */
    uint32_t factors[4];
    shape s;
    s.columns = divide_up(divide_up(2 * width, header->reduction), codec->tile_width);
    s.rows = divide_up(divide_up(2 * height, header->reduction), codec->tile_height);
    s.planes = header->frames * (is_split ? 3u : 1u);
    factors[0] = s.rows;
    factors[1] = s.columns;
    factors[2] = s.planes;
    factors[3] = codec->vectors_per_tile;
    s.vectors = !codec->is_convolutional || (s.rows <= 128 && s.columns <= 128);
    for (n = 0; n < 4; n++) { /* no product exceeds 2^28 */
        s.vectors *= factors[n] <= AECODEC_MAX_VECTORS ? factors[n] : 0;
        s.vectors = s.vectors <= AECODEC_MAX_VECTORS ? s.vectors : 0;
    }
    return s;
}

static void fill_header(aecodec_header *header, const aecodec_codec *codec, const aecodec_picture *picture)
{
    memset(header, 0, sizeof *header);
    memcpy(header->id, codec->id, sizeof header->id);
    if (picture->width != codec->tile_width || picture->height != codec->tile_height) {
        header->width = picture->width;
        header->height = picture->height;
    }
    header->mode = (uint8_t)picture->mode;
    header->level = codec->is_default ? 0 : codec->level;
    header->reduction = FULL_SIZE;
    header->frames = 1;
    header->samples = codec->samples;
    header->samples_size = codec->samples_size;
}

static shape shape_of_picture(const aecodec_codec *codec, const aecodec_picture *picture, aecodec_header *header)
{
    fill_header(header, codec, picture);
    shape s = shape_of(codec, header);
    if (picture->width - 1u >= MAX_SIDE || picture->height - 1u >= MAX_SIDE) {
        s.vectors = 0;
    }
    return s;
}

size_t aecodec_vector_count(const aecodec_codec *codec, const aecodec_picture *picture)
{
    aecodec_header header;
    return shape_of_picture(codec, picture, &header).vectors;
}

/* Most vectors of a pass. */
static size_t max_pass(const aecodec_codec *codec, shape s)
{
    size_t of_plane = (size_t)s.rows * s.columns;
    return has_spatial_context(codec) ? s.planes * (of_plane > 1 ? of_plane / 2 : of_plane) : s.vectors;
}

/* Numbers in a vector's activity and gradients. */
static size_t spatial_count(const aecodec_codec *codec)
{
    return has_spatial_context(codec) ? codec->code_dimension + AECODEC_GRADIENTS * predicted_channels(codec) : 0;
}

static size_t work_size_of(const aecodec_codec *codec, shape s)
{
    size_t of_vector = 4 + 4u * codec->max_slice, dimension = codec->code_dimension;
    if (codec->context) {
        of_vector += 2 * dimension * sizeof(int32_t) + pad_to_lanes(dimension) * sizeof(int16_t);
    }
    return s.vectors ? max_pass(codec, s) * of_vector + spatial_count(codec) * sizeof(int16_t) : 0;
}

size_t aecodec_work_size(const aecodec_codec *codec, const aecodec_picture *picture)
{
    aecodec_header header;
    return work_size_of(codec, shape_of_picture(codec, picture, &header));
}

/* A symbol takes at most 16 bits, an escaped one twice as many, and the coder's rounding costs each less than
 * an eighth of a byte. */
size_t aecodec_file_bound(const aecodec_codec *codec, const aecodec_picture *picture)
{
    size_t dimension = codec->code_dimension;
    return 40 + codec->samples_size + aecodec_vector_count(codec, picture) * (3 + 4 * dimension + dimension / 8);
}

static size_t shortest_message(const aecodec_codec *codec, uint32_t vectors)
{
    return divide_up(vectors, codec->is_convolutional ? 64 : 4);
}

/* Lay out the working memory. */
static void start_pass(pass *p, const aecodec_codec *codec, shape s, int8_t *codes, uint32_t *work)
{
    size_t n = max_pass(codec, s);
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

/* ---- files (section 1) ---- */

/* Unsigned LEB128. */
SHARED size_t aecodec_write_number(uint8_t *to, uint32_t value)
{
    size_t size = 0;
    for (; value > 0x7f; value >>= 7) {
        to[size++] = (uint8_t)(value | 0x80);
    }
    to[size++] = (uint8_t)value;
    return size;
}

/* All fields up to the content of samples. */
SHARED size_t aecodec_write_header(uint8_t *to, const aecodec_header *header)
{
    size_t size = FIELDS;
    to[0] = 0xae;
    to[1] = 0x43;
    to[2] = 1;
    memcpy(to + 3, header->id, sizeof header->id);
    to[7] = header->mode;
    if (header->width) {
        to[7] |= SIZE_FLAG;
        size += aecodec_write_number(to + size, header->width);
        size += aecodec_write_number(to + size, header->height);
    }
    if (header->level) {
        to[7] |= LEVEL_FLAG;
        to[size++] = header->level;
    }
#ifdef AECODEC_LIBRARY /* devices write single pictures of full size */
    if (header->frames > 1) {
        to[7] |= FRAMES_FLAG;
        size += aecodec_write_number(to + size, header->frames);
    }
    if (header->reduction != FULL_SIZE) {
        to[7] |= REDUCTION_FLAG;
        to[size++] = header->reduction;
    }
#endif
    if (header->samples) {
        to[7] |= SAMPLES_FLAG;
        size += aecodec_write_number(to + size, (uint32_t)header->samples_size);
    }
    return size;
}

/* Finish a message, and pad it with zeros to the shortest one that a decoder accepts. */
static void pad_message(range_coder *c, size_t shortest)
{
    finish_message(c);
    if (c->length < shortest) {
        c->length = shortest;
    }
    if (c->length > c->size) {
        c->status = AECODEC_BUFFER_TOO_SMALL;
    } else if (c->length > c->written) {
        memset(c->out + c->written, 0, c->length - c->written);
    }
}

/* Append the checksum to a file. Returns the file's length. */
SHARED size_t aecodec_write_checksum(uint8_t *file, size_t length)
{
    uint32_t crc = crc32(file, length);
    for (int n = 0; n < CHECKSUM; n++, crc >>= 8) {
        file[length++] = (uint8_t)crc;
    }
    return length;
}

aecodec_status aecodec_encode(const aecodec_codec *codec, const aecodec_picture *picture, const int8_t *codes,
                              uint32_t *work, size_t work_size, uint8_t *file, size_t capacity, size_t *size)
{
    aecodec_header header;
    shape s = shape_of_picture(codec, picture, &header);
    uint8_t head[MAX_HEADER];
    size_t start = aecodec_write_header(head, &header);
    range_coder c;
    pass p;
    if (!s.vectors) {
        return AECODEC_TOO_LARGE;
    }
    if (work_size < work_size_of(codec, s) || capacity < start + CHECKSUM ||
        header.samples_size > capacity - start - CHECKSUM) {
        return AECODEC_BUFFER_TOO_SMALL;
    }
    memcpy(file, head, start);
    if (header.samples) {
        memcpy(file + start, header.samples, header.samples_size);
        start += header.samples_size;
    }
    start_coder(&c, NULL, file + start, capacity - start - CHECKSUM);
    start_pass(&p, codec, s, (int8_t *)codes, work); /* an encoder does not change them */
    code_vectors(&p, &c);
    pad_message(&c, shortest_message(codec, s.vectors));
    if (c.status == AECODEC_OK) {
        *size = aecodec_write_checksum(file, start + c.length);
    }
    return c.status;
}

#ifdef AECODEC_LIBRARY

/* ---- messages of their own (section 4) ---- */

static uint32_t vectors_of(const aecodec_segment *segment)
{
    return segment->planes * segment->rows * segment->columns;
}

/* The vectors that are coded together: those of a segment, or as many as a pass takes. */
static shape shape_of_segment(const aecodec_codec *codec, const aecodec_segment *segment)
{
    shape s = {segment->planes, segment->rows, segment->columns, vectors_of(segment)};
    if (!codec->is_convolutional && s.vectors > AECODEC_MAX_VECTORS) {
        s.vectors = AECODEC_MAX_VECTORS;
    }
    return s;
}

/* Bytes of the working memory before p->all, p->order and p->weights. */
static size_t size_of_pass(const aecodec_codec *codec, shape s)
{
    return (work_size_of(codec, s) + 3) / 4 * 4;
}

static size_t size_of_context(const aecodec_codec *codec, shape s)
{
    return may_run_together(codec, s.vectors) ? aecodec_context_work_size(codec, max_pass(codec, s)) : 0;
}

size_t aecodec_message_work_size(const aecodec_codec *codec, const aecodec_segment *segment)
{
    shape s = shape_of_segment(codec, segment);
    return size_of_pass(codec, s) + size_of_context(codec, s) +
           max_pass(codec, s) * (codec->max_slice * sizeof(uint32_t) + 1);
}

/* Lay out the working memory of the library. */
static void start_message_pass(pass *p, const aecodec_codec *codec, shape s, int8_t *codes, uint32_t *work)
{
    start_pass(p, codec, s, codes, work);
    work += size_of_pass(codec, s) / 4;
    if (may_run_together(codec, s.vectors)) {
        aecodec_context_open(&p->all, codec, max_pass(codec, s), work);
        p->inputs = p->all.inputs;
    }
    p->order = work + size_of_context(codec, s) / 4;
    p->weights = (uint8_t *)(p->order + max_pass(codec, s) * codec->max_slice);
}

/* Code all vectors: a segment at once, vectors without neighbours in passes. */
static void code_message(const aecodec_codec *codec, const aecodec_segment *segment, const int8_t *latents,
                         aecodec_rate_weight weight, int8_t *codes, uint32_t *work, range_coder *c)
{
    shape s = shape_of_segment(codec, segment);
    size_t left = vectors_of(segment);
    pass p;
    for (; left; left -= s.vectors) {
        s.vectors = left < s.vectors ? (uint32_t)left : s.vectors;
        start_message_pass(&p, codec, s, codes, work);
        p.latents = latents;
        p.weight = weight;
        if (!codec->is_convolutional) {
            p.columns = s.vectors;
        }
        code_vectors(&p, c);
        codes += (size_t)s.vectors * codec->code_dimension;
        latents = latents ? latents + (size_t)s.vectors * codec->latent_channels : NULL;
    }
}

aecodec_status aecodec_encode_message(const aecodec_codec *codec, const aecodec_segment *segment,
                                      const int8_t *latents, aecodec_rate_weight weight, int8_t *codes,
                                      uint32_t *work, uint8_t *message, size_t capacity, size_t *size)
{
    range_coder c;
    quantize_all(codec, latents, vectors_of(segment), 0, codes); /* codes are still decided by rate */
    start_coder(&c, NULL, message, capacity);
    code_message(codec, segment, codec->factors ? latents : NULL, weight, codes, work, &c);
    pad_message(&c, shortest_message(codec, vectors_of(segment)));
    *size = c.length;
    return c.status;
}

/* ---- choices without messages, for fitting ---- */

void aecodec_choose(const aecodec_codec *codec, const aecodec_segment *segment, const int8_t *latents,
                    aecodec_rate_weight weight, int8_t *codes, uint32_t *work, const aecodec_choices *choices)
{
    const int8_t *undecided = codec->factors ? latents : NULL;
    shape s = shape_of_segment(codec, segment);
    range_coder c;
    pass p;
    if (latents) {
        quantize_all(codec, latents, s.vectors, 0, codes);
    }
    start_coder(&c, NULL, NULL, 0);
    start_message_pass(&p, codec, s, codes, work);
    p.columns = s.columns;
    p.latents = undecided;
    p.weight = weight;
    p.choices = choices;
    code_vectors(&p, &c);
}

void aecodec_find_neighbours(const aecodec_segment *segment, uint16_t *members, int8_t *kinds,
                             uint32_t (*neighbours)[4])
{
    static const aecodec_spatial_weights spatial;
    static const aecodec_context_network context = {.spatial = &spatial};
    static const aecodec_codec codec = {.is_convolutional = 1, .context = &context};
    range_coder c;
    pass p;
    memset(&p, 0, sizeof p);
    start_coder(&c, NULL, NULL, 0);
    p.codec = &codec;
    p.planes = 1;
    p.rows = segment->rows;
    p.columns = segment->columns;
    p.members = members;
    p.kinds = kinds;
    p.around = neighbours;
    code_vectors(&p, &c);
}

#endif

#ifndef AECODEC_ENCODER_ONLY

static int is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static int is_letter_or_digit(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Whether some bytes are an extension and a time, such as ".jpg 1714564800". */
static int is_origin(const uint8_t *bytes, size_t size)
{
    size_t at = 1, first;
    while (at < size && is_letter_or_digit(bytes[at])) {
        at++;
    }
    if (at >= size || at == 1 || at > 1 + MAX_LETTERS || bytes[0] != '.' || bytes[at++] != ' ') {
        return 0;
    }
    if (at + 1 == size && bytes[at] == '0') {
        return 1;
    }
    at += at < size && bytes[at] == '-';
    for (first = at; at < size && is_digit(bytes[at]); at++) {
    }
    return at == size && at > first && at <= first + MAX_DIGITS && bytes[first] != '0';
}

/* Whether some bytes are as many names as there are frames. */
static int are_names(reader text, uint32_t frames)
{
    uint32_t count = 1;
    while (text.left) {
        count += take_byte(&text) == '/';
    }
    return count == frames;
}

static int is_entry(const aecodec_header *header, uint8_t kind, reader content)
{
    switch (kind) {
    case TIFF:
        return header->samples != NULL;
    case ORIGIN:
        return is_origin(content.at, content.left);
    case NAMES:
        return are_names(content, header->frames);
    case GREY_AS_RGB:
        return content.left == 0 && !header->samples && !(header->mode & 1);
    default:
        return kind < TIFF;
    }
}

static void read_metadata(reader *r, aecodec_header *header)
{
    reader entries = take_block(r);
    uint8_t last = 0;
    header->metadata = entries.at;
    header->metadata_size = entries.left;
    r->is_damaged |= entries.left == 0;
    while (entries.left && !r->is_damaged) {
        uint8_t kind = take_byte(&entries);
        reader content = take_block(&entries);
        r->is_damaged |= entries.is_damaged || kind <= last || !is_entry(header, kind, content);
        header->is_grey_as_rgb |= kind == GREY_AS_RGB;
        last = kind;
    }
}

static aecodec_status check_limits(const aecodec_header *header)
{
    uint32_t most = header->reduction == FULL_SIZE ? MAX_PIXELS : MAX_REDUCED_PIXELS;
    uint64_t pixels = (header->width ? header->width : 1u);
    pixels *= (header->height ? header->height : 1u);
    if (header->width > MAX_SIDE || header->height > MAX_SIDE || header->frames < 1 || header->frames > MAX_FRAMES ||
        pixels > most / header->frames || header->reduction < FULL_SIZE || header->reduction > 64) {
        return AECODEC_BAD_SIZE;
    }
    return header->level == 0 || header->level >= 16 ? AECODEC_OK : AECODEC_BAD_LEVEL;
}

/* Check that the file is complete, of version 1, and has the checksum that it states. */
static aecodec_status check_whole(const uint8_t *file, size_t size)
{
    uint32_t crc = 0;
    if (size < 1 || file[0] != 0xae || (size > 1 && file[1] != 0x43)) {
        return AECODEC_NOT_AEC;
    }
    if (size < MIN_FILE) {
        return AECODEC_TOO_SHORT;
    }
    for (size_t n = 1; n <= CHECKSUM; n++) {
        crc = crc << 8 | file[size - n];
    }
    if (HAS_CHECKSUMS && crc != crc32(file, size - CHECKSUM)) {
        return AECODEC_BAD_CHECKSUM;
    }
    return file[2] == 1 ? AECODEC_OK : AECODEC_OTHER_VERSION;
}

/* Read the fields that the flags announce up to the number of frames. */
static void read_size(reader *r, uint8_t flags, aecodec_header *header)
{
    r->is_damaged |= (flags & SAMPLES_FLAG) && (flags & (REDUCTION_FLAG | 3u));
    header->mode = flags & 3u;
    header->frames = 1;
    header->reduction = FULL_SIZE;
    if (flags & SIZE_FLAG) {
        header->width = take_number(r);
        header->height = take_number(r);
        r->is_damaged |= !header->width || !header->height;
    }
    if (flags & LEVEL_FLAG) {
        header->level = take_byte(r);
        r->is_damaged |= !header->level;
    }
    if (flags & FRAMES_FLAG) {
        header->frames = take_number(r);
        r->is_damaged |= header->frames == 1;
    }
}

/* Read the fields that the flags announce behind the number of frames. */
static aecodec_status read_fields(reader *r, uint8_t flags, aecodec_header *header)
{
    if (flags & REDUCTION_FLAG) {
        header->reduction = take_byte(r);
        r->is_damaged |= header->reduction <= FULL_SIZE;
    }
    if (flags & SAMPLES_FLAG) {
        reader samples = take_block(r);
        header->samples = samples.at;
        header->samples_size = samples.left;
    }
    if (flags & METADATA_FLAG && !r->is_damaged) {
        read_metadata(r, header);
        if (r->is_damaged) {
            return AECODEC_DAMAGED_METADATA;
        }
    }
    if (flags & ALPHA_MODE && memcmp(header->id, AECODEC_SAMPLES_ID, sizeof header->id) != 0) {
        reader alpha = take_block(r);
        header->alpha = alpha.at;
        header->alpha_size = alpha.left;
    }
    return r->is_damaged ? AECODEC_DAMAGED_HEADER : AECODEC_OK;
}

aecodec_status aecodec_read_content(const uint8_t *content, size_t size, aecodec_header *header)
{
    reader r = {content, size, 0};
    const uint8_t *id = take(&r, sizeof header->id), flags = take_byte(&r);
    memset(header, 0, sizeof *header);
    if (r.is_damaged) {
        return AECODEC_DAMAGED_HEADER;
    }
    memcpy(header->id, id, sizeof header->id);
    read_size(&r, flags, header);
    aecodec_status status = read_fields(&r, flags, header);
    header->payload = r.at;
    header->payload_size = r.left;
    return status == AECODEC_OK ? check_limits(header) : status;
}

aecodec_status aecodec_read_header(const uint8_t *file, size_t size, aecodec_header *header)
{
    const aecodec_status status = check_whole(file, size);
    memset(header, 0, sizeof *header);
    return status == AECODEC_OK ? aecodec_read_content(file + START, size - START - CHECKSUM, header) : status;
}

#ifdef AECODEC_LIBRARY

aecodec_status aecodec_read_beginning(const uint8_t *content, size_t size, aecodec_header *header)
{
    reader r = {content, size, 0};
    memset(header, 0, sizeof *header);
    if (size < FIELDS - START) {
        return AECODEC_DAMAGED_HEADER;
    }
    memcpy(header->id, take(&r, FIELDS - START), sizeof header->id);
    read_size(&r, content[FLAGS - START], header);
    if (r.is_damaged) {
        return AECODEC_DAMAGED_HEADER;
    }
    return header->frames >= 1 && header->frames <= MAX_FRAMES ? AECODEC_OK : AECODEC_BAD_SIZE;
}

#endif

/* Check that a file is of this codec and level. */
static aecodec_status check_codec(const aecodec_codec *codec, const aecodec_header *header)
{
    if (memcmp(header->id, codec->id, sizeof header->id) != 0) {
        return AECODEC_OTHER_CODEC;
    }
    if (header->level ? header->level != codec->level : !codec->is_default) {
        return AECODEC_OTHER_LEVEL;
    }
    return AECODEC_OK;
}

aecodec_status aecodec_decode(const aecodec_codec *codec, const uint8_t *file, size_t size, uint32_t *work,
                              size_t work_size, int8_t *codes, size_t capacity, size_t *vectors)
{
    aecodec_header header;
    aecodec_status status = aecodec_read_header(file, size, &header);
    range_coder c;
    pass p;
    if (status == AECODEC_OK) {
        status = check_codec(codec, &header);
    }
    if (status != AECODEC_OK) {
        return status;
    }
    shape s = shape_of(codec, &header);
    size_t shortest = shortest_message(codec, s.vectors);
    if (!s.vectors) {
        return AECODEC_TOO_LARGE;
    }
    if (header.payload_size < shortest) {
        return AECODEC_DAMAGED;
    }
    if (work_size < work_size_of(codec, s) || capacity / codec->code_dimension < s.vectors) {
        return AECODEC_BUFFER_TOO_SMALL;
    }
    memset(codes, 0, (size_t)s.vectors * codec->code_dimension);
    start_coder(&c, header.payload, NULL, header.payload_size);
    start_pass(&p, codec, s, codes, work);
    code_vectors(&p, &c);
    *vectors = s.vectors;
    return check_end(&c, shortest);
}

#ifdef AECODEC_LIBRARY

aecodec_status aecodec_decode_message(const aecodec_codec *codec, const aecodec_segment *segment,
                                      const uint8_t *message, size_t size, int8_t *codes, uint32_t *work)
{
    static const aecodec_rate_weight none = {0, 0};
    size_t shortest = shortest_message(codec, vectors_of(segment));
    range_coder c;
    if (size < shortest) {
        return AECODEC_DAMAGED;
    }
    memset(codes, 0, (size_t)vectors_of(segment) * codec->code_dimension);
    start_coder(&c, message, NULL, size);
    code_message(codec, segment, NULL, none, codes, work, &c);
    return check_end(&c, shortest);
}

int aecodec_are_codes(const aecodec_codec *codec, const int8_t *codes, size_t vectors)
{
    for (; vectors; vectors--, codes += codec->code_dimension) {
        for (size_t channel = 0; channel < codec->code_dimension; channel++) {
            if (codes[channel] < quantize(codec, -128, channel, 0) || codes[channel] > quantize(codec, 127, channel, 0)) {
                return 0;
            }
        }
    }
    return 1;
}

#endif

#endif
