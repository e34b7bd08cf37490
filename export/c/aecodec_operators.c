/* SPDX-License-Identifier: Apache-2.0 */
/* The operators of a network plan: what is checked of each, and how it runs. */
#include "aecodec_operators.h"

#include <string.h>

enum {
    PLAN_SIZE = 2, /* word of the head */
    MAX_STEP = 1 << 12
};

/* ---- parameters ---- */

static uint32_t low(uint32_t word)
{
    return word & 0xffff;
}

static uint32_t high(uint32_t word)
{
    return word >> 16;
}

/* One of the four signed bytes of a word. */
static int8_t byte_of(uint32_t word, unsigned number)
{
    return (int8_t)(word >> 8 * number & 0xff);
}

static const void *at(const aecodec_call *call, uint32_t offset)
{
    return (const uint8_t *)call->plan + offset;
}

static int are_steps(uint32_t word)
{
    return low(word) >= 1 && low(word) <= MAX_STEP && high(word) >= 1 && high(word) <= MAX_STEP;
}

static int is_scale(int32_t multiplier, int32_t shift)
{
    return multiplier >= -INT32_MAX && shift >= -31 && shift <= 30;
}

int aecodec_plan_holds(const uint32_t *plan, uint64_t offset, uint64_t size)
{
    return offset % 4 == 0 && offset <= plan[PLAN_SIZE] && size <= plan[PLAN_SIZE] - offset;
}

int aecodec_works_in_place(uint32_t kind)
{
    return kind == AECODEC_SUM || kind == AECODEC_PRODUCT || kind == AECODEC_MAXIMUM || kind == AECODEC_MINIMUM ||
           kind == AECODEC_TABLE || kind == AECODEC_COPY;
}

/* ---- convolutions ----
 *
 * 0: height, width of the kernel; 1: steps; 2: rows above, columns before; 3: weights; 4: scaling; 5: zero of the
 * input, zero of the output, least, most; of a depthwise convolution, 6: outputs per input. */

static uint32_t padded(uint32_t channels)
{
    return (channels + 3) / 4 * 4;
}

static aecodec_scaling scaling_of(const aecodec_call *call)
{
    const int32_t *table = at(call, call->parameters[4]);
    const uint32_t bytes = call->parameters[5], channels = padded(call->out.channels);
    const aecodec_scaling scaling = {table,
                                     table + channels,
                                     table + (size_t)2 * channels,
                                     table + (size_t)3 * channels,
                                     byte_of(bytes, 1),
                                     byte_of(bytes, 2),
                                     byte_of(bytes, 3)};
    return scaling;
}

static aecodec_convolution convolution_of(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    const aecodec_convolution convolution = {
        call->in[0],  call->out,    call->from[0], call->to,     low(word[0]),          high(word[0]),    low(word[1]),
        high(word[1]), low(word[2]), high(word[2]), byte_of(word[5], 0), at(call, word[3]), scaling_of(call), call->scratch};
    return convolution;
}

static int scaling_is_sound(const aecodec_call *call)
{
    const uint32_t channels = padded(call->out.channels);
    aecodec_scaling scaling;
    uint32_t n;
    if (!aecodec_plan_holds(call->plan, call->parameters[4], (uint64_t)channels * 4 * sizeof(int32_t))) {
        return 0;
    }
    scaling = scaling_of(call);
    for (n = 0; n < channels; n++) {
        if (!is_scale(scaling.multiplier[n], scaling.shift[n])) {
            return 0;
        }
    }
    return scaling.least <= scaling.most;
}

static int convolution_is_sound(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    const uint64_t groups = ((uint64_t)high(word[0]) * call->in[0].channels + 3) / 4;
    return call->count == 1 && are_steps(word[0]) && are_steps(word[1]) && scaling_is_sound(call) &&
           aecodec_plan_holds(call->plan, word[3], groups * 4 * low(word[0]) * padded(call->out.channels));
}

static int depthwise_is_sound(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    return call->count == 1 && are_steps(word[0]) && are_steps(word[1]) && word[6] <= MAX_STEP &&
           (uint64_t)call->in[0].channels * word[6] == call->out.channels && scaling_is_sound(call) &&
           aecodec_plan_holds(call->plan, word[3], (uint64_t)low(word[0]) * high(word[0]) * call->out.channels);
}

static void convolve(const aecodec_kernels *kernels, const aecodec_call *call)
{
    const aecodec_convolution convolution = convolution_of(call);
    aecodec_convolve(kernels, &convolution);
}

