/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of a codec that the adaptive coder codes before those of a file, only to learn from them (FORMAT,
 * section 3), as zstd begins with a dictionary. */
#include <stdlib.h>
#include <string.h>

#include "adaptive/adaptive_sample.h"
#include "adaptive/primer.h"
#include "samples/numbers.h"
#include "zlib/zlib.h"

enum { HEAD = 8, MOST_PRIMER_SAMPLES = 1 << 17, MOST_PRIMER_BANDS = 16, MOST_SIDE = 256 };

struct primer {
    uint32_t type, frames, bands, height, width;
    int32_t *values; /* [frames][bands][height][width] */
    primed *last;    /* for the next file; threads take it in turn */
};

/* ---- reading ---- */

static size_t count_of(const primer *p)
{
    return (size_t)p->frames * p->bands * p->height * p->width;
}

static int read_head(const uint8_t *at, primer *p)
{
    p->type = at[0];
    p->bands = at[1];
    p->frames = read_u16(at + 2);
    p->height = read_u16(at + 4);
    p->width = read_u16(at + 6);
    uint64_t samples = (uint64_t)p->frames * p->bands * p->height * p->width;
    return p->type <= AECODEC_INT16 && p->bands <= MOST_PRIMER_BANDS && p->height <= MOST_SIDE &&
           p->width <= MOST_SIDE && samples > 0 && samples <= MOST_PRIMER_SAMPLES;
}

static int inflate(const uint8_t *stream, size_t size, primer *p)
{
    const size_t count = count_of(p), bytes = count * sample_size(p->type);
    void *samples = malloc(bytes);
    aecodec_status status = AECODEC_NO_MEMORY;
    p->values = malloc(count * sizeof *p->values);
    if (samples && p->values) {
        status = aecodec_zlib_inflate(stream, size, samples, bytes);
    }
    for (size_t n = 0; status == AECODEC_OK && n < count; n++) {
        p->values[n] = (int32_t)number_of_sample(p->type, samples, n);
    }
    free(samples);
    return status == AECODEC_OK;
}

primer *aecodec_primer_read(const uint8_t *section, size_t size)
{
    primer *p = calloc(1, sizeof *p);
    if (p && (size < HEAD || !read_head(section, p) || !inflate(section + HEAD, size - HEAD, p))) {
        aecodec_primer_free(p);
        p = NULL;
    }
    return p;
}

int aecodec_primer_fits(const primer *p, uint32_t type, uint32_t bands)
{
    return p && p->type == type && p->bands == bands;
}

void aecodec_primer_show(const primer *p, const int64_t *steps, const int32_t (*limits)[2],
                         adaptive_survey *survey)
{
    const residual_coding coding = {.frames = p->frames, .bands = p->bands, .height = p->height,
                                    .width = p->width, .steps = steps, .limits = limits};
    aecodec_survey_see(survey, &coding, p->values);
}

/* ---- learning ---- */

static void free_primed(primed *p)
{
    if (p) {
        free(p->choices);
        free(p->states);
        free(p);
    }
}

void aecodec_primer_free(primer *p)
{
    if (p) {
        free_primed(p->last);
        free(p->values);
        free(p);
    }
}

static int32_t *values_within(const primer *p, const adaptive_choices *choices)
{
    const size_t count = count_of(p), plane = (size_t)p->height * p->width;
    int32_t *values = malloc(count * sizeof *values);
    for (size_t n = 0; values && n < count; n++) {
        const int32_t *limits = choices->limits[n / plane % p->bands];
        values[n] = clip32(p->values[n], limits[0], limits[1]);
    }
    return values;
}

static aecodec_status learn(const primer *p, primed *to)
{
    const residual_coding coding = {.frames = p->frames, .bands = p->bands, .height = p->height,
                                    .width = p->width, .steps = to->choices->steps,
                                    .limits = (const int32_t(*)[2])to->choices->limits,
                                    .choices = to->choices};
    int32_t *values = values_within(p, to->choices);
    const aecodec_status status = values ? aecodec_residuals_learn(&coding, values, to->states)
                                         : AECODEC_NO_MEMORY;
    free(values);
    return status;
}

/* Choices without tables. */
static primed *open_primed(const adaptive_choices *choices)
{
    primed *opened = calloc(1, sizeof *opened);
    if (opened) {
        opened->choices = malloc(sizeof *choices);
        opened->states = malloc(choices->bands * sizeof *opened->states);
    }
    if (opened && opened->choices && opened->states) {
        *opened->choices = *choices;
        return opened;
    }
    free_primed(opened);
    return NULL;
}

aecodec_status aecodec_primed_take(primer *p, const adaptive_choices *choices, primed **taken)
{
    *taken = __atomic_exchange_n(&p->last, NULL, __ATOMIC_ACQ_REL);
    if (*taken && memcmp((*taken)->choices, choices, sizeof *choices) == 0) {
        return AECODEC_OK;
    }
    free_primed(*taken);
    *taken = open_primed(choices);
    aecodec_status status = *taken ? learn(p, *taken) : AECODEC_NO_MEMORY;
    if (status != AECODEC_OK) {
        free_primed(*taken);
        *taken = NULL;
    }
    return status;
}

void aecodec_primed_give(primer *p, primed *given)
{
    free_primed(p ? __atomic_exchange_n(&p->last, given, __ATOMIC_ACQ_REL) : given);
}
