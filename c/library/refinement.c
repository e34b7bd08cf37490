/* SPDX-License-Identifier: Apache-2.0 */
/* Coding the values of a segment within a bound (FORMAT, section 8). */
#include <stdlib.h>
#include <string.h>

#include "residuals.h"

enum {
    SLOPE = 3,        /* a row lags three columns behind the row above, of which it reads the second sample ahead */
    SAMPLE_BYTES = 14 /* that a coded sample takes at most */
};

#define MOST_NUMBER ((int64_t)1 << 33)
#define MOST_NARROW ((int64_t)1 << 24)

/* ---- the walk over a segment ---- */

typedef struct {
    const residual_coding *coding;
    const residual_network *network; /* of the band */
    residual_context context;        /* of the band */
    const int64_t *values;           /* of an encoder */
    int64_t *decoded;
    int is_narrow;
    range_coder coder;
    residual_batch batch;
} walk;

static void code_sample(walk *w, size_t n)
{
    const residual_coding *coding = w->coding;
    const uint32_t band = w->context.band;
    const int64_t step = coding->steps[band], *limits = coding->limits[band];
    const size_t at = w->batch.at[n];
    const residual_distribution d = aecodec_residual_distribution_of(w->network, w->batch.mean[n],
                                                                     w->batch.log_scale[n], step,
                                           w->context.step_log2, limits);
    int64_t steps = 0;
    if (!coding->missing || !coding->missing[at]) {
        steps = is_decoder(&w->coder) ? 0 : residual_divide(w->values[at] - d.centre + step / 2, step);
        steps = aecodec_residual_steps_code(&w->coder, &d, steps);
    }
    w->decoded[at] = residual_clip(d.centre + step * steps, limits[0], limits[1]);
}

static void code_batch(walk *w)
{
    residual_batch *b = &w->batch;
    size_t n;
    aecodec_residual_context_find(&w->context, b);
    aecodec_residual_network_predict(w->coding->networks, w->network, b);
    for (n = 0; n < b->count; n++) {
        code_sample(w, n);
    }
    b->count = 0;
}

/* Code the samples of all frames that depend on earlier waves only: every row lags behind the one above. */
static void code_wave(walk *w, uint32_t time)
{
    const residual_coding *coding = w->coding;
    const uint32_t first = time < coding->width ? 0 : (time - coding->width) / SLOPE + 1;
    const uint32_t last = time / SLOPE < coding->height - 1 ? time / SLOPE : coding->height - 1;
    const size_t plane = (size_t)coding->height * coding->width;
    residual_batch *b = &w->batch;
    uint32_t frame, row;
    for (frame = 0; frame < coding->frames; frame++) {
        const size_t start = ((size_t)frame * coding->bands + w->context.band) * plane;
        for (row = first; row <= last; row++) {
            const uint32_t column = time - SLOPE * row;
            b->row[b->count] = row;
            b->column[b->count] = column;
            b->at[b->count] = start + (size_t)row * coding->width + column;
            if (++b->count == RESIDUAL_BATCH) {
                code_batch(w);
            }
        }
    }
    code_batch(w);
}

static void code_segment(walk *w, const int64_t *base)
{
    const residual_coding *coding = w->coding;
    const uint32_t times = coding->width + SLOPE * (coding->height - 1);
    uint32_t band, time;
    for (band = 0; band < coding->bands; band++) {
        w->network = aecodec_residual_network_of(coding->networks, band);
        aecodec_residual_context_open(&w->context, coding, band, w->is_narrow, base, w->decoded);
        for (time = 0; time < times && w->coder.status == AECODEC_OK; time++) {
            code_wave(w, time);
        }
    }
}

/* ---- arguments ---- */

static size_t samples_of(const residual_coding *coding)
{
    return (size_t)coding->frames * coding->bands * coding->height * coding->width;
}

/* Whether the values of a band are from `least` to `most`, unless they are missing. */
static int band_is_within(const residual_coding *coding, uint32_t band, const int64_t *values, const uint8_t *missing,
                          int64_t least, int64_t most)
{
    const size_t plane = (size_t)coding->height * coding->width;
    uint32_t frame;
    size_t n;
    for (frame = 0; frame < coding->frames; frame++) {
        const size_t start = ((size_t)frame * coding->bands + band) * plane;
        for (n = start; n < start + plane; n++) {
            if ((values[n] < least || values[n] > most) && !(missing && missing[n])) {
                return 0;
            }
        }
    }
    return 1;
}

static int is_sound(const residual_coding *coding, const int64_t *base, const int64_t *values)
{
    uint32_t band;
    if (!samples_of(coding) || coding->height > MAX_SIDE || coding->width > MAX_SIDE ||
        coding->networks->count < (coding->bands < RESIDUAL_MOST_BANDS + 1 ? coding->bands : RESIDUAL_MOST_BANDS + 1)) {
        return 0;
    }
    for (band = 0; band < coding->bands; band++) {
        const int64_t *limits = coding->limits[band], step = coding->steps[band];
        if (step < 1 || step > 2 * MOST_NUMBER || limits[0] < -MOST_NUMBER || limits[0] > limits[1] ||
            limits[1] > MOST_NUMBER || !band_is_within(coding, band, base, NULL, -MOST_NUMBER, MOST_NUMBER) ||
            (values && !band_is_within(coding, band, values, coding->missing, limits[0], limits[1]))) {
            return 0;
        }
    }
    return 1;
}

static int is_narrow(const residual_coding *coding, const int64_t *base)
{
    uint32_t band;
    for (band = 0; band < coding->bands; band++) {
        if (coding->limits[band][0] < -MOST_NARROW || coding->limits[band][1] > MOST_NARROW ||
            !band_is_within(coding, band, base, NULL, -MOST_NARROW, MOST_NARROW)) {
            return 0;
        }
    }
    return 1;
}

/* Begin with the base for the samples that are not yet known. */
static walk *open_walk(const residual_coding *coding, const int64_t *base, int64_t *decoded)
{
    walk *w = calloc(1, sizeof *w);
    if (w) {
        w->coding = coding;
        w->decoded = decoded;
        w->is_narrow = is_narrow(coding, base);
        memcpy(decoded, base, samples_of(coding) * sizeof *decoded);
    }
    return w;
}

aecodec_status aecodec_residuals_encode(const residual_coding *coding, const int64_t *base, const int64_t *values,
                                        int64_t *decoded, uint8_t **message, size_t *size)
{
    const size_t room = SAMPLE_BYTES * samples_of(coding) + 16;
    aecodec_status status;
    walk *w;
    *message = NULL;
    if (!is_sound(coding, base, values)) {
        return AECODEC_BAD_ARGUMENT;
    }
    w = open_walk(coding, base, decoded);
    *message = malloc(room);
    if (!w || !*message) {
        free(w);
        return AECODEC_NO_MEMORY;
    }
    w->values = values;
    start_coder(&w->coder, NULL, *message, room);
    code_segment(w, base);
    finish_message(&w->coder);
    *size = w->coder.length;
    status = w->coder.status;
    free(w);
    return status;
}

aecodec_status aecodec_residuals_decode(const residual_coding *coding, const int64_t *base, const uint8_t *message,
                                        size_t size, int64_t *values)
{
    aecodec_status status;
    walk *w;
    if (!is_sound(coding, base, NULL)) {
        return AECODEC_BAD_ARGUMENT;
    }
    w = open_walk(coding, base, values);
    if (!w) {
        return AECODEC_NO_MEMORY;
    }
    start_coder(&w->coder, message, NULL, size);
    code_segment(w, base);
    status = check_end(&w->coder, 0);
    free(w);
    return status;
}
