/* SPDX-License-Identifier: Apache-2.0 */
/* The networks that predict samples from their neighbours (FORMAT, section 8). */
#include <stdlib.h>

#include "aecodec_fitting.h"
#include "residuals.h"

enum {
    HEAD = 4,
    MOST_NETWORKS = 32,
    HIDDEN_SHIFT = 10,
    DIRECT_SHIFT = 2,
    UNIT_BITS = 7,
    OUTPUT_BITS = 19,
    MOST_UNIT = 6 << UNIT_BITS,
    MOST_INPUT = 127
};

/* ---- reading ---- */

static void read_numbers(const uint8_t **from, int32_t *to, size_t count)
{
    for (; count; count--, *from += 4) {
        *to++ = (int32_t)read_u32(*from);
    }
}

static void read_weights(const uint8_t **from, int16_t *to, size_t count)
{
    for (; count; count--, *from += 2) {
        *to++ = (int16_t)read_u16(*from);
    }
}

/* Read the weights of the hidden units to the layout of the kernels. */
static void read_hidden(const uint8_t **from, residual_network *network)
{
    const size_t length = (network->inputs + 1) / 2 * 2;
    int16_t row[RESIDUAL_INPUTS];
    size_t unit, n;
    for (unit = 0; unit < network->units; unit++) {
        read_weights(from, row, network->inputs);
        for (n = 0; n < network->inputs; n++) {
            network->hidden[aecodec_place_in_matrix(unit, n, length)] = row[n];
        }
    }
}

/* ---- checks ---- */

static int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

static int64_t sum_of_magnitudes(const int16_t *weights, size_t count)
{
    int64_t sum = 0;
    for (; count; count--) {
        sum += magnitude(*weights++);
    }
    return sum;
}

/* Whether no sum of a hidden unit exceeds 32 bits. */
static int hidden_fits(const residual_network *network)
{
    const size_t length = (network->inputs + 1) / 2 * 2;
    size_t unit, n;
    for (unit = 0; unit < network->units; unit++) {
        int64_t weights = 0;
        for (n = 0; n < length; n++) {
            weights += magnitude(network->hidden[aecodec_place_in_matrix(unit, n, length)]);
        }
        if (MOST_INPUT * weights + magnitude(network->bias[unit]) > INT32_MAX) {
            return 0;
        }
    }
    return 1;
}

static int outputs_fit(const residual_network *network)
{
    int64_t most[2];
    int n;
    for (n = 0; n < 2; n++) {
        most[n] = magnitude(network->output_bias[n]);
        most[n] += MOST_UNIT * sum_of_magnitudes(network->outputs[n], network->units);
    }
    most[0] += (MOST_INPUT << DIRECT_SHIFT) * sum_of_magnitudes(network->direct, network->inputs);
    return most[0] <= INT32_MAX && most[1] <= INT32_MAX;
}

static int shape_ascends(const int32_t *shape)
{
    size_t n;
    for (n = 1; n < RESIDUAL_SHAPE; n++) {
        if (shape[n] < shape[n - 1]) {
            return 0;
        }
    }
    return shape[0] >= 1 << 23 && shape[RESIDUAL_SHAPE - 1] <= 1 << 24;
}

/* ---- opening ---- */

/* Find where the distribution is at each mass, for decoders. */
static void invert_shape(residual_network *network)
{
    size_t part, n = 0;
    for (part = 0; part < sizeof network->places / sizeof *network->places; part++) {
        while (n < RESIDUAL_SHAPE - 2 && network->shape[n + 1] - (1 << 23) <= (int32_t)part * RESIDUAL_MASS) {
            n++;
        }
        network->places[part] = (int16_t)(32 * n + 16);
    }
}

uint32_t aecodec_residual_input_count(uint32_t band, int has_base)
{
    const uint32_t bands = band < RESIDUAL_MOST_BANDS ? band : RESIDUAL_MOST_BANDS;
    return 12 + (has_base ? 8 + bands : 0) + 6 * bands;
}

