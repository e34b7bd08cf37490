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

/* ---- convolutions ----
 *
 * 0: height, width of the kernel; 1: steps; 2: rows above, columns before; 3: weights; 4: scaling; 5: zero of the
 * input, zero of the output, least, most; 6, of a depthwise convolution: outputs per input; 7: 1 if sums are rounded
 * once, as those of a matrix product are. */

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
                                     byte_of(bytes, 1),
                                     byte_of(bytes, 2),
                                     byte_of(bytes, 3),
                                     call->parameters[7] & 1};
    return scaling;
}

static aecodec_convolution convolution_of(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    const aecodec_convolution convolution = {
        call->pictures, call->in[0],  call->out,    call->from[0], call->to,     low(word[0]),          high(word[0]),    low(word[1]),
        high(word[1]), low(word[2]), high(word[2]), byte_of(word[5], 0), at(call, word[3]), scaling_of(call), call->scratch};
    return convolution;
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

/* Whether the last group of each row of the kernel has no weights beyond the row, where inputs of other places
 * lie. */
static int rows_end_in_zeros(const aecodec_call *call)
{
    const uint32_t height = low(call->parameters[0]), length = high(call->parameters[0]) * call->in[0].channels;
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
           aecodec_plan_holds(call->plan, word[3], (uint64_t)low(word[0]) * high(word[0]) * call->out.channels);
}

static void convolve(const aecodec_call *call)
{
    aecodec_convolution convolution = convolution_of(call);
    aecodec_convolve(call->kernels, &convolution);
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
    const aecodec_convolution convolution = convolution_of(call);
    const uint32_t per_input = call->parameters[6];
    int8_t *to = call->to;
    for (uint32_t row = 0; row < call->out.rows; row++) {
        for (uint32_t column = 0; column < call->out.columns; column++) {
            for (uint32_t channel = 0; channel < call->out.channels; channel++) {
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
    return is_scale(sum.one_multiplier, sum.one_shift) &&
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

/* An operator that writes where it reads has to read what it writes. */
static int pair_fits(const aecodec_call *call)
{
    for (uint32_t n = 0; n < 2; n++) {
        if (!is_stretched(&call->in[n], &call->out) ||
            (call->is_in_place[n] && !is_same(&call->in[n], &call->out))) {
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

static int8_t squared_difference(const aecodec_sum *sum, int8_t one, int8_t other)
{
    const int32_t a = aecodec_scale((one - sum->one_zero) * (1 << 7), sum->one_multiplier, sum->one_shift);
    const int32_t b = aecodec_scale((other - sum->other_zero) * (1 << 7), sum->other_multiplier, sum->other_shift);
    const uint32_t difference = (uint32_t)a - (uint32_t)b;
    const int32_t scaled = aecodec_scale((int32_t)(difference * difference), sum->multiplier, sum->shift);
    return aecodec_limit((int32_t)((uint32_t)scaled + (uint32_t)sum->zero), sum->least, sum->most);
}

/* An element, times a slope if it is negative. */
static int8_t sloped(const aecodec_sum *sum, int8_t one, int8_t slope)
{
    const int32_t x = one - sum->one_zero;
    const int32_t scaled = x >= 0 ? aecodec_scale(x, sum->one_multiplier, sum->one_shift)
                                  : aecodec_scale(x * (slope - sum->other_zero), sum->multiplier, sum->shift);
    return aecodec_limit((int32_t)((uint32_t)scaled + (uint32_t)sum->zero), sum->least, sum->most);
}

static int8_t result_of(uint32_t kind, const aecodec_sum *sum, int8_t one, int8_t other)
{
    switch (kind) {
    case AECODEC_PRODUCT:
        return product(sum, one, other);
    case AECODEC_SQUARED_DIFFERENCE:
        return squared_difference(sum, one, other);
    case AECODEC_PRELU:
        return sloped(sum, one, other);
    case AECODEC_MAXIMUM:
        return one < other ? other : one;
    default:
        return one < other ? one : other;
    }
}

/* A run of elements, of which an operand that is stretched has one: its step is 0. */
static void run_of_pairs(const aecodec_call *call, const aecodec_sum *sum, const int8_t *one, size_t one_step, const int8_t *other, size_t other_step, int8_t *to,
                         size_t count)
{
    if (call->kind == AECODEC_SUM && one_step && other_step) {
        call->kernels->add(sum, one, other, to, count);
        return;
    }
    for (size_t n = 0; n < count; n++, one += one_step, other += other_step) {
        if (call->kind == AECODEC_SUM) {
            call->kernels->add(sum, one, other, to + n, 1);
        } else {
            to[n] = result_of(call->kind, sum, *one, *other);
        }
    }
}

/* Where a row of pixels' channels begins in a shape that may be stretched. */
static size_t start_of(const aecodec_shape *shape, uint32_t row, uint32_t column)
{
    return ((size_t)(shape->rows == 1 ? 0 : row) * shape->columns + (shape->columns == 1 ? 0 : column)) *
           shape->channels;
}

static void run_pairs(const aecodec_call *call)
{
    const aecodec_sum sum = sum_of(call);
    const aecodec_shape *one = &call->in[0], *other = &call->in[1];
    if (is_same(one, &call->out) && is_same(other, &call->out)) {
        run_of_pairs(call, &sum, call->from[0], 1, call->from[1], 1, call->to, aecodec_count(&call->out));
        return;
    }
    for (uint32_t row = 0; row < call->out.rows; row++) {
        for (uint32_t column = 0; column < call->out.columns; column++) {
            run_of_pairs(call, &sum, call->from[0] + start_of(one, row, column), one->channels > 1,
                         call->from[1] + start_of(other, row, column), other->channels > 1,
                         call->to + start_of(&call->out, row, column), call->out.channels);
        }
    }
}

/* ---- one tensor, element by element. 0: a table of 256 results, from that of -128 on ---- */

static int table_is_sound(const aecodec_call *call)
{
    return aecodec_plan_holds(call->plan, call->parameters[0], 256);
}

static int same_shapes(const aecodec_call *call)
{
    return is_same(&call->in[0], &call->out);
}

static void look_up(const aecodec_call *call)
{
    const int8_t *table = at(call, call->parameters[0]);
    const size_t count = aecodec_count(&call->out);
    for (size_t n = 0; n < count; n++) {
        call->to[n] = table[call->from[0][n] + 128];
    }
}

/* ---- elements elsewhere ---- */

static int same_counts(const aecodec_call *call)
{
    return aecodec_count(&call->in[0]) == aecodec_count(&call->out);
}

static void copy(const aecodec_call *call)
{
    memmove(call->to, call->from[0], aecodec_count(&call->out));
}

/* 0: side of a block. `flat` has a block's pixels as channels of one pixel, `wide` as pixels. */
static int block_is_sound(const aecodec_call *call)
{
    return call->parameters[0] >= 1 && call->parameters[0] <= MAX_STEP;
}

static int blocks_fit(const aecodec_call *call)
{
    const int is_flat = call->kind == AECODEC_DEPTH_TO_SPACE; /* the input */
    const aecodec_shape *flat = is_flat ? &call->in[0] : &call->out, *wide = is_flat ? &call->out : &call->in[0];
    const uint64_t side = call->parameters[0];
    return wide->rows == flat->rows * side && wide->columns == flat->columns * side &&
           flat->channels == wide->channels * side * side;
}

/* Move a row of a block for each pixel of a row of the flat tensor. */
static void move_blocks(const aecodec_call *call)
{
    const int is_flat = call->kind == AECODEC_DEPTH_TO_SPACE;
    const aecodec_shape *flat = is_flat ? &call->in[0] : &call->out, *wide = is_flat ? &call->out : &call->in[0];
    const uint32_t side = call->parameters[0];
    const size_t run = (size_t)side * wide->channels;
    for (uint32_t row = 0; row < wide->rows; row++) {
        size_t in_wide = (size_t)row * flat->columns * run;
        size_t in_flat = (size_t)(row / side) * flat->columns * flat->channels + row % side * run;
        for (uint32_t column = 0; column < flat->columns; column++, in_flat += flat->channels, in_wide += run) {
            memcpy(call->to + (is_flat ? in_wide : in_flat), call->from[0] + (is_flat ? in_flat : in_wide), run);
        }
    }
}

/* 0: the axis along which inputs are joined: 0 rows, 1 columns, 2 channels. */
static int concatenation_is_sound(const aecodec_call *call)
{
    return call->parameters[0] <= 2;
}

static uint32_t side_along(const aecodec_shape *shape, uint32_t axis)
{
    return axis == 0 ? shape->rows : axis == 1 ? shape->columns : shape->channels;
}

static int concatenation_fits(const aecodec_call *call)
{
    uint64_t whole = 0;
    for (uint32_t n = 0; n < call->count; n++) {
        for (uint32_t axis = 0; axis < 3; axis++) {
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
    return axis == 0 ? aecodec_count(shape) : axis == 1 ? (size_t)shape->columns * shape->channels : shape->channels;
}

static void concatenate(const aecodec_call *call)
{
    const uint32_t axis = call->parameters[0];
    const size_t whole = run_from(&call->out, axis), times = aecodec_count(&call->out) / whole;
    int8_t *start = call->to;
    for (uint32_t n = 0; n < call->count; n++) {
        const size_t run = run_from(&call->in[n], axis);
        for (size_t time = 0; time < times; time++) {
            memcpy(start + time * whole, call->from[n] + time * run, run);
        }
        start += run;
    }
}

/* The next three operators copy whole pixels. A window. 0, 1: row and column of the input at which the output begins; 2:
 * what lies outside of the input. */
static int64_t seen_through_window(const aecodec_call *call, uint32_t axis, uint32_t number)
{
    const int64_t place = (int64_t)(int32_t)call->parameters[axis] + number;
    return place < side_along(&call->in[0], axis) ? place : -1;
}

static int same_channels(const aecodec_call *call)
{
    return call->in[0].channels == call->out.channels;
}

/* As a window, but what lies outside of the input is what lies inside, mirrored. 2: 1 if the pixels at an edge are
 * the mirror, which are not repeated then; 0 if the mirror is between them and what lies outside. */
static int mirror_is_sound(const aecodec_call *call)
{
    return call->parameters[2] <= 1;
}

/* A border may be wider than a small picture, which is then mirrored several times. */
static int64_t mirrored(const aecodec_call *call, uint32_t axis, uint32_t number)
{
    const int64_t side = side_along(&call->in[0], axis), skip = call->parameters[2];
    const int64_t period = side > skip ? 2 * (side - skip) : 1;
    const int64_t place = (((int64_t)(int32_t)call->parameters[axis] + number) % period + period) % period;
    return place < side ? place : period - 1 + skip - place;
}

/* Each pixel several times. 0: rows and columns of a block of equal pixels. */
static int nearest_is_sound(const aecodec_call *call)
{
    return are_steps(call->parameters[0]);
}

static int nearest_fits(const aecodec_call *call)
{
    const uint32_t times = call->parameters[0];
    return same_channels(call) && call->out.rows == (uint64_t)call->in[0].rows * low(times) &&
           call->out.columns == (uint64_t)call->in[0].columns * high(times);
}

static int64_t repeated(const aecodec_call *call, uint32_t axis, uint32_t number)
{
    return number / (axis ? high(call->parameters[0]) : low(call->parameters[0]));
}

/* Copy pixels from the rows and columns of the input; -1 is a border. */
static void gather(const aecodec_call *call)
{
    int64_t (*const place_of)(const aecodec_call *call, uint32_t axis, uint32_t number) =
        call->kind == AECODEC_WINDOW ? seen_through_window : call->kind == AECODEC_MIRROR ? mirrored : repeated;
    const size_t pixel = call->out.channels;
    int8_t *to = call->to;
    for (uint32_t row = 0; row < call->out.rows; row++) {
        const int64_t y = place_of(call, 0, row);
        for (uint32_t column = 0; column < call->out.columns; column++, to += pixel) {
            const int64_t x = place_of(call, 1, column);
            if (y >= 0 && x >= 0) {
                memcpy(to, call->from[0] + ((size_t)y * call->in[0].columns + (size_t)x) * pixel, pixel);
            } else {
                memset(to, byte_of(call->parameters[2], 0), pixel);
            }
        }
    }
}

/* Any elements in any order. 0: a table of the output's six sides, of the step through the input along each,
 * and of the element that comes first. */
enum { AXES = 6, MAX_AXIS = 1 << 24 };

static int move_is_sound(const aecodec_call *call)
{
    return aecodec_plan_holds(call->plan, call->parameters[0], (2 * AXES + 1) * 4);
}

/* Whether the output has as many elements as the sides say, and all that are moved lie in the input. */
static int move_fits(const aecodec_call *call)
{
    const int32_t *sides = at(call, call->parameters[0]), *steps = sides + AXES;
    const int64_t whole = (int64_t)aecodec_count(&call->out);
    int64_t count = 1, least = steps[AXES], most = steps[AXES];
    for (unsigned axis = 0; axis < AXES; axis++) {
        if (sides[axis] < 1 || sides[axis] > MAX_AXIS || count > whole) {
            return 0;
        }
        count *= sides[axis];
        *(steps[axis] < 0 ? &least : &most) += (int64_t)steps[axis] * (sides[axis] - 1);
    }
    return count == whole && least >= 0 && most < (int64_t)aecodec_count(&call->in[0]);
}

static void move(const aecodec_call *call)
{
    const int32_t *sides = at(call, call->parameters[0]), *steps = sides + AXES;
    const size_t count = aecodec_count(&call->out);
    int32_t place[AXES] = {0};
    int64_t from = steps[AXES];
    for (size_t n = 0; n < count; n++) {
        unsigned axis = AXES;
        call->to[n] = call->from[0][from];
        while (axis-- > 0) {
            from += steps[axis];
            if (++place[axis] < sides[axis]) {
                break;
            }
            from -= (int64_t)steps[axis] * sides[axis];
            place[axis] = 0;
        }
    }
}

/* ---- elements drawn together ----
 *
 * Pools. 0: rows and columns of a window; 1: steps; 2: rows above, columns before; 3: least, most. */

static int pool_is_sound(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    return are_steps(word[0]) && are_steps(word[1]) && low(word[0]) * high(word[0]) <= 1 << 20;
}

static int32_t rounded_quotient(int32_t sum, int32_t count)
{
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

/* One output of a pool. */
static int8_t pooled(const aecodec_call *call, uint32_t row, uint32_t column, uint32_t channel)
{
    const uint32_t *word = call->parameters;
    const aecodec_shape *in = &call->in[0];
    int64_t top, left;
    uint32_t y_from, y_to, x_from, x_to;
    int32_t sum = 0, largest = -128, count = 0;
    seen(row, low(word[1]), low(word[2]), low(word[0]), in->rows, &top, &y_from, &y_to);
    seen(column, high(word[1]), high(word[2]), high(word[0]), in->columns, &left, &x_from, &x_to);
    for (uint32_t y = y_from; y < y_to; y++) {
        for (uint32_t x = x_from; x < x_to; x++, count++) {
            const int8_t value =
                call->from[0][((size_t)(top + y) * in->columns + (size_t)(left + x)) * in->channels + channel];
            sum += value;
            largest = value > largest ? value : largest;
        }
    }
    if (call->kind == AECODEC_MEAN_POOL) {
        largest = count ? rounded_quotient(sum, count) : 0;
    }
    return aecodec_limit(largest, byte_of(word[3], 0), byte_of(word[3], 1));
}

static void pool(const aecodec_call *call)
{
    int8_t *to = call->to;
    for (uint32_t row = 0; row < call->out.rows; row++) {
        for (uint32_t column = 0; column < call->out.columns; column++) {
            for (uint32_t channel = 0; channel < call->out.channels; channel++) {
                *to++ = pooled(call, row, column, channel);
            }
        }
    }
}

/* Reductions. 0: the axes that are drawn together, 0 rows and columns, 1 channels; 1: to what, 0 the mean, 1 the maximum,
 * 2 the minimum, 3 the sum; 2: zeros of input and output; 3: multiplier, and 4: shift of mean and sum. */

enum { TO_MEAN, TO_MAXIMUM, TO_MINIMUM, TO_SUM };

static int reduction_is_sound(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    return word[0] <= 1 && word[1] <= TO_SUM && is_scale((int32_t)word[3], (int32_t)word[4]);
}

static int reduction_fits(const aecodec_call *call)
{
    const aecodec_shape *in = &call->in[0], *out = &call->out;
    return call->parameters[0] ? out->channels == 1 && in->rows == out->rows && in->columns == out->columns
                               : out->rows == 1 && out->columns == 1 && in->channels == out->channels;
}

/* The multiplier of a sum of `count` for their mean; TFLite divides it as far as its bits allow. */
static int32_t mean_multiplier(int32_t multiplier, int32_t *shift, uint32_t count)
{
    int32_t bits = 31;
    while (bits > 0 && !(count >> bits)) {
        bits--;
    }
    bits = bits > 31 + *shift ? 31 + *shift : bits;
    *shift -= bits;
    return (int32_t)(multiplier * ((int64_t)1 << bits) / count);
}

/* One output: `count` elements that are `step` apart. */
static int8_t reduced(const aecodec_call *call, const int8_t *from, size_t count, size_t step)
{
    const uint32_t *word = call->parameters;
    int32_t multiplier = (int32_t)word[3], shift = (int32_t)word[4];
    uint32_t sum = 0u - (uint32_t)count * (uint32_t)byte_of(word[2], 0);
    int8_t least = 127, most = -128;
    for (size_t n = 0; n < count; n++, from += step) {
        const int8_t value = *from;
        sum += 0u + (uint32_t)value;
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    if (word[1] == TO_MAXIMUM || word[1] == TO_MINIMUM) {
        return word[1] == TO_MAXIMUM ? most : least;
    }
    if (word[1] == TO_MEAN) {
        multiplier = mean_multiplier(multiplier, &shift, (uint32_t)count);
    }
    sum = (uint32_t)aecodec_scale((int32_t)sum, multiplier, shift) + (uint32_t)byte_of(word[2], 1);
    return aecodec_limit((int32_t)sum, -128, 127);
}

static void reduce(const aecodec_call *call)
{
    const size_t outputs = aecodec_count(&call->out), count = aecodec_count(&call->in[0]) / outputs;
    const size_t step = call->parameters[0] ? 1 : outputs, next = call->parameters[0] ? count : 1;
    for (size_t n = 0; n < outputs; n++) {
        call->to[n] = reduced(call, call->from[0] + n * next, count, step);
    }
}

/* ---- softmax over the channels of each pixel ----
 *
 * 0: a table of 256 words: e^-d for a channel that is d below the largest one, in 2^-31. */

enum { MOST_SHARES = 511 }; /* channels; with more, sums leave what reference kernels divide by */

static int softmax_is_sound(const aecodec_call *call)
{
    if (!aecodec_plan_holds(call->plan, call->parameters[0], 256 * sizeof(int32_t)) ||
        call->out.channels > MOST_SHARES) {
        return 0;
    }
    const int32_t *table = at(call, call->parameters[0]);
    for (unsigned n = 0; n < 256; n++) {
        if (table[n] < 0) {
            return 0;
        }
    }
    return table[0] == INT32_MAX;
}

static int8_t largest_of(const int8_t *from, uint32_t count)
{
    int8_t largest = -128;
    for (; count > 0; count--, from++) {
        largest = *from > largest ? *from : largest;
    }
    return largest;
}

/* How far a number other than 0 can be shifted to the left. */
static int32_t room_above(uint32_t x)
{
    int32_t room = 0;
    while (!(x >> 31)) {
        x <<= 1;
        room++;
    }
    return room;
}

/* 1 / x in units of 2^(room_above(x) - 63), as gemmlowp finds it: three steps of Newton's method. */
static int32_t reciprocal(uint32_t x)
{
    const int32_t half = (int32_t)(x << room_above(x) >> 1); /* of x between 1 and 2 */
    int32_t found = 1515870810 + aecodec_scale(half, -1010580540, 0); /* 48 / 17 - 32 / 17 * half */
    for (unsigned step = 0; step < 3; step++) {
        found += aecodec_scale(found, (1 << 29) - aecodec_scale(half, found, 0), 0) * 4;
    }
    return found < 1 << 30 ? found * 2 : INT32_MAX;
}

/* The sum has 12 bits before the point and is from 2^19 to below 2^28. */
static void share(const int32_t *table, const int8_t *from, int8_t *to, uint32_t count)
{
    const int32_t largest = largest_of(from, count);
    uint32_t sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        sum += ((uint32_t)table[largest - from[n]] + (1 << 11)) >> 12;
    }
    int32_t scale = reciprocal(sum);
    int32_t shift = 35 - room_above(sum);
    for (uint32_t n = 0; n < count; n++) {
        const uint32_t part = (uint32_t)aecodec_scale(table[largest - from[n]], scale, 0);
        to[n] = aecodec_limit((int32_t)((part + (1u << (shift - 1))) >> shift) - 128, -128, 127);
    }
}

static void softmax(const aecodec_call *call)
{
    const uint32_t channels = call->out.channels;
    const size_t count = aecodec_count(&call->out);
    for (size_t n = 0; n < count; n += channels) {
        share(at(call, call->parameters[0]), call->from[0] + n, call->to + n, channels);
    }
}

/* ---- products of matrices ----
 *
 * Of each row of the output: its columns x channels are the first input's columns x channels times the second one's
 * channels x columns. Parameters as for two tensors, element by element. */

static int matrices_fit(const aecodec_call *call)
{
    const aecodec_shape *one = &call->in[0], *other = &call->in[1], *out = &call->out;
    return is_side_of(one->rows, out->rows) && is_side_of(other->rows, out->rows) &&
           one->columns == out->columns && other->columns == out->channels && one->channels == other->channels;
}

static int8_t inner_product(const aecodec_sum *sum, const int8_t *one, const int8_t *other, uint32_t length)
{
    uint32_t whole = 0;
    for (uint32_t n = 0; n < length; n++) {
        whole += (uint32_t)((one[n] - sum->one_zero) * (other[n] - sum->other_zero));
    }
    int32_t scaled = aecodec_scale((int32_t)whole, sum->multiplier, sum->shift);
    return aecodec_limit((int32_t)((uint32_t)scaled + (uint32_t)sum->zero), sum->least, sum->most);
}

static void multiply_matrices(const aecodec_call *call)
{
    const aecodec_sum sum = sum_of(call);
    const aecodec_shape *out = &call->out;
    int8_t *to = call->to;
    for (uint32_t row = 0; row < out->rows; row++) {
        for (uint32_t column = 0; column < out->columns; column++) {
            const int8_t *one = call->from[0] + start_of(&call->in[0], row, column);
            for (uint32_t n = 0; n < out->channels; n++) {
                const int8_t *other = call->from[1] + start_of(&call->in[1], row, n);
                *to++ = inner_product(&sum, one, other, call->in[0].channels);
            }
        }
    }
}

/* ---- pictures of another size, between pixels ----
 *
 * 0: 1 if corners are aligned, 2 if pixels have their centres in their middle. */

static int bilinear_is_sound(const aecodec_call *call)
{
    return call->parameters[0] <= 2;
}

static int bilinear_fits(const aecodec_call *call)
{
    return same_channels(call) && call->in[0].rows < 1 << 12 && call->in[0].columns < 1 << 12 &&
           call->out.rows < 1 << 12 && call->out.columns < 1 << 12;
}

/* Where an output lies between two inputs of a side, in 2^-10. */
typedef struct {
    int32_t place;
    uint32_t from, to;
} between;

static between place_between(uint32_t flags, uint32_t place, uint32_t side, uint32_t wanted)
{
    const uint32_t is_aligned = flags == 1 && wanted > 1;
    const uint32_t parts = wanted - is_aligned, step = ((1u << 10) * (side - is_aligned) + parts / 2) / parts;
    between found;
    found.place = (int32_t)(place * step);
    if (flags == 2) {
        found.place += (int32_t)(step >> 1) - (1 << 9);
    }
    found.from = found.place > 0 ? (uint32_t)found.place >> 10 : 0;
    found.to = (uint32_t)(found.place + (1 << 10) - 1) >> 10;
    found.from = found.from < side ? found.from : side - 1;
    found.to = found.to < side ? found.to : side - 1;
    return found;
}

static int8_t mixed(const aecodec_call *call, between down, between across, uint32_t channel)
{
    const aecodec_shape *in = &call->in[0];
    const int8_t *upper = call->from[0] + (size_t)down.from * in->columns * in->channels + channel;
    const int8_t *lower = call->from[0] + (size_t)down.to * in->columns * in->channels + channel;
    const size_t left = (size_t)across.from * in->channels, right = (size_t)across.to * in->channels;
    const int64_t y = down.place - (int32_t)(down.from << 10), x = across.place - (int32_t)(across.from << 10);
    const int64_t sum = upper[left] * ((1 << 10) - y) * ((1 << 10) - x) + lower[left] * y * ((1 << 10) - x) +
                        upper[right] * ((1 << 10) - y) * x + lower[right] * y * x;
    return (int8_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
}

static void bilinear(const aecodec_call *call)
{
    int8_t *to = call->to;
    for (uint32_t row = 0; row < call->out.rows; row++) {
        const between down = place_between(call->parameters[0], row, call->in[0].rows, call->out.rows);
        for (uint32_t column = 0; column < call->out.columns; column++) {
            const between across =
                place_between(call->parameters[0], column, call->in[0].columns, call->out.columns);
            for (uint32_t channel = 0; channel < call->out.channels; channel++) {
                *to++ = mixed(call, down, across, channel);
            }
        }
    }
}

/* ---- codes ----
 *
 * Rows of a table. 0: rows; 1: groups of channels, which stand for a row each; 2: table; 3: words, the row of zeros of
 * each group, then what each channel is worth. */

static int lookup_is_sound(const aecodec_call *call)
{
    const uint32_t *word = call->parameters, in = call->in[0].channels, out = call->out.channels;
    return word[0] >= 1 && word[1] >= 1 && in % word[1] == 0 && out % word[1] == 0 &&
           aecodec_plan_holds(call->plan, word[2], (uint64_t)word[0] * (out / word[1])) &&
           aecodec_plan_holds(call->plan, word[3], ((uint64_t)word[1] + in) * sizeof(int32_t));
}

static int same_places(const aecodec_call *call)
{
    return call->in[0].rows == call->out.rows && call->in[0].columns == call->out.columns;
}

static void find_rows(const aecodec_call *call)
{
    const uint32_t *word = call->parameters, groups = word[1];
    const uint32_t channels = call->in[0].channels / groups, width = call->out.channels / groups;
    const size_t places = (size_t)call->out.rows * call->out.columns;
    const int8_t *table = at(call, word[2]), *from = call->from[0];
    const int32_t *first = at(call, word[3]), *worth = first + groups;
    int8_t *to = call->to;
    for (size_t n = 0; n < places; n++) {
        for (uint32_t group = 0; group < groups; group++, to += width) {
            uint64_t sum = (uint64_t)(int64_t)first[group];
            for (uint32_t channel = 0; channel < channels; channel++) {
                sum += (uint64_t)((int64_t)worth[group * channels + channel] * *from++);
            }
            int64_t row = (int64_t)sum < 0 ? 0 : (int64_t)sum;
            memcpy(to, table + (size_t)(row < word[0] ? row : word[0] - 1) * width, width);
        }
    }
}

/* The digits of the code with the largest score, the first of several. 0: codes; 1: weights, 16 bits each; 2: words to
 * add; 3: digits of the codes. */

static int search_is_sound(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    return word[0] >= 1 &&
           call->in[0].channels <= UINT32_MAX / sizeof(int16_t) / word[0] &&
           aecodec_plan_holds(call->plan, word[1], (uint64_t)word[0] * call->in[0].channels * sizeof(int16_t)) &&
           aecodec_plan_holds(call->plan, word[2], (uint64_t)word[0] * sizeof(int32_t)) &&
           aecodec_plan_holds(call->plan, word[3], (uint64_t)word[0] * call->out.channels);
}

static int32_t score(const int16_t *weights, const int8_t *from, uint32_t channels, int32_t more)
{
    uint32_t sum = (uint32_t)more;
    for (uint32_t n = 0; n < channels; n++) {
        sum += (uint32_t)((int32_t)weights[n] * from[n]);
    }
    return (int32_t)sum;
}

static void search(const aecodec_call *call)
{
    const uint32_t *word = call->parameters, channels = call->in[0].channels, digits = call->out.channels;
    const size_t places = (size_t)call->out.rows * call->out.columns;
    const int16_t *weights = at(call, word[1]);
    const int32_t *more = at(call, word[2]);
    const int8_t *table = at(call, word[3]);
    for (size_t n = 0; n < places; n++) {
        const int8_t *from = call->from[0] + n * channels;
        int32_t best = score(weights, from, channels, more[0]);
        uint32_t nearest = 0;
        for (uint32_t code = 1; code < word[0]; code++) {
            const int32_t next = score(weights + (size_t)code * channels, from, channels, more[code]);
            if (next > best) {
                best = next;
                nearest = code;
            }
        }
        memcpy(call->to + n * digits, table + (size_t)nearest * digits, digits);
    }
}

/* ---- all operators ---- */

typedef struct {
    uint32_t inputs; /* 0: one or more */
    int (*is_sound)(const aecodec_call *call);
    int (*fits)(const aecodec_call *call);
    void (*run)(const aecodec_call *call);
    int works_in_place; /* whether it may write where it reads */
} operator_kind;

static int always(const aecodec_call *call)
{
    (void)call;
    return 1;
}

static const operator_kind kinds[AECODEC_KINDS] = {
    [AECODEC_CONVOLUTION] = {1, convolution_is_sound, always, convolve, 0},
    [AECODEC_DEPTHWISE] = {1, depthwise_is_sound, always, convolve_depthwise, 0},
    [AECODEC_SUM] = {2, pair_is_sound, pair_fits, run_pairs, 1},
    [AECODEC_PRODUCT] = {2, pair_is_sound, pair_fits, run_pairs, 1},
    [AECODEC_MAXIMUM] = {2, pair_is_sound, pair_fits, run_pairs, 1},
    [AECODEC_MINIMUM] = {2, pair_is_sound, pair_fits, run_pairs, 1},
    [AECODEC_TABLE] = {1, table_is_sound, same_shapes, look_up, 1},
    [AECODEC_DEPTH_TO_SPACE] = {1, block_is_sound, blocks_fit, move_blocks, 0},
    [AECODEC_SPACE_TO_DEPTH] = {1, block_is_sound, blocks_fit, move_blocks, 0},
    [AECODEC_CONCATENATION] = {0, concatenation_is_sound, concatenation_fits, concatenate, 0},
    [AECODEC_COPY] = {1, always, same_counts, copy, 1},
    [AECODEC_WINDOW] = {1, always, same_channels, gather, 0},
    [AECODEC_MAXIMUM_POOL] = {1, pool_is_sound, same_channels, pool, 0},
    [AECODEC_MEAN_POOL] = {1, pool_is_sound, same_channels, pool, 0},
    [AECODEC_REDUCTION] = {1, reduction_is_sound, reduction_fits, reduce, 0},
    [AECODEC_NEAREST] = {1, nearest_is_sound, nearest_fits, gather, 0},
    [AECODEC_BILINEAR] = {1, bilinear_is_sound, bilinear_fits, bilinear, 0},
    [AECODEC_MOVE] = {1, move_is_sound, move_fits, move, 0},
    [AECODEC_SQUARED_DIFFERENCE] = {2, pair_is_sound, pair_fits, run_pairs, 1},
    [AECODEC_PRELU] = {2, pair_is_sound, pair_fits, run_pairs, 1},
    [AECODEC_MIRROR] = {1, mirror_is_sound, same_channels, gather, 0},
    [AECODEC_SOFTMAX] = {1, softmax_is_sound, same_shapes, softmax, 1},
    [AECODEC_MATRICES] = {2, pair_is_sound, matrices_fit, multiply_matrices, 0},
    [AECODEC_LOOKUP] = {1, lookup_is_sound, same_places, find_rows, 0},
    [AECODEC_SEARCH] = {1, search_is_sound, same_places, search, 0},
};

int aecodec_works_in_place(uint32_t kind)
{
    return kind < AECODEC_KINDS && kinds[kind].works_in_place;
}

int aecodec_parameters_are_sound(const aecodec_call *call)
{
    const operator_kind *kind = &kinds[call->kind < AECODEC_KINDS ? call->kind : 0];
    return kind->is_sound && (kind->inputs ? call->count == kind->inputs : call->count >= 1) && kind->is_sound(call);
}

int aecodec_shapes_fit(const aecodec_call *call)
{
    return kinds[call->kind].fits(call);
}

uint64_t aecodec_scratch_size(const aecodec_kernels *kernels, const aecodec_call *call)
{
    if (call->kind != AECODEC_CONVOLUTION) {
        return 0;
    }
    aecodec_convolution convolution = convolution_of(call);
    return aecodec_convolution_scratch(kernels, &convolution);
}

/* Convolutions take all pictures at once, as their weights have to be transformed; other operators take one by one. */
void aecodec_run_operator(const aecodec_kernels *kernels, const aecodec_call *call)
{
    aecodec_call picture = *call;
    picture.kernels = kernels;
    if (call->kind == AECODEC_CONVOLUTION) {
        kinds[call->kind].run(&picture);
        return;
    }
    picture.pictures = 1;
    for (uint32_t n = 0; n < call->pictures; n++) {
        kinds[call->kind].run(&picture);
        for (uint32_t input = 0; input < call->count; input++) {
            picture.from[input] += call->is_constant[input] ? 0 : aecodec_count(&call->in[input]);
        }
        picture.to += aecodec_count(&call->out);
    }
}
