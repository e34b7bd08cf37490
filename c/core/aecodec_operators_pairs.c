/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on two tensors: element by element, and products of matrices. */
#include "aecodec_operator.h"

/* ---- two tensors, element by element ----
 *
 * 0: zeros of both inputs and of the output; 1: least, most; then multiplier and shift of 2: the first input,
 * 4: the second, 6: the result. */

static aecodec_sum sum_of(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    const aecodec_sum sum = {
        .one_zero = byte_of(word[0], 0), .other_zero = byte_of(word[0], 1), .zero = byte_of(word[0], 2),
        .least = byte_of(word[1], 0), .most = byte_of(word[1], 1),
        .one_multiplier = (int32_t)word[2], .one_shift = (int32_t)word[3],
        .other_multiplier = (int32_t)word[4], .other_shift = (int32_t)word[5],
        .multiplier = (int32_t)word[6], .shift = (int32_t)word[7],
    };
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

static int8_t output_of(const aecodec_sum *sum, int32_t scaled)
{
    return aecodec_limit((int32_t)((uint32_t)scaled + (uint32_t)sum->zero), sum->least, sum->most);
}

static int8_t product(const aecodec_sum *sum, int8_t one, int8_t other)
{
    const int32_t whole = (one - sum->one_zero) * (other - sum->other_zero);
    return output_of(sum, aecodec_scale(whole, sum->multiplier, sum->shift));
}

static int8_t squared_difference(const aecodec_sum *sum, int8_t one, int8_t other)
{
    const int32_t a = aecodec_scale((one - sum->one_zero) * (1 << 7), sum->one_multiplier, sum->one_shift);
    const int32_t b =
        aecodec_scale((other - sum->other_zero) * (1 << 7), sum->other_multiplier, sum->other_shift);
    const uint32_t difference = (uint32_t)a - (uint32_t)b;
    return output_of(sum, aecodec_scale((int32_t)(difference * difference), sum->multiplier, sum->shift));
}

static int8_t sloped(const aecodec_sum *sum, int8_t one, int8_t slope)
{
    const int32_t x = one - sum->one_zero;
    return output_of(sum, x >= 0 ? aecodec_scale(x, sum->one_multiplier, sum->one_shift)
                                 : aecodec_scale(x * (slope - sum->other_zero), sum->multiplier, sum->shift));
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
static void run_of_pairs(const aecodec_call *call, const aecodec_sum *sum, const int8_t *one, size_t one_step,
                         const int8_t *other, size_t other_step, int8_t *to, size_t count)
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

const aecodec_operator aecodec_operator_pairs = {.inputs = 2, .works_in_place = 1, .is_sound = pair_is_sound,
    .fits = pair_fits, .run = run_pairs};

/* ---- products of matrices ----
 *
 * Of each row of the output: its columns x channels are the first input's columns x channels times the
 * second one's channels x columns. Parameters as for two tensors, element by element. */

static int matrices_fit(const aecodec_call *call)
{
    const aecodec_shape *one = &call->in[0], *other = &call->in[1], *out = &call->out;
    return is_side_of(one->rows, out->rows) && is_side_of(other->rows, out->rows) &&
           one->columns == out->columns && other->columns == out->channels &&
           one->channels == other->channels;
}

static int8_t inner_product(const aecodec_sum *sum, const int8_t *one, const int8_t *other, uint32_t length)
{
    uint32_t whole = 0;
    for (uint32_t n = 0; n < length; n++) {
        whole += (uint32_t)((one[n] - sum->one_zero) * (other[n] - sum->other_zero));
    }
    return output_of(sum, aecodec_scale((int32_t)whole, sum->multiplier, sum->shift));
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

const aecodec_operator aecodec_operator_matrices = {.inputs = 2, .is_sound = pair_is_sound,
    .fits = matrices_fit, .run = multiply_matrices};
