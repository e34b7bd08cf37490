/* SPDX-License-Identifier: Apache-2.0 */
/* Refinements of whole pictures: their segments, one after the other (FORMAT, section 8). */
#include <stdlib.h>
#include <string.h>

#include "refined.h"
#include "residuals.h"

enum { BYTES_PER_VALUE = 2 * sizeof(int64_t) + 1 /* values before and after, and the mask */ };

/* ---- networks ---- */

/* Whether networks code a number of bands; from the third band on, all read as many bands. */
static int can_code(const residual_networks *networks, uint32_t bands)
{
    return networks->count >= least(bands, RESIDUAL_MOST_BANDS + 1);
}

const residual_networks *aecodec_residuals_for(const aecodec_bundle *bundle, uint32_t bands, int has_base,
                                               const uint8_t *id, const uint8_t **sha256)
{
    uint32_t n;
    for (n = 0; n < bundle->facts.sections; n++) {
        const section *s = &bundle->sections[n];
        if (s->residuals && s->residuals->has_base == has_base && can_code(s->residuals, bands) &&
            (!id || memcmp(id, s->entry.sha256, ID_SIZE) == 0)) {
            *sha256 = s->entry.sha256;
            return s->residuals;
        }
    }
    return NULL;
}

/* Whether networks with an id are listed by the codec, but absent. */
static int are_left_out(const aecodec_bundle *bundle, int has_base, const uint8_t *id)
{
    uint32_t n;
    for (n = 0; n < bundle->facts.sections; n++) {
        const aecodec_section *s = &bundle->sections[n].entry;
        if (s->kind == AECODEC_RESIDUALS && s->level == (uint32_t)has_base && !s->is_present &&
            memcmp(id, s->sha256, ID_SIZE) == 0) {
            return 1;
        }
    }
    return 0;
}

/* ---- segments ---- */

/* Frames that a segment has at most. */
static uint32_t frames_together(const aecodec_samples *s, uint32_t side)
{
    return least(s->frames, side * side / (least(s->height, side) * least(s->width, side)));
}

size_t aecodec_refining_values(const aecodec_samples *s)
{
    const uint32_t height = least(s->height, REFINED_SIDE), width = least(s->width, REFINED_SIDE);
    return (size_t)frames_together(s, REFINED_SIDE) * height * width * s->bands;
}

uint64_t aecodec_refining_memory(const aecodec_samples *samples, uint32_t roots)
{
    const uint64_t table =
        aecodec_has_roots(samples->type) ? (uint64_t)2 * sizeof(int32_t) << 8 * sample_size(samples->type) : 0;
    return (uint64_t)aecodec_refining_values(samples) * BYTES_PER_VALUE + roots * table;
}

uint32_t aecodec_refining_count(const aecodec_samples *s, uint32_t side)
{
    return aecodec_divide_up(s->frames, frames_together(s, side)) * aecodec_divide_up(s->height, side)
        * aecodec_divide_up(s->width, side);
}

void aecodec_refining_go_to(refining *r, uint32_t number)
{
    const aecodec_samples *s = r->samples;
    const uint32_t across = aecodec_divide_up(s->width, r->side), down = aecodec_divide_up(s->height, r->side);
    const uint32_t together = frames_together(s, r->side);
    r->left = number % across * r->side;
    r->top = number / across % down * r->side;
    r->frame = number / across / down * together;
    r->coding.frames = least(together, s->frames - r->frame);
    r->coding.height = least(r->side, s->height - r->top);
    r->coding.width = least(r->side, s->width - r->left);
}

void aecodec_refining_begin(refining *r, const aecodec_samples *samples, uint32_t side)
{
    memset(r, 0, sizeof *r);
    r->samples = samples;
    r->side = side;
    r->coding.bands = samples->bands;
    aecodec_refining_go_to(r, 0);
}

/* ---- opening ---- */

