/* SPDX-License-Identifier: Apache-2.0 */
/* The operators of a network plan: convolutions, and the table of all kinds. */
#include "aecodec_operator.h"

enum { PLAN_SIZE = 2 /* word of the head */ };

int aecodec_plan_holds(const uint32_t *plan, uint64_t offset, uint64_t size)
{
    return offset % 4 == 0 && offset <= plan[PLAN_SIZE] && size <= plan[PLAN_SIZE] - offset;
}

/* ---- convolutions ----
 *
 * 0: height, width of the kernel; 1: steps; 2: rows above, columns before; 3: weights; 4: scaling; 5: zero
 * of the input, zero of the output, least, most; 6, of a depthwise convolution: outputs per input; 7: 1 if
 * sums are rounded once, as those of a matrix product are. */

static uint32_t padded(uint32_t channels)
{
    return (channels + 3) / 4 * 4;
}

static aecodec_scaling scaling_of(const aecodec_call *call)
{
    const int32_t *table = at(call, call->parameters[4]);
    const uint32_t bytes = call->parameters[5], channels = padded(call->out.channels);
    const aecodec_scaling scaling = {
        .bias = table, .multiplier = table + channels, .shift = table + (size_t)2 * channels,
        .zero = byte_of(bytes, 1), .least = byte_of(bytes, 2), .most = byte_of(bytes, 3),
        .is_rounded_once = call->parameters[7] & 1,
    };
    return scaling;
}

static aecodec_convolution convolution_of(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    const aecodec_convolution c = {
        .pictures = call->pictures, .in = call->in[0], .out = call->out,
        .input = call->from[0], .output = call->to, .scratch = call->scratch,
        .height = low(word[0]), .width = high(word[0]), .down = low(word[1]), .across = high(word[1]),
        .top = low(word[2]), .left = high(word[2]),
        .zero = byte_of(word[5], 0), .weights = at(call, word[3]), .scaling = scaling_of(call),
    };
    return c;
}

static int scaling_is_sound(const aecodec_call *call)
{
    const uint32_t channels = padded(call->out.channels);
    if (!aecodec_plan_holds(call->plan, call->parameters[4], (uint64_t)channels * 3 * sizeof(int32_t))) {
        return 0;
    }
    aecodec_scaling scaling = scaling_of(call);
    for (uint32_t n = 0; n < channels; n++) {
        if (!is_scale(scaling.multiplier[n], scaling.shift[n])) {
            return 0;
        }
    }
    return scaling.least <= scaling.most;
}

/* Whether the last group of each row of the kernel has no weights beyond the row, where inputs of other
 * places lie. */
static int rows_end_in_zeros(const aecodec_call *call)
{
    const uint32_t height = low(call->parameters[0]),
                   length = high(call->parameters[0]) * call->in[0].channels;
    const uint32_t channels = padded(call->out.channels), groups = (length + 3) / 4;
    const int8_t *weights = at(call, call->parameters[3]);
    for (uint32_t from = 0; from < channels && length % 4; from += AECODEC_BLOCK) {
        const uint32_t lanes = channels - from < AECODEC_BLOCK ? channels - from : AECODEC_BLOCK;
        for (uint32_t row = 0; row < height; row++) {
            weights += (size_t)groups * lanes * AECODEC_GROUP;
            for (uint32_t n = 0; n < lanes * AECODEC_GROUP; n++) {
                if (n % AECODEC_GROUP >= length % 4 && *(weights - lanes * AECODEC_GROUP + n)) {
                    return 0;
                }
            }
        }
    }
    return 1;
}

static int convolution_is_sound(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    const uint64_t groups = ((uint64_t)high(word[0]) * call->in[0].channels + 3) / 4;
    return are_steps(word[0]) && are_steps(word[1]) && scaling_is_sound(call) &&
           aecodec_plan_holds(call->plan, word[3], groups * 4 * low(word[0]) * padded(call->out.channels)) &&
           rows_end_in_zeros(call);
}

static int depthwise_is_sound(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    return are_steps(word[0]) && are_steps(word[1]) && word[6] <= MAX_STEP &&
           (uint64_t)call->in[0].channels * word[6] == call->out.channels && scaling_is_sound(call) &&
           aecodec_plan_holds(call->plan, word[3],
                              (uint64_t)low(word[0]) * high(word[0]) * call->out.channels);
}

static void convolve(const aecodec_call *call)
{
    aecodec_convolution c = convolution_of(call);
    aecodec_convolve(call->kernels, &c);
}