/* The rows or columns of a kernel that lie within the input, for one output. */
static void seen(uint32_t place, uint32_t step, uint32_t before, uint32_t size, uint32_t side, int64_t *start,
                 uint32_t *from, uint32_t *to)
{
    *start = (int64_t)place * step - before;
    *from = *start < 0 ? (uint32_t)(-*start < size ? -*start : size) : 0;
    *to = *start + size > side ? (uint32_t)(side > *start ? side - *start : 0) : size;
}

/* One output of a depthwise convolution. */
static int8_t depthwise_output(const aecodec_convolution *c, uint32_t row, uint32_t column, uint32_t channel,
                               uint32_t input)
{
    const size_t in_row = (size_t)c->in.columns * c->in.channels;
    int64_t top, left;
    uint32_t y, x, y_to, x_from, x_to, y_from, sum = (uint32_t)c->scaling.bias[channel];
    int32_t scaled;
    seen(row, c->down, c->top, c->height, c->in.rows, &top, &y_from, &y_to);
    seen(column, c->across, c->left, c->width, c->in.columns, &left, &x_from, &x_to);
    for (y = y_from; y < y_to; y++) {
        const int8_t *from = c->input + (size_t)(top + y) * in_row + input;
        const int8_t *weights = c->weights + (size_t)y * c->width * c->out.channels + channel;
        for (x = x_from; x < x_to; x++) {
            sum += (uint32_t)((from[(size_t)(left + x) * c->in.channels] - c->zero) *
                              weights[(size_t)x * c->out.channels]);
        }
    }
    scaled = aecodec_scale((int32_t)sum, c->scaling.multiplier[channel], c->scaling.shift[channel]);
    return aecodec_limit((int32_t)((uint32_t)scaled + (uint32_t)c->scaling.zero), c->scaling.least, c->scaling.most);
}

static void convolve_depthwise(const aecodec_kernels *kernels, const aecodec_call *call)
{
    const aecodec_convolution convolution = convolution_of(call);
    const uint32_t per_input = call->parameters[6];
    int8_t *to = call->to;
    uint32_t row, column, channel;
    (void)kernels;
    for (row = 0; row < call->out.rows; row++) {
        for (column = 0; column < call->out.columns; column++) {
            for (channel = 0; channel < call->out.channels; channel++) {
                *to++ = depthwise_output(&convolution, row, column, channel, channel / per_input);
            }
        }
    }
}

/* ---- two tensors, element by element ----
 *
 * 0: zeros of both inputs and of the output; 1: least, most; then multiplier and shift of 2: the first input,
 * 4: the second, 6: the result. */

static aecodec_sum sum_of(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    const aecodec_sum sum = {
        byte_of(word[0], 0), byte_of(word[0], 1), (int32_t)word[2], (int32_t)word[3],    (int32_t)word[4],    (int32_t)word[5],
        (int32_t)word[6],    (int32_t)word[7],    byte_of(word[0], 2), byte_of(word[1], 0), byte_of(word[1], 1)};
    return sum;
}

static int pair_is_sound(const aecodec_call *call)
{
    const aecodec_sum sum = sum_of(call);
    return call->count == 2 && is_scale(sum.one_multiplier, sum.one_shift) &&
           is_scale(sum.other_multiplier, sum.other_shift) && is_scale(sum.multiplier, sum.shift) &&
           sum.least <= sum.most;
}

static int is_side_of(uint32_t side, uint32_t whole)
{
    return side == 1 || side == whole;
}

/* Whether a shape is stretched to another along sides of 1. */
static int is_stretched(const aecodec_shape *shape, const aecodec_shape *to)
{
    return is_side_of(shape->rows, to->rows) && is_side_of(shape->columns, to->columns) &&
           is_side_of(shape->channels, to->channels);
}

static int is_same(const aecodec_shape *a, const aecodec_shape *b)
{
    return a->rows == b->rows && a->columns == b->columns && a->channels == b->channels;
}

static size_t count_of(const aecodec_shape *shape)
{
    return (size_t)shape->rows * shape->columns * shape->channels;
}

/* An operator that writes where it reads has to read what it writes. */
static int pair_fits(const aecodec_call *call)
{
    uint32_t n;
    for (n = 0; n < 2; n++) {
        if (!is_stretched(&call->in[n], &call->out) ||
            (call->is_in_place && !is_same(&call->in[n], &call->out))) {
            return 0;
        }
    }
    return 1;
}

static int8_t product(const aecodec_sum *sum, int8_t one, int8_t other)
{
    const int32_t whole = (one - sum->one_zero) * (other - sum->other_zero);
    const int32_t scaled = aecodec_scale(whole, sum->multiplier, sum->shift);
    return aecodec_limit((int32_t)((uint32_t)scaled + (uint32_t)sum->zero), sum->least, sum->most);
}

