/* SPDX-License-Identifier: Apache-2.0 */
/* Points that are as far from each other as bounds relative to the square root allow (FORMAT, section 13). */
#include <stdlib.h>
#include <string.h>

#include "refined.h"

int64_t root_error(uint32_t factor, int64_t sample)
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
        const int64_t error = root_error(factor, x);
        if (x - error > point) {
            point = x + error < top ? x + error : top;
            number++;
            p->samples[sign * number - p->lowest] = (int32_t)(sign * point);
        }
        p->numbers[sign * x - p->lowest] = (int32_t)(sign * number);
    }
    return number;
}

points *points_make(const int64_t range[2], uint32_t factor)
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
