/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the bank, by which codes are coded: neighbours of a vector, the context network, and selection
 * of a prior (docs/FORMAT.md, sections 4 and 10). */
#include "aecodec_rows.h"

#include <string.h>

enum {
    MAX_ACTIVATION = 127,
    MAX_GRADIENT = 511,
    MAX_COST = 16 * 256,  /* of a symbol of frequency 1 */
    CLOSE_COST = 4 * 256, /* a second prior is tried with context if it costs less than this much more */
    TEXTURE = 4, /* the least weight of bits of a vector with texture, which looks better if codes stay */
    REPEATED_SHAPE = 4,   /* the widest one for a code that probably repeats those of all neighbours */
    FAR = 1024            /* from here on, a table has no column for any code */
};

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

/* ---- neighbours ---- */

/* One that lies outside of the picture is replaced by the opposite one, and a pair that does by the other
 * pair. */
void aecodec_find_neighbours_of(pass *p, uint32_t vector)
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

static int32_t distance(const pass *p, uint32_t one, uint32_t other, size_t place)
{
    int32_t difference = centred(p, one, place) - centred(p, other, place);
    return difference < 0 ? -difference : difference;
}

static int32_t input_factor(const pass *p, size_t place)
{
    return 1 << (p->codec->context->input_shift[place] & ~(unsigned)AECODEC_BY_DIFFERENCE);
}

static void find_activity(pass *p, uint32_t vector)
{
    const aecodec_codec *codec = p->codec;
    const uint32_t *around = p->neighbours;
    aecodec_find_neighbours_of(p, vector);
    for (size_t place = 0; p->kind >= 0 && place < codec->code_dimension; place++) {
        int32_t sum = distance(p, around[0], around[1], place) + distance(p, around[2], around[3], place);
        if (!(codec->context->input_shift[place] & AECODEC_BY_DIFFERENCE)) {
            sum = magnitude(p, around[0], place) + magnitude(p, around[1], place) +
                  magnitude(p, around[2], place) + magnitude(p, around[3], place);
        }
        p->activity[place] = (int16_t)clip(sum * input_factor(p, place) / 4, 0, MAX_ACTIVATION);
    }
}

static int16_t gradient(const pass *p, size_t place, int32_t sum)
{
    sum *= input_factor(p, place);
    return (int16_t)clip(sum, -MAX_GRADIENT, MAX_GRADIENT);
}

static int16_t *gradients_of(const pass *p)
{
    return p->activity + p->codec->code_dimension;
}

/* Find the gradients around the current vector, if it has neighbours: the sums of both pairs, then their
 * differences. */
static void find_gradients(const pass *p)
{
    size_t predicted = predicted_channels(p->codec);
    int16_t *gradients = gradients_of(p);
    for (unsigned which = 0; p->kind >= 0 && which < AECODEC_GRADIENTS; which++) {
        const uint32_t *pair = p->neighbours + 2 * (which & 1u);
        for (size_t n = 0; n < predicted; n++) {
            int32_t one = centred(p, pair[0], n), other = centred(p, pair[1], n);
            *gradients++ = gradient(p, n, which < 2 ? one + other : one - other);
        }
    }
}

/* The codes of two or more neighbours, if they and the vector's codes before a place are equal; else NULL. If
 * only one pair consists of two vectors, the other one does not count. */
static const int8_t *repeated_codes(const pass *p, uint32_t vector, size_t place)
{
    size_t dimension = p->codec->code_dimension;
    const uint32_t *around = p->neighbours;
    int is_pair = around[0] != around[1], is_second_pair = around[2] != around[3];
    unsigned first = !is_pair && is_second_pair ? 2 : 0, end = is_pair && !is_second_pair ? 2 : 4;
    const int8_t *codes = p->codes + around[first] * dimension;
    const int8_t *own = p->codes + p->members[vector] * dimension;
    int is_repeated = p->kind >= 0 && (is_pair || is_second_pair || around[0] != around[2]);
    for (unsigned n = first + 1; n < end && is_repeated; n++) {
        is_repeated = !memcmp(codes, p->codes + around[n] * dimension, dimension);
    }
    for (size_t n = 0; n < place && is_repeated; n++) {
        is_repeated = own[channel_at(p->codec, n)] == codes[channel_at(p->codec, n)];
    }
    return is_repeated ? codes : NULL;
}

