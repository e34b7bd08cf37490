/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures and samples that are refined: their bases, and the messages of refinements. */
#include <stdlib.h>
#include <string.h>

#include "coding/encoding.h"
#include "coding/decoding.h"
#include "targets/bounded_encoder.h"

/* ---- originals ---- */

void aecodec_refiner_close(refiner *r)
{
    aecodec_encoding_free(r->encoding);
    free(r->pixels);
}

static aecodec_status copy_channels(refiner *r, const aecodec_image *picture)
{
    const uint32_t bands = r->original.bands, colours = r->has_alpha ? bands - 1 : bands;
    const uint8_t *from = picture->pixels;
    uint8_t *to = r->pixels = malloc(pixels_of_samples(&r->original) * bands);
    for (size_t n = 0; to && n < pixels_of_samples(&r->original);
         n++, from += picture->channels, to += bands) {
        memcpy(to, from, colours);
        if (r->has_alpha) {
            to[colours] = from[picture->channels - 1];
        }
    }
    r->original.samples = r->pixels;
    return to ? AECODEC_OK : AECODEC_NO_MEMORY;
}

static aecodec_status take_picture(refiner *r, const aecodec_image *picture)
{
    const uint8_t mode = r->encoding->header.mode;
    r->has_alpha = !has_networks(r->bundle) && mode & 2;
    r->original.width = picture->width;
    r->original.height = picture->height;
    r->original.frames = picture->frames;
    r->original.bands = (mode & 1 ? 3u : 1u) + (r->has_alpha ? 1u : 0u);
    r->original.type = AECODEC_UINT8;
    r->original.samples = picture->pixels;
    return r->original.bands == picture->channels ? AECODEC_OK : copy_channels(r, picture);
}

aecodec_status aecodec_refiner_open(refiner *r, const aecodec_bundle *bundle,
                                    const aecodec_execution *execution, const aecodec_image *picture,
                                    const aecodec_samples *samples)
{
    const uint32_t parts = picture ? aecodec_parts_for(bundle, execution, picture->width, picture->height)
                                   : aecodec_parts_for(bundle, execution, samples->width, samples->height);
    memset(r, 0, sizeof *r);
    r->bundle = bundle;
    r->execution = execution;
    aecodec_status status = picture
                                ? aecodec_encoding_begin(bundle, picture, NOT_REDUCED, parts, &r->encoding)
                                : aecodec_encoding_begin_samples(bundle, samples, parts, r->clipped,
                                                                 &r->encoding);
    if (status == AECODEC_OK && picture) {
        return take_picture(r, picture);
    }
    if (status == AECODEC_OK) {
        r->original = *samples;
        r->original.missing = r->encoding->missing;
        r->original.mask_planes = r->encoding->mask_planes;
    }
    return status;
}

/* ---- bases ---- */

static aecodec_status decode_base(const refiner *r, const buffer *file, void **samples)
{
    static const aecodec_limits unlimited = {.max_pixels = UINT64_MAX, .max_frames = MAX_FRAMES};
    const uint32_t parts = aecodec_parts_for(r->bundle, r->execution, r->original.width, r->original.height);
    aecodec_decoding *d = NULL;
    aecodec_status status = aecodec_decoding_begin(r->bundle, file->bytes, file->size, &unlimited, parts, &d);
    status = status == AECODEC_OK ? aecodec_decoding_run(d, r->execution) : status;
    status = status == AECODEC_OK ? aecodec_decoding_take(d, r->execution, samples) : status;
    aecodec_decoding_free(d);
    return status;
}

static aecodec_status make_base(refiner *r, uint32_t units, buffer *file, void **samples)
{
    aecodec_status status = aecodec_encoding_run(r->encoding, r->execution);
    status = status == AECODEC_OK ? aecodec_encode_level(r->encoding, units, r->execution, file, NULL)
                                  : status;
    return status == AECODEC_OK ? decode_base(r, file, samples) : status;
}

aecodec_status aecodec_refiner_base(refiner *r, uint32_t units, buffer *file, void **samples)
{
    *samples = NULL;
    if (units != NO_LEVEL) {
        return make_base(r, units, file, samples);
    }
    aecodec_encoding_header_file(r->encoding, file);
    return file->status;
}

/* ---- refinements ---- */

typedef struct {
    const refinement *bounds;
    segments to;
    aecodec_samples before; /* which become those of a decoder, unless they are NULL */
    coded_message *messages;
    double *max_errors;
} refinement_coding;

