/* SPDX-License-Identifier: Apache-2.0 */
#include "aecodec_context.h"

#ifdef AECODEC_LIBRARY

enum {
    TOGETHER = 96, /* vectors that are worked on together, so that they stay near */
    MAX_ACTIVATION = 127,
    MAX_GRADIENT = 511,
    CENTRE = 0, /* of by_channel */
    MOST,
    FACTOR
};

static size_t rounded_up(size_t count)
{
    return aecodec_round_up(count, AECODEC_BLOCK);
}

static size_t predicted_channels(const aecodec_codec *codec)
{
    return aecodec_least(codec->code_dimension, AECODEC_PREDICTED_CHANNELS);
}

/* ---- working memory ---- */

/* Numbers in each array: first those of 32 bits, then those of 16. */
typedef struct {
    size_t spatial_sums, moved, outputs, sums;
    size_t inputs, activity, gradients, hidden, weights, by_channel;
} sizes;

static sizes sizes_of(const aecodec_codec *codec, size_t count)
{
    const size_t channels = rounded_up(codec->code_dimension), units = rounded_up(codec->context->units);
    const size_t predicted = rounded_up(predicted_channels(codec)),
                 step = rounded_up((size_t)2 * codec->max_slice);
    const size_t gradients = AECODEC_GRADIENTS * predicted_channels(codec);
    const int is_spatial = codec->context->spatial != NULL;
    sizes s = {0};
    s.outputs = count * step;
    s.sums = aecodec_least(count, TOGETHER) * units;
    s.inputs = count * channels;
    s.hidden = count * units;
    s.weights = units * (channels > step ? channels : step);
    if (is_spatial) {
        s.spatial_sums = count * units;
        s.moved = count * predicted;
        s.activity = s.inputs;
        s.gradients = count * gradients;
        s.weights = s.weights > predicted * gradients ? s.weights : predicted * gradients;
        s.by_channel = channels;
    }
    return s;
}

size_t aecodec_context_work_size(const aecodec_codec *codec, size_t count)
{
    const sizes s = sizes_of(codec, count);
    const size_t words = s.spatial_sums + s.moved + s.outputs + s.sums;
    const size_t halves = s.inputs + s.activity + s.gradients + s.hidden + s.weights + 3 * s.by_channel;
    return aecodec_round_up(4 * words + 2 * halves, 16);
}

void aecodec_context_open(aecodec_context_pass *pass, const aecodec_codec *codec, size_t count, void *work)
{
    const sizes s = sizes_of(codec, count);
    memset(pass, 0, sizeof *pass);
    pass->codec = codec;
    pass->kernels = aecodec_best_kernels();
    pass->step = rounded_up((size_t)2 * codec->max_slice);
    pass->spatial_sums = work;
    pass->moved = pass->spatial_sums + s.spatial_sums;
    pass->outputs = pass->moved + s.moved;
    pass->sums = pass->outputs + s.outputs;
    pass->inputs = (int16_t *)(void *)(pass->sums + s.sums);
    pass->activity = pass->inputs + s.inputs;
    pass->gradients = pass->activity + s.activity;
    pass->hidden = pass->gradients + s.gradients;
    pass->weights = pass->hidden + s.hidden;
    pass->by_channel[CENTRE] = pass->weights + s.weights;
    pass->by_channel[MOST] = pass->by_channel[CENTRE] + s.by_channel;
    pass->by_channel[FACTOR] = pass->by_channel[MOST] + s.by_channel;
}

/* ---- matrices ---- */

static void clear_matrix(const aecodec_context_pass *pass, size_t outputs, size_t length)
{
    memset(pass->weights, 0, rounded_up(outputs) * length * sizeof *pass->weights);
}

/* Fill in the row of an output. order: where its inputs stand; NULL if they stand in order. */
static void fill_row(const aecodec_context_pass *pass, size_t output, size_t length, const int8_t *row,
                     size_t inputs, const uint16_t *order)
{
    int16_t *to = pass->weights + aecodec_place_in_matrix(output, 0, length);
    for (size_t n = 0; n < inputs; n++) {
        to[aecodec_place_in_matrix(0, order ? order[n] : n, length)] = row[n];
    }
}

