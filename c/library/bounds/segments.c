/* SPDX-License-Identifier: Apache-2.0 */
/* Refinements of whole pictures: their segments, one after the other (FORMAT, section 8). */
#include <stdlib.h>
#include <string.h>

#include "bounds/segments.h"

enum { BYTES_PER_VALUE = 2 * sizeof(int32_t) + 1 /* of a decoder: values before and after, and the mask */ };

/* ---- the places of segments ---- */

static uint32_t frames_together(const aecodec_samples *s)
{
    const uint32_t side = REFINED_SIDE;
    return least(s->frames, side * side / (least(s->height, side) * least(s->width, side)));
}

uint64_t aecodec_segments_memory(const aecodec_samples *samples, uint32_t roots)
{
    const box first = aecodec_segments_place(samples, 0);
    const uint64_t table = aecodec_has_roots(samples->type)
                               ? (uint64_t)2 * sizeof(int32_t) << 8 * sample_size(samples->type)
                               : 0;
    return (uint64_t)first.frames * first.height * first.width * samples->bands * BYTES_PER_VALUE +
           roots * table;
}

uint32_t aecodec_segments_count(const aecodec_samples *s)
{
    return divide_up(s->frames, frames_together(s)) * divide_up(s->height, REFINED_SIDE) *
           divide_up(s->width, REFINED_SIDE);
}

box aecodec_segments_place(const aecodec_samples *s, uint32_t number)
{
    const uint32_t side = REFINED_SIDE;
    const uint32_t across = divide_up(s->width, side), down = divide_up(s->height, side);
    const uint32_t together = frames_together(s);
    box b;
    b.left = number % across * side;
    b.top = number / across % down * side;
    b.frame = number / across / down * together;
    b.frames = least(together, s->frames - b.frame);
    b.height = least(side, s->height - b.top);
    b.width = least(side, s->width - b.left);
    return b;
}

/* ---- opening ---- */

/* Use the points of an earlier band with the same factor, or make points. Returns whether there is enough
 * memory. */