/* ---- context network ---- */

progress aecodec_no_units_known(const aecodec_codec *codec)
{
    const aecodec_context_network *context = codec->context;
    const progress now = {0, context ? context->weights : NULL, context ? context->output_weights : NULL};
    return now;
}

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
static void run_units(pass *p, uint32_t vector, size_t place, progress *now)
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

/* By how many eighths of a symbol the context network moves a table, and by how many shapes, for all at
 * once. */
#ifdef AECODEC_LIBRARY
static void find_moves(const pass *p, uint32_t vector, size_t place, int32_t moves[2])
{
    memcpy(moves, p->all.outputs + vector * p->all.step + 2 * (place - p->place), 2 * sizeof *moves);
}
#else
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

/* The row of the bank with which a place of a vector is coded, and the symbol of its column 0. together:
 * whether the context network has run for all vectors. repeated: the codes of all neighbours, or NULL. */
static unsigned find_row(const pass *p, uint32_t vector, size_t place, int together, const int8_t *repeated,
                         int32_t *base)
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
    if (repeated) {
        position = 8 * repeated[channel] + 4; /* the middle of its symbol */
        shape = clip(shape, 0, REPEATED_SHAPE);
    }
    *base = clip(codec->first + shift_right(position, 3), -FAR, FAR);
    return 8 * (unsigned)shape + ((unsigned)position & 7u);
}

void aecodec_update_inputs(pass *p, uint32_t vector, size_t place)
{
    const aecodec_codec *codec = p->codec;
    if (codec->context) {
        size_t channel = codec->context->order[place], member = p->members[vector];
        int32_t u = codec->context->spatial
                        ? magnitude(p, (uint32_t)member, place)
                        : p->codes[member * codec->code_dimension + channel] - offsets_of(p, vector)[channel];
        u = clip(u * input_factor(p, place), -MAX_ACTIVATION, MAX_ACTIVATION);
        p->inputs[vector * pad_to_lanes(codec->code_dimension) + place] = (int16_t)u;
    }
}

uint8_t aecodec_column_of(const aecodec_codec *codec, unsigned row, int32_t code, int32_t base)
{
    const aecodec_row entry = codec->rows[row];
    uint32_t column = (uint32_t)(code - base);
    int is_coded = codec->others ? column < codec->escape : column - entry.start < entry.count;
    return is_coded ? (uint8_t)column : codec->escape;
}

/* ---- selection of a prior ---- */

/* Cost of a code in 1/256 bit; an escaped one costs its value too. */
static uint32_t symbol_cost(const aecodec_codec *codec, unsigned row, int32_t code, int32_t base)
{
    const aecodec_row entry = codec->rows[row];
    uint32_t column = (uint32_t)(code - base), number = column - entry.start;
    if (number < entry.count) {
        return codec->costs[entry.at + number];
    }
    return codec->others && column < codec->escape ? MAX_COST : codec->costs[entry.at + entry.count];
}

static void run_network(pass *p, uint32_t vector, unsigned prior)
{
    progress now = aecodec_no_units_known(p->codec);
    p->priors[vector] = (uint16_t)prior;
    find_activity(p, vector);
    for (size_t place = 0; place < p->codec->code_dimension; place++) {
        run_units(p, vector, place, &now);
        aecodec_update_inputs(p, vector, place);
    }
}