static int8_t depthwise_output(const aecodec_convolution *c, uint32_t row, uint32_t column, uint32_t channel,
                               uint32_t input)
{
    const size_t in_row = (size_t)c->in.columns * c->in.channels;
    int64_t top, left;
    uint32_t y_to, x_from, x_to, y_from, sum = (uint32_t)c->scaling.bias[channel];
    seen(row, c->down, c->top, c->height, c->in.rows, &top, &y_from, &y_to);
    seen(column, c->across, c->left, c->width, c->in.columns, &left, &x_from, &x_to);
    for (uint32_t y = y_from; y < y_to; y++) {
        const int8_t *from = c->input + (size_t)(top + y) * in_row + input;
        const int8_t *weights = c->weights + (size_t)y * c->width * c->out.channels + channel;
        for (uint32_t x = x_from; x < x_to; x++) {
            sum += (uint32_t)((from[(size_t)(left + x) * c->in.channels] - c->zero) *
                              weights[(size_t)x * c->out.channels]);
        }
    }
    return aecodec_output(&c->scaling, (int32_t)sum, channel);
}

static void convolve_depthwise(const aecodec_call *call)
{
    const aecodec_convolution c = convolution_of(call);
    const uint32_t per_input = call->parameters[6];
    int8_t *to = call->to;
    for (uint32_t row = 0; row < call->out.rows; row++) {
        for (uint32_t column = 0; column < call->out.columns; column++) {
            for (uint32_t channel = 0; channel < call->out.channels; channel++) {
                *to++ = depthwise_output(&c, row, column, channel, channel / per_input);
            }
        }
    }
}

/* ---- all operators ---- */

static const aecodec_operator convolution = {.inputs = 1, .is_sound = convolution_is_sound, .run = convolve};
static const aecodec_operator depthwise = {
    .inputs = 1, .is_sound = depthwise_is_sound, .run = convolve_depthwise};

static const aecodec_operator *const kinds[AECODEC_KINDS] = {
    [AECODEC_CONVOLUTION] = &convolution,
    [AECODEC_DEPTHWISE] = &depthwise,
    [AECODEC_SUM] = &aecodec_operator_pairs,
    [AECODEC_PRODUCT] = &aecodec_operator_pairs,
    [AECODEC_MAXIMUM] = &aecodec_operator_pairs,
    [AECODEC_MINIMUM] = &aecodec_operator_pairs,
    [AECODEC_TABLE] = &aecodec_operator_table,
    [AECODEC_DEPTH_TO_SPACE] = &aecodec_operator_blocks,
    [AECODEC_SPACE_TO_DEPTH] = &aecodec_operator_blocks,
    [AECODEC_CONCATENATION] = &aecodec_operator_concatenation,
    [AECODEC_COPY] = &aecodec_operator_copy,
    [AECODEC_WINDOW] = &aecodec_operator_window,
    [AECODEC_MAXIMUM_POOL] = &aecodec_operator_pool,
    [AECODEC_MEAN_POOL] = &aecodec_operator_pool,
    [AECODEC_REDUCTION] = &aecodec_operator_reduction,
    [AECODEC_NEAREST] = &aecodec_operator_nearest,
    [AECODEC_BILINEAR] = &aecodec_operator_bilinear,
    [AECODEC_MOVE] = &aecodec_operator_move,
    [AECODEC_SQUARED_DIFFERENCE] = &aecodec_operator_pairs,
    [AECODEC_PRELU] = &aecodec_operator_pairs,
    [AECODEC_MIRROR] = &aecodec_operator_mirror,
    [AECODEC_SOFTMAX] = &aecodec_operator_softmax,
    [AECODEC_MATRICES] = &aecodec_operator_matrices,
    [AECODEC_LOOKUP] = &aecodec_operator_lookup,
    [AECODEC_SEARCH] = &aecodec_operator_search,
};

int aecodec_works_in_place(uint32_t kind)
{
    return kind < AECODEC_KINDS && kinds[kind] && kinds[kind]->works_in_place;
}

int aecodec_parameters_are_sound(const aecodec_call *call)
{
    const aecodec_operator *kind = call->kind < AECODEC_KINDS ? kinds[call->kind] : NULL;
    return kind && (kind->inputs ? call->count == kind->inputs : call->count >= 1) &&
           (!kind->is_sound || kind->is_sound(call));
}

int aecodec_shapes_fit(const aecodec_call *call)
{
    return !kinds[call->kind]->fits || kinds[call->kind]->fits(call);
}

uint64_t aecodec_scratch_size(const aecodec_kernels *kernels, const aecodec_call *call)
{
    if (call->kind != AECODEC_CONVOLUTION) {
        return 0;
    }
    aecodec_convolution c = convolution_of(call);
    return aecodec_convolution_scratch(kernels, &c);
}

/* Convolutions take all pictures at once, as their weights have to be transformed; other operators take
 * one by one. */
void aecodec_run_operator(const aecodec_kernels *kernels, const aecodec_call *call)
{
    aecodec_call picture = *call;
    picture.kernels = kernels;
    if (call->kind == AECODEC_CONVOLUTION) {
        kinds[call->kind]->run(&picture);
        return;
    }
    picture.pictures = 1;
    for (uint32_t n = 0; n < call->pictures; n++) {
        kinds[call->kind]->run(&picture);
        for (uint32_t input = 0; input < call->count; input++) {
            picture.from[input] += call->is_constant[input] ? 0 : aecodec_count(&call->in[input]);
        }
        picture.to += aecodec_count(&call->out);
    }
}
