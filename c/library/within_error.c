/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures and samples to files with maximum errors: the level of the base, and the refinements. */
#include <stdlib.h>
#include <string.h>

#include "refined.h"

enum { CELL = 128, LEAST_CELLS = 8, CELL_STRIDE = 64 }; /* levels are compared on at least 8 cells, and on one of 64 */

static const double most_bits = 2;  /* files with more bits per sample are smaller without base */
static const double hopeless = 1.1; /* if the middle level makes a file larger by this factor, so do all levels */

/* ---- parts, on which levels are compared ---- */

/* Copy the elements of the pixels of a cell, of some bytes each. */
static uint8_t *copy_cell(const refining *at, const uint8_t *from, size_t bytes, uint8_t *to)
{
    const aecodec_samples *s = at->samples;
    const size_t row_bytes = at->coding.width * bytes;
    uint32_t frame, row;
    for (frame = at->frame; frame < at->frame + at->coding.frames; frame++) {
        for (row = at->top; row < at->top + at->coding.height; row++, to += row_bytes) {
            memcpy(to, from + (((size_t)frame * s->height + row) * s->width + at->left) * bytes, row_bytes);
        }
    }
    return to;
}

/* Select cells of the same size as the first. numbers: room for all cells. Returns their number. */
static uint32_t select_cells(const aecodec_samples *whole, uint32_t *numbers)
{
    const uint32_t all = aecodec_refining_count(whole, CELL);
    uint32_t equal = 0, wanted, stride, count = 0, n;
    refining first, at;
    aecodec_refining_begin(&first, whole, CELL);
    aecodec_refining_begin(&at, whole, CELL);
    for (n = 0; n < all; n++) {
        aecodec_refining_go_to(&at, n);
        if (at.coding.width == first.coding.width && at.coding.height == first.coding.height &&
            at.coding.frames == first.coding.frames) {
            numbers[equal++] = n;
        }
    }
    wanted = equal / CELL_STRIDE > LEAST_CELLS ? equal / CELL_STRIDE : LEAST_CELLS;
    stride = equal / wanted > 1 ? equal / wanted : 1;
    for (n = stride / 2; n < equal; n += stride) {
        numbers[count++] = numbers[n];
    }
    return count;
}

/* Copy cells as frames. */
static aecodec_status copy_cells(const refiner *r, const uint32_t *numbers, uint32_t count, aecodec_samples *part)
{
    const aecodec_samples *whole = &r->original;
    uint8_t *to, *mask;
    size_t pixels;
    refining at;
    uint32_t n;
    aecodec_refining_begin(&at, whole, CELL);
    *part = *whole;
    part->width = at.coding.width;
    part->height = at.coding.height;
    part->frames = at.coding.frames * count;
    pixels = (size_t)part->width * part->height * part->frames;
    part->samples = to = malloc(pixels * aecodec_refiner_pixel_bytes(r));
    part->missing = mask = whole->missing ? malloc(pixels * whole->mask_planes) : NULL;
    if (!to || (whole->missing && !mask)) {
        return AECODEC_NO_MEMORY;
    }
    for (n = 0; n < count; n++) {
        aecodec_refining_go_to(&at, numbers[n]);
        to = copy_cell(&at, whole->samples, aecodec_refiner_pixel_bytes(r), to);
        mask = mask ? copy_cell(&at, whole->missing, whole->mask_planes, mask) : NULL;
    }
    return AECODEC_OK;
}

/* Begin with some cells, which the part reads. Free the cells after the part, in any case. */
static aecodec_status open_part(const refiner *r, aecodec_samples *cells, refiner *part)
{
    uint32_t *numbers = malloc(aecodec_refining_count(&r->original, CELL) * sizeof *numbers);
    aecodec_image picture;
    aecodec_status status = AECODEC_NO_MEMORY;
    memset(part, 0, sizeof *part);
    memset(cells, 0, sizeof *cells);
    if (numbers) {
        status = copy_cells(r, numbers, select_cells(&r->original, numbers), cells);
    }
    if (status == AECODEC_OK) {
        picture = (aecodec_image){.width = cells->width,
                                  .height = cells->height,
                                  .channels = cells->bands,
                                  .frames = cells->frames,
                                  .pixels = cells->samples};
        status =
            aecodec_refiner_open(part, r->bundle, r->execution, r->is_picture ? &picture : NULL, r->is_picture ? NULL : cells, 1);
    }
    free(numbers);
    return status;
}

/* ---- the choice of a level ---- */

typedef struct {
    refiner *part;
    refinement first;               /* its bounds are set */
    uint64_t sizes[MAX_LEVELS + 1]; /* by level, and without base; 0: not yet known */
    aecodec_status status;
} level_choice;

/* The size of the payload of a level, and of the messages that refine it. */
static aecodec_status find_size(level_choice *c, uint32_t level, uint64_t *size)
{
    buffer base = {NULL, 0, 0, AECODEC_OK}, messages = {NULL, 0, 0, AECODEC_OK};
    aecodec_header header;
    void *samples;
    aecodec_status status = aecodec_refiner_base(c->part, level * LEVEL_UNITS, &base, &samples);
    c->first.has_base = level != NO_LEVEL;
    if (status == AECODEC_OK) {
        status = aecodec_refiner_encode(c->part, &c->first, samples, &messages, size);
    }
    if (status == AECODEC_OK) {
        status = aecodec_read_header(base.bytes, base.size, &header);
        *size += header.payload_size;
    }
    free(base.bytes);
    free(samples);
    free(messages.bytes);
    return status;
}