/* A run of elements, of which an operand that is stretched has one: its step is 0. */
static void run_of_pairs(const aecodec_kernels *kernels, const aecodec_call *call, const aecodec_sum *sum,
                         const int8_t *one, size_t one_step, const int8_t *other, size_t other_step, int8_t *to,
                         size_t count)
{
    size_t n;
    if (call->kind == AECODEC_SUM && one_step && other_step) {
        kernels->add(sum, one, other, to, count);
        return;
    }
    for (n = 0; n < count; n++, one += one_step, other += other_step) {
        if (call->kind == AECODEC_SUM) {
            kernels->add(sum, one, other, to + n, 1);
        } else if (call->kind == AECODEC_PRODUCT) {
            to[n] = product(sum, *one, *other);
        } else {
            to[n] = (*one < *other) == (call->kind == AECODEC_MAXIMUM) ? *other : *one;
        }
    }
}

/* Where a row of pixels' channels begins in a shape that may be stretched. */
static size_t start_of(const aecodec_shape *shape, uint32_t row, uint32_t column)
{
    return ((size_t)(shape->rows == 1 ? 0 : row) * shape->columns + (shape->columns == 1 ? 0 : column)) *
           shape->channels;
}

static void run_pairs(const aecodec_kernels *kernels, const aecodec_call *call)
{
    const aecodec_sum sum = sum_of(call);
    const aecodec_shape *one = &call->in[0], *other = &call->in[1];
    uint32_t row, column;
    if (is_same(one, other)) {
        run_of_pairs(kernels, call, &sum, call->from[0], 1, call->from[1], 1, call->to, count_of(&call->out));
        return;
    }
    for (row = 0; row < call->out.rows; row++) {
        for (column = 0; column < call->out.columns; column++) {
            run_of_pairs(kernels, call, &sum, call->from[0] + start_of(one, row, column), one->channels > 1,
                         call->from[1] + start_of(other, row, column), other->channels > 1,
                         call->to + start_of(&call->out, row, column), call->out.channels);
        }
    }
}

/* ---- one tensor, element by element. 0: a table of 256 results, from that of -128 on ---- */

static int table_is_sound(const aecodec_call *call)
{
    return call->count == 1 && aecodec_plan_holds(call->plan, call->parameters[0], 256);
}

static int same_shapes(const aecodec_call *call)
{
    return is_same(&call->in[0], &call->out);
}

static void look_up(const aecodec_kernels *kernels, const aecodec_call *call)
{
    const int8_t *table = at(call, call->parameters[0]);
    const size_t count = count_of(&call->out);
    size_t n;
    (void)kernels;
    for (n = 0; n < count; n++) {
        call->to[n] = table[call->from[0][n] + 128];
    }
}

/* ---- elements elsewhere ---- */

static int has_one_input(const aecodec_call *call)
{
    return call->count == 1;
}

static int same_counts(const aecodec_call *call)
{
    return count_of(&call->in[0]) == count_of(&call->out);
}

static void copy(const aecodec_kernels *kernels, const aecodec_call *call)
{
    (void)kernels;
    memmove(call->to, call->from[0], count_of(&call->out));
}

/* 0: side of a block. `flat` has a block's pixels as channels of one pixel, `wide` as pixels. */
static int block_is_sound(const aecodec_call *call)
{
    return call->count == 1 && call->parameters[0] >= 1 && call->parameters[0] <= MAX_STEP;
}

static int are_blocks(const aecodec_shape *flat, const aecodec_shape *wide, uint32_t side)
{
    return wide->rows == (uint64_t)flat->rows * side && wide->columns == (uint64_t)flat->columns * side &&
           flat->channels == (uint64_t)wide->channels * side * side;
}

static int depth_to_space_fits(const aecodec_call *call)
{
    return are_blocks(&call->in[0], &call->out, call->parameters[0]);
}

static int space_to_depth_fits(const aecodec_call *call)
{
    return are_blocks(&call->out, &call->in[0], call->parameters[0]);
}

/* Move a row of a block for each pixel of a row of the flat tensor. */
static void depth_to_space(const aecodec_kernels *kernels, const aecodec_call *call)
{
    const uint32_t side = call->parameters[0];
    const size_t run = (size_t)side * call->out.channels, pixel = call->in[0].channels;
    int8_t *to = call->to;
    uint32_t row, column;
    (void)kernels;
    for (row = 0; row < call->out.rows; row++) {
        const int8_t *from = call->from[0] + (size_t)(row / side) * call->in[0].columns * pixel + row % side * run;
        for (column = 0; column < call->in[0].columns; column++, from += pixel, to += run) {
            memcpy(to, from, run);
        }
    }
}