static int find_points(segments *r, uint32_t band, uint32_t factor)
{
    lattice *l = &r->lattices[band];
    for (uint32_t n = 0; n < band; n++) {
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

static aecodec_status set_lattices(segments *r, const refinement *of, const bound *bounds)
{
    for (uint32_t band = 0; band < r->samples->bands; band++) {
        const bound *b = &bounds[bound_number(of, band)];
        lattice *l = &r->lattices[band];
        *l = aecodec_lattice_of(r->samples->type, b);
        if (of->is_root && !find_points(r, band, (uint32_t)(b->error * ROOT_UNITS))) {
            return AECODEC_NO_MEMORY;
        }
        if (of->has_gap && b->error > 0) {
            aecodec_lattice_avoid(l, r->samples);
        }
        r->steps[band] = l->step;
        memcpy(r->limits[band], l->limits, sizeof l->limits);
    }
    return AECODEC_OK;
}

static aecodec_status open_bounds(segments *r, const aecodec_bundle *bundle, const aecodec_samples *samples,
                                  const refinement *of, const bound *bounds)
{
    const size_t bands = samples->bands;
    memset(r, 0, sizeof *r);
    r->samples = samples;
    r->bundle = bundle;
    r->has_base = of->has_base;
    r->lattices = malloc(bands * sizeof *r->lattices);
    r->points = calloc(bands, sizeof *r->points);
    r->steps = malloc(bands * sizeof *r->steps);
    r->limits = malloc(bands * sizeof *r->limits);
    return r->lattices && r->points && r->steps && r->limits ? set_lattices(r, of, bounds)
                                                             : AECODEC_NO_MEMORY;
}

aecodec_status aecodec_segments_open(segments *r, const aecodec_bundle *bundle,
                                     const aecodec_samples *samples, const refinement *of)
{
    const aecodec_status status = open_bounds(r, bundle, samples, of, of->bounds);
    r->is_encoder = 1;
    return status;
}

int aecodec_segments_can_prime(const segments *r)
{
    return !r->has_base && !r->points[0] &&
           aecodec_primer_fits(r->bundle->primer, r->samples->type, r->samples->bands);
}

aecodec_status aecodec_segments_choose(segments *r, const uint8_t *choices, size_t size, int is_primed)
{
    const aecodec_status status = aecodec_choices_read(
        choices, size, r->samples->bands, r->steps, (const int32_t (*)[2])r->limits, r->has_base,
        r->samples->missing || r->samples->mask_planes, &r->choices);
    if (status != AECODEC_OK || !is_primed) {
        return status;
    }
    if (!r->bundle->primer && aecodec_bundle_lists(r->bundle, AECODEC_PRIMER)) {
        return AECODEC_ABSENT;
    }
    return aecodec_segments_can_prime(r) && !aecodec_choices_convert(r->choices)
               ? aecodec_primed_take(r->bundle->primer, r->choices, &r->primed) : AECODEC_DAMAGED_REFINEMENT;
}

aecodec_status aecodec_segments_open_read(segments *r, const aecodec_bundle *bundle,
                                          const aecodec_samples *samples, const refinement *of)
{
    bound bounds[AECODEC_MAX_BANDS];
    aecodec_bounds_read(of, bounds);
    aecodec_status status = open_bounds(r, bundle, samples, of, bounds);
    return status == AECODEC_OK ? aecodec_segments_choose(r, of->choices, of->choices_size, of->is_primed)
                                : status;
}

void aecodec_segments_close(segments *r)
{
    for (uint32_t band = 0; r->points && band < r->samples->bands; band++) {
        free(r->points[band]);
    }
    free(r->lattices);
    free(r->points);
    free(r->steps);
    free(r->limits);
    aecodec_choices_free(r->choices);
    if (r->primed) {
        aecodec_primed_give(r->bundle ? r->bundle->primer : NULL, r->primed);
    }
}

/* ---- segments ---- */

/* The pixel of a part of the picture, which contains the segment, at which a row of values begins. */
static size_t row_in(const segment *s, const box *part, uint32_t number, uint32_t *band)
{
    const box *b = &s->place;
    const uint32_t plane = number / b->height, bands = s->all->samples->bands;
    const uint32_t frame = b->frame - part->frame + plane / bands;
    const uint32_t row = b->top - part->top + number % b->height;
    *band = plane % bands;
    return ((size_t)frame * part->height + row) * part->width + b->left - part->left;
}

size_t aecodec_segment_row(const segment *s, uint32_t number, uint32_t *band)
{
    const box whole = {.height = s->all->samples->height, .width = s->all->samples->width};
    return row_in(s, &whole, number, band);
}

static uint32_t rows_of(const segment *s)
{
    return s->place.frames * s->all->samples->bands * s->place.height;
}

static void take_mask(const segment *s)
{
    const aecodec_samples *all = s->all->samples;
    const size_t pixels = (size_t)all->width * all->height, planes = all->mask_planes;
    uint8_t *to = s->missing;
    uint32_t band;
    for (uint32_t n = 0; n < rows_of(s); n++, to += s->place.width) {
        const size_t pixel = aecodec_segment_row(s, n, &band);
        for (uint32_t x = 0; all->missing && x < s->place.width; x++) {
            to[x] = all->missing[(pixel + x) * planes + (planes > 1 ? band : 0)];
        }
        if (!all->missing) {
            unpack_bits(s->all->mask_bits, mask_bit(all, (uint32_t)(pixel / pixels), pixel % pixels, band),
                        s->place.width, to, 1);
        }
    }
}

aecodec_status aecodec_segment_enter(const segments *all, uint32_t number, segment *s)
{
    const aecodec_samples *samples = all->samples;
    const box place = aecodec_segments_place(samples, number);
    const size_t arrays = (size_t)(all->has_base != 0) + (size_t)(all->is_encoder != 0);
    const size_t has_mask = samples->missing || all->mask_bits;
    s->all = all;
    s->place = place;
    size_t values = (size_t)rows_of(s) * place.width;
    s->coding = (residual_coding){.frames = place.frames, .bands = samples->bands, .height = place.height,
                                  .width = place.width, .steps = all->steps, .has_base = all->has_base,
                                  .limits = (const int32_t(*)[2])all->limits, .choices = all->choices,
                                  .primed = all->primed ? all->primed->states : NULL};
    s->after = malloc(values *
                      ((1 + arrays) * sizeof *s->after + has_mask)); /* as one, which can be used again */
    if (!s->after) {
        return AECODEC_NO_MEMORY;
    }
    s->before = all->has_base ? s->after + values : NULL;
    s->decoded = all->is_encoder ? s->after + arrays * values : NULL;
    s->missing = has_mask ? (uint8_t *)(s->after + (1 + arrays) * values) : NULL;
    s->coding.missing = s->missing;
    if (has_mask) {
        take_mask(s);
    }
    return AECODEC_OK;
}

void aecodec_segment_leave(segment *s)
{
    free(s->after);
}

void aecodec_segment_read(const segment *s, const aecodec_samples *from, int32_t *values)
{
    const uint32_t width = s->place.width;
    uint32_t band;
    for (uint32_t n = 0; n < rows_of(s); n++, values += width) {
        const size_t at = aecodec_segment_row(s, n, &band) * from->bands + band;
        aecodec_lattice_to_values(&s->all->lattices[band], from->samples, at, from->bands, width, values);
    }
}

void aecodec_segment_write(const segment *s, const int32_t *values, const box *part, void *samples)
{
    const uint32_t width = s->place.width, bands = s->coding.bands;
    uint32_t band;
    for (uint32_t n = 0; n < rows_of(s); n++, values += width) {
        const size_t at = row_in(s, part, n, &band) * bands + band;
        aecodec_lattice_to_samples(&s->all->lattices[band], values, at, bands, width, samples);
    }
}

/* ---- decoding ---- */

uint32_t aecodec_samples_checksum(const aecodec_samples *s)
{
    return aecodec_crc32_of(0, s->samples, pixels_of_samples(s) * s->bands * sample_size(s->type));
}

aecodec_status aecodec_segment_decode(const segments *all, uint32_t number, const uint8_t *message,
                                      size_t size, const box *part, void *samples)
{
    segment s;
    aecodec_status status = aecodec_segment_enter(all, number, &s);
    if (status != AECODEC_OK) {
        return status;
    }
    if (s.before) {
        aecodec_segment_read(&s, all->samples, s.before);
    }
    status = aecodec_residuals_decode(&s.coding, s.before, message, size, s.after);
    if (status == AECODEC_OK) {
        aecodec_segment_write(&s, s.after, part, samples);
    }
    aecodec_segment_leave(&s);
    return status;
}

typedef struct {
    segments to;
    box whole;
    reader *messages;
} decoder;

static aecodec_status decode_segment(void *argument, uint32_t number)
{
    const decoder *d = argument;
    const reader *message = &d->messages[number];
    return aecodec_segment_decode(&d->to, number, message->at, message->left, &d->whole,
                                  d->to.samples->samples);
}

static aecodec_status split_messages(const refinement *r, reader **messages)
{
    reader index = {r->index, SIZE_MAX, 0};
    const uint8_t *at = r->content;
    uint32_t ignored;
    *messages = malloc(r->messages * sizeof **messages);
    for (uint32_t n = 0; *messages && n < r->messages; n++) {
        const size_t size = r->index ? aecodec_index_take(&index, &ignored) : r->size;
        (*messages)[n] = (reader){at, size, 0};
        at += size;
    }
    return *messages ? AECODEC_OK : AECODEC_NO_MEMORY;
}

static int is_bound_of(uint32_t type, const bound *b)
{
    const int is_whole = b->error <= MOST_WIDE_BOUND && b->error == (double)(uint64_t)b->error;
    if (is_float(type)) {
        const int is_divisor = type == AECODEC_FLOAT64 && b->error == 0;
        return (b->unit <= 2 * b->error || is_divisor) &&
               (type == AECODEC_FLOAT64 ? b->unit > 0 : b->offset == 0);
    }
    return sample_size(type) < 8 ||
           (is_whole && (b->unit > 0 ? b->unit == 2 * b->error + 1 : b->error <= MOST_BOUND));
}

aecodec_status aecodec_refinement_check(const refinement *r, const aecodec_samples *samples)
{
    const int has_units = is_float(samples->type) || sample_size(samples->type) == 8;
    uint64_t beside[2];
    bound bounds[AECODEC_MAX_BANDS];
    if ((r->bound_count != 1 && r->bound_count != samples->bands) || r->is_double != has_units ||
        (r->is_root && !aecodec_has_roots(samples->type)) ||
        (r->has_gap && !aecodec_beside_nodata(samples, beside)) ||
        r->messages != aecodec_segments_count(samples)) {
        return AECODEC_DAMAGED_REFINEMENT;
    }
    aecodec_bounds_read(r, bounds);
    for (uint32_t n = 0; n < r->bound_count; n++) {
        if (!is_bound_of(samples->type, &bounds[n])) {
            return AECODEC_DAMAGED_REFINEMENT;
        }
    }
    return AECODEC_OK;
}

aecodec_status aecodec_refine(const aecodec_bundle *bundle, const aecodec_execution *execution,
                              const refinement *r, const aecodec_samples *samples)
{
    decoder d = {.whole = {0, 0, 0, samples->frames, samples->height, samples->width}};
    if (HAS_CHECKSUMS && r->has_base && r->checksum != aecodec_samples_checksum(samples)) {
        return AECODEC_OTHER_BASE;
    }
    aecodec_status status = aecodec_segments_open_read(&d.to, bundle, samples, r);
    status = status == AECODEC_OK ? split_messages(r, &d.messages) : status;
    status = status == AECODEC_OK ? aecodec_for_each(execution, r->messages, decode_segment, &d) : status;
    free(d.messages);
    aecodec_segments_close(&d.to);
    return status;
}
