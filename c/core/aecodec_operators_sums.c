/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that make an element of several of one tensor. */
#include "aecodec_operator.h"

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
                call->from[0]
                          [((size_t)(top + y) * in->columns + (size_t)(left + x)) * in->channels + channel];
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

const aecodec_operator aecodec_operator_pool = {.inputs = 1, .is_sound = pool_is_sound, .fits = same_channels,
    .run = pool};

/* Reductions. 0: the axes that are drawn together, 0 rows and columns, 1 channels; 1: to what, 0 the mean,
 * 1 the maximum, 2 the minimum, 3 the sum; 2: zeros of input and output; 3: multiplier, and 4: shift of
 * mean and sum. */

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

const aecodec_operator aecodec_operator_reduction = {.inputs = 1, .is_sound = reduction_is_sound,
    .fits = reduction_fits, .run = reduce};

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
    int32_t estimate = 1515870810 + aecodec_scale(half, -1010580540, 0); /* 48 / 17 - 32 / 17 * half */
    for (unsigned step = 0; step < 3; step++) {
        estimate += aecodec_scale(estimate, (1 << 29) - aecodec_scale(half, estimate, 0), 0) * 4;
    }
    return estimate < 1 << 30 ? estimate * 2 : INT32_MAX;
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

const aecodec_operator aecodec_operator_softmax = {.inputs = 1, .works_in_place = 1,
    .is_sound = softmax_is_sound, .fits = same_shapes, .run = softmax};

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
    between position;
    position.place = (int32_t)(place * step);
    if (flags == 2) {
        position.place += (int32_t)(step >> 1) - (1 << 9);
    }
    position.from = position.place > 0 ? (uint32_t)position.place >> 10 : 0;
    position.to = (uint32_t)(position.place + (1 << 10) - 1) >> 10;
    position.from = position.from < side ? position.from : side - 1;
    position.to = position.to < side ? position.to : side - 1;
    return position;
}

static int8_t mixed(const aecodec_call *call, between down, between across, uint32_t channel)
{
    const aecodec_shape *in = &call->in[0];
    const int8_t *upper = call->from[0] + (size_t)down.from * in->columns * in->channels + channel;
    const int8_t *lower = call->from[0] + (size_t)down.to * in->columns * in->channels + channel;
    const size_t left = (size_t)across.from * in->channels, right = (size_t)across.to * in->channels;
    const int64_t y = down.place - (int32_t)(down.from << 10),
                  x = across.place - (int32_t)(across.from << 10);
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

const aecodec_operator aecodec_operator_bilinear = {.inputs = 1, .is_sound = bilinear_is_sound,
    .fits = bilinear_fits, .run = bilinear};

/* ---- codes ----
 *
 * Rows of a table. 0: rows; 1: groups of channels, which stand for a row each; 2: table; 3: words, the row
 * of zeros of each group, then what each channel is worth. */

static int lookup_is_sound(const aecodec_call *call)
{
    const uint32_t *word = call->parameters, in = call->in[0].channels, out = call->out.channels;
    return word[0] >= 1 && word[1] >= 1 && in % word[1] == 0 && out % word[1] == 0 &&
           aecodec_plan_holds(call->plan, word[2], (uint64_t)word[0] * (out / word[1])) &&
           aecodec_plan_holds(call->plan, word[3], ((uint64_t)word[1] + in) * sizeof(int32_t));
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

const aecodec_operator aecodec_operator_lookup = {.inputs = 1, .is_sound = lookup_is_sound,
    .fits = same_places, .run = find_rows};

/* The digits of the code with the largest score, the first of several. 0: codes; 1: weights, 16 bits each;
 * 2: words to add; 3: digits of the codes. */

static int search_is_sound(const aecodec_call *call)
{
    const uint32_t *word = call->parameters;
    return word[0] >= 1 && call->in[0].channels <= UINT32_MAX / sizeof(int16_t) / word[0] &&
           aecodec_plan_holds(call->plan, word[1],
                              (uint64_t)word[0] * call->in[0].channels * sizeof(int16_t)) &&
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

const aecodec_operator aecodec_operator_search = {.inputs = 1, .is_sound = search_is_sound,
    .fits = same_places, .run = search};