static void space_to_depth(const aecodec_kernels *kernels, const aecodec_call *call)
{
    const uint32_t side = call->parameters[0];
    const size_t run = (size_t)side * call->in[0].channels, pixel = call->out.channels;
    const int8_t *from = call->from[0];
    uint32_t row, column;
    (void)kernels;
    for (row = 0; row < call->in[0].rows; row++) {
        int8_t *to = call->to + (size_t)(row / side) * call->out.columns * pixel + row % side * run;
        for (column = 0; column < call->out.columns; column++, from += run, to += pixel) {
            memcpy(to, from, run);
        }
    }
}

/* 0: the axis along which inputs are joined: 0 rows, 1 columns, 2 channels. */
static int concatenation_is_sound(const aecodec_call *call)
{
    return call->count >= 1 && call->parameters[0] <= 2;
}

static uint32_t side_along(const aecodec_shape *shape, uint32_t axis)
{
    return axis == 0 ? shape->rows : axis == 1 ? shape->columns : shape->channels;
}

static int concatenation_fits(const aecodec_call *call)
{
    uint64_t whole = 0;
    uint32_t n, axis;
    for (n = 0; n < call->count; n++) {
        for (axis = 0; axis < 3; axis++) {
            if (axis != call->parameters[0] &&
                side_along(&call->in[n], axis) != side_along(&call->out, axis)) {
                return 0;
            }
        }
        whole += side_along(&call->in[n], call->parameters[0]);
    }
    return whole == side_along(&call->out, call->parameters[0]);
}

/* Elements that lie together in the axes from this one on. */
static size_t run_from(const aecodec_shape *shape, uint32_t axis)
{
    return axis == 0 ? count_of(shape) : axis == 1 ? (size_t)shape->columns * shape->channels : shape->channels;
}

static void concatenate(const aecodec_kernels *kernels, const aecodec_call *call)
{
    const uint32_t axis = call->parameters[0];
    const size_t whole = run_from(&call->out, axis), times = count_of(&call->out) / whole;
    int8_t *start = call->to;
    uint32_t n;
    (void)kernels;
    for (n = 0; n < call->count; n++) {
        const size_t run = run_from(&call->in[n], axis);
        size_t time;
        for (time = 0; time < times; time++) {
            memcpy(start + time * whole, call->from[n] + time * run, run);
        }
        start += run;
    }
}

/* ---- all operators ---- */

typedef struct {
    int (*is_sound)(const aecodec_call *call);
    int (*fits)(const aecodec_call *call);
    void (*run)(const aecodec_kernels *kernels, const aecodec_call *call);
} operator_kind;

static int any_shapes(const aecodec_call *call)
{
    (void)call;
    return 1;
}

static const operator_kind kinds[AECODEC_KINDS] = {
    [AECODEC_CONVOLUTION] = {convolution_is_sound, any_shapes, convolve},
    [AECODEC_DEPTHWISE] = {depthwise_is_sound, any_shapes, convolve_depthwise},
    [AECODEC_SUM] = {pair_is_sound, pair_fits, run_pairs},
    [AECODEC_PRODUCT] = {pair_is_sound, pair_fits, run_pairs},
    [AECODEC_MAXIMUM] = {pair_is_sound, pair_fits, run_pairs},
    [AECODEC_MINIMUM] = {pair_is_sound, pair_fits, run_pairs},
    [AECODEC_TABLE] = {table_is_sound, same_shapes, look_up},
    [AECODEC_DEPTH_TO_SPACE] = {block_is_sound, depth_to_space_fits, depth_to_space},
    [AECODEC_SPACE_TO_DEPTH] = {block_is_sound, space_to_depth_fits, space_to_depth},
    [AECODEC_CONCATENATION] = {concatenation_is_sound, concatenation_fits, concatenate},
    [AECODEC_COPY] = {has_one_input, same_counts, copy},
};

int aecodec_parameters_are_sound(const aecodec_call *call)
{
    return call->kind < AECODEC_KINDS && kinds[call->kind].is_sound && kinds[call->kind].is_sound(call);
}

int aecodec_shapes_fit(const aecodec_call *call)
{
    return kinds[call->kind].fits(call);
}

uint64_t aecodec_scratch_size(const aecodec_kernels *kernels, const aecodec_call *call)
{
    aecodec_convolution convolution;
    if (call->kind != AECODEC_CONVOLUTION) {
        return 0;
    }
    convolution = convolution_of(call);
    return aecodec_convolution_scratch(kernels, &convolution);
}

void aecodec_run_operator(const aecodec_kernels *kernels, const aecodec_call *call)
{
    kinds[call->kind].run(kernels, call);
}