/* Use the points of an earlier band with the same factor, or make points. Returns whether there is enough memory. */
static int find_points(refining *r, uint32_t band, uint32_t factor)
{
    lattice *l = &r->lattices[band];
    uint32_t n;
    for (n = 0; n < band; n++) {
        if (r->points[n] && r->points[n]->factor == factor) {
            aecodec_lattice_use_points(l, r->points[n]);
            return 1;
        }
    }
    r->points[band] = aecodec_points_make(l->limits, factor);
    if (r->points[band]) {
        aecodec_lattice_use_points(l, r->points[band]);
    }
    return r->points[band] != NULL;
}

static aecodec_status set_lattices(refining *r, const refinement *bounds)
{
    uint32_t band;
    for (band = 0; band < r->samples->bands; band++) {
        const bound *b = aecodec_bound_of(bounds, band);
        lattice *l = &r->lattices[band];
        *l = aecodec_lattice_of(r->samples->type, b);
        if (bounds->is_root && !find_points(r, band, (uint32_t)(b->error * ROOT_UNITS))) {
            return AECODEC_NO_MEMORY;
        }
        r->steps[band] = l->step;
        memcpy(r->limits[band], l->limits, sizeof l->limits);
    }
    return AECODEC_OK;
}

aecodec_status aecodec_refining_open(refining *r, const aecodec_samples *samples, const residual_networks *networks,
                                     const refinement *bounds)
{
    aecodec_refining_begin(r, samples, REFINED_SIDE);
    r->coding.networks = networks;
    return set_lattices(r, bounds);
}

void aecodec_refining_close(refining *r)
{
    uint32_t band;
    for (band = 0; band < AECODEC_MAX_BANDS; band++) {
        free(r->points[band]);
    }
}

/* ---- between samples and the values of a segment ---- */

uint32_t aecodec_refining_rows(const refining *r)
{
    return r->coding.frames * r->coding.bands * r->coding.height;
}

size_t aecodec_refining_row(const refining *r, uint32_t number, uint32_t *band)
{
    const aecodec_samples *s = r->samples;
    const uint32_t row = number % r->coding.height, frame = number / r->coding.height / r->coding.bands;
    *band = number / r->coding.height % r->coding.bands;
    return ((size_t)(r->frame + frame) * s->height + r->top + row) * s->width + r->left;
}

/* Copy the mask to the order of the values. */
static void take_mask(const refining *r)
{
    uint8_t *to = r->missing;
    uint32_t n, band, column;
    for (n = 0; n < aecodec_refining_rows(r); n++) {
        const size_t pixel = aecodec_refining_row(r, n, &band);
        for (column = 0; column < r->coding.width; column++) {
            *to++ = (uint8_t)is_missing(r->samples, pixel + column, band);
        }
    }
}

aecodec_status aecodec_refining_enter(const refining *all, uint32_t number, refining *r)
{
    size_t values;
    *r = *all;
    aecodec_refining_go_to(r, number);
    values = (size_t)aecodec_refining_rows(r) * r->coding.width;
    r->coding.steps = r->steps;
    r->coding.limits = (const int64_t(*)[2])r->limits;
    r->before = malloc(values * BYTES_PER_VALUE);
    if (!r->before) {
        return AECODEC_NO_MEMORY;
    }
    r->after = r->before + values;
    r->missing = (uint8_t *)(r->after + values);
    if (r->samples->missing) {
        take_mask(r);
        r->coding.missing = r->missing;
    }
    return AECODEC_OK;
}

void aecodec_refining_leave(refining *r)
{
    free(r->before);
}

void aecodec_refining_read(const refining *r, const void *samples, int64_t *values)
{
    const residual_coding *c = &r->coding;
    uint32_t n, band;
    for (n = 0; n < aecodec_refining_rows(r); n++, values += c->width) {
        const size_t pixel = aecodec_refining_row(r, n, &band);
        aecodec_lattice_to_values(&r->lattices[band], samples, pixel * c->bands + band, c->bands, c->width, values);
    }
}

