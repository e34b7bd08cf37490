/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of all types as integers of 32 bits, so that one coder serves all (FORMAT, section 8). Integers are
 * their own values, those of 64 bits minus an offset. Floats with a unit are multiples of it. Floats without
 * error are their bits, in the order of the numbers. */
#include <stdlib.h>

#include "bounds/lattice.h"

#define MOST_QUOTIENT 4611686018427387904.0 /* 2^62 */

/* Largest sample of a type of floats; 2^128 - 2^104 for float32. */
static double most_of(uint32_t type)
{
    return aecodec_sample_number(type, type == AECODEC_FLOAT16   ? 0x7bffu
                                       : type == AECODEC_FLOAT32 ? 0x7f7fffffu
                                                                 : 0x7fefffffffffffffu);
}

#define SIGN 0x80000000u

static int is_wide_integer(uint32_t type)
{
    return type == AECODEC_INT64 || type == AECODEC_UINT64;
}

/* ---- limits ---- */

static uint64_t lowest_of(uint32_t type)
{
    return type == AECODEC_INT64 ? (uint64_t)INT64_MIN : 0;
}

static uint64_t highest_of(uint32_t type)
{
    return type == AECODEC_INT64 ? (uint64_t)INT64_MAX : UINT64_MAX;
}

static void set_wide_limits(lattice *l)
{
    const uint64_t below = (uint64_t)l->offset - lowest_of(l->type);
    const uint64_t above = highest_of(l->type) - (uint64_t)l->offset;
    l->limits[0] = below > INT32_MAX ? INT32_MIN : -(int32_t)below;
    l->limits[1] = above > INT32_MAX ? INT32_MAX : (int32_t)above;
}

/* Set the limits of a type. Integers of n bits and the bits of floats of n bits have the same limits. */
static void set_limits(lattice *l)
{
    const int32_t top = sample_size(l->type) < 4 ? (1 << (8 * sample_size(l->type) - 1)) - 1 : INT32_MAX;
    const int is_unsigned = l->type == AECODEC_UINT8 || l->type == AECODEC_UINT16;
    l->limits[0] = is_unsigned ? 0 : -top - 1;
    l->limits[1] = is_unsigned ? 2 * top + 1 : top;
    if (l->unit > 0) {
        l->limits[0] = -INT32_MAX;
        l->limits[1] = INT32_MAX;
    } else if (is_wide_integer(l->type)) {
        set_wide_limits(l);
    }
}

lattice aecodec_lattice_of(uint32_t type, const bound *b)
{
    lattice l = {.type = type, .unit = b->unit, .offset = b->offset, .step = 1};
    if (!is_float(type) && !(b->unit > 0)) {
        l.step = 2 * (int64_t)b->error + 1;
    }
    set_limits(&l);
    return l;
}

void aecodec_lattice_use_points(lattice *l, const points *p)
{
    l->points = p;
    l->step = 1;
    l->limits[0] = p->limits[0];
    l->limits[1] = p->limits[1];
}

int aecodec_has_roots(uint32_t type)
{
    return type < AECODEC_FLOAT16 && sample_size(type) <= 2;
}

/* ---- single samples ---- */

static double clip(double number, double most)
{
    return number < -most ? -most : number > most ? most : number;
}

/* The multiple that is nearest to a number, the even one in a tie; 0 for NaN. */
int64_t aecodec_nearest_multiple(double number, double unit)
{
    const double quotient = number / unit, clipped = quotient == quotient ? clip(quotient, MOST_QUOTIENT) : 0;
    const int64_t whole = (int64_t)clipped;
    const double rest = clipped - (double)whole;
    if (rest > 0.5 || (rest == 0.5 && whole % 2)) {
        return whole + 1;
    }
    return whole - (rest < -0.5 || (rest == -0.5 && whole % 2));
}

int64_t aecodec_wide_multiple(uint32_t type, uint64_t bits, uint64_t unit)
{
    const uint64_t magnitude = type == AECODEC_INT64 && bits >> 63 ? 0 - bits : bits;
    const uint64_t whole = magnitude / unit + (magnitude % unit > unit / 2);
    return (int64_t)(magnitude == bits ? whole : 0 - whole);
}

/* Multiples beyond the type are its lowest and its highest number. */
static uint64_t wide_of_value(const lattice *l, int32_t value)
{
    const uint64_t sum = (uint64_t)l->offset + (uint64_t)(int64_t)value, unit = (uint64_t)l->unit;
    const int is_negative = l->type == AECODEC_INT64 && sum >> 63;
    const uint64_t magnitude = is_negative ? 0 - sum : sum;
    const uint64_t end = is_negative ? lowest_of(l->type) : highest_of(l->type);
    const uint64_t most = is_negative ? 0 - end : end;
    if (!unit) {
        return sum;
    }
    if (magnitude > most / unit) {
        return end;
    }
    return is_negative ? 0 - magnitude * unit : magnitude * unit;
}

/* The bits of floats as values, and back: those of negative numbers descend. */
static int32_t ordered(uint32_t type, int32_t x)
{
    return is_float(type) && x < 0 ? x ^ (sample_size(type) == 2 ? INT16_MAX : INT32_MAX) : x;
}

