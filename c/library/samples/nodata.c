/* SPDX-License-Identifier: Apache-2.0 */
/* The value of missing samples: the samples next to it, and what it is if nobody states it. */
#include "samples/missing.h"

/* ---- the samples next to it ---- */

static int is_finite(uint32_t type, uint64_t bits)
{
    const double number = aecodec_sample_number(type, bits);
    return number - number == 0;
}

int aecodec_beside_nodata(const aecodec_samples *samples, uint64_t beside[2])
{
    const uint32_t type = samples->type;
    const uint64_t all = aecodec_last_order(type), sign = all ^ all >> 1;
    const uint64_t nodata = samples->has_nodata ? aecodec_to_sample_bits(type, samples->nodata) & all : 0;
    const uint64_t is_zero = is_float(type) && !(nodata & ~sign); /* of which there are two */
    const uint64_t low = aecodec_sample_order(type, is_zero ? sign : nodata), high = low + is_zero;
    beside[0] = aecodec_sample_at(type, low - 1);
    beside[1] = aecodec_sample_at(type, high + 1);
    int has_low = low > 0 && is_finite(type, beside[0]);
    int has_high = high < all && is_finite(type, beside[1]);
    beside[0] = has_low ? beside[0] : beside[1];
    beside[1] = has_high ? beside[1] : beside[0];
    return samples->has_nodata && samples->nodata == samples->nodata && has_low && has_high;
}

/* ---- what it is ---- */

/* The end of the samples on one side: its place in the order of the type, counted from the end of the type,
 * the one of the next sample, and how many samples are there. */
typedef struct {
    uint64_t at, next, count;
} end;

static void add_to_end(end *e, uint64_t place)
{
    if (place < e->at) {
        e->next = e->count ? e->at : UINT64_MAX;
        e->at = place;
        e->count = 0;
    } else if (place > e->at && place < e->next) {
        e->next = place;
    }
    e->count += place == e->at;
}

/* Returns 0 if there are no ends, or a sample is NaN, which then is missing. */
static int find_ends(const aecodec_samples *s, end ends[2])
{
    const size_t count = pixels_of_samples(s) * s->bands;
    const uint64_t last = aecodec_last_order(s->type);
    ends[0] = ends[1] = (end){UINT64_MAX, UINT64_MAX, 0};
    for (size_t n = 0; n < count; n++) {
        const uint64_t bits = bits_of_sample(s->type, s->samples, n);
        const uint64_t order = aecodec_sample_order(s->type, bits);
        if (is_float(s->type) &&
            aecodec_sample_number(s->type, bits) != aecodec_sample_number(s->type, bits)) {
            return 0;
        }
        add_to_end(&ends[0], order);
        add_to_end(&ends[1], last - order);
    }
    return count > 0;
}

enum { NEAR = 1, APART = 2, SURE = 3 };

/* How likely the samples at one end are missing. Sets their number, or that at the end of the type. */
static int likeliness(const aecodec_samples *s, const end ends[2], int side, double *number)
{
    const uint64_t last = aecodec_last_order(s->type), across = last - ends[!side].next;
    const uint64_t places[] = {ends[side].at, ends[side].next, across, 0};
    double at[4], gap, range;
    for (uint32_t n = 0; n < 4; n++) {
        at[n] = aecodec_sample_number(s->type,
                                      aecodec_sample_at(s->type, side ? last - places[n] : places[n]));
    }
    gap = side ? at[0] - at[1] : at[1] - at[0];
    range = side ? at[1] - at[2] : at[2] - at[1];
    *number = at[0];
    if (ends[side].at == last - ends[!side].at) { /* all samples are equal */
        return side ? 0 : SURE;
    }
    if (!is_float(s->type) && !ends[side].at) {
        return SURE;
    }
    if (ends[side].count > 1 && ((gap > 1 && 64 * gap > range) || (at[0] < 0 && at[1] >= 0))) {
        return SURE;
    }
    if (4 * gap > range) {
        return APART;
    }
    *number = at[3];
    return is_float(s->type) ? 0 : NEAR;
}

/* Whether a double, as which nodata is stored, holds a number of 64 bits. */
static int is_held(uint32_t type, double number)
{
    const double most = 9007199254740992.0, least_of_64 = -9223372036854775808.0;
    return is_float(type) || (number <= most && number >= -most) || number == least_of_64;
}

aecodec_status aecodec_find_nodata(aecodec_samples *samples)
{
    const int is_stated = samples->has_nodata && samples->nodata == samples->nodata;
    double numbers[2];
    end ends[2];
    int likely[2], side;
    if (is_stated && samples->nodata != 0) {
        return AECODEC_OK;
    }
    samples->has_nodata = is_stated && !is_float(samples->type);
    if (!find_ends(samples, ends)) {
        return AECODEC_OK;
    }
    likely[0] = likeliness(samples, ends, 0, &numbers[0]);
    likely[1] = likeliness(samples, ends, 1, &numbers[1]);
    if (likely[0] == SURE && likely[1] == SURE) {
        return AECODEC_UNCLEAR_NODATA;
    }
    side = likely[1] > likely[0] || (likely[1] == likely[0] && ends[1].at < ends[0].at);
    if (likely[side] > NEAR && !is_held(samples->type, numbers[side])) {
        return AECODEC_UNCLEAR_NODATA;
    }
    if (likely[side] > NEAR ||
        (likely[side] == NEAR && !samples->has_nodata && is_held(samples->type, numbers[side]))) {
        samples->has_nodata = 1;
        samples->nodata = numbers[side];
    }
    return AECODEC_OK;
}