void aecodec_refining_write(const refining *r, const int64_t *values, void *samples)
{
    const residual_coding *c = &r->coding;
    uint32_t n, band;
    for (n = 0; n < aecodec_refining_rows(r); n++, values += c->width) {
        const size_t pixel = aecodec_refining_row(r, n, &band);
        aecodec_lattice_to_samples(&r->lattices[band], values, pixel * c->bands + band, c->bands, c->width, samples);
    }
}

/* ---- decoding ---- */

uint32_t aecodec_samples_checksum(const aecodec_samples *s)
{
    return aecodec_crc32_of(0, s->samples, pixels_of_samples(s) * s->bands * sample_size(s->type));
}

/* The segments of a refinement, and their messages. */
typedef struct {
    refining to;
    reader *messages;
} decoder;

static aecodec_status decode_segment(void *argument, uint32_t number)
{
    const decoder *all = argument;
    const reader *message = &all->messages[number];
    refining to;
    aecodec_status status = aecodec_refining_enter(&all->to, number, &to);
    if (status != AECODEC_OK) {
        return status;
    }
    aecodec_refining_read(&to, to.samples->samples, to.before);
    status = aecodec_residuals_decode(&to.coding, to.before, message->at, message->left, to.after);
    if (status == AECODEC_OK) {
        aecodec_refining_write(&to, to.after, to.samples->samples);
    }
    aecodec_refining_leave(&to);
    return status;
}

/* Find the messages before memory is allocated for them: a segment has at least one byte, that of its length. */
static aecodec_status split_messages(const refinement *r, uint32_t count, reader **messages)
{
    reader payload = {r->messages, r->size, 0};
    aecodec_status status = AECODEC_OK;
    uint32_t n;
    *messages = count - 1 <= r->size ? malloc(count * sizeof **messages) : NULL;
    if (!*messages) {
        return count - 1 <= r->size ? AECODEC_NO_MEMORY : AECODEC_DAMAGED_SEGMENTS;
    }
    for (n = 0; n < count && status == AECODEC_OK; n++) {
        status = take_message(&payload, n + 1 == count, &(*messages)[n]);
    }
    return status == AECODEC_OK ? AECODEC_OK : AECODEC_DAMAGED_SEGMENTS;
}

static aecodec_status decode_segments(decoder *d, const aecodec_execution *execution, const refinement *r)
{
    const uint32_t count = aecodec_refining_count(d->to.samples, REFINED_SIDE);
    aecodec_status status = split_messages(r, count, &d->messages);
    if (status == AECODEC_OK) {
        status = aecodec_for_each(execution, count, decode_segment, d);
    }
    free(d->messages);
    return status;
}

aecodec_status aecodec_refinement_check(const aecodec_bundle *bundle, const refinement *r,
                                        const aecodec_samples *samples)
{
    const uint8_t *sha256;
    if ((r->bound_count != 1 && r->bound_count != samples->bands) ||
        r->is_float != (samples->type >= AECODEC_FLOAT16) || (r->is_root && !aecodec_has_roots(samples->type))) {
        return AECODEC_DAMAGED_REFINEMENT;
    }
    if (aecodec_residuals_for(bundle, samples->bands, r->has_base, r->id, &sha256)) {
        return AECODEC_OK;
    }
    return are_left_out(bundle, r->has_base, r->id) ? AECODEC_ABSENT : AECODEC_OTHER_RESIDUALS;
}

aecodec_status aecodec_refine(const aecodec_bundle *bundle, const aecodec_execution *execution, const refinement *r,
                              const aecodec_samples *samples)
{
    const uint8_t *sha256;
    const residual_networks *networks = aecodec_residuals_for(bundle, samples->bands, r->has_base, r->id, &sha256);
    aecodec_status status;
    decoder d;
    if (r->has_base && r->checksum != aecodec_samples_checksum(samples)) {
        return AECODEC_OTHER_BASE;
    }
    status = aecodec_refining_open(&d.to, samples, networks, r);
    if (status == AECODEC_OK) {
        status = decode_segments(&d, execution, r);
    }
    aecodec_refining_close(&d.to);
    return status;
}