/* The size with a level, which is computed once. Levels that the bundle lacks are never the smallest. */
static uint64_t size_at(level_choice *c, uint32_t level)
{
    if (c->sizes[level] == 0 && c->status == AECODEC_OK) {
        const aecodec_status status = find_size(c, level, &c->sizes[level]);
        if (status != AECODEC_OK) {
            c->sizes[level] = UINT64_MAX;
            c->status = status == AECODEC_ABSENT && level != NO_LEVEL ? AECODEC_OK : status;
        }
    }
    return c->sizes[level];
}

/* Whether a base may save bits. */
static int may_have_base(level_choice *c)
{
    const aecodec_bundle *bundle = c->part->bundle;
    const double samples = (double)pixels_of_samples(&c->part->original) * c->part->original.bands;
    return 8 * (double)size_at(c, NO_LEVEL) <= most_bits * samples && bundle->has_encoder && bundle->has_decoder;
}

/* The level with the smallest size, if sizes fall and then rise; NO_LEVEL if none is smaller than without base. */
static uint32_t lowest_level(level_choice *c)
{
    const uint32_t levels = c->part->bundle->facts.levels;
    uint32_t lowest = levels / 2 + 1;
    if (!may_have_base(c) || (double)size_at(c, lowest) > hopeless * (double)size_at(c, NO_LEVEL)) {
        return NO_LEVEL;
    }
    while (lowest < levels && size_at(c, lowest + 1) < size_at(c, lowest)) {
        lowest++;
    }
    while (lowest > 1 && size_at(c, lowest - 1) < size_at(c, lowest)) {
        lowest--;
    }
    return size_at(c, lowest) < size_at(c, NO_LEVEL) ? lowest : NO_LEVEL;
}

/* Compare levels on some cells of a large picture. */
static aecodec_status choose_level(refiner *r, const refinement *first, uint32_t *units)
{
    const int is_small = aecodec_refining_count(&r->original, CELL) <= LEAST_CELLS;
    aecodec_samples cells;
    refiner part;
    level_choice c = {.part = is_small ? r : &part, .first = *first};
    if (!is_small) {
        c.status = open_part(r, &cells, &part);
    }
    if (c.status == AECODEC_OK) {
        *units = LEVEL_UNITS * lowest_level(&c);
    }
    if (!is_small) {
        aecodec_refiner_close(&part);
        aecodec_samples_free(&cells);
    }
    return c.status;
}

/* ---- files ---- */

static aecodec_status append_refinement(refiner *r, refinement *to, void *samples, buffer *file)
{
    buffer messages = {NULL, 0, 0, AECODEC_OK};
    uint64_t total;
    file->status = aecodec_refiner_encode(r, to, samples, &messages, &total);
    if (file->status == AECODEC_OK) {
        aecodec_refined_file_append(file, to);
    }
    free(messages.bytes);
    return file->status;
}

static aecodec_status write_file(refiner *r, refinement *refinements, uint32_t count, uint32_t units, buffer *file)
{
    buffer base = {NULL, 0, 0, AECODEC_OK};
    void *samples;
    aecodec_status status = aecodec_refiner_base(r, units, &base, &samples);
    uint32_t n;
    if (status == AECODEC_OK) {
        aecodec_refined_file_begin(file, &base);
        status = file->status;
    }
    for (n = 0; n < count && status == AECODEC_OK; n++) {
        refinements[n].has_base = units != NO_LEVEL || n > 0;
        refinements[n].is_followed = n + 1 < count;
        status = append_refinement(r, &refinements[n], samples, file);
    }
    free(base.bytes);
    free(samples);
    return status;
}

static aecodec_status compress(refiner *r, const aecodec_bounds *bounds, uint32_t *units, buffer *file)
{
    refinement refinements[AECODEC_MAX_REFINEMENTS];
    aecodec_status status = AECODEC_OK;
    uint32_t count;
    if (!aecodec_bounds_are_valid(bounds, &r->original)) {
        return AECODEC_BAD_ARGUMENT;
    }
    count = aecodec_refinements_for(bounds, &r->original, refinements);
    if (!*units) {
        status = choose_level(r, &refinements[0], units);
    }
    return status == AECODEC_OK ? write_file(r, refinements, count, *units, file) : status;
}

aecodec_status aecodec_within_error(const aecodec_bundle *bundle, const aecodec_image *picture,
                                    const aecodec_samples *samples, const aecodec_target *target,
                                    const aecodec_execution *execution, aecodec_compressed *made)
{
    buffer b = {NULL, 0, 0, AECODEC_OK};
    refiner r;
    made->level = target->level;
    made->reduction = NOT_REDUCED;
    b.status = aecodec_refiner_open(&r, bundle, execution, picture, samples, 0);
    if (b.status == AECODEC_OK) {
        b.status = compress(&r, target->bounds, &made->level, &b);
    }
    made->max_error = r.last.max_error;
    made->nodata = r.last.nodata;
    memcpy(made->clipped, r.clipped, sizeof r.clipped);
    aecodec_refiner_close(&r);
    return aecodec_buffer_give(&b, &made->file, &made->size);
}