static void fill_column(const aecodec_context_pass *pass, size_t input, size_t length, const int8_t *column,
                        size_t outputs)
{
    for (size_t from = 0; from < outputs; from += AECODEC_BLOCK, column += AECODEC_BLOCK) {
        int16_t *to = pass->weights + aecodec_place_in_matrix(from, input, length);
        for (size_t n = 0; n < aecodec_least(outputs - from, AECODEC_BLOCK); n++) {
            to[2 * n] = column[n];
        }
    }
}

/* Multiply the inputs of some vectors, rows `step` apart, by the matrix. */
static void multiply(const aecodec_context_pass *pass, const int16_t *inputs, size_t step, size_t vectors,
                     size_t length, size_t outputs, int32_t *sums, size_t sums_step)
{
    for (size_t from = 0; from < outputs; from += AECODEC_BLOCK) {
        pass->kernels->multiply(inputs, step, vectors, pass->weights + from * length, length, sums + from,
                                sums_step);
    }
}

static void multiply_all(const aecodec_context_pass *pass, const int16_t *inputs, size_t step, size_t length,
                         size_t outputs, int32_t *sums, size_t sums_step)
{
    for (size_t from = 0; from < pass->count; from += TOGETHER) {
        multiply(pass, inputs + from * step, step, aecodec_least(pass->count - from, TOGETHER), length,
                 outputs, sums + from * sums_step, sums_step);
    }
}

/* ---- spatial context ---- */

static void sort_by_channel(const aecodec_context_pass *pass)
{
    const aecodec_context_network *context = pass->codec->context;
    for (size_t place = 0; place < pass->codec->code_dimension; place++) {
        const size_t channel = context->order[place];
        pass->by_channel[CENTRE][channel] = context->spatial->centre[place];
        const unsigned shift = context->input_shift[place] & ~(unsigned)AECODEC_BY_DIFFERENCE;
        pass->by_channel[MOST][channel] = (int16_t)(512 >> shift);
        pass->by_channel[FACTOR][channel] = (int16_t)(1 << shift);
    }
}

void aecodec_context_begin(aecodec_context_pass *pass, uint32_t count, int kind, const uint16_t *priors)
{
    const size_t channels = rounded_up(pass->codec->code_dimension);
    pass->count = count;
    pass->kind = kind;
    pass->priors = priors;
    pass->units = 0;
    pass->next = pass->codec->context->weights;
    memset(pass->inputs, 0, count * channels * sizeof *pass->inputs);
    memset(pass->hidden, 0, count * rounded_up(pass->codec->context->units) * sizeof *pass->hidden);
    if (kind >= 0) {
        memset(pass->activity, 0, count * channels * sizeof *pass->activity);
        sort_by_channel(pass);
    }
}

AECODEC_INLINE int16_t distance(int code, int centre)
{
    return (int16_t)(code < centre ? centre - code : code - centre);
}

/* The activity of a channel, from a sum of distances. */
AECODEC_INLINE int16_t activity_of(int16_t sum, int16_t most, int16_t factor)
{
    sum = sum < most ? sum : most;
    sum = (int16_t)((int16_t)(sum * factor) >> 2);
    return sum < MAX_ACTIVATION ? sum : MAX_ACTIVATION;
}

AECODEC_WIDE(find_activity, (const aecodec_context_pass *pass, const int8_t *neighbours[4],
                             int16_t *restrict activity),
             (pass, neighbours, activity))
{
    const int8_t *a = neighbours[0], *b = neighbours[1], *c = neighbours[2], *d = neighbours[3];
    const int16_t *centre = pass->by_channel[CENTRE], *most = pass->by_channel[MOST];
    const int16_t *factor = pass->by_channel[FACTOR];
    const size_t channels = pass->codec->code_dimension;
    for (size_t n = 0; n < channels; n++) {
        int16_t sum = (int16_t)(distance(a[n], centre[n]) + distance(b[n], centre[n]));
        sum = (int16_t)(sum + distance(c[n], centre[n]) + distance(d[n], centre[n]));
        activity[n] = activity_of(sum, most[n], factor[n]);
    }
}