/* A sample whose value is exact, or that has points, as a number. */
static int32_t number_of(uint32_t type, uint64_t bits)
{
    const uint32_t unused = 32 - 8 * sample_size(type);
    switch (type) {
    case AECODEC_UINT8:
    case AECODEC_UINT16:
        return (int32_t)bits;
    case AECODEC_UINT32:
        return (int32_t)((uint32_t)bits ^ SIGN);
    default:
        return ordered(type, (int32_t)((uint32_t)bits << unused) >> unused);
    }
}

static int32_t value_of(const lattice *l, uint64_t bits)
{
    if (l->points) {
        return l->points->numbers[number_of(l->type, bits) - l->points->lowest];
    }
    if (!(l->unit > 0) && !is_wide_integer(l->type)) {
        return number_of(l->type, bits);
    }
    if (l->unit > 0) {
        bits = (uint64_t)(is_float(l->type)
                              ? aecodec_nearest_multiple(aecodec_sample_number(l->type, bits), l->unit)
                              : aecodec_wide_multiple(l->type, bits, (uint64_t)l->unit));
    }
    const int64_t value = (int64_t)(bits - (uint64_t)l->offset); /* bits may be unsigned */
    return (int32_t)(value < l->limits[0] ? l->limits[0] : value > l->limits[1] ? l->limits[1] : value);
}

static uint64_t bits_of_value(const lattice *l, int32_t value)
{
    if (l->points) {
        return (uint64_t)l->points->samples[value - l->points->lowest];
    }
    if (is_wide_integer(l->type)) {
        return wide_of_value(l, value);
    }
    if (l->unit > 0) {
        const int64_t multiple = (int64_t)((uint64_t)l->offset + (uint64_t)(int64_t)value);
        return aecodec_to_sample_bits(l->type, clip((double)multiple * l->unit, most_of(l->type)));
    }
    return (uint32_t)ordered(l->type, value) ^ (l->type == AECODEC_UINT32 ? SIGN : 0);
}

/* ---- the gap at nodata ---- */

void aecodec_lattice_avoid(lattice *l, const aecodec_samples *samples)
{
    const uint64_t nodata = aecodec_to_sample_bits(l->type, samples->nodata);
    const uint64_t there = bits_of_value(l, value_of(l, nodata)) & aecodec_last_order(l->type);
    if (aecodec_avoid_nodata(samples, there) != there) {
        l->has_gap = aecodec_beside_nodata(samples, l->beside);
        l->gap = value_of(l, nodata);
        l->order = aecodec_sample_order(l->type, l->beside[1]);
        l->limits[1] += l->limits[1] < INT32_MAX;
    }
}

static int32_t value_with_gap(const lattice *l, uint64_t bits)
{
    const int32_t value = value_of(l, bits);
    return value + (l->has_gap && value < l->limits[1] && aecodec_sample_order(l->type, bits) >= l->order);
}

static uint64_t bits_with_gap(const lattice *l, int32_t value)
{
    if (!l->has_gap || value < l->gap) {
        return bits_of_value(l, value);
    }
    return value > l->gap + (int64_t)1 ? bits_of_value(l, value - 1) : l->beside[value - l->gap];
}

/* ---- many samples ---- */

void aecodec_lattice_to_values(const lattice *l, const void *samples, size_t at, size_t stride, size_t count,
                               int32_t *values)
{
    for (; count; count--, at += stride) {
        *values++ = value_with_gap(l, bits_of_sample(l->type, samples, at));
    }
}

void aecodec_lattice_to_samples(const lattice *l, const int32_t *values, size_t at, size_t stride,
                                size_t count, void *samples)
{
    for (; count; count--, at += stride) {
        set_bits_of_sample(l->type, samples, at, bits_with_gap(l, *values++));
    }
}

/* ---- points that are as far from each other as bounds relative to the square root allow ---- */

int64_t aecodec_root_error(uint32_t factor, int64_t sample)
{
    const uint64_t magnitude = (uint64_t)(sample < 0 ? -sample : sample);
    const uint64_t square = ((uint64_t)factor * factor * magnitude) >> 16;
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 19; bit;
         bit >>= 1) { /* samples have up to 16 bits, and squares up to 40 */
        root += (root + bit) * (root + bit) <= square ? bit : 0;
    }
    return (int64_t)root;
}

/* Fill the tables for samples from 0 to `top`, or to `-top` if `sign` is -1. Returns the number of points. */
static int64_t fill_side(points *p, uint32_t factor, int64_t top, int sign)
{
    int64_t point = 0, number = 0;
    for (int64_t x = 1; x <= top; x++) {
        const int64_t error = aecodec_root_error(factor, x);
        if (x - error > point) {
            point = x + error < top ? x + error : top;
            number++;
            p->samples[sign * number - p->lowest] = (int32_t)(sign * point);
        }
        p->numbers[sign * x - p->lowest] = (int32_t)(sign * number);
    }
    return number;
}

points *aecodec_points_make(const int32_t range[2], uint32_t factor)
{
    const size_t count = (size_t)(range[1] - range[0] + 1);
    points *p = calloc(1, sizeof *p + 2 * count * sizeof *p->numbers);
    if (p) {
        p->factor = factor;
        p->lowest = range[0];
        p->numbers = (int32_t *)(void *)(p + 1);
        p->samples = p->numbers + count;
        p->limits[0] = (int32_t)-fill_side(p, factor, -(int64_t)range[0], -1);
        p->limits[1] = (int32_t)fill_side(p, factor, range[1], 1);
    }
    return p;
}