static aecodec_status encode_values(const refinement_coding *c, segment *s, uint32_t number)
{
    const box whole = {0, 0, 0, c->to.samples->frames, c->to.samples->height, c->to.samples->width};
    coded_message *message = &c->messages[number];
    aecodec_status status;
    if (s->before) {
        aecodec_segment_read(s, &c->before, s->before);
    }
    aecodec_segment_read(s, c->to.samples, s->after);
    status = aecodec_residuals_encode(&s->coding, s->before, s->after, s->decoded, &message->bytes,
                                      &message->size);
    status = status == AECODEC_OK ? aecodec_compare_segment(s, c->bounds, &c->max_errors[number]) : status;
    if (status == AECODEC_OK && c->before.samples) {
        aecodec_segment_write(s, s->decoded, &whole, c->before.samples);
    }
    return status;
}

static aecodec_status encode_segment(void *argument, uint32_t number)
{
    const refinement_coding *c = argument;
    segment s;
    aecodec_status status = aecodec_segment_enter(&c->to, number, &s);
    if (status == AECODEC_OK) {
        status = encode_values(c, &s, number);
        aecodec_segment_leave(&s);
    }
    return status;
}

static aecodec_status survey_segment(const segments *to, uint32_t number, adaptive_survey *survey)
{
    segment s;
    aecodec_status status = aecodec_segment_enter(to, number, &s);
    if (status != AECODEC_OK) {
        return status;
    }
    aecodec_segment_read(&s, to->samples, s.after);
    aecodec_survey_see(survey, &s.coding, s.after);
    aecodec_segment_leave(&s);
    return AECODEC_OK;
}

/* Show the primer, if the coder learns from it, and all segments to the survey. */
static aecodec_status survey_all(const segments *to, uint32_t count, int is_primed, adaptive_survey *survey)
{
    aecodec_status status = AECODEC_OK;
    if (is_primed) {
        aecodec_primer_show(to->bundle->primer, to->steps, (const int32_t(*)[2])to->limits, survey);
    }
    for (uint32_t n = 0; n < count && status == AECODEC_OK; n++) {
        status = survey_segment(to, n, survey);
    }
    return status;
}

static aecodec_status choose(segments *to, uint32_t count, int is_primed, int is_stable, buffer *choices)
{
    adaptive_survey *survey = aecodec_survey_begin(to->samples->bands, to->steps,
                                                   (const int32_t (*)[2])to->limits,
                                                   !to->has_base && !is_primed, to->samples->missing != NULL);
    aecodec_status status = survey ? survey_all(to, count, is_primed, survey) : AECODEC_NO_MEMORY;
    aecodec_status end = survey ? aecodec_survey_end(survey, is_stable, choices) : status;
    status = status == AECODEC_OK ? end : status;
    return status == AECODEC_OK ? aecodec_segments_choose(to, choices->bytes, choices->size, is_primed)
                                : status;
}

static aecodec_status encode_segments(refiner *r, refinement_coding *c, uint32_t count)
{
    c->messages = calloc(count, sizeof *c->messages);
    c->max_errors = calloc(count, sizeof *c->max_errors);
    return c->messages && c->max_errors ? aecodec_for_each(r->execution, count, encode_segment, c)
                                        : AECODEC_NO_MEMORY;
}

static void free_coding(refinement_coding *c, uint32_t count)
{
    for (uint32_t n = 0; c->messages && n < count; n++) {
        free(c->messages[n].bytes);
    }
    free(c->messages);
    free(c->max_errors);
    aecodec_segments_close(&c->to);
}

aecodec_status aecodec_refiner_encode(refiner *r, refinement *to, void *samples, buffer *file)
{
    refinement_coding c = {.bounds = to, .before = r->original};
    buffer choices = {NULL, 0, 0, AECODEC_OK};
    uint32_t n;
    to->messages = aecodec_segments_count(&r->original);
    c.before.samples = samples;
    to->checksum = to->has_base ? aecodec_samples_checksum(&c.before) : 0;
    aecodec_status status = aecodec_segments_open(&c.to, r->bundle, &r->original, to);
    to->is_primed = status == AECODEC_OK && aecodec_segments_can_prime(&c.to);
    status = status == AECODEC_OK ? choose(&c.to, to->messages, to->is_primed, to->is_stable, &choices)
                                  : status;
    status = status == AECODEC_OK ? encode_segments(r, &c, to->messages) : status;
    if (status == AECODEC_OK) {
        for (r->max_error = n = 0; n < to->messages; n++) {
            r->max_error = c.max_errors[n] > r->max_error ? c.max_errors[n] : r->max_error;
        }
        to->choices = choices.bytes;
        to->choices_size = choices.size;
        aecodec_refined_file_append(file, to, c.messages);
        status = file->status;
    }
    free(choices.bytes);
    free_coding(&c, to->messages);
    return status;
}