AECODEC_INLINE int16_t gradient(int16_t sum, int16_t most, int16_t factor)
{
    sum = sum < most ? sum : most;
    sum = (int16_t)(sum > -most ? sum : -most);
    sum = (int16_t)(sum * factor);
    sum = sum < MAX_GRADIENT ? sum : MAX_GRADIENT;
    return sum > -MAX_GRADIENT ? sum : -MAX_GRADIENT;
}

/* The sums of both pairs, then their differences, which are also the activity of some channels. */
static void find_gradients(const aecodec_context_pass *pass, const int8_t *neighbours[4], int16_t *gradients,
                           int16_t *activity)
{
    const aecodec_context_network *context = pass->codec->context;
    const size_t predicted = predicted_channels(pass->codec);
    for (size_t n = 0; n < predicted; n++, gradients++) {
        const size_t channel = context->order[n];
        int16_t differences = 0;
        const int centre = pass->by_channel[CENTRE][channel];
        const int16_t most = pass->by_channel[MOST][channel], factor = pass->by_channel[FACTOR][channel];
        for (int pair = 0; pair < 2; pair++) {
            const int first = neighbours[2 * pair][channel] - centre,
                      second = neighbours[2 * pair + 1][channel] - centre;
            gradients[(size_t)pair * predicted] = gradient((int16_t)(first + second), most, factor);
            gradients[(size_t)(2 + pair) * predicted] = gradient((int16_t)(first - second), most, factor);
            differences = (int16_t)(differences + distance(first, second));
        }
        if (context->input_shift[n] & AECODEC_BY_DIFFERENCE) {
            activity[channel] = activity_of(differences, most, factor);
        }
    }
}

void aecodec_context_add_neighbours(aecodec_context_pass *pass, uint32_t vector, const int8_t *neighbours[4])
{
    const size_t channels = rounded_up(pass->codec->code_dimension);
    find_activity(pass, neighbours, pass->activity + vector * channels);
    find_gradients(pass, neighbours,
                   pass->gradients + vector * AECODEC_GRADIENTS * predicted_channels(pass->codec),
                   pass->activity + vector * channels);
}

static void sum_activities(const aecodec_context_pass *pass)
{
    const aecodec_context_network *context = pass->codec->context;
    const size_t dimension = pass->codec->code_dimension, channels = rounded_up(dimension),
                 units = context->units;
    const int8_t *weights = context->spatial->weights + (size_t)pass->kind * units * dimension;
    clear_matrix(pass, units, channels);
    for (size_t unit = 0; unit < units; unit++, weights += dimension) {
        fill_row(pass, unit, channels, weights, dimension, context->order);
    }
    multiply_all(pass, pass->activity, channels, channels, units, pass->spatial_sums, rounded_up(units));
}

/* Shift sums to the right, each row's by the same numbers of bits, with rounding. */
AECODEC_WIDE(shift_sums, (int32_t *sums, size_t step, size_t rows, size_t columns, const uint8_t *shifts),
             (sums, step, rows, columns, shifts))
{
    for (size_t row = 0; row < rows; row++, sums += step) {
        for (size_t n = 0; n < columns; n++) {
            sums[n] = (sums[n] + ((1 << shifts[n]) >> 1)) >> shifts[n];
        }
    }
}

static void sum_gradients(const aecodec_context_pass *pass)
{
    const aecodec_spatial_weights *spatial = pass->codec->context->spatial;
    const size_t predicted = predicted_channels(pass->codec), length = AECODEC_GRADIENTS * predicted;
    const size_t step = rounded_up(predicted), first = (size_t)pass->kind * predicted;
    clear_matrix(pass, predicted, length);
    for (size_t n = 0; n < predicted; n++) {
        fill_row(pass, n, length, spatial->gradient_weights + (first + n) * length, length, NULL);
    }
    multiply_all(pass, pass->gradients, length, length, predicted, pass->moved, step);
    shift_sums(pass->moved, step, pass->count, predicted, spatial->gradient_shift + first);
}

