/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of all types as integers, so that one coder serves all (FORMAT, section 8). Integers are their own values.
 * Floats with a unit are multiples of it. Floats without error are their bits, in the order of the numbers. */
#include <stdlib.h>

#include "refined.h"

#define MOST_MULTIPLE 2147483647.0

/* Largest sample of a type of floats; 2^128 - 2^104 for float32. */
static double most_of(uint32_t type)
{
    return aecodec_sample_number(type, type == AECODEC_FLOAT16 ? 0x7bffu : 0x7f7fffffu);
}

/* Set the limits of a type. Integers of n bits and the bits of floats of n bits have the same limits. */
static void set_limits(lattice *l)
{
    const int64_t half = (int64_t)1 << (8 * sample_size(l->type) - 1);
    const int is_unsigned = l->type == AECODEC_UINT8 || l->type == AECODEC_UINT16;
    l->limits[0] = is_unsigned ? 0 : -half;
    l->limits[1] = is_unsigned ? 2 * half - 1 : half - 1;
    if (l->unit > 0) {
        l->limits[0] = -(int64_t)MOST_MULTIPLE;
        l->limits[1] = (int64_t)MOST_MULTIPLE;
    }
}

lattice aecodec_lattice_of(uint32_t type, const bound *b)
{
    lattice l;
    l.type = type;
    l.unit = b->unit;
    l.points = NULL;
    l.step = type < AECODEC_FLOAT16 ? 2 * (int64_t)b->error + 1 : 1;
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

static double clip(double number, double most)
{
    return number < -most ? -most : number > most ? most : number;
}

/* The multiple that is nearest to a number, the even one in a tie; 0 for NaN. */
static int64_t nearest_multiple(double number, double unit)
{
    const double quotient = number / unit, clipped = quotient == quotient ? clip(quotient, MOST_MULTIPLE) : 0;
    const int64_t whole = (int64_t)clipped;
    const double rest = clipped - (double)whole;
    if (rest > 0.5 || (rest == 0.5 && whole % 2)) {
        return whole + 1;
    }
    return whole - (rest < -0.5 || (rest == -0.5 && whole % 2));
}

/* The bits of a sample as an integer, which is signed unless its type is not. */
static int64_t integer_of(uint32_t type, uint32_t bits)
{
    if (type == AECODEC_UINT8 || type == AECODEC_UINT16) {
        return bits;
    }
    return sample_size(type) == 1 ? (int8_t)bits : sample_size(type) == 2 ? (int16_t)bits : (int32_t)bits;
}

static int64_t value_of(const lattice *l, uint32_t bits)
{
    const int64_t value = integer_of(l->type, bits);
    if (l->points) {
        return l->points->numbers[value - l->points->lowest];
    }
    if (l->unit > 0) {
        return nearest_multiple(aecodec_sample_number(l->type, bits), l->unit);
    }
    return l->type >= AECODEC_FLOAT16 && value < 0 ? value ^ l->limits[1] : value;
}

static uint32_t bits_of_value(const lattice *l, int64_t value)
{
    if (l->unit > 0) {
        return aecodec_to_sample_bits(l->type, clip((double)value * l->unit, most_of(l->type)));
    }
    if (l->points) {
        return (uint32_t)l->points->samples[value - l->points->lowest];
    }
    return (uint32_t)(l->type >= AECODEC_FLOAT16 && value < 0 ? value ^ l->limits[1] : value);
}

void aecodec_lattice_to_values(const lattice *l, const void *samples, size_t at, size_t stride, size_t count,
                               int64_t *values)
{
    for (; count; count--, at += stride) {
        *values++ = value_of(l, bits_of_sample(l->type, samples, at));
    }
}

void aecodec_lattice_to_samples(const lattice *l, const int64_t *values, size_t at, size_t stride, size_t count,
                                void *samples)
{
    for (; count; count--, at += stride) {
        set_bits_of_sample(l->type, samples, at, bits_of_value(l, *values++));
    }
}

/* ---- points that are as far from each other as bounds relative to the square root allow ---- */

int64_t aecodec_root_error(uint32_t factor, int64_t sample)
{
    const uint64_t magnitude = (uint64_t)(sample < 0 ? -sample : sample);
    const uint64_t square = ((uint64_t)factor * factor * magnitude) >> 16;
    uint64_t root = 0, bit;
    for (bit = (uint64_t)1 << 19; bit; bit >>= 1) { /* samples have up to 16 bits, and squares up to 40 */
        root += (root + bit) * (root + bit) <= square ? bit : 0;
    }
    return (int64_t)root;
}

/* Fill the tables for samples from 0 to `top`, or to `-top` if `sign` is -1. Returns the number of points. */
static int64_t fill_side(points *p, uint32_t factor, int64_t top, int sign)
{
    int64_t point = 0, number = 0, x;
    for (x = 1; x <= top; x++) {
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

points *aecodec_points_make(const int64_t range[2], uint32_t factor)
{
    const size_t count = (size_t)(range[1] - range[0] + 1);
    points *p = calloc(1, sizeof *p + 2 * count * sizeof *p->numbers);
    if (p) {
        p->factor = factor;
        p->lowest = range[0];
        p->numbers = (int32_t *)(void *)(p + 1);
        p->samples = p->numbers + count;
        p->limits[0] = -fill_side(p, factor, -range[0], -1);
        p->limits[1] = fill_side(p, factor, range[1], 1);
    }
    return p;
}
