/* SPDX-License-Identifier: Apache-2.0 */
/* Coding the values of a segment (FORMAT, section 8). */
#include <stdlib.h>
#include <string.h>

#include "private.h"

enum { VALUE_BYTES = 5 /* of a value, at most */ };

struct adaptive_choices {
    uint32_t bands;
};

struct adaptive_survey {
    uint32_t bands;
};

aecodec_status aecodec_choices_read(const uint8_t *block, size_t size, uint32_t bands, const int64_t *steps,
                                    const int32_t (*limits)[2], adaptive_choices **choices)
{
    (void)block, (void)steps, (void)limits;
    *choices = size ? NULL : calloc(1, sizeof **choices);
    if (*choices) {
        (*choices)->bands = bands;
    }
    return size ? AECODEC_DAMAGED_REFINEMENT : *choices ? AECODEC_OK : AECODEC_NO_MEMORY;
}

void aecodec_choices_free(adaptive_choices *choices) { free(choices); }

adaptive_survey *aecodec_survey_begin(uint32_t bands, const int64_t *steps, const int32_t (*limits)[2])
{
    adaptive_survey *s = calloc(1, sizeof *s);
    (void)bands, (void)steps, (void)limits;
    return s;
}

aecodec_status aecodec_survey_see(adaptive_survey *s, const residual_coding *segment, const int32_t *values)
{
    (void)values;
    s->bands = segment->bands;
    return AECODEC_OK;
}

aecodec_status aecodec_survey_end(adaptive_survey *s, buffer *block)
{
    free(s);
    return block->status;
}

static size_t plane_of(const residual_coding *c) { return (size_t)c->height * c->width; }

static size_t count_of(const residual_coding *c) { return plane_of(c) * c->bands * c->frames; }

/* The value that is expected: that of the base, or of the sample before. */
static int64_t expected(const residual_coding *c, const int32_t *base, const int32_t *values, size_t n, uint32_t band)
{
    const int64_t near = c->has_base ? base[n] : n % plane_of(c) ? values[n - 1] : 0;
    return near < c->limits[band][0] ? c->limits[band][0] : near > c->limits[band][1] ? c->limits[band][1] : near;
}

static int32_t value_at(const residual_coding *c, uint32_t band, int64_t near, int64_t steps)
{
    const int64_t value = near + steps * c->steps[band];
    return (int32_t)(value < c->limits[band][0] ? c->limits[band][0]
                                                : value > c->limits[band][1] ? c->limits[band][1] : value);
}

aecodec_status aecodec_residuals_encode(const residual_coding *c, const int32_t *base, const int32_t *values,
                                        int32_t *decoded, uint8_t **message, size_t *size)
{
    const size_t count = count_of(c);
    uint8_t *to = *message = malloc(VALUE_BYTES * count);
    size_t n;
    for (n = 0; to && n < count; n++) {
        const uint32_t band = (uint32_t)(n / plane_of(c) % c->bands);
        const int64_t near = expected(c, base, decoded, n, band), half = c->steps[band] / 2;
        int64_t steps = values[n] - near;
        uint64_t rest;
        steps = c->missing && c->missing[n] ? 0 : (steps < 0 ? steps - half : steps + half) / c->steps[band];
        decoded[n] = value_at(c, band, near, steps);
        if (c->missing && c->missing[n]) {
            continue;
        }
        for (rest = steps < 0 ? (uint64_t)(-2 * steps - 1) : (uint64_t)(2 * steps); rest >= 128; rest >>= 7) {
            *to++ = (uint8_t)(rest | 128);
        }
        *to++ = (uint8_t)rest;
    }
    if (!*message) {
        return AECODEC_NO_MEMORY;
    }
    *size = (size_t)(to - *message);
    to = *message;
    *message = malloc(*size + 1); /* without the room that is left */
    if (*message) {
        memcpy(*message, to, *size);
    }
    free(to);
    return *message ? AECODEC_OK : AECODEC_NO_MEMORY;
}

aecodec_status aecodec_residuals_decode(const residual_coding *c, const int32_t *base, const uint8_t *message,
                                        size_t size, int32_t *values)
{
    const uint8_t *stop = message + size;
    size_t n;
    for (n = 0; n < count_of(c); n++) {
        const uint32_t band = (uint32_t)(n / plane_of(c) % c->bands);
        uint64_t folded = 0;
        uint8_t byte = 128;
        int shift;
        for (shift = 0; !(c->missing && c->missing[n]) && byte >= 128; shift += 7) {
            if (message == stop || shift > 28) {
                return AECODEC_DAMAGED;
            }
            byte = *message++;
            folded |= (uint64_t)(byte & 127) << shift;
        }
        values[n] = value_at(c, band, expected(c, base, values, n, band),
                             folded & 1 ? -(int64_t)(folded / 2) - 1 : (int64_t)(folded / 2));
    }
    return message == stop ? AECODEC_OK : AECODEC_DAMAGED;
}