void aecodec_context_sum_neighbours(aecodec_context_pass *pass)
{
    sum_activities(pass);
    sum_gradients(pass);
}

/* ---- units and outputs ---- */

/* Activations of `units` units of a vector from `first` on, of their sums. */
AECODEC_WIDE(activate, (const aecodec_context_pass *pass, uint32_t vector, size_t first, size_t units,
                        const int32_t *restrict sums, int16_t *restrict hidden),
             (pass, vector, first, units, sums, hidden))
{
    const aecodec_context_network *context = pass->codec->context;
    const int8_t *bias = context->bias + pass->priors[vector] * (size_t)context->units + first, *more = bias;
    const int32_t *around = sums;
    const uint8_t *shift = context->unit_shift + first;
    if (pass->kind >= 0) {
        around = pass->spatial_sums + vector * rounded_up(context->units) + first;
        more = context->spatial->bias + (size_t)pass->kind * context->units + first;
    }
    for (size_t n = 0; n < units; n++) {
        const int32_t sum = pass->kind >= 0 ? sums[n] + around[n] : sums[n];
        const int32_t unit = (sum >> shift[n]) + bias[n] + (pass->kind >= 0 ? more[n] : 0);
        hidden[n] = (int16_t)(unit < 0 ? 0 : unit > MAX_ACTIVATION ? MAX_ACTIVATION : unit);
    }
}

/* Compute the units that read just the places before this one. */
static void run_units(aecodec_context_pass *pass, size_t place)
{
    const aecodec_context_network *context = pass->codec->context;
    const size_t channels = rounded_up(pass->codec->code_dimension), first = pass->units;
    const size_t length = place + place % 2, all = rounded_up(context->units);
    size_t units = 0;
    while (first + units < context->units && context->degree[first + units] <= place) {
        units++;
    }
    size_t step = rounded_up(units);
    clear_matrix(pass, units, length);
    for (size_t n = 0; n < units; n++, pass->next += place) {
        fill_row(pass, n, length, pass->next, place, NULL);
    }
    for (size_t from = 0; from < pass->count; from += TOGETHER) {
        const size_t vectors = aecodec_least(pass->count - from, TOGETHER);
        multiply(pass, pass->inputs + from * channels, channels, vectors, length, units, pass->sums, step);
        for (size_t n = 0; n < vectors; n++) {
            activate(pass, (uint32_t)(from + n), first, units, pass->sums + n * step,
                     pass->hidden + (from + n) * all + first);
        }
    }
    pass->units += (uint32_t)units;
}

/* Add what gradients move to the outputs of the predicted channels of a slice. */
static void add_moved(const aecodec_context_pass *pass, size_t place, size_t stop)
{
    const size_t predicted = predicted_channels(pass->codec), step = rounded_up(predicted);
    for (uint32_t vector = 0; pass->kind >= 0 && vector < pass->count; vector++) {
        for (size_t n = place; n < aecodec_least(stop, predicted); n++) {
            pass->outputs[vector * pass->step + 2 * (n - place)] += pass->moved[vector * step + n];
        }
    }
}

void aecodec_context_run(aecodec_context_pass *pass, size_t place, size_t stop)
{
    const aecodec_context_network *context = pass->codec->context;
    const size_t dimension = pass->codec->code_dimension, outputs = 2 * (stop - place);
    const int8_t *weights = context->output_weights;
    run_units(pass, place);
    size_t length = pass->units + pass->units % 2;
    clear_matrix(pass, outputs, length);
    for (size_t unit = 0; unit < pass->units; unit++) {
        const size_t degree = context->degree[unit];
        fill_column(pass, unit, length, weights + 2 * (place - degree), outputs);
        weights += 2 * (dimension - degree);
    }
    multiply_all(pass, pass->hidden, rounded_up(context->units), length, outputs, pass->outputs, pass->step);
    shift_sums(pass->outputs, pass->step, pass->count, outputs, context->output_shift + 2 * place);
    add_moved(pass, place, stop);
}

#else
typedef int aecodec_no_context; /* C has no empty files */
#endif