static uint32_t cost_with_context(pass *p, uint32_t vector, unsigned prior)
{
    const aecodec_codec *codec = p->codec;
    const int8_t *codes = p->codes + (size_t)p->members[vector] * codec->code_dimension;
    uint32_t cost = codec->prior_costs[prior];
    run_network(p, vector, prior);
    find_gradients(p);
    for (size_t place = 0; place < codec->code_dimension; place++) {
        int32_t base; /* the network runs for all vectors only after they have selected priors */
        unsigned row = find_row(p, vector, place, 0, NULL, &base);
        cost += symbol_cost(codec, row, codes[codec->context->order[place]], base);
    }
    return cost;
}

/* The cheapest prior without context. `next` is the second one if its cost is close, else the same prior. */
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

/* The cheapest prior without context or, if a second one is close, the one that is cheaper with context.
 * This leaves the context network's outputs for that prior. */
void aecodec_select_prior(pass *p, uint32_t vector)
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

/* ---- rows of slices ---- */

void aecodec_run_units(pass *p, size_t place, progress *now)
{
    progress start = *now;
    for (uint32_t vector = 0; vector < p->count; vector++) {
        *now = start;
        find_activity(p, vector);
        run_units(p, vector, place, now);
    }
}

#ifdef AECODEC_LIBRARY
/* The additional squared error if a code of 1 or -1 becomes 0, in 2^-15 of a squared step. Decoders round the
 * latents of codes: with steps between 1 and 2, a latent of 1 may be as far from that of code 1 as from 0. */
static int32_t error_of_zero(const aecodec_codec *codec, size_t channel, int32_t latent, int32_t code)
{
    int32_t factor = codec->factors[channel], decoded = dequantized(codec, code, channel);
    return (int32_t)((int64_t)decoded * (2 * latent - decoded) * factor * factor / 32768);
}

/* Take a code towards 0 if that saves more bits than the additional error is worth. */
static int8_t decide(const pass *p, uint32_t vector, size_t channel, int32_t code, unsigned row, int32_t base)
{
    const aecodec_codec *codec = p->codec;
    if (!p->latents || !code) {
        return (int8_t)code;
    }
    int32_t latent = p->latents[(size_t)p->members[vector] * codec->latent_channels + codec->start + channel];
    int32_t sign = code < 0 ? -1 : 1;
    int32_t saved = (int32_t)symbol_cost(codec, row, code, base);
    saved -= (int32_t)symbol_cost(codec, row, code - sign, base);
    int32_t more_error = 2 * sign * (latent * codec->factors[channel] - code * 32768) + 32768;
    if (code == sign && p->weights[vector] < TEXTURE) {
        more_error = error_of_zero(codec, channel, latent, code);
    }
    return (int8_t)(more_error < p->weights[vector] * saved ? code - sign : code);
}
#else
static int8_t decide(const pass *p, uint32_t vector, size_t channel, int32_t code, unsigned row, int32_t base)
{
    (void)p; (void)vector; (void)channel; (void)row; (void)base;
    return (int8_t)code;
}
#endif

void aecodec_find_rows(pass *p, size_t place, size_t stop)
{
    for (uint32_t vector = 0; vector < p->count; vector++) {
        int8_t *codes = p->codes + (size_t)p->members[vector] * p->codec->code_dimension;
        size_t entry = vector;
        aecodec_find_neighbours_of(p, vector);
        const int8_t *repeated = repeated_codes(p, vector, place);
        if (place < AECODEC_PREDICTED_CHANNELS && !is_together(p)) {
            find_gradients(p);
        }
        for (size_t n = place; n < stop; n++, entry += p->count) {
            size_t channel = channel_at(p->codec, n);
            int32_t base;
            unsigned row = find_row(p, vector, n, is_together(p), repeated, &base);
            codes[channel] = decide(p, vector, channel, codes[channel], row, base);
            p->row[entry] = (uint8_t)row;
            p->base[entry] = (int16_t)base;
            p->column[entry] = aecodec_column_of(p->codec, row, codes[channel], base);
        }
    }
}