/* Read the network of a band. Returns whether it is sound. */
static int read_network(reader *r, uint32_t band, int has_base, residual_network *network)
{
    const uint8_t *sizes = take(r, 4), *at;
    size_t units, inputs, bytes;
    if (!sizes) {
        return 0;
    }
    units = network->units = read_u16(sizes);
    inputs = network->inputs = read_u16(sizes + 2);
    if (units < 1 || units > RESIDUAL_UNITS || inputs != aecodec_residual_input_count(band, has_base)) {
        return 0;
    }
    bytes = 4 * (RESIDUAL_SHAPE + units + 2) + 2 * (units * inputs + 2 * units + inputs);
    at = take(r, (bytes + 3) / 4 * 4);
    if (!at) {
        return 0;
    }
    read_numbers(&at, network->shape, RESIDUAL_SHAPE);
    read_numbers(&at, network->bias, units);
    read_numbers(&at, network->output_bias, 2);
    read_hidden(&at, network);
    read_weights(&at, network->outputs[0], units);
    read_weights(&at, network->outputs[1], units);
    read_weights(&at, network->direct, inputs);
    if (!hidden_fits(network) || !outputs_fit(network) || !shape_ascends(network->shape)) {
        return 0;
    }
    invert_shape(network);
    return 1;
}

aecodec_status aecodec_residual_networks_open(const uint8_t *content, size_t size, residual_networks **networks)
{
    reader r = {content, size, 0};
    const uint8_t *head = take(&r, HEAD);
    residual_networks *own;
    uint32_t band;
    *networks = NULL;
    if (!head || head[0] > 1 || head[1] < 1 || head[1] > MOST_NETWORKS || head[2] || head[3]) {
        return AECODEC_BAD_BUNDLE;
    }
    own = calloc(1, sizeof *own + head[1] * sizeof *own->networks);
    if (!own) {
        return AECODEC_NO_MEMORY;
    }
    own->has_base = head[0];
    own->count = head[1];
    own->kernels = aecodec_best_kernels();
    for (band = 0; band < own->count; band++) {
        if (!read_network(&r, band, own->has_base, &own->networks[band])) {
            break;
        }
    }
    if (band < own->count || r.left) {
        free(own);
        return AECODEC_BAD_BUNDLE;
    }
    *networks = own;
    return AECODEC_OK;
}

/* ---- predicting ---- */

static int32_t dot(const int16_t *a, const int16_t *b, size_t count)
{
    int32_t sum = 0;
    size_t n;
    for (n = 0; n < count; n++) {
        sum += a[n] * b[n];
    }
    return sum;
}

static void activate(const int32_t *restrict sums, const int32_t *restrict bias, int16_t *restrict units, size_t count)
{
    size_t n;
    for (n = 0; n < count; n++) {
        const int32_t unit = (sums[n] + bias[n]) >> HIDDEN_SHIFT;
        units[n] = (int16_t)(unit < 0 ? 0 : unit > MOST_UNIT ? MOST_UNIT : unit);
    }
}

/* The outputs of all samples from the sums of their hidden units. */
AECODEC_WIDE(find_outputs, (const residual_network *network, size_t count, residual_batch *b), (network, count, b))
{
    int16_t units[RESIDUAL_UNITS];
    size_t n;
    for (n = 0; n < b->count; n++) {
        const int exponent = b->exponent[n];
        int32_t mean, log_scale;
        activate(b->sums[n], network->bias, units, count);
        mean = dot(units, network->outputs[0], count) + network->output_bias[0] +
               dot(b->inputs[n], network->direct, RESIDUAL_ROOM) * (1 << DIRECT_SHIFT);
        log_scale = dot(units, network->outputs[1], count) + network->output_bias[1];
        b->mean[n] = b->reference[n] * (1 << RESIDUAL_MEAN_BITS) +
                     (((int64_t)(mean >> UNIT_BITS) * ((int64_t)1 << exponent)) >>
                      (OUTPUT_BITS - UNIT_BITS - RESIDUAL_MEAN_BITS));
        b->log_scale[n] = (log_scale >> (OUTPUT_BITS - RESIDUAL_SCALE_BITS)) + exponent * (1 << RESIDUAL_SCALE_BITS);
    }
}

const residual_network *aecodec_residual_network_of(const residual_networks *networks, uint32_t band)
{
    return &networks->networks[band < networks->count ? band : networks->count - 1];
}

void aecodec_residual_network_predict(const residual_networks *networks, const residual_network *network,
                                      residual_batch *b)
{
    const size_t length = (network->inputs + 1) / 2 * 2;
    const size_t units = (network->units + AECODEC_BLOCK - 1) / AECODEC_BLOCK * AECODEC_BLOCK;
    size_t from;
    for (from = 0; from < units; from += AECODEC_BLOCK) {
        networks->kernels->multiply(b->inputs[0], RESIDUAL_ROOM, b->count, network->hidden + from * length, length,
                                    b->sums[0] + from, RESIDUAL_UNITS);
    }
    find_outputs(network, units, b);
}
