/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements, or look them up in a table. */
#include "aecodec_operator.h"

/* ---- a table of 256 results, from that of -128 on. 0: the table ---- */

static int table_is_sound(const aecodec_call *call)
{
    return aecodec_plan_holds(call->plan, call->parameters[0], 256);
}

static void look_up(const aecodec_call *call)
{
    const int8_t *table = at(call, call->parameters[0]);
    const size_t count = aecodec_count(&call->out);
    for (size_t n = 0; n < count; n++) {
        call->to[n] = table[call->from[0][n] + 128];
    }
}

const aecodec_operator aecodec_operator_table = {.inputs = 1, .works_in_place = 1, .is_sound = table_is_sound,
    .fits = same_shapes, .run = look_up};

/* ---- all elements in their order ---- */

static int same_counts(const aecodec_call *call)
{
    return aecodec_count(&call->in[0]) == aecodec_count(&call->out);
}

static void copy(const aecodec_call *call)
{
    memmove(call->to, call->from[0], aecodec_count(&call->out));
}

const aecodec_operator aecodec_operator_copy = {.inputs = 1, .works_in_place = 1, .fits = same_counts,
    .run = copy};

/* ---- blocks of pixels ----
 *
 * 0: side of a block. `flat` has a block's pixels as channels of one pixel, `wide` as pixels. */

static int block_is_sound(const aecodec_call *call)
{
    return call->parameters[0] >= 1 && call->parameters[0] <= MAX_STEP;
}

static int blocks_fit(const aecodec_call *call)
{
    const int is_flat = call->kind == AECODEC_DEPTH_TO_SPACE; /* the input */
    const aecodec_shape *flat = is_flat ? &call->in[0] : &call->out,
                        *wide = is_flat ? &call->out : &call->in[0];
    const uint64_t side = call->parameters[0];
    return wide->rows == flat->rows * side && wide->columns == flat->columns * side &&
           flat->channels == wide->channels * side * side;
}

/* Move a row of a block for each pixel of a row of the flat tensor. */
static void move_blocks(const aecodec_call *call)
{
    const int is_flat = call->kind == AECODEC_DEPTH_TO_SPACE;
    const aecodec_shape *flat = is_flat ? &call->in[0] : &call->out,
                        *wide = is_flat ? &call->out : &call->in[0];
    const uint32_t side = call->parameters[0];
    const size_t run = (size_t)side * wide->channels;
    for (uint32_t row = 0; row < wide->rows; row++) {
        size_t in_wide = (size_t)row * flat->columns * run;
        size_t in_flat = (size_t)(row / side) * flat->columns * flat->channels + row % side * run;
        for (uint32_t column = 0; column < flat->columns;
             column++, in_flat += flat->channels, in_wide += run) {
            memcpy(call->to + (is_flat ? in_wide : in_flat), call->from[0] + (is_flat ? in_flat : in_wide),
                   run);
        }
    }
}

const aecodec_operator aecodec_operator_blocks = {.inputs = 1, .is_sound = block_is_sound, .fits = blocks_fit,
    .run = move_blocks};

/* ---- joined inputs. 0: the axis: 0 rows, 1 columns, 2 channels ---- */

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
    return axis == 0   ? aecodec_count(shape)
           : axis == 1 ? (size_t)shape->columns * shape->channels
                       : shape->channels;
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

const aecodec_operator aecodec_operator_concatenation = {.is_sound = concatenation_is_sound,
    .fits = concatenation_fits, .run = concatenate};

/* ---- whole pixels ----
 *
 * A window. 0, 1: row and column of the input at which the output begins; 2:
 * what lies outside of the input. */
static int64_t seen_through_window(const aecodec_call *call, uint32_t axis, uint32_t number)
{
    const int64_t place = (int64_t)(int32_t)call->parameters[axis] + number;
    return place < side_along(&call->in[0], axis) ? place : -1;
}

/* As a window, but what lies outside of the input is what lies inside, mirrored. 2: 1 if the pixels at an
 * edge are the mirror, which are not repeated then; 0 if the mirror is between them and what lies outside. */
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
        call->kind == AECODEC_WINDOW   ? seen_through_window
        : call->kind == AECODEC_MIRROR ? mirrored
                                       : repeated;
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

const aecodec_operator aecodec_operator_window = {.inputs = 1, .fits = same_channels, .run = gather};
const aecodec_operator aecodec_operator_mirror = {.inputs = 1, .is_sound = mirror_is_sound,
    .fits = same_channels, .run = gather};
const aecodec_operator aecodec_operator_nearest = {.inputs = 1, .is_sound = nearest_is_sound,
    .fits = nearest_fits, .run = gather};

/* ---- elements in any order ----
 *
 * 0: a table of the output's six sides, of the step through the input along each,
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

const aecodec_operator aecodec_operator_move = {.inputs = 1, .is_sound = move_is_sound, .fits = move_fits,
    .run = move};
